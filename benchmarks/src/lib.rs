//! The contenders, and how each is driven. It is a library because two programs share it: the one
//! that measures, and `allocations`, which counts what is allocated. Counting makes an allocation
//! about 70% dearer, so nothing is timed where it is linked in.

pub mod contender;
pub mod contenders;
pub mod drive;
