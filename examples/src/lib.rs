//! What the example programs share. The programs are in `src/bin`, a file each; read `checkout`
//! first.

pub mod approval;
pub mod checkout;
pub mod cli;
pub mod llm;
pub mod progress;
pub mod resume;
pub mod search;
pub mod tutorial;
