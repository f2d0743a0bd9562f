//! Rows of incidents.

use base::Timestamp;
use base::id::{ChainId, IncidentId};

use super::Sealed;

/// Something that was done about an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentLineRow {
    /// Which incident.
    pub incident: IncidentId,
    /// Its place among the incident's lines, from 0.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub line: Sealed,
    /// Custody's MAC over the line and the MAC of the line before.
    pub mac: [u8; 32],
}

/// A document of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentFileRow {
    /// Which incident.
    pub incident: IncidentId,
    /// Which report of it, from 1.
    pub report: u32,
    /// Whose it is, and whose record key sealed it: an engagement's, or the system's for the operator's own.
    pub chain: ChainId,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub at: Timestamp,
    /// SHA-256 of the document.
    pub digest: [u8; 32],
    /// The document.
    pub sealed: Sealed,
}
