//! The path, in and out: what is put comes back, to those who may, by receipt, and to nobody else.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod world;

use std::sync::Arc;

use base::Kind;
use base::id::ChainId;
use custody::access::Span;
use custody::delivery::Step;
use custody::digests::{Algorithm, Digests};
use custody::incoming::{Expected, Finished};
use custody::intake::NewObject;
use custody::listing::ListQuestion;
use custody::removal::Removal;
use custody::settings::DatasetSettings;
use custody::version::ObjectName;
use custody::{Clash, CustodyError};
use world::World;

fn body(length: usize, seed: u8) -> Vec<u8> {
    (0..length).map(|at| (at as u8).wrapping_mul(31).wrapping_add(seed)).collect()
}

async fn with_bucket(world: &World, name: &str) -> Arc<custody::Caller> {
    world.engagement(name).await;
    let writer = world.caller(&world.session(&format!("{name}-writer"), name).await).unwrap();
    world
        .custody
        .create_bucket(&writer, world.request(), &format!("{name}-data"), DatasetSettings::default())
        .await
        .unwrap();
    writer
}

#[tokio::test]
async fn what_is_put_comes_back_whole_and_in_ranges() {
    let world = World::new(1).await;
    let writer = with_bucket(&world, "alpha").await;
    for (key, length) in [("empty", 0), ("small", 4096), ("edge", 16 * 1024), ("large", 300_000)] {
        let mut text = "line of text\n".repeat(length / 13 + 1).into_bytes();
        text.truncate(length);
        world.put(&writer, "alpha-data", key, &text).await.unwrap();
        assert_eq!(world.get(&writer, "alpha-data", key, Span::Whole).await.unwrap(), text, "{key}");
        if length > 100 {
            let part = world.get(&writer, "alpha-data", key, Span::Between(50, 99)).await.unwrap();
            assert_eq!(part, &text[50..100]);
            let tail = world.get(&writer, "alpha-data", key, Span::Last(33)).await.unwrap();
            assert_eq!(tail, &text[length - 33..]);
        }
    }
}

/// Long enough for several batches, in pieces that share no edge with segments, windows or batches.
#[tokio::test]
async fn a_body_in_uneven_pieces_comes_to_what_it_would_whole() {
    let world = World::new(9).await;
    let writer = with_bucket(&world, "alpha").await;
    let text: Vec<u8> = (0..200_000).flat_map(|line| format!("line {line} of the text\n").into_bytes()).collect();
    let new = NewObject { algorithms: Algorithm::ALL.to_vec(), sha256: true, ..NewObject::default() };
    let mut whole = Digests::new(&Algorithm::ALL, true);
    whole.update(&text);
    let whole = whole.finish();
    let request = world.request();
    let mut incoming = world.custody.put(Arc::clone(&writer), request, "alpha-data", b"uneven", new).await.unwrap();
    let mut rest = bytes::Bytes::from(text.clone());
    for length in [1, 700_001, 3, 65_537, 2_100_000, 0, 17].into_iter().chain(std::iter::repeat(9_973)) {
        if rest.is_empty() {
            break;
        }
        incoming.push(&rest.split_to(length.min(rest.len()))).await.unwrap();
    }
    let expected = Expected {
        sha256: whole.sha256,
        md5: Some(whole.md5),
        checksums: Algorithm::ALL.map(|algorithm| (algorithm, whole.checksums[algorithm.name()].clone())).to_vec(),
        length: Some(text.len() as u64),
    };
    assert!(matches!(incoming.finish(&expected).await.unwrap(), Finished::Stored(_)));
    assert!(world.get(&writer, "alpha-data", "uneven", Span::Whole).await.unwrap() == text);
}

