//! The checks that need the nodes' types. Each speaks of one token of the user's and panics, in a
//! constant, with the message.

use super::message::{Text, equal, nearest};
use crate::analysis::Solution;
use crate::const_eval::bit_set::contains;
use crate::graph::{Edge, Graph, NodeInfo, Place, Target, fork};
use crate::shared::Store;

const APART: &str = "\nhelp: put the nodes of each store into a separate flow, and call the `run` of one flow in a node of the other";

impl Graph {
    /// PF001 for an edge.
    #[doc(hidden)]
    #[track_caller]
    pub const fn check_action(&self, edge: usize) {
        let Edge {
            from,
            action,
            to,
            written,
            ..
        } = self.edges[edge];
        let node = self.places[from].node;
        if !written || node.is_unknown() || node.action(action).is_some() {
            return;
        }
        // A node that has something to choose does not stand in a fork: that is PF012.
        if fork::chooses(self.places[from].fork) {
            return;
        }
        let name = self.places[from].name;
        let text = Text::new("PF001: ").code(name);
        let text = if node.flow.is_some() {
            text.push(" has no exit ").action(action)
        } else {
            text.push(" never returns ").action(action)
        };
        let text = if node.actions.len() == 1 && equal(node.actions[0], "default") {
            text.push("\nhelp: it returns no action: write `")
                .push(name)
                .push(" >> ")
                .push(self.name_of(to))
                .push("`")
        } else if equal(action, "default") && !node.actions.is_empty() {
            text.push("\nhelp: it returns ")
                .actions(node.actions, "or")
                .push("; name the one that leads on: `")
                .push(name)
                .push(" - ")
                .action(node.actions[0])
                .push(" >> ")
                .push(self.name_of(to))
                .push("`")
        } else {
            match nearest(action, node.actions) {
                None if node.actions.is_empty() => {
                    text.push("\nhelp: it never ends, so no edge leads on from it")
                }
                Some(meant) => text.push("\nhelp: did you mean ").action(meant).push("?"),
                None => text.push("\nhelp: it returns ").actions(node.actions, "or"),
            }
        };
        text.panic("PF001")
    }

    /// PF008 for a place.
    #[doc(hidden)]
    #[track_caller]
    pub const fn check_store(&self, place: usize) {
        if !self.is_native(place) && !self.places[place].node.is_unknown() {
            self.foreign(self.places[place].name, self.places[place].node)
        }
    }

    /// PF008 for a place of a flow that names its store.
    #[doc(hidden)]
    #[track_caller]
    pub const fn check_own_store(&self, place: usize, store: &Store) {
        let Place { name, node, .. } = &self.places[place];
        if node.is_unknown() || node.store.hash == store.hash {
            return;
        }
        let text = Text::new("PF008: ").code(name).push(" works on ");
        let same = equal(node.store.name, store.name);
        let text = if same {
            text.push("another store ")
        } else {
            text.push("the store ")
        };
        let text = text
            .code(node.store.name)
            .push(", but this flow runs on ")
            .code(store.name)
            .push(APART);
        let text = if same {
            let text = text
                .push("\nnote: ")
                .code(name)
                .push(" works on ")
                .push(node.store.id);
            text.push("\nnote: this flow runs on ").push(store.id)
        } else {
            text
        };
        text.panic("PF008")
    }

    /// PF008.
    #[track_caller]
    pub(crate) const fn foreign(&self, name: &str, node: &NodeInfo) -> ! {
        let first = &self.places[self.first()];
        let (store, ours) = (node.store, first.node.store);
        let text = Text::new("PF008: ").code(name).push(" works on ");
        let text = if equal(store.name, ours.name) {
            text.push("another store ")
                .code(store.name)
                .push(" than the first node of this flow, ")
                .code(first.name)
        } else {
            text.push("the store ")
                .code(store.name)
                .push(", but this flow runs on ")
                .code(ours.name)
                .push(", the store of its first node ")
                .code(first.name)
        };
        let text = text.push(APART);
        let text = if equal(store.name, ours.name) {
            let text = text
                .push("\nnote: ")
                .code(name)
                .push(" works on ")
                .push(store.id);
            text.push("\nnote: ")
                .code(first.name)
                .push(" works on ")
                .push(ours.id)
        } else {
            text
        };
        text.panic("PF008")
    }

    /// PF006 for an input that is not a late field of the store.
    #[doc(hidden)]
    #[track_caller]
    pub const fn check_input(&self, input: usize, named: bool) {
        if self.is_unknown() {
            return;
        }
        self.check_late(
            self.inputs[input],
            named,
            "the input ",
            "leave it out of the parentheses",
            "the inputs of a flow are late fields",
        );
    }

