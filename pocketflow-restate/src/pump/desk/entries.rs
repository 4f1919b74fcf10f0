//! What is recorded next.

use super::Inner;
use crate::pump::record::{End, Entry, Record, Why};

impl Inner {
    pub(super) fn go_live(&mut self) {
        if !self.live {
            self.live = true;
            for held in std::mem::take(&mut self.held) {
                let _ = held.send(());
            }
        }
    }

    pub(super) fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// The entry that this attempt begins to work, or that it does not, if it has to be recorded.
    pub(super) fn attempt(&mut self) -> Option<Entry> {
        if self.live || self.retired || self.cancelled {
            return None;
        }
        let crashes = self.crashes.as_ref()?;
        let process = crashes.unrecorded()?;
        let (at, why) = (self.at.clone(), crashes.stuck(self.at.as_deref()));
        let end = why.map(|why| End {
            at,
            problem: None,
            why,
        });
        let entry = Entry {
            program: (self.entries == 0).then(|| self.program.clone()),
            definition: None,
            attempt: end.is_none().then_some(process),
            at: self.clock.now(),
            records: Vec::new(),
            end,
        };
        self.proposed = Some(entry.clone());
        Some(entry)
    }

    /// The next entry, if there is something to record.
    pub(super) fn entry(&mut self) -> Option<Entry> {
        let why = match (&self.end, self.retired, self.cancelled) {
            // What a retired flow has computed counts as little as that it has ended.
            (_, true, _) => Some(Why::GoesOn),
            (Some(why @ Why::Finished { .. }), ..) => Some(why.clone()),
            (_, _, true) => Some(Why::Cancelled),
            (why, ..) => why.clone(),
        };
        if self.done.is_empty() && why.is_none() {
            return None;
        }
        let mut size = 0;
        let fits = |record: &&Record| {
            size += record.size();
            size <= self.max_entry
        };
        // One that is too large for an entry is rejected where it is made.
        let taken = match self.retired {
            true => 0,
            false => self.done.iter().take_while(fits).count().max(1),
        };
        let records: Vec<_> = self.done.drain(..taken.min(self.done.len())).collect();
        let (at, problem) = (self.at.clone(), self.problem.clone());
        let end = why.filter(|_| self.retired || self.done.is_empty());
        let entry = Entry {
            program: (self.entries == 0).then(|| self.program.clone()),
            definition: self.definition.take(),
            attempt: None,
            at: self.clock.now(),
            records,
            end: end.map(|why| End { at, problem, why }),
        };
        self.proposed = Some(entry.clone());
        Some(entry)
    }
}
