//! The statements of a graph: declarations, and chains of edges.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Attribute, Ident, LitStr, Path, Token, Visibility, parenthesized, token};

use super::endpoint::{endpoint, path, target};
use super::on_field::node;
use super::pause::declared_pause;
use super::syntax::{
    Action, Bound, Chain, Declaration, Endpoint, Link, Max, Node, Statement, Target,
};
use super::tokens::{is_end, is_word, skip_all, skip_statement, skip_to_semicolon};
use crate::names::{code, nearest, snake};
use crate::refusal::{Errors, Refusal, refuse};

pub(super) fn statements(input: ParseStream<'_>, errors: &mut Errors) -> Vec<Statement> {
    let mut statements = Vec::new();
    while !input.is_empty() {
        if input.peek(Token![;]) {
            let _ = input.parse::<Token![;]>();
            continue;
        }
        let before = input.cursor();
        match statement(input, errors) {
            Ok(statement) => {
                if input.peek(Token![:]) && !input.peek(Token![::]) {
                    declaration_in_chain(input, &statement, errors);
                }
                statements.push(statement);
                end_of_statement(input, errors);
            }
            Err(error) => {
                errors.push(error);
                skip_statement(input);
            }
        }
        if input.cursor() == before {
            skip_statement(input);
        }
    }
    statements
}

/// Reports `a >> again: Look.on(facts)`, and skips the rest of the statement.
fn declaration_in_chain(input: ParseStream<'_>, statement: &Statement, errors: &mut Errors) {
    let Statement::Chain(Chain { links, .. }) = statement else {
        return;
    };
    let Some(Link {
        to: Target::Endpoint(Endpoint::Node(Node { path, on: None })),
        bound: None,
        ..
    }) = links.last()
    else {
        return;
    };
    let Some(name) = path.get_ident() else {
        return;
    };
    let Ok(colon) = input.parse::<Token![:]>() else {
        return;
    };
    let mut declared = TokenStream::new();
    while !input.is_empty()
        && !input.peek(Token![;])
        && !input.peek(Token![>>])
        && !input.peek(Token![-])
    {
        declared.extend(input.parse::<TokenTree>());
    }
    let refusal = refuse("a declaration is a statement of its own").help(format!(
        "write `{name}: {};`, and name `{name}` alone in the edge",
        code(&declared).replace(" . ", ".").replace(" (", "(")
    ));
    errors.at(colon, refusal);
    skip_to_semicolon(input);
}

/// Expects `;`. If a new statement starts without one, only the `;` is missing.
fn end_of_statement(input: ParseStream<'_>, errors: &mut Errors) {
    if input.is_empty() || input.parse::<Token![;]>().is_ok() {
        return;
    }
    if input.peek(Ident::peek_any) && !input.peek(Token![else]) {
        errors.push(input.error("expected `;` before the next edge"));
    } else {
        errors.push(input.error(expected_edge(input)));
        skip_statement(input);
    }
}

