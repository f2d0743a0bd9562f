//! What was done about incidents, and the documents of their reports. Rows are added and never changed.

use std::ops::Range;

use base::Timestamp;
use base::id::{ChainId, EngagementId, IncidentId};
use roaring::RoaringTreemap;

use crate::catalog::Catalog;
use crate::error::CatalogError;
use crate::model::{IncidentFileRow, IncidentLineRow};
use crate::row::Reader;
use crate::sql::{Sql, one, rows, write};

const LINES: &str = "incident_lines";
const FILES: &str = "incident_files";

/// Adds a line. The primary key refuses a second one in the same place.
pub(crate) fn add_line(sql: &mut dyn Sql, row: &IncidentLineRow) -> Result<(), CatalogError> {
    let text = "INSERT INTO incident_lines (incident, seq, at, line, mac) VALUES ($1, $2, $3, $4, $5)";
    let values = [row.incident.as_bytes().into(), row.seq.into(), row.at.into(), (&row.line).into(), (&row.mac).into()];
    write(sql, LINES, text, &values).map(|_| ())
}

/// Adds a document of a report.
pub(crate) fn add_file(sql: &mut dyn Sql, row: &IncidentFileRow) -> Result<(), CatalogError> {
    let text = "INSERT INTO incident_files (incident, report, engagement, name, at, digest, sealed)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let values = [
        row.incident.as_bytes().into(),
        row.report.into(),
        row.chain.as_bytes().into(),
        row.name.as_str().into(),
        row.at.into(),
        (&row.digest).into(),
        (&row.sealed).into(),
    ];
    write(sql, FILES, text, &values).map(|_| ())
}

impl Catalog {
    /// The incidents there are, the first opened first.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn incidents(&self) -> Result<Vec<IncidentId>, CatalogError> {
        let text = "SELECT incident FROM incident_lines WHERE seq = 0 ORDER BY at, incident";
        self.read(|sql| rows(sql, LINES, text, &[], |row| row.id(IncidentId::from_slice)))
    }

    /// What was done about an incident, in order; nothing for one that is none.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn incident_lines(&self, incident: IncidentId) -> Result<Vec<IncidentLineRow>, CatalogError> {
        let text = "SELECT incident, seq, at, line, mac FROM incident_lines WHERE incident = $1 ORDER BY seq";
        self.read(|sql| {
            rows(sql, LINES, text, &[incident.as_bytes().into()], |row| {
                Ok(IncidentLineRow {
                    incident: row.id(IncidentId::from_slice)?,
                    seq: row.number()?,
                    at: row.time()?,
                    line: row.vec()?,
                    mac: row.array()?,
                })
            })
        })
    }

    /// One document of a report.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn incident_file(
        &self,
        incident: IncidentId,
        report: u32,
        chain: ChainId,
        name: &str,
    ) -> Result<Option<IncidentFileRow>, CatalogError> {
        let text = "SELECT incident, report, engagement, name, at, digest, sealed FROM incident_files
            WHERE incident = $1 AND report = $2 AND engagement = $3 AND name = $4";
        let values = [incident.as_bytes().into(), report.into(), chain.as_bytes().into(), name.into()];
        self.read(|sql| one(sql, FILES, text, &values, file))
    }

    /// The documents that were made for one compartment, of every incident, the oldest first.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn incident_files(&self, chain: ChainId) -> Result<Vec<IncidentFileRow>, CatalogError> {
        let text = "SELECT incident, report, engagement, name, at, digest, sealed FROM incident_files
            WHERE engagement = $1 ORDER BY at, incident, report, name";
        self.read(|sql| rows(sql, FILES, text, &[chain.as_bytes().into()], file))
    }
}

impl Catalog {
    /// The versions of an engagement that could be read at some time of a span: visible before its end, and not gone before its
    /// beginning.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn readable_within(
        &self,
        engagement: EngagementId,
        span: &Range<Timestamp>,
    ) -> Result<RoaringTreemap, CatalogError> {
        let text = "SELECT ordinal FROM versions
            WHERE engagement = $1 AND marker = 0 AND modified < $3 AND (gone IS NULL OR gone >= $2)";
        let values = [engagement.as_bytes().into(), span.start.into(), span.end.into()];
        let ordinals: Vec<u64> = self.read(|sql| rows(sql, "versions", text, &values, |row| row.number()))?;
        Ok(ordinals.into_iter().collect())
    }
}

fn file(row: &mut Reader<'_>) -> Result<IncidentFileRow, CatalogError> {
    Ok(IncidentFileRow {
        incident: row.id(IncidentId::from_slice)?,
        report: row.number()?,
        chain: row.id(ChainId::from_slice)?,
        name: row.text()?.to_owned(),
        at: row.time()?,
        digest: row.array()?,
        sealed: row.vec()?,
    })
}