#[tokio::test]
async fn every_read_is_in_the_ledger_before_its_bytes_are() {
    let world = World::new(2).await;
    let writer = with_bucket(&world, "alpha").await;
    world.put(&writer, "alpha-data", "k", b"text").await.unwrap();
    let engagement = world.custody.directory().engagement_named("alpha").unwrap();
    let before = world.kinds(ChainId::from(engagement.id));
    let mut delivery = world.open_body(&writer, "alpha-data", "k", Span::Whole).await.unwrap();
    assert_eq!(world.kinds(ChainId::from(engagement.id)), before + 1, "the receipt is durable, no byte was taken yet");
    assert!(matches!(delivery.step(), Step::Segment(_)));
    for attempt in ["missing", "also-missing"] {
        let missing = world.get(&writer, "alpha-data", attempt, Span::Whole).await;
        assert_eq!(missing.unwrap_err().kind(), Kind::Missing);
    }
    assert_eq!(world.kinds(ChainId::from(engagement.id)), before + 3, "that nothing is there is an answer too");
}

#[tokio::test]
async fn another_engagements_bucket_is_not_there() {
    let world = World::new(3).await;
    let alpha = with_bucket(&world, "alpha").await;
    let beta = with_bucket(&world, "beta").await;
    world.put(&alpha, "alpha-data", "k", b"text").await.unwrap();
    let foreign = world.get(&beta, "alpha-data", "k", Span::Whole).await.unwrap_err();
    let absent = world.get(&beta, "nobody-data", "k", Span::Whole).await.unwrap_err();
    assert_eq!(foreign.to_string().replace("alpha", "nobody"), absent.to_string());
    let taken = world
        .custody
        .create_bucket(&beta, world.request(), "alpha-data", DatasetSettings::default())
        .await
        .unwrap_err();
    assert!(matches!(taken, CustodyError::Conflict(Clash::BucketTaken)));
    assert_eq!(world.custody.buckets(&beta, world.request()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_grant_is_needed_and_its_withdrawal_is_felt_at_once() {
    let world = World::new(4).await;
    let writer = with_bucket(&world, "alpha").await;
    world.put(&writer, "alpha-data", "k", b"text").await.unwrap();
    let reader = world.caller(&world.session("alpha-reader", "alpha").await).unwrap();
    assert!(world.get(&reader, "alpha-data", "k", Span::Whole).await.is_ok());
    assert!(matches!(world.put(&reader, "alpha-data", "x", b"").await, Err(CustodyError::Denied(_))));
    let principal = world.custody.directory().principal_named("alpha-reader").unwrap();
    let grants = world.custody.directory().grants();
    let grant = grants.iter().find(|grant| grant.principal == principal.row.id).unwrap();
    world.custody.drop_grant(&world.ann(), world.request(), grant.id).await.unwrap();
    let refused = world.get(&reader, "alpha-data", "k", Span::Whole).await.unwrap_err();
    assert!(matches!(refused, CustodyError::Hidden), "who has no grant is told nothing: {refused}");
}

#[tokio::test]
async fn that_a_condition_of_a_write_fails_is_paid_for() {
    let world = World::new(8).await;
    let writer = with_bucket(&world, "alpha").await;
    world.put(&writer, "alpha-data", "taken", b"text").await.unwrap();
    let engagement = world.custody.directory().engagement_named("alpha").unwrap();
    let attempt = |key: &'static str, etag: Option<&str>| {
        let new =
            NewObject { only_if_absent: etag.is_none(), only_if_etag: etag.map(str::to_owned), ..NewObject::default() };
        let (custody, writer, request) = (Arc::clone(&world.custody), Arc::clone(&writer), world.request());
        async move {
            let incoming = custody.put(writer, request, "alpha-data", key.as_bytes(), new).await.unwrap();
            incoming.finish(&Expected::default()).await.err().unwrap()
        }
    };
    for (key, etag, kind) in [
        ("taken", None, Kind::Conflict),
        ("taken", Some("other"), Kind::Conflict),
        ("absent", Some("*"), Kind::Missing),
    ] {
        let before = releases(&world, engagement.id);
        assert_eq!(attempt(key, etag).await.kind(), kind);
        assert_eq!(releases(&world, engagement.id), before + 1, "{key} {etag:?} told something without a receipt");
    }
}

/// How many releases the ledger holds.
fn releases(world: &World, engagement: base::id::EngagementId) -> usize {
    world.entries(ChainId::from(engagement)).iter().filter(|entry| entry.kind == ledger::RELEASE).count()
}

#[tokio::test]
async fn listings_roll_up_and_page() {
    let world = World::new(5).await;
    let writer = with_bucket(&world, "alpha").await;
    for key in ["a/1", "a/2", "b", "c/1", "c/2/3", "d"] {
        world.put(&writer, "alpha-data", key, key.as_bytes()).await.unwrap();
    }
    let mut after = None;
    let mut seen = Vec::new();
    loop {
        let question = ListQuestion { prefix: b"", delimiter: b"/", after: after.as_deref(), limit: 2 };
        let page = world.custody.list(&writer, world.request(), "alpha-data", &question).await.unwrap();
        seen.extend(page.objects.iter().map(|listed| String::from_utf8(listed.key.clone()).unwrap()));
        seen.extend(page.prefixes.iter().map(|prefix| String::from_utf8(prefix.clone()).unwrap()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    seen.sort();
    assert_eq!(seen, ["a/", "b", "c/", "d"]);
}

#[tokio::test]
async fn deleted_and_replaced_bytes_are_gone_and_restarts_keep_the_rest() {
    let world = World::new(6).await;
    let writer = with_bucket(&world, "alpha").await;
    let large = body(200_000, 9);
    world.put(&writer, "alpha-data", "keep", &large).await.unwrap();
    world.put(&writer, "alpha-data", "drop", &large).await.unwrap();
    world.put(&writer, "alpha-data", "swap", &large).await.unwrap();
    world.put(&writer, "alpha-data", "swap", b"new").await.unwrap();
    world
        .custody
        .delete(&writer, world.request(), ObjectName::current("alpha-data", b"drop"), &Removal::default())
        .await
        .unwrap();
    assert_eq!(world.custody.sweep().await.unwrap(), 2);
    let credentials = world.session("alpha-writer", "alpha").await;
    let world = world.reopen().await;
    let writer = world.caller(&credentials).unwrap();
    // Bytes that are no text are not scanned, and not read either: `keep` and `drop` are.
    assert!(matches!(world.get(&writer, "alpha-data", "keep", Span::Whole).await, Err(CustodyError::Denied(_))));
    assert_eq!(world.get(&writer, "alpha-data", "swap", Span::Whole).await.unwrap(), b"new");
    assert_eq!(world.get(&writer, "alpha-data", "drop", Span::Whole).await.unwrap_err().kind(), Kind::Missing);
    assert!(world.custody.audit(&world.ann(), world.request()).await.is_ok());
}

#[tokio::test]
async fn while_serving_garbage_goes_a_pause_after_it_was_seen() {
    let world = World::new(6).await;
    let writer = with_bucket(&world, "alpha").await;
    world.put(&writer, "alpha-data", "swap", &body(200_000, 9)).await.unwrap();
    world.put(&writer, "alpha-data", "swap", b"new").await.unwrap();
    let seen = world.custody.sweep_seen(Vec::new()).await.unwrap();
    assert_eq!(seen.len(), 1);
    world.put(&writer, "alpha-data", "late", &body(200_000, 9)).await.unwrap();
    world.put(&writer, "alpha-data", "late", b"new").await.unwrap();
    let later = world.custody.sweep_seen(seen.clone()).await.unwrap();
    assert!(later.len() == 1 && later != seen, "what was seen went, what came later waits");
}

#[tokio::test]
async fn a_session_ends_where_it_was_bound_to_end() {
    let world = World::new(7).await;
    let _writer = with_bucket(&world, "alpha").await;
    let credentials = world.session("alpha-reader", "alpha").await;
    assert!(world.caller(&credentials).is_ok());
    world.clock.advance_seconds(3601);
    assert_eq!(world.caller(&credentials).err().map(|error| error.kind()), Some(Kind::Refused));
}
