//! `#[node]`: a function, or an `impl`, becomes a node.

mod check;
mod expand;
mod function;
mod methods;
mod model;
mod options;
mod parameters;
mod types;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Item, ItemFn, ItemImpl};

/// The whole of `#[node]`.
pub(crate) fn node(attributes: TokenStream, item: TokenStream) -> TokenStream {
    let (options, mut errors) = options::parse(attributes);
    let model = match item_of(item.clone()) {
        Ok(Form::Function(item)) => function::model(options, item, &mut errors),
        Ok(Form::Methods(item)) => methods::model(options, item, &mut errors),
        Err(error) => {
            errors.push(error);
            let errors = errors.to_compile_errors();
            return quote!(#errors #item);
        }
    };
    let sound = errors.is_empty();
    check::check(&model, &mut errors);
    expand::expand(&model, &errors, sound)
}

enum Form {
    Function(Box<ItemFn>),
    Methods(Box<ItemImpl>),
}

fn item_of(item: TokenStream) -> syn::Result<Form> {
    match syn::parse2(item)? {
        Item::Fn(item) => Ok(Form::Function(Box::new(item))),
        Item::Impl(item) => Ok(Form::Methods(Box::new(item))),
        other => Err(syn::Error::new_spanned(
            other,
            "a node is a function, or an `impl` with the steps `prep`, `exec`, `fallback` and `post`",
        )),
    }
}

/// For the tests of the stages: the model and the messages.
#[cfg(test)]
fn modelled(attributes: TokenStream, item: TokenStream) -> (model::Model, Vec<String>) {
    let (options, mut errors) = options::parse(attributes);
    let model = match item_of(item).unwrap() {
        Form::Function(item) => function::model(options, item, &mut errors),
        Form::Methods(item) => methods::model(options, item, &mut errors),
    };
    check::check(&model, &mut errors);
    (model, errors.messages())
}
