//! From tokens to syntax. The parser reports a statement that it cannot read, and continues with
//! the next one. It keeps the part that it has read, so that an editor knows the names in a
//! half-written flow.

mod endpoint;
mod header;
mod kind;
mod on_field;
mod pause;
mod statement;
mod syntax;
mod tokens;

use proc_macro2::TokenStream;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Token, braced, token};

use self::header::header;
use self::kind::{in_braces, is_item};
use self::statement::statements;
pub(crate) use self::syntax::{
    Action, Await, Bound, Chain, Declaration, Endpoint, Link, Max, Node, OnField, Pause, Statement,
    Syntax, Target, Time, Width,
};
use self::tokens::skip_all;
use crate::refusal::Errors;

/// Reads a flow, as far as it can be read.
pub(crate) fn parse(input: TokenStream) -> (Syntax, Errors) {
    let mut errors = Errors::default();
    let syntax = Parser::parse2(|input: ParseStream<'_>| syntax(input, &mut errors), input);
    let syntax = syntax.unwrap_or_else(|error| {
        errors.push(error);
        Syntax::neither()
    });
    (syntax, errors)
}

fn syntax(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Syntax> {
    if input.peek(token::Brace) {
        errors.push(in_braces(input)?);
        skip_all(input);
        Ok(Syntax::neither())
    } else if is_item(input) {
        item(input, errors)
    } else {
        expression(input, errors)
    }
}

/// A flow without a name. Its only possible attribute gives the path of the library.
fn expression(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Syntax> {
    let mut attributes = Vec::new();
    while is_about_the_flow(input) {
        attributes.extend(input.call(attribute)?);
    }
    Ok(Syntax {
        attributes,
        header: None,
        statements: statements(input, errors),
        is_neither: false,
    })
}

/// `pub Checkout { … }`
fn item(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Syntax> {
    let attributes = Attribute::parse_outer(input)?;
    let header = header(input, errors)?;
    let mut body = Vec::new();
    if input.peek(token::Brace) {
        let content;
        braced!(content in input);
        body = statements(&content, errors);
    } else {
        errors.push(input.error(format!(
            "write the graph in braces: `{} {{ … }}`",
            header.name
        )));
    }
    if !input.is_empty() {
        errors
            .push(input.error("one `flow!` declares one flow: write another `flow!` for the next"));
        skip_all(input);
    }
    Ok(Syntax {
        attributes,
        header: Some(header),
        statements: body,
        is_neither: false,
    })
}

/// Whether `#[flow(…)]` follows.
fn is_about_the_flow(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    ahead
        .call(attribute)
        .is_ok_and(|found| found.is_some_and(|found| found.path().is_ident("flow")))
}

/// The next attribute, if there is one.
fn attribute(input: ParseStream<'_>) -> syn::Result<Option<Attribute>> {
    if !input.peek(Token![#]) {
        return Ok(None);
    }
    let content;
    Ok(Some(Attribute {
        pound_token: input.parse()?,
        style: syn::AttrStyle::Outer,
        bracket_token: syn::bracketed!(content in input),
        meta: content.parse()?,
    }))
}
