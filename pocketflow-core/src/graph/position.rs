//! A position in a run, as it can be stored.

/// A place in a run, by names, so that it can be stored: one [`Visit`] for every flow, the
/// outermost first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The steps taken before.
    pub steps: u64,
    /// The flows that are under way, from the outermost on.
    pub visits: Vec<Visit>,
}

/// A flow that is under way, in a [`Position`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// The flow's name.
    pub flow: String,
    /// [`Graph::fingerprint`](crate::Graph::fingerprint) of the flow.
    pub fingerprint: u64,
    /// The name of the place it has arrived at.
    pub place: String,
    /// How often each of its bounded edges has been taken; empty where no edge is bounded.
    pub taken: Vec<u32>,
}
