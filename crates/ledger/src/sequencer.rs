//! Turns a batch of acts into one durable transaction.
//!
//! The sequencer is the only writer of the log. For each act, in the order they queued, it checks the fences, applies the
//! catalog changes, gives every entry its index, its place in its chain and its commitment, and then commits all of it at
//! once. Nobody is answered before the commit.
//!
//! # What a crash means
//! - before the commit: nothing of the batch exists, and nobody was answered;
//! - after the commit, before the answers: the record says more than was sent, never less;
//! - a commit that reports failure: the outcome is unknown until the tail was read back. Until then nothing is sequenced.

use std::collections::HashMap;

use attest::entry::Link;
use attest::payload::SealedPayload;
use base::fence::Ticket;
use base::id::ChainId;
use base::ports::{ChainHead, Committer, EntrySealer, LedgerRow, Tail};
use base::{Fault, Kind};

use crate::draft::Draft;
use crate::error::LedgerError;
use crate::recent::Recent;

/// One act in the queue: what must still hold, what changes, what is recorded.
pub(crate) struct Act<Change> {
    pub(crate) tickets: Vec<Ticket>,
    pub(crate) changes: Vec<Change>,
    pub(crate) drafts: Vec<Draft>,
}

/// What became of an act once its batch is durable.
#[derive(Debug)]
pub struct Recorded<Applied> {
    /// Index and place in its chain of each entry, in the order of the drafts.
    pub places: Vec<Place>,
    /// What each change answered.
    pub applied: Vec<Applied>,
}

/// Where an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Index of the leaf in the log.
    pub index: u64,
    /// Place in its chain.
    pub seq: u64,
}

type Answer<Applied> = Result<Recorded<Applied>, LedgerError>;

/// The writer of the log.
pub(crate) struct Sequencer<C: Committer> {
    committer: C,
    sealer: std::sync::Arc<dyn EntrySealer>,
    recent: Recent,
    size: u64,
    heads: Heads,
    /// The last commit's outcome is unknown: read the tail before anything else.
    in_doubt: bool,
}

/// Heads of all chains, by ordinal and by id.
#[derive(Default)]
struct Heads {
    by_ordinal: Vec<ChainHead>,
    ordinals: HashMap<ChainId, usize>,
}

impl Heads {
    fn from_tail(heads: Vec<ChainHead>) -> Self {
        let ordinals = heads.iter().enumerate().map(|(ordinal, head)| (head.chain, ordinal)).collect();
        Self { by_ordinal: heads, ordinals }
    }

    /// The head of `chain`, opening the chain if this is its first entry.
    fn head_mut(&mut self, chain: ChainId) -> Option<&mut ChainHead> {
        let next = self.by_ordinal.len();
        let ordinal = *self.ordinals.entry(chain).or_insert(next);
        if ordinal == next {
            self.by_ordinal.push(ChainHead { chain, ordinal: next as u64, length: 0, data: [0; 32] });
        }
        self.by_ordinal.get_mut(ordinal)
    }
}

impl<C: Committer> Sequencer<C> {
    /// Opens the log on what is durable.
    ///
    /// # Errors
    /// `Corrupt` or `Reading`, as the committer says.
    pub(crate) fn open(mut committer: C, sealer: std::sync::Arc<dyn EntrySealer>) -> Result<Self, LedgerError> {
        let Tail { size, heads } = committer.tail().map_err(reading)?;
        Ok(Self { committer, sealer, recent: Recent::default(), size, heads: Heads::from_tail(heads), in_doubt: false })
    }

    /// The rows that were committed last.
    pub(crate) const fn recent(&self) -> &Recent {
        &self.recent
    }

    /// How many entries are durable.
    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    /// The heads of all chains, by ordinal.
    pub(crate) fn heads(&self) -> &[ChainHead] {
        &self.heads.by_ordinal
    }

    /// Sequences one batch. Answers are in the order of `acts`.
    pub(crate) fn run(&mut self, acts: Vec<Act<C::Change>>) -> Vec<Answer<C::Applied>> {
        let count = acts.len();
        if let Err(error) = self.settle_doubt() {
            return fail_all(count, &error);
        }
        let mut answers = Vec::with_capacity(count);
        let mut batch = Batch::new(self.size);
        let outcome = self.write(acts, &mut batch, &mut answers);
        match outcome {
            Ok(()) => {
                self.size = batch.next;
                self.recent.add(batch.rows);
                answers
            }
            Err(fault) => {
                // The in-memory heads are ahead of what is known to be durable; reading the tail puts them right.
                self.in_doubt = true;
                match self.settle_doubt() {
                    // DURABLE: the commit took effect and reported failure. The entries are there; the answers hold. Only
                    // entries can show it: a batch of changes alone leaves the size as it was, and counts as failed.
                    Ok(()) if batch.committing && !batch.rows.is_empty() && self.size == batch.next => answers,
                    Ok(()) => fail_all(count, &LedgerError::NotDurable(fault)),
                    Err(error) => fail_all(count, &error),
                }
            }
        }
    }

