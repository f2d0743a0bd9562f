//! The entries that custody writes, one struct a kind, with their fields in their fixed order.
//!
//! Ids and words only. What is personal travels beside the entry as a private field.

use base::id::{
    AlarmId, ApprovalId, DatasetId, DecoyId, EngagementId, GrantId, ObjectId, PartnerId, PrincipalId, ReceiverId,
    RequestId, SessionId, UploadId, VersionId,
};
use base::lock::{Lock, Retention};
use base::word::{AlarmKind, LegalHold, PrincipalKind, Purpose, Role, ScanState, Severity, Verb};
use serde::Serialize;

/// Kinds of entries, beside `release` and `heads`, which the ledger writes.
pub mod kind {
    /// The deployment began.
    pub const INIT: &str = "deployment.init";
    /// A partner was created.
    pub const PARTNER: &str = "partner.create";
    /// An engagement was created.
    pub const ENGAGEMENT: &str = "engagement.create";
    /// An engagement was paused.
    pub const PAUSE: &str = "engagement.pause";
    /// An engagement was resumed.
    pub const RESUME: &str = "engagement.resume";
    /// A dataset was created.
    pub const DATASET: &str = "dataset.create";
    /// A setting of a dataset was changed.
    pub const DATASET_CONFIGURE: &str = "dataset.configure";
    /// A dataset was put under a contract.
    pub const DATASET_CONTRACT: &str = "dataset.contract";
    /// All of a dataset is scanned anew.
    pub const RESCAN: &str = "dataset.rescan";
    /// A dataset was deleted.
    pub const DATASET_DELETE: &str = "dataset.delete";
    /// A principal was created.
    pub const PRINCIPAL: &str = "principal.create";
    /// A grant was made.
    pub const GRANT: &str = "grant.create";
    /// A grant was withdrawn.
    pub const GRANT_DELETE: &str = "grant.delete";
    /// A session was issued.
    pub const SESSION: &str = "session.create";
    /// A session was ended.
    pub const SESSION_END: &str = "session.end";
    /// Somebody asked for another person's approval.
    pub const APPROVAL: &str = "approval.request";
    /// Somebody approved.
    pub const APPROVE: &str = "approval.grant";
    /// A version became visible.
    pub const PUT: &str = "object.put";
    /// A version was scanned after it had become visible to its writer.
    pub const SCAN: &str = "object.scan";
    /// A reviewer let a version out of quarantine.
    pub const QUARANTINE_RELEASE: &str = "quarantine.release";
    /// A reviewer decided that a version stays in quarantine.
    pub const QUARANTINE_KEEP: &str = "quarantine.keep";
    /// An object was deleted.
    pub const DELETE: &str = "object.delete";
    /// The tags of an object were changed.
    pub const TAG: &str = "object.tag";
    /// What locks a version was changed.
    pub const LOCK: &str = "object.lock";
    /// A multipart upload began.
    pub const UPLOAD: &str = "upload.create";
    /// A part was uploaded.
    pub const UPLOAD_PART: &str = "upload.part";
    /// A multipart upload was given up.
    pub const UPLOAD_ABORT: &str = "upload.abort";
    /// Policy refused.
    pub const DENIAL: &str = "denial";
    /// A permitted request failed; nothing was released.
    pub const FAILURE: &str = "failure";
    /// Budgets were set.
    pub const BUDGET_SET: &str = "budget.set";
    /// A reader came near the end of a budget.
    pub const BUDGET_SOFT: &str = "budget.soft";
    /// A reader came to the end of a budget.
    pub const BUDGET_SPENT: &str = "budget.spent";
    /// What was written to sockets.
    pub const SETTLEMENT: &str = "settlement";
    /// Failures of strangers, counted.
    pub const NOISE: &str = "noise";
    /// A session was used after its end, counted.
    pub const LAPSED: &str = "session.lapsed";
    /// A decoy was made.
    pub const DECOY: &str = "decoy.create";
    /// A decoy was given up.
    pub const DECOY_RETIRE: &str = "decoy.retire";
    /// Somebody looked at which decoys there are.
    pub const DECOY_LIST: &str = "decoy.list";
    /// A decoy is about to be rehearsed.
    pub const DECOY_REHEARSE: &str = "decoy.rehearse";
    /// A decoy was used.
    pub const DECOY_TRIPPED: &str = "decoy.tripped";
    /// An alarm was raised that no entry of another kind tells of.
    pub const ALARM: &str = "alarm.raise";
    /// Somebody has seen an alarm.
    pub const ALARM_ACKNOWLEDGE: &str = "alarm.acknowledge";
    /// Somebody else is told of alarms from now on.
    pub const RECEIVER: &str = "receiver.create";
    /// Somebody is no longer told of alarms.
    pub const RECEIVER_DELETE: &str = "receiver.delete";
    /// A log of the backing store was imported.
    pub const BYPASS_IMPORT: &str = "bypass.import";
    /// The store did something that nothing of ours explains.
    pub const BYPASS_FOUND: &str = "bypass.found";
    /// Something was done about an incident; in the system's chain.
    pub const INCIDENT: &str = "incident.act";
    /// Something was done about an incident that concerns the engagement whose chain it stands in.
    pub const INCIDENT_PART: &str = "incident.part";
    /// A pack or scope report was made.
    pub const EVIDENCE: &str = "evidence";
}

