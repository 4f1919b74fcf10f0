//! The position of a run, in names that can be stored.

/// A place in a run: see [`StepInfo::position`](crate::StepInfo::position) and
/// [`With::resume`](crate::With::resume).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The number of steps taken so far.
    pub steps: u64,
    /// The number of steps that the inner runs of these steps have taken: see
    /// [`StepInfo::total_steps`](crate::StepInfo::total_steps).
    pub inner_steps: u64,
    /// The position in each flow that is running, from the outermost to the innermost.
    pub flows: Vec<FlowPosition>,
}

impl Position {
    /// Before the first step.
    pub(crate) const START: Self = Self {
        steps: 0,
        inner_steps: 0,
        flows: Vec::new(),
    };
}

/// A place in one flow, as a part of a [`Position`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowPosition {
    /// The flow's name.
    pub flow: String,
    /// [`Graph::fingerprint`](crate::Graph::fingerprint) of the flow.
    pub fingerprint: u64,
    /// The name of the place that the run has reached.
    pub place: String,
    /// How often each of its bounded edges has been taken. It is empty if the flow has no bounded
    /// edge.
    pub taken: Vec<u32>,
}
