//! A flow on a field: `Investigate.on(facts)`, or `Summarize.each(documents, parallel = 8)`.

mod arguments;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Ident, Path, Token, token};

use super::syntax::{Node, OnField, OnOptions};
use crate::names::{code, nearest};
use crate::refusal::{Errors, refuse};

/// A node or a flow, and what follows its path: `.on(facts)`. A mistake in it is reported, and the
/// rest is kept.
pub(super) fn node(input: ParseStream<'_>, path: Path, errors: &mut Errors) -> syn::Result<Node> {
    if input.peek(token::Paren) {
        if let Some((flow, method)) = as_method(&path) {
            return Ok(as_path(input, flow, method, &path, errors));
        }
    }
    let on = on_field(input, &path, errors)?;
    let reversed = on.as_ref().and_then(|on| reversed(&path, on));
    let Some((flow, on)) = reversed else {
        return Ok(Node { path, on });
    };
    let method = if on.each { "each" } else { "on" };
    let message = format!(
        "the flow comes first, and then its field: `{}.{method}({})`",
        code(&flow),
        code(&path)
    );
    errors.at(&path, message);
    Ok(Node {
        path: flow,
        on: Some(on),
    })
}

/// The flow and the method of the path `Investigate::on`.
fn as_method(path: &Path) -> Option<(Path, Ident)> {
    let mut flow = path.clone();
    let method = flow.segments.pop()?.ident;
    flow.segments.pop_punct();
    let is_method = method == "on" || method == "each";
    (is_method && !flow.segments.is_empty()).then_some((flow, method))
}

/// `Investigate::on(facts)`, with a path in place of a method.
fn as_path(
    input: ParseStream<'_>,
    flow: Path,
    method: Ident,
    written: &Path,
    errors: &mut Errors,
) -> Node {
    let field = group(input).and_then(|arguments| first_name(arguments.stream()));
    let example = field.as_ref().map_or("field".into(), Ident::to_string);
    let message = format!(
        "a flow runs on a field with a dot: `{}.{method}({example})`",
        code(&flow)
    );
    errors.at(written, message);
    Node {
        path: flow,
        on: Some(OnField {
            each: method == "each",
            method,
            field,
            options: OnOptions::default(),
        }),
    }
}

/// The flow and the field of `facts.on(Investigate)`, where the user has swapped them. Fields and
/// nodes begin with a small letter, and flows with a capital.
fn reversed(path: &Path, on: &OnField) -> Option<(Path, OnField)> {
    let (first, second) = (path.get_ident()?, on.field.as_ref()?);
    let begins = |name: &Ident, is: fn(char) -> bool| name.unraw().to_string().starts_with(is);
    let is_swapped = begins(first, char::is_lowercase) && begins(second, char::is_uppercase);
    is_swapped.then(|| {
        let on = OnField {
            field: Some(first.clone()),
            ..on.clone()
        };
        (second.clone().into(), on)
    })
}

/// `.on(facts)`, if it follows.
fn on_field(
    input: ParseStream<'_>,
    flow: &Path,
    errors: &mut Errors,
) -> syn::Result<Option<OnField>> {
    if !input.peek(Token![.]) {
        return Ok(None);
    }
    let dot: Token![.] = input.parse()?;
    let flow = code(flow);
    let Ok(method) = input.call(Ident::parse_any) else {
        let message = format!(
            "say what the flow runs on: `{flow}.on(field)`, or `{flow}.each(field)` for every item of a field"
        );
        return Err(refuse(message).on(dot.span));
    };
    let name = method.unraw().to_string();
    let is_known = matches!(&*name, "on" | "each");
    let each = match &*name {
        "on" => false,
        "each" => true,
        _ => nearest(&name, &["on", "each"]) == Some("each") || name.contains("each"),
    };
    let arguments = group(input);
    let mut reader = Reader {
        written: format!("{flow}.{}", if each { "each" } else { "on" }),
        flow,
        each,
        errors,
    };
    if !is_known {
        reader.unknown_method(&method, arguments.as_ref());
        return Ok(Some(OnField {
            each,
            method,
            field: arguments.and_then(|arguments| first_name(arguments.stream())),
            options: OnOptions::default(),
        }));
    }
    let (field, options) = match &arguments {
        Some(arguments) if arguments.delimiter() == Delimiter::Parenthesis => {
            reader.arguments(arguments)
        }
        arguments => {
            let field = match arguments {
                Some(arguments) => first_name(arguments.stream()),
                None => input.parse().ok(),
            };
            let example = field.as_ref().map_or("field".into(), Ident::to_string);
            let message = format!(
                "the field is in parentheses: `{}({example})`",
                reader.written
            );
            let span = match arguments {
                Some(arguments) => arguments.span(),
                None => field.as_ref().map_or(method.span(), Ident::span),
            };
            reader.errors.on(span, message);
            (field, OnOptions::default())
        }
    };
    reader.further_methods(input, field.as_ref());
    Ok(Some(OnField {
        each,
        method,
        field,
        options,
    }))
}

