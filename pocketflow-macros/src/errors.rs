//! All that is wrong with one input, so that one compile shows it all.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

/// A list of errors, each on the tokens that it is about.
#[derive(Debug, Default)]
pub(crate) struct Errors(Vec<syn::Error>);

impl Errors {
    /// Adds an error that spans `tokens`.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.0.push(syn::Error::new_spanned(tokens, message));
    }

    /// Adds an error of a parser.
    pub(crate) fn push(&mut self, error: syn::Error) {
        self.0.push(error);
    }

    pub(crate) fn extend(&mut self, errors: Errors) {
        self.0.extend(errors.0);
    }

    /// The first.
    pub(crate) fn first(&self) -> syn::Error {
        let none = || syn::Error::new(proc_macro2::Span::call_site(), "the flow cannot be read");
        self.0.first().cloned().unwrap_or_else(none)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One `compile_error!` for each, as statements or items.
    pub(crate) fn to_compile_errors(&self) -> TokenStream {
        let errors = self.0.iter().map(syn::Error::to_compile_error);
        quote!(#(#errors)*)
    }

    #[cfg(test)]
    pub(crate) fn messages(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}
