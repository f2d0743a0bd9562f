//! Recording what a caller's request does: the one door between custody's verbs and the ledger.
//!
//! What became durable is noted on the caller, verb by verb, so that the edge can hold back an answer of which the ledger knows
//! nothing, and enter a failure that ended before any verb had an entry of its own.

use std::sync::atomic::{AtomicU32, Ordering};

use base::Kind;
use base::id::RequestId;
use base::word::Verb;
use catalog::model::{Applied, Change};
use ledger::{Draft, LedgerError, Receipt, Recorded};
use policy::Permit;

use crate::custody::Custody;
use crate::entries::{Failed, kind};
use crate::error::CustodyError;
use crate::identity::Caller;

/// The verbs that a request has durable entries of.
#[derive(Default)]
pub(crate) struct Entered(AtomicU32);

impl Entered {
    pub(crate) fn note(&self, verb: Verb) {
        self.0.fetch_or(bit(verb), Ordering::AcqRel);
    }

    pub(crate) fn any_of(&self, verbs: &[Verb]) -> bool {
        let wanted = verbs.iter().fold(0, |bits, verb| bits | bit(*verb));
        self.0.load(Ordering::Acquire) & wanted != 0
    }
}

// INVARIANT: there are fewer verbs than bits; see the test.
fn bit(verb: Verb) -> u32 {
    1u32.checked_shl(verb as u32).unwrap_or_default()
}

/// A request of a caller that failed before anything of it was entered.
pub struct Failure<'a> {
    /// What was asked, as the interface names it.
    pub operation: &'static str,
    /// What it would have come to.
    pub verb: Verb,
    /// In which bucket, if it named one. Entered as the dataset's id, where it is one of the caller's own engagement.
    pub bucket: Option<&'a str>,
    /// How it failed.
    pub kind: Kind,
}

impl Custody {
    /// Records an access and gives the receipt for it.
    pub(crate) async fn release(&self, caller: &Caller, permit: Permit) -> Result<Receipt, LedgerError> {
        let verb = permit.access().verb;
        let receipt = self.releaser.release(permit).await?;
        caller.entered().note(verb);
        Ok(receipt)
    }

    /// The same, with changes and entries that become durable together with the access.
    pub(crate) async fn release_with(
        &self,
        caller: &Caller,
        permit: Permit,
        changes: Vec<Change>,
        notes: Vec<Draft>,
    ) -> Result<Receipt, LedgerError> {
        let verb = permit.access().verb;
        let receipt = self.releaser.release_with(permit, changes, notes).await?;
        caller.entered().note(verb);
        Ok(receipt)
    }

    /// Records an act that a permit allows, with its changes; both become durable together.
    pub(crate) async fn act(
        &self,
        caller: &Caller,
        permit: Permit,
        changes: Vec<Change>,
        draft: Draft,
    ) -> Result<Recorded<Applied>, LedgerError> {
        let verb = permit.access().verb;
        let recorded = self.queue.record_permitted(permit, changes, vec![draft]).await?;
        caller.entered().note(verb);
        Ok(recorded)
    }

    /// Enters a failure. An entry a request: whoever can fail here holds a credential, and waits for the disk like everybody.
    ///
    /// # Errors
    /// The ledger did not record it.
    pub async fn enter_failure(
        &self,
        caller: &Caller,
        request: RequestId,
        failure: Failure<'_>,
    ) -> Result<(), CustodyError> {
        let Failure { operation, verb, bucket, kind: how } = failure;
        let Some(engagement) = caller.engagement() else { return Err(CustodyError::Hidden) };
        let dataset = bucket.and_then(|bucket| self.dataset(caller, bucket).ok()).map(|dataset| dataset.id);
        let fields = Failed { verb, dataset, failure: how.name(), operation: Some(operation) };
        self.enter(caller, request, engagement.into(), kind::FAILURE, fields).await?;
        caller.entered().note(verb);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_has_a_bit_of_its_own() {
        let bits: std::collections::BTreeSet<u32> = Verb::ALL.iter().map(|verb| bit(*verb)).collect();
        assert_eq!(bits.len(), Verb::ALL.len());
        assert!(!bits.contains(&0));
    }
}