    /// PF006 for an `await(field)` whose field is not a late field of the store.
    #[doc(hidden)]
    #[track_caller]
    pub const fn check_await(&self, place: usize, named: bool) {
        if self.is_unknown() {
            return;
        }
        if let Some(field) = self.places[place].node.waits {
            self.check_late(
                field,
                named,
                "the field ",
                "make it an `Option`, to be filled while the flow waits",
                "what a flow waits for is a late field",
            );
        }
    }

    /// Whether an `await` names no field and means this one: that is told where it is written.
    const fn misspells(&self, field: &str) -> bool {
        let mut place = 0;
        while place < self.places.len() {
            if let Some(waits) = self.places[place].node.waits
                && self.store().field(waits).is_none()
                && let Some(meant) = self.meant(waits)
                && equal(meant, field)
            {
                return true;
            }
            place += 1;
        }
        false
    }

    #[track_caller]
    const fn check_late(&self, name: &str, named: bool, what: &str, help: &str, rule: &str) {
        let store = self.store();
        let text = match store.field(name) {
            Some(field) if store.fields[field].late => return,
            Some(_) => Text::new("PF006: ")
                .push(what)
                .code(name)
                .push(" is not a late field of ")
                .code(store.name)
                .push(": it always has a value\nhelp: ")
                .push(help),
            None if named => return,
            None => {
                let text = Text::new("PF006: the store ")
                    .code(store.name)
                    .push(" has no field ")
                    .code(name);
                match self.meant(name) {
                    Some(meant) => text.push("\nhelp: did you mean ").code(meant).push("?"),
                    None => text.push("\nhelp: ").push(rule).push(" of its store"),
                }
            }
        };
        text.panic("PF006")
    }

    /// Whether an edge names no action of a node, and means this one: that is PF001, which says so.
    const fn is_meant(&self, place: usize, action: usize) -> bool {
        let node = self.places[place].node;
        let mut index = 0;
        while index < self.edges.len() {
            let edge = &self.edges[index];
            if edge.written && edge.from == place && node.action(edge.action).is_none() {
                match nearest(edge.action, node.actions) {
                    Some(meant) if equal(meant, node.actions[action]) => return true,
                    _ => {}
                }
            }
            index += 1;
        }
        false
    }

    /// Whether somebody wrote `place - "action" >> …`, or, without `named`, `place >> …`.
    const fn leads_on(&self, place: usize, named: bool) -> bool {
        let mut index = 0;
        while index < self.edges.len() {
            let edge = &self.edges[index];
            if edge.written && edge.from == place && equal(edge.action, "default") != named {
                return true;
            }
            index += 1;
        }
        false
    }

    /// The field that was meant by an input's name.
    pub(crate) const fn meant(&self, input: &str) -> Option<&'static str> {
        let store = self.store();
        let (mut names, mut count) = ([""; 256], 0);
        while count < store.fields.len() && count < names.len() {
            names[count] = store.fields[count].name;
            count += 1;
        }
        nearest(input, names.split_at(count).0)
    }

    const fn name_of(&self, target: Target) -> &'static str {
        match target {
            Target::Place(place) => self.places[place].name,
            Target::Exit(_) => "end",
        }
    }
}

impl Target {
    const fn same(self, other: Self) -> bool {
        match (self, other) {
            (Self::Place(a), Self::Place(b)) => a == b,
            (Self::Exit(a), Self::Exit(b)) => a == b,
            _ => false,
        }
    }
}

impl<const P: usize, const T: usize, const X: usize, const W: usize> Solution<P, T, X, W> {
    /// PF002 for a place, and PF009 for the exits of a nested flow.
    #[track_caller]
    pub const fn check_wiring(&self, graph: &Graph, place: usize) {
        let node = graph.places[place].node;
        let (mut unwired, mut count) = ([""; 64], 0);
        let mut action = 0;
        while action < node.actions.len() {
            if count < unwired.len()
                && !self.is_wired(place, action)
                && !graph.is_meant(place, action)
            {
                unwired[count] = node.actions[action];
                count += 1;
            }
            action += 1;
        }
        // Before anything looks through all edges: a loop over them for every place would be
        // quadratic.
        if count == 0 {
            return;
        }
        // The action of an edge is wrong where the node has only the other kind: that is PF001,
        // which says what to write.
        let by_default = node.action("default").is_some();
        let told = graph.leads_on(place, by_default)
            && (!by_default || count == 1 && node.actions.len() == 1);
        if told {
            return;
        }
        let name = graph.places[place].name;
        let code = if node.flow.is_some() {
            "PF009"
        } else {
            "PF002"
        };
        let text = Text::new(code).push(": ").code(name);
        let text = text.push(if node.flow.is_some() {
            " can leave at "
        } else {
            " can return "
        });
        text.actions(unwired.split_at(count).0, "and")
            .push(if count == 1 {
                ", which is wired nowhere"
            } else {
                ", which are wired nowhere"
            })
            .push("\nhelp: say where it leads: `")
            .push(name)
            .push(" - ")
            .action(unwired[0])
            .push(" >> …;`, or `>> end;` to end the flow there")
            .panic(code)
    }

