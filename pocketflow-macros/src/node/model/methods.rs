//! The impl form: the steps are methods of the user's type.

use proc_macro2::Span;
use quote::{ToTokens, format_ident, quote};
use syn::spanned::Spanned;
use syn::{GenericParam, Generics, ImplItem, ItemImpl, Path, Type};

use super::marks::marks;
use super::{Form, Model};
use crate::node::parse::options::Options;
use crate::node::parse::{Kind, Output, Role, Step, step};
use crate::refusal::{Errors, Refusal, refuse};
use crate::types::{plain, returned, without_self};

const NO_PARAMETERS: &str = "a node has no type or lifetime parameters";
const OWNED: &str = "own the data, such as a `String` for a `&str`, or hold an `Arc`";

/// Rejects parameters of a node.
fn no_parameters(generics: &Generics) -> Refusal {
    refuse(NO_PARAMETERS).help(match generics.params.first() {
        Some(GenericParam::Type(_)) => "write the type, or hold a `Box<dyn …>`",
        Some(GenericParam::Const(_)) => "make it a field",
        _ => OWNED,
    })
}

/// The node of an `impl`.
pub(crate) fn model(options: Options, mut item: Box<ItemImpl>, errors: &mut Errors) -> Model {
    if let Some((of, _)) = &item.trait_ {
        errors.at(
            of,
            "the steps of a node are methods of its type: `impl WebSearch { … }`",
        );
    }
    let is_generic = !item.generics.params.is_empty();
    if is_generic {
        errors.at(&item.generics, no_parameters(&item.generics));
    }
    let mut generic = is_generic.then(|| (item.generics.clone(), (*item.self_ty).clone()));
    let node = node(&item.self_ty, is_generic, errors);
    if node
        .segments
        .iter()
        .any(|segment| !segment.arguments.is_none())
    {
        generic.get_or_insert_with(|| (item.generics.clone(), (*item.self_ty).clone()));
    }
    let name = node
        .segments
        .last()
        .map_or_else(|| format_ident!("Node"), |segment| segment.ident.clone());
    let mut marks = marks(&item.attrs);
    let (mut prep, mut exec, mut fallback, mut post) = (None, None, None, None);
    for method in item.items.iter_mut() {
        let ImplItem::Fn(method) = method else {
            continue;
        };
        let (role, place) = match method.sig.ident.to_string().as_str() {
            "prep" => (Role::Prep, &mut prep),
            "exec" => (Role::Exec, &mut exec),
            "fallback" => (Role::Fallback, &mut fallback),
            "post" => (Role::Post, &mut post),
            _ => continue,
        };
        let mut step = step(role, &mut method.sig, options.store.as_ref(), errors);
        for ty in step.types() {
            without_self(ty, &node);
        }
        let deprecated = method
            .attrs
            .iter()
            .any(|attribute| attribute.path().is_ident("deprecated"));
        if deprecated && marks.allowed.is_empty() {
            marks.allowed.push(quote!(#[allow(deprecated)]));
        }
        *place = Some(step);
    }
    let exec = exec.unwrap_or_else(|| {
        errors.at(
            &item.self_ty,
            "a node has at least an `exec`: `async fn exec(&self, …) -> …`; `prep`, `fallback` and `post` may be left out",
        );
        nothing(item.self_ty.span())
    });
    // The fallback of a batch receives the item under the name that it has in `exec`.
    let each = exec
        .parameters
        .iter()
        .find(|parameter| matches!(parameter.kind, Kind::Each(_)));
    for parameter in fallback
        .iter_mut()
        .flat_map(|fallback| &mut fallback.parameters)
    {
        if each.is_some_and(|each| each.name == parameter.name) {
            parameter.kind = Kind::Item;
        }
    }
    Model {
        form: Form::Methods,
        node,
        generic,
        name,
        marks,
        prep,
        exec,
        fallback,
        post,
        item: item.into_token_stream(),
        options,
    }
}

fn node(ty: &Type, is_generic: bool, errors: &mut Errors) -> Path {
    if let Type::Path(path) = &plain(ty) {
        let generic = path
            .path
            .segments
            .iter()
            .find(|segment| !segment.arguments.is_none());
        if let (Some(segment), false) = (generic, is_generic) {
            let borrows = segment
                .arguments
                .to_token_stream()
                .to_string()
                .contains('\'');
            let help = if borrows {
                OWNED
            } else {
                "write a struct without them"
            };
            errors.at(&segment.arguments, refuse(NO_PARAMETERS).help(help));
        }
        return path.path.clone();
    }
    errors.at(
        ty,
        "a node is a struct or an enum: `struct WebSearch;` and `#[node(…)] impl WebSearch { … }`",
    );
    format_ident!("Node").into()
}

/// A step that takes the place of a missing one.
fn nothing(span: Span) -> Step {
    Step {
        name: syn::Ident::new("exec", span),
        is_async: false,
        takes_self: true,
        ties_lifetimes: false,
        parameters: Vec::new(),
        output: Output {
            ty: returned(&syn::ReturnType::Default, span),
            fallible: false,
            span,
            error_span: span,
        },
    }
}
