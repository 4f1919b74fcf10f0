//! The values of the options. A message about a wrong value marks all of it and quotes it.

use std::str::FromStr;
use std::time::Duration;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{ExprClosure, Ident, Lit, LitInt, LitStr, Path, Token, parenthesized, token};

use super::{Fault, Given, Senseless, Value, Width, Wrong};
use crate::duration::duration;
use crate::refusal::{Refusal, refuse};

/// An option in one of its possible forms.
fn example(name: &Ident) -> String {
    let value = match name.to_string().as_str() {
        "writes" => "receipt",
        "appends" => "notes",
        "failures" => "problems",
        "attempts" => "3",
        "wait" => "\"200ms\"",
        "max_wait" => "\"10s\"",
        "timeout" => "\"30s\"",
        "backoff" => "2.0",
        "jitter" => "0.5",
        "parallel" => "8",
        "retry_if" => "is_busy",
        "retry_after" => "wait_of",
        _ => "path::of_a_function",
    };
    format!("`{name} = {value}`")
}

/// The tokens up to the next option.
pub(super) fn rest(input: ParseStream<'_>) -> TokenStream {
    let mut tokens = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        tokens.extend(input.parse::<TokenTree>());
    }
    tokens
}

/// The `=` before a value.
fn equals(input: ParseStream<'_>, name: &Ident) -> syn::Result<()> {
    let has_none = |input: ParseStream<'_>| input.is_empty() || input.peek(Token![,]);
    if has_none(input) {
        return Err(expected(
            name,
            format!("`{name}` has no value: write {}", example(name)),
        ));
    }
    if let Ok(equals) = input.parse::<Token![=]>() {
        return match has_none(input) {
            true => Err(expected(
                equals,
                format!("`{name}` has no value: write {}", example(name)),
            )),
            false => Ok(()),
        };
    }
    let (ahead, is_group) = (input.fork(), input.peek(token::Paren));
    let message = match ahead.parse::<proc_macro2::Group>() {
        Ok(group) if is_group && !group.stream().is_empty() => {
            format!(
                "`{name}` takes its value after `=`: write `{name} = {}`",
                group.stream()
            )
        }
        _ => format!(
            "`{name}` takes its value after `=`: write {}",
            example(name)
        ),
    };
    Err(expected(rest(input), message))
}

