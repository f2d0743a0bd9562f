//! What can go wrong while writing, reading or checking a format.

use std::fmt;

use base::{Fault, Kind};

/// A failure of this crate.
#[derive(Debug)]
pub enum Error {
    /// A text or a string of bytes is not what it should be.
    Reading {
        /// What was being read.
        what: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// An entry is longer than the format allows.
    EntryTooLong {
        /// How long it is.
        bytes: usize,
    },
    /// A proof was asked for a leaf or a size that the tree does not have.
    OutsideTree {
        /// The leaf index or the older size.
        index: u64,
        /// The size of the tree.
        size: u64,
    },
    /// The store of hashes behind a proof failed.
    Nodes(Fault),
    /// Nobody we know signed this.
    NoKnownSigner,
    /// A signature in the name of a key we know does not verify.
    BadSignature {
        /// In whose name.
        signer: String,
    },
    /// A checkpoint is of another log than the one that is meant.
    OtherOrigin {
        /// The log that is meant.
        expected: String,
        /// The log it is of.
        found: String,
    },
    /// Too few of the trusted witnesses cosigned.
    QuorumMissed {
        /// The quorum's name in the policy.
        quorum: String,
    },
    /// An inclusion proof does not lead to the root.
    NotIncluded,
    /// A consistency proof does not connect the two roots.
    NotConsistent,
    /// The body of a request has another digest than its header says.
    OtherContent,
    /// The cryptographic provider rejected a seed.
    KeyRejected,
    /// Our own value could not be written.
    Writing {
        /// What was being written.
        what: &'static str,
    },
}

impl Error {
    pub(crate) const fn reading(what: &'static str, why: &'static str) -> Self {
        Self::Reading { what, why }
    }

    /// What kind of failure this is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Reading { .. } | Self::EntryTooLong { .. } | Self::OutsideTree { .. } => Kind::Invalid,
            Self::Nodes(fault) => fault.kind(),
            Self::NoKnownSigner
            | Self::BadSignature { .. }
            | Self::OtherOrigin { .. }
            | Self::QuorumMissed { .. }
            | Self::OtherContent => Kind::Refused,
            Self::NotIncluded | Self::NotConsistent => Kind::Corrupt,
            Self::KeyRejected | Self::Writing { .. } => Kind::Bug,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reading { what, why } => write!(f, "not {what}: {why}"),
            Self::EntryTooLong { bytes } => {
                write!(f, "an entry of {bytes} bytes is longer than {} bytes", crate::entry::MAX_ENTRY_BYTES)
            }
            Self::OutsideTree { index, size } => write!(f, "a tree of size {size} has no proof for {index}"),
            Self::Nodes(_) => f.write_str("reading the tree's hashes"),
            Self::NoKnownSigner => f.write_str("not signed by any log that is trusted here"),
            Self::BadSignature { signer } => write!(f, "the signature in the name of `{signer}` does not verify"),
            Self::OtherOrigin { expected, found } => {
                write!(f, "the checkpoint is of log `{found}`, expected `{expected}`")
            }
            Self::QuorumMissed { quorum } => write!(f, "too few witnesses cosigned for quorum `{quorum}`"),
            Self::NotIncluded => f.write_str("the inclusion proof does not lead to the root"),
            Self::NotConsistent => f.write_str("the consistency proof does not connect the two roots"),
            Self::OtherContent => f.write_str("the body does not match its content digest"),
            Self::KeyRejected => f.write_str("the seed does not make a signing key"),
            Self::Writing { what } => write!(f, "writing {what}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Nodes(fault) => Some(fault),
            _ => None,
        }
    }
}
