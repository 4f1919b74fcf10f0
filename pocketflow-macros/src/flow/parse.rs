//! From tokens to syntax. A statement that cannot be read is reported and skipped; what was read of
//! it stays, so that an editor still knows the names in a half-written flow.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{
    Attribute, Ident, LitInt, LitStr, Path, Token, Visibility, braced, parenthesized, token,
};

use crate::errors::Errors;
use crate::names::{code, is_identifier, pascal, snake};

/// A flow as it is written.
pub(crate) struct Syntax {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) header: Option<Header>,
    pub(crate) statements: Vec<Statement>,
    /// Whether it can be neither an item nor an expression: then all that is written is its first
    /// error, which is both.
    pub(crate) is_neither: bool,
}

/// `pub Payment(card): Order`: without it, the flow is an expression.
pub(crate) struct Header {
    pub(crate) visibility: Visibility,
    pub(crate) name: Ident,
    pub(crate) inputs: Vec<Ident>,
    pub(crate) store: Option<Path>,
}

pub(crate) enum Statement {
    Declaration(Declaration),
    Chain(Chain),
}

/// `search: WebSearch;`
pub(crate) struct Declaration {
    pub(crate) attributes: Vec<Attribute>,
    /// Whether it begins with `pub`: then the node is a field of the flow, whatever it is called.
    pub(crate) is_field: bool,
    pub(crate) name: Ident,
    pub(crate) path: Path,
}

/// `decide - "search" >> search >> decide;`
pub(crate) struct Chain {
    pub(crate) start: Stand,
    pub(crate) links: Vec<Link>,
}

/// `- "search" >> search max 5 else answer`
pub(crate) struct Link {
    pub(crate) action: Option<LitStr>,
    pub(crate) to: Target,
    pub(crate) bound: Option<Bound>,
}

/// What stands at a place: a node, or `(facts, figures)`, which run at the same time.
pub(crate) enum Stand {
    Node(Path),
    Fork(Vec<Path>),
    /// `await(approval)`: until somebody fills the field.
    Await(Ident),
}

pub(crate) enum Target {
    Stand(Stand),
    End { span: Span, exit: Option<LitStr> },
}

/// `max 5 else answer`
pub(crate) struct Bound {
    pub(crate) max: LitInt,
    pub(crate) otherwise: Target,
}

