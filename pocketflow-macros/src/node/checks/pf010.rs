//! PF010: impossible policies.

use proc_macro2::Span;
use syn::spanned::Spanned;

use crate::duration::UNITS;
use crate::node::model::{Form, Model};
use crate::node::parse::options::{Fault, Given, Options, Senseless, Value, Width, other_forms};
use crate::refusal::{Code, Errors, Refusal};
use crate::types::may_be_result;

fn refuse(wrong: impl Into<String>, help: impl Into<String>) -> Refusal {
    Code::PF010.refuse(wrong).help(help)
}

/// An impossible value of an option.
pub(in crate::node) fn senseless(value: Senseless) -> syn::Error {
    let Senseless { name, given, fault } = value;
    let duration = |example: &str| {
        format!("write a number and a unit ({UNITS}) in quotes: `{name} = {example}`")
    };
    let refusal = match fault {
        Fault::Negative => refuse(
            "a node is tried at least once",
            format!("`{name}` counts all tries: write at least 1"),
        ),
        Fault::Infinite { example } => refuse(
            format!("`{name}` is too large for a number"),
            format!("write a finite number, as in {example}"),
        ),
        Fault::Unquoted { is_duration } => {
            let example = if is_duration {
                format!("\"{given}\"")
            } else {
                "\"1.5s\"".into()
            };
            let refusal = refuse(format!("`{name}` is a duration"), duration(&example));
            if is_duration {
                refusal
            } else {
                refusal.help(other_forms(&name, &given))
            }
        }
        Fault::NoDuration { text } => refuse(
            format!("\"{text}\" is not a duration"),
            duration("\"1.5s\""),
        ),
    };
    refusal.at(given)
}

/// Policies about attempts.
pub(super) fn policy(model: &Model, errors: &mut Errors) {
    own_fields(model, errors);
    let attempts = model.options.attempts.as_ref();
    if let Some(Given { value: 0, span, .. }) = attempts.and_then(Given::literal) {
        let help = "`attempts` counts all tries: write at least 1";
        errors.on(span, refuse("with no attempt, the node never runs", help));
    }
    if let Some((span, refusal)) = needs_failure(model) {
        // If the type may be an alias of a `Result`, a constant reports it.
        if !may_be_result(&model.exec.output.ty) {
            errors.on(span, refusal);
        }
        return;
    }
    without_effect(&model.options, errors);
    let failures = model.options.failures.as_ref();
    if let Some(failures) = failures.filter(|_| model.each().is_some() && model.always_recovers()) {
        let wrong = "`failures` collects the items that fail, and none does: `fallback` returns a plain value";
        let help = "let `fallback` return a `Result`, or leave `failures` out";
        errors.at(failures, refuse(wrong, help));
    }
    out_of_range(&model.options, errors);
    timeout(model, errors);
    if let (Some(path), Form::Methods) = (&model.options.fallback, &model.form) {
        let message = "in an `impl`, the fallback is a method: `async fn fallback(&self, …, error: pocketflow::Error) -> …`";
        errors.at(path, message);
    }
}

/// Policies that a function takes from its fields. `batch` checks `parallel`.
fn own_fields(model: &Model, errors: &mut Errors) {
    if !matches!(model.form, Form::Function(..)) {
        return;
    }
    for (name, span, value) in model.options.named_policies() {
        if matches!(value, Value::OfNode(_)) && name != "parallel" {
            let message = format!(
                "a function has no fields: write a value, a constant, or a field of the context, as in `{name} = context.{name}`"
            );
            errors.on(span, message);
        }
    }
}

/// An option about failures in a node that returns a plain value. Returns the error.
pub(in crate::node) fn needs_failure(model: &Model) -> Option<(Span, Refusal)> {
    let Options {
        attempts,
        timeout,
        retry_if,
        retry_after,
        fallback,
        failures,
        incomplete,
        ..
    } = &model.options;
    if model.exec.output.fallible || timeout.is_some() || *incomplete {
        return None;
    }
    let about_failure = [
        attempts
            .as_ref()
            .filter(|attempts| attempts.value.literal().is_none_or(|value| value > 1))
            .map(|given| (given.name, "attempts")),
        retry_if.as_ref().map(|path| (path.span(), "retry_if")),
        retry_after
            .as_ref()
            .map(|path| (path.span(), "retry_after")),
        fallback.as_ref().map(|path| (path.span(), "fallback")),
        failures
            .as_ref()
            .filter(|_| model.each().is_some())
            .map(|field| (field.span(), "failures")),
        model
            .fallback
            .as_ref()
            .map(|fallback| (fallback.name.span(), "fallback")),
    ];
    let (span, name) = about_failure.into_iter().flatten().next()?;
    let wrong = format!("`{name}` is for a node that can fail, and this one returns a plain value");
    Some((span, refuse(wrong, "return a `Result`, or leave it out")))
}

