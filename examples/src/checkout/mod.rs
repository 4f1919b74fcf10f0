//! The parts of the program `checkout` around its flow: reading orders, a bank that is busy at
//! times, receipts, the report.

pub mod bank;
pub mod orders;
pub mod receipts;
pub mod report;
