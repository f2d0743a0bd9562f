//! Containing: the engagements of an incident are paused, and what each node had sent by then goes on record.
//!
//! Nothing blocks the pauses: they are asked for before anything of the incident is read or written but its existence, one after
//! the other, and one that fails does not keep the others from being tried.

use std::sync::Arc;

use base::Timestamp;
use base::id::{ChainId, EngagementId, IncidentId, RequestId};
use incident::stage::{Act, LastByte};
use serde::Deserialize;

use super::chain::Part;
use super::line::{Done, PauseOf};
use super::view::Shown;
use crate::custody::Custody;
use crate::entries::kind;
use crate::error::CustodyError;
use crate::identity::Caller;
use crate::pause::Paused;

/// What containing came to.
#[derive(Debug)]
pub struct Contained {
    /// The incident.
    pub shown: Shown,
    /// Engagements whose pause failed, with what was said.
    pub failed: Vec<(String, CustodyError)>,
}

impl Custody {
    /// Pauses engagements for an incident: those named, or all that its scope reached. Records when each node had sent its last
    /// byte.
    ///
    /// # Errors
    /// As a pause answers when none succeeded; `Invalid` when nothing is named and nothing was reached yet; otherwise as the
    /// other acts.
    pub async fn contain_incident(
        self: &Arc<Self>,
        caller: &Arc<Caller>,
        request: RequestId,
        incident: IncidentId,
        named: &[String],
    ) -> Result<Contained, CustodyError> {
        let commanded = self.clock.now();
        let names = if named.is_empty() { self.reached_names(incident)? } else { named.to_vec() };
        let (mut paused, mut failed) = (Vec::new(), Vec::new());
        for name in names {
            match self.pause(Arc::clone(caller), request, &name).await {
                Ok(pause) => paused.push(pause),
                Err(error) => failed.push((name, error)),
            }
        }
        if paused.is_empty() {
            return Err(failed.into_iter().next().map_or(CustodyError::Hidden, |(_, error)| error));
        }
        self.may_respond(caller, request).await?;
        // What was on the wire is settled when its streams were cut.
        self.settle_now().await?;
        let _turn = self.desk.lock().await;
        let (mut story, last) = self.story(incident)?;
        let mut pauses = Vec::with_capacity(paused.len());
        for pause in &paused {
            pauses.push(pause_of(pause, self.last_sent(pause.engagement)?));
        }
        let ended = pauses.iter().fold(0, |all: u64, pause| all.saturating_add(pause.sessions_ended));
        let node = LastByte { node: self.origin.clone(), at: pauses.iter().filter_map(|pause| pause.last_sent).max() };
        let act = Act::Contain { commanded, nodes: vec![node], credentials_revoked: ended };
        let parts = pauses
            .iter()
            .map(|pause| {
                let part = Part { epoch: Some(pause.epoch), ..Part::default() };
                self.incident_part(caller, request, (incident, "contain"), pause.engagement, &part)
            })
            .collect::<Result<Vec<_>, _>>()?;
        self.add_line(caller, request, &mut story, last, Done::Contained { act, pauses }, parts).await?;
        Ok(Contained { shown: self.incident_shown(&story)?, failed })
    }

    fn reached_names(&self, incident: IncidentId) -> Result<Vec<String>, CustodyError> {
        let (story, _) = self.story(incident)?;
        let engagements = story.engagements();
        if engagements.is_empty() {
            return Err(CustodyError::invalid(
                "it is not known yet what the incident reached\nname what to pause with `--engagement`, or ask for its scope",
            ));
        }
        Ok(engagements.into_iter().filter_map(|id| Some(self.directory.engagement(id)?.name.clone())).collect())
    }

    /// When the last read of an engagement was allowed of which a settlement says that bytes were sent.
    ///
    /// Walks the engagement's chain backwards to its last settlement.
    fn last_sent(&self, engagement: EngagementId) -> Result<Option<Timestamp>, CustodyError> {
        #[derive(Deserialize)]
        struct Settlement {
            whole: String,
            part: Vec<(u64, u64)>,
        }
        let chain = ChainId::from(engagement);
        let mut seq = self.chain_length(chain)?;
        while let Some(before) = seq.checked_sub(1) {
            seq = before;
            let entry = self.reader.at(chain, seq)?;
            if entry.kind != kind::SETTLEMENT {
                continue;
            }
            let corrupt = || CustodyError::Corrupt(format!("entry {} of the ledger", entry.index));
            let read: Settlement = serde_json::from_slice(&entry.payload.entry).map_err(|_| corrupt())?;
            let whole = ledger::read_runs(&read.whole).ok_or_else(corrupt)?;
            let sent = read.part.iter().filter(|(_, bytes)| *bytes > 0).map(|(seq, _)| *seq);
            if let Some(last) = whole.iter().map(|run| *run.end()).chain(sent).max() {
                return Ok(Some(self.reader.at(chain, last)?.at));
            }
        }
        Ok(None)
    }

    /// How many entries a chain has: found by halving, since entries are numbered without gaps.
    fn chain_length(&self, chain: ChainId) -> Result<u64, CustodyError> {
        let (mut low, mut high) = (0u64, 1u64);
        while !self.reader.chain_page(chain, high.saturating_sub(1))?.is_empty() {
            low = high;
            high = high.saturating_mul(2);
        }
        while low.saturating_add(1) < high {
            let middle = low.midpoint(high);
            if self.reader.chain_page(chain, middle.saturating_sub(1))?.is_empty() {
                high = middle;
            } else {
                low = middle;
            }
        }
        Ok(low)
    }
}

fn pause_of(pause: &Paused, last_sent: Option<Timestamp>) -> PauseOf {
    PauseOf {
        engagement: pause.engagement,
        asked: pause.asked,
        stopped: pause.stopped,
        epoch: pause.epoch,
        streams_cut: pause.streams_cut,
        sessions_ended: pause.sessions_ended,
        last_sent,
    }
}
