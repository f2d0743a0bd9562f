//! Contracts of datasets, end to end: what they say decides who is counted as one person, where people live, and what may be done.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod world;

use std::sync::Arc;

use base::Kind;
use base::id::EngagementId;
use base::word::{DataType, ScanState};
use custody::Caller;
use custody::settings::DatasetSettings;
use world::World;

const HEAD: &str = "apiVersion: v3.1.0\nkind: DataContract\nid: people\nversion: 1.0.0\nstatus: active\n";
const FIELDS: &str = "schema:
  - name: rows
    properties:
      - name: worker
        customProperties: [{property: cofferdamSubjectKey, value: true}]
      - name: state
        customProperties: [{property: cofferdamResidence, value: US}]
";

async fn with_bucket(world: &World) -> (EngagementId, Arc<Caller>) {
    let engagement = world.engagement("alpha").await;
    let writer = world.caller(&world.session("alpha-writer", "alpha").await).unwrap();
    let settings = DatasetSettings::default();
    world.custody.create_bucket(&writer, world.request(), "alpha-data", settings).await.unwrap();
    (engagement, writer)
}

async fn set(world: &World, rest: &str) -> Result<custody::contracts::ContractAnswer, custody::CustodyError> {
    world.custody.set_contract(&world.ann(), world.request(), "alpha-data", &format!("{HEAD}{rest}")).await
}

fn lives(world: &World, engagement: EngagementId) -> Vec<(String, u64)> {
    let all = world.catalog.residences(engagement).unwrap();
    all.iter().map(|(place, people)| (place.to_string(), people.len())).collect()
}

#[tokio::test]
async fn a_key_makes_one_person_of_many_identifiers() {
    let world = World::new(1).await;
    let (engagement, writer) = with_bucket(&world).await;
    set(&world, FIELDS).await.unwrap();
    let rows = r#"{"worker": 1, "state": "CA", "mail": "a@bigcorp.com"}
{"worker": 1, "state": "California", "mail": "b@bigcorp.com"}
{"worker": 2, "state": "TX", "mail": "b@bigcorp.com"}
{"worker": 3, "state": "TX"}
{"worker": 3, "state": "NY"}
{"worker": 4, "state": "nowhere"}
"#;
    world.put(&writer, "alpha-data", "rows.jsonl", rows.as_bytes()).await.unwrap();
    assert_eq!(world.catalog.keyed_people(engagement).unwrap().len(), 4);
    let expected = [("US-CA", 1), ("US-NY", 1), ("US-TX", 2)];
    assert_eq!(lives(&world, engagement), expected.map(|(place, people)| (place.to_owned(), people)), "both are kept");
    let profile = world.custody.profile(&world.ann(), world.request(), "alpha-data").await.unwrap();
    assert_eq!((profile.people.low, profile.people.high), (4, 4), "an address that two share makes them no one person");
    let keys = profile.types.iter().find(|of| of.data_type == DataType::PersonKey).unwrap();
    assert_eq!((keys.findings, keys.people.low), (6, 4));
    let places: Vec<(String, u64)> =
        profile.residences.iter().map(|(place, people)| (place.to_string(), *people)).collect();
    assert_eq!(places, expected.map(|(place, people)| (place.to_owned(), people)));
    assert_eq!(profile.residence_unknown, 1, "nobody guesses");
    let scanner = profile.scanners.keys().next().unwrap();
    assert!(scanner.ends_with("+contract-1"), "{scanner}");
    assert!(world.custody.audit(&world.ann(), world.request()).await.is_ok());
}

