//! Where the entries of a burst are recorded.

use std::future::Future;

use super::record::Entry;

/// The journal of an invocation.
pub(crate) trait Journal: Sync {
    /// Records the entry that the future makes, and returns it once it is acknowledged. If the
    /// journal has an entry here already, the future is dropped without being polled. So the first
    /// poll of the future says that the end of the journal is reached.
    ///
    /// The entry that is returned counts, and not the one that was made: an earlier attempt at the
    /// invocation may have recorded another one in the meantime.
    fn record(
        &self,
        entry: impl Future<Output = Entry> + Send,
    ) -> impl Future<Output = Result<Entry, Cancelled>> + Send;
}

/// The invocation has been cancelled. This is reported once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cancelled;
