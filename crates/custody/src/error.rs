//! What can go wrong in custody, in the words of those who asked.
//!
//! # Threats
//! A refusal must tell its caller nothing that the caller could not already see. What may be said is decided here, once:
//! [`CustodyError::Hidden`] is one identical answer for all who may not even know that a thing exists.

use std::fmt;

use base::{Fault, Kind};
use ledger::LedgerError;
use policy::Denial;

use crate::version::VersionName;

/// Why nobody could be established as the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// No credential was presented.
    Anonymous,
    /// The access key or key id names nobody.
    NoSuchKey,
    /// The session token is missing or belongs to another session.
    BadToken,
    /// The signature does not verify.
    BadSignature,
    /// The session has expired or was ended.
    Expired,
    /// The request's clock is too far from ours.
    ClockSkew,
    /// The request was seen before.
    Replayed,
    /// The credential may not be used from this address.
    Misplaced,
}

/// A failure of custody.
#[derive(Debug)]
pub enum CustodyError {
    /// The caller could not be established.
    Unauthenticated(Unknown),
    /// Policy says no, and the caller may know why.
    Denied(Denial),
    /// A budget has no room for it, and the caller may know.
    Spent(crate::budgets::Overdrawn),
    /// The caller may not know whether this exists.
    Hidden,
    /// The engagement is paused.
    Paused,
    /// There is no such thing.
    Missing {
        /// What kind of thing.
        what: Thing,
        /// How it was named.
        name: String,
    },
    /// The input is malformed.
    Invalid(String),
    /// A body or an object is larger than 5 GiB.
    TooLarge,
    /// An argument of the request is not one that it can have.
    Argument(String),
    /// A delete marker lies where something is asked for.
    Deleted(DeleteMarker),
    /// Object lock keeps the version.
    Locked,
    /// The state has moved, or a precondition does not hold.
    Conflict(Clash),
    /// The act needs another person's approval, which has been asked for.
    NeedsApproval(base::id::ApprovalId),
    /// An act on an incident that may not follow, or lacks what it must record.
    Incident(incident::IncidentError),
    /// The ledger did not record it.
    Ledger(LedgerError),
    /// The catalog or the store failed at what is named.
    Part(Fault),
    /// A key or a sealed value failed.
    Seal(seal::SealError),
    /// Stored data does not verify. Raises an alarm; never served.
    Corrupt(String),
}

/// A delete marker, as an answer tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeleteMarker {
    /// How it is named.
    pub name: VersionName,
    /// When it was written.
    pub modified: base::Timestamp,
    /// Whether it was itself asked for, by its id.
    pub asked_for: bool,
}

/// What was missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A partner.
    Partner,
    /// An engagement.
    Engagement,
    /// A dataset.
    Dataset,
    /// An object.
    Object,
    /// A version of an object.
    Version,
    /// A multipart upload.
    Upload,
    /// A part of a multipart upload.
    Part,
    /// A principal.
    Principal,
    /// A grant.
    Grant,
    /// A session.
    Session,
    /// A request for approval.
    Approval,
    /// A version in quarantine.
    Quarantined,
    /// A decoy.
    Decoy,
    /// An alarm.
    Alarm,
    /// A receiver of alarms.
    Receiver,
    /// A contract of a dataset.
    Contract,
    /// An incident.
    Incident,
    /// A report of an incident.
    Report,
}

/// What clashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clash {
    /// The bucket name is taken, by the caller's own engagement.
    BucketOwned,
    /// The bucket name is taken by another engagement.
    BucketTaken,
    /// The dataset still has objects or uploads.
    NotEmpty,
    /// Object lock needs versioning to be enabled, and keeps it so.
    LockNeedsVersioning,
    /// A condition of the request does not hold.
    Precondition,
    /// A part that is listed was not uploaded, or is another one.
    InvalidPart,
    /// Parts are not listed in ascending order.
    InvalidPartOrder,
    /// A part that is not the last is smaller than 5 MiB.
    PartTooSmall,
    /// The parts come to another checksum than the client says.
    Digest,
    /// Another writer was faster.
    Raced,
    /// The name is taken.
    NameTaken,
    /// It is in that state already, or was used already.
    Already,
}

