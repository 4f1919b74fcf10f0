//! The parts of the program `checkout` around its flow: reading orders, a bank that is busy at
//! times, receipts, the report. The other examples share its command line.
//!
//! The program has a package of its own so that it builds in seconds.

pub mod bank;
pub mod cli;
pub mod orders;
pub mod receipts;
pub mod report;
