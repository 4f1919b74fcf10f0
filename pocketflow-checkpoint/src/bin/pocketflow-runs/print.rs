//! Output as text and as JSON.

use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use pocketflow_checkpoint::{Checkpoint, RunRecord, RunSummary, Status};
use serde::Serialize;
use serde_json::value::RawValue;

/// An id is any text, so characters that move the cursor or begin a new line are escaped.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            plain.extend(c.escape_default())
        } else {
            plain.push(c)
        }
    }
    plain
}

/// A value as one line of JSON.
pub(crate) fn line(value: &impl Serialize) -> String {
    // Only maps whose keys are not strings fail, and there are none.
    serde_json::to_string(value).unwrap_or_default() + "\n"
}

/// A time in UTC, to the second.
pub(crate) fn time(time: SystemTime) -> String {
    let seconds = time
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Days to a date, by Howard Hinnant's algorithm: years begin in March, so that the leap day is
    // the last of a year.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}Z")
}

fn table<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut lines = vec![head.map(str::to_owned)];
    lines.extend(rows.map(|row| row.map(|cell| plain(&cell))));
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

/// The status of a run that no process drives.
pub(crate) const ORPHANED: &str = "orphaned";

fn status(status: Status, orphaned: bool) -> String {
    if orphaned {
        return ORPHANED.to_owned();
    }
    status.to_string()
}

/// What the status does not say: for what the run waits, how it ended, or which process drives it.
fn details(run: &RunSummary) -> String {
    match run.status {
        Status::Waiting => {
            let wait = match &run.wait {
                Some(wait) => wait.clone(),
                None if run.filled => "an inner run".to_owned(),
                None => inner_runs(run.inner_waits),
            };
            match &run.message {
                _ if run.filled => format!("{wait} (filled)"),
                Some(refused) => format!("{wait} ({refused})"),
                None => wait,
            }
        }
        Status::Finished => run.exit.clone().unwrap_or_default(),
        Status::Failed | Status::Stuck => run.message.clone().unwrap_or_default(),
        Status::Cancelled => String::new(),
        Status::Running => match &run.owner {
            Some(owner) if run.orphaned => format!("was driven by {owner}"),
            Some(owner) => format!("driven by {owner}"),
            None => String::new(),
        },
    }
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
            status(run.status, run.orphaned),
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
    let waits_for = run.wait.clone().or(waiting);
    let inner = (run.inner_runs > 0).then(|| run.inner_runs.to_string());
    let lines = [
        ("run", Some(run.run.clone())),
        ("flow", Some(run.flow.clone())),
        ("status", Some(status(run.status, run.orphaned))),
        ("part of", run.outer.clone()),
        ("waits for", waits_for),
        ("inner runs", inner),
        ("filled", run.filled.then(|| "yes".to_owned())),
        ("exit", run.exit.clone()),
        ("message", run.message.clone()),
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
