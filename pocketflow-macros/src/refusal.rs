//! An error of a macro, and the list of all errors in one input, so that one compilation reports
//! them all.

use std::fmt;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};

/// The codes of the errors that the macros report. The library checks the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    PF003,
    PF004,
    PF005,
    PF010,
    PF012,
}

/// The message of an error: what is wrong, and what to write.
///
/// Every error of the macros is made here. `syn` makes the errors about Rust's syntax.
#[derive(Debug)]
pub(crate) struct Refusal {
    code: Option<Code>,
    wrong: String,
    help: Vec<String>,
}

/// Makes an error without a code.
pub(crate) fn refuse(wrong: impl Into<String>) -> Refusal {
    Refusal {
        code: None,
        wrong: wrong.into(),
        help: Vec::new(),
    }
}

/// The message about a value that is written to a field and is an `Option` under another name.
pub(crate) fn option_under_another_name(ty: &str, field: &str) -> String {
    format!(
        "`{ty}` is an `Option` under another name\n\
         help: write `Option<…>`, and `{field}` is set, or is empty again where there is no value\n\
         note: the last segment of the type decides whether the field may be left empty"
    )
}

impl Code {
    /// Makes an error with this code.
    pub(crate) fn refuse(self, wrong: impl Into<String>) -> Refusal {
        Refusal {
            code: Some(self),
            ..refuse(wrong)
        }
    }
}

impl Refusal {
    /// Adds a line that says what to write.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// The error on these tokens, from the first to the last.
    pub(crate) fn at(self, tokens: impl ToTokens) -> syn::Error {
        syn::Error::new_spanned(tokens, self)
    }

    /// The error on a span.
    pub(crate) fn on(self, span: Span) -> syn::Error {
        syn::Error::new(span, self)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(code) = self.code {
            write!(f, "{code:?}: ")?;
        }
        f.write_str(&self.wrong)?;
        for help in &self.help {
            write!(f, "\nhelp: {help}")?;
        }
        match self.code {
            Some(code) => write!(f, "\nnote: see `pocketflow::errors::{code:?}`"),
            None => Ok(()),
        }
    }
}

impl<T: Into<String>> From<T> for Refusal {
    fn from(wrong: T) -> Self {
        refuse(wrong)
    }
}

/// A list of errors, each on the tokens that it is about.
#[derive(Debug, Default)]
pub(crate) struct Errors(Vec<syn::Error>);

impl Errors {
    /// Adds an error on these tokens.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, refusal: impl Into<Refusal>) {
        self.push(refusal.into().at(tokens));
    }

    /// Adds an error on a span.
    pub(crate) fn on(&mut self, span: Span, refusal: impl Into<Refusal>) {
        self.push(refusal.into().on(span));
    }

    /// Adds an error of a parser.
    pub(crate) fn push(&mut self, error: syn::Error) {
        self.0.push(error);
    }

    /// The first error.
    pub(crate) fn first(&self) -> syn::Error {
        let none = || refuse("the flow cannot be read").on(Span::call_site());
        self.0.first().cloned().unwrap_or_else(none)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One `compile_error!` for each error, as statements or items.
    pub(crate) fn to_compile_errors(&self) -> TokenStream {
        let errors = self.0.iter().map(syn::Error::to_compile_error);
        quote!(#(#errors)*)
    }

    #[cfg(test)]
    pub(crate) fn messages(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}
