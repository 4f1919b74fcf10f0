//! A search of all paths.
//!
//! The search goes over states, each a place and the set of filled fields, so it covers paths of
//! every length. It shares no code with the analyses. It lays out a nested flow flat into the flow
//! around it and visits the nodes one by one. There are two layouts.
//!
//! - [`Paths::Real`]: the paths that a run may take. What the analyses promise must hold on each of
//!   them.
//! - [`Paths::Known`]: in addition, the paths that a nested flow does not rule out by its
//!   description. A path may leave an exit that none of the flow's own paths reaches, with only the
//!   inputs filled. On entry, a path reads everything that any of the flow's nodes may read. The
//!   analyses must agree with this layout exactly: for each error that they report, there is such a
//!   path.
//!
//! A nested flow loses no other information. It states for each exit which fields every path to it
//! fills and which some path empties. Any other field stays as it is on some path.

use super::flows::{EXITS, FIELDS, Flow, LATE, PlaceKind, Set, Wire, union};
use crate::graph::Target;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Paths {
    Real,
    Known,
}

/// A step of a flow that is laid out flat: a node, a fork, or the entry of a nested flow. The steps
/// of the outermost flow come first.
#[derive(Debug, Clone, Default)]
pub(super) struct Step {
    /// The place of the outermost flow that contains it.
    pub(super) place: usize,
    reads: Set,
    optional_reads: Set,
    pub(super) ways: Vec<Way>,
}

#[derive(Debug, Clone)]
pub(super) struct Way {
    pub(super) writes: Set,
    /// What it fills or empties.
    pub(super) maybe: Set,
    /// Whether it is the way after a failure.
    pub(super) failure: Failure,
    pub(super) to: Vec<To>,
}

/// Whether a way is that after a failure, and whose error edge it takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Failure {
    None,
    /// That of the step itself, or of a flow around it inside the same place of the outermost flow.
    Own,
    /// That of the place of the outermost flow that contains it, or none at all.
    Outer,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum To {
    Step(usize),
    Exit(usize),
    /// The run ends with the error.
    Failed,
    /// The action is wired nowhere, so it is unknown what comes next.
    Unwired,
}

pub(super) fn lay_out(flow: &Flow, paths: Paths) -> Vec<Step> {
    let mut steps = Vec::new();
    let exits: Vec<_> = (0..flow.exits).map(|exit| vec![To::Exit(exit)]).collect();
    let failed = Way {
        writes: 0,
        maybe: 0,
        failure: Failure::Outer,
        to: vec![To::Failed],
    };
    add(&mut steps, flow, &exits, &failed, paths, None);
    steps
}

