//! How a run ends.

use pocketflow::{Error, Taken};

use super::fields::{RecordedStore, Which};
use super::run::RunScope;
use crate::event::{self, Event};

impl RunScope {
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
}
