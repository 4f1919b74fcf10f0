//! A run that is being recorded.

use std::collections::HashSet;
use std::error::Error as StdError;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use pocketflow::{Error, Failed, Graph, StepInfo, Taken};

use super::fields::{Changed, Pen, RecordedStore, Snapshot, Which};
use super::graphs::Facts;
use super::redaction::Secrets;
use super::sink::Sink;
use super::way::{Way, error_field, path, resumed};
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
    outer: Option<Arc<RunScope>>,
    pub(super) facts: Arc<Facts>,
    /// They are shared with the runs inside, and with the run around.
    pub(super) secrets: Arc<Secrets>,
    /// The record, and the number of the run in it, once the first step has begun. `None` if the record
    /// cannot be opened.
    place: OnceLock<Option<(Arc<Sink>, u64)>>,
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    snapshot: Snapshot,
    /// What is written when the first step begins.
    pending: Option<Pending>,
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

struct Pending {
    graph: &'static Graph,
    run: event::Run,
    /// The nested flows that were entered or left before the first step, with their graphs.
    nested: Vec<(Event, &'static Graph)>,
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

    /// A run begins.
    pub(super) fn begin<S: RecordedStore>(
        shared: &Arc<Shared>,
        options: &Arc<Options>,
        values: bool,
        id: Option<&str>,
        (graph, info): (&'static Graph, Option<&StepInfo<'_>>),
        store: &mut S,
    ) -> Arc<Self> {
        let at = shared.clock.now();
        let inner = info.and_then(StepInfo::inner_run);
        let around = Self::current(shared);
        // An error of this run may become one of the run around it.
        let secrets = around.as_ref().map(|run| run.secrets.clone());
        let outer = around.filter(|_| inner.is_some());
        let facts = shared.facts::<S>(graph);
        let scope = Self {
            shared: shared.clone(),
            options: options.clone(),
            outer,
            facts,
            secrets: secrets.unwrap_or_default(),
            place: OnceLock::new(),
            state: Mutex::default(),
        };
        let values_at_start =
            scope
                .state()
                .snapshot
                .begin(store, &scope.facts.fields, &scope.pen());
        let parent = inner.zip(scope.outer.as_ref()).map(|(inner, outer)| {
            let step = inner.outer();
            event::Parent {
                run: outer.number(),
                step: step.step(),
                field: inner.field().into(),
                branch: step.branch_number(),
                item: inner.item().and_then(|item| {
                    let index = item.index().map(event::Item::Index);
                    index.or_else(|| Some(event::Item::Key(scope.known_name(item.key()?))))
                }),
            }
        });
        let fields = S::STORE.fields.iter();
        let run = event::Run {
            at,
            run: 0,
            id: id.map(|id| scope.known_name(id)),
            graph: 0,
            max_steps: scope.facts.max_steps,
            parent,
            resumed: None,
            shared: values_at_start,
            redacted: fields
                .filter(|field| field.redacted && !field.skipped)
                .map(|field| field.name.to_owned())
                .collect(),
            content: options.content,
            values,
        };
        scope.state().pending = Some(Pending {
            graph,
            run,
            nested: Vec::new(),
        });
        Arc::new(scope)
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
    fn known_name(&self, name: &str) -> String {
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

    /// Writes how the run began, unless that is written. `info` describes the first step.
    fn write_pending(&self, info: Option<&StepInfo<'_>>) {
        let Some(Pending {
            graph,
            mut run,
            nested,
        }) = self.state().pending.take()
        else {
            return;
        };
        if let Some(info) = info {
            run.id = info.run_id().map(|id| self.known_name(id));
            run.resumed = resumed(info);
        }
        let sink = match &self.outer {
            Some(outer) => outer.sink().cloned(),
            None => self.shared.open(run.id.as_deref(), graph.name),
        };
        let place = sink.map(|sink| {
            let number = sink.new_run();
            (sink, number)
        });
        let (sink, number) = match self.place.get_or_init(|| place) {
            Some((sink, number)) => (sink, *number),
            None => return,
        };
        run.run = number;
        run.graph = sink.graph(graph);
        // The sink writes the graphs while it numbers them, so they come before the run.
        let nested = nested.into_iter();
        let nested: Vec<_> = nested
            .map(|(event, graph)| numbered(event, number, sink.graph(graph)))
            .collect();
        sink.write([Event::from(run)].into_iter().chain(nested));
    }

    /// A run that has resumed has come to the step that it had finished before. It does not run again.
    pub(super) fn finished_before(&self, info: &StepInfo<'_>) {
        if let Some(pending) = &mut self.state().pending {
            // If no step follows, the run resumed here.
            pending.run.id = info.run_id().map(|id| self.known_name(id));
            pending.run.resumed = resumed(info).map(|resumed| event::Resumed {
                steps: info.step(),
                ..resumed
            });
        }
    }

    /// A nested flow begins.
    pub(super) fn enter(&self, info: &StepInfo<'_>, graph: &'static Graph) {
        let enter = event::Enter {
            at: self.now(),
            run: 0,
            path: path(info),
            graph: 0,
        };
        self.write_nested(Event::from(enter), graph);
    }

    /// A nested flow has ended.
    pub(super) fn leave<S: RecordedStore>(
        &self,
        info: &StepInfo<'_>,
        graph: &'static Graph,
        result: &Result<Taken, Error>,
        store: &mut S,
    ) {
        let Ok(taken) = result else { return };
        let field = error_field(taken, S::STORE);
        let (changed, appended) = match field {
            Some(_) => self.change(store, Which::Some(&[], field)),
            None => (Changed::default(), Values::default()),
        };
        let way = Way::of(info, taken);
        let leave = event::Leave {
            at: self.now(),
            run: 0,
            path: path(info),
            graph: 0,
            action: taken.action().into(),
            edge: way.edge,
            to: way.to,
            count: way.count,
            max: way.max,
            failed: taken.failed(),
            changed: changed.values,
            appended,
        };
        self.write_nested(Event::from(leave), graph);
    }

    /// Writes that a nested flow has begun or ended, after the beginning of the run.
    fn write_nested(&self, event: Event, graph: &'static Graph) {
        if let Some(pending) = &mut self.state().pending {
            pending.nested.push((event, graph));
            return;
        }
        let Some(sink) = self.sink() else { return };
        let number = sink.graph(graph);
        sink.write([numbered(event, self.number(), number)]);
    }

    /// A step begins.
    pub(super) fn begin_step(&self, info: &StepInfo<'_>) {
        self.write_pending(Some(info));
        {
            let mut state = self.state();
            state.deferred.clear();
            state.ran.clear();
        }
        let Some(sink) = self.sink() else { return };
        let sleeps = info.sleeps_for().map(|time| time.as_millis());
        self.write(event::Step {
            at: self.now(),
            run: self.number(),
            step: info.step(),
            graph: sink.graph(info.graph()),
            place: info.place_number(),
            path: path(info),
            waits: info.waits_for().map(Into::into),
            sleeps_ms: sleeps.map(|millis| u64::try_from(millis).unwrap_or(u64::MAX)),
        });
    }

    /// A step has ended.
    pub(super) fn end_step<S: RecordedStore>(
        &self,
        info: &StepInfo<'_>,
        result: &Result<Taken, Error>,
        store: &mut S,
    ) {
        let node = info.graph().places[info.place_number()].node;
        let which = match result {
            // While a step waits, a person may edit the store.
            Ok(_) if info.waits_for().is_some() || info.sleeps_for().is_some() => Which::All,
            Ok(taken) => Which::Some(node.possible_writes, error_field(taken, S::STORE)),
            Err(_) => Which::All,
        };
        let (changed, appended) = self.change(store, which);
        let Some(sink) = self.sink() else { return };
        let execs = self.deferred_execs(changed.redacted);
        let (at, run, step, path) = (self.now(), self.number(), info.step(), path(info));
        let Changed {
            values: changed, ..
        } = changed;
        let event = match result {
            Ok(taken) => {
                let way = Way::of(info, taken);
                Event::from(event::Taken {
                    at,
                    run,
                    step,
                    path,
                    action: taken.action().into(),
                    edge: way.edge,
                    to: way.to,
                    count: way.count,
                    max: way.max,
                    failed: taken.failed(),
                    changed,
                    appended,
                })
            }
            Err(error) if error.suspends() => Event::from(event::Suspended {
                at,
                run,
                step,
                path,
                error: self.chain(error),
                place: self.place_of(error),
                changed,
                appended,
            }),
            Err(error) => Event::from(event::Failed {
                at,
                run,
                step,
                path,
                error: self.chain(error),
                place: self.place_of(error),
                changed,
                appended,
            }),
        };
        sink.write(execs.into_iter().chain([event]));
    }

    /// The run has ended.
    pub(super) fn end<S: RecordedStore>(&self, result: &Result<Taken, Error>, store: &mut S) {
        self.write_pending(None);
        let (changed, appended) = self.change(store, Which::All);
        let mut end = event::End {
            at: self.now(),
            run: self.number(),
            changed: changed.values,
            appended,
            ..event::End::default()
        };
        match result {
            Ok(taken) => end.exit = Some(taken.action().into()),
            Err(error) => {
                end.error = self.chain(error);
                end.place = Some(self.place_of(error));
                end.suspended = error.suspends();
            }
        }
        self.write(end);
    }

    /// The run was dropped before its end.
    pub(super) fn dropped(&self, panicked: bool) {
        self.write_pending(None);
        let Some(sink) = self.sink() else { return };
        let dropped = event::Dropped {
            at: self.now(),
            run: self.number(),
            panicked,
        };
        let execs = self.unknown_execs();
        sink.write(execs.into_iter().chain([Event::from(dropped)]));
    }

    fn change<S: RecordedStore>(&self, store: &mut S, which: Which<'_>) -> (Changed, Values) {
        let pen = self.pen();
        let mut state = self.state();
        state
            .snapshot
            .change(store, which, &self.facts.fields, &pen)
    }

    /// The text of an error, then that of its cause, and so on.
    pub(super) fn chain(&self, error: &(dyn StdError + 'static)) -> Vec<String> {
        /// A chain that refers to itself has no end.
        const LONGEST: usize = 64;
        let pen = self.pen();
        let (mut texts, mut next) = (Vec::new(), Some(error));
        while let Some(error) = next.filter(|_| texts.len() < LONGEST) {
            texts.push(pen.text(Recorded::Error, &error.to_string()));
            next = error.source();
        }
        texts
    }

    /// The place that an error names.
    fn place_of(&self, error: &Error) -> String {
        let failed = Failed::from(error);
        let mut place = failed.path.join(" > ");
        let in_items = failed.path.iter().any(|name| name.ends_with(']'));
        if let Some(item) = failed.item.filter(|_| !in_items) {
            place += &format!("[{item}]");
        }
        self.pen().text(Recorded::Error, &place)
    }
}

/// The event of a nested flow, with the numbers of the run and of the graph.
fn numbered(mut event: Event, run: u64, graph: u64) -> Event {
    match &mut event {
        Event::Enter(enter) => (enter.run, enter.graph) = (run, graph),
        Event::Leave(leave) => (leave.run, leave.graph) = (run, graph),
        _ => {}
    }
    event
}