    fn write(
        &mut self,
        acts: Vec<Act<C::Change>>,
        batch: &mut Batch,
        answers: &mut Vec<Answer<C::Applied>>,
    ) -> Result<(), Fault> {
        let mut transaction = self.committer.begin()?;
        for act in acts {
            // INVARIANT: checked here, in the same critical section as the append. A pause that has advanced the fence
            // before this line voids the act; one that advances it after is answered after this batch.
            if let Some(ticket) = act.tickets.iter().find(|ticket| !ticket.holds()) {
                answers.push(Err(LedgerError::Moved(ticket.guarded())));
                continue;
            }
            let applied = if act.changes.is_empty() {
                Vec::new()
            } else {
                match transaction.apply(act.changes) {
                    Ok(applied) => applied,
                    Err(fault) if matches!(fault.kind(), Kind::Conflict | Kind::Missing | Kind::Refused) => {
                        answers.push(Err(LedgerError::Rejected(fault)));
                        continue;
                    }
                    Err(fault) => return Err(fault),
                }
            };
            let mut places = Vec::with_capacity(act.drafts.len());
            for draft in act.drafts {
                places.push(batch.place(draft, &mut self.heads, self.sealer.as_ref())?);
            }
            answers.push(Ok(Recorded { places, applied }));
        }
        let moved: Vec<ChainHead> =
            batch.moved.iter().filter_map(|chain| self.heads.head_mut(*chain).map(|head| head.clone())).collect();
        transaction.append(&batch.rows, &moved)?;
        batch.committing = true;
        transaction.commit()
    }

    /// Reads the tail back if the last commit's outcome is unknown.
    fn settle_doubt(&mut self) -> Result<(), LedgerError> {
        if !self.in_doubt {
            return Ok(());
        }
        let Tail { size, heads } = self.committer.tail().map_err(LedgerError::NotDurable)?;
        if size < self.size {
            let lost = format!("the catalog holds {size} entries, fewer than the {} that were durable", self.size);
            return Err(LedgerError::Corrupt(Fault::new(Kind::Corrupt, lost)));
        }
        self.size = size;
        self.heads = Heads::from_tail(heads);
        self.in_doubt = false;
        Ok(())
    }
}

/// What a batch has gathered so far.
struct Batch {
    next: u64,
    rows: Vec<LedgerRow>,
    moved: Vec<ChainId>,
    committing: bool,
}

impl Batch {
    const fn new(next: u64) -> Self {
        Self { next, rows: Vec::new(), moved: Vec::new(), committing: false }
    }

    /// Gives a draft its index, its link and its commitment.
    fn place(&mut self, draft: Draft, heads: &mut Heads, sealer: &dyn EntrySealer) -> Result<Place, Fault> {
        let index = self.next;
        let Some(head) = heads.head_mut(draft.chain) else {
            return Err(Fault::new(Kind::Bug, "a chain without a head"));
        };
        let seq = head.length;
        let link = Link { chain: draft.chain, seq, previous: head.data };
        let payload = SealedPayload { salt: draft.salt, link, entry: draft.entry, private: draft.private };
        let data = payload.data();
        let plain = payload.encode().map_err(|error| Fault::new(error.kind(), "encoding an entry").because(error))?;
        let sealed = sealer.seal(draft.chain, seq, &plain)?;
        head.length = seq.saturating_add(1);
        head.data = data;
        if !self.moved.contains(&draft.chain) {
            self.moved.push(draft.chain);
        }
        self.rows.push(LedgerRow { index, chain: draft.chain, seq, data, sealed });
        self.next = index.saturating_add(1);
        Ok(Place { index, seq })
    }
}

fn fail_all<Applied>(count: usize, error: &LedgerError) -> Vec<Answer<Applied>> {
    let kind = error.kind();
    let why = base::error::chain(error);
    (0..count).map(|_| Err(LedgerError::NotDurable(Fault::new(kind, why.clone())))).collect()
}

fn reading(fault: Fault) -> LedgerError {
    if fault.kind() == Kind::Corrupt { LedgerError::Corrupt(fault) } else { LedgerError::Reading(fault) }
}
