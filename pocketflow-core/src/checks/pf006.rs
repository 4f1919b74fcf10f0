//! PF006: a late field that is read before it is filled, and a name that should be a late field but
//! is not. An empty field that is an input of a nested flow is PF009.

use super::message::Message;
use super::{pf007, pf009};
use crate::analysis::{Path, Solution, UnprovedRead};
use crate::const_eval::bit_set::contains;
use crate::const_eval::spelling::equal;
use crate::graph::fork::shares_store;
use crate::graph::{Edge, ErrorEdge, Graph, NodeInfo, Place, Target};
use crate::store::Field;

impl<const P: usize, const T: usize, const E: usize, const W: usize> Solution<P, T, E, W> {
    /// Checks the start.
    #[track_caller]
    pub const fn check_start(&self, graph: &Graph) {
        match self.unproved[0] {
            Some(UnprovedRead { field, edge: None }) if graph.places[0].fork.is_empty() => {
                self.report_unproved(graph, 0, &graph.places[0], field);
            }
            _ => {}
        }
    }

    /// Checks the place at the end of an edge, or, with `otherwise`, the place after its `else`.
    #[track_caller]
    pub const fn check_arrival(&self, graph: &Graph, edge: usize, otherwise: bool) {
        let Edge { to, bound, .. } = graph.edges[edge];
        let target = match bound {
            // Both ends are the same place, which gets one message.
            Some(bound) if otherwise && !bound.otherwise.is(to) => bound.otherwise,
            _ if otherwise => return,
            _ => to,
        };
        let Target::Place(place) = target else {
            return;
        };
        match self.unproved[place] {
            Some(UnprovedRead {
                field,
                edge: Some(by),
            }) if by == edge && graph.places[place].fork.is_empty() => {
                self.report_unproved(graph, place, &graph.places[place], field);
            }
            _ => {}
        }
    }

    /// Checks a node of a fork.
    #[track_caller]
    pub const fn check_reads(&self, graph: &Graph, place: usize, branch: usize) {
        if self.unproved[place].is_none() {
            return;
        }
        let fork = graph.places[place].fork;
        let reader = &fork[branch];
        let unproved = self.unproved_fields(graph, place, &graph.store().late_fields());
        let mut field = 0;
        while shares_store(fork, branch) && field < graph.store().fields.len() {
            if contains(&unproved, field)
                && contains(reader.node.reads, field)
                && !pf007::another_may_write(fork, branch, field)
            {
                self.report_unproved(graph, place, reader, field);
            }
            field += 1;
        }
    }

    /// Reports that the node at a place, or a node of the fork there, reads a field that a path
    /// leaves empty.
    #[track_caller]
    const fn report_unproved(&self, graph: &Graph, place: usize, reader: &Place, field: usize) {
        let node = reader.node;
        let name = node.store.fields[field].name;
        if is_meant_by_an_await(graph, name) {
            return;
        }
        let path = self.path(graph, place, field);
        if node.store.fields[field].failure && passes_a_wrong_error_edge(graph, &path, place) {
            return;
        }
        let message = if node.flow.is_some() {
            pf009::empty_input(reader.name, name)
        } else if node.on.is_some() {
            Message::of("PF006").add("`{}` runs on `{}`", &[reader.name, name])
        } else {
            Message::of("PF006").add("node `{}` reads `{}`", &[reader.name, name])
        };
        let emptied_by = path.emptied_by(graph, place);
        let mut message = match (path.edge_to(place), emptied_by) {
            (None, _) => message.add(
                if node.on.is_some() {
                    ", but it comes first, and nothing has filled that field"
                } else {
                    ", but it is the first node, and nothing has filled that field"
                },
                &[],
            ),
            (Some(_), None) => message
                .add(", but no node fills it on the path `", &[])
                .path(graph, &path, place)
                .add("`", &[]),
            (Some(_), Some(by)) if graph.places[by].node.within.is_some() => message
                .add(
                    ", which is empty when `{}` has expired, on the path `",
                    &[graph.places[by].name],
                )
                .path(graph, &path, place)
                .add("`", &[]),
            (Some(_), Some(by)) => message
                .add(
                    ", which `{}` may leave empty on the path `",
                    &[graph.places[by].name],
                )
                .path(graph, &path, place)
                .add("`", &[]),
        };
        let unproved = self.unproved_fields(graph, place, &node.store.late_fields());
        let mut other = field + 1;
        while other < node.store.fields.len() {
            if contains(&unproved, other) && contains(node.reads, other) {
                let other = node.store.fields[other].name;
                message = message.add("\nnote: `{}` is not always filled there either", &[other]);
            }
            other += 1;
        }
        if let Some(by) = emptied_by {
            if graph.places[by].node.within.is_some() {
                message = message.add(
                    "\nhelp: lead the action \"expired\" to a node that does without `{}`",
                    &[name],
                );
                if node.flow.is_none() && node.on.is_none() {
                    message = message.add(
                        "\nhelp: or read it as `Option<&_>`, and handle the case that it is empty",
                        &[],
                    );
                }
                message.report();
            }
            help_emptied(message, node, graph.places[by].name, name).report();
        }
        message = help_fill(message, graph, &path, place, (field, name), W);
        if node.flow.is_none() && node.on.is_none() {
            message = message.add(
                "\nhelp: or read it as `Option<&_>`, if the node can do without it",
                &[],
            );
        }
        if !graph.name.is_empty() {
            let others = if graph.inputs.is_empty() { "" } else { "…, " };
            message = message.add(
                "\nhelp: or, if the caller fills it, make it an input of the flow: `{}({}{})`",
                &[graph.name, others, name],
            );
        }
        message.report()
    }
}

