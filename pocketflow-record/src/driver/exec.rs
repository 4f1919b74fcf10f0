//! Attempts and execs of a run.

use std::collections::BTreeSet;

use pocketflow::{Attempt, ConfidentialPart, Error, Failed, Failure, StepInfo, TimedOut};

use super::redaction::without_members;
use super::run::{Deferred, RunScope};
use super::{Recorded, graphs};
use crate::event::{self, Event, Json};

/// Which exec of a step.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) step: u64,
    pub(super) branch: Option<usize>,
    pub(super) item: Option<usize>,
}

impl Part {
    pub(super) fn of(info: &StepInfo<'_>, item: Option<usize>) -> Self {
        Self {
            step: info.step(),
            branch: info.branch_number(),
            item,
        }
    }
}

impl RunScope {
    /// The execs that were kept back. `redacted` says whether `post` has changed a confidential field.
    pub(super) fn deferred_execs(&self, redacted: bool) -> Vec<Event> {
        let execs = std::mem::take(&mut self.state().deferred);
        let execs = execs.into_iter().map(|Deferred { exec, whole }| {
            match redacted && whole {
                true => event::Exec {
                    value: None,
                    redacted: true,
                    ..exec
                },
                // The values of its confidential fields are known now.
                false => self.redacted_again(exec),
            }
        });
        execs.map(Event::from).collect()
    }

    /// The execs that were kept back, of a step that was dropped. Nobody knows what is confidential in them.
    pub(super) fn unknown_execs(&self) -> Vec<Event> {
        let execs = std::mem::take(&mut self.state().deferred);
        let execs = execs.into_iter().map(|Deferred { exec, .. }| event::Exec {
            value: None,
            redacted: true,
            ..exec
        });
        execs.map(Event::from).collect()
    }

    fn redacted_again(&self, exec: event::Exec) -> event::Exec {
        let value = exec.value.as_ref();
        match value.and_then(|value| self.secrets.out_of_json(value)) {
            Some(value) => event::Exec {
                value: Some(value),
                redacted: true,
                ..exec
            },
            None => exec,
        }
    }

    /// An attempt has ended.
    pub(super) fn attempt(
        &self,
        (part, node): (Part, &'static str),
        began: u64,
        attempt: Attempt<'_>,
        failure: Option<&Failure>,
    ) {
        let Some(sink) = self.sink() else { return };
        let event = Event::from(event::Attempt {
            at: self.now(),
            run: self.number(),
            step: part.step,
            branch: part.branch,
            item: part.item,
            number: attempt.number(),
            of: attempt.of(),
            began,
            node: node.into(),
            error: failure.map_or_else(Vec::new, |failure| self.chain(failure.cause())),
            timed_out: failure.is_some_and(|failure| failure.cause().is::<TimedOut>()),
            gives_up: failure.is_some_and(|failure| !failure.may_retry()),
        });
        match failure {
            // Its exec follows at once.
            None => sink.add(event),
            Some(_) => sink.write([event]),
        }
    }

    /// An exec has ended.
    pub(super) fn exec(
        &self,
        info: &StepInfo<'_>,
        (part, node): (Part, &'static str),
        began: u64,
        kept: bool,
        result: Result<Option<Json>, &Error>,
    ) {
        let Some(sink) = self.sink() else { return };
        let mut exec = event::Exec {
            at: self.now(),
            run: self.number(),
            step: part.step,
            branch: part.branch,
            item: part.item,
            items: info.items(),
            began,
            node: node.into(),
            value: None,
            redacted: false,
            kept,
            error: Vec::new(),
            stage: None,
            attempts: None,
            failure: false,
        };
        let mut defer = None;
        match result {
            Ok(None) => {}
            Ok(Some(json)) => {
                let Writes { all, any, members } = self.confidential(info);
                if all {
                    exec.redacted = true;
                } else {
                    defer = (any || !members.is_empty()).then_some(any);
                    let (json, without) = match members.is_empty() {
                        true => (json, false),
                        false => without_members(json, &members),
                    };
                    let what = Recorded::Exec { node };
                    let (value, redacted) = self.pen().json(what, json);
                    (exec.value, exec.redacted) = (Some(value), redacted || without);
                }
            }
            Err(error) => {
                let failed = Failed::from(error);
                exec.error = self.chain(error);
                exec.stage = Some(failed.stage);
                exec.attempts = Some(failed.attempts);
                exec.failure = error.is_failure();
            }
        }
        let mut state = self.state();
        if part.branch.is_some() || part.item.is_some() {
            state.ran.insert((part.branch, part.item));
        }
        if let Some(whole) = defer {
            state.deferred.push(Deferred { exec, whole });
            return;
        }
        drop(state);
        sink.write([Event::from(exec)]);
    }

    /// Whether the exec of a branch or an item has run in this step. It is asked once.
    pub(super) fn has_run(&self, part: Part) -> bool {
        self.state().ran.remove(&(part.branch, part.item))
    }

    /// Which confidential fields the node of this step writes.
    fn confidential(&self, info: &StepInfo<'_>) -> Writes {
        let mut writes = Writes::default();
        if !self.facts.redacts() {
            return writes;
        }
        let place = &info.graph().places[info.place_number()];
        let node = match info.branch_number() {
            Some(branch) => place.fork[branch].node,
            None => place.node,
        };
        // The node may have a `post` of its own, which may write any field.
        let mut every = true;
        for (index, field) in self.facts.fields.iter().enumerate() {
            if !graphs::has(node.possible_writes, index) {
                every = false;
                continue;
            }
            match field {
                ConfidentialPart::Nothing => {}
                ConfidentialPart::Members(names) => writes.members.extend(names.iter()),
                ConfidentialPart::All => writes.any = true,
            }
        }
        writes.all = writes.any && !every;
        writes
    }
}

/// What a node writes of what is confidential. What its `exec` returns contains that.
#[derive(Default)]
struct Writes {
    /// It writes a field that is confidential as a whole.
    all: bool,
    /// It may write such a field.
    any: bool,
    /// The names of the confidential members of stores that it may write.
    members: BTreeSet<&'static str>,
}
