-- What scans said of versions, and what reviewers decided about what lies in quarantine.

-- How often the version was scanned anew: the facts of that scan hold.
ALTER TABLE versions ADD COLUMN generation BIGINT NOT NULL DEFAULT 0;
CREATE INDEX versions_rescanned ON versions (ordinal, generation) WHERE generation > 0;
CREATE INDEX versions_quarantined ON versions (ordinal) WHERE scan = 'quarantined' AND gone IS NULL;

-- One row a scan that was completed: what it found, how often, and what it could not read, sealed. `generation` counts the
-- scans of a version from 0. A row is never changed.
CREATE TABLE scans (
    ordinal BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    at BIGINT NOT NULL,
    report BYTEA NOT NULL,
    PRIMARY KEY (ordinal, generation)
) /* clustered */;

CREATE TABLE reviews (
    ordinal BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    reviewer BYTEA NOT NULL,
    decision TEXT NOT NULL,
    reason BYTEA NOT NULL,
    PRIMARY KEY (ordinal, seq)
) /* clustered */;

-- Facts of every scan stay. `unresolved` counts people who are named there and whom no identifier tells apart.
ALTER TABLE facts RENAME TO facts_before;
CREATE TABLE facts (
    engagement BYTEA NOT NULL,
    ordinal BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    block BIGINT NOT NULL,
    data_type TEXT NOT NULL,
    subjects BYTEA NOT NULL,
    unresolved BIGINT NOT NULL,
    PRIMARY KEY (engagement, ordinal, generation, block, data_type)
) /* clustered */;
INSERT INTO facts (engagement, ordinal, generation, block, data_type, subjects, unresolved)
    SELECT engagement, ordinal, 0, block, data_type, subjects, 0 FROM facts_before;
DROP TABLE facts_before;

-- Facts of versions that are not visible yet, as their scan makes them; they move when the version becomes visible.
CREATE TABLE staged_facts (
    version BYTEA NOT NULL,
    block BIGINT NOT NULL,
    data_type TEXT NOT NULL,
    subjects BYTEA NOT NULL,
    unresolved BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (version, block, data_type)
) /* clustered */;
