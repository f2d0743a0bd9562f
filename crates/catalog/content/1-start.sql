-- The catalog, in the subset that SQLite and PostgreSQL share. `clustered` asks for rows kept in the order of their key
-- where a database can do so. Instants are microseconds since 1970. Bodies come last, so that reading the columns before
-- them touches no overflow page.

-- The ledger -----------------------------------------------------------------------------------------------------------

CREATE TABLE entries (
    leaf BIGINT PRIMARY KEY,
    chain BYTEA NOT NULL,
    seq BIGINT NOT NULL,
    data BYTEA NOT NULL,
    sealed BYTEA NOT NULL
);
CREATE UNIQUE INDEX entries_chain ON entries (chain, seq);

CREATE TABLE heads (
    chain BYTEA NOT NULL PRIMARY KEY,
    ordinal BIGINT NOT NULL UNIQUE,
    length BIGINT NOT NULL,
    data BYTEA NOT NULL
);

-- Who and where --------------------------------------------------------------------------------------------------------

CREATE TABLE partners (
    id BYTEA NOT NULL PRIMARY KEY,
    name_digest BYTEA NOT NULL UNIQUE,
    name BYTEA NOT NULL,
    created BIGINT NOT NULL
);

CREATE TABLE engagements (
    id BYTEA NOT NULL PRIMARY KEY,
    partner BYTEA NOT NULL REFERENCES partners (id),
    name_digest BYTEA NOT NULL UNIQUE,
    name BYTEA NOT NULL,
    state TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    ordinal BIGINT NOT NULL UNIQUE,
    purposes TEXT NOT NULL,
    created BIGINT NOT NULL
);

CREATE TABLE datasets (
    id BYTEA NOT NULL PRIMARY KEY,
    engagement BYTEA NOT NULL REFERENCES engagements (id),
    bucket TEXT NOT NULL UNIQUE,
    purposes TEXT NOT NULL,
    unscannable_readable BIGINT NOT NULL,
    created BIGINT NOT NULL
);

CREATE TABLE principals (
    id BYTEA NOT NULL PRIMARY KEY,
    name_digest BYTEA NOT NULL UNIQUE,
    name BYTEA NOT NULL,
    kind TEXT NOT NULL,
    partner BYTEA REFERENCES partners (id),
    roles TEXT NOT NULL,
    public_key BYTEA UNIQUE,
    created BIGINT NOT NULL
);

-- No reference to datasets: a grant outlives a dropped dataset and then grants nothing.
CREATE TABLE grants (
    id BYTEA NOT NULL PRIMARY KEY,
    principal BYTEA NOT NULL REFERENCES principals (id),
    engagement BYTEA NOT NULL REFERENCES engagements (id),
    dataset BYTEA,
    verbs TEXT NOT NULL,
    purposes TEXT NOT NULL,
    expires BIGINT NOT NULL
);

CREATE TABLE sessions (
    id BYTEA NOT NULL PRIMARY KEY,
    access_key TEXT NOT NULL UNIQUE,
    principal BYTEA NOT NULL REFERENCES principals (id),
    engagement BYTEA NOT NULL REFERENCES engagements (id),
    purpose TEXT NOT NULL,
    places TEXT NOT NULL,
    issued BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    ended BIGINT
);
CREATE INDEX sessions_live ON sessions (engagement, expires) WHERE ended IS NULL;

CREATE TABLE approvals (
    id BYTEA NOT NULL PRIMARY KEY,
    verb TEXT NOT NULL,
    engagement BYTEA NOT NULL REFERENCES engagements (id),
    request_digest BYTEA NOT NULL,
    requester BYTEA NOT NULL REFERENCES principals (id),
    asked BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    used BIGINT
);
CREATE INDEX approvals_open ON approvals (asked) WHERE used IS NULL;

CREATE TABLE approvers (
    approval BYTEA NOT NULL REFERENCES approvals (id),
    approver BYTEA NOT NULL REFERENCES principals (id),
    signature BYTEA NOT NULL,
    PRIMARY KEY (approval, approver)
) /* clustered */;

-- Objects --------------------------------------------------------------------------------------------------------------

