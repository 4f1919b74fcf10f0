//! The store, which is the first word of `#[node(…)]`.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, LitStr, Path, PathArguments, Token, parenthesized, token};

use super::NAMES;
use super::values::{expected, rest};
use crate::krate::Krate;
use crate::refusal::Errors;

/// Whether there is an option in the place of the store.
pub(super) fn starts_with_option(input: ParseStream<'_>) -> bool {
    if Krate::is_next(input) {
        return true;
    }
    let ahead = input.fork();
    let Ok(name) = ahead.parse::<Ident>() else {
        return false;
    };
    let has_value = ahead.peek(Token![=]) && name != "store" || ahead.peek(token::Paren);
    has_value || NAMES.iter().any(|option| name == option)
}

/// Whether a path without further tokens follows.
pub(super) fn is_alone(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    let is_path = Path::parse_mod_style(&ahead)
        .is_ok_and(|path| !NAMES.iter().any(|name| path.is_ident(name)));
    is_path && (ahead.is_empty() || ahead.peek(Token![,]))
}

/// Reads the store. If it is written in another form whose meaning is clear, that is reported, and
/// the store is read.
pub(super) fn store(input: ParseStream<'_>, errors: &mut Errors) -> Option<Path> {
    if input.is_empty() {
        let message = "say which store the node works on: `#[node(Store)]`";
        errors.on(Span::call_site(), message);
        return None;
    }
    let ahead = input.fork();
    // `Order, wait` and `Order wait` are both read, because a comma may be missing.
    let path = ahead.call(Path::parse_mod_style);
    let ends =
        ahead.is_empty() || ahead.peek(Token![,]) || ahead.peek(Token![;]) || ahead.peek(Ident);
    if let (Ok(path), true) = (path, ends) {
        let _ = input.call(Path::parse_mod_style);
        return sound(path, errors);
    }
    let whole = rest_of_type(input);
    if let Ok(path) = syn::parse2::<Path>(whole.clone()) {
        let generic = path
            .segments
            .iter()
            .find(|segment| !segment.arguments.is_none());
        let store = text(&plain(&path));
        let message =
            format!("a store has no type or lifetime parameters: write `#[node({store}, …)]`");
        match generic {
            Some(generic) => errors.at(&generic.arguments, message),
            None => errors.at(&path, message),
        }
        return None;
    }
    let meant = meant(&whole);
    let name = meant.as_ref().map_or_else(|| "Order".into(), text);
    errors.push(expected(
        whole,
        format!("the store comes first, by its name alone: write `#[node({name}, …)]`"),
    ));
    meant.filter(|path| !path.is_ident("Self"))
}

/// The message about an option that comes first.
pub(super) fn missing(input: ParseStream<'_>, store: Option<&Path>) -> syn::Error {
    let first = input
        .fork()
        .parse::<TokenTree>()
        .map(TokenTree::into_token_stream)
        .unwrap_or_default();
    let store = store.map_or_else(|| "Store".into(), text);
    expected(
        &first,
        format!("name the store first: `#[node({store}, {first} …)]`"),
    )
}

fn sound(path: Path, errors: &mut Errors) -> Option<Path> {
    if path.is_ident("Self") {
        errors.at(
            path,
            "`Self` is the node, not its store: name the store, as in `#[node(Order)]`",
        );
        return None;
    }
    Some(path)
}

/// The tokens up to the next option, with the commas between `<` and `>`.
fn rest_of_type(input: ParseStream<'_>) -> TokenStream {
    let ahead = input.fork();
    if ahead.parse::<Path>().is_ok() && (ahead.is_empty() || ahead.peek(Token![,])) {
        return input
            .parse::<Path>()
            .map(Path::into_token_stream)
            .unwrap_or_default();
    }
    rest(input)
}

/// The store of `"Order"`, `&Order`, `&mut Order`, `(Order)` or `store = Order`.
fn meant(tokens: &TokenStream) -> Option<Path> {
    let parse = |input: ParseStream<'_>| {
        if let Ok(text) = input.parse::<LitStr>() {
            return text.parse_with(Path::parse_mod_style);
        }
        if input.peek(Token![&]) {
            input.parse::<Token![&]>()?;
            let _ = input.parse::<Option<syn::Lifetime>>();
            let _ = input.parse::<Token![mut]>();
            return Path::parse_mod_style(input);
        }
        if input.peek(token::Paren) {
            let content;
            parenthesized!(content in input);
            return Path::parse_mod_style(&content);
        }
        input.parse::<Ident>()?;
        input.parse::<Token![=]>()?;
        Path::parse_mod_style(input)
    };
    Parser::parse2(parse, tokens.clone()).ok()
}

fn plain(path: &Path) -> Path {
    let mut path = path.clone();
    for segment in &mut path.segments {
        segment.arguments = PathArguments::None;
    }
    path
}

fn text(path: &Path) -> String {
    path.to_token_stream().to_string().replace(' ', "")
}