/// A value with its tokens, or an error that marks everything in its place.
fn value<T, M: Into<Refusal>>(
    input: ParseStream<'_>,
    name: &Ident,
    parse: impl Fn(ParseStream<'_>) -> syn::Result<T>,
    wrong: impl Fn(&TokenStream) -> M,
) -> syn::Result<(T, TokenStream)> {
    value_or(input, name, parse, |whole| {
        let refusal = wrong(&whole);
        expected(whole, refusal)
    })
}

/// A value with its tokens, or what is wrong with everything in its place.
fn value_or<T, E: From<syn::Error>>(
    input: ParseStream<'_>,
    name: &Ident,
    parse: impl Fn(ParseStream<'_>) -> syn::Result<T>,
    wrong: impl Fn(TokenStream) -> E,
) -> Result<(T, TokenStream), E> {
    equals(input, name)?;
    let (ahead, whole) = (input.fork(), rest(&input.fork()));
    if let Ok(value) = parse(&ahead) {
        // If another option follows directly, a comma is missing.
        if ahead.is_empty() || ahead.peek(Token![,]) || ahead.peek(Token![;]) || ahead.peek(Ident) {
            let given = tokens_between(input, &ahead);
            return Ok((value, given));
        }
    }
    rest(input);
    Err(wrong(whole))
}

/// Takes the tokens that `ahead` has read.
fn tokens_between(input: ParseStream<'_>, ahead: ParseStream<'_>) -> TokenStream {
    let mut tokens = TokenStream::new();
    while input.cursor() != ahead.cursor() {
        match input.parse::<TokenTree>() {
            Ok(token) => tokens.extend([token]),
            Err(_) => break,
        }
    }
    tokens
}

/// An error on all of these tokens.
pub(super) fn expected(tokens: impl ToTokens, refusal: impl Into<Refusal>) -> syn::Error {
    refusal.into().at(tokens)
}

fn senseless(name: &Ident, given: TokenStream, fault: Fault) -> Wrong {
    Wrong::Senseless(Senseless {
        name: name.clone(),
        given,
        fault,
    })
}

/// What a policy can be besides a literal. The example is the field that the user has named, if
/// any.
pub(in crate::node) fn other_forms(name: &Ident, given: &TokenStream) -> String {
    let named = last_name(given).filter(|last| {
        let last = last.unraw().to_string();
        last.starts_with(char::is_lowercase)
            && !["self", "super", "crate", "context"].contains(&&*last)
    });
    let field = named.unwrap_or_else(|| name.clone());
    format!(
        "it can also be a constant, a field of the context (`context.{field}`) or, in an impl node, a field of the node (`self.{field}`)"
    )
}

/// What to write in the place of a value that is no number.
fn no_number(name: &Ident, kind: &str, whole: &TokenStream) -> Refusal {
    if let Some(number) = unquoted(whole) {
        return refuse(format!(
            "`{name}` is a number, without quotes: write `{name} = {number}`"
        ));
    }
    let refusal = refuse(format!("`{name}` is {kind}: write {}", example(name)));
    match syn::parse2::<Lit>(whole.clone()) {
        Ok(_) => refusal,
        Err(_) => refusal.help(other_forms(name, whole)),
    }
}

/// A single name in small letters. It is no constant, but the name of a field without its owner.
fn is_bare_field(path: &Path) -> bool {
    path.get_ident()
        .is_some_and(|name| name.unraw().to_string().starts_with(char::is_lowercase))
}

/// A value that is not a literal: `self.field`, `context.field`, or the path of a constant.
fn named<T>(input: ParseStream<'_>, name: &Ident) -> Option<Given<Value<T>>> {
    let (ahead, start) = (input.fork(), input.fork());
    ahead.parse::<Token![=]>().ok()?;
    start.parse::<Token![=]>().ok()?;
    let of = |word: &str| {
        let owner = ahead.fork().call(Ident::parse_any);
        owner.is_ok_and(|owner| owner == word) && ahead.peek2(Token![.])
    };
    let value = if of("self") || of("context") {
        let owner = ahead.call(Ident::parse_any).ok()?;
        ahead.parse::<Token![.]>().ok()?;
        let field = ahead.parse().ok()?;
        if owner == "self" {
            Value::OfNode(field)
        } else {
            Value::OfContext(field)
        }
    } else if ahead.peek(Lit) {
        return None;
    } else {
        let path = ahead.call(Path::parse_mod_style).ok()?;
        let last = path.segments.last()?.ident.to_string();
        let is_word = name == "parallel" && path.is_ident("unbounded");
        if ["self", "Self", "super", "crate"].contains(&&*last)
            || (is_bare_field(&path) && !is_word)
        {
            return None;
        }
        Value::Constant(path)
    };
    let ends = ahead.is_empty() || ahead.peek(Token![,]) || ahead.peek(Token![;]);
    if !ends {
        return None;
    }
    input.parse::<Token![=]>().ok()?;
    let whole = tokens_between(input, &ahead);
    Some(given(value, name, &whole))
}

/// `attempts = 3`
pub(super) fn count(input: ParseStream<'_>, name: &Ident) -> Result<Given<Value<u32>>, Wrong> {
    if let Some(named) = named(input, name) {
        return Ok(named);
    }
    let digits = |input: ParseStream<'_>| {
        let negative = input.parse::<Token![-]>().is_ok();
        let literal: LitInt = input.parse()?;
        suffix(literal.suffix(), "u32", &literal)?;
        Ok((negative, literal.base10_digits().to_owned()))
    };
    let wrong = |whole: &TokenStream| no_number(name, "a whole number", whole);
    let ((negative, digits), whole) = value(input, name, digits, wrong)?;
    if negative {
        return Err(senseless(name, whole, Fault::Negative));
    }
    match digits.parse() {
        Ok(value) => Ok(given(Value::Literal(value), name, &whole)),
        Err(_) => Err(expected(whole, format!("`{name}` is at most {}", u32::MAX)).into()),
    }
}

/// `parallel = 8` or `parallel = unbounded`
pub(super) fn width(input: ParseStream<'_>, name: &Ident) -> syn::Result<Given<Width>> {
    if let Some(named) = named(input, name) {
        let is_word = |path: &Path| path.is_ident("unbounded");
        let value = match named.value {
            Value::Constant(word) if is_word(&word) => Width::Unbounded,
            value => Width::Items(value),
        };
        return Ok(Given {
            value,
            name: named.name,
            span: named.span,
        });
    }
    let width = |input: ParseStream<'_>| {
        let literal: LitInt = input.parse()?;
        suffix(literal.suffix(), "usize", &literal)?;
        literal
            .base10_parse()
            .map(|items| Width::Items(Value::Literal(items)))
    };
    let wrong = |whole: &TokenStream| no_number(name, "a number or `unbounded`", whole);
    let (width, whole) = value(input, name, width, wrong)?;
    Ok(given(width, name, &whole))
}

/// `backoff = 2.0`
pub(super) fn number(input: ParseStream<'_>, name: &Ident) -> Result<Given<Value<f64>>, Wrong> {
    if let Some(named) = named(input, name) {
        return Ok(named);
    }
    let number = |input: ParseStream<'_>| {
        let negative = input.parse::<Token![-]>().is_ok();
        let (digits, given) = match input.parse::<Lit>()? {
            Lit::Int(literal) => (
                literal.base10_digits().to_owned(),
                literal.suffix().to_owned(),
            ),
            Lit::Float(literal) => (
                literal.base10_digits().to_owned(),
                literal.suffix().to_owned(),
            ),
            _ => return Err(input.error("")),
        };
        suffix(&given, "f64", &digits)?;
        let value = f64::from_str(&digits).map_err(|_| input.error(""))?;
        Ok(if negative { -value } else { value })
    };
    let wrong = |whole: &TokenStream| no_number(name, "a number", whole);
    let (value, whole) = value(input, name, number, wrong)?;
    if !value.is_finite() {
        let example = example(name);
        return Err(senseless(name, whole, Fault::Infinite { example }));
    }
    Ok(given(Value::Literal(value), name, &whole))
}

