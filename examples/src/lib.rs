//! What the example programs share. The programs are in `src/bin`; read `checkout` first.

pub mod bank;
pub mod orders;
pub mod receipts;
pub mod report;