/// Reads a flow, as far as it can be read.
pub(crate) fn parse(input: TokenStream) -> (Syntax, Errors) {
    let mut errors = Errors::default();
    let syntax = Parser::parse2(|input: ParseStream<'_>| syntax(input, &mut errors), input);
    let syntax = syntax.unwrap_or_else(|error| {
        errors.push(error);
        Syntax {
            attributes: Vec::new(),
            header: None,
            statements: Vec::new(),
            is_neither: true,
        }
    });
    (syntax, errors)
}

fn syntax(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Syntax> {
    if input.peek(token::Brace) {
        errors.push(in_braces(input)?);
        skip_all(input);
        return Ok(Syntax {
            attributes: Vec::new(),
            header: None,
            statements: Vec::new(),
            is_neither: true,
        });
    }
    if !is_item(input) {
        // An expression has no attributes but the one that says where the library is.
        let mut attributes = Vec::new();
        while is_about_the_flow(input) {
            attributes.extend(input.call(attribute)?);
        }
        let statements = statements(input, errors);
        return Ok(Syntax {
            attributes,
            header: None,
            statements,
            is_neither: false,
        });
    }
    let attributes = Attribute::parse_outer(input)?;
    let visibility = input.parse()?;
    let name = name(input, &visibility, errors)?;
    let mut inputs = Vec::new();
    if input.peek(token::Paren) {
        let content;
        parenthesized!(content in input);
        let written = content.cursor().token_stream();
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
                errors.push(syn::Error::new(
                    error.span(),
                    format!(
                        "an input is the name of a late field alone: write `{name}({})`",
                        names_alone(written)
                    ),
                ));
                skip_all(&content);
            }
        }
    }
    let store = store(input, errors);
    if input.peek(token::Brace) && input.peek2(token::Brace) {
        let content;
        let braces = braced!(content in input);
        let names = content.cursor().token_stream();
        skip_all(&content);
        let message = format!(
            "inputs are named in parentheses: `{name}({}) {{ … }}`",
            code(&names)
        );
        errors.push(syn::Error::new(braces.span.join(), message));
        inputs.extend(names.into_iter().filter_map(|token| match token {
            TokenTree::Ident(name) => Some(name),
            _ => None,
        }));
    }
    let header = Header {
        visibility,
        name,
        inputs,
        store,
    };
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

/// Whether `#[flow(…)]` stands next.
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

/// A graph, or a flow, in braces.
fn in_braces(input: ParseStream<'_>) -> syn::Result<syn::Error> {
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
    Ok(syn::Error::new(braces.span.open(), message))
}

/// The name of a flow. A keyword before it, or in its place, is reported.
fn name(
    input: ParseStream<'_>,
    visibility: &Visibility,
    errors: &mut Errors,
) -> syn::Result<Ident> {
    let Some(keyword) = keyword(input) else {
        return input.parse();
    };
    let visibility = code(visibility);
    let visibility = if visibility.is_empty() {
        "pub"
    } else {
        &visibility
    };
    if let Ok(name) = input.parse::<Ident>() {
        let message = format!(
            "a flow is declared by its name: `{visibility} {name} {{ … }}`, without `{keyword}`"
        );
        errors.at(&keyword, message);
        return Ok(name);
    }
    let name = pascal(&keyword.to_string());
    errors.at(
        &keyword,
        format!(
            "`{keyword}` is a keyword: give the flow a name, such as `{visibility} {name} {{ … }}`"
        ),
    );
    Ok(Ident::new(
        if is_identifier(&name) { &name } else { "Flow" },
        keyword.span(),
    ))
}

/// The next word, if it is a keyword that no path begins with.
fn keyword(input: ParseStream<'_>) -> Option<Ident> {
    let begins_path =
        input.peek(Token![crate]) || input.peek(Token![self]) || input.peek(Token![super]);
    let is_keyword = input.peek(Ident::peek_any) && input.fork().parse::<Ident>().is_err();
    if is_keyword && !begins_path {
        input.call(Ident::parse_any).ok()
    } else {
        None
    }
}

/// Whether the input declares a flow: it has a visibility, or a name with its graph in braces.
fn is_item(input: ParseStream<'_>) -> bool {
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
    ahead.parse::<Ident>().is_ok()
        && (ahead.peek(token::Brace) || ahead.peek(token::Paren) || names_store(&ahead))
}

/// Whether `: Order { … }` stands next, or anything else in the place of `Order`, and nothing after
/// it.
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

/// `: Order`, the store of the flow.
fn store(input: ParseStream<'_>, errors: &mut Errors) -> Option<Path> {
    if input.parse::<Token![:]>().is_err() {
        return None;
    }
    let store = match Path::parse_mod_style(input) {
        Ok(store) => Some(store),
        Err(error) => {
            let message = "expected the store that the flow runs on: `pub Checkout: Order { … }`";
            errors.push(syn::Error::new(error.span(), message));
            None
        }
    };
    if store.is_some() && input.peek(Token![<]) {
        errors.push(input.error("a shared store has no type or lifetime parameters"));
    }
    while !input.is_empty() && !input.peek(token::Brace) && !input.peek(token::Paren) {
        let _ = input.parse::<TokenTree>();
    }
    if input.peek(token::Paren) {
        errors.push(input.error("inputs stand before the store: `pub Payment(card): Order { … }`"));
        let _ = input.parse::<TokenTree>();
    }
    store
}

/// Whether `pub search: WebSearch;` stands next.
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

fn statements(input: ParseStream<'_>, errors: &mut Errors) -> Vec<Statement> {
    let mut statements = Vec::new();
    while !input.is_empty() {
        if input.peek(Token![;]) {
            let _ = input.parse::<Token![;]>();
            continue;
        }
        let before = input.cursor();
        match statement(input, errors) {
            Ok(statement) => {
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

/// Expects `;`. Where a new statement begins without one, only the `;` is missing.
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
    let expected = if input.peek(Token![->]) || input.peek(Token![=>]) || input.peek(Token![>]) {
        "an edge is written `>>`: `a >> b;`, or `a - \"action\" >> b;`"
    } else if input.peek(token::Paren) {
        "a node is named without parentheses: `a >> b;`"
    } else if input.peek(Token![,]) {
        "end the edge with `;`"
    } else {
        "expected `>>`, `- \"action\" >>` or `;`"
    };
    expected.into()
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
        let name = input.parse()?;
        input.parse::<Token![:]>()?;
        // A declaration names a type: one with arguments, too.
        let path = if input.peek(Ident::peek_any) && input.fork().parse::<Path>().is_ok() {
            input.parse()?
        } else {
            node(input)?
        };
        return Ok(Statement::Declaration(Declaration {
            attributes,
            is_field,
            name,
            path,
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
    let start = stand(input, errors)?;
    let mut links = Vec::new();
    while input.peek(Token![>>]) || input.peek(Token![-]) && !input.peek(Token![->]) {
        // What has been read of the chain is worth keeping when the rest of it is wrong.
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
            input.error(match input.peek(Token![->]) || input.peek(Token![=>]) {
                true => expected_edge(input),
                false => "expected `>>` and the node that the action leads to".into(),
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

/// An action; one without its quotes is reported and read all the same.
fn action(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<LitStr> {
    if input.peek(Ident::peek_any) || input.peek(Token![::]) {
        let path = Path::parse_mod_style(input)?;
        let last = path
            .segments
            .last()
            .map(|last| last.ident.unraw().to_string())
            .unwrap_or_default();
        // What is named like a variant means its action.
        let name = if path.segments.len() > 1 || last.starts_with(char::is_uppercase) {
            snake(&last)
        } else {
            last
        };
        errors.at(
            &path,
            format!("an action is written in quotes: `- \"{name}\"`"),
        );
        if input.peek(token::Paren) || input.peek(token::Brace) {
            let _ = input.parse::<TokenTree>();
        }
        return Ok(LitStr::new(&name, path.span()));
    }
    input.parse().map_err(|error| {
        syn::Error::new(
            error.span(),
            "expected an action in quotes: `- \"approved\" >>`",
        )
    })
}

fn bound(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Bound> {
    input.parse::<Ident>()?;
    let max: LitInt = input.parse().map_err(|error| {
        syn::Error::new(
            error.span(),
            "expected how often the edge may be taken: `max 5 else …`",
        )
    })?;
    if input.parse::<Token![else]>().is_err() {
        let message =
            format!("a bounded edge says where its action leads after that: `max {max} else …`");
        return Err(if input.is_empty() || input.peek(Token![;]) {
            syn::Error::new(max.span(), message)
        } else {
            input.error(message)
        });
    }
    if max.base10_parse::<u32>().is_err() {
        let message = if max.base10_digits().starts_with('-') {
            "a bound is at least 1: `max 5 else …`".to_string()
        } else {
            format!(
                "an edge may be taken up to {} times: `max 5 else …`",
                u32::MAX
            )
        };
        errors.push(syn::Error::new(max.span(), message));
    }
    Ok(Bound {
        max,
        otherwise: target(input, errors)?,
    })
}

fn target(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Target> {
    if !is_end(input) {
        return stand(input, errors).map(Target::Stand);
    }
    let span = input.parse::<Ident>()?.span();
    if input.peek(Ident::peek_any) && input.peek2(Token![;]) {
        let name = input.call(Ident::parse_any)?;
        return Err(syn::Error::new(
            name.span(),
            format!("an exit's name is in quotes: `end \"{name}\"`"),
        ));
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
fn stand(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Stand> {
    if input.peek(Token![await]) {
        return awaited(input).map(Stand::Await);
    }
    if !input.peek(token::Paren) {
        return node(input).map(Stand::Node);
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
    let alone = syn::Error::new(paren.span.join(), alone);
    match <[Path; 1]>::try_from(nodes) {
        Ok([node]) => {
            if whole {
                errors.push(alone);
            }
            Ok(Stand::Node(node))
        }
        Err(nodes) if nodes.is_empty() => Err(alone),
        Err(nodes) => Ok(Stand::Fork(nodes)),
    }
}

/// `await(approval)`
fn awaited(input: ParseStream<'_>) -> syn::Result<Ident> {
    let word: Token![await] = input.parse()?;
    let wrong = |span| syn::Error::new(span, "name the late field to wait for: `await(approval)`");
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
    Err(syn::Error::new(
        span,
        "a place waits for one field: `await(first) >> await(second)`",
    ))
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
fn node(input: ParseStream<'_>) -> syn::Result<Path> {
    let found = Path::parse_mod_style(input).map_err(|error| {
        syn::Error::new(
            error.span(),
            "expected a node: its name, its path, or `end`",
        )
    })?;
    if input.peek(Token![<]) && !input.peek(Token![<<]) {
        return Err(input.error("a node of a flow has no type parameters"));
    }
    Ok(found)
}

/// `end` alone: it is reserved, but `end::node` is a path.
fn is_end(input: ParseStream<'_>) -> bool {
    is_word(input, "end") && !input.peek2(Token![::])
}

fn is_word(input: ParseStream<'_>, word: &str) -> bool {
    input
        .fork()
        .parse::<Ident>()
        .is_ok_and(|found| found == word)
}

fn skip_to_semicolon(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![;]) {
        let _ = input.parse::<TokenTree>();
    }
}

fn skip_statement(input: ParseStream<'_>) {
    skip_to_semicolon(input);
    let _ = input.parse::<Token![;]>();
}

fn skip_all(input: ParseStream<'_>) {
    while !input.is_empty() {
        let _ = input.parse::<TokenTree>();
    }
}

impl Target {
    pub(crate) fn span(&self) -> Span {
        match self {
            Self::Stand(stand) => stand.span(),
            Self::End { span, .. } => *span,
        }
    }
}

impl Stand {
    /// The nodes and flows that stand there.
    pub(crate) fn paths(&self) -> &[Path] {
        match self {
            Self::Node(path) => std::slice::from_ref(path),
            Self::Fork(paths) => paths,
            Self::Await(_) => &[],
        }
    }

    /// The name of the node, or of the first node of a fork.
    pub(crate) fn span(&self) -> Span {
        let path = match self {
            Self::Node(path) => Some(path),
            Self::Fork(nodes) => nodes.first(),
            Self::Await(field) => return field.span(),
        };
        let last = path.and_then(|path| path.segments.last());
        last.map_or_else(Span::call_site, |last| last.ident.span())
    }
}