impl CustodyError {
    /// What kind of failure this is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Unauthenticated(_) | Self::NeedsApproval(_) => Kind::Refused,
            Self::Denied(denial) => denial.kind,
            Self::Hidden | Self::Missing { .. } | Self::Deleted(_) => Kind::Missing,
            Self::Locked | Self::Spent(_) => Kind::Refused,
            Self::Paused => Kind::Paused,
            Self::Invalid(_) | Self::Argument(_) | Self::TooLarge => Kind::Invalid,
            Self::Conflict(_) => Kind::Conflict,
            Self::Incident(error) => error.kind(),
            Self::Ledger(error) => error.kind(),
            Self::Part(fault) => fault.kind(),
            Self::Seal(error) => error.kind(),
            Self::Corrupt(_) => Kind::Corrupt,
        }
    }

    pub(crate) fn missing(what: Thing, name: impl fmt::Display) -> Self {
        Self::Missing { what, name: name.to_string() }
    }

    pub(crate) fn invalid(why: impl Into<String>) -> Self {
        Self::Invalid(why.into())
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Partner => "partner",
            Self::Engagement => "engagement",
            Self::Dataset => "dataset",
            Self::Object => "object",
            Self::Version => "version",
            Self::Upload => "upload",
            Self::Part => "part",
            Self::Principal => "principal",
            Self::Grant => "grant",
            Self::Session => "session",
            Self::Approval => "approval",
            Self::Quarantined => "version in quarantine",
            Self::Decoy => "decoy",
            Self::Alarm => "alarm",
            Self::Receiver => "receiver",
            Self::Contract => "contract of dataset",
            Self::Incident => "incident",
            Self::Report => "report",
        })
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anonymous => "no credential was presented\nsign the request",
            Self::NoSuchKey => "the access key is not known here",
            Self::BadToken => {
                "the session token is missing or does not belong to the access key\nset AWS_SESSION_TOKEN"
            }
            Self::BadSignature => "the signature does not verify\ncheck the secret and the clock",
            Self::Expired => "the session has ended\nissue a new one with `cofferdam session create`",
            Self::ClockSkew => "the request's time is too far from the server's\nset the clock",
            Self::Replayed => "this request was seen before\nsend a new one",
            Self::Misplaced => "the credential may not be used from this address",
        })
    }
}

impl fmt::Display for CustodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unauthenticated(why) => fmt::Display::fmt(why, f),
            Self::Denied(denial) => write!(f, "refused by policy `{}`: {}", denial.policy, denial.guideline),
            Self::Spent(overdrawn) => fmt::Display::fmt(overdrawn, f),
            Self::Hidden => f.write_str("no such thing, or it is not yours to know"),
            Self::Paused => f.write_str("the engagement is paused: nothing of it moves until two people resume it"),
            Self::Missing { what, name } => write!(f, "there is no {what} `{name}`"),
            Self::Invalid(why) | Self::Argument(why) => f.write_str(why),
            Self::Deleted(_) => f.write_str("the object is deleted: a delete marker hides it"),
            Self::Locked => f.write_str("the version is locked: its retention or a legal hold forbids this"),
            Self::TooLarge => f.write_str("more than 5 GiB in one piece\nuse a multipart upload"),
            Self::Conflict(clash) => f.write_str(match clash {
                Clash::BucketOwned => "the bucket exists already and is yours",
                Clash::BucketTaken => "the bucket name is taken\nchoose another",
                Clash::NotEmpty => "the bucket is not empty\ndelete its objects and all their versions first",
                Clash::LockNeedsVersioning => "object lock needs versioning to be enabled",
                Clash::Precondition => "a condition of the request does not hold",
                Clash::InvalidPart => "a listed part was not uploaded, or its ETag differs",
                Clash::InvalidPartOrder => "the parts are not listed in ascending order",
                Clash::PartTooSmall => "a part that is not the last is smaller than 5 MiB",
                Clash::Digest => "the parts come to another checksum than was given",
                Clash::Raced => "another writer was faster\ntry again",
                Clash::NameTaken => "the name is taken\nchoose another",
                Clash::Already => "it is so already",
            }),
            Self::Incident(error) => fmt::Display::fmt(error, f),
            Self::NeedsApproval(approval) => {
                write!(f, "this needs a second person\nlet another person run `cofferdam approval grant {approval}`")
            }
            Self::Ledger(error) => fmt::Display::fmt(error, f),
            Self::Part(fault) => fmt::Display::fmt(fault, f),
            Self::Seal(error) => fmt::Display::fmt(error, f),
            Self::Corrupt(what) => write!(f, "stored data does not verify: {what}\nrun `cofferdam ledger verify`"),
        }
    }
}

impl std::error::Error for CustodyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Ledger(error) => error.source(),
            Self::Part(fault) => fault.source(),
            Self::Seal(error) => std::error::Error::source(error),
            _ => None,
        }
    }
}

impl From<LedgerError> for CustodyError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Moved(base::fence::Guarded::Pause) => Self::Paused,
            LedgerError::Rejected(fault) if fault.kind() == Kind::Conflict => Self::Conflict(Clash::Raced),
            other => Self::Ledger(other),
        }
    }
}

impl From<incident::IncidentError> for CustodyError {
    fn from(error: incident::IncidentError) -> Self {
        Self::Incident(error)
    }
}

impl From<seal::SealError> for CustodyError {
    fn from(error: seal::SealError) -> Self {
        if error.kind() == Kind::Corrupt { Self::Corrupt(base::error::chain(&error)) } else { Self::Seal(error) }
    }
}

impl From<catalog::CatalogError> for CustodyError {
    fn from(error: catalog::CatalogError) -> Self {
        Fault::from(error).into()
    }
}

impl From<Fault> for CustodyError {
    fn from(fault: Fault) -> Self {
        if fault.kind() == Kind::Corrupt { Self::Corrupt(base::error::chain(&fault)) } else { Self::Part(fault) }
    }
}
