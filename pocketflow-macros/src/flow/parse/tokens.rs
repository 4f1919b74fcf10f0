//! The reserved words, and skipping input that cannot be read.

use proc_macro2::TokenTree;
use syn::parse::ParseStream;
use syn::{Ident, Token};

/// `end` alone, which is reserved. `end::node` is a path.
pub(super) fn is_end(input: ParseStream<'_>) -> bool {
    is_word(input, "end") && !input.peek2(Token![::])
}

pub(super) fn is_word(input: ParseStream<'_>, word: &str) -> bool {
    input
        .fork()
        .parse::<Ident>()
        .is_ok_and(|found| found == word)
}

pub(super) fn skip_to_semicolon(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![;]) {
        let _ = input.parse::<TokenTree>();
    }
}

pub(super) fn skip_statement(input: ParseStream<'_>) {
    skip_to_semicolon(input);
    let _ = input.parse::<Token![;]>();
}

pub(super) fn skip_all(input: ParseStream<'_>) {
    while !input.is_empty() {
        let _ = input.parse::<TokenTree>();
    }
}
