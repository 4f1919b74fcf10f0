//! The options in the parentheses of `#[node(…)]`.

mod store;
#[cfg(test)]
mod tests;
mod values;

use std::time::Duration;

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::{Ident, Path, Token, token};

pub(in crate::node) use self::values::other_forms;
use self::values::{count, field, fields, number, path, rest, time, width};
use crate::krate::Krate;
use crate::names::nearest;
use crate::refusal::{Errors, refuse};

/// The options of a node, each with its token.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) store: Option<Path>,
    /// `crate = path`
    pub(crate) krate: Krate,
    pub(crate) writes: Option<Writes>,
    pub(crate) appends: Option<Ident>,
    /// The field that collects the failures of a batch's items.
    pub(crate) failures: Option<Ident>,
    pub(crate) reads: Option<(Span, Vec<Ident>)>,
    pub(crate) attempts: Option<Given<Value<u32>>>,
    pub(crate) wait: Option<Given<Value<Duration>>>,
    pub(crate) backoff: Option<Given<Value<f64>>>,
    pub(crate) max_wait: Option<Given<Value<Duration>>>,
    pub(crate) jitter: Option<Given<Value<f64>>>,
    pub(crate) timeout: Option<Given<Value<Duration>>>,
    pub(crate) parallel: Option<Given<Width>>,
    pub(crate) retry_if: Option<Path>,
    pub(crate) retry_after: Option<Path>,
    pub(crate) fallback: Option<Path>,
    /// Whether one of them is wrong. It may have been meant to be one that is missing.
    pub(crate) incomplete: bool,
}

/// A value and its location.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given<T> {
    pub(crate) value: T,
    pub(crate) name: Span,
    pub(crate) span: Span,
}

/// A value of the right kind that is impossible, or another value in the place of a duration.
pub(crate) struct Senseless {
    /// The option.
    pub(crate) name: Ident,
    pub(crate) given: TokenStream,
    pub(crate) fault: Fault,
}

/// What is wrong with a value.
pub(crate) enum Fault {
    /// A negative number of attempts.
    Negative,
    /// A number that is too large for an `f64`.
    Infinite { example: String },
    /// Anything except a text in quotes. It may have been meant to be a duration.
    Unquoted { is_duration: bool },
    /// A text that is not a duration.
    NoDuration { text: String },
}

/// Why an option was not read.
enum Wrong {
    Syntax(syn::Error),
    Senseless(Senseless),
}

impl From<syn::Error> for Wrong {
    fn from(error: syn::Error) -> Self {
        Self::Syntax(error)
    }
}

/// The value of a policy.
#[derive(Clone)]
pub(crate) enum Value<T> {
    Literal(T),
    /// `attempts = TRIES`: the path of a constant.
    Constant(Path),
    /// `attempts = self.tries`: a field of the node.
    OfNode(Ident),
    /// `attempts = context.tries`: a field of the context.
    OfContext(Ident),
}

impl<T> Value<T> {
    /// The value, if the tokens show it.
    pub(crate) fn literal(&self) -> Option<T>
    where
        T: Copy,
    {
        match self {
            Self::Literal(value) => Some(*value),
            _ => None,
        }
    }

    /// The value with another type of literal.
    pub(crate) fn map<U>(&self, literal: impl FnOnce(&T) -> U) -> Value<U> {
        match self {
            Self::Literal(value) => Value::Literal(literal(value)),
            Self::Constant(path) => Value::Constant(path.clone()),
            Self::OfNode(field) => Value::OfNode(field.clone()),
            Self::OfContext(field) => Value::OfContext(field.clone()),
        }
    }
}

impl<T: Copy> Given<Value<T>> {
    /// The value, if the tokens show it.
    pub(crate) fn literal(&self) -> Option<Given<T>> {
        self.value.literal().map(|value| Given {
            value,
            name: self.name,
            span: self.span,
        })
    }
}

impl Options {
    /// The policies whose value is a field of the node or of the context, or a constant. Each has
    /// its name, its span, and the value without its type.
    pub(crate) fn named_policies(&self) -> Vec<(&'static str, Span, Value<()>)> {
        fn value<T>(given: &Option<Given<Value<T>>>) -> Option<(Span, Value<()>)> {
            given
                .as_ref()
                .map(|given| (given.span, given.value.map(|_| ())))
        }
        let parallel = self.parallel.as_ref().and_then(|given| match &given.value {
            Width::Items(width) => Some((given.span, width.map(|_| ()))),
            Width::Unbounded => None,
        });
        let policies = [
            ("attempts", value(&self.attempts)),
            ("wait", value(&self.wait)),
            ("backoff", value(&self.backoff)),
            ("max_wait", value(&self.max_wait)),
            ("jitter", value(&self.jitter)),
            ("timeout", value(&self.timeout)),
            ("parallel", parallel),
        ];
        let named = policies.into_iter().filter_map(|(name, value)| {
            let (span, value) = value?;
            (!matches!(value, Value::Literal(()))).then_some((name, span, value))
        });
        named.collect()
    }
}

