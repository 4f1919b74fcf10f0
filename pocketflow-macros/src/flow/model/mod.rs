//! The graph of a flow: places, edges and exits, with the tokens that each came from.

mod build;
#[cfg(test)]
mod tests;

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::{Attribute, Ident, Path, Visibility};

pub(crate) use self::build::model;
use super::parse::{OnField, Pause, Time};
use crate::krate::Krate;

/// A flow.
pub(crate) struct Model {
    /// The attributes of the generated type: all except `#[endless]`.
    pub(crate) attributes: Vec<Attribute>,
    /// Attributes that set the level of a lint: `#[allow(deprecated)]` on the flow silences PF011.
    pub(crate) lints: Vec<Attribute>,
    pub(crate) krate: Krate,
    pub(crate) endless: bool,
    pub(crate) header: Option<Header>,
    pub(crate) places: Vec<Place>,
    pub(crate) edges: Vec<Edge>,
    pub(crate) duplicates: Vec<DuplicateEdge>,
    pub(crate) exits: Vec<Exit>,
    /// Every mention of a place after its first, for the editor.
    pub(crate) mentions: Vec<Mention>,
    /// The declared nodes that no edge mentions.
    pub(crate) unused: Vec<Unused>,
    /// The flows on fields whose options are written again.
    pub(crate) again: Vec<OptionsAgain>,
    /// The declared flows on fields that are named with a field once more.
    pub(crate) on_twice: Vec<Ident>,
}

pub(crate) struct Header {
    pub(crate) visibility: Visibility,
    pub(crate) name: Ident,
    pub(crate) inputs: Vec<Ident>,
    /// The store, if the flow names it.
    pub(crate) store: Option<Path>,
}

/// A vertex of the graph: a node, a nested flow, a wait, or a fork of nodes.
pub(crate) struct Place {
    /// Its name in the graph. The name of a fork is `(facts, figures)`.
    pub(crate) label: String,
    /// The nodes: one, or several for a fork.
    pub(crate) first: Span,
    /// One, unless it is a fork.
    pub(crate) nodes: Vec<Node>,
}

/// A node or a nested flow, with its name.
pub(crate) struct Node {
    pub(crate) name: Ident,
    pub(crate) path: Path,
    /// Its name in the graph: its name, `await(approval)`, or `Investigate.on(facts)`.
    pub(crate) label: String,
    /// The field that it runs on.
    pub(crate) on: Option<OnField>,
    /// Its name, with the span of the declaration or of the first mention.
    pub(crate) given: Ident,
    /// The field of the flow that holds the node, with its documentation.
    pub(crate) field: Option<Vec<Attribute>>,
    /// Whether the flow declares it.
    pub(crate) declared: bool,
    /// Whether it is a step that lets time pass. An `await` without a declaration has the name of its
    /// field.
    pub(crate) pause: Option<Pause>,
    /// Its path as text, which identifies its mentions.
    key: String,
}

pub(crate) struct Edge {
    pub(crate) from: usize,
    pub(crate) action: String,
    /// The action. If none is written, the token of the node that the edge leaves.
    pub(crate) action_span: Span,
    pub(crate) to: Target,
    pub(crate) to_span: Span,
    pub(crate) bound: Option<Bound>,
    /// Whether it is an error edge, and the field that it fills.
    pub(crate) error: Option<ErrorEdge>,
    /// Whether no action is written and the edge leaves the first mention of its place.
    pub(crate) leaves_first: bool,
    /// Whether it leads to the first mention of its place.
    pub(crate) introduces: bool,
}

/// What becomes of a failure: `- error(problem)`.
pub(crate) struct ErrorEdge {
    pub(crate) field: Option<Ident>,
}

/// An edge whose action has an edge already. It is not part of the graph, but its target counts as
/// reached.
pub(crate) struct DuplicateEdge {
    pub(crate) from: usize,
    pub(crate) action_span: Span,
    pub(crate) to: Target,
    /// The earlier edge.
    pub(crate) first: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Place(usize),
    Exit(usize),
}

pub(crate) struct Bound {
    /// The number, or the path of a constant.
    pub(crate) max: TokenStream,
    /// The span of the constant.
    pub(crate) constant: Option<Span>,
    pub(crate) otherwise: Target,
    pub(crate) otherwise_span: Span,
}

pub(crate) struct Exit {
    pub(crate) name: String,
    /// Its variant, with the span of the token that names it. It is made up if the name does not
    /// result in a valid variant.
    pub(crate) variant: Ident,
}

pub(crate) struct Mention {
    pub(crate) place: usize,
    /// Its index among the nodes of a fork.
    pub(crate) node: usize,
    pub(crate) path: Path,
}

