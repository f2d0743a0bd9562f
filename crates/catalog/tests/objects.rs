//! Versions, blobs and uploads: what becomes visible, what becomes garbage.
#![allow(
    missing_docs,
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod world;

use base::Kind;
use base::id::*;
use base::lock::{Lock, Retention};
use base::object::WrappedKey;
use base::word::{Decision, LegalHold, RetentionMode, ScanState};
use catalog::model::*;
use world::{World, at, inline, put, retire, stored};

fn kind(world: &mut World, change: Change) -> Kind {
    world.run(vec![change]).unwrap_err().kind()
}

fn put_when(row: VersionRow, precondition: Precondition) -> Change {
    Change::Put(Box::new(PutVersion { row, revision: 0, precondition, intents: vec![], upload: None }))
}

fn put_blobs(row: VersionRow, intents: Vec<BlobId>) -> Change {
    Change::Put(Box::new(PutVersion { row, revision: 0, precondition: Precondition::None, intents, upload: None }))
}

#[test]
fn a_version_reads_back_whole() {
    let mut world = World::new(1);
    let small = world.put(b"small");
    assert_eq!(small.ordinal, 1);
    let blobs = [world.blob(), world.blob()];
    let mut big = world.version(b"big", vec![stored(1, blobs[0]), stored(7, blobs[1])]);
    let answers = world.run(vec![put_blobs(big.clone(), blobs.to_vec())]).unwrap();
    assert_eq!(answers, [Applied::Version { ordinal: 2, replaced: None }]);
    big.ordinal = 2;
    let dataset = world.dataset.id;
    assert_eq!(world.catalog.current(dataset, b"small").unwrap().as_ref(), Some(&small));
    assert_eq!(world.catalog.current(dataset, b"big").unwrap().as_ref(), Some(&big));
    assert_eq!(world.catalog.version(big.version).unwrap().as_ref(), Some(&big));
    assert_eq!(world.catalog.version_by_ordinal(1).unwrap(), Some(small));
    assert_eq!(world.catalog.current(dataset, b"none").unwrap(), None);
    assert_eq!(world.catalog.version_by_ordinal(3).unwrap(), None);
    let briefs = world.catalog.versions_by_ordinals(&[2, 1, 2]).unwrap();
    assert_eq!(briefs.iter().map(|brief| brief.ordinal).collect::<Vec<_>>(), [2, 1, 2]);
    assert_eq!((briefs[0].key.as_slice(), briefs[0].size), (b"big".as_slice(), 2000));
    assert_eq!(world.catalog.versions_by_ordinals(&[9]).unwrap_err().kind(), Kind::Corrupt);
    let statistics = world.catalog.statistics().unwrap();
    assert_eq!((statistics.objects, statistics.bytes.0, statistics.versions), (2, 2011, 2));
}

#[test]
fn a_replaced_version_is_gone_but_not_forgotten() {
    let mut world = World::new(2);
    let blob = world.blob();
    let old = world.version(b"k", vec![stored(1, blob)]);
    world.run(vec![put_blobs(old.clone(), vec![blob])]).unwrap();
    assert!(world.catalog.blob_in_use(blob).unwrap());
    let new = world.put(b"k");
    let kept = world.catalog.version(old.version).unwrap().unwrap();
    assert_eq!(kept, VersionRow { ordinal: 1, wrapped: None, gone: Some(new.modified), ..old });
    assert_eq!(world.catalog.garbage(10).unwrap(), [blob]);
    assert!(!world.catalog.blob_in_use(blob).unwrap());

    let dataset = world.dataset.id;
    assert_eq!(kind(&mut world, retire(&kept, at(99))), Kind::Conflict, "it is gone");
    assert_eq!(kind(&mut world, retire(&VersionRow { mac: [5; 32], ..new.clone() }, at(99))), Kind::Conflict);
    let nobody = VersionRow { version: VersionId::from_bytes([0; 16]), ..new.clone() };
    assert_eq!(kind(&mut world, retire(&nobody, at(99))), Kind::Missing);
    world.run(vec![retire(&new, at(99))]).unwrap();
    assert_eq!(world.catalog.current(dataset, b"k").unwrap(), None);
    let kept = world.catalog.version(new.version).unwrap().unwrap();
    assert_eq!((kept.gone, kept.wrapped), (Some(at(99)), None));
    assert_eq!(kept.parts[0], inline(b"").clone_with_size(11), "the sealed body is erased with its key");

    world.run(vec![Change::Swept(vec![blob])]).unwrap();
    assert_eq!(world.catalog.garbage(10).unwrap(), []);
    world.run(vec![Change::Swept(vec![blob])]).unwrap();
}

