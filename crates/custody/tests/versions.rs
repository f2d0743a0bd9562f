//! Versions and locks: any history of puts, deletes and settings comes to what S3's rules say, as a plain model has them.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod world;

use std::collections::BTreeMap;
use std::sync::Arc;

use base::Kind;
use base::lock::{Lock, Retention};
use base::word::{LegalHold, RetentionMode};
use custody::access::{Conditions, Got, Span};
use custody::incoming::{Expected, Finished};
use custody::intake::{NewObject, Stored};
use custody::listing::ListQuestion;
use custody::locking::LockChange;
use custody::removal::{Removal, Removed};
use custody::settings::{DatasetSettings, DefaultRetention, ObjectLock, Period, Versioning};
use custody::version::{ObjectName, VersionName};
use custody::{Caller, Clash, CustodyError, Thing};
use proptest::prelude::*;
use world::World;

const BUCKET: &str = "alpha-data";
const KEYS: [&str; 3] = ["a", "a/b", "b"];

async fn alpha(seed: u64) -> (World, Arc<Caller>) {
    let world = World::new(seed).await;
    world.engagement("alpha").await;
    let writer = world.caller(&world.session("alpha-writer", "alpha").await).unwrap();
    world.custody.create_bucket(&writer, world.request(), BUCKET, DatasetSettings::default()).await.unwrap();
    (world, writer)
}

fn object(key: &str, version: Option<VersionName>) -> ObjectName<'_> {
    ObjectName { bucket: BUCKET, key: key.as_bytes(), version }
}

async fn set(world: &World, writer: &Caller, versioning: Versioning) {
    let change = |settings: &mut DatasetSettings| settings.set_versioning(versioning);
    world.custody.configure(writer, world.request(), BUCKET, "versioning", change).await.unwrap();
}

async fn put(world: &World, writer: &Arc<Caller>, key: &str, body: &[u8], lock: Lock) -> Result<Stored, CustodyError> {
    let new = NewObject { lock, ..NewObject::default() };
    let incoming = world.custody.put(Arc::clone(writer), world.request(), BUCKET, key.as_bytes(), new).await;
    let mut incoming = incoming?;
    incoming.push(&bytes::Bytes::copy_from_slice(body)).await?;
    match incoming.finish(&Expected::default()).await? {
        Finished::Stored(stored) => Ok(stored),
        Finished::Mismatch(mismatch) => panic!("{mismatch:?}"),
    }
}

async fn delete(
    world: &World,
    writer: &Caller,
    key: &str,
    version: Option<VersionName>,
    bypass_governance: bool,
) -> Result<Removed, CustodyError> {
    let removal = Removal { bypass_governance, ..Removal::default() };
    world.custody.delete(writer, world.request(), object(key, version), &removal).await
}

/// The size of a version, or why it is not read.
async fn size(world: &World, writer: &Caller, key: &str, version: Option<VersionName>) -> Result<u64, CustodyError> {
    let (name, conditions) = (object(key, version), Conditions::default());
    match world.custody.head(writer, world.request(), name, Span::Whole, &conditions).await? {
        Got::Body { about, .. } => Ok(about.size),
        _ => panic!("no body"),
    }
}

/// What S3 keeps under one key, the newest first.
#[derive(Clone, Debug, PartialEq)]
struct Item {
    name: VersionName,
    marker: bool,
    size: u64,
}

#[derive(Default)]
struct Model {
    versioning: Option<Versioning>,
    kept: BTreeMap<&'static str, Vec<Item>>,
}

impl Model {
    fn add(&mut self, key: &'static str, item: Item) {
        let items = self.kept.entry(key).or_default();
        if item.name == VersionName::Null {
            items.retain(|old| old.name != VersionName::Null);
        }
        items.insert(0, item);
    }

    fn remove(&mut self, key: &'static str, name: VersionName) -> Option<Item> {
        let items = self.kept.entry(key).or_default();
        let at = items.iter().position(|item| item.name == name)?;
        Some(items.remove(at))
    }
}

#[derive(Clone, Debug)]
enum Step {
    Put(usize),
    Delete(usize),
    /// Of a key, the version at this place, or one that is gone.
    DeleteVersion(usize, usize),
    Set(Versioning),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0..KEYS.len()).prop_map(Step::Put),
        3 => (0..KEYS.len()).prop_map(Step::Delete),
        4 => (0..KEYS.len(), 0usize..5).prop_map(|(key, place)| Step::DeleteVersion(key, place)),
        1 => prop_oneof![Just(Versioning::Enabled), Just(Versioning::Suspended)].prop_map(Step::Set),
    ]
}

