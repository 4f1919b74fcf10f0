//! Decides whether the input is an item or an expression, and whether a name starts a flow or a
//! declaration.

use proc_macro2::TokenTree;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Attribute, Ident, Path, Token, Visibility, braced, token};

use super::tokens::skip_all;
use crate::refusal::refuse;

/// Whether the input declares a flow: it has a visibility, or a name that is followed by a graph in
/// braces.
pub(super) fn is_item(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    if ahead.call(Attribute::parse_outer).is_err() {
        return false;
    }
    if ahead.peek(Token![pub]) {
        return !is_declaration(input);
    }
    if keyword(&ahead).is_some() {
        return ahead.peek(Ident) || ahead.peek(token::Brace);
    }
    if ahead.parse::<Ident>().is_err() {
        return false;
    }
    // An extra word, as in `flow Support { … }`, which the header reports.
    let has_word = ahead.parse::<Ident>().is_ok();
    ahead.peek(token::Brace)
        || ahead.peek(Token![for])
        || !has_word && ahead.peek(token::Paren)
        || names_store(&ahead)
}

/// The next word, if it is a keyword that cannot start a path.
pub(super) fn keyword(input: ParseStream<'_>) -> Option<Ident> {
    let begins_path =
        input.peek(Token![crate]) || input.peek(Token![self]) || input.peek(Token![super]);
    let is_keyword = input.peek(Ident::peek_any) && input.fork().parse::<Ident>().is_err();
    if is_keyword && !begins_path {
        input.call(Ident::parse_any).ok()
    } else {
        None
    }
}

/// Whether `: Order { … }` follows and nothing else. `Order` may also be another token.
fn names_store(ahead: ParseStream<'_>) -> bool {
    if ahead.peek(Token![::]) || ahead.parse::<Token![:]>().is_err() {
        return false;
    }
    while !ahead.is_empty() && !ahead.peek(Token![;]) {
        if ahead.peek(token::Brace) {
            return ahead.parse::<TokenTree>().is_ok() && ahead.is_empty();
        }
        let _ = ahead.parse::<TokenTree>();
    }
    false
}

/// Whether `pub search: WebSearch;` follows.
fn is_declaration(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    ahead.call(Attribute::parse_outer).is_ok()
        && ahead.parse::<Visibility>().is_ok()
        && ahead.parse::<Ident>().is_ok()
        && !ahead.peek(Token![::])
        && !names_store(&ahead.fork())
        && ahead.parse::<Token![:]>().is_ok()
        && Path::parse_mod_style(&ahead).is_ok()
        && !ahead.peek(token::Brace)
}

/// A graph, or a flow, in braces.
pub(super) fn in_braces(input: ParseStream<'_>) -> syn::Result<syn::Error> {
    let content;
    let braces = braced!(content in input);
    let named = content.fork();
    let is_named =
        named.call(Attribute::parse_outer).is_ok() && named.parse::<Visibility>().is_ok();
    let keyword = keyword(&named);
    let is_flow = is_named && (keyword.is_some() || is_item(&content));
    skip_all(&content);
    let message = match named.call(Ident::parse_any) {
        Ok(name) if is_flow => {
            format!("a flow is declared by its name, without braces around it: `pub {name} {{ … }}`")
        }
        _ => {
            "a flow that is an item has a name, `pub Checkout { … }`; a flow that is an expression has no braces"
                .into()
        }
    };
    Ok(refuse(message).on(braces.span.open()))
}