/// Adds a flow whose exits, and whose failure, lead to the given steps, and returns where it starts.
fn add(
    steps: &mut Vec<Step>,
    flow: &Flow,
    exits: &[Vec<To>],
    failed: &Way,
    paths: Paths,
    outermost: Option<usize>,
) -> usize {
    let first = steps.len();
    steps.resize(first + flow.places.len(), Step::default());
    for (index, (kind, wires, error)) in flow.places.iter().enumerate() {
        let place = outermost.unwrap_or(index);
        let follow = |wire: Wire| -> Vec<To> {
            let mut to = Vec::new();
            for number in [wire.to].into_iter().chain(wire.otherwise) {
                match flow.target(index, number) {
                    Target::Place(place) => to.push(To::Step(first + place)),
                    Target::Exit(exit) => to.extend(&exits[exit]),
                }
            }
            to
        };
        let lead = |action: usize| -> Vec<To> {
            let Some(wire) = wires[action] else {
                // The check of the nested flow reports it, and the flow around it does not consider
                // it again.
                return if outermost.is_none() {
                    vec![To::Unwired]
                } else {
                    vec![]
                };
            };
            follow(wire)
        };
        let own = error.map(|error| Way {
            writes: error.field,
            maybe: 0,
            failure: Failure::Own,
            to: follow(error.wire),
        });
        // The way of a node after a failure. An error edge of a node that cannot fail is reported,
        // and the analyses follow it all the same.
        let failure = |fails: bool| match &own {
            Some(own) if fails || paths == Paths::Known => Some(own.clone()),
            None if fails => Some(failed.clone()),
            _ => None,
        };
        let (reads, optional_reads, ways) = match &*kind.as_seen() {
            PlaceKind::Node(node) => {
                let ways = node.writes.iter().zip(&node.maybe).enumerate();
                let ways = ways.map(|(action, (writes, maybe))| Way {
                    writes: *writes,
                    maybe: *maybe,
                    failure: Failure::None,
                    to: lead(action),
                });
                let ways = ways.chain(failure(node.fails));
                (node.reads, node.optional_reads, ways.collect())
            }
            PlaceKind::Fork(nodes) => {
                let way = Way {
                    writes: union(nodes, |node| node.writes[0]),
                    maybe: union(nodes, |node| node.maybe[0]),
                    failure: Failure::None,
                    to: lead(0),
                };
                (
                    union(nodes, |node| node.reads),
                    union(nodes, |node| node.optional_reads),
                    [way]
                        .into_iter()
                        .chain(failure(nodes.iter().any(|node| node.fails)))
                        .collect(),
                )
            }
            PlaceKind::Flow(inner) => {
                let exits: Vec<_> = (0..inner.exits).map(lead).collect();
                // The error edge of a place of the outermost flow leads out of the flow there. Any
                // other one is inside it.
                let failure = match outermost {
                    None => Failure::Outer,
                    Some(_) => Failure::Own,
                };
                let outer = own.clone().map(|own| Way { failure, ..own });
                let outer = outer.as_ref().unwrap_or(failed);
                let start = add(steps, inner, &exits, outer, paths, Some(place));
                let (mut optional_reads, mut ways) = (
                    0,
                    vec![Way {
                        writes: 0,
                        maybe: 0,
                        failure: Failure::None,
                        to: vec![To::Step(start)],
                    }],
                );
                if paths == Paths::Known {
                    optional_reads = inner.looks();
                    let found = Found::new(&lay_out(inner, paths), inner.inputs, After::Read);
                    let missed = exits
                        .into_iter()
                        .zip(found.exits)
                        .filter(|(_, states)| states.is_empty());
                    ways.extend(missed.map(|(to, _)| Way {
                        writes: 0,
                        maybe: 0,
                        failure: Failure::None,
                        to,
                    }));
                    if found.failed.is_empty() {
                        ways.extend(own);
                    }
                }
                (inner.inputs, optional_reads, ways)
            }
            PlaceKind::Await(..) | PlaceKind::On(_) | PlaceKind::OnFork(_) => {
                unreachable!("they are seen as nodes")
            }
        };
        steps[first + index] = Step {
            place,
            reads,
            optional_reads,
            ways,
        };
    }
    first
}

impl Way {
    /// What it assigns, filled or empty.
    pub(super) fn assigns(&self) -> Set {
        self.writes | self.maybe
    }
}

/// The sets of filled fields after a step that found these filled.
pub(super) fn outcomes(filled: Set, reads: Set, writes: Set, maybe: Set) -> Vec<Set> {
    let certain = (filled | reads) & !maybe | writes;
    let subsets = (0..1 << FIELDS).filter(|set: &Set| set & !maybe == 0);
    subsets.map(|set| (certain | set) & LATE).collect()
}

/// What happens to a path that reads an empty field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum After {
    /// It ends, as a run does.
    End,
    /// It continues, and from there on the field counts as filled. Each field is judged separately,
    /// as in the analysis.
    Read,
}

/// The sets of filled fields with which a path reaches a step: one bit for each set.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct States(u64);

