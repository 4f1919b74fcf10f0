//! Output as text and as JSON.

use std::fmt::Write;
use std::io::IsTerminal;
use std::time::SystemTime;

use pocketflow_checkpoint::{Checkpoint, NextAttempt, RunRecord, RunSummary, Status, utc as time};
use serde_json::value::RawValue;

use crate::output::{line, message, plain};

/// In a terminal, a cell that others follow has at most this many characters. A longer one is cut in the middle, because one
/// long id would otherwise widen each line.
const WIDEST: usize = 48;

/// Formats a table. A terminal gets long cells shortened, and a program gets each cell unchanged.
pub(super) fn table<const N: usize>(
    head: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> String {
    let widest = match std::io::stdout().is_terminal() {
        true => WIDEST,
        false => usize::MAX,
    };
    table_of(head, rows, widest)
}

fn table_of<const N: usize>(
    head: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
    widest: usize,
) -> String {
    let mut lines = vec![head.map(str::to_owned)];
    lines.extend(rows.map(|row| {
        let mut row = row.map(|cell| plain(&cell));
        for cell in row.iter_mut().rev().skip(1) {
            if let Some(cut) = cut(cell, widest) {
                *cell = cut;
            }
        }
        row
    }));
    let mut widths = [0; N];
    for row in &lines {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for row in lines {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

/// The beginning and the end of a text that is longer than that: `order-17…-eu-west`.
fn cut(text: &str, widest: usize) -> Option<String> {
    let length = text.chars().count();
    if length <= widest {
        return None;
    }
    let end = (widest - 1) / 2;
    let beginning = widest - 1 - end;
    let (first, last) = (
        text.chars().take(beginning),
        text.chars().skip(length - end),
    );
    Some(first.chain(['…']).chain(last).collect())
}

/// The status of a run that no process drives any more.
pub(crate) const ORPHANED: &str = "orphaned";
/// The status of a run that no process has started yet.
pub(crate) const ENQUEUED: &str = "enqueued";
/// The status of a run on Restate that sleeps.
pub(crate) const SLEEPING: &str = "sleeping";

fn status(status: Status, orphaned: bool, enqueued: bool) -> String {
    if orphaned {
        ORPHANED.to_owned()
    } else if enqueued {
        ENQUEUED.to_owned()
    } else {
        status.to_string()
    }
}

/// What the status does not say: for what the run waits, how it ended, or which process drives it.
fn details(run: &RunSummary) -> String {
    match run.status {
        Status::Waiting => {
            if let Some(next) = attempt(&run.next_attempt, run.status) {
                return next.to_string();
            }
            let until = run.until.map(time);
            let wait = match (&run.wait, &until) {
                (Some(wait), _) => wait.clone(),
                (None, _) if run.filled => "an inner run".to_owned(),
                (None, Some(until)) => return format!("sleeps until {until}"),
                (None, None) => inner_runs(run.inner_waits),
            };
            match (&run.message, until) {
                _ if run.filled => format!("{wait} (filled)"),
                (Some(refused), _) => format!("{wait} ({})", message(refused)),
                (None, Some(until)) => format!("{wait} (until {until})"),
                (None, None) => wait,
            }
        }
        Status::Finished => run.exit.clone().unwrap_or_default(),
        Status::Failed | Status::Stuck => run.message.as_deref().map(message).unwrap_or_default(),
        Status::Cancelled => String::new(),
        Status::Running => {
            let owner = match &run.owner {
                Some(owner) if run.orphaned => format!("was driven by {owner}"),
                Some(owner) => format!("driven by {owner}"),
                // Why a worker could not resume it.
                None => run.message.as_deref().map(message).unwrap_or_default(),
            };
            match attempt(&run.next_attempt, run.status) {
                Some(next) if owner.is_empty() => next.to_string(),
                Some(next) => format!("{next}, {owner}"),
                None => owner,
            }
        }
    }
}

/// The attempt for which a run waits.
fn attempt(next: &Option<NextAttempt>, status: Status) -> Option<&NextAttempt> {
    let next = next.as_ref()?;
    let waits = status == Status::Waiting || next.due > SystemTime::now();
    waits.then_some(next)
}

/// How many inner runs, in words.
fn inner_runs(count: u64) -> String {
    match count {
        1 => "1 inner run".to_owned(),
        count => format!("{count} inner runs"),
    }
}

pub(crate) fn list(runs: &[RunSummary]) -> String {
    let rows = runs.iter().map(|run| {
        let step = run.step.to_string();
        [
            run.run.clone(),
            status(run.status, run.orphaned, run.enqueued),
            step,
            run.flow.clone(),
            time(run.updated),
            details(run),
        ]
    });
    table(
        ["RUN", "STATUS", "STEP", "FLOW", "UPDATED", "DETAILS"],
        rows,
    )
}

pub(crate) fn history(steps: &[Checkpoint]) -> String {
    let rows = steps.iter().map(|step| {
        [
            step.step.to_string(),
            time(step.time),
            step.path.clone(),
            step.action.clone(),
        ]
    });
    table(["STEP", "TIME", "PATH", "ACTION"], rows)
}

pub(crate) fn record(run: &RunRecord) -> String {
    let waiting = (run.inner_waits > 0).then(|| inner_runs(run.inner_waits));
    let next = attempt(&run.next_attempt, run.status);
    let waits_for = run.wait.clone().or(waiting);
    let waits_for = waits_for.or(next.map(NextAttempt::to_string));
    let last_error = next.map(|next| message(&next.causes.join(": ")));
    let inner = (run.inner_runs > 0).then(|| run.inner_runs.to_string());
    let lines = [
        ("run", Some(run.run.clone())),
        ("flow", Some(run.flow.clone())),
        (
            "status",
            Some(status(run.status, run.orphaned, run.enqueued)),
        ),
        ("part of", run.outer.clone()),
        ("waits for", waits_for),
        ("last error", last_error),
        ("inner runs", inner),
        ("filled", run.filled.then(|| "yes".to_owned())),
        ("exit", run.exit.clone()),
        ("message", run.message.as_deref().map(message)),
        ("step", Some(run.step.to_string())),
        (
            "path",
            Some(run.path.clone()).filter(|path| !path.is_empty()),
        ),
        ("action", run.action.clone()),
        ("position", Some(run.position.clone())),
        ("owner", run.owner.clone()),
        ("lease until", run.lease_until.map(time)),
        ("created", Some(time(run.created))),
        ("updated", Some(time(run.updated))),
        ("state", Some(format!("{} bytes", run.state.len()))),
    ];
    values(lines)
}

/// Names and values, a line each.
pub(super) fn values<const N: usize>(lines: [(&str, Option<String>); N]) -> String {
    let mut text = String::new();
    for (name, value) in lines {
        if let Some(value) = value {
            let _ = writeln!(text, "{name:11}  {}", plain(&value));
        }
    }
    text
}

/// A run as JSON, in which the graph, the position and the state are JSON too, digit for digit as
/// they are stored.
pub(crate) fn record_json(run: &RunRecord) -> serde_json::Result<String> {
    fn raw(json: &str) -> serde_json::Result<Box<RawValue>> {
        // The output is one line, and a line break in valid JSON is only space.
        RawValue::from_string(json.replace(['\n', '\r'], " "))
    }
    let mut text = serde_json::to_value(run)?;
    let mut fields: std::collections::BTreeMap<&str, Box<RawValue>> = Default::default();
    if let Some(object) = text.as_object_mut() {
        for (name, value) in object.iter() {
            let json = match name.as_str() {
                "graph" => raw(&run.graph)?,
                "position" => raw(&run.position)?,
                "state" => raw(&run.state)?,
                _ => RawValue::from_string(value.to_string())?,
            };
            fields.insert(name, json);
        }
        return Ok(line(&fields));
    }
    Ok(line(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_id_does_not_widen_the_table_of_a_terminal() {
        let row = |run: &str| [run.to_owned(), "x".repeat(60), "y".repeat(60)];
        let rows = || [row("ä-17"), row(&"0123456789".repeat(10))].into_iter();
        let text = table_of(["RUN", "FLOW", "DETAILS"], rows(), 20);
        let lines: Vec<_> = text.lines().collect();
        let (x, y) = ("x".repeat(9), "y".repeat(60));
        assert_eq!(
            lines,
            [
                "RUN                   FLOW                  DETAILS",
                &format!("ä-17                  x{x}…{x}  {y}"),
                &format!("0123456789…123456789  x{x}…{x}  {y}"),
            ]
        );
        assert_eq!(cut("0123456789", 10), None);
        assert_eq!(cut("0123456789", 9).as_deref(), Some("0123…6789"));
        // What another program reads is whole.
        let whole = table_of(["RUN", "FLOW", "DETAILS"], rows(), usize::MAX);
        assert!(whole.contains(&"0123456789".repeat(10)));
    }
}