/// How many items of a batch are in flight at a time.
#[derive(Clone)]
pub(crate) enum Width {
    Items(Value<usize>),
    Unbounded,
}

/// `writes = field`, or `writes(a, b)`.
pub(crate) struct Writes {
    pub(crate) span: Span,
    pub(crate) fields: Vec<Ident>,
    /// In parentheses: a tuple, even if it has one element.
    pub(crate) tuple: bool,
}

const NAMES: [&str; 14] = [
    "writes",
    "appends",
    "reads",
    "attempts",
    "wait",
    "backoff",
    "max_wait",
    "jitter",
    "timeout",
    "parallel",
    "failures",
    "retry_if",
    "retry_after",
    "fallback",
];

/// Reads the options. If one is wrong, it is reported, and the others are still read. `refuse`
/// reports impossible values.
pub(crate) fn parse(tokens: TokenStream, refuse: fn(Senseless) -> syn::Error) -> (Options, Errors) {
    let (mut options, mut errors) = (Options::default(), Errors::default());
    let result = Parser::parse2(
        |input: ParseStream<'_>| all(input, &mut options, refuse, &mut errors),
        tokens,
    );
    if let Err(error) = result {
        errors.push(error);
    }
    options.incomplete = !errors.is_empty();
    (options, errors)
}

fn all(
    input: ParseStream<'_>,
    options: &mut Options,
    refuse: fn(Senseless) -> syn::Error,
    errors: &mut Errors,
) -> syn::Result<()> {
    // If an option comes first, the store may follow it.
    let first = store::starts_with_option(input).then(|| input.fork());
    if first.is_none() {
        options.store = store::store(input, errors);
        comma(input, errors);
    }
    while !input.is_empty() {
        if first.is_some() && options.store.is_none() && store::is_alone(input) {
            options.store = Some(Path::parse_mod_style(input)?);
        } else if let Err(wrong) = one(input, options, errors) {
            match wrong {
                Wrong::Syntax(error) => errors.push(error),
                Wrong::Senseless(value) => errors.push(refuse(value)),
            }
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

fn one(input: ParseStream<'_>, options: &mut Options, errors: &mut Errors) -> Result<(), Wrong> {
    if input.peek(Token![#]) {
        let span = input.span();
        let _ = input.call(syn::Attribute::parse_outer);
        let help = "put the condition on all of them: `#[cfg_attr(…, node(…))]` and `#[cfg_attr(not(…), node(…))]`";
        return Err(refuse("an option takes no attributes")
            .help(help)
            .on(span)
            .into());
    }
    if Krate::is_next(input) {
        let name = input.span();
        let krate = Krate::parse(input)?;
        if options.krate.is_given() {
            errors.on(name, "`crate` is given twice");
        }
        options.krate = krate;
        return Ok(());
    }
    let Ok(name) = input.parse::<Ident>() else {
        let option = rest(input);
        return Err(refuse("an option has a name, as in `attempts = 3`")
            .at(option)
            .into());
    };
    match name.to_string().as_str() {
        "writes" => {
            let writes = if input.peek(token::Paren) {
                let fields = fields(input, &name)?;
                // One field in parentheses receives the value itself, because a tuple of one is
                // rarely meant.
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
        "failures" => set(&mut options.failures, field(input, &name)?, &name, errors),
        "attempts" => set(&mut options.attempts, count(input, &name)?, &name, errors),
        "wait" => set(&mut options.wait, time(input, &name)?, &name, errors),
        "max_wait" => set(&mut options.max_wait, time(input, &name)?, &name, errors),
        "timeout" => set(&mut options.timeout, time(input, &name)?, &name, errors),
        "backoff" => set(&mut options.backoff, number(input, &name)?, &name, errors),
        "jitter" => set(&mut options.jitter, number(input, &name)?, &name, errors),
        "parallel" => set(&mut options.parallel, width(input, &name)?, &name, errors),
        "retry_if" => set(&mut options.retry_if, path(input, &name)?, &name, errors),
        "retry_after" => set(&mut options.retry_after, path(input, &name)?, &name, errors),
        "fallback" => set(&mut options.fallback, path(input, &name)?, &name, errors),
        other => return Err(unknown(&name, other, options.store.as_ref()).into()),
    }
    Ok(())
}

fn unknown(name: &Ident, text: &str, store: Option<&Path>) -> syn::Error {
    // The names in PocketFlow for Python and in other libraries.
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
    refuse(format!("a node has no option `{text}`"))
        .help(help)
        .on(name.span())
}

fn set<T>(option: &mut Option<T>, value: T, name: &Ident, errors: &mut Errors) {
    if option.is_some() {
        errors.at(name, format!("`{name}` is given twice"));
    }
    *option = Some(value);
}