struct Reader<'a> {
    /// The path of the flow.
    flow: String,
    /// The flow and the method: `Investigate.on`.
    written: String,
    each: bool,
    errors: &'a mut Errors,
}

impl Reader<'_> {
    fn unknown_method(&mut self, method: &Ident, arguments: Option<&Group>) {
        let flow = &self.flow;
        if method == "run" {
            let refusal = refuse("a flow has no `.run(…)`: it runs its nodes itself")
                .help(format!("for a flow of the same store, write its name alone: `{flow}`"))
                .help(format!("for a flow of another store, name a field that is such a store: `{flow}.on(field)`"));
            return self.errors.at(method, refusal);
        }
        let name = method.unraw().to_string();
        let field = arguments
            .and_then(|arguments| first_name(arguments.stream()))
            .map_or_else(|| "field".into(), |field| field.to_string());
        let refusal = refuse(format!("there is no `.{name}(…)` in a flow"));
        let refusal = match nearest(&name, &["on", "each"]) {
            Some(meant) => refusal.help(format!("did you mean `{flow}.{meant}({field})`?")),
            None => refusal
                .help(format!(
                    "to run `{flow}` on a field of the store: `{flow}.on({field})`"
                ))
                .help(format!(
                    "to run it on every item of a field: `{flow}.each({field})`"
                )),
        };
        self.errors.at(method, refusal);
    }

    /// `.on(…)` after a place on a field, or `.await`.
    fn further_methods(&mut self, input: ParseStream<'_>, field: Option<&Ident>) {
        let mut reported = false;
        while input.peek(Token![.]) {
            let _ = input.parse::<Token![.]>();
            let method = input.call(Ident::parse_any).ok();
            let arguments = group(input);
            let Some(method) = method.filter(|_| !std::mem::replace(&mut reported, true)) else {
                continue;
            };
            let (flow, written) = (&self.flow, &self.written);
            let field = field.map_or_else(|| "field".into(), ToString::to_string);
            if method == "await" {
                let message = format!("a flow has no `.await`: write `{written}({field})`");
                self.errors.at(&method, message);
                continue;
            }
            let inner = arguments
                .and_then(|arguments| first_name(arguments.stream()))
                .map_or_else(|| "field".into(), |inner| inner.to_string());
            let place = format!("{flow}.{method}({inner})");
            let refusal = refuse("a place runs a flow on one field of the store").help(format!(
                "if `{inner}` is a field of what is in `{field}`, write a flow of that store with the place `{place}`, and run that flow on `{field}`"
            ));
            self.errors.at(&method, refusal);
        }
    }
}

/// The next group, whatever its delimiter.
fn group(input: ParseStream<'_>) -> Option<Group> {
    match input.fork().parse() {
        Ok(TokenTree::Group(_)) => input.parse().ok(),
        _ => None,
    }
}

fn first_name(tokens: TokenStream) -> Option<Ident> {
    let first = tokens.into_iter().next()?;
    syn::parse2::<Ident>(first.into()).ok()
}

#[cfg(test)]
mod tests;
