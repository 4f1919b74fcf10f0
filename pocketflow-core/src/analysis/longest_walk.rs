//! The longest walk: the largest number of steps that a run may take.

use crate::graph::{Edge, Graph, OnField, Place, Target};

/// The maximum number of states in the search. A state is a place together with how often each
/// bounded edge has been taken.
const STATES: usize = 1 << 16;

/// A place that the run does not reach.
const UNREACHED: u64 = u64::MAX;

/// Why a flow has no longest walk, or why it cannot be found.
#[derive(Debug, Clone, Copy)]
pub(crate) enum NoLongestWalk<'a> {
    /// The bounds of this flow multiply to too many states.
    TooManyStates(&'a Graph),
    /// A loop has no bound.
    Unbounded(UnboundedLoop<'a>),
    /// A flow runs on every item of a collection, at this place of the graph.
    Each(&'a Graph, &'a Place),
}

/// A loop without a bound.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UnboundedLoop<'a> {
    pub(crate) graph: &'a Graph,
    /// A place that leads to the loop or is on it.
    place: usize,
    /// How often the bounded edges have been taken at that place.
    count: usize,
}

impl Graph {
    /// The largest number of steps that a run of this flow takes: its longest walk, on which every
    /// bounded edge is taken as often as its bound allows. The steps of nested flows count, and so do
    /// those of the flows on fields, in addition to the step of their place. A fork is one step.
    ///
    /// The search is exact. It covers all places with all counts of the bounded edges.
    pub(crate) const fn longest_walk(&self) -> Result<u64, NoLongestWalk<'_>> {
        let counts = match self.counts() {
            Ok(counts) => counts,
            Err(error) => return Err(error),
        };
        let steps = match self.steps() {
            Ok(steps) => steps,
            Err(error) => return Err(error),
        };
        // The longest walk from each state. A bounded edge leads to a state with a higher count, so
        // the search goes from the highest count down, and only edges between states of the same
        // count can form a loop.
        let mut longest = [UNREACHED; STATES];
        let mut count = counts;
        while count > 0 {
            count -= 1;
            if let Err(error) = self.search(&steps, &mut longest, count) {
                return Err(error);
            }
        }
        Ok(longest[0])
    }

    /// How many counts of the bounded edges there are.
    const fn counts(&self) -> Result<usize, NoLongestWalk<'_>> {
        let mut counts = 1;
        let mut edge = 0;
        while edge < self.edges.len() {
            if let Some(bound) = self.edges[edge].bound {
                counts *= bound.max as usize + 1;
                if counts * self.places.len() > STATES {
                    return Err(NoLongestWalk::TooManyStates(self));
                }
            }
            edge += 1;
        }
        Ok(counts)
    }

    /// The longest walks from the places at one count of the bounded edges.
    const fn search(
        &self,
        steps: &[u64],
        longest: &mut [u64],
        count: usize,
    ) -> Result<(), NoLongestWalk<'_>> {
        let places = self.places.len();
        let mut place = 0;
        while place < places {
            longest[count * places + place] = steps[place];
            place += 1;
        }
        // Without a loop, a walk has at most as many edges as there are places, so the lengths
        // settle after that many rounds.
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
                        if round == places {
                            return Err(NoLongestWalk::Unbounded(UnboundedLoop {
                                graph: self,
                                place: from,
                                count,
                            }));
                        }
                        longest[count * places + from] = length;
                        changed = true;
                    }
                }
                edge += 1;
            }
            round += 1;
        }
        Ok(())
    }

    /// Where an edge leads at a count, and the count after it. A count is a number with one digit
    /// for each bounded edge. The base of a digit is one more than the bound.
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

    /// The number of steps that a run takes at each place.
    const fn steps(&self) -> Result<[u64; STATES], NoLongestWalk<'_>> {
        let mut steps = [1; STATES];
        let mut place = 0;
        while place < self.places.len() {
            let Place { node, fork, .. } = self.places[place];
            if let Some(flow) = node.flow {
                steps[place] = match flow.longest_walk() {
                    Ok(steps) => steps,
                    Err(error) => return Err(error),
                };
            }
            steps[place] += match self.steps_on_field(&self.places[place]) {
                Ok(steps) => steps,
                Err(error) => return Err(error),
            };
            let mut branch = 0;
            while branch < fork.len() {
                steps[place] += match self.steps_on_field(&fork[branch]) {
                    Ok(steps) => steps,
                    Err(error) => return Err(error),
                };
                branch += 1;
            }
            place += 1;
        }
        Ok(steps)
    }

    /// The number of steps of the flow that runs on a field at a place, or in a branch.
    const fn steps_on_field<'a>(&'a self, place: &'a Place) -> Result<u64, NoLongestWalk<'a>> {
        match place.node.on {
            Some(OnField { each: Some(_), .. }) => Err(NoLongestWalk::Each(self, place)),
            Some(OnField { graph, .. }) => graph.longest_walk(),
            None => Ok(0),
        }
    }
}

