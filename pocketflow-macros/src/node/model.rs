//! A node, from either form.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::{Attribute, Generics, Ident, Path, Type, Visibility};

use super::options::Options;

/// A node.
pub(crate) struct Model {
    pub(crate) options: Options,
    /// The item itself, without what is the macro's own in it.
    pub(crate) item: TokenStream,
    pub(crate) form: Form,
    /// The node's type.
    pub(crate) node: Path,
    /// The parameters of an `impl`, and its type, where they are generic: then it is no node.
    pub(crate) generic: Option<(Generics, Type)>,
    /// The last name of it, on the user's token.
    pub(crate) name: Ident,
    pub(crate) marks: Marks,
    pub(crate) prep: Option<Step>,
    pub(crate) exec: Step,
    pub(crate) fallback: Option<Step>,
    pub(crate) post: Option<Step>,
}

/// Attributes of the item that concern more than the item.
#[derive(Default)]
pub(crate) struct Marks {
    /// `#[deprecated]` and `#[doc(hidden)]`: they hold for the node's type as well.
    pub(crate) of_type: Vec<Attribute>,
    /// `#[allow(…)]`: it holds for the generated code as well.
    pub(crate) allowed: Vec<TokenStream>,
    /// The first paragraph of the documentation, if it has no links: what they lead to may stand
    /// in another.
    pub(crate) summary: Option<String>,
}

pub(crate) enum Form {
    /// The node's type is declared with this visibility; its `exec` is the function, whose
    /// signature is its documentation.
    Function(Visibility, String),
    /// The node's type is the user's; its steps are methods.
    Methods,
}

/// A function of the user's that is a step of a node.
pub(crate) struct Step {
    pub(crate) name: Ident,
    pub(crate) is_async: bool,
    pub(crate) takes_self: bool,
    /// Whether it has lifetime parameters, which may say of two parameters that they live equally
    /// long.
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
    /// The error, or the whole type where it does not show.
    pub(crate) error_span: Span,
}

/// A parameter of a step.
pub(crate) struct Parameter {
    pub(crate) name: Ident,
    /// Where its type stands.
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

/// The parameter that runs over the items of a batch.
pub(crate) struct Each {
    /// The field that holds the items, or `prep`.
    pub(crate) source: Ident,
    /// Whether it is what `prep` returned.
    pub(crate) of_prep: bool,
    pub(crate) item: Type,
}

impl Model {
    /// The node's name in a graph.
    pub(crate) fn text(&self) -> String {
        self.name.unraw().to_string()
    }

    /// The parameter of `exec` that makes the node a batch.
    pub(crate) fn each(&self) -> Option<(&Ident, &Each)> {
        self.exec
            .parameters
            .iter()
            .find_map(|parameter| match &parameter.kind {
                Kind::Each(each) => Some((&parameter.name, each)),
                _ => None,
            })
    }

    /// The field that holds the items of a batch.
    pub(crate) fn each_field(&self) -> Option<&Ident> {
        self.each()
            .filter(|(_, each)| !each.of_prep)
            .map(|(_, each)| &each.source)
    }

    pub(crate) fn steps(&self) -> impl Iterator<Item = &Step> {
        self.prep
            .iter()
            .chain([&self.exec])
            .chain(&self.fallback)
            .chain(&self.post)
    }

    /// The parameters of all steps.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &Parameter> {
        self.steps().flat_map(|step| &step.parameters)
    }

    /// What `exec` and `fallback` borrow from the store, each field once.
    pub(crate) fn borrowed(&self) -> Vec<&Parameter> {
        let mut borrowed: Vec<&Parameter> = Vec::new();
        for parameter in [&self.exec]
            .into_iter()
            .chain(&self.fallback)
            .flat_map(|step| &step.parameters)
        {
            let borrows = matches!(parameter.kind, Kind::Field(_) | Kind::Peek(_));
            if borrows && !borrowed.iter().any(|other| other.name == parameter.name) {
                borrowed.push(parameter);
            }
        }
        borrowed
    }

    /// Whether `post` takes what `prep` returned.
    pub(crate) fn keeps_prep(&self) -> bool {
        let parameters = self.post.iter().flat_map(|post| &post.parameters);
        parameters
            .into_iter()
            .any(|parameter| matches!(parameter.kind, Kind::Prep | Kind::PrepOwned))
    }
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
                    _ => None,
                });
        parameters.chain([&mut self.output.ty])
    }

    pub(crate) fn has(&self, is: impl Fn(&Kind) -> bool) -> bool {
        self.parameters.iter().any(|parameter| is(&parameter.kind))
    }
}
