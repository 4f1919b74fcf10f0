//! The contenders, and the code that drives them. It is a library because two programs share it:
//! the one that measures, and `allocations`, which counts allocations. Counting makes an allocation
//! about 70% slower, so the program that counts does not measure time.

pub mod contender;
pub mod contenders;
pub mod drive;
pub mod inner_runs;