impl Graph {
    /// The largest number of steps that a run of this flow takes: its `MAX_STEPS`, for code that knows
    /// only the graph. `None` if the flow has none: a loop has no bound, a flow runs on every item of a
    /// collection, or the bounds multiply to too many states.
    ///
    /// It searches all states, so store what it returns. For most flows this takes microseconds, and a
    /// few milliseconds at most.
    ///
    /// ```
    /// # use pocketflow::{Action, Shared, flow, node};
    /// # #[derive(Shared, Default)] struct Article { text: String }
    /// # #[derive(Action)] enum Verdict { Good, Bad }
    /// # #[node(Article, writes = text)] fn draft() -> String { "…".into() }
    /// # #[node(Article)] fn review(text: &str) -> Verdict { if text == "…" { Verdict::Bad } else { Verdict::Good } }
    /// flow! {
    ///     Write {
    ///         draft >> review;
    ///         review - "bad" >> draft max 3 else end;
    ///         review - "good" >> end;
    ///     }
    /// }
    /// assert_eq!(Write::GRAPH.step_bound(), Some(8));
    /// assert_eq!(Write::MAX_STEPS, 8);
    /// ```
    pub fn step_bound(&self) -> Option<u64> {
        let counts = self.counts().ok()?;
        let on_field = |place: &Place| match place.node.on {
            Some(OnField { each: Some(_), .. }) => None,
            Some(OnField { graph, .. }) => graph.step_bound(),
            None => Some(0),
        };
        let mut steps = Vec::with_capacity(self.places.len());
        for place in self.places {
            let mut all = match place.node.flow {
                Some(flow) => flow.step_bound()?,
                None => 1,
            };
            all += on_field(place)?;
            for branch in place.fork {
                all += on_field(branch)?;
            }
            steps.push(all);
        }
        let mut longest = vec![UNREACHED; counts * steps.len()];
        for count in (0..counts).rev() {
            self.search(&steps, &mut longest, count).ok()?;
        }
        Some(longest[0])
    }
}

impl UnboundedLoop<'_> {
    /// A place on the loop.
    pub(crate) const fn start(&self) -> usize {
        let places = self.graph.places.len();
        let mut place = self.place;
        while self.distance(place, place) == UNREACHED {
            place = (place + 1) % places;
        }
        place
    }

    /// The next edge on the shortest way from a place to the start, and the place it leads to.
    pub(crate) const fn next(&self, from: usize, start: usize) -> (usize, usize) {
        let (mut best, mut least) = ((0, start), UNREACHED);
        let mut edge = 0;
        while edge < self.graph.edges.len() {
            match self.graph.follow(edge, self.count) {
                (Target::Place(next), after)
                    if self.graph.edges[edge].from == from && after == self.count =>
                {
                    let distance = if next == start {
                        0
                    } else {
                        self.distance(next, start)
                    };
                    if distance < least {
                        best = (edge, next);
                        least = distance;
                    }
                }
                _ => {}
            }
            edge += 1;
        }
        best
    }

    /// The smallest number of edges on a way from one place to another that takes no bounded edge.
    const fn distance(&self, from: usize, to: usize) -> u64 {
        let mut reached = [UNREACHED; STATES];
        let mut steps = 0;
        let mut changed = true;
        while changed {
            changed = false;
            let mut edge = 0;
            while edge < self.graph.edges.len() {
                let start = self.graph.edges[edge].from;
                let here = if start == from && steps == 0 {
                    0
                } else {
                    reached[start]
                };
                match self.graph.follow(edge, self.count) {
                    (Target::Place(next), after)
                        if here == steps && after == self.count && reached[next] == UNREACHED =>
                    {
                        reached[next] = steps + 1;
                        changed = true;
                    }
                    _ => {}
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
