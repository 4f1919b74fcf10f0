//! The syntax of a flow.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{Attribute, Ident, LitInt, LitStr, Path, Visibility};

/// A flow as it is written.
pub(crate) struct Syntax {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) header: Option<Header>,
    pub(crate) statements: Vec<Statement>,
    /// Whether the input is neither an item nor an expression. Then only its first error is
    /// written, which is valid as both.
    pub(crate) is_neither: bool,
}

impl Syntax {
    /// Input that is neither an item nor an expression.
    pub(super) fn neither() -> Self {
        Self {
            attributes: Vec::new(),
            header: None,
            statements: Vec::new(),
            is_neither: true,
        }
    }
}

/// `pub Payment(card): Order`. Without a header, the flow is an expression.
pub(crate) struct Header {
    pub(crate) visibility: Visibility,
    pub(crate) name: Ident,
    pub(crate) inputs: Vec<Ident>,
    pub(crate) store: Option<Path>,
}

pub(crate) enum Statement {
    Declaration(Declaration),
    Chain(Chain),
}

/// `search: WebSearch;`
pub(crate) struct Declaration {
    pub(crate) attributes: Vec<Attribute>,
    /// Whether it begins with `pub`. If so, the node is a field of the flow, regardless of its
    /// name.
    pub(crate) is_field: bool,
    pub(crate) name: Ident,
    /// What the name stands for. A pause has only its own name.
    pub(crate) node: Node,
    pub(crate) pause: Option<Pause>,
}

/// A step that lets time pass.
#[derive(Clone)]
pub(crate) enum Pause {
    Await(Await),
    /// `sleep("1h")`, with its time, if it could be read.
    Sleep(Option<Time>),
}

/// `await(approval, within = "3d")`: waits until the field is filled from outside.
#[derive(Clone)]
pub(crate) struct Await {
    pub(crate) field: Ident,
    pub(crate) within: Option<Within>,
}

/// `within = "3d"`
#[derive(Clone)]
pub(crate) struct Within {
    /// Of the name of the option.
    pub(crate) span: Span,
    /// The time, if it could be read.
    pub(crate) time: Option<Time>,
}

/// A length of time.
#[derive(Clone)]
pub(crate) enum Time {
    Literal(Duration, Span),
    Constant(Path),
}

/// What an edge or a declaration names: a node or a flow, by its path, or a flow on a field.
pub(crate) struct Node {
    pub(crate) path: Path,
    pub(crate) on: Option<OnField>,
}

/// `.on(facts)`, or `.each(documents, parallel = 8)`.
#[derive(Clone)]
pub(crate) struct OnField {
    pub(crate) each: bool,
    /// `on` or `each`.
    pub(crate) method: Ident,
    /// The field, if it could be read.
    pub(crate) field: Option<Ident>,
    pub(crate) options: OnOptions,
}

/// The options of `each`.
#[derive(Clone, Default)]
pub(crate) struct OnOptions {
    /// The first of them, if there is any.
    pub(crate) span: Option<Span>,
    pub(crate) parallel: Option<Width>,
    /// The field that collects the failures of items.
    pub(crate) failures: Option<Ident>,
}

/// How many items are in flight at a time.
#[derive(Clone)]
pub(crate) enum Width {
    Items(usize, Span),
    Constant(Path),
    Unbounded,
}

/// `decide - "search" >> search >> decide;`
pub(crate) struct Chain {
    pub(crate) start: Endpoint,
    pub(crate) links: Vec<Link>,
}

/// `- "search" >> search max 5 else answer`
pub(crate) struct Link {
    pub(crate) action: Option<Action>,
    pub(crate) to: Target,
    pub(crate) bound: Option<Bound>,
}

/// What an edge is taken for, if that is written.
pub(crate) enum Action {
    /// `- "search"`
    Named(LitStr),
    /// `- error(problem)`: the node has failed.
    Error { span: Span, field: Option<Ident> },
}

/// One end of an edge: a node, or a fork `(facts, figures)`, whose nodes run at the same time.
pub(crate) enum Endpoint {
    Node(Node),
    Fork(Vec<Node>),
    Await(Await),
}

pub(crate) enum Target {
    Endpoint(Endpoint),
    End { span: Span, exit: Option<LitStr> },
}

/// `max 5 else answer`
pub(crate) struct Bound {
    pub(crate) max: Max,
    pub(crate) otherwise: Target,
}

/// How often an edge may be taken.
pub(crate) enum Max {
    Literal(LitInt),
    Constant(Path),
}

impl Max {
    /// The number, if it is written.
    pub(crate) fn literal(&self) -> Option<&LitInt> {
        match self {
            Self::Literal(literal) => Some(literal),
            Self::Constant(_) => None,
        }
    }
}

impl ToTokens for Max {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Literal(literal) => literal.to_tokens(tokens),
            Self::Constant(path) => path.to_tokens(tokens),
        }
    }
}

impl Action {
    pub(crate) fn span(&self) -> Span {
        match self {
            Self::Named(name) => name.span(),
            Self::Error { span, .. } => *span,
        }
    }
}

impl Target {
    pub(crate) fn span(&self) -> Span {
        match self {
            Self::Endpoint(endpoint) => endpoint.span(),
            Self::End { span, .. } => *span,
        }
    }
}

impl Endpoint {
    /// The nodes and flows of this endpoint.
    pub(crate) fn nodes(&self) -> &[Node] {
        match self {
            Self::Node(node) => std::slice::from_ref(node),
            Self::Fork(nodes) => nodes,
            Self::Await(_) => &[],
        }
    }

    /// The name of the node, or of the first node of a fork.
    pub(crate) fn span(&self) -> Span {
        if let Self::Await(Await { field, .. }) = self {
            return field.span();
        }
        let first = self.nodes().first();
        let last = first.and_then(|node| node.path.segments.last());
        last.map_or_else(Span::call_site, |last| last.ident.span())
    }
}
