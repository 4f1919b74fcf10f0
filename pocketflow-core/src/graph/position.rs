//! Where a run is, in names that can be stored.

/// A place in a run: see [`StepInfo::position`](crate::StepInfo::position) and
/// [`With::resume`](crate::With::resume).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The steps taken before.
    pub steps: u64,
    /// The position in each flow that is under way, the outermost first.
    pub flows: Vec<FlowPosition>,
}

/// A place in one flow, as a part of a [`Position`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowPosition {
    /// The flow's name.
    pub flow: String,
    /// [`Graph::fingerprint`](crate::Graph::fingerprint) of the flow.
    pub fingerprint: u64,
    /// The name of the place it has arrived at.
    pub place: String,
    /// How often each of its bounded edges has been taken; empty where no edge is bounded.
    pub taken: Vec<u32>,
}
