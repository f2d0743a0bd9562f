//! Reads entries back, checked: what does not agree with its commitment is `Corrupt`, never served.

use std::sync::Arc;

use attest::entry::Outline;
use attest::payload::SealedPayload;
use base::id::ChainId;
use base::ports::{EntrySealer, LedgerRow, LedgerRows};
use base::{Fault, Kind, Timestamp};

use crate::error::LedgerError;

/// How many rows one query fetches.
const PAGE: usize = 512;

/// An entry, opened and checked against its commitment.
pub struct Opened {
    /// Index in the log.
    pub index: u64,
    /// What its commitment is made from, and its private fields.
    pub payload: SealedPayload,
    /// Its commitment.
    pub data: [u8; 32],
    /// What kind of entry it is.
    pub kind: String,
    /// When it was made.
    pub at: Timestamp,
}

/// Reads and opens entries. Cloning shares it.
#[derive(Clone)]
pub struct Reader {
    rows: Arc<dyn LedgerRows>,
    sealer: Arc<dyn EntrySealer>,
}

impl Reader {
    /// Over the catalog's rows and the keys that open them.
    #[must_use]
    pub const fn new(rows: Arc<dyn LedgerRows>, sealer: Arc<dyn EntrySealer>) -> Self {
        Self { rows, sealer }
    }

    /// Where the rows come from.
    #[must_use]
    pub fn rows(&self) -> &dyn LedgerRows {
        self.rows.as_ref()
    }

    /// Up to a page of entries from `index` on.
    ///
    /// # Errors
    /// `Corrupt` for a row that does not open or does not agree with its commitment.
    pub fn page(&self, index: u64) -> Result<Vec<Opened>, LedgerError> {
        let rows = self.rows.rows(index, PAGE).map_err(LedgerError::Reading)?;
        rows.into_iter().map(|row| self.open(row)).collect()
    }

    /// When the last entry was made; the beginning of time for an empty log.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn last_time(&self, size: u64) -> Result<Timestamp, LedgerError> {
        let last = size.checked_sub(1).map(|last| self.one(last)).transpose()?.flatten();
        Ok(last.map_or(Timestamp(0), |last| last.at))
    }

    /// The entry at `index`, if the log reaches so far.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn one(&self, index: u64) -> Result<Option<Opened>, LedgerError> {
        let rows = self.rows.rows(index, 1).map_err(LedgerError::Reading)?;
        rows.into_iter().next().map(|row| self.open(row)).transpose()
    }

    /// Up to a page of entries of one chain from `seq` on.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn chain_page(&self, chain: ChainId, seq: u64) -> Result<Vec<Opened>, LedgerError> {
        let rows = self.rows.chain_rows(chain, seq, PAGE).map_err(LedgerError::Reading)?;
        rows.into_iter().map(|row| self.open(row)).collect()
    }

    /// The entry at `seq` of a chain.
    ///
    /// # Errors
    /// As [`Self::page`]; `Missing` if the chain does not reach so far.
    pub fn at(&self, chain: ChainId, seq: u64) -> Result<Opened, LedgerError> {
        let rows = self.rows.chain_rows(chain, seq, 1).map_err(LedgerError::Reading)?;
        let missing = || LedgerError::Reading(Fault::new(Kind::Missing, format!("entry {seq} of chain `{chain}`")));
        self.open(rows.into_iter().next().ok_or_else(missing)?)
    }

    fn open(&self, row: LedgerRow) -> Result<Opened, LedgerError> {
        let LedgerRow { index, chain, seq, data, sealed } = row;
        let corrupt = |why: &str| {
            LedgerError::Corrupt(Fault::new(Kind::Corrupt, format!("entry {index} (`{chain}` {seq}): {why}")))
        };
        let plain = self.sealer.open(chain, seq, &sealed).map_err(|fault| match fault.kind() {
            Kind::Corrupt => LedgerError::Corrupt(fault),
            _ => LedgerError::Reading(fault),
        })?;
        let payload = SealedPayload::decode(&plain).map_err(|_| corrupt("its payload is malformed"))?;
        if payload.data() != data || payload.link.chain != chain || payload.link.seq != seq {
            return Err(corrupt("it does not agree with its commitment"));
        }
        let outline = Outline::read(&payload.entry).map_err(|_| corrupt("its text is malformed"))?;
        Ok(Opened { index, payload, data, kind: outline.kind, at: outline.at })
    }
}
