-- Scans that are to be made: one row a version that waits for one, or for another one.

-- `due` is when it may be begun: a job that is worked on is due again when its worker has said nothing for long. `failure` is
-- the kind of the last failure, never what was read.
CREATE TABLE jobs (
    ordinal BIGINT NOT NULL PRIMARY KEY,
    generation BIGINT NOT NULL,
    dataset BYTEA NOT NULL,
    queued BIGINT NOT NULL,
    due BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    done BIGINT NOT NULL,
    failure TEXT
) /* clustered */;
CREATE INDEX jobs_due ON jobs (due, ordinal);
CREATE INDEX jobs_dataset ON jobs (dataset, ordinal);

INSERT INTO jobs (ordinal, generation, dataset, queued, due, attempts, done)
    SELECT ordinal, generation, dataset, modified, 0, 0, 0 FROM versions
    WHERE scan = 'pending' AND gone IS NULL AND marker = 0;
