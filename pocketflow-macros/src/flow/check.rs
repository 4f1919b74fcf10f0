//! The checks that the tokens of one flow are enough for.

use super::model::{Model, Target};
use crate::errors::Errors;

/// Checks a graph that was read without an error.
pub(crate) fn check(model: &Model) -> Errors {
    let mut errors = Errors::default();
    let graph = Neighbours::new(model);
    not_empty(model, &mut errors);
    reached(model, &graph, &mut errors);
    ends(model, &graph, &mut errors);
    errors
}

fn not_empty(model: &Model, errors: &mut Errors) {
    // A node that is declared and nothing more has been told of.
    if !model.places.is_empty() || !model.idle.is_empty() {
        return;
    }
    let message = "a flow has at least one node: `first >> second;`, or `only;`";
    match &model.header {
        Some(header) => errors.at(&header.name, message),
        None => errors.push(syn::Error::new(proc_macro2::Span::call_site(), message)),
    }
}

/// PF004: each part of the graph that no path reaches, once, at the place where it begins.
fn reached(model: &Model, graph: &Neighbours, errors: &mut Errors) {
    let Some(start) = model.places.first().map(|place| &place.label) else {
        return;
    };
    let mut reached = vec![false; model.places.len()];
    spread(&graph.after, [0], &mut reached);
    while let Some(place) = beginning(graph, &reached) {
        let name = &model.places[place].label;
        let message = format!(
            "PF004: no path from `{start}` leads to `{name}`\n\
             help: wire it, `… >> {name};`, or remove it from the flow\n\
             help: a flow starts at the first node: if that should be `{name}`, write its edge first\n\
             note: see `pocketflow::errors::PF004`"
        );
        errors.push(syn::Error::new(model.places[place].first, message));
        spread(&graph.after, [place], &mut reached);
    }
}

/// The next unreached place that leads to all that lead to it: what comes before it, if anything, is
/// a circle with it.
fn beginning(graph: &Neighbours, reached: &[bool]) -> Option<usize> {
    let is_first = |place: &usize| {
        let [mut before, mut after] = [(); 2].map(|()| vec![false; reached.len()]);
        spread(&graph.before, [*place], &mut before);
        spread(&graph.after, [*place], &mut after);
        before
            .iter()
            .zip(after)
            .all(|(before, after)| !before || after)
    };
    (0..reached.len())
        .filter(|place| !reached[*place])
        .find(is_first)
}

/// PF005: each part of the graph that nothing leads out of, once, at the place of it that is named
/// first.
fn ends(model: &Model, graph: &Neighbours, errors: &mut Errors) {
    if model.endless {
        return;
    }
    let last =
        (0..model.places.len()).filter(|place| graph.leads_out[*place] || model.is_last(*place));
    let mut told = vec![false; model.places.len()];
    spread(&graph.before, last, &mut told);
    while let Some(first) = told.iter().position(|told| !told) {
        // All that are caught together with it, and all that only lead into the same trap, belong
        // to the same message.
        let mut caught = vec![false; model.places.len()];
        spread(&graph.after, [first], &mut caught);
        let within = |place: &usize| caught[*place] && *place != first;
        let others: Vec<_> = (0..caught.len())
            .filter(within)
            .map(|place| format!("`{}`", model.places[place].label))
            .collect();
        let others = match &others[..] {
            [] => String::new(),
            [rest @ .., last] if !rest.is_empty() => {
                format!(
                    ", from where it only reaches {} and {last}",
                    rest.join(", ")
                )
            }
            others => format!(", from where it only reaches {}", others.join("")),
        };
        let message = format!(
            "PF005: the flow never ends once it is at `{}`{others}\n\
             help: let one of these nodes lead out: remove its edge, wire one of its actions to `end`, or bound an \
             edge with `max 5 else end`\n\
             help: or write `#[endless]` on the flow, if it is meant to run until it is dropped\n\
             note: see `pocketflow::errors::PF005`",
            model.places[first].label
        );
        errors.push(syn::Error::new(model.places[first].first, message));
        let caught: Vec<_> = (0..caught.len()).filter(|place| caught[*place]).collect();
        spread(&graph.before, caught, &mut told);
    }
}

/// The graph as lists of neighbours.
struct Neighbours {
    after: Vec<Vec<usize>>,
    before: Vec<Vec<usize>>,
    /// Whether an edge of the place leads to an exit.
    leads_out: Vec<bool>,
}

impl Neighbours {
    fn new(model: &Model) -> Self {
        let empty = vec![Vec::new(); model.places.len()];
        let mut graph = Self {
            after: empty.clone(),
            before: empty,
            leads_out: vec![false; model.places.len()],
        };
        for (from, target) in model.connections() {
            match target {
                Target::Place(to) => {
                    graph.after[from].push(to);
                    graph.before[to].push(from);
                }
                Target::Exit(_) => graph.leads_out[from] = true,
            }
        }
        graph
    }
}

/// Marks all that can be reached from `starts`.
fn spread(neighbours: &[Vec<usize>], starts: impl IntoIterator<Item = usize>, marked: &mut [bool]) {
    let mut waiting: Vec<usize> = starts.into_iter().collect();
    while let Some(place) = waiting.pop() {
        if !std::mem::replace(&mut marked[place], true) {
            waiting.extend(&neighbours[place]);
        }
    }
}

#[cfg(test)]
mod tests;
