//! Where a run is, and where it goes on.

use pocketflow::{StepInfo, Store, Taken};

use super::graphs;
use crate::event;

/// Where an action leads.
pub(super) struct Way {
    pub(super) edge: Option<usize>,
    pub(super) to: Option<event::Target>,
    pub(super) count: Option<u32>,
    pub(super) max: Option<u32>,
}

impl Way {
    pub(super) fn of(info: &StepInfo<'_>, taken: &Taken) -> Self {
        let target = taken.target();
        let edge = taken.edge().and_then(|edge| {
            let mut edges = info.graph().edges.iter();
            Some((edges.position(|other| std::ptr::eq(other, edge))?, edge))
        });
        let bound = edge.and_then(|(index, edge)| Some((index, edge.bound?)));
        // The edge is counted after the step.
        let count = bound.map(|(index, bound)| {
            let before = info.times_taken(index);
            before.saturating_add(1).min(bound.max)
        });
        Self {
            edge: edge.map(|(index, _)| index),
            to: Some(graphs::target(target)),
            count,
            max: bound.map(|(_, bound)| bound.max),
        }
    }
}

/// The field that the error edge has filled, if the step has failed.
pub(super) fn error_field(taken: &Taken, store: &Store) -> Option<usize> {
    let edge = taken.edge().filter(|_| taken.failed())?;
    store.field(edge.error?.field?)
}

/// The names of places from the outermost flow of the run down to this one.
pub(super) fn path(info: &StepInfo<'_>) -> Vec<String> {
    let mut path = vec![info.graph().places[info.place_number()].name.to_owned()];
    let mut next = info.parent();
    while let Some(place) = next {
        path.push(place.name().to_owned());
        next = place.parent();
    }
    path.reverse();
    path
}

/// Where a run has resumed, if its first step is not the first one of its flow.
pub(super) fn resumed(info: &StepInfo<'_>) -> Option<event::Resumed> {
    let position = info.position();
    let mut places = vec![info.place_number()];
    let mut next = info.parent();
    while let Some(place) = next {
        places.push(place.place_number());
        next = place.parent();
    }
    let counted = position
        .flows
        .iter()
        .any(|flow| flow.taken.iter().any(|taken| *taken > 0));
    let moved = position.steps > 0 || position.inner_steps > 0;
    if !moved && !counted && places.iter().all(|place| *place == 0) {
        return None;
    }
    let flows = position.flows.into_iter();
    Some(event::Resumed {
        steps: position.steps,
        inner_steps: position.inner_steps,
        flows: flows
            .map(|flow| event::ResumedFlow {
                flow: flow.flow,
                fingerprint: graphs::fingerprint(flow.fingerprint),
                place: flow.place,
                taken: flow.taken,
            })
            .collect(),
    })
}
