//! The rows of the catalog, and the changes that make them ([`Change`]).
//!
//! Rows are plain data. What is personal or confidential in them arrives sealed ([`Sealed`]) and is found by keyed digests
//! ([`Digest`]): a thief of the database learns no names of people and no working credential. Rows that steer policy or
//! scope carry a `mac` that custody makes and checks; the catalog only stores it.

mod alarm;
mod change;
mod incident;

use std::ops::Range;

use base::id::{
    ApprovalId, BlobId, DatasetId, EngagementId, GrantId, ObjectId, PartnerId, PrincipalId, SessionId, UploadId,
    VersionId,
};
use base::lock::Lock;
use base::object::{Part, WrappedKey};
use base::word::{DataType, Decision, Form, PrincipalKind, Purpose, Role, ScanState, State, Verb};
use base::{Residence, Timestamp};

pub use self::alarm::{AlarmRow, DecoyRow, OutboxRow, ReceiverRow};
pub use self::change::{Applied, Change};
pub use self::incident::{IncidentFileRow, IncidentLineRow};
pub use scope::Touches;

/// A value sealed by `seal`; the catalog cannot read it.
pub type Sealed = Vec<u8>;

/// A keyed digest: equal values have equal digests, and nothing else can be learned without the key.
pub type Digest = [u8; 16];

/// A name that is sealed and found by its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedName {
    /// For look-up and uniqueness.
    pub digest: Digest,
    /// The name.
    pub sealed: Sealed,
}

/// A partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerRow {
    /// Its id.
    pub id: PartnerId,
    /// Its name, unique in the deployment.
    pub name: SealedName,
    /// When it was created.
    pub created: Timestamp,
}

/// An engagement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngagementRow {
    /// Its id.
    pub id: EngagementId,
    /// The partner it is for.
    pub partner: PartnerId,
    /// Its name, unique in the deployment.
    pub name: SealedName,
    /// Its state.
    pub state: State,
    /// Its pause epoch: grows with every pause and resume.
    pub epoch: u64,
    /// Its place in the tree of chain heads, from 1.
    pub ordinal: u64,
    /// The purposes its contract allows.
    pub purposes: Vec<Purpose>,
    /// When it was created.
    pub created: Timestamp,
}

/// A dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatasetRow {
    /// Its id.
    pub id: DatasetId,
    /// The compartment.
    pub engagement: EngagementId,
    /// The bucket name, unique in the deployment; clear, because S3 clients name it in every request.
    pub bucket: String,
    /// The purposes its contract allows; empty means all of the engagement's.
    pub purposes: Vec<Purpose>,
    /// Whether versions that no detector can read may be read.
    pub unscannable_readable: bool,
    /// When it was created.
    pub created: Timestamp,
    /// Its settings; `None` until they are first set.
    pub settings: Option<Sealed>,
    /// How often its settings were set.
    pub revision: u64,
}

/// A contract that a dataset has or had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractRow {
    /// The dataset.
    pub dataset: DatasetId,
    /// The revision of the dataset's settings that it began with.
    pub revision: u64,
    /// When.
    pub at: Timestamp,
    /// SHA-256 of the document.
    pub digest: [u8; 32],
    /// The document.
    pub document: Sealed,
}

/// A person or workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrincipalRow {
    /// Its id.
    pub id: PrincipalId,
    /// Its name, unique in the deployment.
    pub name: SealedName,
    /// Person or workload.
    pub kind: PrincipalKind,
    /// The partner it belongs to; `None` for the operator's own.
    pub partner: Option<PartnerId>,
    /// What it is trusted with.
    pub roles: Vec<Role>,
    /// Ed25519 public key of a person.
    pub public_key: Option<[u8; 32]>,
    /// When it was created.
    pub created: Timestamp,
}

/// What a principal may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRow {
    /// Its id.
    pub id: GrantId,
    /// To whom.
    pub principal: PrincipalId,
    /// In which compartment.
    pub engagement: EngagementId,
    /// On which dataset; `None` for all of the engagement's.
    pub dataset: Option<DatasetId>,
    /// What may be done.
    pub verbs: Vec<Verb>,
    /// For which purposes.
    pub purposes: Vec<Purpose>,
    /// Until when.
    pub expires: Timestamp,
}

/// An issued session. Its secret is not here: it is derived from the engagement's token key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Its id.
    pub id: SessionId,
    /// The access key id that clients send.
    pub access_key: String,
    /// Whose it is.
    pub principal: PrincipalId,
    /// The compartment it is bound to.
    pub engagement: EngagementId,
    /// The purpose it was issued for.
    pub purpose: Purpose,
    /// Where it may be used from: networks such as `10.0.0.0/8`; empty means anywhere.
    pub places: Vec<String>,
    /// When it was issued.
    pub issued: Timestamp,
    /// When it ends by itself.
    pub expires: Timestamp,
    /// When it was ended, if it was.
    pub ended: Option<Timestamp>,
}

