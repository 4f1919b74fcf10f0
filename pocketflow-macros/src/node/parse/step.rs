//! A step of a node, as its signature describes it.

use proc_macro2::Span;
use syn::{Ident, Type};

/// A function of the user that is a step of a node.
pub(crate) struct Step {
    pub(crate) name: Ident,
    pub(crate) is_async: bool,
    pub(crate) takes_self: bool,
    /// Whether it has lifetime parameters, which can say that two parameters live equally long.
    pub(crate) ties_lifetimes: bool,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) output: Output,
}

/// What a step returns.
pub(crate) struct Output {
    pub(crate) ty: Type,
    pub(crate) fallible: bool,
    /// The value.
    pub(crate) span: Span,
    /// The error, or the whole type if the error is not visible.
    pub(crate) error_span: Span,
}

/// A parameter of a step.
pub(crate) struct Parameter {
    pub(crate) name: Ident,
    /// The location of its type.
    pub(crate) span: Span,
    pub(crate) ty: Type,
    pub(crate) kind: Kind,
}

pub(crate) enum Kind {
    /// `topic: &str`: borrows the field.
    Field(Type),
    /// `topic: Option<&str>`: borrows the field, which may be empty.
    Peek(Type),
    /// `topics: &mut Vec<String>`, in `post`.
    FieldMut,
    /// `shared: &Store`.
    Shared,
    /// `shared: &mut Store`, in `post`.
    SharedMut,
    /// `#[each(section_titles)] title: &str`.
    Each(Each),
    /// The item of a batch, in its `fallback`.
    Item,
    /// `#[attempt] attempt: Attempt<'_>`.
    Attempt,
    /// `#[context] llm: &dyn Llm`.
    Context(Context),
    /// `prep: &P`.
    Prep,
    /// `prep: P`, in `post`.
    PrepOwned,
    /// `error: Error`, in `fallback`.
    Error,
    /// `exec: E`, in `post`.
    Exec,
    /// `exec: &E`, in `post`.
    ExecRef,
}

/// A parameter that borrows from the context.
pub(crate) struct Context {
    /// The word `context` in its mark.
    pub(crate) mark: Span,
    pub(crate) borrow: Borrow,
}

/// What a parameter borrows from the context.
pub(crate) enum Borrow {
    /// `#[context] context: &Services`: the whole.
    Whole(Type),
    /// `#[context] llm: &dyn Llm`: a field.
    Field(Type),
    /// `#[context] cache: Option<&Cache>`: a field that may be `None`.
    Peek(Type),
}

/// The parameter that takes each item of a batch.
pub(crate) struct Each {
    /// The field that holds the items, or `prep`.
    pub(crate) source: Ident,
    /// Whether it is what `prep` returned.
    pub(crate) of_prep: bool,
    pub(crate) item: Type,
}

impl Step {
    /// The types that its signature names.
    pub(crate) fn types(&mut self) -> impl Iterator<Item = &mut Type> {
        let parameters =
            self.parameters
                .iter_mut()
                .filter_map(|parameter| match &mut parameter.kind {
                    Kind::Field(ty) | Kind::Peek(ty) => Some(ty),
                    Kind::Each(each) => Some(&mut each.item),
                    Kind::Context(Context {
                        borrow: Borrow::Whole(ty) | Borrow::Field(ty) | Borrow::Peek(ty),
                        ..
                    }) => Some(ty),
                    _ => None,
                });
        parameters.chain([&mut self.output.ty])
    }

    pub(crate) fn has(&self, is: impl Fn(&Kind) -> bool) -> bool {
        self.parameters.iter().any(|parameter| is(&parameter.kind))
    }
}
