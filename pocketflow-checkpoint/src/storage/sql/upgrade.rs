//! The statements that upgrade the tables of older versions, in one transaction.

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

/// Graphs become texts. The current graph of a run has version 0; a step with another graph, or before
/// one with another graph, has its own.
macro_rules! old_graphs {
    () => {
        "
INSERT INTO texts (run, name, version, text) SELECT run, '', 0, graph FROM states;
INSERT INTO texts (run, name, version, text) SELECT c.run, '', -c.step, c.graph FROM checkpoints c WHERE EXISTS (
    SELECT 1 FROM checkpoints l JOIN states s ON s.run = l.run WHERE l.run = c.run AND l.step >= c.step AND l.graph <> s.graph);"
    };
}

/// The version of a step's graph.
macro_rules! old_graph {
    () => {
        "coalesce((SELECT t.version FROM texts t WHERE t.run = c.run AND t.name = '' AND t.version = -c.step AND c.step > 0), 0)"
    };
}

/// A worker may take up every run that can continue.
macro_rules! old_due {
    () => {
        "
UPDATE runs SET due = 0 WHERE status = 'running' OR status = 'waiting' AND filled = 1;"
    };
}

/// From version 1 or 2. SQLite cannot change a CHECK, so the tables are recreated. Foreign keys are
/// off in the meantime. A state may contain long fields: the next step takes them out.
#[rustfmt::skip]
macro_rules! upgrade_sqlite {
    ($($old:expr),*) => {
        concat!(
            $($old,)*
            "
DROP TABLE runs;
ALTER TABLE new_runs RENAME TO runs;",
            indexes!(),
            old_due!(),
            texts!(),
            old_graphs!(),
            checkpoints!("new_checkpoints"),
            "
INSERT INTO new_checkpoints (run, step, path, position, action, time, version, graph, state)
SELECT run, step, path, position, action, time, 0, ", old_graph!(), ", state FROM checkpoints c;
DROP TABLE checkpoints;
ALTER TABLE new_checkpoints RENAME TO checkpoints;
DROP TABLE states;",
            attempts!()
        )
    };
}

/// The columns of the waits that version 2 does not have.
macro_rules! new_wait_columns {
    () => {
        "
ALTER TABLE waits ADD COLUMN deadline INTEGER;
ALTER TABLE waits ADD COLUMN expired INTEGER NOT NULL DEFAULT 0;"
    };
}

/// From version 3, on all engines.
pub(crate) const UPGRADE_3: &str = attempts!();

/// From version 1.
pub(crate) const UPGRADE_SQLITE_1: &str = upgrade_sqlite!(
    waits!(),
    old_waits!(),
    runs!("new_runs"),
    "
INSERT INTO new_runs (run, flow, status, step, path, position, action, owner, lease, lease_until, exit, message, waits_for, visit,
    filled, created, updated, graph, state)
SELECT r.run, flow, status, step, path, position, action, owner, CASE WHEN owner IS NOT NULL THEN 30000 END, lease_until, exit,
    message, waits_for, CASE WHEN waits_for IS NOT NULL THEN 1 END, filled IS NOT NULL AND filled_field IS waits_for, created,
    updated, 0, s.state
FROM runs r JOIN states s ON s.run = r.run;"
);

/// From version 2.
pub(crate) const UPGRADE_SQLITE_2: &str = upgrade_sqlite!(
    new_wait_columns!(),
    runs!("new_runs"),
    "
INSERT INTO new_runs (run, flow, status, step, path, position, action, owner, beat, lease, lease_until, crashes, crash_mark, exit,
    message, waits_for, visit, filled, created, updated, graph, state)
SELECT r.run, flow, status, step, path, position, action, owner, beat, lease, lease_until, crashes, crash_mark, exit,
    message, waits_for, visit, filled, created, updated, 0, s.state
FROM runs r JOIN states s ON s.run = r.run;"
);

/// From version 1 or 2, the last part. The tables are in SQLite's dialect.
#[cfg(feature = "postgres")]
#[rustfmt::skip]
macro_rules! upgrade_postgres {
    ($($old:expr),*) => {
        concat!(
            $($old,)*
            texts!(),
            old_graphs!(),
            "
DROP INDEX runs_status;
ALTER TABLE runs DROP CONSTRAINT runs_status_check,
    ADD CHECK (status IN ('running', 'waiting', 'finished', 'failed', 'stuck', 'cancelled')),
    ADD COLUMN graph INTEGER NOT NULL DEFAULT 0, ADD COLUMN state TEXT, ADD COLUMN root TEXT,
    ADD COLUMN parent TEXT REFERENCES runs (run) ON DELETE CASCADE, ADD COLUMN due INTEGER;",
            indexes!(),
            old_due!(),
            "
UPDATE runs r SET state = s.state FROM states s WHERE s.run = r.run;
ALTER TABLE runs ALTER COLUMN graph DROP DEFAULT, ALTER COLUMN state SET NOT NULL;
ALTER TABLE checkpoints RENAME COLUMN graph TO old_graph;
ALTER TABLE checkpoints ADD COLUMN version INTEGER NOT NULL DEFAULT 0, ADD COLUMN graph INTEGER NOT NULL DEFAULT 0;
UPDATE checkpoints c SET graph = ", old_graph!(), ";
ALTER TABLE checkpoints ALTER COLUMN version DROP DEFAULT, ALTER COLUMN graph DROP DEFAULT, DROP COLUMN old_graph;
DROP TABLE states;",
            attempts!()
        )
    };
}

/// From version 1.
#[cfg(feature = "postgres")]
pub(crate) const UPGRADE_POSTGRES_1: &str = upgrade_postgres!(
    waits!(),
    old_waits!(),
    "
ALTER TABLE runs ADD COLUMN beat INTEGER NOT NULL DEFAULT 0, ADD COLUMN lease INTEGER, ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0,
    ADD COLUMN crash_mark TEXT, ADD COLUMN visit INTEGER;
ALTER TABLE runs RENAME COLUMN filled TO filled_value;
ALTER TABLE runs ADD COLUMN filled INTEGER NOT NULL DEFAULT 0;
UPDATE runs SET lease = CASE WHEN owner IS NOT NULL THEN 30000 END, visit = CASE WHEN waits_for IS NOT NULL THEN 1 END,
    filled = CASE WHEN filled_value IS NOT NULL AND filled_field = waits_for THEN 1 ELSE 0 END;
ALTER TABLE runs DROP COLUMN filled_field, DROP COLUMN filled_value, DROP COLUMN filled_seen;"
);

/// From version 2.
#[cfg(feature = "postgres")]
pub(crate) const UPGRADE_POSTGRES_2: &str = upgrade_postgres!(new_wait_columns!());
