//! How many steps a run may take.

use crate::checks::message::Text;
use crate::graph::{Edge, Graph, Target};

/// How many states the search may have: a place together with how often each bounded edge has been
/// taken.
const STATES: usize = 1 << 16;

/// A state that is not known to lead anywhere yet.
const UNKNOWN: u64 = u64::MAX;

impl Graph {
    /// The most steps that a run of this flow takes: its longest walk, on which every bounded edge
    /// is taken as often as it may be. Nested flows are counted in; a fork is one step.
    ///
    /// The walk is searched for exactly, over all places and all counts of the bounded edges.
    ///
    /// # Panics
    ///
    /// Where a loop is not bounded, and where the bounds multiply to more than 65,536 states. In a
    /// constant, that is a compile error; and there it belongs: its tables are large for the
    /// stack of a thread.
    #[doc(hidden)]
    #[track_caller]
    pub const fn max_steps(&self) -> u64 {
        let places = self.places.len();
        let mut counts = 1;
        let mut edge = 0;
        while edge < self.edges.len() {
            if let Some(bound) = self.edges[edge].bound {
                counts *= bound.max as usize + 1;
                if counts * places > STATES {
                    Text::new("the bounds of the flow ")
                        .code(self.name)
                        .push(" multiply to more than 65,536 states, too many to compute MAX_STEPS")
                        .panic_plain()
                }
            }
            edge += 1;
        }
        // The longest walk from each state. A bounded edge leads to a state with a higher count, so
        // the counts are gone through from the highest down, and only the edges between
        // states of one count can run in a circle.
        let mut longest = [UNKNOWN; STATES];
        let steps = self.steps();
        let mut count = counts;
        while count > 0 {
            count -= 1;
            self.search(&steps, &mut longest, count);
        }
        longest[0]
    }

    /// The longest walks from the places at one count of the bounded edges.
    #[track_caller]
    const fn search(&self, steps: &[u64; STATES], longest: &mut [u64; STATES], count: usize) {
        let places = self.places.len();
        let mut place = 0;
        while place < places {
            longest[count * places + place] = steps[place];
            place += 1;
        }
        // Without a circle, a walk has at most as many edges as there are places, and the lengths
        // settle after as many rounds.
        let mut round = 0;
        let mut changed = true;
        while changed {
            changed = false;
            let mut edge = 0;
            while edge < self.edges.len() {
                let from = self.edges[edge].from;
                let (target, next) = self.follow(edge, count);
                if let Target::Place(to) = target {
                    let length = steps[from] + longest[next * places + to];
                    if length > longest[count * places + from] {
                        if round > places {
                            self.report_loop(from, count)
                        }
                        longest[count * places + from] = length;
                        changed = true;
                    }
                }
                edge += 1;
            }
            round += 1;
        }
    }

    /// Where an edge leads at a count, and the count after it. A count is a number with a digit for
    /// every bounded edge, whose base is one more than the bound.
    const fn follow(&self, edge: usize, count: usize) -> (Target, usize) {
        let Edge { to, bound, .. } = self.edges[edge];
        let Some(bound) = bound else {
            return (to, count);
        };
        let mut unit = 1;
        let mut before = 0;
        while before < edge {
            if let Some(bound) = self.edges[before].bound {
                unit *= bound.max as usize + 1;
            }
            before += 1;
        }
        if count / unit % (bound.max as usize + 1) < bound.max as usize {
            (to, count + unit)
        } else {
            (bound.otherwise, count)
        }
    }

    /// The steps that a run takes at each place, those of nested flows counted once.
    #[track_caller]
    const fn steps(&self) -> [u64; STATES] {
        let mut steps = [1; STATES];
        let mut place = 0;
        while place < self.places.len() {
            if let Some(flow) = self.places[place].node.flow {
                steps[place] = flow.max_steps();
            }
            place += 1;
        }
        steps
    }

    /// Says which loop has no bound: the one through a place.
    #[track_caller]
    const fn report_loop(&self, place: usize, count: usize) -> ! {
        let mut text = Text::new("the flow ")
            .code(self.name)
            .push(" has no MAX_STEPS: nothing bounds the loop `");
        let (start, mut here) = (self.on_loop(place, count), usize::MAX);
        let mut steps = 0;
        text = text.push(self.places[start].name);
        while here != start && steps <= self.places.len() {
            let from = if here == usize::MAX { start } else { here };
            let edge = self.towards(from, start, count);
            let action = self.edges[edge].action;
            if !crate::checks::message::equal(action, "default") {
                text = text.push(" - ").action(action);
            }
            if let (Target::Place(to), _) = self.follow(edge, count) {
                text = text.push(" >> ").push(self.places[to].name);
                here = to;
            }
            steps += 1;
        }
        text.push("`\nhelp: bound one of its edges: `max 5 else …`")
            .panic_plain()
    }

    /// A place on a loop, from which one can come back to it.
    const fn on_loop(&self, place: usize, count: usize) -> usize {
        let mut candidate = place;
        let mut tries = 0;
        while tries < self.places.len() && self.distance(candidate, candidate, count) == UNKNOWN {
            candidate = (candidate + 1) % self.places.len();
            tries += 1;
        }
        candidate
    }

    /// The edge that is the first of a shortest way from one place to another.
    const fn towards(&self, from: usize, to: usize, count: usize) -> usize {
        let (mut best, mut least) = (0, UNKNOWN);
        let mut edge = 0;
        while edge < self.edges.len() {
            if self.edges[edge].from == from
                && let (Target::Place(next), after) = self.follow(edge, count)
                && after == count
            {
                let distance = if next == to {
                    0
                } else {
                    self.distance(next, to, count)
                };
                if distance < least {
                    best = edge;
                    least = distance;
                }
            }
            edge += 1;
        }
        best
    }

    /// How many edges there are at least on a way from one place to another that takes no bounded
    /// edge.
    const fn distance(&self, from: usize, to: usize, count: usize) -> u64 {
        let mut reached = [UNKNOWN; STATES];
        let mut steps = 0;
        let mut changed = true;
        while changed {
            changed = false;
            let mut edge = 0;
            while edge < self.edges.len() {
                let start = self.edges[edge].from;
                let here = if start == from && steps == 0 {
                    0
                } else {
                    reached[start]
                };
                if here == steps
                    && let (Target::Place(next), after) = self.follow(edge, count)
                    && after == count
                    && reached[next] == UNKNOWN
                {
                    reached[next] = steps + 1;
                    changed = true;
                }
                edge += 1;
            }
            steps += 1;
        }
        reached[to]
    }
}

#[cfg(test)]
mod tests;
