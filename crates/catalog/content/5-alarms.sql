-- Decoys, the alarms that they and others raise, and who is told.

-- What a decoy is, is sealed and padded: neither which credentials nor which objects are decoys can be read here.
CREATE TABLE decoys (
    id BYTEA NOT NULL PRIMARY KEY,
    made BIGINT NOT NULL,
    tripped BIGINT,
    sealed BYTEA NOT NULL
);

-- `subject` is a keyed digest of what the alarm is about: what happens again while nobody has acknowledged it is counted, and
-- told once.
CREATE TABLE alarms (
    id BYTEA NOT NULL PRIMARY KEY,
    subject BYTEA NOT NULL,
    kind TEXT NOT NULL,
    severity TEXT NOT NULL,
    raised BIGINT NOT NULL,
    latest BIGINT NOT NULL,
    count BIGINT NOT NULL,
    acknowledged BIGINT,
    acknowledger BYTEA,
    details BYTEA NOT NULL
);
CREATE UNIQUE INDEX alarms_open ON alarms (subject) WHERE acknowledged IS NULL;
CREATE INDEX alarms_raised ON alarms (raised, id);

CREATE TABLE receivers (
    id BYTEA NOT NULL PRIMARY KEY,
    added BIGINT NOT NULL,
    sealed BYTEA NOT NULL
);

-- What is to be told to whom. `settled` once the receiver has it, or once it was given up; `outcome` says which.
CREATE TABLE outbox (
    alarm BYTEA NOT NULL,
    receiver BYTEA NOT NULL,
    due BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    settled BIGINT,
    outcome TEXT,
    PRIMARY KEY (alarm, receiver)
) /* clustered */;
CREATE INDEX outbox_due ON outbox (due) WHERE settled IS NULL;
CREATE INDEX outbox_receiver ON outbox (receiver, settled);
