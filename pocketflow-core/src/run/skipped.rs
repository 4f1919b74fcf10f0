use std::fmt;

/// The cause of an [`Error`](crate::Error) when a run has processed only the items or branches of a
/// step that its driver [wants](crate::Driver::wants). The store is as it was before the step.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped;

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the driver wants a part of this step, which is done")
    }
}

impl std::error::Error for Skipped {}
