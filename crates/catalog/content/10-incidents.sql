-- Incidents: what was done about each, in order, and the reports that were made.

-- One row an act. `line` is sealed under the system's record key; `mac` covers it and the mac of the row before, so that no row
-- can be changed, taken out or moved. A row is never changed.
CREATE TABLE incident_lines (
    incident BYTEA NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    line BYTEA NOT NULL,
    mac BYTEA NOT NULL,
    PRIMARY KEY (incident, seq)
) /* clustered */;

-- One row a document of a report. `engagement` is whose record key sealed it: 16 zero bytes for the operator's own.
CREATE TABLE incident_files (
    incident BYTEA NOT NULL,
    report BIGINT NOT NULL,
    engagement BYTEA NOT NULL,
    name TEXT NOT NULL,
    at BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (incident, report, engagement, name)
) /* clustered */;
CREATE INDEX incident_files_engagement ON incident_files (engagement, at);
