//! The nested flows of a run.

use pocketflow::{Error, Graph, StepInfo, Taken};

use super::fields::{Changed, RecordedStore, Which};
use super::run::RunScope;
use super::way::{Way, error_field, path};
use crate::event::{self, Event, Values};

impl RunScope {
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
}

/// The event of a nested flow, with the numbers of the run and of the graph.
pub(super) fn numbered(mut event: Event, run: u64, graph: u64) -> Event {
    match &mut event {
        Event::Enter(enter) => (enter.run, enter.graph) = (run, graph),
        Event::Leave(leave) => (leave.run, leave.graph) = (run, graph),
        _ => {}
    }
    event
}
