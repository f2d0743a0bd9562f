//! What can go wrong between a permit and a receipt.

use std::fmt;

use base::fence::Guarded;
use base::{Fault, Kind};

/// A failure of the ledger.
#[derive(Debug)]
pub enum LedgerError {
    /// A fence moved between the decision and the append: the permit is void and nothing was recorded.
    Moved(Guarded),
    /// The catalog rejected the change that the entry describes; neither was recorded.
    Rejected(Fault),
    /// The batch did not become durable, or nobody can say whether it did. Nothing may be released on it.
    NotDurable(Fault),
    /// The queue has stopped and takes nothing more.
    Stopped,
    /// An entry would be longer than the log's format allows.
    EntryTooLong {
        /// The entry's kind.
        kind: &'static str,
        /// Its length.
        length_bytes: usize,
    },
    /// What is stored does not agree with its commitments.
    Corrupt(Fault),
    /// Reading back entries, tiles or checkpoints failed.
    Reading(Fault),
    /// Writing tiles or checkpoints failed; entries are safe, publishing is behind.
    Publishing(Fault),
}

impl LedgerError {
    /// What kind of failure this is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Moved(Guarded::Pause) => Kind::Paused,
            Self::Moved(_) => Kind::Refused,
            Self::Rejected(fault) | Self::Reading(fault) | Self::Publishing(fault) => fault.kind(),
            Self::NotDurable(_) | Self::Stopped => Kind::Unavailable,
            Self::EntryTooLong { .. } => Kind::Bug,
            Self::Corrupt(_) => Kind::Corrupt,
        }
    }
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Moved(Guarded::Pause) => f.write_str("the engagement was paused or resumed after the decision"),
            Self::Moved(Guarded::Session) => f.write_str("the session ended after the decision"),
            Self::Moved(Guarded::Grants) => f.write_str("the grants changed after the decision\ntry again"),
            Self::Moved(Guarded::Policies) => f.write_str("the policies changed after the decision\ntry again"),
            Self::Rejected(_) => f.write_str("the change does not fit the state of the catalog"),
            Self::NotDurable(_) => f.write_str("the ledger could not make the entry durable\ntry again later"),
            Self::Stopped => f.write_str("the ledger has stopped\nrestart the server"),
            Self::EntryTooLong { kind, length_bytes } => {
                write!(
                    f,
                    "an entry of kind `{kind}` would have {length_bytes} bytes, more than the log's format allows"
                )
            }
            Self::Corrupt(_) => {
                f.write_str("stored entries do not agree with their commitments\nrun `cofferdam ledger verify`")
            }
            Self::Reading(_) => f.write_str("reading the ledger back"),
            Self::Publishing(_) => f.write_str("publishing the ledger's tree"),
        }
    }
}

impl std::error::Error for LedgerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Rejected(fault)
            | Self::NotDurable(fault)
            | Self::Corrupt(fault)
            | Self::Reading(fault)
            | Self::Publishing(fault) => Some(fault),
            Self::Moved(_) | Self::Stopped | Self::EntryTooLong { .. } => None,
        }
    }
}
