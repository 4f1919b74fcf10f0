//! A row of the list, from either source.

use pocketflow_checkpoint::{RunSummary, Status};
use serde::Serialize;

use crate::database::{millis, status};
use crate::records::{BriefRun, State, shortened, unnamed};

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Row {
    pub(super) name: String,
    id: Option<String>,
    pub(super) file: Option<String>,
    pub(super) number: Option<u64>,
    pub(super) flow: String,
    pub(super) status: &'static str,
    step: u64,
    path: String,
    /// What it waits for, and since when.
    waits: Option<String>,
    since: Option<u64>,
    until: Option<u64>,
    filled: bool,
    error: Option<String>,
    exit: Option<String>,
    dropped: Option<Dropped>,
    pub(super) began: u64,
    pub(super) changed: u64,
    /// Whether the database has it.
    durable: bool,
    outer: Option<String>,
    /// What a search looks through.
    #[serde(skip)]
    pub(super) text: String,
}

/// That a run was dropped before its end, while its process went on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct Dropped {
    at: u64,
    /// Whether a panic dropped it.
    panicked: bool,
}

impl Dropped {
    /// As the page says it.
    fn words(self) -> &'static str {
        match self.panicked {
            true => "ended by a panic",
            false => "dropped before its end",
        }
    }
}

impl Row {
    pub(super) fn durable(run: &RunSummary) -> Self {
        let waiting = run.status == Status::Waiting;
        let next = run.next_attempt.as_ref();
        let waits = waiting.then(|| match (&run.wait, run.until) {
            (Some(wait), _) => wait.clone(),
            _ if next.is_some() => next.map(|next| format!("{next:#}")).unwrap_or_default(),
            (None, Some(_)) if run.inner_waits == 0 => "sleeps".to_owned(),
            (None, _) if run.inner_waits == 1 => "1 inner run".to_owned(),
            (None, _) => format!("{} inner runs", run.inner_waits),
        });
        Self {
            name: run.run.clone(),
            id: Some(run.run.clone()),
            file: None,
            number: None,
            flow: run.flow.clone(),
            status: status(run.status, run.orphaned, run.enqueued),
            step: run.step,
            path: run.path.clone(),
            since: waits.is_some().then(|| millis(run.updated)),
            waits,
            until: run.until.map(millis),
            filled: run.filled,
            error: run.message.as_deref().map(shortened),
            exit: run.exit.clone(),
            dropped: None,
            began: millis(run.created),
            changed: millis(run.updated),
            durable: true,
            outer: run.outer.clone(),
            text: String::new(),
        }
    }

    pub(super) fn recorded(file: &str, run: &BriefRun, only: bool) -> Self {
        let (mut waits, mut since, mut error, mut exit) = (None, None, None, None);
        let mut dropped = None;
        let status = match &run.state {
            State::Unfinished => "unfinished",
            State::Dropped { at, panicked } => {
                dropped = Some(Dropped {
                    at: at / 1000,
                    panicked: *panicked,
                });
                "dropped"
            }
            State::Waiting { field, since: from } => {
                (waits, since) = (Some(field.clone()), Some(from / 1000));
                "waiting"
            }
            State::Suspended { why } => {
                error = Some(why.clone());
                "suspended"
            }
            State::Finished { exit: reached } => {
                exit = Some(reached.clone());
                "finished"
            }
            State::Failed { why } => {
                error = Some(why.clone());
                "failed"
            }
        };
        let name = run.id.clone();
        Self {
            name: name.unwrap_or_else(|| unnamed(file, run.number, only)),
            id: run.id.clone(),
            file: Some(file.to_owned()),
            number: Some(run.number),
            flow: run.flow.clone(),
            status,
            step: run.step,
            path: run.path.clone(),
            waits,
            since,
            until: None,
            filled: false,
            error,
            exit,
            dropped,
            began: run.began / 1000,
            changed: run.last / 1000,
            durable: false,
            outer: None,
            text: String::new(),
        }
    }

    pub(super) fn unreadable(file: &str, why: &str) -> Self {
        Self {
            name: file.to_owned(),
            id: None,
            file: Some(file.to_owned()),
            number: None,
            flow: String::new(),
            status: "unreadable",
            step: 0,
            path: String::new(),
            waits: None,
            since: None,
            until: None,
            filled: false,
            error: Some(why.to_owned()),
            exit: None,
            dropped: None,
            began: 0,
            changed: 0,
            durable: false,
            outer: None,
            text: String::new(),
        }
    }

    pub(super) fn searched(&self) -> String {
        let texts = [
            Some(self.name.as_str()),
            Some(&self.flow),
            Some(self.status),
            Some(&self.path),
            self.waits.as_deref(),
            self.error.as_deref(),
            self.exit.as_deref(),
            self.dropped.map(Dropped::words),
            self.file.as_deref(),
        ];
        let texts: Vec<&str> = texts.into_iter().flatten().collect();
        texts.join("\n").to_lowercase()
    }
}
