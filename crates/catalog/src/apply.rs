//! One change, applied inside a batch.

use crate::blobs;
use crate::budgets;
use crate::error::CatalogError;
use crate::model::{Applied, Change};
use crate::sql::Sql;
use crate::versions::Steered;
use crate::{
    alarms, bypasses, contracts, decoys, facts, incidents, jobs, packs, parties, rights, scans, statistics, touches,
    uploads, versions,
};

/// Applies a change. A rejected one may leave traces: the caller undoes the act it belongs to.
pub(crate) fn apply(sql: &mut dyn Sql, change: Change) -> Result<Applied, CatalogError> {
    match change {
        Change::Put(put) => return versions::put(sql, *put),
        Change::Partner(row) => parties::add_partner(sql, &row),
        Change::Engagement(row) => parties::add_engagement(sql, &row),
        Change::EngagementState { engagement, state, epoch } => parties::set_state(sql, engagement, state, epoch),
        Change::Dataset(row) => parties::add_dataset(sql, &row),
        Change::DatasetSettings { dataset, settings, revision } => {
            parties::set_settings(sql, dataset, &settings, revision)
        }
        Change::Contract(row) => contracts::add(sql, &row),
        Change::DropDataset(dataset) => parties::drop_dataset(sql, dataset),
        Change::Principal(row) => parties::add_principal(sql, &row),
        Change::Grant(row) => rights::add_grant(sql, &row),
        Change::DropGrant(grant) => rights::drop_grant(sql, grant),
        Change::Session(row) => rights::add_session(sql, &row),
        Change::EndSession { session, at } => rights::end_session(sql, session, at),
        Change::EndSessions { engagement, at } => rights::end_sessions(sql, engagement, at),
        Change::Approval(row) => rights::add_approval(sql, &row),
        Change::Approve { approval, approver, signature } => rights::approve(sql, approval, approver, &signature),
        Change::UseApproval { approval, at } => rights::use_approval(sql, approval, at),
        Change::Intend { blobs, request, at } => blobs::intend(sql, &blobs, request, at),
        Change::KillIntents(blobs) => blobs::kill(sql, &blobs),
        Change::Swept(blobs) => blobs::swept(sql, &blobs),
        Change::StoreRequests(requests) => bypasses::add(sql, &requests),
        Change::Upload(row) => uploads::add(sql, &row),
        Change::UploadPart(row) => uploads::add_part(sql, &row),
        Change::AbortUpload(upload) => uploads::abort(sql, upload),
        Change::Facts { engagement, version, generation, mentions } => {
            facts::add(sql, engagement, version, generation, &mentions)
        }
        Change::StageFacts { engagement, version, at, mentions } => {
            facts::stage(sql, engagement, version, at, &mentions)
        }
        Change::UnstageFacts { engagement, version, rows } => facts::unstage(sql, engagement, version, rows),
        Change::DropStagedFacts(version) => facts::drop_staged(sql, version),
        Change::DropStagedFactsBefore(before) => facts::drop_staged_before(sql, before),
        Change::ClearFacts { engagement, version, generation } => facts::clear(sql, engagement, version, generation),
        Change::QueueScans { dataset, ordinals, at } => jobs::queue_again(sql, dataset, ordinals, at),
        Change::QueueScan { version, at } => jobs::queue_one(sql, version, at),
        Change::BeginJob { job, due } => jobs::begin(sql, &job, due),
        Change::HoldJob { version, due } => jobs::hold(sql, version, due),
        Change::JobProgress { ordinal, done, due } => jobs::progress(sql, ordinal, done, due),
        Change::PutJobBack { ordinal, attempts, due, failure } => jobs::put_back(sql, ordinal, attempts, due, &failure),
        Change::EndJob { ordinal, generation } => jobs::end(sql, ordinal, generation),
        Change::ReleaseJobs(now) => jobs::release(sql, now),
        Change::Scanned { version, generation, at, report } => scans::add(sql, version, generation, at, &report),
        Change::Review { version, review } => scans::add_review(sql, version, &review),
        Change::Meta { version, meta } => versions::set_meta(sql, version, &meta),
        Change::Retire { version, was, revision, at } => versions::retire(sql, version, &was, revision, at),
        Change::Steer { version, was, scan, generation, lock, mac } => {
            versions::steer(sql, version, &was, Steered { scan, generation, lock, mac })
        }
        Change::Budgets { engagement, revision, plan } => budgets::set(sql, engagement, revision, &plan),
        Change::Incident(row) => incidents::add_line(sql, &row),
        Change::IncidentFile(row) => incidents::add_file(sql, &row),
        Change::Decoy(row) => decoys::add(sql, &row),
        Change::TripDecoy { decoy, at } => decoys::trip(sql, decoy, at),
        Change::RetireDecoy(decoy) => decoys::retire(sql, decoy),
        Change::Raise(row) => alarms::raise(sql, &row),
        Change::Acknowledge { alarm, by, at } => alarms::acknowledge(sql, alarm, by, at),
        Change::Receiver(row) => alarms::add_receiver(sql, &row),
        Change::DropReceiver(receiver) => alarms::drop_receiver(sql, receiver),
        Change::Told(line) => alarms::tried(sql, &line),
        Change::Touched { from, indexed, rows } => touches::add(sql, from, indexed, &rows),
        Change::AgeTouches { newest, rows } => touches::age(sql, newest, rows),
        Change::ForgetTouches => touches::forget(sql),
        Change::Packed(row) => packs::replace(sql, &row),
        Change::Note { name, value } => statistics::set_note(sql, &name, &value),
    }
    .map(|()| Applied::Done)
}
