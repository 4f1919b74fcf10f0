//! Runs on inner stores with drivers: what the drivers see, how steps are counted, who waits, and
//! what is left when a run is dropped.

mod cancel;
mod contexts;
mod drivers;
mod failing;
mod fields;
mod school;
mod waiting;
