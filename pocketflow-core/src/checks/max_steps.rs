//! `MAX_STEPS`: the longest walk through a flow, or why it has none.

use super::message::Message;
use crate::analysis::{NoLongestWalk, UnboundedLoop};
use crate::graph::{Graph, Place};

impl Graph {
    /// The largest number of steps that a run of this flow takes.
    ///
    /// # Panics
    ///
    /// Panics if a loop has no bound, if a flow runs on every item of a collection, or if the bounds multiply to too many states for the search.
    /// In a constant, the panic is a compile error. Call this only in a constant, because its
    /// tables are large for the stack of a thread.
    #[doc(hidden)]
    #[track_caller]
    pub const fn max_steps(&self) -> u64 {
        match self.longest_walk() {
            Ok(steps) => steps,
            Err(NoLongestWalk::TooManyStates(graph)) => Message::new()
                .add(
                    "the bounds of the flow `{}` multiply to more than 65,536 states, too many to compute MAX_STEPS",
                    &[graph.name],
                )
                .report(),
            Err(NoLongestWalk::Unbounded(unbounded)) => report_loop(unbounded),
            Err(NoLongestWalk::Each(graph, place)) => report_each(graph, place),
        }
    }
}

#[track_caller]
const fn report_each(graph: &Graph, place: &Place) -> ! {
    let field = match place.node.on {
        Some(on) => on.field,
        None => "",
    };
    Message::new()
        .add(
            "the flow `{}` has no MAX_STEPS: `{}` runs `{}` on every item of `{}`, and nothing bounds their number\nhelp: to limit a run, add a driver: `.with(StepLimit::new(n))`",
            &[graph.label(), place.name, place.node.name, field],
        )
        .report()
}

#[track_caller]
const fn report_loop(unbounded: UnboundedLoop<'_>) -> ! {
    let graph = unbounded.graph;
    let start = unbounded.start();
    let mut message = Message::new().add(
        "the flow `{}` has no MAX_STEPS: nothing bounds the loop `{}",
        &[graph.name, graph.places[start].name],
    );
    let (mut place, mut steps) = (start, 0);
    while steps == 0 || place != start && steps <= graph.places.len() {
        let (edge, next) = unbounded.next(place, start);
        message = message.edge(&graph.edges[edge], graph.places[next].name);
        place = next;
        steps += 1;
    }
    message
        .add("`\nhelp: bound one of its edges: `max 5 else …`", &[])
        .report()
}
