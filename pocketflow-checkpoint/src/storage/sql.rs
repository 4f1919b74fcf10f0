//! The statements, which all engines share. The parameters are `?1`, `?2`, …

/// The version of [`SCHEMA`].
pub const SCHEMA_VERSION: i64 = 2;

macro_rules! runs {
    ($name:literal) => {
        concat!(
            "
CREATE TABLE ",
            $name,
            " (
    run TEXT NOT NULL PRIMARY KEY,
    flow TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('running', 'waiting', 'finished', 'failed', 'stuck')),
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
    updated INTEGER NOT NULL
) STRICT;"
        )
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
    PRIMARY KEY (run, field, visit)
) STRICT;"
    };
}

/// The schema, in SQLite's dialect.
///
/// The table `runs` has no states, because every renewal of a lease rewrites a row of it, and lists
/// read all of it. `beat` counts how often the owner has renewed its `lease`, whose length is in
/// milliseconds; `crashes` counts the owners that died at `crash_mark`, which is a step and the
/// number of its stored items. `filled` tells whether the open wait has a value. In `items`, -1
/// stands for no branch and no item, because NULL never equals itself. In `waits`, a `step` of NULL
/// means that the run has not reached the wait.
pub const SCHEMA: &str = concat!(
    runs!("runs"),
    "
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
) STRICT;",
    waits!(),
);

/// Moves values and waits to the new table. An open wait becomes the first wait for its field.
macro_rules! old_waits {
    () => {
        "
INSERT INTO waits (run, field, visit, step, value)
    SELECT run, waits_for, 1, step + 1, CASE WHEN filled_field = waits_for THEN filled END FROM runs
    WHERE waits_for IS NOT NULL;
INSERT INTO waits (run, field, visit, step, value)
    SELECT run, filled_field, 1, step + 1, filled FROM runs WHERE filled IS NOT NULL AND waits_for IS NULL;"
    };
}

/// From version 1 to 2. SQLite cannot change a CHECK, so the table is recreated. Foreign keys
/// are off in the meantime.
pub(crate) const UPGRADE_SQLITE: &str = concat!(
    waits!(),
    old_waits!(),
    runs!("new_runs"),
    "
INSERT INTO new_runs (run, flow, status, step, path, position, action, owner, lease, lease_until, exit, message, waits_for, visit,
    filled, created, updated)
SELECT run, flow, status, step, path, position, action, owner, CASE WHEN owner IS NOT NULL THEN 30000 END, lease_until, exit,
    message, waits_for, CASE WHEN waits_for IS NOT NULL THEN 1 END, filled IS NOT NULL AND filled_field IS waits_for, created,
    updated
FROM runs;
DROP TABLE runs;
ALTER TABLE new_runs RENAME TO runs;
CREATE INDEX runs_status ON runs (status);
"
);

/// From version 1 to 2. The table is in SQLite's dialect.
#[cfg(feature = "postgres")]
pub(crate) const UPGRADE_POSTGRES: &str = concat!(
    waits!(),
    old_waits!(),
    "
ALTER TABLE runs DROP CONSTRAINT runs_status_check,
    ADD CHECK (status IN ('running', 'waiting', 'finished', 'failed', 'stuck')),
    ADD COLUMN beat INTEGER NOT NULL DEFAULT 0, ADD COLUMN lease INTEGER, ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN crash_mark TEXT, ADD COLUMN visit INTEGER;
ALTER TABLE runs RENAME COLUMN filled TO filled_value;
ALTER TABLE runs ADD COLUMN filled INTEGER NOT NULL DEFAULT 0;
UPDATE runs SET lease = CASE WHEN owner IS NOT NULL THEN 30000 END, visit = CASE WHEN waits_for IS NOT NULL THEN 1 END,
    filled = CASE WHEN filled_value IS NOT NULL AND filled_field = waits_for THEN 1 ELSE 0 END;
ALTER TABLE runs DROP COLUMN filled_field, DROP COLUMN filled_value, DROP COLUMN filled_seen;
"
);

/// The columns of [`RunHead`](super::rules::RunHead).
macro_rules! head {
    () => {
        "SELECT status, step, owner, lease_until, lease, beat, waits_for, visit, filled, crashes, crash_mark, message"
    };
}

/// The columns of a [`RunSummary`](super::RunSummary).
macro_rules! summary {
    () => {
        "SELECT run, flow, status, step, path, owner, lease_until, exit, message, waits_for, visit, filled, created, updated \
         FROM runs"
    };
}

/// What an engine reads of a run before it changes the run.
pub const HEAD: &str = concat!(head!(), " FROM runs WHERE run = ?1");
/// The index of the clock in a row of [`HEAD_LOCKED`] and [`HEAD_SHARED`].
#[cfg(feature = "postgres")]
pub(crate) const HEAD_CLOCK: usize = 12;

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
/// The items of one step can be stored at the same time: their locks exclude other owners, but not
/// one another.
#[cfg(feature = "postgres")]
pub(crate) const HEAD_SHARED: &str = concat!(
    head!(),
    ", ",
    clock!(),
    " FROM runs WHERE run = ?1 FOR SHARE"
);

