//! What constants need and cannot take from the standard library, whose traits no constant can call.

pub(crate) mod bit_set;