/// `wait = "200ms"`
pub(super) fn time(input: ParseStream<'_>, name: &Ident) -> Result<Given<Value<Duration>>, Wrong> {
    if let Some(named) = named(input, name) {
        return Ok(named);
    }
    let text = |input: ParseStream<'_>| input.parse::<LitStr>();
    let wrong = |whole: TokenStream| {
        let is_duration = duration(&whole.to_string()).is_some();
        senseless(name, whole, Fault::Unquoted { is_duration })
    };
    let (literal, whole) = value_or(input, name, text, wrong)?;
    let text = literal.value();
    match duration(&text) {
        Some(value) => Ok(given(Value::Literal(value), name, &whole)),
        None => Err(senseless(name, whole, Fault::NoDuration { text })),
    }
}

/// `fallback = path`
pub(super) fn path(input: ParseStream<'_>, name: &Ident) -> syn::Result<Path> {
    let wrong = |whole: &TokenStream| match unquoted(whole) {
        Some(path) => format!("`{name}` names a function, without quotes: write `{name} = {path}`"),
        None => format!("`{name}` names a function: write {}", example(name)),
    };
    // A path may contain commas.
    equals(input, name)?;
    let ahead = input.fork();
    if let (Ok(_), true) = (ahead.parse::<Path>(), !ahead.peek(token::Paren)) {
        return input.parse();
    }
    // So may the parameters of a closure.
    let whole = match input.fork().parse::<ExprClosure>() {
        Ok(_) => input.parse::<ExprClosure>()?.into_token_stream(),
        Err(_) => rest(input),
    };
    let message = wrong(&whole);
    Err(expected(whole, message))
}

/// `writes = receipt`
pub(super) fn field(input: ParseStream<'_>, name: &Ident) -> syn::Result<Ident> {
    let wrong = |whole: &TokenStream| {
        if let Some(field) = unquoted(whole) {
            return format!("a field is named without quotes: write `{name} = {field}`");
        }
        let tuple = Parser::parse2(parenthesized, whole.clone());
        match tuple {
            Ok(fields) if name == "writes" => {
                format!("several fields are named without `=`: write `writes({fields})`")
            }
            Ok(_) => format!("`{name}` names one field: write {}", example(name)),
            Err(_) => match last_name(whole) {
                Some(field) => {
                    format!(
                        "a field of the store is named by its name alone: write `{name} = {field}`"
                    )
                }
                None => format!(
                    "`{name}` names a field of the store: write {}",
                    example(name)
                ),
            },
        }
    };
    value(input, name, Ident::parse, wrong).map(|(field, _)| field)
}

/// `writes(receipt, total)`
pub(super) fn fields(input: ParseStream<'_>, name: &Ident) -> syn::Result<Vec<Ident>> {
    let parse = |input: ParseStream<'_>| {
        let content;
        parenthesized!(content in input);
        Punctuated::<Ident, Token![,]>::parse_terminated(&content)
    };
    let ahead = input.fork();
    match parse(&ahead) {
        Ok(_) => Ok(parse(input)?.into_iter().collect()),
        Err(_) => {
            let whole = rest(input);
            let message =
                format!("`{name}` names fields of the store in parentheses: write `{name}(a, b)`");
            Err(if whole.is_empty() {
                expected(name, message)
            } else {
                expected(whole, message)
            })
        }
    }
}

/// The tokens in the parentheses.
fn parenthesized(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let content;
    parenthesized!(content in input);
    content.parse()
}

/// The last name of `order.receipt`, or of `order::receipt`.
fn last_name(tokens: &TokenStream) -> Option<Ident> {
    match tokens.clone().into_iter().last() {
        Some(TokenTree::Ident(name)) => Some(name),
        _ => None,
    }
}

/// The content of a value that is in quotes and should not be.
fn unquoted(value: &TokenStream) -> Option<String> {
    let text = syn::parse2::<LitStr>(value.clone()).ok()?.value();
    let is_plain = text
        .chars()
        .all(|letter| letter.is_alphanumeric() || "_.:".contains(letter));
    (is_plain && !text.is_empty()).then_some(text)
}

/// Rejects the suffix of a number, unless it is the right type.
fn suffix(given: &str, of_its_type: &str, literal: &impl ToTokens) -> syn::Result<()> {
    if given.is_empty() || given == of_its_type {
        return Ok(());
    }
    Err(expected(literal, String::new()))
}

fn given<T>(value: T, name: &Ident, whole: &TokenStream) -> Given<T> {
    let first = whole.clone().into_iter().next();
    let span = first.map_or_else(|| name.span(), |token| token.span());
    Given {
        value,
        name: name.span(),
        span,
    }
}
