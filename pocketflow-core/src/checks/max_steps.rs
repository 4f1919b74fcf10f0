//! `MAX_STEPS`: the longest walk through a flow, or why it has none.

use super::message::Message;
use crate::analysis::{NoLongestWalk, UnboundedLoop};
use crate::const_eval::spelling::equal;
use crate::graph::Graph;

impl Graph {
    /// The most steps that a run of this flow takes.
    ///
    /// # Panics
    ///
    /// Where a loop is not bounded, and where the bounds multiply to too many states for the search.
    /// In a constant, that is a compile error. Call it there and nowhere else: its tables are large
    /// for the stack of a thread.
    #[doc(hidden)]
    #[track_caller]
    pub const fn max_steps(&self) -> u64 {
        match self.longest_walk() {
            Ok(steps) => steps,
            Err(NoLongestWalk::TooManyStates(graph)) => Message::new("the bounds of the flow ")
                .code(graph.name)
                .push(" multiply to more than 65,536 states, too many to compute MAX_STEPS")
                .report(),
            Err(NoLongestWalk::Unbounded(unbounded)) => report_loop(unbounded),
        }
    }
}

#[track_caller]
const fn report_loop(unbounded: UnboundedLoop<'_>) -> ! {
    let graph = unbounded.graph;
    let start = unbounded.start();
    let mut message = Message::new("the flow ")
        .code(graph.name)
        .push(" has no MAX_STEPS: nothing bounds the loop `")
        .push(graph.places[start].name);
    let (mut place, mut steps) = (start, 0);
    while steps == 0 || place != start && steps <= graph.places.len() {
        let (edge, next) = unbounded.next(place, start);
        let action = graph.edges[edge].action;
        if !equal(action, "default") {
            message = message.push(" - ").action(action);
        }
        message = message.push(" >> ").push(graph.places[next].name);
        place = next;
        steps += 1;
    }
    message
        .push("`\nhelp: bound one of its edges: `max 5 else …`")
        .report()
}
