//! How a run begins. It is written when its first step begins: then the id of the run is known.

use std::sync::{Arc, Mutex, OnceLock};

use pocketflow::{Graph, StepInfo};

use super::fields::RecordedStore;
use super::nested::numbered;
use super::run::{Pending, RunScope};
use super::way::resumed;
use super::{Options, Shared};
use crate::event::{self, Event};

impl RunScope {
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

    /// Writes how the run began, unless that is written. `info` describes the first step.
    pub(super) fn write_pending(&self, info: Option<&StepInfo<'_>>) {
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
}
