-- Contracts of datasets, and what they tell of people.

-- Every contract that a dataset had, sealed; `revision` is that of the settings that it began with.
CREATE TABLE contracts (
    dataset BYTEA NOT NULL,
    revision BIGINT NOT NULL,
    at BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    document BYTEA NOT NULL,
    PRIMARY KEY (dataset, revision)
) /* clustered */;

-- Sets of people, by what a contract tells of them: `key` whose key it names, or the code of the place where they live. A row
-- holds those of 65,536 ordinals, so that a few new people change little.
CREATE TABLE told (
    engagement BYTEA NOT NULL,
    mark TEXT NOT NULL,
    stretch BIGINT NOT NULL,
    people BYTEA NOT NULL,
    PRIMARY KEY (engagement, mark, stretch)
) /* clustered */;
