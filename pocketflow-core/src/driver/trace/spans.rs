//! The spans and events, each made in one function.
//!
//! Numbers are `i64`, because `tracing-opentelemetry` exports a `u64` as text.

use std::fmt::{self, Write as _};

use tracing::{Level, Span, event, field, span};

use super::names;
use crate::driver::{InnerRun, StepInfo, Taken};
use crate::graph::Graph;
use crate::node::{Attempt, Failure};
use crate::run_error::{Error, ItemName, Stage, TimedOut};

/// A run: the outermost one, or an inner run, for which `info` is its place.
pub(super) fn run(flow: &'static Graph, id: Option<&str>, info: Option<&StepInfo<'_>>) -> Span {
    let inner = info.and_then(StepInfo::inner_run);
    let item = inner.as_ref().and_then(InnerRun::item);
    span!(
        target: names::TARGET,
        Level::INFO,
        names::RUN,
        { names::OTEL_NAME } = %format_args!("{} {}", names::INVOKE_WORKFLOW, flow.label()),
        { names::OPERATION } = names::INVOKE_WORKFLOW,
        { names::AGENT } = flow.label(),
        { names::CONVERSATION } = info.map_or(id, |info| info.run),
        { names::RUN_ID } = id,
        { names::FIELD } = inner.map(|inner| inner.field()),
        { names::ITEM_INDEX } = item.and_then(ItemName::index).map(number),
        { names::ITEM_KEY } = item.and_then(ItemName::key),
        { names::EXIT } = field::Empty,
        { names::SUSPENDED } = field::Empty,
        { names::ERROR_TYPE } = field::Empty,
        { names::OTEL_STATUS } = field::Empty,
        { names::OTEL_DESCRIPTION } = field::Empty,
    )
}

/// A nested flow.
pub(super) fn flow(flow: &'static Graph, info: &StepInfo<'_>) -> Span {
    span!(
        target: names::TARGET,
        Level::INFO,
        names::FLOW,
        { names::OTEL_NAME } = %format_args!("{} {}", names::FLOW, flow.label()),
        { names::PATH } = %info,
        { names::ACTION } = field::Empty,
        { names::SUSPENDED } = field::Empty,
        { names::ERROR_TYPE } = field::Empty,
        { names::OTEL_STATUS } = field::Empty,
        { names::OTEL_DESCRIPTION } = field::Empty,
    )
}

/// A step.
pub(super) fn step(info: &StepInfo<'_>) -> Span {
    span!(
        target: names::TARGET,
        Level::INFO,
        names::STEP,
        { names::OTEL_NAME } = %format_args!("{} {}", names::STEP, info.name()),
        { names::PATH } = %info,
        { names::STEP_NUMBER } = number(info.step()),
        { names::WAITS_FOR } = info.waits_for(),
        { names::ACTION } = field::Empty,
        { names::SUSPENDED } = field::Empty,
        { names::ERROR_TYPE } = field::Empty,
        { names::OTEL_STATUS } = field::Empty,
        { names::OTEL_DESCRIPTION } = field::Empty,
    )
}

/// A node of a fork that is not a batch.
pub(super) fn branch(info: &StepInfo<'_>) -> Span {
    span!(
        target: names::TARGET,
        Level::INFO,
        names::BRANCH,
        { names::OTEL_NAME } = %format_args!("{} {}", names::BRANCH, info.name()),
        { names::PATH } = %info,
        { names::BRANCH_NUMBER } = info.branch_number().map(number),
        { names::ERROR_TYPE } = field::Empty,
        { names::OTEL_STATUS } = field::Empty,
        { names::OTEL_DESCRIPTION } = field::Empty,
    )
}

/// An item of a batch.
pub(super) fn item(info: &StepInfo<'_>, index: usize) -> Span {
    span!(
        target: names::TARGET,
        Level::DEBUG,
        names::ITEM,
        { names::OTEL_NAME } = %format_args!("{} {}", names::ITEM, info.name()),
        { names::PATH } = %info,
        { names::BRANCH_NUMBER } = info.branch_number().map(number),
        { names::ITEM_INDEX } = number(index),
        { names::ITEMS } = info.items().map(number),
        { names::ERROR_TYPE } = field::Empty,
        { names::OTEL_STATUS } = field::Empty,
        { names::OTEL_DESCRIPTION } = field::Empty,
    )
}