/// Adds what to do about a node that may leave the field empty.
const fn help_emptied(message: Message, reader: &NodeInfo, by: &str, name: &str) -> Message {
    let message = match (reader.flow, reader.on) {
        (None, None) => message.add(
            "\nhelp: read it as `Option<&_>`, and handle the case that it is empty\nhelp: or",
            &[],
        ),
        _ => message.add("\nhelp:", &[]),
    };
    message.add(
        " let `{}` return an action that says whether `{}` is filled, and lead the other one elsewhere",
        &[by, name],
    )
}

/// Adds which node should fill the field. `words` is the length of a set of fields.
const fn help_fill<const P: usize>(
    message: Message,
    graph: &Graph,
    path: &Path<P>,
    reader: usize,
    (field, name): (usize, &str),
    words: usize,
) -> Message {
    let Field {
        failure, failures, ..
    } = graph.store().fields[field];
    if failure {
        if let Some(edge) = error_edge(graph, path, reader) {
            let (from, to) = (
                graph.edges[edge].from,
                graph.target_name(graph.edges[edge].to),
            );
            return message.add(
                "\nhelp: let the error edge fill it: `{} - error({}) >> {}`",
                &[graph.places[from].name, name, to],
            );
        }
    }
    if let Some((writer, action)) = writer(graph, reader, field, words) {
        let writer_name = graph.places[writer].name;
        // The path may pass through the writer with an action other than the one that fills the
        // field.
        return match path.edge_from(graph, writer, reader) {
            Some(edge) if graph.edges[edge].error.is_some() => message.add(
                "\nhelp: on this path `{}` has failed, so it has not filled the field: lead its error edge elsewhere, or let another node fill it",
                &[writer_name],
            ),
            Some(_) => message.add(
                "\nhelp: `{}` fills it only with the action \"{}\": wire the other actions elsewhere, or let another node fill it",
                &[writer_name, action],
            ),
            None => message.add(
                "\nhelp: `{}` fills it: let every path pass through that node first",
                &[writer_name],
            ),
        };
    }
    match possible_writer(graph, reader, field) {
        Some(writer) => message.add(
            "\nhelp: `{}` changes it in `post`: add `writes({})` to its `#[node(…)]`",
            &[graph.places[writer].name, name],
        ),
        None if failure => message.add(
            "\nhelp: let an error edge fill it: `… - error({}) >> {}`",
            &[name, graph.places[reader].name],
        ),
        None if failures => message.add(
            "\nhelp: let an earlier batch fill it: `#[node(…, failures = {})]`",
            &[name],
        ),
        None => message.add(
            "\nhelp: let an earlier node fill it: `#[node(…, writes = {})]`",
            &[name],
        ),
    }
}

/// The last error edge on the path, or the last one that fills no field if there is one.
const fn error_edge<const P: usize>(graph: &Graph, path: &Path<P>, target: usize) -> Option<usize> {
    let (mut place, mut last) = (target, None);
    while let Some(edge) = path.edge_to(place) {
        match graph.edges[edge].error {
            Some(ErrorEdge { field: None }) => return Some(edge),
            Some(_) if last.is_none() => last = Some(edge),
            _ => {}
        }
        if path.begins_before(place) {
            break;
        }
        place = graph.edges[edge].from;
    }
    last
}

/// Whether an error edge on the path names a field that cannot hold a failure, or no field of the
/// store. The check of that edge, or rustc, reports it, and the field that is meant may be this one.
const fn passes_a_wrong_error_edge<const P: usize>(
    graph: &Graph,
    path: &Path<P>,
    target: usize,
) -> bool {
    let mut place = target;
    while let Some(edge) = path.edge_to(place) {
        if let Some(ErrorEdge { field: Some(name) }) = graph.edges[edge].error {
            match graph.store().field(name) {
                Some(field) if graph.store().fields[field].failure => {}
                _ => return true,
            }
        }
        if path.begins_before(place) {
            return false;
        }
        place = graph.edges[edge].from;
    }
    false
}