trait WithSize {
    fn clone_with_size(&self, size: u64) -> Self;
}

impl WithSize for base::object::Part {
    fn clone_with_size(&self, size: u64) -> Self {
        Self { size, ..self.clone() }
    }
}

#[test]
fn preconditions_are_kept() {
    let mut world = World::new(3);
    let absent = |world: &World| put_when(world.version(b"k", vec![inline(b"x")]), Precondition::Absent);
    let (first, second) = (absent(&world), absent(&world));
    world.run(vec![first]).unwrap();
    assert_eq!(kind(&mut world, second), Kind::Conflict);
    let current = world.catalog.current(world.dataset.id, b"k").unwrap().unwrap();
    let wrong = put_when(world.version(b"k", vec![]), Precondition::Is(VersionId::from_bytes([0; 16])));
    assert_eq!(kind(&mut world, wrong), Kind::Conflict);
    let right = put_when(world.version(b"k", vec![]), Precondition::Is(current.version));
    let answers = world.run(vec![right]).unwrap();
    assert_eq!(answers, [Applied::Version { ordinal: 2, replaced: Some(current.version) }]);
    let none = put_when(world.version(b"new", vec![]), Precondition::Is(current.version));
    assert_eq!(kind(&mut world, none), Kind::Conflict);
}

#[test]
fn what_may_never_be_put_is_refused() {
    let mut world = World::new(4);
    let fine = world.version(b"k", vec![inline(b"x")]);
    for bad in [
        VersionRow { key: vec![], ..fine.clone() },
        VersionRow { key: vec![b'k'; 1025], ..fine.clone() },
        VersionRow { wrapped: None, ..fine.clone() },
        VersionRow { gone: Some(at(1)), ..fine.clone() },
        VersionRow { marker: true, ..fine.clone() },
        VersionRow { marker: true, wrapped: None, ..fine.clone() },
        VersionRow { parts: vec![inline(b"x"), inline(b"y")], ..fine.clone() },
    ] {
        assert_eq!(kind(&mut world, put(bad)), Kind::Refused);
    }
    let elsewhere = VersionRow { dataset: DatasetId::from_bytes([0; 16]), ..fine.clone() };
    assert_eq!(kind(&mut world, put(elsewhere)), Kind::Missing);
    let compartment = VersionRow { engagement: EngagementId::from_bytes([0; 16]), ..fine };
    assert_eq!(kind(&mut world, put(compartment)), Kind::Conflict, "a dataset lies in one compartment");
}

#[test]
fn a_dead_intent_makes_nothing_visible() {
    let mut world = World::new(5);
    let (blob, other) = (world.blob(), world.blob());
    assert_eq!(world.catalog.intents(at(11)).unwrap().len(), 2);
    assert_eq!(world.catalog.intents(at(10)).unwrap(), []);
    let row = world.version(b"k", vec![stored(1, blob)]);
    assert_eq!(kind(&mut world, put_blobs(row.clone(), vec![])), Kind::Conflict, "not intended by this put");

    world.run(vec![Change::KillIntents(vec![blob])]).unwrap();
    assert_eq!(world.catalog.garbage(10).unwrap(), [blob]);
    assert_eq!(kind(&mut world, put_blobs(row, vec![blob])), Kind::Conflict);

    // The other way round: a kill that comes after the commit changes nothing.
    let row = world.version(b"k", vec![stored(1, other)]);
    world.run(vec![put_blobs(row, vec![other])]).unwrap();
    world.run(vec![Change::KillIntents(vec![other])]).unwrap();
    assert!(world.catalog.blob_in_use(other).unwrap());
    assert_eq!(kind(&mut world, Change::Swept(vec![other])), Kind::Conflict);
    // An intent that was not needed in the end.
    let spare = world.blob();
    let row = world.version(b"k2", vec![inline(b"x")]);
    world.run(vec![put_blobs(row, vec![spare])]).unwrap();
    assert!(world.catalog.garbage(10).unwrap().contains(&spare));
}

