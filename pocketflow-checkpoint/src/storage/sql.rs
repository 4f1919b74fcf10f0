//! The statements, which all engines share. The parameters are `?1`, `?2`, …

/// The version of [`SCHEMA`].
pub const SCHEMA_VERSION: i64 = 4;

macro_rules! runs {
    ($name:literal) => {
        concat!(
            "
CREATE TABLE ",
            $name,
            " (
    run TEXT NOT NULL PRIMARY KEY,
    flow TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('running', 'waiting', 'finished', 'failed', 'stuck', 'cancelled')),
    step INTEGER NOT NULL,
    path TEXT NOT NULL,
    position TEXT NOT NULL,
    action TEXT,
    owner TEXT,
    beat INTEGER NOT NULL DEFAULT 0,
    lease INTEGER,
    lease_until INTEGER,
    crashes INTEGER NOT NULL DEFAULT 0,
    crash_mark TEXT,
    exit TEXT,
    message TEXT,
    waits_for TEXT,
    visit INTEGER,
    filled INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    graph INTEGER NOT NULL,
    state TEXT NOT NULL,
    root TEXT,
    parent TEXT REFERENCES runs (run) ON DELETE CASCADE,
    due INTEGER
) STRICT;"
        )
    };
}

/// An outermost run is in none of the indexes of inner runs. Neither a step nor the renewal of a
/// lease changes a column of any index.
macro_rules! indexes {
    () => {
        "
CREATE INDEX runs_status ON runs (status);
CREATE INDEX runs_root ON runs (root) WHERE root IS NOT NULL;
CREATE INDEX runs_parent ON runs (parent) WHERE parent IS NOT NULL;
CREATE INDEX runs_due ON runs (flow, due, created) WHERE owner IS NULL AND root IS NULL AND due IS NOT NULL;
CREATE INDEX runs_owned ON runs (run) WHERE owner IS NOT NULL;"
    };
}

macro_rules! checkpoints {
    ($name:literal) => {
        concat!(
            "
CREATE TABLE ",
            $name,
            " (
    run TEXT NOT NULL REFERENCES runs (run) ON DELETE CASCADE,
    step INTEGER NOT NULL,
    path TEXT NOT NULL,
    position TEXT NOT NULL,
    action TEXT NOT NULL,
    time INTEGER NOT NULL,
    version INTEGER NOT NULL,
    graph INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (run, step)
) STRICT, WITHOUT ROWID;"
        )
    };
}

macro_rules! texts {
    () => {
        "
CREATE TABLE texts (
    run TEXT NOT NULL REFERENCES runs (run) ON DELETE CASCADE,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (run, name, version)
) STRICT, WITHOUT ROWID;"
    };
}

macro_rules! waits {
    () => {
        "
CREATE TABLE waits (
    run TEXT NOT NULL REFERENCES runs (run) ON DELETE CASCADE,
    field TEXT NOT NULL,
    visit INTEGER NOT NULL,
    step INTEGER,
    value TEXT,
    deadline INTEGER,
    expired INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (run, field, visit)
) STRICT;"
    };
}

macro_rules! attempts {
    () => {
        "
CREATE TABLE attempts (
    run TEXT NOT NULL REFERENCES runs (run) ON DELETE CASCADE,
    step INTEGER NOT NULL,
    branch INTEGER NOT NULL,
    item TEXT NOT NULL,
    path TEXT NOT NULL,
    number INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    due INTEGER NOT NULL,
    causes TEXT NOT NULL,
    PRIMARY KEY (run, step, branch, item)
) STRICT;"
    };
}

