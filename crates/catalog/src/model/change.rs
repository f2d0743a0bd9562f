//! The changes that travel through the commit queue with entries, and what applying them answers.

use base::Timestamp;
use base::id::{
    AlarmId, ApprovalId, BlobId, DatasetId, DecoyId, EngagementId, GrantId, PrincipalId, ReceiverId, RequestId,
    SessionId, UploadId, VersionId,
};
use base::lock::Lock;
use base::word::{ScanState, State};

use super::{
    AlarmRow, ApprovalRow, ContractRow, DatasetRow, DecoyRow, EngagementRow, GrantRow, IncidentFileRow,
    IncidentLineRow, JobRow, MentionRow, OutboxRow, PackRow, PartnerRow, PrincipalRow, PutVersion, ReceiverRow,
    ReviewRow, Sealed, SessionRow, StoreRequestRow, TouchKey, Touches, UploadPartRow, UploadRow,
};

/// A change of the catalog; travels with entries through the commit queue.
#[derive(Clone, Debug)]
pub enum Change {
    /// A new partner. `Conflict` if the name is taken.
    Partner(PartnerRow),
    /// A new engagement. `Conflict` if the name or ordinal is taken.
    Engagement(EngagementRow),
    /// A new state. `Conflict` if `epoch` is not greater than the stored one.
    EngagementState {
        /// Which.
        engagement: EngagementId,
        /// The state.
        state: State,
        /// The epoch it begins.
        epoch: u64,
    },
    /// A new dataset. `Conflict` if the bucket name is taken.
    Dataset(DatasetRow),
    /// New settings of a dataset. `Conflict` if `revision` is not the one after the stored one.
    DatasetSettings {
        /// Which.
        dataset: DatasetId,
        /// The settings.
        settings: Sealed,
        /// The revision they begin.
        revision: u64,
    },
    /// Another scan of a version waits to be made, unless one does already.
    QueueScan {
        /// Of which.
        version: VersionId,
        /// Since when.
        at: Timestamp,
    },
    /// The contract of a dataset. `Conflict` if it has one of this revision.
    Contract(ContractRow),
    /// Removes a dataset. `Conflict` if it still has versions, delete markers or uploads.
    DropDataset(DatasetId),
    /// A new principal. `Conflict` if the name or public key is taken.
    Principal(PrincipalRow),
    /// A new grant.
    Grant(GrantRow),
    /// Removes a grant.
    DropGrant(GrantId),
    /// A new session. `Conflict` if the access key is taken.
    Session(SessionRow),
    /// Ends one session.
    EndSession {
        /// Which.
        session: SessionId,
        /// When.
        at: Timestamp,
    },
    /// Ends every live session of an engagement.
    EndSessions {
        /// Which.
        engagement: EngagementId,
        /// When.
        at: Timestamp,
    },
    /// A request for approval.
    Approval(ApprovalRow),
    /// One person's approval. `Refused` if it is the requester, `Conflict` if used or already given by that person.
    Approve {
        /// Which.
        approval: ApprovalId,
        /// By whom.
        approver: PrincipalId,
        /// The signature over the request's digest.
        signature: Vec<u8>,
    },
    /// Uses an approval up. `Conflict` if it is used already.
    UseApproval {
        /// Which.
        approval: ApprovalId,
        /// When.
        at: Timestamp,
    },
    /// Remembers what the store's own log told of. Requests that are known already are left as they are.
    StoreRequests(Vec<StoreRequestRow>),
    /// Says that these blobs are about to be written. Precedes their first byte.
    Intend {
        /// The blobs.
        blobs: Vec<BlobId>,
        /// By which request.
        request: RequestId,
        /// When.
        at: Timestamp,
    },
    /// Kills intents: their blobs become garbage in the same transaction.
    KillIntents(Vec<BlobId>),
    /// Makes a version visible. `Conflict` if the precondition fails or an intent is dead. The version it replaces is marked
    /// gone, its wrapped key erased and its blobs made garbage.
    Put(Box<PutVersion>),
    /// Deletes one version or marker for good. Its key goes with it; what is below becomes visible. `Conflict` if it is gone, is
    /// not what it was, or the dataset's settings changed.
    Retire {
        /// Which.
        version: VersionId,
        /// Its MAC so far.
        was: [u8; 32],
        /// The revision of the dataset's settings that it was decided under.
        revision: u64,
        /// When.
        at: Timestamp,
    },
    /// A new upload.
    Upload(UploadRow),
    /// A part; replaces one of the same number, whose blob becomes garbage. `Missing` if the upload is gone, `Conflict` if
    /// the blob's intent is dead.
    UploadPart(UploadPartRow),
    /// Ends an upload; its parts' blobs become garbage.
    AbortUpload(UploadId),
    /// Adds facts. Identities become subject ordinals here.
    Facts {
        /// The compartment.
        engagement: EngagementId,
        /// The version.
        version: VersionId,
        /// Which scan of the version made them, from 0.
        generation: u32,
        /// Who is named where.
        mentions: Vec<MentionRow>,
    },
    /// Keeps facts of a version that is on its way in, so that nobody need hold them until it is visible.
    StageFacts {
        /// The compartment.
        engagement: EngagementId,
        /// The version that will be.
        version: VersionId,
        /// When.
        at: Timestamp,
        /// Who is named where.
        mentions: Vec<MentionRow>,
    },
    /// Moves facts that were kept for a version to where they count.
    UnstageFacts {
        /// The compartment.
        engagement: EngagementId,
        /// The version.
        version: VersionId,
        /// How many rows at most.
        rows: u64,
    },
    /// Forgets the facts that were kept for a version which will not become visible.
    DropStagedFacts(VersionId),
    /// Forgets facts that were kept and not added to since then.
    DropStagedFactsBefore(Timestamp),
    /// Forgets the facts of a scan that did not come to its end, before it is tried again.
    ClearFacts {
        /// The compartment.
        engagement: EngagementId,
        /// The version.
        version: VersionId,
        /// Which scan of the version. `Conflict` if it is one that was reported.
        generation: u32,
    },
    /// Queues another scan of the kept versions of a dataset whose ordinals lie in a run, both ends included. Those that wait
    /// for one go on waiting.
    QueueScans {
        /// The dataset.
        dataset: DatasetId,
        /// The run of ordinals.
        ordinals: (u64, u64),
        /// When.
        at: Timestamp,
    },
    /// Begins a job, counting the attempt. `Conflict` if it is not as it was.
    BeginJob {
        /// The job as it was.
        job: JobRow,
        /// When it may be begun again, if nothing more is heard.
        due: Timestamp,
    },
    /// Keeps workers from the job of a version that its writer's own request is at work on.
    HoldJob {
        /// The version.
        version: VersionId,
        /// When it may be begun, if nothing more is heard.
        due: Timestamp,
    },
    /// Says how far a job has come.
    JobProgress {
        /// The version's ordinal.
        ordinal: u64,
        /// How many bytes were read.
        done: u64,
        /// When it may be begun again, if nothing more is heard.
        due: Timestamp,
    },
    /// Puts a job back that failed.
    PutJobBack {
        /// The version's ordinal.
        ordinal: u64,
        /// How many attempts count.
        attempts: u32,
        /// When it may be begun again.
        due: Timestamp,
        /// The kind of failure.
        failure: String,
    },
    /// Ends a job. `Conflict` if it was ended already.
    EndJob {
        /// The version's ordinal.
        ordinal: u64,
        /// Which scan of the version it was.
        generation: u32,
    },
    /// Lets every job that was worked on be begun at once: its worker is no more.
    ReleaseJobs(Timestamp),
    /// Adds what a scan said of a version. `Conflict` if there is a report of that generation: none is ever changed.
    Scanned {
        /// The version.
        version: VersionId,
        /// Which scan of the version, from 0.
        generation: u32,
        /// When it ended.
        at: Timestamp,
        /// What it said.
        report: Sealed,
    },
    /// Adds what a reviewer decided about a version in quarantine.
    Review {
        /// The version.
        version: VersionId,
        /// What was decided.
        review: ReviewRow,
    },
    /// Changes what steers policy of a version.
    Steer {
        /// The version.
        version: VersionId,
        /// Its MAC so far. `Conflict` if it is another by now.
        was: [u8; 32],
        /// How far the scanner got.
        scan: ScanState,
        /// Which scan's facts hold.
        generation: u32,
        /// What keeps it from being deleted.
        lock: Lock,
        /// Custody's new MAC.
        mac: [u8; 32],
    },
    /// Replaces the sealed metadata of a version that is not gone.
    Meta {
        /// The version.
        version: VersionId,
        /// Its new metadata.
        meta: Sealed,
    },
    /// Replaces an engagement's budgets.
    Budgets {
        /// The engagement.
        engagement: EngagementId,
        /// The revision that begins. `Conflict` unless it follows the stored one; the first is 1.
        revision: u64,
        /// The plan.
        plan: Sealed,
    },
    /// Merges rows into the touch index and moves its mark: entries below `indexed` are in it.
    Touched {
        /// The mark so far. `Conflict` if it is another.
        from: u64,
        /// The new mark. `Conflict` if it does not lie beyond the stored one.
        indexed: u64,
        /// The rows to merge.
        rows: Vec<(TouchKey, Touches)>,
    },
    /// A new decoy.
    Decoy(DecoyRow),
    /// Says that a decoy was tripped; the first time stands.
    TripDecoy {
        /// Which.
        decoy: DecoyId,
        /// When.
        at: Timestamp,
    },
    /// Forgets a decoy.
    RetireDecoy(DecoyId),
    /// Raises an alarm, with a line in the outbox for every receiver; or counts it with the open alarm of the same subject.
    Raise(AlarmRow),
    /// Acknowledges an alarm. `Conflict` if somebody has.
    Acknowledge {
        /// Which.
        alarm: AlarmId,
        /// By whom.
        by: PrincipalId,
        /// When.
        at: Timestamp,
    },
    /// A new receiver of alarms: of those that are raised from now on.
    Receiver(ReceiverRow),
    /// Forgets a receiver, and what it was still to be told.
    DropReceiver(ReceiverId),
    /// What came of telling a receiver of an alarm.
    Told(OutboxRow),
    /// Makes longer rows of the touch index of some that are old enough for it.
    AgeTouches {
        /// The hour of the newest entry that is indexed.
        newest: i64,
        /// How many rows at most, of each length.
        rows: usize,
    },
    /// Forgets the touch index, which is then built anew from the ledger.
    ForgetTouches,
    /// Replaces the pack of a group of versions. `Conflict` if it is not what it was.
    Packed(Box<PackRow>),
    /// A line of an incident. `Conflict` if there is one in its place.
    Incident(IncidentLineRow),
    /// A document of an incident's report. `Conflict` if there is one of its name.
    IncidentFile(Box<IncidentFileRow>),
    /// Blobs that the sweep has deleted.
    Swept(Vec<BlobId>),
    /// A small fact about the deployment, by name.
    Note {
        /// Name.
        name: String,
        /// Value.
        value: Vec<u8>,
    },
}

/// What applying a change answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// Done; nothing to add.
    Done,
    /// A version became visible.
    Version {
        /// The ordinal it was given.
        ordinal: u64,
        /// The version it replaced.
        replaced: Option<VersionId>,
    },
}
