//! Rows of decoys, alarms and those who are told of them.

use base::Timestamp;
use base::id::{AlarmId, DecoyId, PrincipalId, ReceiverId};
use base::word::{AlarmKind, Severity};

use super::{Digest, Sealed};

/// A decoy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecoyRow {
    /// Its id.
    pub id: DecoyId,
    /// When it was made.
    pub made: Timestamp,
    /// When it was first tripped, if it was.
    pub tripped: Option<Timestamp>,
    /// What it is.
    pub sealed: Sealed,
}

/// An alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmRow {
    /// Its id.
    pub id: AlarmId,
    /// What it is about, as a digest: while it is open, what happens to the same is counted here.
    pub subject: Digest,
    /// What kind of thing happened.
    pub kind: AlarmKind,
    /// How soon somebody should look.
    pub severity: Severity,
    /// When it was raised.
    pub raised: Timestamp,
    /// When it last happened.
    pub latest: Timestamp,
    /// How often it happened.
    pub count: u64,
    /// When somebody acknowledged it.
    pub acknowledged: Option<Timestamp>,
    /// Who.
    pub acknowledger: Option<PrincipalId>,
    /// What there is to tell.
    pub details: Sealed,
}

/// A receiver of alarms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiverRow {
    /// Its id.
    pub id: ReceiverId,
    /// When it was added.
    pub added: Timestamp,
    /// Where it is, and its secrets.
    pub sealed: Sealed,
}

/// One alarm for one receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// The alarm.
    pub alarm: AlarmId,
    /// The receiver.
    pub receiver: ReceiverId,
    /// When it is to be told next.
    pub due: Timestamp,
    /// How often that was tried.
    pub attempts: u32,
    /// When it was told, or given up.
    pub settled: Option<Timestamp>,
    /// What came of the last attempt, in a word or two of ours.
    pub outcome: Option<String>,
}
