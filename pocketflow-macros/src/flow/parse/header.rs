//! The header of a flow: `pub Payment(card): Order`.

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Ident, Path, Token, Visibility, braced, parenthesized, token};

use super::kind::keyword;
use super::syntax::Header;
use super::tokens::skip_all;
use crate::names::{code, is_identifier, pascal};
use crate::refusal::Errors;

/// Reads everything before the graph, except attributes.
pub(super) fn header(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Header> {
    let visibility = input.parse()?;
    let (name, word) = name(input, &visibility, errors)?;
    parameters(input, errors);
    let mut inputs = Vec::new();
    if input.peek(token::Paren) {
        inputs = self::inputs(input, &name, errors)?;
    }
    let preposition: Option<Token![for]> = input.parse()?;
    let store = store(input, preposition.is_some(), errors);
    surplus_words(
        &visibility,
        &name,
        word,
        preposition,
        store.as_ref(),
        errors,
    );
    if input.peek(token::Brace) && input.peek2(token::Brace) {
        inputs.extend(inputs_in_braces(input, &name, errors)?);
    }
    Ok(Header {
        visibility,
        name,
        inputs,
        store,
    })
}

/// The name of a flow, and a word before it, such as `fn` or `flow`. If there is a keyword instead
/// of the name, it is reported.
fn name(
    input: ParseStream<'_>,
    visibility: &Visibility,
    errors: &mut Errors,
) -> syn::Result<(Ident, Option<Ident>)> {
    let keyword = keyword(input);
    let word = match keyword.clone() {
        Some(keyword) => keyword,
        None => input.parse()?,
    };
    // `Checkout Order { … }`: only the `:` is missing.
    let is_name = keyword.is_none() && word != "Flow" && starts_uppercase(&word);
    if is_name && is_store(input) {
        return Ok((word, None));
    }
    if let Ok(name) = input.parse::<Ident>() {
        return Ok((name, Some(word)));
    }
    let Some(keyword) = keyword else {
        return Ok((word, None));
    };
    let visibility = visible(visibility);
    let name = pascal(&keyword.to_string());
    errors.at(
        &keyword,
        format!(
            "`{keyword}` is a keyword: give the flow a name, such as `{visibility} {name} {{ … }}`"
        ),
    );
    let name = if is_identifier(&name) { &name } else { "Flow" };
    Ok((Ident::new(name, keyword.span()), None))
}

fn starts_uppercase(name: &Ident) -> bool {
    name.unraw().to_string().starts_with(char::is_uppercase)
}

/// Whether the path of a store follows, and then the graph.
fn is_store(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    Path::parse_mod_style(&ahead).is_ok() && ahead.peek(token::Brace)
}

/// `<T>` after the name, which is reported.
fn parameters(input: ParseStream<'_>, errors: &mut Errors) {
    if !input.peek(Token![<]) {
        return;
    }
    let mut parameters = TokenStream::new();
    while !input.is_empty()
        && !input.peek(token::Paren)
        && !input.peek(token::Brace)
        && (!input.peek(Token![:]) || input.peek(Token![::]))
    {
        parameters.extend(input.parse::<TokenTree>());
    }
    errors.at(
        parameters,
        "a flow has no type or lifetime parameters: it runs on one store",
    );
}

/// The visibility to show in a message.
fn visible(visibility: &Visibility) -> String {
    let visibility = code(visibility);
    if visibility.is_empty() {
        "pub".into()
    } else {
        visibility
    }
}

/// Reports the words of `flow Support for Ticket` that do not belong in a header, in one message.
fn surplus_words(
    visibility: &Visibility,
    name: &Ident,
    word: Option<Ident>,
    preposition: Option<Token![for]>,
    store: Option<&Path>,
    errors: &mut Errors,
) {
    let store = store.map_or_else(String::new, |store| format!(": {}", code(store)));
    let header = format!("`{} {name}{store} {{ … }}`", visible(visibility));
    match (word, preposition) {
        (Some(word), None) => errors.at(
            &word,
            format!("a flow is declared by its name: {header}, without `{word}`"),
        ),
        (Some(word), Some(_)) => errors.at(
            &word,
            format!(
                "a flow is declared by its name and its store: {header}, without `{word}` and `for`"
            ),
        ),
        (None, Some(preposition)) => errors.at(
            preposition,
            format!("the store of a flow stands after `:`: {header}"),
        ),
        (None, None) => {}
    }
}

/// `(card, amount)`
fn inputs(input: ParseStream<'_>, name: &Ident, errors: &mut Errors) -> syn::Result<Vec<Ident>> {
    let content;
    parenthesized!(content in input);
    let written = content.cursor().token_stream();
    let mut inputs = Vec::new();
    match Punctuated::<Ident, Token![,]>::parse_terminated(&content) {
        Ok(names) => {
            for name in names {
                if inputs.contains(&name) {
                    errors.at(&name, format!("the input `{name}` is named twice"));
                } else {
                    inputs.push(name);
                }
            }
        }
        Err(error) => {
            let names = names_alone(written);
            errors.on(
                error.span(),
                format!("an input is the name of a late field alone: write `{name}({names})`"),
            );
            skip_all(&content);
        }
    }
    Ok(inputs)
}

/// `{ card, amount }`: inputs belong in parentheses.
fn inputs_in_braces(
    input: ParseStream<'_>,
    name: &Ident,
    errors: &mut Errors,
) -> syn::Result<Vec<Ident>> {
    let content;
    let braces = braced!(content in input);
    let names = content.cursor().token_stream();
    skip_all(&content);
    errors.on(
        braces.span.join(),
        format!(
            "inputs are named in parentheses: `{name}({}) {{ … }}`",
            code(&names)
        ),
    );
    let inputs = names.into_iter().filter_map(|token| match token {
        TokenTree::Ident(name) => Some(name),
        _ => None,
    });
    Ok(inputs.collect())
}

/// The first name of each input.
fn names_alone(inputs: TokenStream) -> String {
    let inputs: Vec<TokenTree> = inputs.into_iter().collect();
    let first = |input: &[TokenTree]| match input.first() {
        Some(TokenTree::Ident(name)) => name.to_string(),
        _ => "…".into(),
    };
    let names: Vec<String> = inputs
        .split(|token| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ','))
        .filter(|input| !input.is_empty())
        .map(first)
        .collect();
    names.join(", ")
}