-- Deleted and replaced versions stay: scope needs them. No reference to datasets for the same reason.
CREATE TABLE versions (
    ordinal BIGINT PRIMARY KEY,
    version BYTEA NOT NULL UNIQUE,
    engagement BYTEA NOT NULL REFERENCES engagements (id),
    dataset BYTEA NOT NULL,
    key BYTEA NOT NULL,
    object BYTEA NOT NULL,
    size BIGINT NOT NULL,
    modified BIGINT NOT NULL,
    scan TEXT NOT NULL,
    writer BYTEA NOT NULL,
    gone BIGINT,
    segment_size BIGINT NOT NULL,
    mac BYTEA NOT NULL,
    wrapped_under BYTEA,
    wrapped BYTEA,
    meta BYTEA NOT NULL,
    parts BYTEA NOT NULL,
    body BYTEA
);
CREATE INDEX versions_pending ON versions (ordinal) WHERE scan = 'pending' AND gone IS NULL;

CREATE TABLE current_versions (
    dataset BYTEA NOT NULL,
    key BYTEA NOT NULL,
    ordinal BIGINT NOT NULL,
    PRIMARY KEY (dataset, key)
) /* clustered */;

CREATE TABLE uploads (
    id BYTEA NOT NULL PRIMARY KEY,
    engagement BYTEA NOT NULL REFERENCES engagements (id),
    dataset BYTEA NOT NULL REFERENCES datasets (id),
    key BYTEA NOT NULL,
    object BYTEA NOT NULL,
    version BYTEA NOT NULL,
    wrapped_under BYTEA NOT NULL,
    wrapped BYTEA NOT NULL,
    meta BYTEA NOT NULL,
    writer BYTEA NOT NULL,
    begun BIGINT NOT NULL
);
CREATE INDEX uploads_listed ON uploads (dataset, key, id);

CREATE TABLE upload_parts (
    upload BYTEA NOT NULL REFERENCES uploads (id),
    number BIGINT NOT NULL,
    size BIGINT NOT NULL,
    modified BIGINT NOT NULL,
    meta BYTEA NOT NULL,
    blob BYTEA,
    body BYTEA,
    PRIMARY KEY (upload, number)
);

-- One row for every blob that may exist in the store. intended -> used -> garbage -> (no row), or intended -> garbage.
CREATE TABLE blobs (
    blob BYTEA NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    request BYTEA NOT NULL,
    at BIGINT NOT NULL
) /* clustered */;
CREATE INDEX blobs_garbage ON blobs (blob) WHERE state = 'garbage';
CREATE INDEX blobs_intended ON blobs (at, blob) WHERE state = 'intended';

-- Scope ----------------------------------------------------------------------------------------------------------------

CREATE TABLE subjects (
    engagement BYTEA NOT NULL,
    digest BYTEA NOT NULL,
    ordinal BIGINT NOT NULL,
    PRIMARY KEY (engagement, digest)
) /* clustered */;

CREATE TABLE subject_counts (
    engagement BYTEA NOT NULL PRIMARY KEY,
    subjects BIGINT NOT NULL
) /* clustered */;

-- Two ordinals that turned out to be one person; `a` is the smaller.
CREATE TABLE subject_links (
    engagement BYTEA NOT NULL,
    a BIGINT NOT NULL,
    b BIGINT NOT NULL,
    PRIMARY KEY (engagement, a, b)
) /* clustered */;

CREATE TABLE facts (
    engagement BYTEA NOT NULL,
    ordinal BIGINT NOT NULL,
    block BIGINT NOT NULL,
    data_type TEXT NOT NULL,
    subjects BYTEA NOT NULL,
    PRIMARY KEY (engagement, ordinal, block, data_type)
) /* clustered */;

CREATE TABLE touches (
    kind TEXT NOT NULL,
    selector BYTEA NOT NULL,
    hour BIGINT NOT NULL,
    engagement BYTEA NOT NULL,
    form TEXT NOT NULL,
    level TEXT NOT NULL,
    events BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    whole BYTEA NOT NULL,
    partial BYTEA NOT NULL,
    PRIMARY KEY (kind, selector, hour, engagement, form, level)
);

-- Small facts ----------------------------------------------------------------------------------------------------------

CREATE TABLE marks (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
) /* clustered */;

CREATE TABLE notes (
    name TEXT NOT NULL PRIMARY KEY,
    value BYTEA NOT NULL
) /* clustered */;
