//! What can go wrong in sealing, opening and keeping keys.
//!
//! Messages hold ids, places and sizes, never key material and never a byte of what was sealed.

use std::fmt;

use base::id::{ChainId, EngagementId, KeyId, VersionId};
use base::word::{Form, KeyPurpose};
use base::{Fault, Kind};

/// A failure of this crate.
#[derive(Debug)]
pub enum SealError {
    /// The file of the local root key was not accepted.
    RootFile(RootFileProblem),
    /// The root key provider failed.
    RootKey {
        /// What was asked of it.
        attempt: &'static str,
        /// Its answer.
        source: Fault,
    },
    /// The place where wrapped keys rest failed.
    Keys {
        /// What was asked of it.
        attempt: &'static str,
        /// Its answer.
        source: Fault,
    },
    /// A wrapped key at rest is malformed, or does not open under the key above it.
    StoredKey(KeyId),
    /// A wrapped key at rest was made under another root key.
    OtherRoot(KeyId),
    /// A chain has no such key.
    NoKey {
        /// Whose.
        chain: ChainId,
        /// For what.
        purpose: KeyPurpose,
    },
    /// The data keys of the engagement were destroyed; nothing sealed under them opens again.
    DataDestroyed(EngagementId),
    /// The epoch key never existed here, or was destroyed.
    NoEpoch(KeyId),
    /// The epoch key belongs to another engagement or dataset than the object that names it.
    OtherEpoch {
        /// The object's version.
        version: VersionId,
        /// The key it names.
        key: KeyId,
    },
    /// The record of a version and its wrapped key do not belong together.
    Record(VersionId),
    /// The key of an upload and what is said about the upload do not belong together.
    Upload(VersionId),
    /// A list of parts cannot make an object.
    Parts(&'static str),
    /// A stream cannot have segments of this many bytes.
    SegmentSize(u32),
    /// A stream would need more segments than its format can number.
    TooLong,
    /// A segment does not verify.
    Segment {
        /// The version it belongs to.
        version: VersionId,
        /// The part.
        part: u32,
        /// The segment in the part, from 0.
        segment: u32,
    },
    /// The sealed bytes of a part could not be read.
    Blob {
        /// The version it belongs to.
        version: VersionId,
        /// The part.
        part: u32,
        /// The store's answer.
        source: Fault,
    },
    /// A receipt whose form of exposure is not plaintext was brought to be opened.
    NotRaw(Form),
    /// A receipt that covers no bytes was brought to be opened.
    NoBytes,
    /// An access names one engagement and points at an object of another.
    OtherCompartment(VersionId),
    /// A window reaches past the end of the version, or runs backwards.
    Window(VersionId),
    /// An export was asked for with a receipt that does not cover the whole version.
    NotWhole(VersionId),
    /// A ledger entry does not open under its chain's record key.
    Entry {
        /// The chain.
        chain: ChainId,
        /// The entry's place in it.
        seq: u64,
    },
    /// A sealed field, or the check value of a row, does not verify.
    Field(ChainId),
    /// A session token does not verify.
    Token,
    /// The cryptographic provider refused an operation that cannot fail.
    Provider(&'static str),
}

/// Why the file of a local root key was not accepted.
#[derive(Debug, PartialEq, Eq)]
pub enum RootFileProblem {
    /// A link, directory or device.
    NotAFile,
    /// Others than its owner may read or write it; holds the mode.
    Exposed(u32),
    /// Longer than any root key file.
    TooLong,
    /// Not the file of a root key, or damaged.
    Malformed,
    /// It belongs to another deployment.
    OtherDeployment,
    /// It is sealed and no passphrase was given.
    PassphraseMissing,
    /// It is not sealed and a passphrase was given.
    PassphraseUnused,
    /// The passphrase is wrong, or the sealed key is damaged.
    DoesNotOpen,
    /// It asks for more memory or passes than any file we write.
    TooCostly,
    /// The check value does not fit the key and the lines above it.
    Check,
}

/// Sealed bytes that do not verify. The caller knows which bytes and says so in its own error.
#[derive(Debug, PartialEq, Eq)]
pub struct Unauthentic;

impl From<aws_lc_rs::error::Unspecified> for Unauthentic {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self
    }
}

impl fmt::Display for Unauthentic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sealed bytes do not verify")
    }
}

impl std::error::Error for Unauthentic {}

