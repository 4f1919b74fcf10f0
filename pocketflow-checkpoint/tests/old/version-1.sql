CREATE SCHEMA version_1;
CREATE TABLE version_1.checkpoints (
    run text NOT NULL COLLATE pg_catalog."C",
    step bigint NOT NULL,
    path text NOT NULL,
    "position" text NOT NULL,
    action text NOT NULL,
    "time" bigint NOT NULL,
    graph text NOT NULL,
    state text NOT NULL
);
CREATE TABLE version_1.items (
    run text NOT NULL COLLATE pg_catalog."C",
    step bigint NOT NULL,
    branch bigint NOT NULL,
    item bigint NOT NULL,
    json text NOT NULL
);
CREATE TABLE version_1.runs (
    run text NOT NULL COLLATE pg_catalog."C",
    flow text NOT NULL,
    status text NOT NULL,
    step bigint NOT NULL,
    path text NOT NULL,
    "position" text NOT NULL,
    action text,
    owner text,
    lease_until bigint,
    exit text,
    message text,
    waits_for text,
    filled_field text,
    filled text,
    filled_seen bigint NOT NULL,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    CONSTRAINT runs_status_check CHECK ((status = ANY (ARRAY['running'::text, 'waiting'::text, 'finished'::text, 'failed'::text])))
);
CREATE TABLE version_1.states (
    run text NOT NULL COLLATE pg_catalog."C",
    graph text NOT NULL,
    state text NOT NULL
);
CREATE TABLE version_1.version (
    version bigint NOT NULL
);
INSERT INTO version_1.checkpoints VALUES ('finished', 1, 'Write > draft', '{"steps":0,"visits":[{"flow":"Write","fingerprint":11874544691341849114,"place":"draft"}]}', 'default', 1795638901515, '{"flow":{"name":"Write","places":[{"name":"draft"},{"name":"sum"},{"name":"await(approval)"},{"name":"publish"}],"edges":[{"from":"draft","action":"default","to":"sum"},{"from":"sum","action":"default","to":"await(approval)"},{"from":"await(approval)","action":"default","to":"publish"},{"from":"publish","action":"default","to":"end"}]},"fields":{"approval":true,"items":false,"price":false,"sums":true,"text":true,"topic":false}}', '{"topic":"rain for 0.30000000000000004","items":[1,2,3,4,5],"price":0.30000000000000004,"sums":null,"approval":null,"text":null}');
INSERT INTO version_1.checkpoints VALUES ('finished', 2, 'Write > sum', '{"steps":1,"visits":[{"flow":"Write","fingerprint":11874544691341849114,"place":"sum"}]}', 'default', 1795638901570, '{"flow":{"name":"Write","places":[{"name":"draft"},{"name":"sum"},{"name":"await(approval)"},{"name":"publish"}],"edges":[{"from":"draft","action":"default","to":"sum"},{"from":"sum","action":"default","to":"await(approval)"},{"from":"await(approval)","action":"default","to":"publish"},{"from":"publish","action":"default","to":"end"}]},"fields":{"approval":true,"items":false,"price":false,"sums":true,"text":true,"topic":false}}', '{"topic":"rain for 0.30000000000000004","items":[1,2,3,4,5],"price":0.30000000000000004,"sums":[10,20,30,40,50],"approval":null,"text":null}');
INSERT INTO version_1.checkpoints VALUES ('waiting', 1, 'Write > draft', '{"steps":0,"visits":[{"flow":"Write","fingerprint":11874544691341849114,"place":"draft"}]}', 'default', 1795638901594, '{"flow":{"name":"Write","places":[{"name":"draft"},{"name":"sum"},{"name":"await(approval)"},{"name":"publish"}],"edges":[{"from":"draft","action":"default","to":"sum"},{"from":"sum","action":"default","to":"await(approval)"},{"from":"await(approval)","action":"default","to":"publish"},{"from":"publish","action":"default","to":"end"}]},"fields":{"approval":true,"items":false,"price":false,"sums":true,"text":true,"topic":false}}', '{"topic":"rain for 0.30000000000000004","items":[1,2,3,4,5],"price":0.30000000000000004,"sums":null,"approval":null,"text":null}');
INSERT INTO version_1.checkpoints VALUES ('waiting', 2, 'Write > sum', '{"steps":1,"visits":[{"flow":"Write","fingerprint":11874544691341849114,"place":"sum"}]}', 'default', 1795638901649, '{"flow":{"name":"Write","places":[{"name":"draft"},{"name":"sum"},{"name":"await(approval)"},{"name":"publish"}],"edges":[{"from":"draft","action":"default","to":"sum"},{"from":"sum","action":"default","to":"await(approval)"},{"from":"await(approval)","action":"default","to":"publish"},{"from":"publish","action":"default","to":"end"}]},"fields":{"approval":true,"items":false,"price":false,"sums":true,"text":true,"topic":false}}', '{"topic":"rain for 0.30000000000000004","items":[1,2,3,4,5],"price":0.30000000000000004,"sums":[10,20,30,40,50],"approval":null,"text":null}');
INSERT INTO version_1.checkpoints VALUES ('filled', 1, 'Write > draft', '{"steps":0,"visits":[{"flow":"Write","fingerprint":11874544691341849114,"place":"draft"}]}', 'default', 1795638901669, '{"flow":{"name":"Write","places":[{"name":"draft"},{"name":"sum"},{"name":"await(approval)"},{"name":"publish"}],"edges":[{"from":"draft","action":"default","to":"sum"},{"from":"sum","action":"default","to":"await(approval)"},{"from":"await(approval)","action":"default","to":"publish"},{"from":"publish","action":"default","to":"end"}]},"fields":{"approval":true,"items":false,"price":false,"sums":true,"text":true,"topic":false}}', '{"topic":"rain for 0.30000000000000004","items":[1,2,3,4,5],"price":0.30000000000000004,"sums":null,"approval":null,"text":null}');
INSERT INTO version_1.checkpoints VALUES ('filled', 2, 'Write > sum', '{"steps":1,"visits":[{"flow":"Write","fingerprint":11874544691341849114,"place":"sum"}]}', 'default', 1795638901718, '{"flow":{"name":"Write","places":[{"name":"draft"},{"name":"sum"},{"name":"await(approval)"},{"name":"publish"}],"edges":[{"from":"draft","action":"default","to":"sum"},{"from":"sum","action":"default","to":"await(approval)"},{"from":"await(approval)","action":"default","to":"publish"},{"from":"publish","action":"default","to":"end"}]},"fields":{"approval":true,"items":false,"price":false,"sums":true,"text":true,"topic":false}}', '{"topic":"rain for 0.30000000000000004","items":[1,2,3,4,5],"price":0.30000000000000004,"sums":[10,20,30,40,50],"approval":null,"text":null}');
INSERT INTO version_1.checkpoints VALUES ('finished', 3, 'Write > await(approval)', '{"steps":2,"visits":[{"flow":"Write","fingerprint":11874544691341849114,"place":"await(approval)"}]}', 'default', 1795638901766, '{"flow":{"name":"Write","places":[{"name":"draft"},{"name":"sum"},{"name":"await(approval)"},{"name":"publish"}],"edges":[{"from":"draft","action":"default","to":"sum"},{"from":"sum","action":"default","to":"await(approval)"},{"from":"await(approval)","action":"default","to":"publish"},{"from":"publish","action":"default","to":"end"}]},"fields":{"approval":true,"items":false,"price":false,"sums":true,"text":true,"topic":false}}', '{"topic":"rain for 0.30000000000000004","items":[1,2,3,4,5],"price":0.30000000000000004,"sums":[10,20,30,40,50],"approval":"Ada","text":null}');
INSERT INTO version_1.checkpoints VALUES ('finished', 4, 'Write > publish', '{"steps":3,"visits":[{"flow":"Write","fingerprint":11874544691341849114,"place":"publish"}]}', 'default', 1795638901773, '{"flow":{"name":"Write","places":[{"name":"draft"},{"name":"sum"},{"name":"await(approval)"},{"name":"publish"}],"edges":[{"from":"draft","action":"default","to":"sum"},{"from":"sum","action":"default","to":"await(approval)"},{"from":"await(approval)","action":"default","to":"publish"},{"from":"publish","action":"default","to":"end"}]},"fields":{"approval":true,"items":false,"price":false,"sums":true,"text":true,"topic":false}}', '{"topic":"rain for 0.30000000000000004","items":[1,2,3,4,5],"price":0.30000000000000004,"sums":[10,20,30,40,50],"approval":"Ada","text":"rain for 0.30000000000000004, [10, 20, 30, 40, 50], approved by Ada"}');
INSERT INTO version_1.checkpoints VALUES ('failed', 1, 'Write > draft', '{"steps":0,"visits":[{"flow":"Write","fingerprint":11874544691341849114,"place":"draft"}]}', 'default', 1795638901793, '{"flow":{"name":"Write","places":[{"name":"draft"},{"name":"sum"},{"name":"await(approval)"},{"name":"publish"}],"edges":[{"from":"draft","action":"default","to":"sum"},{"from":"sum","action":"default","to":"await(approval)"},{"from":"await(approval)","action":"default","to":"publish"},{"from":"publish","action":"default","to":"end"}]},"fields":{"approval":true,"items":false,"price":false,"sums":true,"text":true,"topic":false}}', '{"topic":"rain for 0.30000000000000004","items":[1,2,3,4,5],"price":0.30000000000000004,"sums":null,"approval":null,"text":null}');
INSERT INTO version_1.checkpoints VALUES ('died', 1, 'Write > draft', '{"steps":0,"visits":[{"flow":"Write","fingerprint":11874544691341849114,"place":"draft"}]}', 'default', 1795638901854, '{"flow":{"name":"Write","places":[{"name":"draft"},{"name":"sum"},{"name":"await(approval)"},{"name":"publish"}],"edges":[{"from":"draft","action":"default","to":"sum"},{"from":"sum","action":"default","to":"await(approval)"},{"from":"await(approval)","action":"default","to":"publish"},{"from":"publish","action":"default","to":"end"}]},"fields":{"approval":true,"items":false,"price":false,"sums":true,"text":true,"topic":false}}', '{"topic":"rain for 0.30000000000000004","items":[1,2,3,4,5],"price":0.30000000000000004,"sums":null,"approval":null,"text":null}');
INSERT INTO version_1.items VALUES ('failed', 2, -1, 0, '10');
INSERT INTO version_1.items VALUES ('failed', 2, -1, 1, '20');
INSERT INTO version_1.items VALUES ('failed', 2, -1, 2, '30');
INSERT INTO version_1.items VALUES ('died', 2, -1, 0, '10');
INSERT INTO version_1.items VALUES ('died', 2, -1, 1, '20');
INSERT INTO version_1.items VALUES ('died', 2, -1, 2, '30');
INSERT INTO version_1.runs VALUES ('waiting', 'Write', 'waiting', 2, 'Write > sum', '{"steps":2,"visits":[{"flow":"Write","fingerprint":11874544691341849114,"place":"await(approval)"}]}', 'default', NULL, NULL, NULL, NULL, 'approval', NULL, NULL, 0, 1795638901590, 1795638901654);
INSERT INTO version_1.runs VALUES ('filled', 'Write', 'waiting', 2, 'Write > sum', '{"steps":2,"visits":[{"flow":"Write","fingerprint":11874544691341849114,"place":"await(approval)"}]}', 'default', NULL, NULL, NULL, NULL, 'approval', 'approval', '"Ada"', 0, 1795638901662, 1795638901745);
INSERT INTO version_1.runs VALUES ('finished', 'Write', 'finished', 4, 'Write > publish', '{"steps":3,"visits":[{"flow":"Write","fingerprint":11874544691341849114,"place":"publish"}]}', 'default', NULL, NULL, 'default', NULL, NULL, NULL, NULL, 0, 1795638901511, 1795638901785);
INSERT INTO version_1.runs VALUES ('failed', 'Write', 'failed', 1, 'Write > draft', '{"steps":0,"visits":[{"flow":"Write","fingerprint":11874544691341849114,"place":"draft"}]}', 'default', NULL, NULL, NULL, 'Write > sum[3]: exec failed: no ink', NULL, NULL, NULL, 0, 1795638901788, 1795638901833);
INSERT INTO version_1.runs VALUES ('died', 'Write', 'running', 1, 'Write > draft', '{"steps":0,"visits":[{"flow":"Write","fingerprint":11874544691341849114,"place":"draft"}]}', 'default', '10979-669a2b9ef495841f', 1795638931854, NULL, NULL, NULL, NULL, NULL, 0, 1795638901838, 1795638901854);
INSERT INTO version_1.states VALUES ('finished', '{"flow":{"name":"Write","places":[{"name":"draft"},{"name":"sum"},{"name":"await(approval)"},{"name":"publish"}],"edges":[{"from":"draft","action":"default","to":"sum"},{"from":"sum","action":"default","to":"await(approval)"},{"from":"await(approval)","action":"default","to":"publish"},{"from":"publish","action":"default","to":"end"}]},"fields":{"approval":true,"items":false,"price":false,"sums":true,"text":true,"topic":false}}', '{"topic":"rain for 0.30000000000000004","items":[1,2,3,4,5],"price":0.30000000000000004,"sums":[10,20,30,40,50],"approval":"Ada","text":"rain for 0.30000000000000004, [10, 20, 30, 40, 50], approved by Ada"}');
INSERT INTO version_1.states VALUES ('failed', '{"flow":{"name":"Write","places":[{"name":"draft"},{"name":"sum"},{"name":"await(approval)"},{"name":"publish"}],"edges":[{"from":"draft","action":"default","to":"sum"},{"from":"sum","action":"default","to":"await(approval)"},{"from":"await(approval)","action":"default","to":"publish"},{"from":"publish","action":"default","to":"end"}]},"fields":{"approval":true,"items":false,"price":false,"sums":true,"text":true,"topic":false}}', '{"topic":"rain for 0.30000000000000004","items":[1,2,3,4,5],"price":0.30000000000000004,"sums":null,"approval":null,"text":null}');
INSERT INTO version_1.states VALUES ('waiting', '{"flow":{"name":"Write","places":[{"name":"draft"},{"name":"sum"},{"name":"await(approval)"},{"name":"publish"}],"edges":[{"from":"draft","action":"default","to":"sum"},{"from":"sum","action":"default","to":"await(approval)"},{"from":"await(approval)","action":"default","to":"publish"},{"from":"publish","action":"default","to":"end"}]},"fields":{"approval":true,"items":false,"price":false,"sums":true,"text":true,"topic":false}}', '{"topic":"rain for 0.30000000000000004","items":[1,2,3,4,5],"price":0.30000000000000004,"sums":[10,20,30,40,50],"approval":null,"text":null}');
INSERT INTO version_1.states VALUES ('died', '{"flow":{"name":"Write","places":[{"name":"draft"},{"name":"sum"},{"name":"await(approval)"},{"name":"publish"}],"edges":[{"from":"draft","action":"default","to":"sum"},{"from":"sum","action":"default","to":"await(approval)"},{"from":"await(approval)","action":"default","to":"publish"},{"from":"publish","action":"default","to":"end"}]},"fields":{"approval":true,"items":false,"price":false,"sums":true,"text":true,"topic":false}}', '{"topic":"rain for 0.30000000000000004","items":[1,2,3,4,5],"price":0.30000000000000004,"sums":null,"approval":null,"text":null}');
INSERT INTO version_1.states VALUES ('filled', '{"flow":{"name":"Write","places":[{"name":"draft"},{"name":"sum"},{"name":"await(approval)"},{"name":"publish"}],"edges":[{"from":"draft","action":"default","to":"sum"},{"from":"sum","action":"default","to":"await(approval)"},{"from":"await(approval)","action":"default","to":"publish"},{"from":"publish","action":"default","to":"end"}]},"fields":{"approval":true,"items":false,"price":false,"sums":true,"text":true,"topic":false}}', '{"topic":"rain for 0.30000000000000004","items":[1,2,3,4,5],"price":0.30000000000000004,"sums":[10,20,30,40,50],"approval":null,"text":null}');
INSERT INTO version_1.version VALUES (1);
ALTER TABLE ONLY version_1.checkpoints
    ADD CONSTRAINT checkpoints_pkey PRIMARY KEY (run, step);
ALTER TABLE ONLY version_1.items
    ADD CONSTRAINT items_pkey PRIMARY KEY (run, step, branch, item);
ALTER TABLE ONLY version_1.runs
    ADD CONSTRAINT runs_pkey PRIMARY KEY (run);
ALTER TABLE ONLY version_1.states
    ADD CONSTRAINT states_pkey PRIMARY KEY (run);
CREATE INDEX runs_status ON version_1.runs USING btree (status);
ALTER TABLE ONLY version_1.checkpoints
    ADD CONSTRAINT checkpoints_run_fkey FOREIGN KEY (run) REFERENCES version_1.runs(run) ON DELETE CASCADE;
ALTER TABLE ONLY version_1.items
    ADD CONSTRAINT items_run_fkey FOREIGN KEY (run) REFERENCES version_1.runs(run) ON DELETE CASCADE;
ALTER TABLE ONLY version_1.states
    ADD CONSTRAINT states_run_fkey FOREIGN KEY (run) REFERENCES version_1.runs(run) ON DELETE CASCADE;
