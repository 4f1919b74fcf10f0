//! What stands in the parentheses of `#[node(…)]`.

mod store;
mod values;

use std::time::Duration;

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::{Ident, Path, Token, token};

use self::values::{count, field, fields, number, path, rest, time, width};
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
    /// Whether one of them is wrong. It may have been meant for one that is missed.
    pub(crate) incomplete: bool,
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
    "writes", "appends", "reads", "attempts", "wait", "backoff", "max_wait", "jitter", "timeout",
    "parallel", "retry_if", "fallback",
];

/// Reads the options; a wrong one is reported, and the others are read.
pub(crate) fn parse(tokens: TokenStream) -> (Options, Errors) {
    let (mut options, mut errors) = (Options::default(), Errors::default());
    let result = Parser::parse2(
        |input: ParseStream<'_>| all(input, &mut options, &mut errors),
        tokens,
    );
    if let Err(error) = result {
        errors.push(error);
    }
    options.incomplete = !errors.is_empty();
    (options, errors)
}

fn all(input: ParseStream<'_>, options: &mut Options, errors: &mut Errors) -> syn::Result<()> {
    // Where an option stands first, the store may come after it.
    let first = store::starts_with_option(input).then(|| input.fork());
    if first.is_none() {
        options.store = store::store(input, errors);
        comma(input, errors);
    }
    while !input.is_empty() {
        if first.is_some() && options.store.is_none() && store::is_alone(input) {
            options.store = Some(Path::parse_mod_style(input)?);
        } else if let Err(error) = one(input, options, errors) {
            errors.push(error);
            rest(input);
        }
        comma(input, errors);
    }
    if let Some(first) = first {
        errors.push(store::missing(&first, options.store.as_ref()));
    }
    Ok(())
}

fn comma(input: ParseStream<'_>, errors: &mut Errors) {
    if input.is_empty() || input.parse::<Token![,]>().is_ok() {
        return;
    }
    let wrong = input.fork().parse::<TokenTree>();
    let message = "expected `,` between two options";
    match &wrong {
        Ok(TokenTree::Punct(other)) if other.as_char() == ';' => {
            errors.at(other, "options are separated by `,`, not by `;`");
            let _ = input.parse::<Token![;]>();
        }
        Ok(other) => errors.at(other, message),
        Err(_) => errors.push(input.error(message)),
    }
    if !input.peek(Ident) {
        rest(input);
        let _ = input.parse::<Token![,]>();
    }
}

