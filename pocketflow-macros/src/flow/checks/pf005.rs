//! PF005: a node from which no exit can be reached.

use super::neighbours::{Neighbours, spread};
use crate::flow::model::Model;
use crate::refusal::{Code, Errors, Refusal};

/// Reports each part of the graph that no edge leaves, once, at the place that is named first.
pub(super) fn never_ends(model: &Model, neighbours: &Neighbours, errors: &mut Errors) {
    if model.endless {
        return;
    }
    let is_last = |place: &usize| neighbours.leads_out[*place] || model.is_last(*place);
    let mut settled = vec![false; model.places.len()];
    let last = (0..model.places.len()).filter(is_last);
    spread(&neighbours.before, last, &mut settled);
    while let Some(first) = settled.iter().position(|settled| !settled) {
        // The message also covers the places that it reaches, and those that only lead into the
        // same part.
        let mut reached = vec![false; model.places.len()];
        spread(&neighbours.after, [first], &mut reached);
        let trap: Vec<_> = (0..reached.len()).filter(|place| reached[*place]).collect();
        errors.on(model.places[first].first, trapped(model, first, &trap));
        spread(&neighbours.before, trap, &mut settled);
    }
}

/// The message about places from which a flow can only reach one another.
fn trapped(model: &Model, first: usize, trap: &[usize]) -> Refusal {
    let others: Vec<_> = trap
        .iter()
        .filter(|place| **place != first)
        .map(|place| format!("`{}`", model.places[*place].label))
        .collect();
    let others = match &others[..] {
        [] => String::new(),
        [only] => format!(", from where it only reaches {only}"),
        [rest @ .., last] => {
            let rest = rest.join(", ");
            format!(", from where it only reaches {rest} and {last}")
        }
    };
    let name = &model.places[first].label;
    Code::PF005
        .refuse(format!(
            "the flow never ends once it is at `{name}`{others}"
        ))
        .help(
            "let one of these nodes lead out: remove its edge, wire one of its actions to `end`, \
             or bound an edge with `max 5 else end`",
        )
        .help("or write `#[endless]` on the flow, if it is meant to run until it is dropped")
}
