//! What stands in the parentheses of `#[node(…)]`.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Ident, LitFloat, LitInt, LitStr, Path, Token, parenthesized, token};

use crate::errors::Errors;
use crate::krate::Krate;
use crate::names::nearest;

/// The options of a node, each with its token.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) store: Option<Path>,
    /// `crate = path`
    pub(crate) krate: Krate,
    pub(crate) writes: Option<Writes>,
    pub(crate) appends: Option<Ident>,
    pub(crate) reads: Option<(Span, Vec<Ident>)>,
    pub(crate) attempts: Option<Given<u32>>,
    pub(crate) wait: Option<Given<Duration>>,
    pub(crate) backoff: Option<Given<f64>>,
    pub(crate) max_wait: Option<Given<Duration>>,
    pub(crate) jitter: Option<Given<f64>>,
    pub(crate) timeout: Option<Given<Duration>>,
    pub(crate) parallel: Option<Given<Width>>,
    pub(crate) retry_if: Option<Path>,
    pub(crate) fallback: Option<Path>,
    /// One that there is not. It may have been meant for one that is missed.
    pub(crate) unknown: bool,
}

/// A value and where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given<T> {
    pub(crate) value: T,
    pub(crate) name: Span,
    pub(crate) span: Span,
}

/// How many items of a batch are in flight at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Width {
    Items(usize),
    /// `parallel = self.jobs`: as many as a field of the node says.
    Field(Ident),
    Unbounded,
}

/// `writes = field`, or `writes(a, b)`.
pub(crate) struct Writes {
    pub(crate) span: Span,
    pub(crate) fields: Vec<Ident>,
    /// In parentheses: a tuple, even of one.
    pub(crate) tuple: bool,
}

const NAMES: [&str; 12] = [
    "writes", "appends", "reads", "attempts", "wait", "backoff", "max_wait", "jitter", "timeout", "parallel",
    "retry_if", "fallback",
];

/// Reads the options; a wrong one is reported, and the others are read.
pub(crate) fn parse(tokens: TokenStream) -> (Options, Errors) {
    let (mut options, mut errors) = (Options::default(), Errors::default());
    let result = Parser::parse2(|input: ParseStream<'_>| all(input, &mut options, &mut errors), tokens);
    if let Err(error) = result {
        errors.push(error);
    }
    (options, errors)
}

fn all(input: ParseStream<'_>, options: &mut Options, errors: &mut Errors) -> syn::Result<()> {
    let names_store = input.fork().parse::<Path>().is_ok() && !is_option(input);
    if !names_store {
        errors.push(syn::Error::new(
            if input.is_empty() { Span::call_site() } else { input.span() },
            "say first which store the node works on: `#[node(Store, …)]`",
        ));
    } else {
        options.store = Some(Path::parse_mod_style(input)?);
        comma(input, errors);
    }
    while !input.is_empty() {
        if let Err(error) = one(input, options, errors) {
            errors.push(error);
            while !input.is_empty() && !input.peek(Token![,]) {
                let _ = input.parse::<proc_macro2::TokenTree>();
            }
        }
        comma(input, errors);
    }
    Ok(())
}

/// Whether an option stands where the store should.
fn is_option(input: ParseStream<'_>) -> bool {
    if Krate::is_next(input) {
        return true;
    }
    let ahead = input.fork();
    ahead.parse::<Ident>().is_ok() && (ahead.peek(Token![=]) || ahead.peek(token::Paren))
}

fn comma(input: ParseStream<'_>, errors: &mut Errors) {
    if !input.is_empty() && input.parse::<Token![,]>().is_err() {
        errors.push(input.error("expected `,` before the next option"));
        while !input.is_empty() && !input.peek(Token![,]) {
            let _ = input.parse::<proc_macro2::TokenTree>();
        }
        let _ = input.parse::<Token![,]>();
    }
}

fn one(input: ParseStream<'_>, options: &mut Options, errors: &mut Errors) -> syn::Result<()> {
    if input.peek(Token![#]) {
        let span = input.span();
        let _ = input.call(syn::Attribute::parse_outer);
        let message = "an option takes no attributes\nhelp: put the condition on all of them: `#[cfg_attr(…, node(…))]` and `#[cfg_attr(not(…), node(…))]`";
        skip_value(input);
        return Err(syn::Error::new(span, message));
    }
    if Krate::is_next(input) {
        let name = input.span();
        let krate = Krate::parse(input)?;
        if options.krate.is_given() {
            errors.push(syn::Error::new(name, "`crate` is given twice"));
        }
        options.krate = krate;
        return Ok(());
    }
    let name: Ident = input.parse()?;
    match name.to_string().as_str() {
        "writes" => {
            let writes = if input.peek(token::Paren) {
                {
                    let fields = fields(input)?;
                    // One field in parentheses holds the value itself: a tuple of one is rarely meant.
                    let tuple = fields.len() != 1;
                    Writes { span: name.span(), fields, tuple }
                }
            } else {
                Writes { span: name.span(), fields: vec![value(input, "the name of a field")?], tuple: false }
            };
            set(&mut options.writes, writes, &name, errors);
        }
        "reads" => {
            let fields = fields(input)?;
            set(&mut options.reads, (name.span(), fields), &name, errors);
        }
        "appends" => set(&mut options.appends, value(input, "the name of a field")?, &name, errors),
        "attempts" => {
            let literal: LitInt = value(input, "a number of tries, as in `attempts = 3`")?;
            let value = literal.base10_parse().map_err(|_| {
                syn::Error::new(
                    literal.span(),
                    format!("expected a number of tries, as in `attempts = 3`, up to {}", u32::MAX),
                )
            })?;
            let given = Given { value, name: name.span(), span: literal.span() };
            set(&mut options.attempts, given, &name, errors);
        }
        "wait" => set(&mut options.wait, time(input, &name)?, &name, errors),
        "max_wait" => set(&mut options.max_wait, time(input, &name)?, &name, errors),
        "timeout" => set(&mut options.timeout, time(input, &name)?, &name, errors),
        "backoff" => set(&mut options.backoff, number(input, &name)?, &name, errors),
        "jitter" => set(&mut options.jitter, number(input, &name)?, &name, errors),
        "parallel" => set(&mut options.parallel, width(input, &name)?, &name, errors),
        "retry_if" => set(&mut options.retry_if, path(input)?, &name, errors),
        "fallback" => set(&mut options.fallback, path(input)?, &name, errors),
        unknown => {
            options.unknown = true;
            // As in Python.
            let python = (unknown == "max_retries").then_some("attempts");
            let help = match python.or_else(|| nearest(unknown, &NAMES)) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("there are {}", NAMES.join(", ")),
            };
            return Err(syn::Error::new(
                name.span(),
                format!("a node has no option `{unknown}`\nhelp: {help}"),
            ))
            .inspect_err(|_| skip_value(input));
        }
    }
    Ok(())
}

fn skip_value(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        let _ = input.parse::<proc_macro2::TokenTree>();
    }
}

