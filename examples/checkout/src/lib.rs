//! The parts of the program `checkout` around its flow: order files, a bank that is sometimes busy,
//! receipts, and the report. The other examples share its command line.
//!
//! The program is a separate package, so that it builds in seconds.

pub mod bank;
pub mod cli;
pub mod orders;
pub mod receipts;
pub mod report;