/// The schema, in SQLite's dialect.
///
/// In `runs`, `beat` counts how often the owner has renewed its `lease`, whose length is in
/// milliseconds, and is 0 before the first owner; `crashes` counts the owners that died at
/// `crash_mark`, which is a step and the number of its stored items. `filled` tells whether the open wait has a value. `due` is when a
/// worker may take the run up if no owner holds it: 0 at once, whatever the clock says, and NULL
/// never. In `items`, -1 stands for no branch and no item, because NULL never equals itself. In
/// `waits`, a `step` of NULL means that the run has not reached the wait, and a `field` of '' that it
/// sleeps.
///
/// A row of `attempts` says that an exec of a step waits for its attempt `number` out of `attempts`,
/// and is `due` then. An `item` of '' stands for no item. `causes` is a JSON array with the texts of
/// the last error and its sources.
///
/// An inner run has a `parent`, which is the run around it, and a `root`, which is the outermost run
/// and has the lease. A run that waits, and has no `visit`, waits for an attempt or for inner runs;
/// then `filled` tells whether one of them has a value. The `due` of an inner run is that of its
/// attempt.
///
/// A `state` has the short fields, and refers to the long ones by the version of their row in
/// `texts`; so does `graph`, whose text has no name. A version is the `beat` of the change that made
/// the text. A row of `checkpoints` has the version after its step.
pub const SCHEMA: &str = concat!(
    runs!("runs"),
    indexes!(),
    checkpoints!("checkpoints"),
    texts!(),
    "
CREATE TABLE items (
    run TEXT NOT NULL REFERENCES runs (run) ON DELETE CASCADE,
    step INTEGER NOT NULL,
    branch INTEGER NOT NULL,
    item INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (run, step, branch, item)
) STRICT;",
    waits!(),
    attempts!(),
);

mod attempt;
mod manage;
mod read;
mod upgrade;
pub(crate) use attempt::*;
pub(crate) use manage::*;
pub(crate) use read::*;
pub(crate) use upgrade::{UPGRADE_3, UPGRADE_SQLITE_1, UPGRADE_SQLITE_2};
#[cfg(feature = "postgres")]
pub(crate) use upgrade::{UPGRADE_POSTGRES_1, UPGRADE_POSTGRES_2};

/// The columns of [`RunHead`](super::rules::RunHead).
macro_rules! head {
    () => {
        "SELECT status, step, owner, lease_until, lease, beat, waits_for, visit, filled, crashes, crash_mark, message, graph, state, root"
    };
}

/// What an engine reads of a run before it changes the run.
pub const HEAD: &str = concat!(head!(), " FROM runs WHERE run = ?1");
/// The index of the clock in a row of [`HEAD_LOCKED`] and the statements after it.
#[cfg(feature = "postgres")]
pub(crate) const HEAD_CLOCK: usize = 15;

/// The time of the server. It is read after the row is locked or shortly before, and then a lease
/// seems to last a little longer.
#[cfg(feature = "postgres")]
macro_rules! clock {
    () => {
        "CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS BIGINT)"
    };
}
#[cfg(feature = "postgres")]
pub(crate) const CLOCK: &str = concat!("SELECT ", clock!());
#[cfg(feature = "postgres")]
pub(crate) const HEAD_LOCKED: &str = concat!(
    head!(),
    ", ",
    clock!(),
    " FROM runs WHERE run = ?1 FOR UPDATE"
);
/// The items of one step can be stored at the same time, and the steps of inner runs: their locks
/// exclude other owners, but not one another, nor the renewal of the lease.
#[cfg(feature = "postgres")]
pub(crate) const HEAD_SHARED: &str = concat!(
    head!(),
    ", ",
    clock!(),
    " FROM runs WHERE run = ?1 FOR KEY SHARE"
);
#[cfg(feature = "postgres")]
pub(crate) const HEAD_RENEWED: &str = concat!(
    head!(),
    ", ",
    clock!(),
    " FROM runs WHERE run = ?1 FOR NO KEY UPDATE"
);

pub(crate) const BEGIN_RUN: &str = "
INSERT INTO runs (run, flow, status, step, path, position, owner, beat, lease, lease_until, created, updated, graph, state, due)
VALUES (?1, ?2, 'running', 0, '', ?3, ?4, CASE WHEN CAST(?4 AS TEXT) IS NULL THEN 0 ELSE 1 END, ?5, ?6, ?7, ?7, 0, ?8,
    CASE WHEN CAST(?4 AS TEXT) IS NULL THEN 0 END)
