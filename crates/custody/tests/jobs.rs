//! The queue of scans: what must be unpacked, what cannot be read, what ends the program, what is paused, what is scanned anew.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod world;

use std::future::Future as _;
use std::io::Write as _;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use base::ports::Blobs as _;
use base::word::{DataType, ScanState};
use catalog::model::VersionRow;
use custody::access::Span;
use custody::people::Headcount;
use custody::settings::DatasetSettings;
use custody::{Caller, CustodyError};
use world::{World, person_key};

const BUCKET: &str = "alpha-data";

async fn alpha(seed: u64) -> (World, Arc<Caller>, Arc<Caller>) {
    let world = World::new(seed).await;
    world.engagement("alpha").await;
    let writer = world.caller(&world.session("alpha-writer", "alpha").await).unwrap();
    world.custody.create_bucket(&writer, world.request(), BUCKET, DatasetSettings::default()).await.unwrap();
    let reader = world.caller(&world.session("alpha-reader", "alpha").await).unwrap();
    (world, writer, reader)
}

/// Records of that many people, compressed. They are told apart by digits, so that it does not compress too well.
fn packed(people: u64) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for person in 0..people {
        let mixed = person.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        writeln!(gzip, "{{\"email\": \"p{person}@example.org\", \"noise\": \"x{mixed:016x}\"}}").unwrap();
    }
    gzip.finish().unwrap()
}

async fn put(world: &World, writer: &Arc<Caller>, key: &str, body: &[u8]) -> VersionRow {
    world.put(writer, BUCKET, key, body).await.unwrap();
    let dataset = world.custody.directory().bucket(BUCKET).unwrap().id;
    world.catalog.current(dataset, key.as_bytes()).unwrap().unwrap()
}

fn state(world: &World, row: &VersionRow) -> ScanState {
    world.catalog.version(row.version).unwrap().unwrap().scan
}

async fn reads(world: &World, caller: &Arc<Caller>, key: &str) -> Result<Vec<u8>, CustodyError> {
    world.get(caller, BUCKET, key, Span::Whole).await
}

async fn unscanned(world: &World) -> Vec<(String, String)> {
    let profile = world.custody.profile(&world.ann(), world.request(), BUCKET).await.unwrap();
    profile.not_scanned.into_iter().map(|object| (object.key, object.reason)).collect()
}

#[tokio::test]
async fn what_must_be_unpacked_is_read_by_others_once_its_facts_are_in() {
    let (world, writer, reader) = alpha(1).await;
    let body = packed(9_000);
    let row = put(&world, &writer, "people.jsonl.gz", &body).await;
    assert_eq!(state(&world, &row), ScanState::Pending);
    assert_eq!(reads(&world, &writer, "people.jsonl.gz").await.unwrap(), body);
    assert!(matches!(reads(&world, &reader, "people.jsonl.gz").await, Err(CustodyError::Denied(_))));
    assert_eq!(unscanned(&world).await, [("people.jsonl.gz".to_owned(), "waits for the scanner".to_owned())]);

    assert_eq!(world.custody.scan_pending().await.unwrap(), 1);
    assert_eq!(state(&world, &row), ScanState::Scanned);
    assert_eq!(reads(&world, &reader, "people.jsonl.gz").await.unwrap(), body);
    let profile = world.custody.profile(&world.ann(), world.request(), BUCKET).await.unwrap();
    assert_eq!(profile.people, Headcount { low: 9_000, high: 9_000 });
    let emails = profile.types.iter().find(|of| of.data_type == DataType::Email).unwrap();
    assert_eq!((emails.people.low, emails.objects, emails.findings), (9_000, 1, 9_000));
    assert!(profile.not_scanned.is_empty());
    assert_eq!(world.catalog.job(row.ordinal).unwrap(), None);
    assert!(world.custody.audit(&world.ann(), world.request()).await.is_ok());
}

