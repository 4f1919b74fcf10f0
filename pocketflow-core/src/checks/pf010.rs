//! PF010: a policy or a bound that makes no sense, in a constant. The macros report what their
//! tokens show.

use super::message::Message;
use crate::graph::Graph;
use crate::node::Policy;

/// Checks an option of a node that is a constant.
#[doc(hidden)]
#[track_caller]
pub const fn check_policy(policy: &Policy, option: &'static str) {
    if let Some(fault) = policy.fault(option) {
        Message::new()
            .add(
                "PF010: {}\nhelp: `{}`: {}\nnote: see `pocketflow::errors::PF010`",
                &[fault.wrong, option, fault.help],
            )
            .report();
    }
}

impl Graph {
    /// Checks the deadline of an `await`, or the length of a `sleep`, which is a constant.
    #[doc(hidden)]
    #[track_caller]
    pub const fn check_time(&self, place: usize) {
        let node = self.places[place].node;
        let (time, message) = match (node.within, node.sleeps) {
            (Some(within), _) => (
                within,
                "PF010: with a deadline of zero, nothing can arrive in time\nhelp: let the constant be above zero\nnote: see `pocketflow::errors::PF010`",
            ),
            (None, Some(time)) => (
                time,
                "PF010: a sleep of zero does nothing\nhelp: let the constant be above zero, or leave the step out\nnote: see `pocketflow::errors::PF010`",
            ),
            (None, None) => return,
        };
        if time.is_zero() {
            Message::new().add(message, &[]).report();
        }
    }

    /// Checks the bound of an edge, which is a constant.
    #[doc(hidden)]
    #[track_caller]
    pub const fn check_bound(&self, edge: usize) {
        if let Some(bound) = self.edges[edge].bound {
            if bound.max == 0 {
                Message::new()
                    .add(
                        "PF010: an edge with `max 0` is never taken\nhelp: leave the edge out, or let the constant be at least 1\nnote: see `pocketflow::errors::PF010`",
                        &[],
                    )
                    .report();
            }
        }
    }
}
