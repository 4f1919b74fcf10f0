//! What generated code names.

pub(crate) mod editor;
pub(crate) mod returned;