ON CONFLICT DO NOTHING";
pub(crate) const TAKE_OVER: &str = "
UPDATE runs SET owner = ?2, lease = ?3, lease_until = ?4, beat = beat + 1, status = ?5, message = NULL, crashes = ?6,
    crash_mark = ?7, updated = CASE WHEN status = ?5 THEN updated ELSE ?8 END
WHERE run = ?1";
/// When a worker may take the run up after its owner has gone.
macro_rules! due_again {
    () => {
        "due = CASE WHEN status = 'running' OR filled = 1 THEN 0 ELSE due END"
    };
}
macro_rules! ready {
    ($lock:literal) => {
        concat!(
            "SELECT run FROM runs WHERE flow = ?1 AND due <= ?2 AND owner IS NULL AND root IS NULL ORDER BY due, created LIMIT ?3",
            $lock
        )
    };
}
/// The first runs of a flow that a worker may take up.
pub(crate) const READY: &str = ready!("");
/// The same, without those that another worker is taking up.
#[cfg(feature = "postgres")]
pub(crate) const READY_LOCKED: &str = ready!(" FOR UPDATE SKIP LOCKED");
pub(crate) const TAKE_UP: &str = "
UPDATE runs SET owner = ?2, lease = ?3, lease_until = ?4, beat = beat + 1, message = NULL,
    updated = CASE WHEN status = 'waiting' AND (filled = 1 OR visit IS NULL) THEN ?5 ELSE updated END,
    status = CASE WHEN status = 'waiting' AND filled = 0 AND visit IS NOT NULL THEN 'waiting' ELSE 'running' END
WHERE run = ?1";
pub(crate) const OWNED: &str =
    "SELECT run, flow, owner, lease_until, lease, beat FROM runs WHERE owner IS NOT NULL";
/// Releases the lease of an owner that has died.
pub(crate) const RELEASE_ORPHAN: &str = concat!(
    "UPDATE runs SET owner = NULL, lease = NULL, lease_until = NULL, crashes = ?2, crash_mark = ?3, ",
    due_again!(),
    " WHERE run = ?1"
);
/// Releases the lease of a run that this program cannot resume. Another may, so it is tried again
/// after a pause, which grows with the time for which the run has not changed.
pub(crate) const DEFER: &str = "
UPDATE runs SET owner = NULL, lease = NULL, lease_until = NULL, message = ?2, due = ?3 WHERE run = ?1";
/// How many items of a step are stored, and how many attempts.
pub(crate) const COUNT_ITEMS: &str = "
SELECT (SELECT count(*) FROM items WHERE run = ?1 AND step = ?2)
    + (SELECT CAST(coalesce(sum(number), 0) AS BIGINT) FROM attempts WHERE run = ?1 AND step = ?2)";
/// How far the inner runs of an outermost run are: how many there are, their changes, and their items.
pub(crate) const INNER_PROGRESS: &str = "
SELECT count(*), CAST(coalesce(sum(i.beat), 0) AS BIGINT),
    (SELECT count(*) FROM items WHERE run IN (SELECT run FROM runs WHERE root = ?1))
        + (SELECT CAST(coalesce(sum(number), 0) AS BIGINT) FROM attempts WHERE run IN (SELECT run FROM runs WHERE root = ?1))
