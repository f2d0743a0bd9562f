//! Evidence: checkpoints, packs, and the audit of the ledger, for those who may read them.

use base::id::{ChainId, RequestId};
use base::word::Verb;
use ledger::Audited;
use serde::{Deserialize, Serialize};

use crate::custody::{Custody, Matter};
use crate::entries::{Evidence, kind};
use crate::error::CustodyError;
use crate::identity::Caller;

/// The state of the ledger, as anybody who may read evidence sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LedgerState {
    /// The name of the log.
    pub origin: String,
    /// The key that checkpoints verify under, as a `vkey`.
    pub key: String,
    /// How many entries are durable.
    pub entries: u64,
    /// The last checkpoint, verbatim; empty before the first.
    pub checkpoint: String,
    /// How many entries it covers.
    pub published: u64,
}

impl Custody {
    /// The state of the ledger.
    pub async fn ledger_state(&self) -> LedgerState {
        let last = self.publisher.last().await;
        LedgerState {
            origin: self.origin.clone(),
            key: self.publisher.verifier().to_string(),
            entries: *self.queue.size().borrow(),
            published: last.as_ref().map_or(0, |last| last.checkpoint.size),
            checkpoint: last.map(|last| last.note.to_string()).unwrap_or_default(),
        }
    }

    /// Makes the pack of an engagement's whole record, under a fresh checkpoint. Making it is itself an entry.
    ///
    /// # Errors
    /// As policy answers; `Corrupt` if an entry does not verify.
    pub async fn pack(&self, caller: &Caller, request: RequestId, engagement: &str) -> Result<Vec<u8>, CustodyError> {
        let engagement = self.visible(caller, engagement)?;
        let matter = Matter::names(request, Verb::Scope, &engagement, None);
        let permit = self.judge(caller, matter).await?;
        let _receipt = self.release(caller, permit).await?;
        self.settle_now().await?;
        let published = self.publisher.publish().await?;
        let (reader, publisher) = (self.reader.clone(), std::sync::Arc::clone(&self.publisher));
        let (chain, now) = (ChainId::from(engagement.id), self.clock.now());
        // A pack is built in memory: one at a time, whoever asks.
        let _turn = self.packing.lock().await;
        let pack = tokio::task::spawn_blocking(move || ledger::pack(&reader, &publisher, &published, chain, 0, now));
        let pack = pack.await.map_err(crate::intake::joined)??;
        let what = Evidence { made: "pack", digest: data_encoding::HEXLOWER.encode(&attest::sha256(&[&pack])) };
        self.enter(caller, request, engagement.id.into(), kind::EVIDENCE, what).await?;
        Ok(pack)
    }

    /// Audits the whole ledger: every entry opened, every chain walked, the tree recomputed.
    ///
    /// # Errors
    /// As policy answers; `Corrupt`, naming what does not agree.
    pub async fn audit(&self, caller: &Caller, request: RequestId) -> Result<Audited, CustodyError> {
        let matter = Matter::names(request, Verb::Scope, &self.deployment, None);
        let _permit = self.judge(caller, matter).await?;
        Ok(ledger::audit(&self.reader, &self.publisher).await?)
    }
}
