//! The entries of incidents: one in the system's chain for every act, and one in the chain of each engagement it concerns.
//!
//! INVARIANT: what stands in an engagement's chain says nothing of another engagement: neither name nor id, nor how many there
//! are. A partner reads its chain whole.

use base::id::{ApprovalId, ChainId, EngagementId, IncidentId, PrincipalId, RequestId};
use catalog::model::IncidentLineRow;
use ledger::Draft;
use serde::Serialize;

use crate::custody::Custody;
use crate::entries::kind;
use crate::error::CustodyError;
use crate::identity::Caller;

/// `incident.act`.
#[derive(Serialize)]
struct Acted {
    incident: IncidentId,
    act: &'static str,
    seq: u64,
    /// The line's MAC, in hex: it tells a line from all others and nothing of what it says.
    line: String,
}

/// `incident.part`: what an act says of one engagement.
#[derive(Default, Serialize)]
pub(crate) struct Part {
    /// The SHA-256 of what was made for this engagement: its part of a scope, its file of a report, its people list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) digest: Option<String>,
    /// Which report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) report: Option<u32>,
    /// The epoch that a pause began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) epoch: Option<u64>,
    /// The approval that it rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) approval: Option<ApprovalId>,
    /// Who approved.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) approvers: Vec<PrincipalId>,
}

#[derive(Serialize)]
struct Concerning<'a> {
    incident: IncidentId,
    act: &'static str,
    #[serde(flatten)]
    part: &'a Part,
}

impl Custody {
    /// The entry of a line in the system's chain.
    pub(crate) fn incident_entry(
        &self,
        caller: &Caller,
        request: RequestId,
        act: &'static str,
        row: &IncidentLineRow,
    ) -> Result<Draft, CustodyError> {
        let line = data_encoding::HEXLOWER.encode(&row.mac);
        let what = Acted { incident: row.incident, act, seq: row.seq, line };
        Ok(self.draft(caller, request, ChainId::SYSTEM, kind::INCIDENT, what)?)
    }

    /// The entry of an act in the chain of an engagement that it concerns.
    pub(crate) fn incident_part(
        &self,
        caller: &Caller,
        request: RequestId,
        (incident, act): (IncidentId, &'static str),
        engagement: EngagementId,
        part: &Part,
    ) -> Result<Draft, CustodyError> {
        let what = Concerning { incident, act, part };
        Ok(self.draft(caller, request, engagement.into(), kind::INCIDENT_PART, what)?)
    }
}