fn upload(world: &World, key: &[u8]) -> UploadRow {
    UploadRow {
        id: UploadId::fresh(&world.entropy),
        engagement: world.engagement.id,
        dataset: world.dataset.id,
        key: key.to_vec(),
        object: ObjectId::fresh(&world.entropy),
        version: VersionId::fresh(&world.entropy),
        wrapped: WrappedKey { under: KeyId::fresh(&world.entropy), bytes: vec![1; 60] },
        meta: b"sealed".to_vec(),
        writer: world.person.id,
        begun: at(3),
    }
}

fn part(upload: &UploadRow, part: base::object::Part) -> UploadPartRow {
    UploadPartRow { upload: upload.id, part, meta: b"md5".to_vec(), modified: at(4) }
}

#[test]
fn an_upload_is_completed_with_some_of_its_parts() {
    let mut world = World::new(6);
    let row = upload(&world, b"big");
    world.run(vec![Change::Upload(row.clone())]).unwrap();
    assert_eq!(kind(&mut world, Change::Upload(row.clone())), Kind::Conflict);
    assert_eq!(world.catalog.upload(row.id).unwrap(), Some(row.clone()));
    let blobs = [world.blob(), world.blob(), world.blob()];
    let parts = [part(&row, stored(1, blobs[0])), part(&row, stored(2, blobs[1])), part(&row, stored(2, blobs[2]))];
    for part in &parts {
        world.run(vec![Change::UploadPart(part.clone())]).unwrap();
    }
    assert_eq!(world.catalog.garbage(9).unwrap(), [blobs[1]], "the part that was replaced");
    assert_eq!(kind(&mut world, Change::UploadPart(parts[0].clone())), Kind::Conflict, "its intent is used up");
    let small = part(&row, base::object::Part { number: 9, ..inline(b"tail") });
    world.run(vec![Change::UploadPart(small.clone())]).unwrap();
    assert_eq!(world.catalog.upload_parts(row.id, 0, 2).unwrap(), [parts[0].clone(), parts[2].clone()]);
    assert_eq!(world.catalog.upload_parts(row.id, 2, 9).unwrap(), [small]);

    let version = VersionRow { version: row.version, ..world.version(b"big", vec![stored(2, blobs[2])]) };
    let complete = |row: VersionRow, upload| {
        Change::Put(Box::new(PutVersion {
            row,
            revision: 0,
            precondition: Precondition::None,
            intents: vec![],
            upload: Some(upload),
        }))
    };
    world.run(vec![complete(version.clone(), row.id)]).unwrap();
    assert_eq!(world.catalog.upload(row.id).unwrap(), None);
    assert_eq!(world.catalog.upload_parts(row.id, 0, 9).unwrap(), []);
    let mut garbage = vec![blobs[0], blobs[1]];
    garbage.sort_unstable();
    assert_eq!(world.catalog.garbage(9).unwrap(), garbage, "a part that was not chosen");
    let again = VersionRow { version: VersionId::fresh(&world.entropy), ..version };
    assert_eq!(kind(&mut world, complete(again, row.id)), Kind::Missing);
    assert_eq!(kind(&mut world, Change::UploadPart(parts[0].clone())), Kind::Missing);
}

#[test]
fn an_aborted_upload_leaves_only_garbage() {
    let mut world = World::new(7);
    let row = upload(&world, b"big");
    let blob = world.blob();
    world.run(vec![Change::Upload(row.clone()), Change::UploadPart(part(&row, stored(1, blob)))]).unwrap();
    world.run(vec![Change::AbortUpload(row.id)]).unwrap();
    assert_eq!(world.catalog.garbage(9).unwrap(), [blob]);
    assert_eq!(kind(&mut world, Change::AbortUpload(row.id)), Kind::Missing);
    world.run(vec![Change::DropDataset(world.dataset.id)]).unwrap();
    let drop = Change::DropDataset(world.dataset.id);
    assert_eq!(kind(&mut world, drop), Kind::Missing);
    assert_eq!(kind(&mut world, Change::Upload(upload(&World::new(8), b"k"))), Kind::Missing);
}