/// Who did it, as every entry of an act has it.
#[derive(Serialize)]
pub struct By<'a> {
    /// The request.
    pub request: RequestId,
    /// The principal.
    pub principal: PrincipalId,
    /// The session, if one was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// The credential's public name.
    pub credential: &'a str,
    /// Commitment to the network address.
    pub address: String,
}

/// An act with what it was about.
#[derive(Serialize)]
pub struct Act<'a, W: Serialize> {
    /// Who did it.
    #[serde(flatten)]
    pub by: By<'a>,
    /// On what.
    #[serde(flatten)]
    pub what: W,
}

/// `deployment.init`.
#[derive(Serialize)]
pub struct Init<'a> {
    /// The log's origin.
    pub origin: &'a str,
    /// The version of the program.
    pub program: &'a str,
    /// The system chain's place among the heads: 0.
    pub ordinal: u64,
}

/// `partner.create`.
#[derive(Serialize)]
pub struct PartnerCreated {
    /// The partner.
    pub partner: PartnerId,
}

/// `engagement.create`.
#[derive(Serialize)]
pub struct EngagementCreated<'a> {
    /// The engagement.
    pub engagement: EngagementId,
    /// Its partner.
    pub partner: PartnerId,
    /// Its chain's place among the heads.
    pub ordinal: u64,
    /// Its purposes.
    pub purposes: &'a [Purpose],
}

/// `engagement.pause` and `engagement.resume`.
#[derive(Serialize)]
pub struct Turned {
    /// The engagement.
    pub engagement: EngagementId,
    /// The epoch that begins.
    pub epoch: u64,
    /// How many sessions ended with it.
    pub sessions_ended: u64,
    /// How many streams were cut.
    pub streams_cut: u64,
    /// Who approved a resume.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<PrincipalId>,
    /// The approval a resume rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalId>,
    /// Set where a pause that stood in memory or in the fence file is entered belatedly.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub recovered: bool,
    /// The alarm that a pause answers, where no person asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarm: Option<AlarmId>,
}

/// `dataset.create` and `dataset.delete`.
#[derive(Serialize)]
pub struct DatasetActed<'a> {
    /// The dataset.
    pub dataset: DatasetId,
    /// Its bucket name.
    pub bucket: &'a str,
    /// Whether it was created with object lock.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub object_lock: bool,
}

