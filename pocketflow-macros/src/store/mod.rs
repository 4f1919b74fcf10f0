//! `#[derive(Shared)]`: metadata about a struct, which it never changes.

mod expand;
mod fields;
mod parse;
mod thread_safety;

use proc_macro2::TokenStream;

/// The whole of the derive.
pub(crate) fn derive(input: TokenStream) -> TokenStream {
    match syn::parse2(input) {
        Ok(input) => {
            let (store, errors) = parse::parse(&input);
            expand::expand(&store, &errors)
        }
        Err(error) => error.to_compile_error(),
    }
}