#[tokio::test]
async fn what_is_only_partly_read_is_listed_by_name_and_reason() {
    let (world, writer, reader) = alpha(2).await;
    let mut body = packed(100);
    body.truncate(body.len() / 2);
    let row = put(&world, &writer, "cut.jsonl.gz", &body).await;
    world.custody.scan_pending().await.unwrap();
    assert_eq!(state(&world, &row), ScanState::Unscannable);
    let listed = unscanned(&world).await;
    assert!(listed[0].1.contains("broken"), "{listed:?}");
    assert!(matches!(reads(&world, &reader, "cut.jsonl.gz").await, Err(CustodyError::Denied(_))));
}

#[tokio::test]
async fn what_cannot_be_read_ends_as_not_scanned_and_keeps_nobody_waiting() {
    let (world, writer, reader) = alpha(3).await;
    let poison = put(&world, &writer, "poison.gz", &packed(5_000)).await;
    for blob in world.disk.blobs.list().unwrap() {
        world.disk.blobs.delete(blob).unwrap();
    }
    let behind = put(&world, &writer, "behind.gz", &packed(3)).await;
    assert_eq!(world.custody.scan_pending().await.unwrap(), 1);
    assert_eq!(state(&world, &behind), ScanState::Scanned);
    assert!(reads(&world, &reader, "behind.gz").await.is_ok());
    for attempts in 1..3 {
        let job = world.catalog.job(poison.ordinal).unwrap().unwrap();
        assert_eq!((job.attempts, job.failure.as_deref()), (attempts, Some("corrupt")));
        assert_eq!(state(&world, &poison), ScanState::Pending);
        assert_eq!(world.custody.scan_pending().await.unwrap(), 0, "not at once");
        world.clock.advance_seconds(300);
        assert_eq!(world.custody.scan_pending().await.unwrap(), 0);
    }
    assert_eq!(world.catalog.job(poison.ordinal).unwrap(), None);
    assert_eq!(state(&world, &poison), ScanState::Unscannable);
    assert_eq!(unscanned(&world).await, [("poison.gz".to_owned(), "gave-up: corrupt".to_owned())]);
    assert!(world.custody.audit(&world.ann(), world.request()).await.is_ok());
}

#[tokio::test]
async fn what_ends_the_program_again_and_again_is_given_up() {
    let (mut world, writer, _) = alpha(4).await;
    let row = put(&world, &writer, "large.gz", &packed(3_000)).await;
    for attempts in 1..=3 {
        // The program dies as soon as the attempt is counted.
        let custody = Arc::clone(&world.custody);
        let begun = || world.catalog.job(row.ordinal).unwrap().is_some_and(|job| job.attempts == attempts);
        {
            let mut scanning = pin!(custody.scan_pending());
            while !begun() {
                let _ = scanning.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                tokio::task::yield_now().await;
            }
        }
        drop(custody);
        world = world.reopen().await;
        assert_eq!(state(&world, &row), ScanState::Pending);
        assert_eq!(world.custody.scan_pending().await.unwrap(), 0, "its lease holds");
        world.clock.advance_seconds(3_600);
    }
    assert_eq!(world.custody.scan_pending().await.unwrap(), 0);
    assert_eq!(state(&world, &row), ScanState::Unscannable);
    assert_eq!(unscanned(&world).await, [("large.gz".to_owned(), "gave-up: ended-the-program".to_owned())]);
}

#[tokio::test]
async fn a_paused_engagement_waits_and_a_resume_does_not() {
    let (world, writer, _) = alpha(5).await;
    let row = put(&world, &writer, "people.gz", &packed(3)).await;
    world.custody.pause(Arc::new(world.bob()), world.request(), "alpha").await.unwrap();
    assert_eq!(world.custody.scan_pending().await.unwrap(), 0);
    let job = world.catalog.job(row.ordinal).unwrap().unwrap();
    assert_eq!((job.attempts, job.failure.as_deref()), (0, Some("paused")), "a pause is no failure of the version");
    let CustodyError::NeedsApproval(id) =
        world.custody.resume(&world.ann(), world.request(), "alpha").await.unwrap_err()
    else {
        panic!("it was resumed alone")
    };
    let open = world.custody.approvals(&world.bob()).unwrap().into_iter().find(|open| open.id == id).unwrap();
    let digest: [u8; 32] = data_encoding::HEXLOWER.decode(open.digest.as_bytes()).unwrap().try_into().unwrap();
    let signature = attest::approval::approve(&person_key(2), id, &digest);
    world.custody.approve(&world.bob(), world.request(), id, &signature).await.unwrap();
    world.custody.resume(&world.ann(), world.request(), "alpha").await.unwrap();
    assert_eq!(world.custody.scan_pending().await.unwrap(), 1);
    assert_eq!(state(&world, &row), ScanState::Scanned);
}

