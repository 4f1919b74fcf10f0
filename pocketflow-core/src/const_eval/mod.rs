//! Small tools for constant evaluation, which cannot call the traits of the standard library.

pub(crate) mod bit_set;
pub(crate) mod hash;
pub(crate) mod spelling;
