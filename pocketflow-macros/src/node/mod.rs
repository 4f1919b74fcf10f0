//! `#[node]`: a function, or an `impl`, becomes a node.

mod cfg;
mod check;
mod editor;
mod expand;
mod function;
mod marks;
mod methods;
mod model;
mod options;
mod parameters;
mod types;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::quote;
use syn::{Attribute, Item, ItemFn, ItemImpl};

use crate::editor::written;
use crate::errors::Errors;

/// The whole of `#[node]`.
pub(crate) fn node(attributes: TokenStream, item: TokenStream) -> TokenStream {
    let (options, mut errors) = options::parse(attributes.clone());
    let mut parsed = match syn::parse2(ungrouped(item.clone())) {
        Ok(parsed) => parsed,
        Err(error) => {
            errors.push(error);
            let errors = errors.to_compile_errors();
            let names = editor::names(&options.krate, &attributes, &item);
            let names = written(&options.krate, &names, &TokenStream::new());
            return quote!(#names #errors #item);
        }
    };
    if let Some(decided) = cfg::decide(&options.krate, &attributes, &parsed) {
        return decided;
    }
    alone(&mut parsed, &mut errors);
    let names = editor::names(&options.krate, &attributes, &item);
    let model = match parsed {
        Item::Fn(item) => function::model(options, Box::new(item), &mut errors),
        Item::Impl(item) => methods::model(options, Box::new(item), &mut errors),
        other => {
            errors.at(
                other,
                "a node is a function, or an `impl` with the steps `prep`, `exec`, `fallback` and `post`",
            );
            let errors = errors.to_compile_errors();
            return quote!(#errors #item);
        }
    };
    let sound = errors.is_empty();
    check::check(&model, &mut errors);
    expand::expand(&model, &errors, sound, &names)
}

/// A `macro_rules!` passes on a whole `$i:item` in an invisible group.
fn ungrouped(item: TokenStream) -> TokenStream {
    let mut tokens = item.clone().into_iter();
    match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::None => {
            ungrouped(group.stream())
        }
        _ => item,
    }
}

/// An item is one node: another `#[node]` on it would write its type again.
fn alone(item: &mut Item, errors: &mut Errors) {
    let (Item::Fn(ItemFn { attrs, .. }) | Item::Impl(ItemImpl { attrs, .. })) = item else { return };
    let (others, rest): (Vec<Attribute>, Vec<Attribute>) = attrs.drain(..).partition(marks::is_node);
    *attrs = rest;
    for other in others {
        errors.at(other, "this is a node already: `#[node(…)]` is written once, with all its options");
    }
}

/// For the tests of the stages: the model and the messages.
#[cfg(test)]
fn modelled(attributes: TokenStream, item: TokenStream) -> (model::Model, Vec<String>) {
    let (options, mut errors) = options::parse(attributes);
    let model = match syn::parse2(item).unwrap() {
        Item::Fn(item) => function::model(options, Box::new(item), &mut errors),
        Item::Impl(item) => methods::model(options, Box::new(item), &mut errors),
        _ => unreachable!("the tests of the stages know what an item is"),
    };
    check::check(&model, &mut errors);
    (model, errors.messages())
}
