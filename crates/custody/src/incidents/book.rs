//! Where the lines of incidents are kept: sealed under the system's record key, each under a MAC that covers the one before.
//!
//! # Threats
//! Whoever writes the database wants an act to be gone, or to have been another. A line that was changed, taken out or moved
//! breaks the MACs after it. Lines cut from the end, or an incident that is gone whole, break no MAC: the ledger holds every
//! line's MAC, and a report is refused when both do not agree ([`Custody::check_against_ledger`]).

use base::id::{ChainId, IncidentId};
use base::{Kind, Timestamp};
use catalog::model::{Change, IncidentLineRow};
use ledger::Draft;
use serde::Deserialize;

use super::line::{Line, Story};
use crate::custody::Custody;
use crate::entries::kind;
use crate::error::{CustodyError, Thing};

/// What a sealed line is bound to, beside the incident and its place.
const CONTEXT: &str = "incident.line";

/// The MAC that the first line's covers.
const FIRST: [u8; 32] = [0; 32];

/// What an entry says of a line.
#[derive(Deserialize)]
struct Entered {
    incident: IncidentId,
    seq: u64,
    line: String,
}

impl Custody {
    /// The story of an incident, every line checked.
    ///
    /// # Errors
    /// `Missing`; `Corrupt` when a line was changed, taken out or moved.
    pub(crate) fn story(&self, incident: IncidentId) -> Result<(Story, [u8; 32]), CustodyError> {
        let rows = self.catalog.incident_lines(incident)?;
        if rows.is_empty() {
            return Err(CustodyError::missing(Thing::Incident, incident));
        }
        let (mut story, mut last) = (Story::begin(incident), FIRST);
        for row in rows {
            let line = self.open_line(&row, &last, story.lines.len() as u64)?;
            last = row.mac;
            let name = self.name_of(line.by);
            // What was recorded was allowed then; a rule that changed since does not undo it.
            story.go_on(line, &[], &name).map_err(|error| {
                CustodyError::Corrupt(format!("line {} of incident `{incident}` may not follow: {error}", row.seq))
            })?;
        }
        Ok((story, last))
    }

    fn open_line(&self, row: &IncidentLineRow, last: &[u8; 32], seq: u64) -> Result<Line, CustodyError> {
        let corrupt = || CustodyError::Corrupt(format!("line {seq} of incident `{}`", row.incident));
        if row.seq != seq {
            return Err(corrupt());
        }
        let fields = &self.deployment.fields;
        fields
            .check(CONTEXT, &message(row.incident, row.seq, row.at, &row.line, last), &row.mac)
            .map_err(|_| corrupt())?;
        let plain = fields.open(CONTEXT, &place(row.incident, row.seq), &row.line)?;
        plain.expose(|bytes| serde_json::from_slice(bytes)).map_err(|_| corrupt())
    }

    /// Seals a line as the next one of an incident.
    pub(crate) fn seal_line(
        &self,
        incident: IncidentId,
        line: &Line,
        last: &[u8; 32],
    ) -> Result<IncidentLineRow, CustodyError> {
        let plain = serde_json::to_vec(line)
            .map_err(|error| CustodyError::invalid(format!("the act cannot be written: {error}")))?;
        let fields = &self.deployment.fields;
        let sealed = fields.seal(CONTEXT, &place(incident, line.seq), &plain)?;
        let mac = fields.mac(CONTEXT, &message(incident, line.seq, line.at, &sealed, last));
        Ok(IncidentLineRow { incident, seq: line.seq, at: line.at, line: sealed, mac })
    }

    /// Makes a line durable, with its entries and whatever else belongs to the act.
    pub(crate) async fn write_line(
        &self,
        row: IncidentLineRow,
        mut changes: Vec<Change>,
        drafts: Vec<Draft>,
    ) -> Result<u64, CustodyError> {
        changes.push(Change::Incident(row));
        let recorded = match self.queue.record(changes, drafts).await {
            Err(ledger::LedgerError::Rejected(fault)) if fault.kind() == Kind::Conflict => {
                return Err(CustodyError::Conflict(crate::error::Clash::Raced));
            }
            recorded => recorded?,
        };
        Ok(recorded.places.first().map_or(0, |place| place.index))
    }

    /// Holds the lines of an incident against the ledger's entries of them. Returns the index of each line's entry.
    ///
    /// Costs a walk over the system's chain from the incident's opening on.
    ///
    /// # Errors
    /// `Corrupt` when a line is missing on either side, or is another one.
    pub(crate) fn check_against_ledger(&self, incident: IncidentId) -> Result<Vec<u64>, CustodyError> {
        let rows = self.catalog.incident_lines(incident)?;
        let corrupt = |seq: u64| {
            CustodyError::Corrupt(format!("incident `{incident}` and the ledger do not agree from line {seq} on"))
        };
        let (mut indices, mut next) = (Vec::with_capacity(rows.len()), 0);
        loop {
            let page = self.reader.chain_page(ChainId::SYSTEM, next)?;
            if page.is_empty() {
                break;
            }
            next = next.saturating_add(page.len() as u64);
            for entry in page.into_iter().filter(|entry| entry.kind == kind::INCIDENT) {
                let read: Entered = serde_json::from_slice(&entry.payload.entry)
                    .map_err(|_| CustodyError::Corrupt(format!("entry {} of the ledger", entry.index)))?;
                if read.incident != incident {
                    continue;
                }
                let row = rows.get(indices.len()).ok_or_else(|| corrupt(read.seq))?;
                if read.seq != row.seq || read.line != data_encoding::HEXLOWER.encode(&row.mac) {
                    return Err(corrupt(row.seq));
                }
                indices.push(entry.index);
            }
        }
        if indices.len() != rows.len() {
            return Err(corrupt(indices.len() as u64));
        }
        Ok(indices)
    }
}

fn place(incident: IncidentId, seq: u64) -> Vec<u8> {
    [incident.as_bytes().as_slice(), &seq.to_be_bytes()].concat()
}

fn message(incident: IncidentId, seq: u64, at: Timestamp, sealed: &[u8], last: &[u8; 32]) -> Vec<u8> {
    [place(incident, seq).as_slice(), &at.0.to_be_bytes(), last, sealed].concat()
}