pub(crate) const BEGIN_RUN: &str = "
INSERT INTO runs (run, flow, status, step, path, position, owner, lease, lease_until, created, updated)
VALUES (?1, ?2, 'running', 0, '', ?3, ?4, ?5, ?6, ?7, ?7) ON CONFLICT DO NOTHING";
pub(crate) const BEGIN_STATE: &str = "INSERT INTO states (run, graph, state) VALUES (?1, ?2, ?3)";
pub(crate) const TAKE_OVER: &str = "
UPDATE runs SET owner = ?2, lease = ?3, lease_until = ?4, beat = beat + 1, status = ?5, message = NULL, crashes = ?6,
    crash_mark = ?7, updated = CASE WHEN status = ?5 THEN updated ELSE ?8 END
WHERE run = ?1";
pub(crate) const COUNT_ITEMS: &str = "SELECT count(*) FROM items WHERE run = ?1 AND step = ?2";

pub(crate) const COMMIT_RUN: &str = "
UPDATE runs SET status = 'running', step = ?2, path = ?3, position = ?4, action = ?5, lease = ?6, lease_until = ?7, updated = ?8,
    beat = beat + 1, crashes = 0, crash_mark = NULL, message = NULL, waits_for = NULL, visit = NULL, filled = 0
WHERE run = ?1";
pub(crate) const COMMIT_STATE: &str = "UPDATE states SET graph = ?2, state = ?3 WHERE run = ?1";
pub(crate) const DROP_ITEMS: &str = "DELETE FROM items WHERE run = ?1 AND step <= ?2";
pub(crate) const ADD_CHECKPOINT: &str = "
INSERT INTO checkpoints (run, step, path, position, action, time, graph, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (run, step) DO UPDATE SET path = excluded.path, position = excluded.position, action = excluded.action,
    time = excluded.time, graph = excluded.graph, state = excluded.state";
/// Removes all but the last ?2 steps. The subquery returns the newest step to remove, or NULL if
/// there is none.
pub(crate) const PRUNE_HISTORY: &str = "
DELETE FROM checkpoints WHERE run = ?1
    AND step <= (SELECT step FROM checkpoints WHERE run = ?1 ORDER BY step DESC LIMIT 1 OFFSET ?2)";

pub(crate) const KEEP_ITEM: &str = "
INSERT INTO items (run, step, branch, item, json) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (run, step, branch, item) DO UPDATE SET json = excluded.json";
pub(crate) const ITEMS: &str =
    "SELECT branch, item, json FROM items WHERE run = ?1 AND step = ?2 ORDER BY branch, item";

pub(crate) const WAIT_RUN: &str = "
UPDATE runs SET status = 'waiting', step = ?2, waits_for = ?3, visit = ?4, position = ?5, message = ?6, updated = ?7, filled = 0,
    owner = NULL, lease = NULL, lease_until = NULL, crashes = 0, crash_mark = NULL
WHERE run = ?1";
/// The wait has been filled already, so the run continues.
pub(crate) const PASS_WAIT: &str = "
UPDATE runs SET step = ?2, waits_for = ?3, visit = ?4, position = ?5, updated = ?6, filled = 1 WHERE run = ?1";
pub(crate) const WAIT_AT: &str =
    "SELECT visit, value FROM waits WHERE run = ?1 AND field = ?2 AND step = ?3";
pub(crate) const LAST_VISIT: &str =
    "SELECT coalesce(max(visit), 0) FROM waits WHERE run = ?1 AND field = ?2 AND step IS NOT NULL";
pub(crate) const WAIT_NAMED: &str =
    "SELECT coalesce(step, -1), value FROM waits WHERE run = ?1 AND field = ?2 AND visit = ?3";
/// Without a visit ?3, the value of the open wait.
pub(crate) const FILLED: &str = "
SELECT w.value FROM runs r LEFT JOIN waits w ON w.run = r.run AND w.field = ?2
    AND w.visit = coalesce(CAST(?3 AS BIGINT), CASE WHEN r.waits_for = ?2 THEN r.visit END)
WHERE r.run = ?1";
/// A value that arrived early stays.
pub(crate) const OPEN_WAIT: &str = "
INSERT INTO waits (run, field, visit, step) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (run, field, visit) DO UPDATE SET step = excluded.step";
pub(crate) const DROP_VALUE: &str =
    "UPDATE waits SET value = NULL WHERE run = ?1 AND field = ?2 AND visit = ?3";
pub(crate) const SET_STATE: &str = "UPDATE states SET state = ?2 WHERE run = ?1";
pub(crate) const FILL: &str = "
INSERT INTO waits (run, field, visit, value) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (run, field, visit) DO UPDATE SET value = excluded.value";
pub(crate) const MOVED: &str = "
SELECT w.key FROM json_each(?1) w WHERE NOT EXISTS (
    SELECT 1 FROM runs r WHERE r.run = w.key AND r.step = w.value AND r.status = 'waiting' AND r.filled = 0)";
#[cfg(feature = "postgres")]
pub(crate) const MOVED_POSTGRES: &str = "
SELECT w.key FROM json_each_text(CAST(CAST(?1 AS TEXT) AS JSON)) w WHERE NOT EXISTS (
    SELECT 1 FROM runs r
    WHERE r.run = w.key AND r.step = CAST(w.value AS BIGINT) AND r.status = 'waiting' AND r.filled = 0)";
/// The changes of other connections, and those of this one.
pub(crate) const VERSION_SQLITE: &str =
    "SELECT data_version || '/' || total_changes() FROM pragma_data_version";
/// ?2 tells whether the open wait has a value now.
pub(crate) const FILL_RUN: &str = "
UPDATE runs SET filled = CASE WHEN CAST(?2 AS BIGINT) = 1 THEN 1 ELSE filled END, message = CASE WHEN CAST(?2 AS BIGINT) = 1 THEN NULL ELSE message END,
    updated = ?3
WHERE run = ?1";
pub(crate) const FINISH_RUN: &str = "
UPDATE runs SET status = 'finished', exit = ?2, updated = ?3, owner = NULL, lease = NULL, lease_until = NULL, message = NULL,
    waits_for = NULL, visit = NULL, filled = 0
WHERE run = ?1";
pub(crate) const DROP_ALL_ITEMS: &str = "DELETE FROM items WHERE run = ?1";
/// The run does not wait any more. The values of its waits stay, because they were acknowledged.
pub(crate) const FAIL: &str = "
UPDATE runs SET status = ?4, message = ?2, updated = ?3, owner = NULL, lease = NULL, lease_until = NULL, waits_for = NULL,
    visit = NULL, filled = 0
WHERE run = ?1";
pub(crate) const RETRY: &str = "
UPDATE runs SET status = 'running', message = NULL, crashes = 0, crash_mark = NULL, updated = ?2 WHERE run = ?1";
pub(crate) const RENEW: &str =
    "UPDATE runs SET lease = ?2, lease_until = ?3, beat = beat + 1 WHERE run = ?1";
pub(crate) const RELEASE: &str =
    "UPDATE runs SET owner = NULL, lease = NULL, lease_until = NULL WHERE run = ?1";

pub(crate) const LIST_ALL: &str = concat!(summary!(), " ORDER BY updated, run");
pub(crate) const LIST: &str = concat!(summary!(), " WHERE status = ?1 ORDER BY updated, run");
pub(crate) const SHOW: &str = "
SELECT r.run, r.flow, r.status, r.step, r.path, r.owner, r.lease_until, r.exit, r.message, r.waits_for, r.visit, r.filled,
    r.created, r.updated, r.position, r.action, r.crashes, s.graph, s.state
FROM runs r JOIN states s ON s.run = r.run WHERE r.run = ?1";
pub(crate) const GRAPH: &str = "SELECT graph FROM states WHERE run = ?1";
pub(crate) const HISTORY: &str =
    "SELECT step, path, action, time FROM checkpoints WHERE run = ?1 ORDER BY step";
pub(crate) const CHECKPOINT: &str =
    "SELECT graph, position, action, state FROM checkpoints WHERE run = ?1 AND step = ?2";

pub(crate) const FORK_RUN: &str = "
INSERT INTO runs (run, flow, status, step, path, position, action, created, updated)
SELECT CAST(?3 AS TEXT), r.flow, 'running', c.step, c.path, c.position, c.action, CAST(?4 AS BIGINT), CAST(?4 AS BIGINT)
FROM runs r JOIN checkpoints c ON c.run = r.run WHERE r.run = ?1 AND c.step = ?2 ON CONFLICT DO NOTHING";
pub(crate) const FORK_STATE: &str = "
INSERT INTO states (run, graph, state)
SELECT CAST(?3 AS TEXT), graph, state FROM checkpoints WHERE run = ?1 AND step = ?2";
pub(crate) const FORK_HISTORY: &str = "
INSERT INTO checkpoints (run, step, path, position, action, time, graph, state)
SELECT CAST(?3 AS TEXT), step, path, position, action, time, graph, state
FROM checkpoints WHERE run = ?1 AND step <= ?2";
pub(crate) const FORK_WAITS: &str = "
INSERT INTO waits (run, field, visit, step)
SELECT CAST(?3 AS TEXT), field, visit, step FROM waits WHERE run = ?1 AND step <= ?2";

pub(crate) const REMOVE: &str = "DELETE FROM runs WHERE run = ?1";
pub(crate) const PRUNE: &str = "DELETE FROM runs WHERE status = 'finished' AND updated < ?1";
/// Locks the rows in one order and skips locked rows, so that two transactions that prune at the
/// same time do not deadlock.
#[cfg(feature = "postgres")]
pub(crate) const PRUNE_LOCKED: &str = "
DELETE FROM runs WHERE run IN (
    SELECT run FROM runs WHERE status = 'finished' AND updated < ?1 ORDER BY run FOR UPDATE SKIP LOCKED)";