    /// PF006 for the start.
    #[track_caller]
    pub const fn check_start(&self, graph: &Graph) {
        if let Some(unproved) = self.unproved[0]
            && unproved.edge.is_none()
            && graph.places[0].fork.is_empty()
        {
            self.report(graph, 0, &graph.places[0], unproved.field);
        }
    }

    /// PF006, and PF009 for a nested flow, where an edge arrives.
    #[track_caller]
    pub const fn check_arrival(&self, graph: &Graph, edge: usize, otherwise: bool) {
        let Edge { to, bound, .. } = graph.edges[edge];
        let target = match bound {
            // Two ways to one place: one message.
            Some(bound) if otherwise && !bound.otherwise.same(to) => bound.otherwise,
            _ if otherwise => return,
            _ => to,
        };
        if let Target::Place(place) = target
            && let Some(unproved) = self.unproved[place]
            && let Some(by) = unproved.edge
            && by == edge
            && graph.places[place].fork.is_empty()
        {
            self.report(graph, place, &graph.places[place], unproved.field);
        }
    }

    /// PF006 for a node of a fork.
    #[track_caller]
    pub const fn check_reads(&self, graph: &Graph, place: usize, branch: usize) {
        if self.unproved[place].is_none() {
            return;
        }
        let fork = graph.places[place].fork;
        let unproved = self.unproved_fields(graph, place, &graph.store().late_fields());
        let mut field = 0;
        while fork::is_native(fork, branch) && field < graph.store().fields.len() {
            // A field that another node of the fork fills is PF007.
            let meant = fork::may_fill(fork, branch, field);
            if contains(&unproved, field) && contains(fork[branch].node.reads, field) && !meant {
                self.report(graph, place, &fork[branch], field);
            }
            field += 1;
        }
    }

    /// Says that what stands at a place, or in a fork there, reads a field that the path leaves
    /// empty.
    #[track_caller]
    const fn report(&self, graph: &Graph, place: usize, reader: &Place, unproved: usize) {
        let node = reader.node;
        let store = node.store;
        if graph.misspells(store.fields[unproved].name) {
            return;
        }
        let path = self.path(graph, place, unproved);
        let code = if node.flow.is_some() {
            "PF009"
        } else {
            "PF006"
        };
        let text = Text::new(code).push(if node.flow.is_some() {
            ": the flow "
        } else {
            ": node "
        });
        let text = text.code(reader.name);
        let text = text.push(if node.flow.is_some() {
            " starts with "
        } else {
            " reads "
        });
        let mut text = text.code(store.fields[unproved].name);
        text = if path.by[place] == u32::MAX {
            text.push(", but it is the first node, and nothing has filled that field")
        } else {
            text.push(", but no node fills it on the path `")
                .path(graph, &path.by, place)
                .push("`")
        };
        let others = self.unproved_fields(graph, place, &store.late_fields());
        let mut field = unproved + 1;
        while field < store.fields.len() {
            if contains(&others, field) && contains(node.reads, field) {
                text = text
                    .push("\nnote: ")
                    .code(store.fields[field].name)
                    .push(" is not always filled there either");
            }
            field += 1;
        }
        text = text.push("\nhelp: ");
        let name = store.fields[unproved].name;
        text = match self.filler(graph, place, unproved) {
            // The shown path comes through the node, and takes another action than the one that
            // fills the field.
            Some((filler, action)) if path.comes_through(graph, filler, place) => text
                .code(graph.places[filler].name)
                .push(" fills it only with the action ")
                .action(action)
                .push(": wire the other actions elsewhere, or let another node fill it"),
            Some((filler, _)) => text
                .code(graph.places[filler].name)
                .push(" fills it: let every path pass through that node first"),
            None => match self.changer(graph, place, unproved) {
                Some(changer) => text
                    .code(graph.places[changer].name)
                    .push(" changes it in `post`: add `writes(")
                    .push(name)
                    .push(")` to its `#[node(…)]`"),
                None => text
                    .push("let an earlier node fill it: `#[node(…, writes = ")
                    .push(name)
                    .push(")]`"),
            },
        };
        if node.flow.is_none() {
            text = text.push("\nhelp: or read it as `Option<&_>`, if the node can do without it");
        }
        if !graph.name.is_empty() {
            text = text
                .push("\nhelp: or, if the caller fills it, make it an input of the flow: `")
                .push(graph.name)
                .push(if graph.inputs.is_empty() {
                    "("
                } else {
                    "(…, "
                })
                .push(name)
                .push(")`");
        }
        text.panic(code)
    }

