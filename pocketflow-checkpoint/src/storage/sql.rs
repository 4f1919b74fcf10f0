//! The statements, which the engines share: parameters are `?1`, which is `$1` in PostgreSQL.

/// The version of the schema below.
pub(crate) const VERSION: i64 = 1;

/// The schema, in SQLite's words.
///
/// The table `runs` has no states, for every renewed lease rewrites a row of it, and lists read all of it. In `items`, -1 stands for
/// no branch and no item, for NULL is never equal to itself. `filled_seen` says whether the run has been begun since it was filled.
pub(crate) const SCHEMA: &str = "
CREATE TABLE runs (
    run TEXT NOT NULL PRIMARY KEY,
    flow TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('running', 'waiting', 'finished', 'failed')),
    step INTEGER NOT NULL,
    path TEXT NOT NULL,
    position TEXT NOT NULL,
    action TEXT,
    owner TEXT,
    lease_until INTEGER,
    exit TEXT,
    message TEXT,
    waits_for TEXT,
    filled_field TEXT,
    filled TEXT,
    filled_seen INTEGER NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL
) STRICT;
CREATE INDEX runs_status ON runs (status);
CREATE TABLE states (
    run TEXT NOT NULL PRIMARY KEY REFERENCES runs (run) ON DELETE CASCADE,
    graph TEXT NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE TABLE checkpoints (
    run TEXT NOT NULL REFERENCES runs (run) ON DELETE CASCADE,
    step INTEGER NOT NULL,
    path TEXT NOT NULL,
    position TEXT NOT NULL,
    action TEXT NOT NULL,
    time INTEGER NOT NULL,
    graph TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (run, step)
) STRICT;
CREATE TABLE items (
    run TEXT NOT NULL REFERENCES runs (run) ON DELETE CASCADE,
    step INTEGER NOT NULL,
    branch INTEGER NOT NULL,
    item INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (run, step, branch, item)
) STRICT;
";

/// The columns of [`Head`](super::rules::Head).
macro_rules! head {
    () => {
        "SELECT status, step, owner, lease_until, waits_for, filled_field, filled_seen"
    };
}

/// The columns of a [`RunSummary`](super::RunSummary).
macro_rules! summary {
    () => {
        "SELECT run, flow, status, step, path, owner, lease_until, exit, message, waits_for, \
         CAST(CASE WHEN filled IS NULL THEN 0 ELSE 1 END AS BIGINT), created, updated FROM runs"
    };
}

pub(crate) const HEAD: &str = concat!(head!(), " FROM runs WHERE run = ?1");

/// Of the database's clock. It is read once the row is locked, or before: then a lease seems to hold a little longer.
#[cfg(feature = "postgres")]
macro_rules! clock {
    () => {
        "CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS BIGINT)"
    };
}
#[cfg(feature = "postgres")]
pub(crate) const CLOCK: &str = concat!("SELECT ", clock!());
#[cfg(feature = "postgres")]
pub(crate) const HEAD_LOCKED: &str = concat!(head!(), ", ", clock!(), " FROM runs WHERE run = ?1 FOR UPDATE");
/// Items of one step are kept at the same time: they shut out another owner, and not one another.
#[cfg(feature = "postgres")]
pub(crate) const HEAD_SHARED: &str = concat!(head!(), ", ", clock!(), " FROM runs WHERE run = ?1 FOR SHARE");

pub(crate) const BEGIN_RUN: &str = "
INSERT INTO runs (run, flow, status, step, path, position, owner, lease_until, filled_seen, created, updated)
VALUES (?1, ?2, 'running', 0, '', ?3, ?4, ?5, 0, ?6, ?6) ON CONFLICT DO NOTHING";
pub(crate) const BEGIN_STATE: &str = "INSERT INTO states (run, graph, state) VALUES (?1, ?2, ?3)";
pub(crate) const TAKE_OVER: &str = "
UPDATE runs SET owner = ?2, lease_until = ?3, status = ?4, message = NULL,
    filled_seen = CASE WHEN filled IS NULL THEN 0 ELSE 1 END,
    updated = CASE WHEN status = ?4 THEN updated ELSE ?5 END
WHERE run = ?1";

pub(crate) const COMMIT_RUN: &str = "
UPDATE runs SET status = 'running', step = ?2, path = ?3, position = ?4, action = ?5, lease_until = ?6, updated = ?7,
    message = NULL, waits_for = NULL, filled_field = NULL, filled = NULL, filled_seen = 0
WHERE run = ?1";
pub(crate) const COMMIT_STATE: &str = "UPDATE states SET graph = ?2, state = ?3 WHERE run = ?1";
pub(crate) const DROP_ITEMS: &str = "DELETE FROM items WHERE run = ?1 AND step <= ?2";
pub(crate) const ADD_CHECKPOINT: &str = "
INSERT INTO checkpoints (run, step, path, position, action, time, graph, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (run, step) DO UPDATE SET path = excluded.path, position = excluded.position, action = excluded.action,
    time = excluded.time, graph = excluded.graph, state = excluded.state";
/// All but the last ?2: the subquery is the newest step that goes, and NULL if none does.
pub(crate) const PRUNE_HISTORY: &str = "
DELETE FROM checkpoints WHERE run = ?1
    AND step <= (SELECT step FROM checkpoints WHERE run = ?1 ORDER BY step DESC LIMIT 1 OFFSET ?2)";

pub(crate) const KEEP_ITEM: &str = "
INSERT INTO items (run, step, branch, item, json) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (run, step, branch, item) DO UPDATE SET json = excluded.json";
pub(crate) const ITEMS: &str =
    "SELECT branch, item, json FROM items WHERE run = ?1 AND step = ?2 ORDER BY branch, item";

pub(crate) const WAIT_RUN: &str = "
UPDATE runs SET status = 'waiting', step = ?2, waits_for = ?3, position = ?4, updated = ?5, owner = NULL,
    lease_until = NULL, message = NULL
WHERE run = ?1";
pub(crate) const DROP_FILLED: &str =
    "UPDATE runs SET filled_field = NULL, filled = NULL, filled_seen = 0 WHERE run = ?1";
pub(crate) const SET_STATE: &str = "UPDATE states SET state = ?2 WHERE run = ?1";
pub(crate) const FILL: &str =
    "UPDATE runs SET filled_field = ?2, filled = ?3, filled_seen = 0, updated = ?4 WHERE run = ?1";
pub(crate) const FILLED: &str = "SELECT filled_field, filled FROM runs WHERE run = ?1";

pub(crate) const FINISH_RUN: &str = "
UPDATE runs SET status = 'finished', exit = ?2, updated = ?3, owner = NULL, lease_until = NULL, message = NULL,
    waits_for = NULL, filled_field = NULL, filled = NULL, filled_seen = 0
WHERE run = ?1";
pub(crate) const DROP_ALL_ITEMS: &str = "DELETE FROM items WHERE run = ?1";
/// The run no longer waits; what has been filled stays, for it was acknowledged.
pub(crate) const FAIL: &str = "
UPDATE runs SET status = 'failed', message = ?2, updated = ?3, owner = NULL, lease_until = NULL, waits_for = NULL
WHERE run = ?1";
pub(crate) const RENEW: &str = "UPDATE runs SET lease_until = ?2 WHERE run = ?1";
pub(crate) const RELEASE: &str = "UPDATE runs SET owner = NULL, lease_until = NULL WHERE run = ?1";

pub(crate) const LIST_ALL: &str = concat!(summary!(), " ORDER BY updated, run");
pub(crate) const LIST: &str = concat!(summary!(), " WHERE status = ?1 ORDER BY updated, run");
pub(crate) const SHOW: &str = "
SELECT r.run, r.flow, r.status, r.step, r.path, r.owner, r.lease_until, r.exit, r.message, r.waits_for,
    CAST(CASE WHEN r.filled IS NULL THEN 0 ELSE 1 END AS BIGINT), r.created, r.updated,
    r.position, r.action, s.graph, s.state
FROM runs r JOIN states s ON s.run = r.run WHERE r.run = ?1";
pub(crate) const HISTORY: &str =
    "SELECT step, path, action, time FROM checkpoints WHERE run = ?1 ORDER BY step";
pub(crate) const CHECKPOINT: &str =
    "SELECT graph, position, action, state FROM checkpoints WHERE run = ?1 AND step = ?2";

pub(crate) const FORK_RUN: &str = "
INSERT INTO runs (run, flow, status, step, path, position, action, filled_seen, created, updated)
SELECT CAST(?3 AS TEXT), r.flow, 'running', c.step, c.path, c.position, c.action, 0, CAST(?4 AS BIGINT), CAST(?4 AS BIGINT)
FROM runs r JOIN checkpoints c ON c.run = r.run WHERE r.run = ?1 AND c.step = ?2 ON CONFLICT DO NOTHING";
pub(crate) const FORK_STATE: &str = "
INSERT INTO states (run, graph, state)
SELECT CAST(?3 AS TEXT), graph, state FROM checkpoints WHERE run = ?1 AND step = ?2";
pub(crate) const FORK_HISTORY: &str = "
INSERT INTO checkpoints (run, step, path, position, action, time, graph, state)
SELECT CAST(?3 AS TEXT), step, path, position, action, time, graph, state
FROM checkpoints WHERE run = ?1 AND step <= ?2";

pub(crate) const REMOVE: &str = "DELETE FROM runs WHERE run = ?1";
pub(crate) const PRUNE: &str = "DELETE FROM runs WHERE status = 'finished' AND updated < ?1";
/// In one order, and without those that somebody else is removing: two that prune at once do not wait for each other in a circle.
#[cfg(feature = "postgres")]
pub(crate) const PRUNE_SHARED: &str = "
DELETE FROM runs WHERE run IN (
    SELECT run FROM runs WHERE status = 'finished' AND updated < ?1 ORDER BY run FOR UPDATE SKIP LOCKED)";
