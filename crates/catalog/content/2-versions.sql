-- Settings of datasets, and versions of objects as S3 has them. `retention`, `retained_until` and `legal_hold` are NULL until
-- they are first set. Versions of before are what S3 calls the null version of their key.

-- What S3 calls a bucket's configuration: one sealed document, and how often it was changed.
ALTER TABLE datasets ADD COLUMN settings BYTEA;
ALTER TABLE datasets ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;

ALTER TABLE versions ADD COLUMN null_version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE versions ADD COLUMN marker BIGINT NOT NULL DEFAULT 0;
ALTER TABLE versions ADD COLUMN retention TEXT;
ALTER TABLE versions ADD COLUMN retained_until BIGINT;
ALTER TABLE versions ADD COLUMN legal_hold TEXT;
CREATE INDEX versions_kept ON versions (dataset, key, ordinal DESC) WHERE gone IS NULL;