    /// Another place whose node borrows the field in `post`, to change it, and does not say that it
    /// fills it.
    const fn changer(&self, graph: &Graph, reader: usize, field: usize) -> Option<usize> {
        let mut place = 0;
        while place < P {
            let node = graph.places[place].node;
            let is_one =
                node.flow.is_none() && node.waits.is_none() && graph.places[place].fork.is_empty();
            if is_one && place != reader && graph.is_native(place) && contains(node.changes, field)
            {
                return Some(place);
            }
            place += 1;
        }
        None
    }

    /// Another place that fills the field, and the action after which it does.
    const fn filler(
        &self,
        graph: &Graph,
        reader: usize,
        field: usize,
    ) -> Option<(usize, &'static str)> {
        let mut place = 0;
        while place < P {
            let NodeInfo {
                actions,
                writes,
                reads,
                flow,
                ..
            } = graph.places[place].node;
            // What a nested flow starts with is filled after it, and not by it.
            let only_needs = flow.is_some() && graph.is_native(place) && contains(reads, field);
            let mut action = 0;
            while place != reader && !only_needs && graph.is_native(place) && action < actions.len()
            {
                if contains(writes.split_at(action * W).1, field) {
                    return Some((place, actions[action]));
                }
                action += 1;
            }
            place += 1;
        }
        None
    }
}

/// PF011: `PF011::<true>::VALUE` is deprecated, which is how a macro warns on stable Rust.
#[doc(hidden)]
#[derive(Debug)]
pub struct PF011<const FOUND: bool>;

impl PF011<false> {
    /// Nothing to say.
    pub const VALUE: () = ();
}

impl PF011<true> {
    /// The warning.
    #[deprecated(
        note = "PF011: every path overwrites a value of this node before another node, or the caller after an exit, can read it\nhelp: remove the write, or let a node read the value in between\nnote: see `pocketflow::errors::PF011`"
    )]
    pub const VALUE: () = ();
}

impl Text {
    pub(crate) const fn actions(mut self, actions: &[&'static str], last: &str) -> Self {
        let mut index = 0;
        while index < actions.len() {
            self = self
                .separator(index, actions.len(), last)
                .action(actions[index]);
            index += 1;
        }
        self
    }

    /// Writes a path as its edges are written in the flow. Of a long one, the middle is left out.
    const fn path<const P: usize>(mut self, graph: &Graph, by: &[u32; P], target: usize) -> Self {
        const ENDS: usize = 4;
        let (mut edges, mut length) = ([0; P], 0);
        let mut place = target;
        // A way back of at most P edges: the start is reached by none, unless it is the target of a
        // loop.
        while length < P && by[place] != u32::MAX {
            edges[length] = by[place] as usize;
            length += 1;
            place = graph.edges[by[place] as usize].from;
        }
        self = self.push(graph.places[place].name);
        let mut step = 0;
        while step < length {
            let edge = &graph.edges[edges[length - 1 - step]];
            let to = if step + 1 == length {
                target
            } else {
                graph.edges[edges[length - 2 - step]].from
            };
            if step < ENDS || step >= length - ENDS {
                if !equal(edge.action, "default") {
                    self = self.push(" - ").action(edge.action);
                }
                self = self.push(" >> ").push(graph.places[to].name);
            } else if step == ENDS {
                self = self.push(" >> …");
            }
            step += 1;
        }
        self
    }

    #[track_caller]
    pub(crate) const fn panic_plain(self) -> ! {
        panic!("{}", self.as_str())
    }

    #[track_caller]
    pub(crate) const fn panic(self, code: &str) -> ! {
        let text = self
            .push("\nnote: see `pocketflow::errors::")
            .push(code)
            .push("`");
        panic!("{}", text.as_str())
    }
}
