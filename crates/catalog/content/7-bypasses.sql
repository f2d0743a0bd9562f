-- What the backing store's own log told of, as far as it was imported.

-- One row a request that reached something: `request` is a digest of the store's id of it and of what it reached, so that a log
-- can be imported twice. `bypass` says why nothing of ours explains it; NULL where a fetch does. `blob` is NULL where it reached
-- something else, `ordinal` where the blob is of no version. `sent` is NULL where the store does not say how much went.
CREATE TABLE store_requests (
    request BYTEA NOT NULL PRIMARY KEY,
    act TEXT NOT NULL,
    blob BYTEA,
    at BIGINT NOT NULL,
    sent BIGINT,
    bypass TEXT,
    engagement BYTEA,
    ordinal BIGINT
);
CREATE INDEX store_requests_blob ON store_requests (blob, at);
CREATE INDEX store_requests_bypass ON store_requests (engagement, at) WHERE bypass IS NOT NULL;