/// `: Order`, the store of the flow. If `has_begun` is set, another word than `:` precedes it.
fn store(input: ParseStream<'_>, has_begun: bool, errors: &mut Errors) -> Option<Path> {
    if !has_begun && input.parse::<Token![:]>().is_err() {
        if !is_store(input) {
            return None;
        }
        let store = Path::parse_mod_style(input).ok()?;
        let message = format!(
            "the store of a flow stands after `:`: write `: {}`",
            code(&store)
        );
        errors.at(&store, message);
        return Some(store);
    }
    let store = match Path::parse_mod_style(input) {
        Ok(store) => Some(store),
        Err(error) => {
            let message = "expected the store that the flow runs on: `pub Checkout: Order { … }`";
            errors.on(error.span(), message);
            None
        }
    };
    let has_parameters = store.is_some() && input.peek(Token![<]);
    let mut surplus = TokenStream::new();
    while !input.is_empty() && !input.peek(token::Brace) && !input.peek(token::Paren) {
        surplus.extend(input.parse::<TokenTree>());
    }
    match &store {
        // Without its parameters, the name of the store would be wrong in another way.
        Some(_) if has_parameters => {
            errors.at(surplus, "a shared store has no type or lifetime parameters");
            return None;
        }
        Some(store) if !surplus.is_empty() => {
            let message = format!(
                "the graph follows the store: write `: {} {{ … }}`",
                code(store)
            );
            errors.at(surplus, message);
        }
        _ => {}
    }
    if input.peek(token::Paren) {
        errors.push(input.error("inputs stand before the store: `pub Payment(card): Order { … }`"));
        let _ = input.parse::<TokenTree>();
    }
    store
}