/// A dangerous act that waits for, or has, a second person's approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalRow {
    /// Its id.
    pub id: ApprovalId,
    /// What is to be done.
    pub verb: Verb,
    /// In which compartment.
    pub engagement: EngagementId,
    /// The digest of the exact request; an approval holds for nothing else.
    pub request_digest: [u8; 32],
    /// Who asked.
    pub requester: PrincipalId,
    /// When it was asked.
    pub asked: Timestamp,
    /// Until when it can be used.
    pub expires: Timestamp,
    /// Who approved, and each one's signature.
    pub approvers: Vec<(PrincipalId, Vec<u8>)>,
    /// When the act was done; an approval is good once.
    pub used: Option<Timestamp>,
}

/// One version of an object, or a delete marker; deleted and replaced ones included: scope needs them for as long as their facts
/// live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRow {
    /// The compartment.
    pub engagement: EngagementId,
    /// The dataset.
    pub dataset: DatasetId,
    /// The S3 key.
    pub key: Vec<u8>,
    /// The object.
    pub object: ObjectId,
    /// The version.
    pub version: VersionId,
    /// Its place in the deployment's sequence of versions, from 1. Ignored on the way in: the catalog assigns it.
    pub ordinal: u64,
    /// Plaintext bytes.
    pub size: u64,
    /// When it became visible.
    pub modified: Timestamp,
    /// Bytes of a sealed segment.
    pub segment_size: u32,
    /// The parts; at most one is inline.
    pub parts: Vec<Part>,
    /// The object's key, sealed; `None` once the version is erased, and for a delete marker.
    pub wrapped: Option<WrappedKey>,
    /// ETag, checksums, content type, user metadata: sealed.
    pub meta: Sealed,
    /// How far the scanner got.
    pub scan: ScanState,
    /// Which scan's facts hold, from 0.
    pub generation: u32,
    /// Who wrote it.
    pub writer: PrincipalId,
    /// Custody's MAC over what steers policy and scope.
    pub mac: [u8; 32],
    /// When it was deleted or replaced.
    pub gone: Option<Timestamp>,
    /// Whether it is the null version of its key: written while versioning was unset or suspended.
    pub null: bool,
    /// Whether it is a delete marker: it has no key, no parts and no size, and hides what is below it.
    pub marker: bool,
    /// What keeps it from being deleted.
    pub lock: Lock,
}

/// What must hold for a put to become visible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing.
    None,
    /// No current version under this key.
    Absent,
    /// The current version is this one.
    Is(VersionId),
}

/// A version or a delete marker on its way in. A null one replaces the null version of its key.
#[derive(Clone, Debug)]
pub struct PutVersion {
    /// The row; `ordinal` is assigned.
    pub row: VersionRow,
    /// The revision of the dataset's settings that it was decided under. `Conflict` if they changed.
    pub revision: u64,
    /// What must hold.
    pub precondition: Precondition,
    /// The intents that its blobs were written under: all must be alive.
    pub intents: Vec<BlobId>,
    /// The upload it completes, which ends with it.
    pub upload: Option<UploadId>,
}

/// A multipart upload under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadRow {
    /// Its id.
    pub id: UploadId,
    /// The compartment.
    pub engagement: EngagementId,
    /// The dataset.
    pub dataset: DatasetId,
    /// The S3 key.
    pub key: Vec<u8>,
    /// The object it will be.
    pub object: ObjectId,
    /// The version it will be.
    pub version: VersionId,
    /// The object's key, sealed for the upload.
    pub wrapped: WrappedKey,
    /// Content type, user metadata: sealed.
    pub meta: Sealed,
    /// Who writes it.
    pub writer: PrincipalId,
    /// When it began.
    pub begun: Timestamp,
}

/// One uploaded part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadPartRow {
    /// The upload.
    pub upload: UploadId,
    /// The part.
    pub part: Part,
    /// MD5 and checksums: sealed.
    pub meta: Sealed,
    /// When it was uploaded.
    pub modified: Timestamp,
}

/// Who is named in one record, and where: the scanner's facts on their way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MentionRow {
    /// The identities that belong to one person, strongest first.
    pub identities: Vec<Digest>,
    /// In which blocks which types of data about that person occur.
    pub places: Vec<(u32, DataType)>,
    /// How many people are named at the first place whom no identifier tells apart.
    pub unresolved: u32,
    /// Whether the strongest identity is the key by which a contract tells people apart.
    pub keyed: bool,
    /// Where the person lives, as contracts say.
    pub residences: Vec<Residence>,
}

