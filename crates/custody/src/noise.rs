//! Noise: failures of strangers, counted per source and minute into one entry, so that nobody who cannot sign can fill the
//! ledger. Requests under a session that is over, by a pause or by its time, are counted too, per session and minute: who tried
//! is known, and a job that tries again and again fills nothing.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use attest::private::PrivateField;
use base::Timestamp;
use base::id::{ChainId, SessionId};
use ledger::Draft;
use tokio::sync::Notify;

use crate::custody::Custody;
use crate::directory::Session;
use crate::entries::{Noise, SessionLapsed, kind};
use crate::error::CustodyError;

/// How long failures are counted before they are entered.
const GATHER: Duration = Duration::from_secs(60);

/// How many sources are told apart in a minute; further ones are counted together, under the unspecified address.
const SOURCES: usize = 1024;

/// Failures that wait to be entered, by source and minute.
#[derive(Default)]
pub(crate) struct Counter {
    counts: Mutex<HashMap<(IpAddr, i64), u64>>,
    some: Notify,
}

/// By session and minute: the session, and how many requests.
type Tries = HashMap<(SessionId, i64), (Arc<Session>, u64)>;

/// Requests under sessions that are over.
#[derive(Default)]
pub(crate) struct Lapsed(Mutex<Tries>);

impl Lapsed {
    /// Counts a request that was signed with a session's secret after its end. Beyond [`SOURCES`] sessions and minutes the rest
    /// is counted as noise alone.
    pub(crate) fn count(&self, session: &Arc<Session>, now: Timestamp) {
        let minute = now.seconds().div_euclid(60);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() < SOURCES || counts.contains_key(&(session.row.id, minute)) {
            let (_, count) = counts.entry((session.row.id, minute)).or_insert_with(|| (Arc::clone(session), 0));
            *count = count.saturating_add(1);
        }
    }

    fn take(&self) -> Tries {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Custody {
    /// Counts a failure of somebody who could not be established.
    pub fn count_noise(&self, source: IpAddr) {
        let minute = self.clock.now().seconds().div_euclid(60);
        let mut counts = self.noise.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let known = counts.len() < SOURCES || counts.contains_key(&(source, minute));
        let source = if known { source } else { IpAddr::from([0, 0, 0, 0]) };
        let count = counts.entry((source, minute)).or_default();
        *count = count.saturating_add(1);
        drop(counts);
        self.noise.some.notify_one();
    }

    /// Enters what was counted, minute by minute; runs until the program stops.
    pub async fn enter_noise_forever(&self) {
        loop {
            self.noise.some.notified().await;
            tokio::time::sleep(GATHER).await;
            if let Err(error) = self.enter_noise().await {
                tracing::warn!(error = base::error::chain(&error), "failures of strangers were not entered");
            }
        }
    }

    /// Enters what was counted so far.
    ///
    /// # Errors
    /// The ledger did not record it; the counts are lost.
    pub async fn enter_noise(&self) -> Result<(), CustodyError> {
        let counts = std::mem::take(&mut *self.noise.counts.lock().unwrap_or_else(PoisonError::into_inner));
        let (mut changes, mut drafts) = self.tried_again()?;
        for ((source, minute), count) in counts {
            let address = PrivateField { salt: self.entropy.bytes(), value: source.to_string() };
            let fields = Noise { address: address.commitment(), minute, count };
            let draft = Draft::new(ChainId::SYSTEM, kind::NOISE, self.clock.now(), &fields, self.entropy.as_ref())?;
            drafts.push(draft.with(ledger::ADDRESS, address));
        }
        for ((session, minute), (of, count)) in self.identity.lapsed().take() {
            let row = &of.row;
            let fields =
                SessionLapsed { session, principal: row.principal, credential: &row.access_key, minute, count };
            let (chain, now) = (row.engagement.into(), self.clock.now());
            drafts.push(Draft::new(chain, kind::LAPSED, now, &fields, self.entropy.as_ref())?);
        }
        if !drafts.is_empty() {
            let alarms = !changes.is_empty();
            self.queue.record(std::mem::take(&mut changes), drafts).await?;
            if alarms {
                self.outbox.ring();
            }
        }
        Ok(())
    }
}