/// `dataset.configure`.
#[derive(Serialize)]
pub struct DatasetConfigured {
    /// The dataset.
    pub dataset: DatasetId,
    /// Which setting.
    pub setting: &'static str,
    /// What it was set to, where that is a word of S3.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// The revision of the settings that begins.
    pub revision: u64,
    /// SHA-256 of the sealed settings, in hex.
    pub digest: String,
}

/// `dataset.contract`.
#[derive(Serialize)]
pub struct ContractSet {
    /// The dataset.
    pub dataset: DatasetId,
    /// SHA-256 of the contract, in hex.
    pub contract: String,
    /// Whether it says what tells people apart.
    pub subject_key: bool,
    /// How many things in it nothing follows from.
    pub not_understood: u64,
    /// The revision of the settings that begins.
    pub revision: u64,
    /// SHA-256 of the sealed settings, in hex.
    pub digest: String,
}

/// `principal.create`.
#[derive(Serialize)]
pub struct PrincipalCreated<'a> {
    /// The principal.
    pub created: PrincipalId,
    /// Person or workload.
    pub principal_kind: PrincipalKind,
    /// Its partner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner: Option<PartnerId>,
    /// Its roles.
    pub roles: &'a [Role],
}

/// `grant.create` and `grant.delete`.
#[derive(Serialize)]
pub struct Granted<'a> {
    /// The grant.
    pub grant: GrantId,
    /// To whom.
    pub grantee: PrincipalId,
    /// On which dataset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset: Option<DatasetId>,
    /// What.
    pub verbs: &'a [Verb],
    /// Why.
    pub purposes: &'a [Purpose],
    /// Until when.
    pub expires: base::Timestamp,
}

/// `session.create` and `session.end`.
#[derive(Serialize)]
pub struct SessionActed<'a> {
    /// The session.
    pub issued: SessionId,
    /// Its access key.
    pub access_key: &'a str,
    /// Whose.
    pub holder: PrincipalId,
    /// Why.
    pub purpose: &'a Purpose,
    /// From where.
    pub places: &'a [String],
    /// Until when.
    pub expires: base::Timestamp,
}

/// `approval.request` and `approval.grant`.
#[derive(Serialize)]
pub struct Approved {
    /// The approval.
    pub approval: ApprovalId,
    /// For what.
    pub verb: Verb,
    /// The digest of the request, in hex.
    pub digest: String,
    /// The signature over it, in base64.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub signature: String,
}

/// `object.put`.
#[derive(Serialize)]
pub struct Put {
    /// The dataset.
    pub dataset: DatasetId,
    /// The object.
    pub object: ObjectId,
    /// The version.
    pub version: VersionId,
    /// The version it is a copy of, whose release bears the same request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copied_from: Option<VersionId>,
    /// Plaintext bytes.
    pub size: u64,
    /// How many parts.
    pub parts: u64,
    /// Whether it is the null version of its key: the null version before it was deleted with it.
    pub null: bool,
    /// What locks it.
    #[serde(skip_serializing_if = "unlocked")]
    pub lock: Lock,
    /// How far the scanner got.
    pub scan: ScanState,
    /// SHA-256 of the facts, in hex.
    pub facts: String,
    /// The scanner's version.
    pub scanner: String,
    /// The policies that allowed it.
    pub policies: std::sync::Arc<[String]>,
}

/// `object.scan`.
#[derive(Serialize)]
pub struct Scanned<'a> {
    /// The dataset.
    pub dataset: DatasetId,
    /// The version.
    pub version: VersionId,
    /// Which scan of the version, from 0.
    pub generation: u32,
    /// What it came to.
    pub scan: ScanState,
    /// SHA-256 of the facts, in hex.
    pub facts: &'a str,
    /// The scanner's version.
    pub scanner: String,
    /// Why it was given up, where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<&'a str>,
}

/// `dataset.rescan`.
#[derive(Serialize)]
pub struct Rescan {
    /// The dataset.
    pub dataset: DatasetId,
    /// The scanner's version.
    pub scanner: String,
}

