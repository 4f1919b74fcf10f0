//! What an edge connects: nodes, forks, waits and exits.

use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Ident, LitStr, Path, Token, parenthesized, token};

use super::on_field::node;
use super::pause::{awaited, is_sleep, undeclared_sleep};
use super::syntax::{Endpoint, Node, Target};
use super::tokens::{is_end, skip_all};
use crate::names::code;
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
    if input.peek(token::Paren) {
        let exit = exit_in_parentheses(input, errors)?;
        return Ok(Target::End { span, exit });
    }
    let exit = if input.peek(LitStr) {
        Some(input.parse()?)
    } else {
        None
    };
    Ok(Target::End { span, exit })
}

/// `end("paid")`: an exit has no parentheses.
fn exit_in_parentheses(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Option<LitStr>> {
    let content;
    let paren = parenthesized!(content in input);
    let (written, empty) = (content.fork(), content.is_empty());
    skip_all(&content);
    let exit = match written.parse::<LitStr>() {
        Ok(exit) => Some(exit),
        Err(_) => written
            .call(Ident::parse_any)
            .ok()
            .map(|name| LitStr::new(&name.unraw().to_string(), name.span())),
    };
    let end = match &exit {
        Some(exit) => format!("end \"{}\"", exit.value()),
        None if empty => "end".into(),
        None => "end \"name\"".into(),
    };
    errors.on(
        paren.span.join(),
        format!("`end` has no parentheses: write `{end}`"),
    );
    Ok(exit)
}

/// A node, or a fork of nodes in parentheses. If a part of a fork cannot be read, the rest is kept.
pub(super) fn endpoint(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Endpoint> {
    if input.peek(Token![await]) {
        return awaited(input, errors).map(Endpoint::Await);
    }
    if is_sleep(input) {
        return Err(undeclared_sleep(input)?);
    }
    if !input.peek(token::Paren) {
        let path = path(input)?;
        if is_method_await(input) {
            return Err(method_await(input, &path)?);
        }
        return node(input, path, errors).map(Endpoint::Node);
    }
    let content;
    let paren = parenthesized!(content in input);
    let (mut nodes, mut whole) = (Vec::new(), true);
    while !content.is_empty() {
        match branch(&content, errors) {
            Ok(node) => nodes.push(node),
            Err(error) => {
                skip_all(&content);
                if nodes.is_empty() {
                    return Err(error);
                }
                errors.push(error);
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
    match <[Node; 1]>::try_from(nodes) {
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

/// Whether `.await` follows, as after a future.
fn is_method_await(input: ParseStream<'_>) -> bool {
    input.peek(Token![.]) && input.peek2(Token![await])
}

/// `approval.await`: a flow waits with `await(approval)`, and its nodes need no `.await`.
fn method_await(input: ParseStream<'_>, path: &Path) -> syn::Result<syn::Error> {
    input.parse::<Token![.]>()?;
    let word: Token![await] = input.parse()?;
    let name = code(path);
    let refusal = refuse("a flow has no `.await`")
        .help(format!(
            "to wait until the field `{name}` is filled, write `await({name})`"
        ))
        .help(format!(
            "if `{name}` is a node, write its name alone: the flow awaits it"
        ));
    Ok(refusal.on(word.span))
}

/// One node of a fork.
fn branch(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Node> {
    if is_end(input) {
        return Err(input.error("a flow ends after a fork, not in it: `(facts, figures) >> end`"));
    }
    if input.peek(Token![await]) {
        return Err(
            input.error("an `await` cannot be in a fork: write it before the fork, or after it")
        );
    }
    if is_sleep(input) {
        return Err(input.error(
            "a `sleep` cannot be in a fork: declare it, and write it before the fork, or after it",
        ));
    }
    if input.peek(token::Paren) {
        return Err(
            input.error("a fork cannot hold another fork: name all the nodes in one, `(a, b, c)`")
        );
    }
    let path = path(input)?;
    if is_method_await(input) {
        return Err(input.error(format!(
            "write the name of the node alone, `{}`: the flow awaits it",
            code(&path)
        )));
    }
    node(input, path, errors)
}

/// A node or a flow, by its path.
pub(super) fn path(input: ParseStream<'_>) -> syn::Result<Path> {
    let found = Path::parse_mod_style(input).map_err(|error| {
        refuse("expected a node: its name, its path, or `end`").on(error.span())
    })?;
    if input.peek(Token![<]) && !input.peek(Token![<<]) {
        return Err(input.error("a node of a flow has no type parameters"));
    }
    Ok(found)
}