FROM runs i WHERE i.root = ?1";
/// An inner run has no lease.
pub(crate) const BEGIN_INNER: &str = "
INSERT INTO runs (run, flow, status, step, path, position, created, updated, graph, state, root, parent)
VALUES (?1, ?2, 'running', 0, '', ?3, ?4, ?4, 0, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
pub(crate) const RESUME_INNER: &str =
    "UPDATE runs SET status = 'running', message = NULL, due = NULL, updated = ?2 WHERE run = ?1";
/// The inner runs of a run, and theirs.
pub(crate) const DROP_INNER: &str = "DELETE FROM runs WHERE parent = ?1";
/// The inner runs of a run that have ended, with their steps and positions.
pub(crate) const INNER_RUNS: &str =
    "SELECT run, status, step, position FROM runs WHERE parent = ?1 ORDER BY run";
pub(crate) const ROOT: &str = "SELECT root FROM runs WHERE run = ?1";

/// The columns that a step changes. The status is indexed, so a running run keeps its own.
macro_rules! commit {
    ($status:literal) => {
        concat!(
            "UPDATE runs SET ",
            $status,
            "step = ?2, path = ?3, position = ?4, action = ?5, lease = ?6, lease_until = ?7, updated = ?8, beat = beat + 1, \
             crashes = 0, crash_mark = NULL, message = NULL, waits_for = NULL, visit = NULL, filled = 0, graph = ?9, state = ?10 \
             WHERE run = ?1"
        )
    };
}
pub(crate) const COMMIT_RUN: &str = commit!("status = 'running', ");
pub(crate) const COMMIT_RUNNING: &str = commit!("");
pub(crate) const SET_STATE: &str =
    "UPDATE runs SET graph = ?2, state = ?3, beat = beat + 1 WHERE run = ?1";
pub(crate) const ADD_TEXT: &str =
    "INSERT INTO texts (run, name, version, text) VALUES (?1, ?2, ?3, ?4)";
pub(crate) const DROP_TEXT: &str =
    "DELETE FROM texts WHERE run = ?1 AND name = ?2 AND version = ?3";
/// The long fields as of a version.
pub(crate) const TEXTS: &str = "
SELECT name, text FROM texts t WHERE run = ?1 AND name <> '' AND version =
    (SELECT max(version) FROM texts WHERE run = ?1 AND name = t.name AND version <= ?2)";
pub(crate) const DROP_ITEMS: &str = "DELETE FROM items WHERE run = ?1 AND step <= ?2";
pub(crate) const ADD_CHECKPOINT: &str = "
INSERT INTO checkpoints (run, step, path, position, action, time, version, graph, state)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
/// Removes all but the last ?2 steps. The subquery returns the newest step to remove, or NULL if
/// there is none.
pub(crate) const PRUNE_HISTORY: &str = "
DELETE FROM checkpoints WHERE run = ?1
    AND step <= (SELECT step FROM checkpoints WHERE run = ?1 ORDER BY step DESC LIMIT 1 OFFSET ?2) RETURNING graph, state";
/// A step that is stored once more is replaced.
pub(crate) const DROP_CHECKPOINT: &str =
    "DELETE FROM checkpoints WHERE run = ?1 AND step >= ?2 RETURNING graph, state";
pub(crate) const FIRST_CHECKPOINT: &str =
    "SELECT graph, state FROM checkpoints WHERE run = ?1 ORDER BY step LIMIT 1";
pub(crate) const LAST_CHECKPOINT: &str =
    "SELECT graph, state FROM checkpoints WHERE run = ?1 ORDER BY step DESC LIMIT 1";

pub(crate) const KEEP_ITEM: &str = "
INSERT INTO items (run, step, branch, item, json) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (run, step, branch, item) DO UPDATE SET json = excluded.json";
pub(crate) const ITEMS: &str =
    "SELECT branch, item, json FROM items WHERE run = ?1 AND step = ?2 ORDER BY branch, item";

pub(crate) const WAIT_RUN: &str = "
UPDATE runs SET status = 'waiting', step = ?2, waits_for = ?3, visit = ?4, position = ?5, message = ?6, updated = ?7, filled = 0,
    due = ?8, owner = NULL, lease = NULL, lease_until = NULL, crashes = 0, crash_mark = NULL
WHERE run = ?1";
/// The wait has been filled already, or has expired, so the run continues.
pub(crate) const PASS_WAIT: &str = "
UPDATE runs SET step = ?2, waits_for = ?3, visit = ?4, position = ?5, updated = ?6, filled = 1 WHERE run = ?1";
/// All inner runs that are left wait. One of them may have been filled in the meantime.
pub(crate) const WAIT_FOR_INNER: &str = "
UPDATE runs SET status = 'waiting', waits_for = NULL, visit = NULL, message = NULL, updated = ?2,
    filled = CASE WHEN EXISTS (SELECT 1 FROM runs i WHERE i.root = ?1 AND i.status = 'waiting' AND i.filled = 1) THEN 1 ELSE 0 END,
    due = CASE WHEN EXISTS (SELECT 1 FROM runs i WHERE i.root = ?1 AND i.status = 'waiting' AND i.filled = 1) THEN 0 ELSE
        (SELECT min(coalesce(i.due, w.deadline)) FROM runs i LEFT JOIN waits w ON w.run = i.run AND w.field = coalesce(i.waits_for, '') AND w.step = i.step + 1
        WHERE i.root = ?1 AND i.status = 'waiting') END,
    owner = NULL, lease = NULL, lease_until = NULL, crashes = 0, crash_mark = NULL
WHERE run = ?1";
/// One of the inner runs that an outermost run waits for has been filled.
pub(crate) const FILL_OUTERMOST: &str = "
UPDATE runs SET filled = 1, due = 0, updated = ?2 WHERE run = ?1 AND status = 'waiting' AND waits_for IS NULL";
pub(crate) const WAIT_AT: &str =
    "SELECT visit, value, deadline, expired FROM waits WHERE run = ?1 AND field = ?2 AND step = ?3";
pub(crate) const LAST_VISIT: &str =
    "SELECT coalesce(max(visit), 0) FROM waits WHERE run = ?1 AND field = ?2 AND step IS NOT NULL";
pub(crate) const WAIT_NAMED: &str = "SELECT coalesce(step, -1), value, expired FROM waits WHERE run = ?1 AND field = ?2 AND visit = ?3";
/// Without a visit ?3, the value of the open wait.
pub(crate) const FILLED: &str = "
SELECT w.value FROM runs r LEFT JOIN waits w ON w.run = r.run AND w.field = ?2
    AND w.visit = coalesce(CAST(?3 AS BIGINT), CASE WHEN r.waits_for = ?2 THEN r.visit END)
WHERE r.run = ?1";
/// A value that arrived early stays.
pub(crate) const OPEN_WAIT: &str = "
INSERT INTO waits (run, field, visit, step, deadline) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (run, field, visit) DO UPDATE SET step = excluded.step, deadline = excluded.deadline";
pub(crate) const SET_DEADLINE: &str =
    "UPDATE waits SET deadline = ?4 WHERE run = ?1 AND field = ?2 AND visit = ?3";
/// From now on, the wait cannot be filled.
pub(crate) const EXPIRE: &str =
    "UPDATE waits SET value = NULL, expired = 1 WHERE run = ?1 AND field = ?2 AND visit = ?3";
pub(crate) const DROP_VALUE: &str =
    "UPDATE waits SET value = NULL, expired = 0 WHERE run = ?1 AND field = ?2 AND visit = ?3";
pub(crate) const FILL: &str = "
INSERT INTO waits (run, field, visit, value) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (run, field, visit) DO UPDATE SET value = excluded.value";
pub(crate) const MOVED: &str = "
SELECT w.key FROM json_each(?1) w WHERE NOT EXISTS (
    SELECT 1 FROM runs r WHERE r.run = w.key AND r.step = w.value AND r.status = 'waiting' AND r.filled = 0
        AND (r.root IS NULL OR (SELECT o.status FROM runs o WHERE o.run = r.root) <> 'cancelled'))";
/// The subqueries look a run up by its id, whatever the server knows about the table.
#[cfg(feature = "postgres")]
pub(crate) const MOVED_POSTGRES: &str = "
SELECT w.key FROM json_each_text(CAST(CAST(?1 AS TEXT) AS JSON)) w
    LEFT JOIN LATERAL (SELECT step, status, filled, root FROM runs WHERE run = w.key OFFSET 0) r ON TRUE
    LEFT JOIN LATERAL (SELECT status FROM runs WHERE run = r.root OFFSET 0) o ON TRUE
WHERE r.step IS DISTINCT FROM CAST(w.value AS BIGINT) OR r.status <> 'waiting' OR r.filled <> 0 OR o.status = 'cancelled'";
/// Two equal snapshots see the same transactions.
#[cfg(feature = "postgres")]
pub(crate) const VERSION_POSTGRES: &str = "SELECT CAST(txid_current_snapshot() AS TEXT)";
/// The changes of other connections, those of this one, and which of two connections this is: the
/// numbers of two connections cannot be compared.
pub(crate) const VERSION_SQLITE: &str = "
SELECT data_version || '/' || total_changes() || '/' || query_only FROM pragma_data_version, pragma_query_only";
/// ?2 tells whether the open wait has a value now.
pub(crate) const FILL_RUN: &str = "
UPDATE runs SET filled = CASE WHEN CAST(?2 AS BIGINT) = 1 THEN 1 ELSE filled END, message = CASE WHEN CAST(?2 AS BIGINT) = 1 THEN NULL ELSE message END,
    due = CASE WHEN CAST(?2 AS BIGINT) = 1 THEN 0 ELSE due END, updated = ?3
WHERE run = ?1";
pub(crate) const FINISH_RUN: &str = "
UPDATE runs SET status = 'finished', exit = ?2, updated = ?3, owner = NULL, lease = NULL, lease_until = NULL, message = NULL,
    waits_for = NULL, visit = NULL, filled = 0, due = NULL
WHERE run = ?1";
pub(crate) const DROP_ALL_ITEMS: &str = "DELETE FROM items WHERE run = ?1";
/// The run does not wait any more. The values of its waits stay, because they were acknowledged.
pub(crate) const FAIL: &str = "
UPDATE runs SET status = ?4, message = ?2, updated = ?3, owner = NULL, lease = NULL, lease_until = NULL, waits_for = NULL,
    visit = NULL, filled = 0, due = NULL
WHERE run = ?1";
pub(crate) const RENEW: &str =
    "UPDATE runs SET lease = ?2, lease_until = ?3, beat = beat + 1 WHERE run = ?1";
pub(crate) const RELEASE: &str = concat!(
    "UPDATE runs SET owner = NULL, lease = NULL, lease_until = NULL, ",
    due_again!(),
    " WHERE run = ?1"
);

pub(crate) const GRAPH: &str =
    "SELECT text FROM texts WHERE run = ?1 AND name = '' AND version = ?2";
pub(crate) const HISTORY: &str =
    "SELECT step, path, action, time FROM checkpoints WHERE run = ?1 ORDER BY step";
pub(crate) const CHECKPOINT: &str = "
SELECT g.text, position, action, state, c.version
FROM checkpoints c LEFT JOIN texts g ON g.run = c.run AND g.name = '' AND g.version = c.graph
WHERE c.run = ?1 AND c.step = ?2";

pub(crate) const FORK_RUN: &str = "
INSERT INTO runs (run, flow, status, step, path, position, action, beat, created, updated, graph, state, due)
SELECT CAST(?3 AS TEXT), r.flow, 'running', c.step, c.path, c.position, c.action, r.beat, CAST(?4 AS BIGINT),
    CAST(?4 AS BIGINT), c.graph, c.state, 0
FROM runs r JOIN checkpoints c ON c.run = r.run WHERE r.run = ?1 AND c.step = ?2 ON CONFLICT DO NOTHING";
pub(crate) const FORK_HISTORY: &str = "
INSERT INTO checkpoints (run, step, path, position, action, time, version, graph, state)
SELECT CAST(?3 AS TEXT), step, path, position, action, time, version, graph, state
FROM checkpoints WHERE run = ?1 AND step <= ?2";
/// The texts that the steps up to ?2 refer to: a later one has a higher version.
pub(crate) const FORK_TEXTS: &str = "
INSERT INTO texts (run, name, version, text)
SELECT CAST(?3 AS TEXT), name, version, text FROM texts
WHERE run = ?1 AND version <= (SELECT version FROM checkpoints WHERE run = ?1 AND step = ?2)";
pub(crate) const FORK_WAITS: &str = "
INSERT INTO waits (run, field, visit, step)
SELECT CAST(?3 AS TEXT), field, visit, step FROM waits WHERE run = ?1 AND step <= ?2";

pub(crate) const REMOVE: &str = "DELETE FROM runs WHERE run = ?1";
