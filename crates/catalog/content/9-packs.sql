-- Scope at scale: rows of the touch index that grow with age, and facts packed by groups of versions.

-- `hour` is the first hour of the row, `span` how long it is: 0 an hour, 1 a day, 2 a month. The rows of before had neither spans
-- nor times; the index is built anew from the ledger, and until it is, queries fold what it lacks.
DROP TABLE touches;
CREATE TABLE touches (
    kind TEXT NOT NULL,
    selector BYTEA NOT NULL,
    hour BIGINT NOT NULL,
    span BIGINT NOT NULL,
    engagement BYTEA NOT NULL,
    form TEXT NOT NULL,
    level TEXT NOT NULL,
    touched BYTEA NOT NULL,
    PRIMARY KEY (kind, selector, hour, span, engagement, form, level)
);
CREATE INDEX touches_aging ON touches (span, hour);
DELETE FROM marks WHERE name = 'indexed';

-- One row a group of 1,024 ordinals of which an engagement has some. Derived from `versions` and `facts`, and can be lost.
CREATE TABLE packs (
    engagement BYTEA NOT NULL,
    number BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    directory BYTEA NOT NULL,
    unions BYTEA NOT NULL,
    lists BYTEA NOT NULL,
    PRIMARY KEY (engagement, number)
);

-- Versions that no pack has as they are. `stamp` counts their changes since they were last packed.
CREATE TABLE unpacked (
    engagement BYTEA NOT NULL,
    ordinal BIGINT NOT NULL,
    stamp BIGINT NOT NULL,
    PRIMARY KEY (engagement, ordinal)
) /* clustered */;
INSERT INTO unpacked (engagement, ordinal, stamp) SELECT engagement, ordinal, 1 FROM versions WHERE marker = 0;
