//! How a burst of steps is recorded in the journal of an invocation, and replayed from it.
//!
//! The journal is a sequence of entries, which are recorded one after another. Each contains the
//! pieces of work that were done by then: steps, items of batches, branches of forks, and waits.
//! Whoever asks for a piece gets it from the journal, if it is there. Work begins only when the end
//! of the journal is reached, and a piece counts as done only when the journal has acknowledged it.
//! So nothing that was acknowledged runs again, although many pieces run at the same time.
//!
//! How many entries there are, and what the state of the run is after them, depends on the entries
//! alone, never on timing.

mod crashes;
mod desk;
mod journal;
mod record;
#[cfg(test)]
mod tests;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

pub(crate) use crashes::Crashes;
pub(crate) use desk::{Desk, Performed};
pub(crate) use journal::{Cancelled, Journal};
pub(crate) use record::{
    Attempt, Begun, End, Entry, Failure, Json, Key, Migrated, Outcome, Part, Piece, Record, Step,
    Wait, Why,
};

/// Drives the flow of a burst, and records what it does, until the burst ends. `fold` gets each entry
/// as soon as it is acknowledged. Returns how the burst ends.
pub(crate) async fn burst<J: Journal>(
    desk: &Desk,
    journal: &J,
    flow: impl Future<Output = Why>,
    mut fold: impl FnMut(&Entry),
) -> End {
    let record = async {
        loop {
            let entry = match journal
                .record(poll_fn(|context| desk.poll_entry(context)))
                .await
            {
                Ok(entry) => entry,
                Err(Cancelled) => {
                    desk.cancelled();
                    continue;
                }
            };
            desk.acknowledged(&entry);
            fold(&entry);
            if let Some(end) = entry.end {
                return end;
            }
        }
    };
    let (mut flow, mut record) = (pin!(flow), pin!(record));
    let mut runs = true;
    poll_fn(|context| {
        // The flow first, so that an entry contains all that is done.
        if runs
            && !desk.is_retired()
            && let Poll::Ready(why) = flow.as_mut().poll(context)
        {
            desk.end(why);
            runs = false;
        }
        record.as_mut().poll(context)
    })
    .await
}
