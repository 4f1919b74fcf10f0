//! `#[derive(Action)]`: the variants of an enum are the actions of a node.

mod expand;
mod parse;

use proc_macro2::TokenStream;

/// Expands the derive.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    match syn::parse2(input) {
        Ok(input) => {
            let (actions, errors) = parse::parse(&input);
            expand::expand(&actions, &errors)
        }
        Err(error) => error.to_compile_error(),
    }
}
