//! A node, built from either form.

mod function;
mod marks;
mod methods;

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::{Attribute, Generics, Ident, Path, Type, Visibility};

pub(crate) use self::function::model as of_function;
pub(super) use self::marks::is_node;
pub(crate) use self::methods::model as of_methods;
use super::parse::options::Options;
use super::parse::{Each, Kind, Parameter, Step};

/// A node.
pub(crate) struct Model {
    pub(crate) options: Options,
    /// The item itself, without the macro's attributes.
    pub(crate) item: TokenStream,
    pub(crate) form: Form,
    /// The node's type.
    pub(crate) node: Path,
    /// The parameters of an `impl` and its type, if they are generic. Then it is not a node.
    pub(crate) generic: Option<(Generics, Type)>,
    /// The last name of the type, with the user's span.
    pub(crate) name: Ident,
    pub(crate) marks: Marks,
    pub(crate) prep: Option<Step>,
    pub(crate) exec: Step,
    pub(crate) fallback: Option<Step>,
    pub(crate) post: Option<Step>,
}

/// The attributes of the item that affect the generated code.
#[derive(Default)]
pub(crate) struct Marks {
    /// `#[deprecated]` and `#[doc(hidden)]`, which apply to the node's type as well.
    pub(crate) of_type: Vec<Attribute>,
    /// `#[allow(…)]`, which applies to the generated code as well.
    pub(crate) allowed: Vec<TokenStream>,
    /// The first paragraph of the documentation, if it has no links. The target of a link may be in
    /// another paragraph.
    pub(crate) summary: Option<String>,
}

pub(crate) enum Form {
    /// The node's type is declared with this visibility. Its `exec` is the function, whose
    /// signature becomes the documentation of the type.
    Function(Visibility, String),
    /// The node's type is the user's, and its steps are methods.
    Methods,
}

/// What handles all failures of `exec`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handled {
    /// A batch with `failures = field`.
    Failures,
    /// A fallback method that returns a plain value.
    Fallback,
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

    /// Whether `prep`, or `exec` with its attempts and its fallback, may fail.
    pub(crate) fn may_fail(&self) -> bool {
        let prep = self.prep.as_ref().is_some_and(|prep| prep.output.fallible);
        prep || self.exec_may_fail() && self.handled().is_none()
    }

    /// Whether an attempt of `exec` may fail.
    pub(crate) fn exec_may_fail(&self) -> bool {
        self.exec.output.fallible || self.options.timeout.is_some()
    }

    /// What handles all failures of `exec`, so that none leaves the node.
    pub(crate) fn handled(&self) -> Option<Handled> {
        if self.always_recovers() {
            Some(Handled::Fallback)
        } else if self.options.failures.is_some() && self.each().is_some() {
            Some(Handled::Failures)
        } else {
            None
        }
    }

    /// Whether it has a fallback method that returns a plain value.
    pub(crate) fn always_recovers(&self) -> bool {
        let fallback = self.fallback.as_ref();
        fallback.is_some_and(|fallback| !fallback.output.fallible)
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

    /// What `exec` and `fallback` borrow from the store and from the context, each field once.
    pub(crate) fn borrowed(&self) -> Vec<&Parameter> {
        let mut borrowed: Vec<&Parameter> = Vec::new();
        for parameter in [&self.exec]
            .into_iter()
            .chain(&self.fallback)
            .flat_map(|step| &step.parameters)
        {
            let borrows = matches!(
                parameter.kind,
                Kind::Field(_) | Kind::Peek(_) | Kind::Context(_)
            );
            if borrows && !borrowed.iter().any(|other| other.name == parameter.name) {
                borrowed.push(parameter);
            }
        }
        borrowed
    }

    /// The mark of the first parameter that borrows from the context.
    pub(crate) fn context(&self) -> Option<Span> {
        self.parameters()
            .find_map(|parameter| match &parameter.kind {
                Kind::Context(context) => Some(context.mark),
                _ => None,
            })
    }

    /// Whether `post` receives what `prep` returned.
    pub(crate) fn keeps_prep(&self) -> bool {
        let parameters = self.post.iter().flat_map(|post| &post.parameters);
        parameters
            .into_iter()
            .any(|parameter| matches!(parameter.kind, Kind::Prep | Kind::PrepOwned))
    }
}