fn one(input: ParseStream<'_>, options: &mut Options, errors: &mut Errors) -> syn::Result<()> {
    if input.peek(Token![#]) {
        let span = input.span();
        let _ = input.call(syn::Attribute::parse_outer);
        let message = "an option takes no attributes\nhelp: put the condition on all of them: `#[cfg_attr(…, node(…))]` and `#[cfg_attr(not(…), node(…))]`";
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
    let Ok(name) = input.parse::<Ident>() else {
        let option = rest(input);
        return Err(syn::Error::new_spanned(
            option,
            "an option has a name, as in `attempts = 3`",
        ));
    };
    match name.to_string().as_str() {
        "writes" => {
            let writes = if input.peek(token::Paren) {
                let fields = fields(input, &name)?;
                // One field in parentheses holds the value itself: a tuple of one is rarely meant.
                let tuple = fields.len() != 1;
                Writes {
                    span: name.span(),
                    fields,
                    tuple,
                }
            } else {
                Writes {
                    span: name.span(),
                    fields: vec![field(input, &name)?],
                    tuple: false,
                }
            };
            set(&mut options.writes, writes, &name, errors);
        }
        "reads" => {
            let fields = fields(input, &name)?;
            set(&mut options.reads, (name.span(), fields), &name, errors);
        }
        "appends" => set(&mut options.appends, field(input, &name)?, &name, errors),
        "attempts" => set(&mut options.attempts, count(input, &name)?, &name, errors),
        "wait" => set(&mut options.wait, time(input, &name)?, &name, errors),
        "max_wait" => set(&mut options.max_wait, time(input, &name)?, &name, errors),
        "timeout" => set(&mut options.timeout, time(input, &name)?, &name, errors),
        "backoff" => set(&mut options.backoff, number(input, &name)?, &name, errors),
        "jitter" => set(&mut options.jitter, number(input, &name)?, &name, errors),
        "parallel" => set(&mut options.parallel, width(input, &name)?, &name, errors),
        "retry_if" => set(&mut options.retry_if, path(input, &name)?, &name, errors),
        "fallback" => set(&mut options.fallback, path(input, &name)?, &name, errors),
        other => return Err(unknown(&name, other, options.store.as_ref())),
    }
    Ok(())
}

fn unknown(name: &Ident, text: &str, store: Option<&Path>) -> syn::Error {
    // As in Python, and as in other libraries.
    let elsewhere = match text {
        "max_retries" | "retries" | "retry" | "tries" => Some("attempts"),
        "concurrency" | "concurrent" => Some("parallel"),
        _ => None,
    };
    let help = match elsewhere.or_else(|| nearest(text, &NAMES)) {
        _ if store.is_some_and(|store| store.is_ident(text)) => {
            "the store is named once, first".into()
        }
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("the options are {}", NAMES.join(", ")),
    };
    syn::Error::new(
        name.span(),
        format!("a node has no option `{text}`\nhelp: {help}"),
    )
}

fn set<T>(option: &mut Option<T>, value: T, name: &Ident, errors: &mut Errors) {
    if option.is_some() {
        errors.at(name, format!("`{name}` is given twice"));
    }
    *option = Some(value);
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

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
        let (options, errors) = parse(quote!(
            Order,
            attemps = 3,
            wait = 2,
            writes = receipt,
            timeout = "soon"
        ));
        let messages = errors.messages();
        assert_eq!(messages.len(), 3, "{messages:?}");
        assert!(messages[0].contains("did you mean `attempts`?"));
        assert!(messages[1].starts_with("PF010: `wait` is a duration"));
        assert!(messages[2].starts_with("PF010"));
        assert!(options.writes.is_some());
    }

    #[test]
    fn the_store_comes_first() {
        for tokens in [quote!(writes = receipt), quote!(attempts = 3, Order)] {
            let (_, errors) = parse(tokens);
            assert!(
                errors.messages()[0].starts_with("name the store first"),
                "{:?}",
                errors.messages()
            );
        }
        assert_eq!(
            parse(quote!()).1.messages(),
            ["say which store the node works on: `#[node(Store)]`"]
        );
    }

    #[test]
    fn a_store_that_is_written_as_something_else_is_one_error() {
        let cases = [
            quote!("Order", attempts = 3),
            quote!(&Order, attempts = 3),
            quote!(&mut Order, attempts = 3),
            quote!(&'a Order),
            quote!((Order), attempts = 3),
            quote!(store = Order, attempts = 3),
            quote!("stores::Order"),
        ];
        for tokens in cases {
            let (options, errors) = parse(tokens.clone());
            assert_eq!(
                errors.messages().len(),
                1,
                "{tokens}: {:?}",
                errors.messages()
            );
            assert!(options.store.is_some(), "{tokens}");
        }
        for tokens in [
            quote!(Order<u8>, attempts = 3),
            quote!(Self, attempts = 3),
            quote!(3, attempts = 3),
        ] {
            let (options, errors) = parse(tokens.clone());
            assert_eq!(
                errors.messages().len(),
                1,
                "{tokens}: {:?}",
                errors.messages()
            );
            assert!(
                options.store.is_none() && options.attempts.is_some(),
                "{tokens}"
            );
        }
    }

    #[test]
    fn a_value_that_will_not_do_is_one_error() {
        let cases = [
            (
                quote!(attempts),
                "`attempts` has no value: write `attempts = 3`",
            ),
            (
                quote!(attempts =),
                "`attempts` has no value: write `attempts = 3`",
            ),
            (
                quote!(attempts(3)),
                "`attempts` takes its value after `=`: write `attempts = 3`",
            ),
            (
                quote!(attempts: 3),
                "`attempts` takes its value after `=`: write `attempts = 3`",
            ),
            (
                quote!(attempts = 3foo),
                "`attempts` is a whole number: write `attempts = 3`",
            ),
            (
                quote!(attempts = 3f64),
                "`attempts` is a whole number: write `attempts = 3`",
            ),
            (
                quote!(attempts = 3.0),
                "`attempts` is a whole number: write `attempts = 3`",
            ),
            (
                quote!(attempts = 2 + 1),
                "`attempts` is a whole number: write `attempts = 3`",
            ),
            (
                quote!(attempts = "5"),
                "`attempts` is a number, without quotes: write `attempts = 5`",
            ),
            (
                quote!(attempts = 5_000_000_000),
                "`attempts` is at most 4294967295",
            ),
            (
                quote!(attempts = -3),
                "PF010: a node is tried at least once",
            ),
            (
                quote!(backoff = 1e999),
                "PF010: `backoff` is too large for a number",
            ),
            (
                quote!(jitter = -1e999),
                "PF010: `jitter` is too large for a number",
            ),
            (
                quote!(backoff = 2x),
                "`backoff` is a number: write `backoff = 2.0`",
            ),
            (quote!(wait = 200ms), "PF010: `wait` is a duration"),
            (
                quote!(wait = Duration::from_secs(2)),
                "PF010: `wait` is a duration",
            ),
            (
                quote!(parallel = self.n()),
                "`parallel` is a number, a field of the node, or `unbounded`",
            ),
            (
                quote!(parallel = self),
                "`parallel` is a number, a field of the node, or `unbounded`",
            ),
            (
                quote!(parallel = 8.0),
                "`parallel` is a number, a field of the node, or `unbounded`",
            ),
            (
                quote!(retry_if = |error| true),
                "`retry_if` names a function",
            ),
            (
                quote!(fallback = "cash"),
                "`fallback` names a function, without quotes: write `fallback = cash`",
            ),
            (quote!(fallback = cash(1)), "`fallback` names a function"),
            (
                quote!(writes = "receipt"),
                "a field is named without quotes: write `writes = receipt`",
            ),
            (
                quote!(writes = (a, b)),
                "several fields are named without `=`: write `writes(a , b)`",
            ),
            (
                quote!(writes = order.receipt),
                "a field of the store is named by its name alone: write `writes = receipt`",
            ),
            (
                quote!(appends = order::notes),
                "a field of the store is named by its name alone: write `appends = notes`",
            ),
            (
                quote!(reads = a),
                "`reads` names fields of the store in parentheses: write `reads(a, b)`",
            ),
            (quote!(3), "an option has a name"),
        ];
        for (tokens, message) in cases {
            let (options, errors) = parse(quote!(Order, #tokens, timeout = "3s"));
            let messages = errors.messages();
            assert_eq!(messages.len(), 1, "{tokens}: {messages:?}");
            assert!(messages[0].starts_with(message), "{tokens}: {messages:?}");
            assert!(options.timeout.is_some(), "{tokens}");
        }
    }

    #[test]
    fn options_stand_between_commas() {
        for tokens in [
            quote!(Order, attempts = 3; wait = "1s"),
            quote!(Order attempts = 3, wait = "1s"),
        ] {
            let (options, errors) = parse(tokens.clone());
            assert_eq!(
                errors.messages().len(),
                1,
                "{tokens}: {:?}",
                errors.messages()
            );
            assert!(
                options.attempts.is_some() && options.wait.is_some(),
                "{tokens}"
            );
        }
    }

    #[test]
    fn a_number_may_name_its_type() {
        let (options, errors) = parse(quote!(
            Order,
            attempts = 3u32,
            backoff = 2f64,
            parallel = 8usize
        ));
        assert!(errors.is_empty(), "{:?}", errors.messages());
        assert_eq!(options.attempts.unwrap().value, 3);
    }
}