/// The options of `Summarize.each(documents, parallel = 8)`, at a mention after the first that has
/// some.
pub(crate) struct OptionsAgain {
    pub(crate) label: String,
    pub(crate) span: Span,
}

/// A declaration that no edge mentions.
pub(crate) struct Unused {
    pub(crate) name: Ident,
    /// Its path. A pause has none.
    pub(crate) path: Option<Path>,
}

/// The action of an edge without an action, and the name of an exit without a name.
pub(crate) const DEFAULT: &str = "default";

/// The action of an error edge.
pub(crate) const ERROR: &str = "error";

impl Place {
    pub(crate) fn is_fork(&self) -> bool {
        self.nodes.len() > 1
    }

    /// Whether it is a fork of flows on fields. A fork that has nodes as well is PF012.
    pub(crate) fn is_fork_of_flows(&self) -> bool {
        self.is_fork() && self.nodes.iter().all(|node| node.on.is_some())
    }

    /// Whether it is a fork in which a node lets time pass.
    pub(crate) fn is_fork_with_pause(&self) -> bool {
        self.is_fork() && self.nodes.iter().any(|node| node.pause.is_some())
    }

    /// Whether it is a fork that has both nodes and flows on fields.
    pub(crate) fn is_mixed_fork(&self) -> bool {
        self.nodes.iter().any(|node| node.on.is_some())
            && self.nodes.iter().any(|node| node.on.is_none())
    }
}

impl Node {
    pub(crate) fn span(&self) -> Span {
        self.name.span()
    }

    /// The field that it waits for.
    pub(crate) fn waits_for(&self) -> Option<&Ident> {
        match &self.pause {
            Some(Pause::Await(awaited)) => Some(&awaited.field),
            _ => None,
        }
    }

    /// How long it waits or sleeps, if that is written and could be read.
    pub(crate) fn time(&self) -> Option<&Time> {
        match self.pause.as_ref()? {
            Pause::Await(awaited) => awaited.within.as_ref()?.time.as_ref(),
            Pause::Sleep(time) => time.as_ref(),
        }
    }
}

impl Model {
    /// The nodes of all places.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.places.iter().flat_map(|place| &place.nodes)
    }

    /// Whether no edge leaves a place, so that the flow ends there. An error edge leads on only from
    /// a failure.
    pub(crate) fn is_last(&self, place: usize) -> bool {
        let mut edges = self.edges.iter();
        !edges.any(|edge| edge.from == place && edge.error.is_none())
    }

    /// Whether the flow itself is `#[deprecated]`.
    pub(crate) fn is_deprecated(&self) -> bool {
        self.attributes
            .iter()
            .any(|attribute| attribute.path().is_ident("deprecated"))
    }

    /// The source and the target of each edge, including the targets of bounds and the duplicate
    /// edges.
    pub(crate) fn connections(&self) -> impl Iterator<Item = (usize, Target)> + '_ {
        let edges = self.edges.iter().flat_map(|edge| {
            let otherwise = edge
                .bound
                .as_ref()
                .map(|bound| (edge.from, bound.otherwise));
            [Some((edge.from, edge.to)), otherwise]
        });
        let duplicates = self.duplicates.iter().map(|edge| (edge.from, edge.to));
        edges.flatten().chain(duplicates)
    }

    /// The nodes that have the name of the flow.
    pub(crate) fn namesakes(&self) -> impl Iterator<Item = &Node> {
        let name = self.header.as_ref().map(|header| &header.name);
        self.nodes()
            .filter(move |node| name.is_some_and(|name| node.path.is_ident(name)))
    }

    /// Whether the flow has the name of a function that is one of its nodes, so that it cannot be
    /// declared.
    pub(crate) fn hides_node(&self) -> bool {
        let is_function = |header: &Header| {
            let name = header.name.unraw().to_string();
            name.starts_with(char::is_lowercase)
        };
        self.header.as_ref().is_some_and(is_function) && self.namesakes().next().is_some()
    }

    /// Whether the flow contains itself, so that its type would have an infinite size.
    pub(crate) fn contains_itself(&self) -> bool {
        !self.hides_node() && self.namesakes().next().is_some()
    }

    /// The flows that run on fields.
    pub(crate) fn on_fields(&self) -> impl Iterator<Item = (&Node, &OnField)> {
        self.nodes()
            .filter_map(|node| node.on.as_ref().map(|on| (node, on)))
    }

    /// Whether the store is named, which a flow that runs another on a field must do.
    pub(crate) fn names_store(&self) -> bool {
        self.header
            .as_ref()
            .is_some_and(|header| header.store.is_some())
    }

    /// Whether it has places and all of them let time pass. Such a place does not say which store a
    /// flow runs on.
    pub(crate) fn only_waits(&self) -> bool {
        !self.places.is_empty() && self.nodes().all(|node| node.pause.is_some())
    }
}
