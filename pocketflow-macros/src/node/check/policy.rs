//! PF010: policies that make no sense.

use proc_macro2::Span;
use syn::spanned::Spanned;

use crate::errors::Errors;
use crate::node::model::{Form, Model};
use crate::node::options::{Given, Options};
use crate::node::types::may_be_result;

/// What is said of an option about failure, if the node returns a plain value.
pub(in crate::node) fn needs_failure(model: &Model) -> Option<(Span, String)> {
    let Options {
        attempts,
        timeout,
        retry_if,
        fallback,
        incomplete,
        ..
    } = &model.options;
    if model.exec.output.fallible || timeout.is_some() || *incomplete {
        return None;
    }
    let about_failure = [
        attempts
            .filter(|attempts| attempts.value > 1)
            .map(|given| (given.name, "attempts")),
        retry_if.as_ref().map(|path| (path.span(), "retry_if")),
        fallback.as_ref().map(|path| (path.span(), "fallback")),
        model
            .fallback
            .as_ref()
            .map(|fallback| (fallback.name.span(), "fallback")),
    ];
    let (span, name) = about_failure.into_iter().flatten().next()?;
    let message = format!(
        "PF010: `{name}` is for a node that can fail, and this one returns a plain value\n\
         help: return a `Result`, or leave it out\n\
         note: see `pocketflow::errors::PF010`"
    );
    Some((span, message))
}

/// PF010: policies that make no sense.
pub(super) fn policy(model: &Model, errors: &mut Errors) {
    let Options {
        attempts,
        wait,
        backoff,
        max_wait,
        jitter,
        timeout,
        retry_if,
        fallback,
        ..
    } = &model.options;
    let mut refuse = |span: Span, wrong: String, help: &str| {
        let message =
            format!("PF010: {wrong}\nhelp: {help}\nnote: see `pocketflow::errors::PF010`");
        errors.push(syn::Error::new(span, message));
    };
    let tries = attempts.map_or(1, |attempts| attempts.value);
    if let Some(Given { value: 0, span, .. }) = attempts {
        refuse(
            *span,
            "with no attempt, the node never runs".into(),
            "`attempts` counts all tries: write at least 1",
        );
    }
    if let Some((span, message)) = needs_failure(model) {
        // Where the type may be an alias of a `Result`, a constant says it.
        if !may_be_result(&model.exec.output.ty) {
            errors.push(syn::Error::new(span, message));
        }
        return;
    }
    if tries == 1 && !model.options.incomplete {
        let pointless = [
            wait.map(|given| (given.name, "wait")),
            backoff.map(|given| (given.name, "backoff")),
            max_wait.map(|given| (given.name, "max_wait")),
            jitter.map(|given| (given.name, "jitter")),
            retry_if.as_ref().map(|path| (path.span(), "retry_if")),
        ];
        // The first alone: they are one mistake.
        if let Some((span, name)) = pointless.into_iter().flatten().next() {
            refuse(
                span,
                format!("`{name}` has no effect, since this node has one attempt"),
                "allow more attempts: `attempts = 3`",
            );
        }
    } else if wait.is_none_or(|wait| wait.value.is_zero()) {
        let pointless = [
            backoff.map(|given| (given.name, "backoff")),
            max_wait.map(|given| (given.name, "max_wait")),
            jitter.map(|given| (given.name, "jitter")),
        ];
        if let Some((span, name)) = pointless.into_iter().flatten().next() {
            let (wrong, help) = match wait {
                None => (
                    "this node has none",
                    "write how long it is: `wait = \"1s\"`".to_owned(),
                ),
                Some(_) => (
                    "the wait of this node is zero",
                    format!("write a wait above zero: `wait = \"1s\"`; or leave `{name}` out"),
                ),
            };
            refuse(span, format!("`{name}` changes a wait, and {wrong}"), &help);
        }
    }
    if let Some(backoff) = backoff.filter(|backoff| !(1.0..=1_000.0).contains(&backoff.value)) {
        refuse(
            backoff.span,
            format!("a wait cannot grow by the factor {}", backoff.value),
            "`backoff` is the factor from one wait to the next, from 1.0 (no growth) to 1000.0: `backoff = 2.0`",
        );
    }
    if let Some(jitter) = jitter.filter(|jitter| !(0.0..=1.0).contains(&jitter.value)) {
        refuse(
            jitter.span,
            format!("a wait cannot change by {} times its length", jitter.value),
            "`jitter` is a fraction of the wait, from 0.0 to 1.0: `jitter = 0.5`",
        );
    }
    match (wait, max_wait) {
        (Some(wait), Some(max_wait)) if max_wait.value < wait.value => refuse(
            max_wait.span,
            "the longest wait is shorter than the first".into(),
            "`max_wait` bounds a wait that grows: it is at least `wait`",
        ),
        _ => {}
    }
    if let Some(timeout) = timeout {
        if timeout.value.is_zero() {
            refuse(
                timeout.span,
                "with a timeout of zero, no attempt can finish".into(),
                "write a longer one: `timeout = \"30s\"`",
            );
        } else if !model.exec.is_async {
            refuse(
                timeout.name,
                "nothing can interrupt a plain `fn`".into(),
                "write `async fn`, or leave `timeout` out",
            );
        }
    }
    if let (Some(path), Form::Methods) = (fallback, &model.form) {
        let message = "in an `impl`, the fallback is a method: `async fn fallback(&self, …, error: pocketflow::Error) -> …`";
        errors.at(path, message);
    }
}