/// One row of facts: these subjects occur with this type of data in this block of this version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactRow {
    /// The version's ordinal.
    pub ordinal: u64,
    /// The block.
    pub block: u32,
    /// The type.
    pub data_type: DataType,
    /// Subject ordinals within the engagement, sorted and distinct.
    pub subjects: Vec<u32>,
    /// How many mentions there are of people whom no identifier tells apart. None of them is certain to be another than those
    /// who are known.
    pub unresolved: u64,
}

/// A scan that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRow {
    /// The version's ordinal.
    pub ordinal: u64,
    /// Which scan of the version it is to be, from 0.
    pub generation: u32,
    /// The dataset.
    pub dataset: DatasetId,
    /// Since when it waits.
    pub queued: Timestamp,
    /// When it may be begun.
    pub due: Timestamp,
    /// How often it was begun.
    pub attempts: u32,
    /// How many bytes the last attempt has read.
    pub done: u64,
    /// The kind of the last failure.
    pub failure: Option<String>,
}

/// What a completed scan said of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanRow {
    /// Which scan of the version, from 0.
    pub generation: u32,
    /// When it ended.
    pub at: Timestamp,
    /// What it said.
    pub report: Sealed,
}

/// What a reviewer decided about a version in quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewRow {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub reviewer: PrincipalId,
    /// What.
    pub decision: Decision,
    /// Why.
    pub reason: Sealed,
}

/// By what an access can be selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SelectorKind {
    /// Access key id, or a person's key id.
    Credential,
    /// Session.
    Session,
    /// Principal.
    Principal,
    /// Network address.
    Address,
    /// Engagement.
    Engagement,
}

/// What is known of the bytes of a touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// A receipt allowed it.
    Authorised,
    /// A settlement says that it was written to the socket.
    Sent,
}

/// The key of one row of the touch index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TouchKey {
    /// By what.
    pub kind: SelectorKind,
    /// The keyed digest of the selector's value.
    pub selector: Digest,
    /// The compartment touched.
    pub engagement: EngagementId,
    /// The first hour of the row, in hours since 1970 UTC.
    pub hour: i64,
    /// How long the row is.
    pub span: scope::Span,
    /// The form of exposure.
    pub form: Form,
    /// Authorised or sent.
    pub level: Level,
}

/// A pack on its way in.
#[derive(Clone, Debug)]
pub struct PackRow {
    /// The compartment.
    pub engagement: EngagementId,
    /// The group of ordinals.
    pub number: u64,
    /// Which revision of the pack it replaces; 0 for none.
    pub was: u64,
    /// The pack.
    pub pack: scope::Pack,
    /// Which unpacked versions it has as they were, with their stamps.
    pub taken: Vec<(u64, u64)>,
}

/// One line of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRow {
    /// The key.
    pub key: Vec<u8>,
    /// The current version.
    pub version: VersionId,
    /// Its ordinal.
    pub ordinal: u64,
    /// Its size.
    pub size: u64,
    /// When it became visible.
    pub modified: Timestamp,
    /// Its sealed metadata (for the ETag).
    pub meta: Sealed,
    /// How far the scanner got.
    pub scan: ScanState,
    /// Who wrote it.
    pub writer: PrincipalId,
}

/// One line of a listing of versions: a version or a delete marker that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRow {
    /// The key.
    pub key: Vec<u8>,
    /// Its ordinal: the greater, the newer.
    pub ordinal: u64,
    /// The version.
    pub version: VersionId,
    /// Whether it is the null version.
    pub null: bool,
    /// Whether it is a delete marker.
    pub marker: bool,
    /// Whether nothing newer is kept under the key.
    pub latest: bool,
    /// Its size.
    pub size: u64,
    /// When it became visible.
    pub modified: Timestamp,
    /// Its sealed metadata (for the ETag).
    pub meta: Sealed,
}

/// A request that the store's own log tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreRequestRow {
    /// A digest of the store's id of the request and of what it reached.
    pub request: Digest,
    /// What was done: `read`, `names`, `write` or `delete`.
    pub act: String,
    /// The blob, if it reached one.
    pub blob: Option<BlobId>,
    /// When, by the store's clock.
    pub at: Timestamp,
    /// Sealed bytes that were sent; nothing when the store does not say.
    pub sent: Option<u64>,
    /// Why no fetch of ours explains it; nothing when one does.
    pub bypass: Option<String>,
    /// The compartment whose blob it is.
    pub engagement: Option<EngagementId>,
    /// The version whose blob it is.
    pub ordinal: Option<u64>,
}

/// Whose blob it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobOwner {
    /// The compartment.
    pub engagement: EngagementId,
    /// The version.
    pub ordinal: u64,
    /// Bytes of a sealed segment.
    pub segment_size: u32,
    /// Which plaintext of the version it holds.
    pub plain: Range<u64>,
}