#[tokio::test]
async fn a_dataset_is_scanned_anew_and_what_was_known_holds_until_then() {
    let (world, writer, reader) = alpha(6).await;
    let text = put(&world, &writer, "text", b"ada@example.org and bob@example.org\n").await;
    let gzip = put(&world, &writer, "people.gz", &packed(3)).await;
    world.custody.scan_pending().await.unwrap();
    let people = async || world.custody.profile(&world.ann(), world.request(), BUCKET).await.unwrap().people;
    let before = people().await;
    assert_eq!(before.low, 5);

    let queued = world.custody.rescan(&world.ann(), world.request(), BUCKET).await.unwrap();
    assert_eq!((queued.waiting, queued.rescanned), (2, 0));
    assert_eq!(people().await, before);
    assert!(reads(&world, &reader, "text").await.is_ok(), "what is known of it holds meanwhile");
    assert_eq!(world.custody.scan_pending().await.unwrap(), 2);
    let state = world.custody.rescan_state(&world.ann(), world.request(), BUCKET).await.unwrap();
    assert_eq!((state.waiting, state.rescanned), (0, 2));
    assert!(state.changes.is_empty() && state.objects.is_empty(), "the rules are the same: {state:?}");
    assert_eq!(people().await, before);
    for row in [&text, &gzip] {
        let row = world.catalog.version(row.version).unwrap().unwrap();
        assert_eq!((row.generation, world.catalog.scans(row.ordinal).unwrap().len()), (1, 2));
    }
    assert!(reads(&world, &reader, "text").await.is_ok());
    assert!(world.custody.audit(&world.ann(), world.request()).await.is_ok());
    // Whoever may not configure the dataset queues nothing.
    assert!(world.custody.rescan(&reader, world.request(), BUCKET).await.is_err());
}

#[tokio::test]
async fn a_later_scan_says_what_it_finds_more_and_names_alone_are_at_most_people() {
    let (world, writer, _) = alpha(7).await;
    put(&world, &writer, "team.csv", b"full_name,team\nAnn Kowalski,blue\nBen Okafor,red\n").await;
    put(&world, &writer, "known.csv", b"full_name,email\nAda Lovelace,ada@example.org\n").await;
    let profile = async || world.custody.profile(&world.ann(), world.request(), BUCKET).await.unwrap();
    assert_eq!(profile().await.people, Headcount { low: 1, high: 1 }, "a put's own scan looks for no names");

    world.custody.rescan(&world.ann(), world.request(), BUCKET).await.unwrap();
    assert_eq!(world.custody.scan_pending().await.unwrap(), 2);
    let after = profile().await;
    assert_eq!(after.people, Headcount { low: 1, high: 3 });
    let names = after.types.iter().find(|of| of.data_type == DataType::Name).unwrap();
    assert_eq!((names.people, names.objects, names.findings), (Headcount { low: 1, high: 3 }, 2, 3));
    assert!(after.scanners.keys().all(|scanner| scanner.ends_with("+names")), "{:?}", after.scanners);

    let state = world.custody.rescan_state(&world.ann(), world.request(), BUCKET).await.unwrap();
    let changes: Vec<(DataType, u64, u64)> =
        state.changes.iter().map(|change| (change.data_type, change.before, change.after)).collect();
    assert_eq!(changes, [(DataType::Name, 0, 3)]);
    let keys: Vec<&str> = state.objects.iter().map(|object| object.key.as_str()).collect();
    assert_eq!(keys, ["known.csv", "team.csv"]);
}