impl States {
    fn insert(&mut self, filled: Set) -> bool {
        let before = self.0;
        self.0 |= 1 << filled;
        self.0 != before
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn iter(self) -> impl Iterator<Item = Set> {
        (0..1 << FIELDS).filter(move |filled| self.0 & 1 << filled != 0)
    }

    /// The fields that are filled in all of these sets.
    pub(super) fn always(self) -> Set {
        self.iter().fold(LATE, |set, filled| set & filled)
    }
}

/// The results of a search of all paths.
#[derive(Debug)]
pub(super) struct Found {
    /// The sets of filled fields on arrival at each step.
    pub(super) steps: Vec<States>,
    pub(super) exits: [States; EXITS],
    /// The sets of filled fields with which the run fails.
    pub(super) failed: States,
    /// The fields that a step reads although they are empty on some path.
    pub(super) empty: Vec<Set>,
}

impl Found {
    pub(super) fn new(steps: &[Step], filled: Set, after: After) -> Self {
        let mut found = Self {
            steps: vec![States::default(); steps.len()],
            exits: Default::default(),
            failed: States::default(),
            empty: vec![0; steps.len()],
        };
        found.steps[0].insert(filled);
        let mut waiting = vec![(0, filled)];
        while let Some((index, filled)) = waiting.pop() {
            let step = &steps[index];
            let empty = step.reads & LATE & !filled;
            found.empty[index] |= empty;
            if empty != 0 && after == After::End {
                continue;
            }
            for way in &step.ways {
                for filled in outcomes(filled, step.reads, way.writes, way.maybe) {
                    for to in &way.to {
                        match *to {
                            To::Step(next) if found.steps[next].insert(filled) => {
                                waiting.push((next, filled))
                            }
                            To::Exit(exit) => _ = found.exits[exit].insert(filled),
                            To::Failed => _ = found.failed.insert(filled),
                            To::Step(_) | To::Unwired => {}
                        }
                    }
                }
            }
        }
        found
    }

    /// For each exit that a path reaches, and for the failure of the flow, the fields that every path
    /// to it assigns.
    pub(super) fn assigned(steps: &[Step]) -> Vec<Option<Set>> {
        let mut steps = steps.to_vec();
        for step in &mut steps {
            step.reads = 0;
            for way in &mut step.ways {
                way.writes = way.assigns();
                way.maybe = 0;
            }
        }
        let found = Self::new(&steps, 0, After::Read);
        let all = found.exits.into_iter().chain([found.failed]);
        all.map(|states| (!states.is_empty()).then(|| states.always()))
            .collect()
    }

    pub(super) fn is_violated(&self) -> bool {
        self.empty.iter().any(|empty| *empty != 0)
    }
}

/// Whether a value may be read before it is overwritten. In a loop without a way out, it may not.
pub(super) fn is_seen(steps: &[Step], from: &[To], field: usize) -> bool {
    let field: Set = 1 << field;
    let mut visited = vec![false; steps.len()];
    let mut waiting = from.to_vec();
    while let Some(to) = waiting.pop() {
        // A caller that reads the store after an error does not count.
        if matches!(to, To::Failed) {
            continue;
        }
        let To::Step(index) = to else { return true };
        let step = &steps[index];
        if (step.reads | step.optional_reads) & field != 0 {
            return true;
        }
        if !std::mem::replace(&mut visited[index], true) {
            let ways = step.ways.iter().filter(|way| way.assigns() & field == 0);
            waiting.extend(ways.flat_map(|way| &way.to));
        }
    }
    false
}

/// Whether every value that a step writes to a field is overwritten before it can be read.
pub(super) fn writes_in_vain(steps: &[Step], step: &Step, field: usize) -> bool {
    let mut ways = step
        .ways
        .iter()
        .filter(|way| way.failure == Failure::None && way.assigns() & 1 << field != 0)
        .peekable();
    ways.peek().is_some() && ways.all(|way| !is_seen(steps, &way.to, field))
}
