//! The steps of a run.

use pocketflow::{Error, StepInfo, Taken};

use super::fields::{Changed, RecordedStore, Which};
use super::run::RunScope;
use super::way::{Way, error_field, path};
use crate::event::{self, Event};

impl RunScope {
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
}
