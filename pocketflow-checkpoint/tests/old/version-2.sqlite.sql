-- What version 2 made of version-1.db.
PRAGMA foreign_keys = OFF;
BEGIN;
CREATE TABLE waits (
    run TEXT NOT NULL REFERENCES runs (run) ON DELETE CASCADE,
    field TEXT NOT NULL,
    visit INTEGER NOT NULL,
    step INTEGER,
    value TEXT,
    PRIMARY KEY (run, field, visit)
) STRICT;
INSERT INTO waits (run, field, visit, step, value)
    SELECT run, waits_for, 1, step + 1, CASE WHEN filled_field = waits_for THEN filled END FROM runs
    WHERE waits_for IS NOT NULL;
INSERT INTO waits (run, field, visit, step, value)
    SELECT run, filled_field, 1, step + 1, filled FROM runs WHERE filled IS NOT NULL AND waits_for IS NULL;
CREATE TABLE new_runs (
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
) STRICT;
INSERT INTO new_runs (run, flow, status, step, path, position, action, owner, lease, lease_until, exit, message, waits_for, visit,
    filled, created, updated)
SELECT run, flow, status, step, path, position, action, owner, CASE WHEN owner IS NOT NULL THEN 30000 END, lease_until, exit,
    message, waits_for, CASE WHEN waits_for IS NOT NULL THEN 1 END, filled IS NOT NULL AND filled_field IS waits_for, created,
    updated
FROM runs;
DROP TABLE runs;
ALTER TABLE new_runs RENAME TO runs;
CREATE INDEX runs_status ON runs (status);
-- The second step of this run was stored by a program with another flow.
UPDATE checkpoints SET graph = '{"flow":"another"}' WHERE run = 'finished' AND step = 2;
PRAGMA user_version = 2;
COMMIT;