fn statement(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Statement> {
    let attributes = input.call(Attribute::parse_outer)?;
    let visibility: Visibility = input.parse()?;
    let is_field = matches!(visibility, Visibility::Public(_));
    if let Visibility::Restricted(_) = visibility {
        errors.at(
            &visibility,
            "a field of a flow is as visible as the flow: `pub search: WebSearch;`",
        );
    }
    if input.peek(Ident::peek_any) && input.peek2(Token![:]) && !input.peek2(Token![::]) {
        let name: Ident = input.parse()?;
        input.parse::<Token![:]>()?;
        if let Some(pause) = declared_pause(input, errors)? {
            if is_field {
                errors.at(
                    &visibility,
                    format!("`{name}` holds nothing that can be configured: leave `pub` out"),
                );
            }
            return Ok(Statement::Declaration(Declaration {
                attributes,
                is_field: false,
                node: Node {
                    path: Path::from(name.clone()),
                    on: None,
                },
                name,
                pause: Some(pause),
            }));
        }
        // A declaration names a type, which may have arguments.
        let path = if input.peek(Ident::peek_any) && input.fork().parse::<Path>().is_ok() {
            input.parse()?
        } else {
            self::path(input)?
        };
        let node = node(input, path, errors)?;
        return Ok(Statement::Declaration(Declaration {
            attributes,
            is_field,
            name,
            node,
            pause: None,
        }));
    }
    if is_field {
        errors.at(
            &visibility,
            "only a declaration takes `pub`: `pub search: WebSearch;`",
        );
    }
    if let Some(attribute) = attributes.first() {
        let message = match attribute.path().is_ident("endless") {
            true => {
                "`#[endless]` is for a flow with a name: `flow! { #[endless] pub Heartbeat { … } }`"
            }
            false => "only a declaration, `name: Node;`, takes attributes",
        };
        errors.at(attribute, message);
    }
    chain(input, errors).map(Statement::Chain)
}

fn chain(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Chain> {
    if is_end(input) {
        return Err(input.error("`end` is where a flow ends: no edge leads on from it"));
    }
    let start = endpoint(input, errors)?;
    let mut links = Vec::new();
    while input.peek(Token![>>]) || input.peek(Token![-]) && !input.peek(Token![->]) {
        // The part of the chain before the mistake is kept.
        match link(input, errors) {
            Ok(link) => links.push(link),
            Err(error) => {
                errors.push(error);
                skip_to_semicolon(input);
                break;
            }
        }
        let ends = matches!(
            &links[..],
            [
                ..,
                Link {
                    to: Target::End { .. },
                    ..
                } | Link { bound: Some(_), .. }
            ]
        );
        if ends && (input.peek(Token![>>]) || input.peek(Token![-])) {
            errors.push(input.error("the chain ends here: begin a new one after `;`"));
            skip_to_semicolon(input);
        }
    }
    Ok(Chain { start, links })
}

fn link(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Link> {
    let mut action = None;
    if input.parse::<Token![-]>().is_ok() {
        action = Some(self::action(input, errors)?);
    }
    if input.parse::<Token![>>]>().is_err() {
        return Err(
            input.error(if input.peek(Token![->]) || input.peek(Token![=>]) {
                expected_edge(input)
            } else if input.peek(Token![|]) {
                EACH_ACTION.into()
            } else {
                "expected `>>` and the node that the action leads to".into()
            }),
        );
    }
    let to = target(input, errors)?;
    let bound = if is_word(input, "max") {
        Some(bound(input, errors)?)
    } else {
        None
    };
    Ok(Link { action, to, bound })
}

const EACH_ACTION: &str = "each action has an edge of its own: `a - \"action\" >> …;`";

/// An action. If its quotes are missing, that is reported, and the action is read.
fn action(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Action> {
    if is_word(input, "error") && !input.peek2(Token![::]) {
        let span = input.parse::<Ident>()?.span();
        let field = error_field(input, errors)?;
        return Ok(Action::Error { span, field });
    }
    if input.peek(Token![_]) {
        return Err(input.error(EACH_ACTION));
    }
    if input.peek(Ident::peek_any) || input.peek(Token![::]) {
        let path = Path::parse_mod_style(input)?;
        let last = path
            .segments
            .last()
            .map(|last| last.ident.unraw().to_string())
            .unwrap_or_default();
        // A name in the form of a variant means the action of that variant.
        let name = if path.segments.len() > 1 || last.starts_with(char::is_uppercase) {
            snake(&last)
        } else {
            last.clone()
        };
        let in_quotes = format!("an action is written in quotes: `- \"{name}\"`");
        if path.segments.len() == 1 && (input.peek(token::Paren) || resembles_error(&last)) {
            let span = path.span();
            let of_action = (!input.peek(token::Paren)).then_some(in_quotes);
            let field = error_field(input, errors)?;
            let field_text = field.as_ref().map(|field| format!("({field})"));
            let written = format!(
                "an error edge is written `- error{}`",
                field_text.unwrap_or_default()
            );
            let refusal = refuse(written);
            let refusal = of_action.into_iter().fold(refusal, Refusal::help);
            errors.on(span, refusal);
            return Ok(Action::Error { span, field });
        }
        errors.at(&path, in_quotes);
        if input.peek(token::Paren) || input.peek(token::Brace) {
            let _ = input.parse::<TokenTree>();
        }
        return Ok(Action::Named(LitStr::new(&name, path.span())));
    }
    input.parse().map(Action::Named).map_err(|error| {
        refuse("expected an action in quotes: `- \"approved\" >>`").on(error.span())
    })
}

/// Whether a word without quotes stands for `error`, as `Error` and `err` do.
fn resembles_error(word: &str) -> bool {
    let word = word.to_lowercase();
    word.starts_with('e') && nearest(&word, &["error"]).is_some()
}

/// `error(problem)`: the late field that the edge fills.
fn error_field(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Option<Ident>> {
    if input.peek(token::Bracket) || input.peek(token::Brace) || input.peek(Ident) {
        let tokens = input.parse::<TokenTree>()?;
        let inner = match &tokens {
            TokenTree::Group(group) => group.stream(),
            word => word.to_token_stream(),
        };
        let field = syn::parse2::<Ident>(inner).ok();
        let example = field.as_ref().map_or("problem".into(), Ident::to_string);
        let message =
            format!("the field of an error edge is in parentheses: `- error({example}) >>`");
        errors.at(&tokens, message);
        return Ok(field);
    }
    if !input.peek(token::Paren) {
        return Ok(None);
    }
    let content;
    let paren = parenthesized!(content in input);
    let field = content.parse::<Ident>().ok();
    if field.is_none() || !content.is_empty() {
        let message = "name one late field that is to hold the failure: `- error(problem) >>`, or write `- error >>`";
        errors.on(paren.span.join(), message);
    }
    skip_all(&content);
    Ok(field)
}

fn bound(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Bound> {
    input.parse::<Ident>()?;
    let max = max(input)?;
    if input.parse::<Token![else]>().is_err() {
        let message = format!(
            "a bounded edge says where its action leads after that: `max {} else …`",
            code(&max)
        );
        return Err(if input.is_empty() || input.peek(Token![;]) {
            refuse(message).on(max.span())
        } else {
            input.error(message)
        });
    }
    let literal = max.literal();
    if let Some(literal) = literal.filter(|literal| literal.base10_parse::<u32>().is_err()) {
        let message = if literal.base10_digits().starts_with('-') {
            "a bound is at least 1: `max 5 else …`".to_string()
        } else {
            format!(
                "an edge may be taken up to {} times: `max 5 else …`",
                u32::MAX
            )
        };
        errors.on(max.span(), message);
    }
    Ok(Bound {
        max,
        otherwise: target(input, errors)?,
    })
}

/// `5`, or the path of a constant.
fn max(input: ParseStream<'_>) -> syn::Result<Max> {
    let starts_path = input.peek(Ident)
        || input.peek(Token![::])
        || input.peek(Token![crate])
        || input.peek(Token![super])
        || input.peek(Token![self]);
    if !starts_path {
        return input.parse().map(Max::Literal).map_err(|error| {
            refuse("expected how often the edge may be taken: `max 5 else …`").on(error.span())
        });
    }
    let path = input.call(Path::parse_mod_style)?;
    if input.peek(Token![.]) || input.peek(token::Paren) {
        let mut value = path.to_token_stream();
        while !input.is_empty() && !input.peek(Token![else]) && !input.peek(Token![;]) {
            value.extend(input.parse::<TokenTree>());
        }
        return Err(refuse("the bound of an edge is a number or a constant, since it is a part of the graph")
            .help("write `max 5 else …` or `max ROUNDS else …`; to limit a run by a number that is known only when it starts, add a driver: `.with(StepLimit::new(n))`")
            .at(value));
    }
    Ok(Max::Constant(path))
}

fn expected_edge(input: ParseStream<'_>) -> String {
    let ahead = input.fork();
    let comma = ahead.parse::<Token![,]>().is_ok();
    if let Ok(action) = ahead.parse::<LitStr>() {
        let action = action.value();
        return match comma {
            true => {
                format!("end the edge with `;`, and name the node again: `a - \"{action}\" >> …;`")
            }
            false => format!("write `-` before an action: `- \"{action}\" >> …`"),
        };
    }
    let expected = if input.peek(Token![->])
        || input.peek(Token![=>])
        || input.peek(Token![>])
        || input.peek(Token![<<])
        || input.peek(Token![<-])
    {
        "an edge is written `>>`: `a >> b;`, or `a - \"action\" >> b;`"
    } else if input.peek(token::Paren) {
        return match input.fork().parse::<Group>().map(|group| group.stream()) {
            Ok(inside) if syn::parse2::<Ident>(inside.clone()).is_ok() => {
                format!(
                    "a node is named without parentheses; a flow runs on a field with `Flow.on({inside})`"
                )
            }
            _ => "a node is named without parentheses: `a >> b;`".into(),
        };
    } else if input.peek(Token![,]) {
        "end the edge with `;`"
    } else {
        "expected `>>`, `- \"action\" >>` or `;`"
    };
    expected.into()
}
