//! The only maker of receipts.

use attest::private::PrivateField;
use base::id::{ChainId, DatasetId, ObjectId, PrincipalId, RequestId, SessionId, VersionId};
use base::word::{Form, Purpose, Verb};
use base::{Fault, Kind};
use policy::{Access, Permit, Target};
use serde::Serialize;

use crate::draft::Draft;
use crate::error::LedgerError;
use crate::queue::Queue;
use crate::receipt::Receipt;
use crate::sequencer::Act;

/// Turns permits into receipts. Not `Clone`: it is moved to its one owner.
pub struct Releaser<Change, Applied> {
    queue: Queue<Change, Applied>,
}

/// The fields of a `release` entry.
#[derive(Serialize)]
struct ReleaseFields<'a> {
    request: RequestId,
    principal: PrincipalId,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<SessionId>,
    credential: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<&'a Purpose>,
    address: String,
    verb: Verb,
    form: Form,
    #[serde(skip_serializing_if = "Option::is_none")]
    dataset: Option<DatasetId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<ObjectId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<VersionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ordinal: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "String::is_empty")]
    names: String,
    policies: &'a [String],
    epoch: u64,
}

/// The kind of an entry that a release makes.
pub const RELEASE: &str = "release";

/// How old a decision may be when it is recorded. Keeps entries in the order of their times, which scope searches by.
pub const OLDEST_PERMIT_SECONDS: i64 = 10;

/// The name of the private field that holds a network address.
pub const ADDRESS: &str = "address";

impl<Change, Applied> Releaser<Change, Applied> {
    pub(crate) const fn over(queue: Queue<Change, Applied>) -> Self {
        Self { queue }
    }

    /// Records the access durably and gives the receipt for it. The permit is spent whatever happens.
    ///
    /// Costs one flush of the disk, shared with whoever else waits for it.
    ///
    /// # Errors
    /// `Moved` when a fence has moved since the decision; `NotDurable` when the entry is not known to be durable. Nothing may
    /// be released then.
    pub async fn release(&self, permit: Permit) -> Result<Receipt, LedgerError> {
        self.release_with(permit, Vec::new(), Vec::new()).await
    }

    /// The same, with what else becomes durable together with the access: `notes` stand behind its entry.
    ///
    /// # Errors
    /// As [`Self::release`].
    pub async fn release_with(
        &self,
        permit: Permit,
        changes: Vec<Change>,
        notes: Vec<Draft>,
    ) -> Result<Receipt, LedgerError> {
        let age_seconds = self.queue.clock().now().seconds().saturating_sub(permit.access().at.seconds());
        if age_seconds > OLDEST_PERMIT_SECONDS {
            let why = format!("the decision is {age_seconds} seconds old");
            return Err(LedgerError::NotDurable(Fault::new(Kind::Unavailable, why)));
        }
        let epoch = permit.pause_epoch();
        let (access, policies, tickets) = permit.spend();
        let mut drafts = vec![self.draft(&access, &policies, epoch)?];
        drafts.extend(notes);
        let recorded = self.queue.submit(Act { tickets, changes, drafts }).await?;
        let place = recorded.places.first().copied().ok_or(LedgerError::Stopped)?;
        Ok(Receipt::mint(access, place.index, place.seq))
    }

    fn draft(&self, access: &Access, policies: &[String], epoch: u64) -> Result<Draft, LedgerError> {
        let entropy = self.queue.entropy().as_ref();
        let who = access.who.as_ref();
        let address = PrivateField { salt: entropy.bytes(), value: who.address.to_string() };
        let (object, window) = match &access.target {
            Target::Bytes { object, window } => (Some(object.as_ref()), Some(*window)),
            Target::Dataset(_) | Target::Engagement => (None, None),
        };
        let fields = ReleaseFields {
            request: access.request,
            principal: who.principal,
            session: who.session,
            credential: &who.credential,
            purpose: who.purpose.as_ref(),
            address: address.commitment(),
            verb: access.verb,
            form: access.form,
            dataset: access.dataset(),
            object: object.map(|object| object.object),
            version: object.map(|object| object.version),
            ordinal: object.map(|object| object.ordinal),
            from: window.map(|window| window.from),
            to: window.map(|window| window.to),
            size: object.map(|object| object.size),
            names: runs(&access.names),
            policies,
            epoch,
        };
        let chain = ChainId::from(access.engagement);
        Ok(Draft::new(chain, RELEASE, access.at, &fields, entropy)?.with(ADDRESS, address))
    }
}

/// Writes sorted, distinct numbers as runs: `3-7,9`.
#[must_use]
pub fn runs(sorted: &[u64]) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    let mut numbers = sorted.iter().copied().peekable();
    while let Some(first) = numbers.next() {
        let mut last = first;
        while let Some(next) = numbers.next_if(|next| *next == last.saturating_add(1)) {
            last = next;
        }
        if !text.is_empty() {
            text.push(',');
        }
        let _ = if first == last { write!(text, "{first}") } else { write!(text, "{first}-{last}") };
    }
    text
}

/// Reads what [`runs`] wrote.
///
/// Returns `None` for anything it could not have written, so that a damaged entry is noticed.
#[must_use]
pub fn read_runs(text: &str) -> Option<Vec<std::ops::RangeInclusive<u64>>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let mut all: Vec<std::ops::RangeInclusive<u64>> = Vec::new();
    for run in text.split(',') {
        let (first, last) = run.split_once('-').unwrap_or((run, run));
        let run = first.parse().ok()?..=last.parse().ok()?;
        if run.is_empty() || all.last().is_some_and(|before| before.end() >= run.start()) {
            return None;
        }
        all.push(run);
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_read_back() {
        for (numbers, text) in [(vec![], ""), (vec![5], "5"), (vec![1, 2, 3, 9, 11, 12], "1-3,9,11-12")] {
            assert_eq!(runs(&numbers), text);
            let back: Vec<u64> = read_runs(text).unwrap().into_iter().flatten().collect();
            assert_eq!(back, numbers);
        }
        for bad in ["x", "3-1", "2,1", "1-", ",", "1,1"] {
            assert_eq!(read_runs(bad), None, "{bad}");
        }
    }
}