/// `quarantine.release` and `quarantine.keep`.
#[derive(Serialize)]
pub struct Reviewed {
    /// The dataset.
    pub dataset: DatasetId,
    /// The version.
    pub version: VersionId,
    /// Who wrote it.
    pub writer: PrincipalId,
    /// Commitment to the reason, which travels beside the entry.
    pub reason: String,
    /// The policies that allowed it.
    pub policies: std::sync::Arc<[String]>,
}

fn unlocked(lock: &Lock) -> bool {
    *lock == Lock::default()
}

/// `object.delete`. With neither `version` nor `marker`, nothing was there.
#[derive(Serialize)]
pub struct Deleted {
    /// The dataset.
    pub dataset: DatasetId,
    /// The version that was deleted for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<VersionId>,
    /// Whether that was a delete marker.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub was_marker: bool,
    /// Whether it was retained in governance mode, and the caller allowed to bypass that.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bypassed_governance: bool,
    /// The delete marker that was written; the versions behind it stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marker: Option<VersionId>,
    /// Whether the marker is the null version of its key: the null version before it was deleted with it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub null: bool,
    /// The policies that allowed it.
    pub policies: std::sync::Arc<[String]>,
}

/// `object.lock`: what locks the version from now on.
#[derive(Serialize)]
pub struct Locked {
    /// The dataset.
    pub dataset: DatasetId,
    /// The version.
    pub version: VersionId,
    /// Its retention.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
    /// Its legal hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_hold: Option<LegalHold>,
    /// Whether a retention of governance mode was shortened or lifted by one who is allowed to.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bypassed_governance: bool,
    /// The policies that allowed it.
    pub policies: std::sync::Arc<[String]>,
}

/// `object.tag`.
#[derive(Serialize)]
pub struct Tagged {
    /// The dataset.
    pub dataset: DatasetId,
    /// The object.
    pub object: ObjectId,
    /// The version.
    pub version: VersionId,
    /// How many tags it has now.
    pub tags: u64,
    /// The policies that allowed it.
    pub policies: std::sync::Arc<[String]>,
}

/// `upload.create`, `upload.part`, `upload.abort`.
#[derive(Serialize)]
pub struct Uploaded {
    /// The dataset.
    pub dataset: DatasetId,
    /// The upload.
    pub upload: UploadId,
    /// The part's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<u32>,
    /// The part's plaintext bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The version the part was copied from, whose release bears the same request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copied_from: Option<VersionId>,
}

/// `denial`.
#[derive(Serialize)]
pub struct Denied<'a> {
    /// What was asked.
    pub verb: Verb,
    /// The dataset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset: Option<DatasetId>,
    /// The policy that refused.
    pub policy: &'a str,
    /// What the decision rested on.
    pub inputs: serde_json::Value,
}

/// `failure`.
#[derive(Serialize)]
pub struct Failed<'a> {
    /// What was asked.
    pub verb: Verb,
    /// The dataset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset: Option<DatasetId>,
    /// The kind of failure, or `mismatch` when a body was not what the client said.
    pub failure: &'a str,
    /// The operation, as S3 names it, of a request that failed before it was judged or after its judgement was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<&'static str>,
}

/// `settlement`: which receipts of this chain were written to the socket, whole or in part.
#[derive(Serialize)]
pub struct Settled {
    /// Runs of places in the chain that were sent whole.
    pub whole: String,
    /// Place in the chain and bytes sent, for those that were cut.
    pub part: Vec<(u64, u64)>,
    /// Place in the chain and bytes that were never opened and count in no budget.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub returned: Vec<(u64, u64)>,
}

/// `noise`.
#[derive(Serialize)]
pub struct Noise {
    /// Commitment to the address.
    pub address: String,
    /// The minute, since 1970 UTC.
    pub minute: i64,
    /// How many failures.
    pub count: u64,
}

