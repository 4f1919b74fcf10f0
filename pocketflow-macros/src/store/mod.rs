//! `#[derive(Shared)]`: describes a struct, which it does not change.

mod context;
mod expand;
mod fields;
mod inner;
mod parse;
mod serde;
mod thread_safety;
mod visits;

use proc_macro2::TokenStream;

/// Expands the derive.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    match syn::parse2(input) {
        Ok(input) => {
            let (store, errors) = parse::parse(&input);
            expand::expand(&store, &errors)
        }
        Err(error) => error.to_compile_error(),
    }
}