fn set<T>(option: &mut Option<T>, value: T, name: &Ident, errors: &mut Errors) {
    if option.is_some() {
        errors.at(name, format!("`{name}` is given twice"));
    }
    *option = Some(value);
}

fn value<T: syn::parse::Parse>(input: ParseStream<'_>, expected: &str) -> syn::Result<T> {
    input
        .parse::<Token![=]>()
        .map_err(|error| syn::Error::new(error.span(), format!("expected `=` and {expected}")))?;
    input.parse().map_err(|error| syn::Error::new(error.span(), format!("expected {expected}")))
}

fn path(input: ParseStream<'_>) -> syn::Result<Path> {
    value::<Path>(input, "the path of a function")
}

fn fields(input: ParseStream<'_>) -> syn::Result<Vec<Ident>> {
    if !input.peek(token::Paren) {
        return Err(input.error("expected the names of fields in parentheses"));
    }
    let content;
    parenthesized!(content in input);
    let fields = Punctuated::<Ident, Token![,]>::parse_terminated(&content)
        .map_err(|error| syn::Error::new(error.span(), "expected the names of fields"))?;
    Ok(fields.into_iter().collect())
}

fn width(input: ParseStream<'_>, name: &Ident) -> syn::Result<Given<Width>> {
    let expected = "how many items are in flight at a time, as in `parallel = 8`, `parallel = self.jobs` or `parallel = unbounded`";
    input
        .parse::<Token![=]>()
        .map_err(|error| syn::Error::new(error.span(), format!("expected `=` and {expected}")))?;
    let wrong = |error: syn::Error| syn::Error::new(error.span(), format!("expected {expected}"));
    if let Ok(literal) = input.parse::<LitInt>() {
        let value = Width::Items(literal.base10_parse().map_err(wrong)?);
        return Ok(Given { value, name: name.span(), span: literal.span() });
    }
    if let Ok(node) = input.parse::<Token![self]>() {
        input.parse::<Token![.]>().map_err(wrong)?;
        let field: Ident = input.parse().map_err(wrong)?;
        return Ok(Given { value: Width::Field(field), name: name.span(), span: node.span });
    }
    let word: Ident = input.parse().map_err(wrong)?;
    if word != "unbounded" {
        return Err(wrong(syn::Error::new(word.span(), "")));
    }
    Ok(Given { value: Width::Unbounded, name: name.span(), span: word.span() })
}