/// `session.lapsed`: requests that were signed with a session's secret after a pause or its time had ended it. All were refused.
#[derive(Serialize)]
pub struct SessionLapsed<'a> {
    /// The session.
    pub session: SessionId,
    /// Whose it was.
    pub principal: PrincipalId,
    /// Its access key.
    pub credential: &'a str,
    /// The minute, since 1970 UTC.
    pub minute: i64,
    /// How many requests.
    pub count: u64,
}

/// `evidence`.
#[derive(Serialize)]
pub struct Evidence<'a> {
    /// What was made.
    pub made: &'a str,
    /// Its SHA-256, in hex.
    pub digest: String,
}

/// `decoy.create` and `decoy.retire`, in the system's chain. Which credentials or objects a decoy is, is committed to and
/// travels beside the entry: a reader of the entry learns that there is one more.
#[derive(Serialize)]
pub struct DecoyActed {
    /// The decoy.
    pub decoy: DecoyId,
    /// Commitment to what it is.
    pub bait: String,
}

/// `decoy.rehearse`.
#[derive(Serialize)]
pub struct DecoyRehearsed {
    /// The decoy.
    pub decoy: DecoyId,
}

/// `decoy.tripped`, in the system's chain and, naming nothing of others, in that of the engagement whose bait it was.
#[derive(Serialize)]
pub struct DecoyTripped {
    /// The decoy; only in the system's chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decoy: Option<DecoyId>,
    /// The alarm it raised.
    pub alarm: AlarmId,
    /// The session whose secret was used, or that read what nobody should.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// The dataset of an object that nobody should read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset: Option<DatasetId>,
    /// Commitment to the network address.
    pub address: String,
    /// What is paused for it, as far as the chain's readers may know.
    pub paused: Vec<EngagementId>,
    /// Whether it was a rehearsal, which pauses nothing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub rehearsal: bool,
}

/// `alarm.raise` and `alarm.acknowledge`.
#[derive(Serialize)]
pub struct Alarmed {
    /// The alarm.
    pub alarm: AlarmId,
    /// What kind of thing happened.
    pub alarm_kind: AlarmKind,
    /// How soon somebody should look.
    pub severity: Severity,
    /// How often it happened so far.
    pub count: u64,
}

/// `receiver.create` and `receiver.delete`.
#[derive(Serialize)]
pub struct ReceiverActed<'a> {
    /// The receiver.
    pub receiver: ReceiverId,
    /// `webhook` or `mail`.
    pub by: &'a str,
}

/// `bypass.import`: how the rows of a log of the backing store came out.
#[derive(Serialize)]
pub struct BypassImported {
    /// Requests that were not known yet.
    pub requests: u64,
    /// Reads that fetches of ours explain.
    pub explained: u64,
    /// Other requests of ours.
    pub own: u64,
    /// Requests that the store refused.
    pub refused: u64,
    /// Requests that nothing of ours explains.
    pub bypasses: u64,
}

/// `bypass.found`: requests of one kind, by one requester from one address, that nothing of ours explains.
#[derive(Serialize)]
pub struct BypassFound<'a> {
    /// What was done: `read`, `names`, `write` or `delete`.
    pub act: &'static str,
    /// `stranger`, or `unexplained` when it was done with an identity of ours.
    pub why: &'static str,
    /// Commitment to who, as the store knows them.
    pub requester: String,
    /// Commitment to from where.
    pub from_address: String,
    /// When the first was, by the store's clock.
    pub first: base::Timestamp,
    /// When the last was.
    pub last: base::Timestamp,
    /// How many.
    pub requests: u64,
    /// Sealed bytes that the store says it sent; copies within the store are not among them.
    pub bytes: u64,
    /// Requests of which the store does not say how many bytes went.
    pub unmeasured: u64,
    /// The versions whose sealed bytes were reached, as runs of ordinals.
    pub versions: &'a str,
}
