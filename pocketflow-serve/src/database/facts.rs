//! What the database knows about a run at the moment.

use std::time::{SystemTime, UNIX_EPOCH};

use pocketflow_checkpoint::{Checkpoint, InnerRecord, RunRecord, Status};
use serde::Serialize;
use serde_json::Value;

use super::definition::Definition;
use super::redaction::Redaction;

/// So many steps of the history can be chosen in a form.
const STEPS: usize = 500;

/// What the page shows beside the record, and what its forms need.
#[derive(Debug, Serialize)]
pub(crate) struct Facts {
    run: String,
    flow: String,
    status: &'static str,
    step: u64,
    path: String,
    /// The process that has the lease, and whether the lease is in force.
    owner: Option<String>,
    driven: bool,
    lease_until: Option<u64>,
    exit: Option<String>,
    message: Option<String>,
    waits_for: Option<String>,
    wait: Option<String>,
    filled: bool,
    until: Option<u64>,
    /// The attempt for which it waits, and why the last one failed.
    next_attempt: Option<String>,
    created: u64,
    updated: u64,
    outer: Option<String>,
    inner_waits: u64,
    inner: Vec<Inner>,
    /// The JSON Schema of what it waits for.
    schema: Option<Value>,
    fields: Vec<Field>,
    history: Vec<Past>,
}

#[derive(Debug, Serialize)]
struct Inner {
    run: String,
    status: &'static str,
}

#[derive(Debug, Serialize)]
struct Field {
    name: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    redacted: bool,
}

#[derive(Debug, Serialize)]
struct Past {
    step: u64,
    path: String,
    action: String,
    time: u64,
}

impl Facts {
    pub(crate) fn flow(&self) -> &str {
        &self.flow
    }

    pub(crate) fn of(
        run: &RunRecord,
        history: &[Checkpoint],
        inner: &[InnerRecord],
        redaction: &Redaction,
    ) -> Self {
        let definition = Definition::read(&run.graph);
        let waits_for = run.waits_for.as_deref();
        let schema = waits_for
            .and_then(|field| definition.schemas.get(field))
            .cloned();
        let state = redaction.state(&run.state);
        let fields = state.iter().map(|(name, _)| Field {
            name: name.to_owned(),
            redacted: redaction.hides(name),
        });
        let history = history[history.len().saturating_sub(STEPS)..].iter();
        let status = status(run.status, run.orphaned, run.enqueued);
        Self {
            run: run.run.clone(),
            flow: run.flow.clone(),
            status,
            step: run.step,
            path: run.path.clone(),
            next_attempt: run.next_attempt.as_ref().map(|next| format!("{next:#}")),
            driven: run.owner.is_some() && !run.orphaned,
            owner: run.owner.clone(),
            lease_until: run.lease_until.map(millis),
            exit: run.exit.clone(),
            message: run.message.clone(),
            waits_for: run.waits_for.clone(),
            wait: run.wait.clone(),
            filled: run.filled,
            until: run.until.map(millis),
            created: millis(run.created),
            updated: millis(run.updated),
            outer: run.outer.clone(),
            inner_waits: run.inner_waits,
            inner: inner
                .iter()
                .map(|inner| Inner {
                    run: inner.run.clone(),
                    status: inner.status.as_str(),
                })
                .collect(),
            schema,
            fields: fields.collect(),
            history: history
                .map(|step| Past {
                    step: step.step,
                    path: step.path.clone(),
                    action: step.action.clone(),
                    time: millis(step.time),
                })
                .collect(),
        }
    }
}

/// The status as the page shows it.
pub(crate) fn status(status: Status, orphaned: bool, enqueued: bool) -> &'static str {
    match status {
        Status::Running if enqueued => "enqueued",
        Status::Running if orphaned => "orphaned",
        status => status.as_str(),
    }
}

pub(crate) fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