/// Another place that fills the field, and the action after which the field is filled.
const fn writer(
    graph: &Graph,
    reader: usize,
    field: usize,
    words: usize,
) -> Option<(usize, &'static str)> {
    let mut place = 0;
    while place < graph.places.len() {
        let NodeInfo {
            actions,
            writes,
            reads,
            flow,
            ..
        } = graph.places[place].node;
        let shares_store = graph.shares_store(place);
        // An input of a nested flow is filled after the flow, but the flow does not fill it.
        let is_input = flow.is_some() && shares_store && contains(reads, field);
        let mut action = 0;
        while place != reader && !is_input && shares_store && action < actions.len() {
            if contains(writes.split_at(action * words).1, field) {
                return Some((place, actions[action]));
            }
            action += 1;
        }
        place += 1;
    }
    None
}

/// Another place whose node mutably borrows the field in `post` but does not declare that it fills
/// it.
const fn possible_writer(graph: &Graph, reader: usize, field: usize) -> Option<usize> {
    let mut place = 0;
    while place < graph.places.len() {
        let Place { node, fork, .. } = graph.places[place];
        let is_node =
            node.flow.is_none() && node.on.is_none() && !node.is_pause() && fork.is_empty();
        if is_node
            && place != reader
            && graph.shares_store(place)
            && contains(node.possible_writes, field)
        {
            return Some(place);
        }
        place += 1;
    }
    None
}

/// Whether a misspelt `await(field)` means this field. The check of the `await` reports it.
const fn is_meant_by_an_await(graph: &Graph, field: &str) -> bool {
    let mut place = 0;
    while place < graph.places.len() {
        if let Some(waits) = graph.places[place].node.waits {
            match graph.store().nearest_field(waits) {
                Some(meant) if equal(meant, field) && graph.store().field(waits).is_none() => {
                    return true;
                }
                _ => {}
            }
        }
        place += 1;
    }
    false
}

impl Graph {
    /// Checks that an input is a late field of the store. With `named`, the flow names its store,
    /// and rustc reports a field that does not exist.
    #[doc(hidden)]
    #[track_caller]
    pub const fn check_input(&self, input: usize, named: bool) {
        if self.is_unknown() {
            return;
        }
        self.check_late(self.inputs[input], named, true);
    }

    /// Checks that the field of an `await(field)` is a late field of the store.
    #[doc(hidden)]
    #[track_caller]
    pub const fn check_await(&self, place: usize, named: bool) {
        if self.is_unknown() {
            return;
        }
        if let Some(field) = self.places[place].node.waits {
            self.check_late(field, named, false);
        }
    }

    /// Checks that the field of an error edge is a late field for a failure.
    #[doc(hidden)]
    #[track_caller]
    pub const fn check_error_field(&self, edge: usize, named: bool) {
        let Some(ErrorEdge { field: Some(name) }) = self.edges[edge].error else {
            return;
        };
        if self.is_unknown() {
            return;
        }
        let store = self.store();
        let message = Message::of("PF006");
        match store.field(name) {
            Some(field) if store.fields[field].failure => {}
            Some(_) => message
                .add(
                    "the field `{}` of `{}` cannot hold a failure\nhelp: give it the type `Option<pocketflow::Failed>`\nhelp: or write `error` without a field",
                    &[name, store.name],
                )
                .report(),
            None if named => {}
            None => {
                let message = message.add("the store `{}` has no field `{}`", &[store.name, name]);
                match store.nearest_field(name) {
                    Some(meant) => message.add("\nhelp: did you mean `{}`?", &[meant]),
                    None => message.add(
                        "\nhelp: add it to the store: `{}: Option<pocketflow::Failed>`",
                        &[name],
                    ),
                }
                .report()
            }
        }
    }

    #[track_caller]
    const fn check_late(&self, name: &str, named: bool, is_input: bool) {
        let store = self.store();
        let (what, help, rule) = match is_input {
            true => (
                "the input",
                "leave it out of the parentheses",
                "the inputs of a flow are late fields",
            ),
            false => (
                "the field",
                "make it an `Option`, to be filled while the flow waits",
                "what a flow waits for is a late field",
            ),
        };
        let message = Message::of("PF006");
        let message = match store.field(name) {
            Some(field) if store.fields[field].late => return,
            Some(_) => message.add(
                "{} `{}` is not a late field of `{}`: it always has a value\nhelp: {}",
                &[what, name, store.name, help],
            ),
            None if named => return,
            None => {
                let message = message.add("the store `{}` has no field `{}`", &[store.name, name]);
                let message = match store.nearest_field(name) {
                    Some(meant) => message.add("\nhelp: did you mean `{}`?", &[meant]),
                    None => message.add("\nhelp: {} of its store", &[rule]),
                };
                // `Support(Ticket)`: the name of a type in the place of an input.
                if name.as_bytes()[0].is_ascii_uppercase() && is_input {
                    let parts = &[self.name, name];
                    message.add("\nhelp: to name the store, write `{}: {}`", parts)
                } else {
                    message
                }
            }
        };
        message.report()
    }
}
