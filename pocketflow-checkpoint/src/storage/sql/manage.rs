//! The statements of what people do to runs.

/// The values of its waits stay, because they were acknowledged.
pub(crate) const CANCEL: &str = "
UPDATE runs SET status = 'cancelled', message = NULL, updated = ?2, owner = NULL, lease = NULL, lease_until = NULL,
    waits_for = NULL, visit = NULL, filled = 0, crashes = 0, crash_mark = NULL, due = NULL
WHERE run = ?1";
pub(crate) const RETRY: &str = "
UPDATE runs SET status = 'running', due = 0, message = NULL, crashes = 0, crash_mark = NULL, updated = ?2 WHERE run = ?1";
pub(crate) const TOUCH: &str = "UPDATE runs SET updated = ?2 WHERE run = ?1";

pub(crate) const REWIND_RUN: &str = "
UPDATE runs SET (step, path, position, action, graph, state) =
        (SELECT c.step, c.path, c.position, c.action, c.graph, c.state FROM checkpoints c WHERE c.run = ?1 AND c.step = ?2),
    status = 'running', beat = beat + 1, owner = NULL, lease = NULL, lease_until = NULL, crashes = 0, crash_mark = NULL,
    exit = NULL, message = NULL, waits_for = NULL, visit = NULL, filled = 0, due = 0, updated = ?3
WHERE run = ?1";
/// A later text has a higher version.
pub(crate) const REWIND_TEXTS: &str = "
DELETE FROM texts WHERE run = ?1 AND version > (SELECT version FROM checkpoints WHERE run = ?1 AND step = ?2)";
pub(crate) const REWIND_HISTORY: &str = "DELETE FROM checkpoints WHERE run = ?1 AND step > ?2";
pub(crate) const REWIND_WAITS: &str = "DELETE FROM waits WHERE run = ?1 AND step > ?2";

/// Removes at most ?3 runs.
pub(crate) const PRUNE: &str = "
DELETE FROM runs WHERE run IN (SELECT run FROM runs WHERE status = ?1 AND parent IS NULL AND updated < ?2 LIMIT ?3)";
/// Locks the rows in one order and skips locked rows, so that two transactions that prune at the
/// same time do not deadlock.
#[cfg(feature = "postgres")]
pub(crate) const PRUNE_LOCKED: &str = "
DELETE FROM runs WHERE run IN (
    SELECT run FROM runs WHERE status = ?1 AND parent IS NULL AND updated < ?2 ORDER BY run LIMIT ?3 FOR UPDATE SKIP LOCKED)";