async fn run(steps: Vec<Step>, page: usize) {
    let (world, writer) = alpha(71).await;
    let mut model = Model::default();
    let mut gone = VersionName::Null;
    for (number, step) in steps.into_iter().enumerate() {
        match step {
            Step::Set(versioning) => {
                set(&world, &writer, versioning).await;
                model.versioning = Some(versioning);
            }
            Step::Put(key) => {
                let body = vec![b'x'; number + 1];
                let stored = put(&world, &writer, KEYS[key], &body, Lock::default()).await.unwrap();
                let name = match model.versioning {
                    Some(Versioning::Enabled) => VersionName::Id(stored.version),
                    _ => VersionName::Null,
                };
                assert_eq!(stored.name, model.versioning.map(|_| name));
                model.add(KEYS[key], Item { name, marker: false, size: body.len() as u64 });
            }
            Step::Delete(key) => {
                let removed = delete(&world, &writer, KEYS[key], None, false).await.unwrap();
                match model.versioning {
                    None => {
                        assert_eq!(removed, Removed { version: None, marker: false });
                        model.remove(KEYS[key], VersionName::Null);
                    }
                    Some(versioning) => {
                        assert!(removed.marker);
                        let name = removed.version.unwrap();
                        assert_eq!(name == VersionName::Null, versioning == Versioning::Suspended);
                        model.add(KEYS[key], Item { name, marker: true, size: 0 });
                    }
                }
            }
            Step::DeleteVersion(key, place) => {
                let named = model.kept.get(KEYS[key]).and_then(|items| items.get(place)).map(|item| item.name);
                let name = named.unwrap_or(gone);
                let removed = delete(&world, &writer, KEYS[key], Some(name), false).await.unwrap();
                let item = model.remove(KEYS[key], name);
                assert_eq!(removed, Removed { version: Some(name), marker: item.is_some_and(|item| item.marker) });
                gone = name;
            }
        }
        agree(&world, &writer, &model, page).await;
    }
    let world = world.reopen().await;
    let writer = world.caller(&world.session("alpha-writer", "alpha").await).unwrap();
    agree(&world, &writer, &model, page).await;
}

/// Holds what custody answers against the model: reads, reads of versions, and both listings.
async fn agree(world: &World, writer: &Arc<Caller>, model: &Model, page: usize) {
    let mut current = Vec::new();
    let mut all = Vec::new();
    for key in KEYS {
        let items = model.kept.get(key).map_or(&[][..], Vec::as_slice);
        let read = size(world, writer, key, None).await;
        match items.first() {
            Some(item) if !item.marker => {
                assert_eq!(read.unwrap(), item.size);
                current.push(key.as_bytes().to_vec());
            }
            Some(marker) => {
                assert!(
                    matches!(read, Err(CustodyError::Deleted(found)) if found.name == marker.name && !found.asked_for)
                );
            }
            None => assert!(matches!(read, Err(CustodyError::Missing { what: Thing::Object, .. }))),
        }
        for (place, item) in items.iter().enumerate() {
            let read = size(world, writer, key, Some(item.name)).await;
            if item.marker {
                assert!(matches!(read, Err(CustodyError::Deleted(found)) if found.asked_for));
            } else {
                assert_eq!(read.unwrap(), item.size);
            }
            all.push((key.as_bytes().to_vec(), item.clone(), place == 0));
        }
    }
    let question = ListQuestion { prefix: b"", delimiter: b"", after: None, limit: 1000 };
    let listed = world.custody.list(writer, world.request(), BUCKET, &question).await.unwrap();
    assert_eq!(listed.objects.into_iter().map(|object| object.key).collect::<Vec<_>>(), current);

    let (mut seen, mut after, mut below) = (Vec::new(), None::<Vec<u8>>, None);
    loop {
        let question = ListQuestion { prefix: b"", delimiter: b"", after: after.as_deref(), limit: page };
        let listed = world.custody.list_versions(writer, world.request(), BUCKET, &question, below).await.unwrap();
        seen.extend(listed.versions.into_iter().map(|version| {
            let item = Item { name: version.name, marker: version.marker, size: version.size };
            (version.key, item, version.latest)
        }));
        let Some((key, name)) = listed.next else { break };
        (after, below) = (Some(key), name);
    }
    assert_eq!(seen, all);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn every_history_comes_to_what_s3_says(steps in prop::collection::vec(step(), 1..30), page in 1usize..4) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(steps, page));
    }
}

