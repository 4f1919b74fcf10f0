//! The steps of a node.

/// Which step of which form a function is. This decides which parameters it may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The function that is a node.
    Function,
    Prep,
    Exec,
    Fallback,
    Post,
}

impl Role {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Prep => "prep",
            Self::Function | Self::Exec => "exec",
            Self::Fallback => "fallback",
            Self::Post => "post",
        }
    }
}