/// An attempt of a node that may have several.
pub(super) fn attempt(info: &StepInfo<'_>, attempt: &Attempt<'_>) -> Span {
    span!(
        target: names::TARGET,
        Level::DEBUG,
        names::ATTEMPT,
        { names::OTEL_NAME } = %format_args!("{} {}", names::ATTEMPT, info.name()),
        { names::ATTEMPT_NUMBER } = number(attempt.number()),
        { names::ATTEMPTS } = number(attempt.of()),
        { names::ERROR_TYPE } = field::Empty,
        { names::OTEL_STATUS } = field::Empty,
        { names::OTEL_DESCRIPTION } = field::Empty,
    )
}

/// Ends the span of a run, a flow or a step. The field `way` is for the action, or for the exit.
pub(super) fn ended(span: &Span, way: &str, result: &Result<Taken, Error>) {
    match result {
        Ok(taken) => {
            span.record(way, taken.action());
            if taken.failed() {
                failed(span, names::OTHER_ERROR, None::<&Error>);
            }
        }
        Err(error) => ended_with(span, error),
    }
}

/// Ends a span with an error.
pub(super) fn ended_with(span: &Span, error: &Error) {
    if error.suspends() {
        span.record(names::SUSPENDED, true);
    } else {
        failed(span, kind(error), Some(error));
    }
}

/// A run has failed, unless it goes on later. The failure of an inner run is one of the run around it
/// too, unless that run recovers from it.
pub(super) fn run_failed(span: &Span, is_inner: bool, error: &Error) {
    if error.suspends() {
        return;
    }
    let error = OneLine(error);
    if is_inner {
        event!(target: names::TARGET, parent: span, Level::WARN, error = %error, "inner run failed");
    } else {
        event!(target: names::TARGET, parent: span, Level::ERROR, error = %error, "run failed");
    }
}

/// An attempt has failed. The event says where, because the spans around it may be left out.
pub(super) fn attempt_failed(
    span: &Span,
    info: &StepInfo<'_>,
    attempt: &Attempt<'_>,
    failure: &Failure,
) {
    span.in_scope(|| {
        event!(
            target: names::TARGET,
            Level::WARN,
            {
                { names::PATH } = %info,
                { names::BRANCH_NUMBER } = info.branch_number().map(number),
                { names::ITEM_INDEX } = attempt.item().map(number),
                { names::ATTEMPT_NUMBER } = number(attempt.number()),
                { names::ATTEMPTS } = number(attempt.of()),
                error = %OneLine(failure),
            },
            "attempt failed"
        );
    });
    let kind = if failure.cause().is::<TimedOut>() {
        TIMEOUT
    } else {
        EXEC
    };
    // After the event, so that a line of a log does not have the error twice.
    failed(span, kind, Some(failure));
}

fn failed(span: &Span, kind: &str, error: Option<&impl fmt::Display>) {
    span.record(names::ERROR_TYPE, kind);
    span.record(names::OTEL_STATUS, "ERROR");
    if let Some(error) = error {
        span.record(names::OTEL_DESCRIPTION, field::display(OneLine(error)));
    }
}

/// An error with its causes, in which line breaks and other control characters are escapes: a log has a
/// line for each event, whatever the text of an error contains.
struct OneLine<'a, E>(&'a E);

impl<E: fmt::Display> fmt::Display for OneLine<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Escaped<'a, 'b>(&'a mut fmt::Formatter<'b>);

        impl fmt::Write for Escaped<'_, '_> {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                for part in text.split_inclusive(char::is_control) {
                    let control = part.chars().next_back().filter(|last| last.is_control());
                    let plain = part.len() - control.map_or(0, char::len_utf8);
                    self.0.write_str(&part[..plain])?;
                    if let Some(control) = control {
                        write!(self.0, "{}", control.escape_default())?;
                    }
                }
                Ok(())
            }
        }

        write!(Escaped(f), "{:#}", self.0)
    }
}

const TIMEOUT: &str = "timeout";
const EXEC: &str = "exec";

/// The kind of an error: one of a few words.
fn kind(error: &Error) -> &'static str {
    match error.stage() {
        Stage::Exec { .. } if error.cause().is::<TimedOut>() => TIMEOUT,
        Stage::Exec { .. } => EXEC,
        Stage::Start => "start",
        Stage::Prep => "prep",
        Stage::Fallback => "fallback",
        Stage::Post => "post",
        Stage::Driver => "driver",
    }
}

fn number(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}