#[tokio::test]
async fn listings_of_versions_roll_up_and_name_what_they_reveal() {
    let (world, writer) = alpha(72).await;
    set(&world, &writer, Versioning::Enabled).await;
    for key in ["a", "d/1", "d/1", "d/2", "e"] {
        put(&world, &writer, key, b"x", Lock::default()).await.unwrap();
    }
    delete(&world, &writer, "e", None, false).await.unwrap();
    let question = ListQuestion { prefix: b"", delimiter: b"/", after: None, limit: 3 };
    let first = world.custody.list_versions(&writer, world.request(), BUCKET, &question, None).await.unwrap();
    assert_eq!(first.prefixes, [b"d/"]);
    assert_eq!(first.versions.iter().map(|version| version.marker).collect::<Vec<_>>(), [false, true]);
    let (key, name) = first.next.unwrap();
    assert_eq!((key.as_slice(), name), (b"e".as_slice(), Some(first.versions[1].name)));
    let engagement = writer.engagement().unwrap();
    let entries = world.entries(engagement.into());
    let last = entries.iter().rfind(|entry| entry.kind == ledger::RELEASE).unwrap();
    let text = String::from_utf8_lossy(&last.payload.entry).into_owned();
    assert!(text.contains("1-2") && text.contains('6'), "the version of `a`, one below `d/`, and the marker: {text}");
}

#[tokio::test]
async fn a_condition_of_a_delete_is_held_against_what_is_there() {
    let (world, writer) = alpha(73).await;
    let stored = put(&world, &writer, "a", b"hello", Lock::default()).await.unwrap();
    let delete =
        async |removal: Removal| world.custody.delete(&writer, world.request(), object("a", None), &removal).await;
    for wrong in [
        Removal { etag: Some("nothing".to_owned()), ..Removal::default() },
        Removal { size: Some(4), ..Removal::default() },
        Removal { modified: Some(stored.modified.plus_seconds(-1)), ..Removal::default() },
    ] {
        let refused = delete(wrong).await.unwrap_err();
        assert!(matches!(refused, CustodyError::Conflict(Clash::Precondition)), "{refused}");
    }
    let (etag, modified, size) = (Some(stored.meta.etag), Some(stored.modified), Some(5));
    delete(Removal { etag, modified, size, bypass_governance: false }).await.unwrap();
    // SPEC: S3: what is not there fulfils every condition of a delete.
    delete(Removal { etag: Some("*".to_owned()), ..Removal::default() }).await.unwrap();
}

