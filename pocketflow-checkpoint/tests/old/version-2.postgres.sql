-- What version 2 made of version-1.sql.
SET search_path TO version_1;
CREATE TABLE waits (
    run TEXT COLLATE "C" NOT NULL REFERENCES runs (run) ON DELETE CASCADE,
    field TEXT NOT NULL,
    visit BIGINT NOT NULL,
    step BIGINT,
    value TEXT,
    PRIMARY KEY (run, field, visit)
);
INSERT INTO waits (run, field, visit, step, value)
    SELECT run, waits_for, 1, step + 1, CASE WHEN filled_field = waits_for THEN filled END FROM runs
    WHERE waits_for IS NOT NULL;
INSERT INTO waits (run, field, visit, step, value)
    SELECT run, filled_field, 1, step + 1, filled FROM runs WHERE filled IS NOT NULL AND waits_for IS NULL;
ALTER TABLE runs DROP CONSTRAINT runs_status_check,
    ADD CHECK (status IN ('running', 'waiting', 'finished', 'failed', 'stuck')),
    ADD COLUMN beat BIGINT NOT NULL DEFAULT 0, ADD COLUMN lease BIGINT, ADD COLUMN crashes BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN crash_mark TEXT, ADD COLUMN visit BIGINT;
ALTER TABLE runs RENAME COLUMN filled TO filled_value;
ALTER TABLE runs ADD COLUMN filled BIGINT NOT NULL DEFAULT 0;
UPDATE runs SET lease = CASE WHEN owner IS NOT NULL THEN 30000 END, visit = CASE WHEN waits_for IS NOT NULL THEN 1 END,
    filled = CASE WHEN filled_value IS NOT NULL AND filled_field = waits_for THEN 1 ELSE 0 END;
ALTER TABLE runs DROP COLUMN filled_field, DROP COLUMN filled_value, DROP COLUMN filled_seen;
-- The second step of this run was stored by a program with another flow.
UPDATE checkpoints SET graph = '{"flow":"another"}' WHERE run = 'finished' AND step = 2;
UPDATE version SET version = 2;
ALTER SCHEMA version_1 RENAME TO version_2;
