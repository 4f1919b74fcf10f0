//! What an edge connects: nodes, forks, waits and exits.

use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Ident, LitStr, Path, Token, parenthesized, token};

use super::syntax::{Endpoint, Target};
use super::tokens::{is_end, skip_all};
use crate::refusal::{Errors, refuse};

pub(super) fn target(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Target> {
    if !is_end(input) {
        return endpoint(input, errors).map(Target::Endpoint);
    }
    let span = input.parse::<Ident>()?.span();
    if input.peek(Ident::peek_any) && input.peek2(Token![;]) {
        let name = input.call(Ident::parse_any)?;
        return Err(
            refuse(format!("an exit's name is in quotes: `end \"{name}\"`")).on(name.span()),
        );
    }
    let exit = if input.peek(LitStr) {
        Some(input.parse()?)
    } else {
        None
    };
    Ok(Target::End { span, exit })
}

/// A node, or a fork of nodes in parentheses. What can be read of a fork is kept when the rest of
/// it is wrong.
pub(super) fn endpoint(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Endpoint> {
    if input.peek(Token![await]) {
        return awaited(input).map(Endpoint::Await);
    }
    if !input.peek(token::Paren) {
        return node(input).map(Endpoint::Node);
    }
    let content;
    let paren = parenthesized!(content in input);
    let (mut nodes, mut whole) = (Vec::new(), true);
    while !content.is_empty() {
        match branch(&content) {
            Ok(path) => nodes.push(path),
            Err(error) => {
                errors.push(error);
                skip_all(&content);
                whole = false;
            }
        }
        if !content.is_empty() && content.parse::<Token![,]>().is_err() {
            errors.push(
                content.error("the nodes of a fork are separated by `,`: `(facts, figures)`"),
            );
            skip_all(&content);
            whole = false;
        }
    }
    let alone = "a fork has at least two nodes, which run at the same time: `(facts, figures)`";
    let alone = refuse(alone).on(paren.span.join());
    match <[Path; 1]>::try_from(nodes) {
        Ok([node]) => {
            if whole {
                errors.push(alone);
            }
            Ok(Endpoint::Node(node))
        }
        Err(nodes) if nodes.is_empty() => Err(alone),
        Err(nodes) => Ok(Endpoint::Fork(nodes)),
    }
}

/// `await(approval)`
fn awaited(input: ParseStream<'_>) -> syn::Result<Ident> {
    let word: Token![await] = input.parse()?;
    let wrong = |span| refuse("name the late field to wait for: `await(approval)`").on(span);
    if !input.peek(token::Paren) {
        return Err(wrong(word.span));
    }
    let content;
    parenthesized!(content in input);
    let field: Ident = content.parse().map_err(|_| wrong(word.span))?;
    if content.is_empty() {
        return Ok(field);
    }
    let span = content.span();
    skip_all(&content);
    Err(refuse("a place waits for one field: `await(first) >> await(second)`").on(span))
}

/// A node of a fork.
fn branch(input: ParseStream<'_>) -> syn::Result<Path> {
    if is_end(input) {
        return Err(input.error("a flow ends after a fork, not in it: `(facts, figures) >> end`"));
    }
    if input.peek(Token![await]) {
        return Err(
            input.error("an `await` cannot be in a fork: write it before the fork, or after it")
        );
    }
    if input.peek(token::Paren) {
        return Err(
            input.error("a fork cannot hold another fork: name all the nodes in one, `(a, b, c)`")
        );
    }
    node(input)
}

/// A node or a flow, by its path.
pub(super) fn node(input: ParseStream<'_>) -> syn::Result<Path> {
    let found = Path::parse_mod_style(input).map_err(|error| {
        refuse("expected a node: its name, its path, or `end`").on(error.span())
    })?;
    if input.peek(Token![<]) && !input.peek(Token![<<]) {
        return Err(input.error("a node of a flow has no type parameters"));
    }
    Ok(found)
}