fn number(input: ParseStream<'_>, name: &Ident) -> syn::Result<Given<f64>> {
    let expected = format!("a number, as in `{name} = {}`", if name == "backoff" { "2.0" } else { "0.5" });
    let ahead = input.fork();
    let is_integer = ahead.parse::<Token![=]>().is_ok() && ahead.peek(LitInt);
    let (value, span) = if is_integer {
        let literal: LitInt = value(input, &expected)?;
        (literal.base10_parse()?, literal.span())
    } else {
        let literal: LitFloat = value(input, &expected)?;
        (literal.base10_parse()?, literal.span())
    };
    Ok(Given { value, name: name.span(), span })
}

fn time(input: ParseStream<'_>, name: &Ident) -> syn::Result<Given<Duration>> {
    let refused = |span, wrong: String| {
        let message = format!(
            "PF010: {wrong}\n\
             help: write a number and its unit, one of us, ms, s, m and h, in quotes: `{name} = \"1.5s\"`\n\
             note: see `pocketflow::errors::PF010`"
        );
        syn::Error::new(span, message)
    };
    input.parse::<Token![=]>().map_err(|error| refused(error.span(), format!("`{name}` is a duration")))?;
    let literal: LitStr =
        input.parse().map_err(|error| refused(error.span(), format!("`{name}` is a duration")))?;
    let value = duration(&literal.value()).ok_or_else(|| {
        refused(
            literal.span(),
            format!("\"{}\" is not a duration of one number and one unit", literal.value()),
        )
    })?;
    Ok(Given { value, name: name.span(), span: literal.span() })
}

/// A number and its unit.
fn duration(text: &str) -> Option<Duration> {
    let unit = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
    let (number, unit) = text.split_at(unit);
    let number: f64 = number.parse().ok()?;
    let seconds = match unit.trim() {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3_600.0,
        _ => return None,
    };
    // Through whole nanoseconds, so that "200ms" is 200 ms and not a little less.
    Duration::try_from_secs_f64(number * seconds).ok().map(|time| {
        let rounded = (number * seconds * 1e9).round();
        if rounded < u64::MAX as f64 { Duration::from_nanos(rounded as u64) } else { time }
    })
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn durations_are_numbers_with_a_unit() {
        let cases = [
            ("200ms", 200_000),
            ("1.5s", 1_500_000),
            ("2m", 120_000_000),
            ("1 h", 3_600_000_000),
            ("5us", 5),
        ];
        for (text, micros) in cases {
            assert_eq!(duration(text), Some(Duration::from_micros(micros)), "{text}");
        }
        for text in ["", "5", "s", "2 weeks", "-1s", "1..5s"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn all_options_are_read() {
        let (options, errors) = parse(quote!(
            stores::Order,
            writes(a, b),
            attempts = 3,
            wait = "1s",
            backoff = 2,
            max_wait = "8s",
            jitter = 0.5,
            timeout = "30s",
            retry_if = is_busy,
            fallback = none::at_all,
        ));
        assert!(errors.is_empty(), "{:?}", errors.messages());
        assert_eq!(options.attempts.unwrap().value, 3);
        assert_eq!(options.backoff.unwrap().value, 2.0);
        assert_eq!(options.writes.unwrap().fields.len(), 2);
    }

    #[test]
    fn every_wrong_option_is_reported_and_the_others_are_read() {
        let (options, errors) =
            parse(quote!(Order, attemps = 3, wait = 2, writes = receipt, timeout = "soon"));
        let messages = errors.messages();
        assert_eq!(messages.len(), 3, "{messages:?}");
        assert!(messages[0].contains("did you mean `attempts`?"));
        assert!(messages[1].starts_with("PF010: `wait` is a duration"));
        assert!(messages[2].starts_with("PF010"));
        assert!(options.writes.is_some());
    }

    #[test]
    fn the_store_comes_first() {
        for tokens in [quote!(), quote!(writes = receipt), quote!(attempts = 3, Order)] {
            let (_, errors) = parse(tokens);
            assert!(errors.messages()[0].starts_with("say first which store"));
        }
    }
}