#[tokio::test]
async fn what_is_locked_stays() {
    let (world, writer) = alpha(74).await;
    let reader = world.caller(&world.session("alpha-reader", "alpha").await).unwrap();
    let now = base::Clock::now(world.clock.as_ref());
    let until = |seconds| Some(Retention { mode: RetentionMode::Governance, until: now.plus_seconds(seconds) });
    let lock = |retention| Lock { retention, legal_hold: None };
    let refused = put(&world, &writer, "a", b"x", lock(until(60))).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Invalid, "the bucket has no object lock");

    set(&world, &writer, Versioning::Enabled).await;
    let default = Some(DefaultRetention { mode: RetentionMode::Compliance, period: Period::Days(1) });
    let enable = |settings: &mut DatasetSettings| settings.set_lock(ObjectLock { default });
    world.custody.configure(&writer, world.request(), BUCKET, "object-lock", enable).await.unwrap();
    assert_eq!(put(&world, &writer, "a", b"x", lock(until(0))).await.unwrap_err().kind(), Kind::Invalid);
    let governed = put(&world, &writer, "a", b"x", lock(until(60))).await.unwrap().name;
    let complying = put(&world, &writer, "a", b"x", Lock::default()).await.unwrap().name;
    let found = world.custody.lock_of(&reader, world.request(), object("a", complying)).await.unwrap();
    let expected = Retention { mode: RetentionMode::Compliance, until: now.plus_seconds(86_400) };
    assert_eq!(found, lock(Some(expected)), "the default one");

    // A marker may always be written in front of them; the versions themselves stay.
    assert!(delete(&world, &writer, "a", None, false).await.unwrap().marker);
    for (version, bypass) in [(governed, false), (complying, false), (complying, true)] {
        assert!(matches!(delete(&world, &writer, "a", version, bypass).await, Err(CustodyError::Locked)));
    }
    let change = async |caller: &Caller, version, change| {
        world.custody.change_lock(caller, world.request(), object("a", version), change).await
    };
    let retention = |retention, bypass_governance| LockChange::Retention { retention, bypass_governance };
    change(&writer, governed, retention(until(120), false)).await.unwrap();
    assert!(matches!(change(&writer, governed, retention(until(90), false)).await, Err(CustodyError::Locked)));
    // The writer's grant does not let it bypass governance.
    let denied = change(&writer, governed, retention(until(90), true)).await.unwrap_err();
    assert!(matches!(denied, CustodyError::Denied(_) | CustodyError::Hidden), "{denied}");
    assert_eq!(
        change(&reader, governed, LockChange::LegalHold(LegalHold::On)).await.unwrap_err().kind(),
        Kind::Refused
    );
    change(&writer, governed, LockChange::LegalHold(LegalHold::On)).await.unwrap();

    world.clock.advance_seconds(200);
    assert!(matches!(delete(&world, &writer, "a", governed, true).await, Err(CustodyError::Locked)), "held");
    change(&writer, governed, LockChange::LegalHold(LegalHold::Off)).await.unwrap();
    delete(&world, &writer, "a", governed, false).await.unwrap();
    assert!(matches!(size(&world, &writer, "a", governed).await, Err(CustodyError::Missing { .. })));

    let entries = world.entries(writer.engagement().unwrap().into());
    let said = |words: &[&str]| {
        entries.iter().any(|entry| {
            let text = String::from_utf8_lossy(&entry.payload.entry).into_owned();
            words.iter().all(|word| text.contains(word))
        })
    };
    assert!(said(&["object.lock", "\"legal_hold\":\"on\""]));
    assert!(said(&["failure", "\"delete\"", "\"locked\""]));
    assert!(said(&["denial", "bypass-governance"]));
    assert!(said(&["object.put", "\"mode\":\"compliance\""]));
}

#[tokio::test]
async fn a_scan_that_ends_late_keeps_the_lock_that_came_meanwhile() {
    let (world, writer) = alpha(75).await;
    set(&world, &writer, Versioning::Enabled).await;
    let enable = |settings: &mut DatasetSettings| settings.set_lock(ObjectLock::default());
    world.custody.configure(&writer, world.request(), BUCKET, "object-lock", enable).await.unwrap();
    let upload =
        world.custody.create_upload(&writer, world.request(), BUCKET, b"a", NewObject::default()).await.unwrap();
    let part = custody::upload::NewPart { upload, number: 1, algorithm: None, copied_from: None };
    let mut incoming =
        world.custody.upload_part(Arc::clone(&writer), world.request(), BUCKET, b"a", part).await.unwrap();
    incoming.push(&bytes::Bytes::from_static(b"somebody@example.org\n")).await.unwrap();
    let Finished::Stored(part) = incoming.finish(&Expected::default()).await.unwrap() else { panic!("mismatch") };
    let listed = custody::upload::ListedPart { number: 1, etag: part.meta.etag, ..Default::default() };
    let completion = custody::upload::Completion { parts: vec![listed], ..Default::default() };
    let done =
        world.custody.complete_upload(&writer, world.request(), BUCKET, b"a", upload, &completion).await.unwrap();
    let hold = LockChange::LegalHold(LegalHold::On);
    world.custody.change_lock(&writer, world.request(), object("a", done.name), hold).await.unwrap();
    assert_eq!(world.custody.scan_pending().await.unwrap(), 1);
    let lock = world.custody.lock_of(&writer, world.request(), object("a", None)).await.unwrap();
    assert_eq!(lock.legal_hold, Some(LegalHold::On));
    // A version that is not current is scanned too, and a marker is never waited for.
    let completed_again = put(&world, &writer, "a", b"x", Lock::default()).await.unwrap();
    assert_ne!(completed_again.version, done.version);
    delete(&world, &writer, "a", None, false).await.unwrap();
    assert_eq!(world.custody.scan_pending().await.unwrap(), 0);
}