#[test]
fn uploads_under_way_go_with_their_dataset() {
    let mut world = World::new(9);
    let (first, second) = (upload(&world, b"a"), upload(&world, b"b"));
    let blob = world.blob();
    let begun = [Change::Upload(first.clone()), Change::Upload(second.clone())];
    world.run(begun.into_iter().chain([Change::UploadPart(part(&first, stored(1, blob)))]).collect()).unwrap();
    world.run(vec![Change::DropDataset(world.dataset.id)]).unwrap();
    assert_eq!(world.catalog.garbage(9).unwrap(), [blob]);
    assert_eq!(world.catalog.upload(first.id).unwrap(), None);
    assert_eq!(world.catalog.upload(second.id).unwrap(), None);
}

#[test]
fn what_steers_a_version_changes_from_what_it_was() {
    let mut world = World::new(8);
    let first = world.put(b"a");
    let steer = |row: &VersionRow, scan, lock, mac| {
        let (version, was) = (row.version, row.mac);
        Change::Steer { version, was, scan, generation: 0, lock, mac }
    };
    let retention = Some(Retention { mode: RetentionMode::Governance, until: at(900) });
    let lock = Lock { retention, legal_hold: Some(LegalHold::On) };
    world.run(vec![steer(&first, ScanState::Scanned, lock, [8; 32])]).unwrap();
    assert_eq!(kind(&mut world, steer(&first, ScanState::Scanned, Lock::default(), [9; 32])), Kind::Conflict);
    let scanned = world.catalog.version(first.version).unwrap().unwrap();
    assert_eq!(scanned, VersionRow { scan: ScanState::Scanned, mac: [8; 32], lock, ..first });
    let unknown = VersionRow { version: VersionId::from_bytes([9; 16]), ..scanned };
    assert_eq!(kind(&mut world, steer(&unknown, ScanState::Scanned, Lock::default(), [0; 32])), Kind::Missing);
}

#[test]
fn scans_and_reviews_are_added_and_never_changed() {
    let mut world = World::new(11);
    let row = world.put(b"k");
    let scanned = |generation, report: &[u8]| Change::Scanned {
        version: row.version,
        generation,
        at: at(30),
        report: report.to_vec(),
    };
    world.run(vec![scanned(0, b"first")]).unwrap();
    assert_eq!(kind(&mut world, scanned(0, b"another")), Kind::Conflict);
    world.run(vec![scanned(1, b"second")]).unwrap();
    let reports = |world: &World| {
        let scans = world.catalog.scans(row.ordinal).unwrap();
        scans.into_iter().map(|scan| (scan.generation, scan.report)).collect::<Vec<_>>()
    };
    assert_eq!(reports(&world), [(1, b"second".to_vec()), (0, b"first".to_vec())]);

    assert!(world.catalog.quarantined(0, 10).unwrap().is_empty());
    let lock = Lock::default();
    let (version, was, scan) = (row.version, row.mac, ScanState::Quarantined);
    let steer = Change::Steer { version, was, scan, generation: 0, lock, mac: [8; 32] };
    world.run(vec![steer]).unwrap();
    let lying = world.catalog.quarantined(0, 10).unwrap();
    assert_eq!(lying.iter().map(|row| row.version).collect::<Vec<_>>(), [row.version]);
    assert!(world.catalog.quarantined(row.ordinal, 10).unwrap().is_empty());
    let review = |decision, reason: &[u8]| ReviewRow {
        at: at(31),
        reviewer: world.person.id,
        decision,
        reason: reason.to_vec(),
    };
    let both = [review(Decision::Keep, b"live"), review(Decision::Release, b"revoked")];
    for review in both.clone() {
        world.run(vec![Change::Review { version: row.version, review }]).unwrap();
    }
    assert_eq!(world.catalog.reviews(row.ordinal).unwrap(), both);
}