/// Options about waits in a node that does not wait. Several of them are one mistake, which is
/// reported at the first.
fn without_effect(options: &Options, errors: &mut Errors) {
    let Options {
        attempts,
        wait,
        backoff,
        max_wait,
        jitter,
        retry_if,
        retry_after,
        ..
    } = options;
    let of_growth = [
        backoff.as_ref().map(|given| (given.name, "backoff")),
        max_wait.as_ref().map(|given| (given.name, "max_wait")),
        jitter.as_ref().map(|given| (given.name, "jitter")),
    ];
    let growth = of_growth.into_iter().flatten().next();
    let attempts = attempts
        .as_ref()
        .map_or(Some(1), |attempts| attempts.value.literal());
    if attempts == Some(1) && !options.incomplete {
        let wait = wait.as_ref().map(|given| (given.name, "wait"));
        let retry_if = retry_if.as_ref().map(|path| (path.span(), "retry_if"));
        let retry_after = retry_after
            .as_ref()
            .map(|path| (path.span(), "retry_after"));
        if let Some((span, name)) = wait.or(growth).or(retry_if).or(retry_after) {
            let wrong = format!("`{name}` has no effect, since this node has one attempt");
            errors.on(span, refuse(wrong, "allow more attempts: `attempts = 3`"));
        }
    } else if let Some((span, name)) = growth {
        let (wrong, help) = match wait {
            Some(wait) if wait.value.literal().is_none_or(|wait| !wait.is_zero()) => return,
            Some(_) => (
                "the wait of this node is zero",
                format!("write a wait above zero: `wait = \"1s\"`; or leave `{name}` out"),
            ),
            // The wait may be what is wrong.
            None if options.incomplete => return,
            // It bounds what an error says.
            None if retry_after.is_some() && name == "max_wait" => return,
            None => (
                "this node has none",
                "write how long it is: `wait = \"1s\"`".into(),
            ),
        };
        let wrong = format!("`{name}` changes a wait, and {wrong}");
        errors.on(span, refuse(wrong, help));
    }
}

/// Factors and waits that are out of range.
fn out_of_range(options: &Options, errors: &mut Errors) {
    let Options {
        wait,
        backoff,
        max_wait,
        jitter,
        ..
    } = options;
    let (backoff, jitter) = (
        backoff.as_ref().and_then(Given::literal),
        jitter.as_ref().and_then(Given::literal),
    );
    let (wait, max_wait) = (
        wait.as_ref().and_then(Given::literal),
        max_wait.as_ref().and_then(Given::literal),
    );
    if let Some(backoff) = backoff.filter(|backoff| !(1.0..=1_000.0).contains(&backoff.value)) {
        let wrong = format!("a wait cannot grow by the factor {}", backoff.value);
        let help = "`backoff` is the factor from one wait to the next, from 1.0 (no growth) to 1000.0: `backoff = 2.0`";
        errors.on(backoff.span, refuse(wrong, help));
    }
    if let Some(jitter) = jitter.filter(|jitter| !(0.0..=1.0).contains(&jitter.value)) {
        let wrong = format!("a wait cannot change by {} times its length", jitter.value);
        let help = "`jitter` is a fraction of the wait, from 0.0 to 1.0: `jitter = 0.5`";
        errors.on(jitter.span, refuse(wrong, help));
    }
    let shorter = max_wait.filter(|longest| wait.is_some_and(|wait| longest.value < wait.value));
    if let Some(max_wait) = shorter {
        let wrong = "the longest wait is shorter than the first";
        let help = "`max_wait` bounds a wait that grows: it is at least `wait`";
        errors.on(max_wait.span, refuse(wrong, help));
    }
}

/// A timeout that no attempt can meet, or that cannot be enforced.
fn timeout(model: &Model, errors: &mut Errors) {
    let Some(timeout) = &model.options.timeout else {
        return;
    };
    if timeout
        .value
        .literal()
        .is_some_and(|timeout| timeout.is_zero())
    {
        let wrong = "with a timeout of zero, no attempt can finish";
        let help = "write a longer one: `timeout = \"30s\"`";
        errors.on(timeout.span, refuse(wrong, help));
    } else if !model.exec.is_async {
        let wrong = "nothing can interrupt a plain `fn`";
        let help = "write `async fn`, or leave `timeout` out";
        errors.on(timeout.name, refuse(wrong, help));
    }
}

/// A number of items in flight that is impossible.
pub(super) fn parallel(model: &Model, errors: &mut Errors) {
    let Some(Given { value, name, span }) = &model.options.parallel else {
        return;
    };
    let is_field = matches!(value, Width::Items(Value::OfNode(_)));
    if model.each().is_none() {
        // If there is another error, the node may be a batch in which something is wrong.
        if errors.is_empty() {
            let wrong = "`parallel` is for a batch, and this node is not a batch";
            let help = "mark the parameter that receives one item of a collection: `#[each(field)] item: &Item`";
            errors.on(*name, refuse(wrong, help));
        }
    } else if is_field && matches!(model.form, Form::Function(..)) {
        // A function has no fields, so this is wrong in any case.
    } else if matches!(value, Width::Items(Value::Literal(0))) {
        let wrong = "with no item in flight, the batch never makes progress";
        let help = "`parallel` is how many items are in flight at a time: write at least 1";
        errors.on(*span, refuse(wrong, help));
    } else if !model.exec.is_async {
        let wrong =
            "a plain `fn` cannot run in parallel: a call runs to its end before the next begins";
        errors.on(
            *name,
            refuse(wrong, "write `async fn`, or leave `parallel` out"),
        );
    }
}