impl SealError {
    /// What kind of failure this is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::RootFile(RootFileProblem::Check) => Kind::Corrupt,
            Self::RootFile(_) | Self::OtherRoot(_) | Self::Parts(_) | Self::SegmentSize(_) | Self::TooLong => {
                Kind::Invalid
            }
            Self::RootKey { source, .. } | Self::Keys { source, .. } => source.kind(),
            // A blob that is gone is not an object that never was: the record says it must be there.
            Self::Blob { source, .. } => match source.kind() {
                Kind::Missing => Kind::Corrupt,
                kind => kind,
            },
            Self::StoredKey(_)
            | Self::OtherEpoch { .. }
            | Self::Record(_)
            | Self::Upload(_)
            | Self::Segment { .. }
            | Self::Entry { .. }
            | Self::Field(_) => Kind::Corrupt,
            Self::NoKey { .. } | Self::NoEpoch(_) => Kind::Missing,
            Self::DataDestroyed(_) | Self::NotRaw(_) | Self::NoBytes | Self::NotWhole(_) | Self::Token => Kind::Refused,
            Self::OtherCompartment(_) | Self::Window(_) | Self::Provider(_) => Kind::Bug,
        }
    }
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RootFile(problem) => write!(f, "reading the root key file: {problem}"),
            Self::RootKey { attempt, .. } => write!(f, "asking the root key provider: {attempt}"),
            Self::Keys { attempt, .. } => write!(f, "reaching the wrapped keys: {attempt}"),
            Self::StoredKey(key) => {
                write!(f, "wrapped key `{key}` is damaged or was changed\nrestore it from a copy of the key folder")
            }
            Self::OtherRoot(key) => write!(
                f,
                "wrapped key `{key}` was made under another root key\nstart with the root key this key folder was made with"
            ),
            Self::NoKey { chain, purpose } => write!(f, "no {purpose} key of `{chain}`"),
            Self::DataDestroyed(engagement) => write!(f, "data keys of `{engagement}` are destroyed"),
            Self::NoEpoch(key) => write!(f, "epoch key `{key}` is destroyed or was never here"),
            Self::OtherEpoch { version, key } => write!(f, "version `{version}` names key `{key}` of another dataset"),
            Self::Record(version) => write!(f, "record and wrapped key of version `{version}` do not belong together"),
            Self::Upload(version) => write!(f, "the key of the upload of version `{version}` does not fit it"),
            Self::Parts(problem) => write!(f, "parts cannot make an object: {problem}"),
            Self::SegmentSize(size) => write!(f, "a sealed segment cannot have `{size}` bytes"),
            Self::TooLong => f.write_str("a sealed stream has at most 4294967295 segments\nupload it in parts"),
            Self::Segment { version, part, segment } => {
                write!(f, "segment {segment} of part {part} of version `{version}` does not verify")
            }
            Self::Blob { version, part, .. } => write!(f, "reading part {part} of version `{version}`"),
            Self::NotRaw(form) => write!(f, "a receipt for `{form}` opens no plaintext"),
            Self::NoBytes => f.write_str("a receipt without bytes opens nothing"),
            Self::OtherCompartment(version) => {
                write!(f, "version `{version}` is in another engagement than the access")
            }
            Self::Window(version) => write!(f, "a window lies outside version `{version}`"),
            Self::NotWhole(version) => write!(f, "the receipt does not cover the whole of version `{version}`"),
            Self::Entry { chain, seq } => write!(f, "entry {seq} of chain `{chain}` does not verify"),
            Self::Field(chain) => write!(f, "a sealed field or row of `{chain}` does not verify"),
            Self::Token => f.write_str("the session token does not verify"),
            Self::Provider(attempt) => write!(f, "the cryptographic provider failed: {attempt}"),
        }
    }
}

impl fmt::Display for RootFileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAFile => f.write_str("it is not a plain file\nput the file itself there, not a link to it"),
            Self::Exposed(mode) => {
                write!(f, "others than its owner may use it (mode `{mode:04o}`)\nrun `chmod 600` on it")
            }
            Self::TooLong => f.write_str("it is too long to be one"),
            Self::Malformed => f.write_str("it is not one, or it is damaged\nrestore it from a copy"),
            Self::OtherDeployment => f.write_str("it belongs to another deployment\nuse the file made with this one"),
            Self::PassphraseMissing => f.write_str("it is sealed under a passphrase\ngive the passphrase"),
            Self::PassphraseUnused => f.write_str("it is not sealed, yet a passphrase was given\ngive none"),
            Self::DoesNotOpen => f.write_str("the passphrase is wrong or the file is damaged"),
            Self::TooCostly => f.write_str("it asks for more memory or passes than any file of ours"),
            Self::Check => f.write_str("its check value does not fit\nrestore it from a copy"),
        }
    }
}

impl std::error::Error for SealError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::RootKey { source, .. } | Self::Keys { source, .. } | Self::Blob { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<SealError> for Fault {
    fn from(error: SealError) -> Self {
        Self::new(error.kind(), "sealing or opening").because(error)
    }
}