#[tokio::test]
async fn names_are_looked_for_behind_the_put_or_before_anybody_reads() {
    let world = World::new(2).await;
    let (_, writer) = with_bucket(&world).await;
    set(&world, FIELDS).await.unwrap();
    let text = b"Yesterday Maria Gonzalez and her brother Peter Schmidt came to our office in the afternoon.";
    world.put(&writer, "alpha-data", "note.txt", text).await.unwrap();
    let profile = async || world.custody.profile(&world.ann(), world.request(), "alpha-data").await.unwrap();
    let before = profile().await;
    assert_eq!((before.states[&ScanState::Scanned], before.people.high, before.names_unknown), (1, 0, 1));
    assert_eq!(world.custody.scan_pending().await.unwrap(), 1);
    let after = profile().await;
    assert_eq!(
        (after.people.low, after.people.high, after.names_unknown),
        (0, 2, 0),
        "named, and told apart by nothing"
    );

    set(&world, "customProperties: [{property: cofferdamNames, value: before-reading}]\n").await.unwrap();
    world.put(&writer, "alpha-data", "other.txt", text).await.unwrap();
    assert_eq!(profile().await.states[&ScanState::Pending], 1);
    assert_eq!(world.custody.scan_pending().await.unwrap(), 1);
    let whole = profile().await;
    assert_eq!((whole.states.get(&ScanState::Pending), whole.people.high, whole.names_unknown), (None, 4, 0));
}

#[tokio::test]
async fn contracts_are_kept_sealed_by_revision_and_entered() {
    let world = World::new(3).await;
    let (engagement, writer) = with_bucket(&world).await;
    let missing = world.custody.contract(&world.ann(), world.request(), "alpha-data").await.unwrap_err();
    assert_eq!(missing.kind(), Kind::Missing);
    let first = set(&world, FIELDS).await.unwrap();
    let second = set(&world, "team: {name: a}\nserver: here\n").await.unwrap();
    assert_eq!((first.revision, second.revision), (1, 2));
    assert_eq!(second.revisions.iter().map(|of| of.revision).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(second.not_understood.len(), 2);
    let shown = world.custody.contract(&world.ann(), world.request(), "alpha-data").await.unwrap();
    assert_eq!((shown.document, shown.digest), (second.document, second.digest.clone()));
    let dataset = world.custody.buckets(&writer, world.request()).await.unwrap()[0].id;
    let rows = world.catalog.contracts(dataset).unwrap();
    assert!(rows.iter().all(|row| !row.document.windows(6).any(|bytes| bytes == b"worker")), "nobody else reads them");
    let entries = world.entries(engagement.into());
    let entered: Vec<_> = entries.iter().filter(|entry| entry.kind == "dataset.contract").collect();
    let digests = |entry: &&ledger::Opened| String::from_utf8_lossy(&entry.payload.entry).contains(&second.digest);
    assert_eq!((entered.len(), entered.into_iter().filter(digests).count()), (2, 1));
}

#[tokio::test]
async fn a_contract_narrows_what_the_engagement_allows() {
    let world = World::new(4).await;
    let (_, writer) = with_bucket(&world).await;
    let refused =
        set(&world, "customProperties: [{property: cofferdamPurposes, value: [profiling]}]\n").await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Invalid);
    assert!(refused.to_string().contains("`profiling`"), "{refused}");
    let wrong = set(&world, "schema: yes\n").await.unwrap_err().to_string();
    assert!(wrong.contains("line 6: `schema`"), "{wrong}");

    let binary: Vec<u8> = (0..=255u8).cycle().take(4096).collect();
    let reader = world.caller(&world.session("alpha-reader", "alpha").await).unwrap();
    let read = async || world.get(&reader, "alpha-data", "a.bin", custody::access::Span::Last(5)).await;
    world.put(&writer, "alpha-data", "a.bin", &binary).await.unwrap();
    assert!(read().await.is_err(), "nobody can say what is in it");
    set(&world, "customProperties: [{property: cofferdamUnscannable, value: read}]\n").await.unwrap();
    assert_eq!(read().await.unwrap(), &binary[binary.len() - 5..]);
    set(&world, "customProperties: [{property: cofferdamUnscannable, value: refuse}]\n").await.unwrap();
    assert!(read().await.is_err());
}
