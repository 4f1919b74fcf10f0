//! PF004: a node that no path reaches.

use super::neighbours::{Neighbours, spread};
use crate::flow::model::Model;
use crate::refusal::{Code, Errors};

/// Each declared node that no edge mentions.
pub(super) fn unused(model: &Model, errors: &mut Errors) {
    for unused in &model.unused {
        let name = &unused.name;
        let help = if model.places.is_empty() {
            format!("a declaration alone is not a step: write `{name};` after it")
        } else {
            format!("remove the declaration, or wire it: `… >> {name};`")
        };
        let wrong = format!("no edge leads to `{name}`");
        errors.at(name, Code::PF004.refuse(wrong).help(help));
    }
}

/// Reports each part of the graph that no path reaches, once, at the place where it starts.
pub(super) fn unreachable(model: &Model, neighbours: &Neighbours, errors: &mut Errors) {
    let Some(start) = model.places.first().map(|place| &place.label) else {
        return;
    };
    let mut reached = vec![false; model.places.len()];
    spread(&neighbours.after, [0], &mut reached);
    while let Some(place) = beginning(neighbours, &reached) {
        let name = &model.places[place].label;
        let refusal = Code::PF004
            .refuse(format!("no path from `{start}` leads to `{name}`"))
            .help(format!(
                "wire it, `… >> {name};`, or remove it from the flow"
            ))
            .help(format!(
                "a flow starts at the first node: if that should be `{name}`, write its edge first"
            ));
        errors.on(model.places[place].first, refusal);
        spread(&neighbours.after, [place], &mut reached);
    }
}

/// The next unreached place from which all places that lead to it can be reached. What precedes it,
/// if anything, is in a cycle with it.
fn beginning(neighbours: &Neighbours, reached: &[bool]) -> Option<usize> {
    let is_first = |place: &usize| {
        let [mut before, mut after] = [(); 2].map(|()| vec![false; reached.len()]);
        spread(&neighbours.before, [*place], &mut before);
        spread(&neighbours.after, [*place], &mut after);
        before
            .iter()
            .zip(after)
            .all(|(before, after)| !before || after)
    };
    (0..reached.len())
        .filter(|place| !reached[*place])
        .find(is_first)
}
