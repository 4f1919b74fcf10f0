//! A run that is being recorded.

use std::collections::HashSet;
use std::error::Error as StdError;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use pocketflow::{Error, Failed, Graph, StoredError};

use super::fields::{Changed, Pen, RecordedStore, Snapshot, Which};
use super::graphs::Facts;
use super::redaction::Secrets;
use super::sink::Sink;
use super::{Options, Recorded, Shared};
use crate::event::{self, Event, Values};

tokio::task_local! {
    /// The run that this task is in.
    static RUN: Arc<Link>;
}

/// A run, and the run around it, which may be in another record.
struct Link {
    run: Arc<RunScope>,
    around: Option<Arc<Link>>,
}

/// A run that is being recorded.
pub(super) struct RunScope {
    pub(super) shared: Arc<Shared>,
    pub(super) options: Arc<Options>,
    /// The run around it in the same record.
    pub(super) outer: Option<Arc<RunScope>>,
    pub(super) facts: Arc<Facts>,
    /// They are shared with the runs inside, and with the run around.
    pub(super) secrets: Arc<Secrets>,
    /// The record, and the number of the run in it, once the first step has begun. `None` if the record
    /// cannot be opened.
    pub(super) place: OnceLock<Option<(Arc<Sink>, u64)>>,
    pub(super) state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) snapshot: Snapshot,
    /// What is written when the first step begins.
    pub(super) pending: Option<Pending>,
    /// The execs of the current step that are written when its `post` has shown what is confidential.
    pub(super) deferred: Vec<Deferred>,
    /// The branches and items of the current step whose exec has run.
    pub(super) ran: HashSet<(Option<usize>, Option<usize>)>,
}

/// An exec that is written at the end of its step.
pub(super) struct Deferred {
    pub(super) exec: event::Exec,
    /// Whether its node may write a field that is confidential as a whole.
    pub(super) whole: bool,
}

pub(super) struct Pending {
    pub(super) graph: &'static Graph,
    pub(super) run: event::Run,
    /// The nested flows that were entered or left before the first step, with their graphs.
    pub(super) nested: Vec<(Event, &'static Graph)>,
}

impl RunScope {
    /// The run of this record that this task is in.
    pub(super) fn current(shared: &Arc<Shared>) -> Option<Arc<Self>> {
        RUN.try_with(|link| {
            let mut next = Some(link);
            while let Some(link) = next {
                if Arc::ptr_eq(&link.run.shared, shared) {
                    return Some(link.run.clone());
                }
                next = link.around.as_ref();
            }
            None
        })
        .ok()
        .flatten()
    }

    /// Does the work of the run.
    pub(super) fn scope<F: Future>(self: Arc<Self>, work: F) -> impl Future<Output = F::Output> {
        let around = RUN.try_with(Arc::clone).ok();
        RUN.scope(Arc::new(Link { run: self, around }), work)
    }

    /// The state is consistent whenever the lock is free, so a poisoned lock can be used.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn pen(&self) -> Pen<'_> {
        Pen {
            options: &self.options,
            secrets: &self.secrets,
        }
    }

    /// An id or a key without what is confidential.
    pub(super) fn known_name(&self, name: &str) -> String {
        self.secrets.out_of_text(name).into_owned()
    }

    pub(super) fn now(&self) -> u64 {
        self.shared.clock.now()
    }

    /// The number of the run in its record. Its first step has begun.
    pub(super) fn number(&self) -> u64 {
        match self.place.get() {
            Some(Some((_, number))) => *number,
            _ => 0,
        }
    }

    pub(super) fn sink(&self) -> Option<&Arc<Sink>> {
        self.place.get()?.as_ref().map(|(sink, _)| sink)
    }

    pub(super) fn write(&self, event: impl Into<Event>) {
        if let Some(sink) = self.sink() {
            sink.write([event.into()]);
        }
    }

    pub(super) fn change<S: RecordedStore>(
        &self,
        store: &mut S,
        which: Which<'_>,
    ) -> (Changed, Values) {
        let pen = self.pen();
        let mut state = self.state();
        state
            .snapshot
            .change(store, which, &self.facts.fields, &pen)
    }

    /// The text of an error, then that of its cause, and so on.
    pub(super) fn chain(&self, error: &(dyn StdError + 'static)) -> Vec<String> {
        let pen = self.pen();
        let texts = StoredError::texts(error).into_iter();
        texts.map(|text| pen.text(Recorded::Error, &text)).collect()
    }

    /// The place that an error names.
    pub(super) fn place_of(&self, error: &Error) -> String {
        let failed = Failed::from(error);
        let mut place = failed.path.join(" > ");
        let in_items = failed.path.iter().any(|name| name.ends_with(']'));
        if let Some(item) = failed.item.filter(|_| !in_items) {
            place += &format!("[{item}]");
        }
        self.pen().text(Recorded::Error, &place)
    }
}
