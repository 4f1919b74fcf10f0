//! `#[node]`: turns a function or an `impl` into a node.
//!
//! `parse` reads the options, the item and the signatures of its steps, `model` builds the model of
//! either form, `checks` rejects a node that is wrong, and `expand` writes the code. Before that,
//! `cfg` handles the conditions in the item.

mod cfg;
mod checks;
mod expand;
mod model;
mod parse;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Attribute, FnArg, Ident, Item, ItemFn, ItemImpl};

use self::expand::editor;
use self::parse::{item, options};
use crate::editor::written;
use crate::refusal::{Errors, refuse};

/// Expands `#[node]`.
pub(crate) fn node(attributes: TokenStream, item: TokenStream) -> TokenStream {
    let (options, mut errors) = options::parse(attributes.clone(), checks::senseless);
    let mut parsed = match item::parse(ungrouped(item.clone())) {
        Ok(parsed) => parsed,
        Err(error) => {
            errors.push(error);
            let errors = errors.to_compile_errors();
            let names = || editor::names(&options.krate, &attributes, &item);
            let names = written(names, TokenStream::new);
            return quote!(#names #errors #item);
        }
    };
    if let Some(receiver) = receiver(&parsed) {
        // Inside an `impl`, no part of a node is allowed. Outside of one, rustc also reports the
        // `self`.
        errors.at(
            receiver,
            refuse("a function that is a node has no `self`")
                .help("if it is a method, put `#[node(Store)]` on its `impl`, and call it `exec`"),
        );
        return errors.to_compile_errors();
    }
    if let Some(decided) = cfg::decide(&options.krate, &attributes, &parsed) {
        return decided;
    }
    alone(&mut parsed, &mut errors);
    let krate = options.krate.clone();
    let names = || editor::names(&krate, &attributes, &item);
    let model = match parsed {
        Item::Fn(item) => model::of_function(options, Box::new(item), &mut errors),
        Item::Impl(item) => model::of_methods(options, Box::new(item), &mut errors),
        other => {
            let message = "a node is a function, or an `impl` with the steps `prep`, `exec`, `fallback` and `post`";
            let Some((keyword, name)) = declared(&other) else {
                errors.at(other, message);
                let errors = errors.to_compile_errors();
                return quote!(#errors #item);
            };
            let help = format!("put `#[node(…)]` on the `impl` of `{name}` that has the steps");
            errors.at(keyword, refuse(message).help(help));
            // Without the type, rustc would report every use of it. The type may also be a node
            // because of its `impl`.
            return errors.to_compile_errors();
        }
    };
    let sound = errors.is_empty();
    checks::check(&model, &mut errors);
    expand::expand(&model, &errors, sound, names)
}

/// A `macro_rules!` macro passes a whole `$i:item` on in an invisible group.
fn ungrouped(item: TokenStream) -> TokenStream {
    let mut tokens = item.clone().into_iter();
    match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::None => {
            ungrouped(group.stream())
        }
        _ => item,
    }
}

/// The `self` of a function.
fn receiver(item: &Item) -> Option<&FnArg> {
    let Item::Fn(function) = item else {
        return None;
    };
    function
        .sig
        .inputs
        .first()
        .filter(|first| matches!(first, FnArg::Receiver(_)))
}

/// The keyword and the name of a type's declaration.
fn declared(item: &Item) -> Option<(TokenStream, &Ident)> {
    match item {
        Item::Struct(item) => Some((item.struct_token.to_token_stream(), &item.ident)),
        Item::Enum(item) => Some((item.enum_token.to_token_stream(), &item.ident)),
        _ => None,
    }
}

/// An item is one node: a second `#[node]` would declare its type again.
fn alone(item: &mut Item, errors: &mut Errors) {
    let (Item::Fn(ItemFn { attrs, .. }) | Item::Impl(ItemImpl { attrs, .. })) = item else {
        return;
    };
    let (others, rest): (Vec<Attribute>, Vec<Attribute>) =
        attrs.drain(..).partition(model::is_node);
    *attrs = rest;
    for other in others {
        let message = "`#[node(…)]` is given twice: write it once, with all the options";
        errors.at(other.path(), message);
    }
}

/// For tests of the stages: the model and the messages.
#[cfg(test)]
fn modelled(attributes: TokenStream, item: TokenStream) -> (model::Model, Vec<String>) {
    let (options, mut errors) = options::parse(attributes, checks::senseless);
    let model = match syn::parse2(item).unwrap() {
        Item::Fn(item) => model::of_function(options, Box::new(item), &mut errors),
        Item::Impl(item) => model::of_methods(options, Box::new(item), &mut errors),
        _ => unreachable!("the tests of the stages know what an item is"),
    };
    checks::check(&model, &mut errors);
    (model, errors.messages())
}
