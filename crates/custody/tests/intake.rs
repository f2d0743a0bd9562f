//! Intake of bodies that name very many people: what is known of them waits in the catalog, never in memory.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod world;

use std::collections::BTreeSet;
use std::sync::Arc;

use base::id::EngagementId;
use base::word::DataType;
use custody::Caller;
use custody::access::Span;
use custody::incoming::{Expected, Finished};
use custody::intake::NewObject;
use custody::settings::DatasetSettings;
use roaring::RoaringTreemap;
use world::World;

async fn with_bucket(world: &World) -> (EngagementId, Arc<Caller>) {
    let engagement = world.engagement("alpha").await;
    let writer = world.caller(&world.session("alpha-writer", "alpha").await).unwrap();
    let settings = DatasetSettings::default();
    world.custody.create_bucket(&writer, world.request(), "alpha-data", settings).await.unwrap();
    (engagement, writer)
}

/// One line a person.
fn people(from: usize, count: usize) -> Vec<u8> {
    (from..from + count).flat_map(|person| format!("person{person}@example.org\n\n").into_bytes()).collect()
}

async fn begin(world: &World, writer: &Arc<Caller>, key: &[u8], body: &[u8]) -> custody::incoming::Incoming {
    let custody = Arc::clone(&world.custody);
    let put = custody.put(Arc::clone(writer), world.request(), "alpha-data", key, NewObject::default());
    let mut incoming = put.await.unwrap();
    for chunk in body.chunks(100_000) {
        incoming.push(&bytes::Bytes::copy_from_slice(chunk)).await.unwrap();
    }
    incoming
}

/// The people in a version's facts, by its ordinal.
fn known(world: &World, engagement: EngagementId, ordinal: u64) -> BTreeSet<u32> {
    let mut known = BTreeSet::new();
    let take = |row: catalog::model::FactRow| {
        assert_eq!(row.data_type, DataType::Email);
        known.extend(row.subjects);
    };
    world.catalog.facts(engagement, &RoaringTreemap::from_iter([ordinal]), take).unwrap();
    known
}

#[tokio::test]
async fn facts_of_many_people_wait_in_the_catalog_and_move_with_their_version() {
    let world = World::new(1).await;
    let (engagement, writer) = with_bucket(&world).await;
    let body = people(0, 90_000);
    let incoming = begin(&world, &writer, b"many", &body).await;
    assert!(world.catalog.staged_facts().unwrap() > 0, "most of them wait already");
    let Finished::Stored(stored) = incoming.finish(&Expected::default()).await.unwrap() else { panic!("a mismatch") };
    assert_eq!(world.catalog.staged_facts().unwrap(), 0);
    let row = world.catalog.version(stored.version).unwrap().unwrap();
    assert_eq!(known(&world, engagement, row.ordinal).len(), 90_000);
    let reader = world.caller(&world.session("alpha-reader", "alpha").await).unwrap();
    assert_eq!(world.get(&reader, "alpha-data", "many", Span::Last(5)).await.unwrap(), &body[body.len() - 5..]);

    // The same people come again, and a few more: known ones keep their numbers.
    world.put(&writer, "alpha-data", "again", &people(89_990, 20)).await.unwrap();
    assert_eq!(known(&world, engagement, row.ordinal + 1).len(), 20);
    assert_eq!(world.catalog.subject_count(engagement).unwrap(), 90_010);
    assert!(world.custody.audit(&world.ann(), world.request()).await.is_ok());
}

/// So many rows of facts that they move in several acts after the version is there; nobody else reads it before the last.
#[tokio::test]
async fn facts_that_fill_several_acts_are_all_there_when_the_put_is_over() {
    let world = World::new(3).await;
    let (engagement, writer) = with_bucket(&world).await;
    let line = |person: usize| {
        format!(
            "person{person}@example.org, card 4111 1111 1111 1111, IBAN GB29 NWBK 6016 1331 9268 19, (212) 555-0123\n\n"
        )
    };
    let body: Vec<u8> = (0..24_000).flat_map(|person| line(person).into_bytes()).collect();
    let incoming = begin(&world, &writer, b"rich", &body).await;
    let Finished::Stored(stored) = incoming.finish(&Expected::default()).await.unwrap() else { panic!("a mismatch") };
    let row = world.catalog.version(stored.version).unwrap().unwrap();
    assert_eq!(row.scan, base::word::ScanState::Scanned);
    assert_eq!((world.catalog.staged_facts().unwrap(), world.catalog.job(row.ordinal).unwrap()), (0, None));
    let (mut rows, mut people) = (0, BTreeSet::new());
    let take = |fact: catalog::model::FactRow| {
        rows += 1;
        people.extend(fact.subjects);
    };
    world.catalog.facts(engagement, &RoaringTreemap::from_iter([row.ordinal]), take).unwrap();
    assert!(rows > 64 * 2, "{rows} rows fit two acts");
    assert_eq!(people.len(), 24_000);
    let reader = world.caller(&world.session("alpha-reader", "alpha").await).unwrap();
    assert_eq!(world.get(&reader, "alpha-data", "rich", Span::Last(5)).await.unwrap(), &body[body.len() - 5..]);
    assert!(world.custody.audit(&world.ann(), world.request()).await.is_ok());
}

#[tokio::test]
async fn facts_of_a_body_that_never_arrives_are_forgotten() {
    let world = World::new(2).await;
    let (_, writer) = with_bucket(&world).await;
    let body = people(0, 90_000);
    begin(&world, &writer, b"given-up", &body).await.abandon().await;
    assert_eq!(world.catalog.staged_facts().unwrap(), 0);

    let wrong = Expected { length: Some(1), ..Expected::default() };
    let ended = begin(&world, &writer, b"other", &body).await.finish(&wrong).await.unwrap();
    assert!(matches!(ended, Finished::Mismatch(_)));
    assert_eq!(world.catalog.staged_facts().unwrap(), 0);

    // The program dies in the middle of a body; the sweep of a later day finds what it left, and the put is over.
    let lost = begin(&world, &writer, b"lost", &body).await;
    assert!(world.catalog.staged_facts().unwrap() > 0);
    world.custody.sweep().await.unwrap();
    assert!(world.catalog.staged_facts().unwrap() > 0, "it might still come");
    world.clock.advance_seconds(25 * 3600);
    world.custody.sweep().await.unwrap();
    assert_eq!(world.catalog.staged_facts().unwrap(), 0);
    assert!(lost.finish(&Expected::default()).await.is_err(), "without its facts it is not visible");
}
