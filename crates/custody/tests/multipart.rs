//! Multipart uploads: parts in any order, scanned when complete, readable by others only then.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod world;

use std::sync::Arc;

use catalog::model::SelectorKind;
use custody::access::Span;
use custody::incoming::{Expected, Finished};
use custody::intake::NewObject;
use custody::scope::ScopeQuestion;
use custody::settings::DatasetSettings;
use custody::touch::Selector;
use custody::upload::{Completion, ListedPart, NewPart};
use custody::{Caller, Clash, CustodyError};
use world::World;

const PART: usize = 5 * 1024 * 1024;

async fn part(world: &World, caller: &Arc<Caller>, upload: base::id::UploadId, number: u32, body: &[u8]) -> ListedPart {
    let custody = &world.custody;
    let new = NewPart { upload, number, algorithm: None, copied_from: None };
    let begun = custody.upload_part(Arc::clone(caller), world.request(), "alpha-data", b"big", new);
    let mut incoming = begun.await.unwrap();
    for chunk in body.chunks(65_000) {
        incoming.push(&bytes::Bytes::copy_from_slice(chunk)).await.unwrap();
    }
    match incoming.finish(&Expected::default()).await.unwrap() {
        Finished::Stored(stored) => ListedPart { number, etag: stored.meta.etag, checksums: Vec::new() },
        Finished::Mismatch(mismatch) => panic!("{mismatch:?}"),
    }
}

#[tokio::test]
async fn a_record_that_straddles_parts_is_found_and_readers_wait_for_it() {
    let world = World::new(1).await;
    world.engagement("alpha").await;
    let writer = world.caller(&world.session("alpha-writer", "alpha").await).unwrap();
    world.custody.create_bucket(&writer, world.request(), "alpha-data", DatasetSettings::default()).await.unwrap();
    let mut text = "nothing to see in this line\n".repeat(PART / 28 + 1000).into_bytes();
    let straddling = b"\nstraddle@example.org\n";
    text[PART - 10..PART - 10 + straddling.len()].copy_from_slice(straddling);
    let (first, second) = text.split_at(PART);

    let new = NewObject::default();
    let upload = world.custody.create_upload(&writer, world.request(), "alpha-data", b"big", new).await.unwrap();
    // The later part comes first, and one part is uploaded twice.
    let two = part(&world, &writer, upload, 2, second).await;
    part(&world, &writer, upload, 1, &first[..PART - 1]).await;
    let one = part(&world, &writer, upload, 1, first).await;
    let complete = |parts: Vec<ListedPart>| {
        let (custody, writer) = (Arc::clone(&world.custody), Arc::clone(&writer));
        let (request, completion) = (world.request(), Completion { parts, ..Completion::default() });
        async move { custody.complete_upload(&writer, request, "alpha-data", b"big", upload, &completion).await }
    };
    let disorder = complete(vec![two.clone(), one.clone()]).await;
    assert!(matches!(disorder, Err(CustodyError::Conflict(Clash::InvalidPartOrder))));
    let other =
        complete(vec![one.clone(), ListedPart { number: 2, etag: "0".repeat(32), ..ListedPart::default() }]).await;
    assert!(matches!(other, Err(CustodyError::Conflict(Clash::InvalidPart))));
    let stored = complete(vec![one.clone(), two.clone()]).await.unwrap();
    let again = complete(vec![one.clone(), two]).await.unwrap();
    assert_eq!((again.version, &again.meta), (stored.version, &stored.meta), "a lost answer is asked for again");
    assert!(matches!(complete(vec![one]).await, Err(CustodyError::Missing { .. })));
    assert!(stored.meta.etag.ends_with("-2"), "{}", stored.meta.etag);

    assert_eq!(world.get(&writer, "alpha-data", "big", Span::Whole).await.unwrap(), text);
    let middle = Span::Between(PART as u64 - 100, PART as u64 + 99);
    assert_eq!(world.get(&writer, "alpha-data", "big", middle).await.unwrap(), &text[PART - 100..PART + 100]);
    let reader = world.caller(&world.session("alpha-reader", "alpha").await).unwrap();
    let early = world.get(&reader, "alpha-data", "big", Span::Whole).await;
    assert!(matches!(early, Err(CustodyError::Denied(_))), "not before it is scanned");
    assert_eq!(world.custody.scan_pending().await.unwrap(), 1);
    assert_eq!(world.get(&reader, "alpha-data", "big", middle).await.unwrap(), &text[PART - 100..PART + 100]);

    let selectors = vec![Selector { kind: SelectorKind::Principal, value: reader.who().principal.to_string() }];
    let (from, to) = (base::Timestamp(0), base::Timestamp(i64::MAX / 2));
    let question = ScopeQuestion { selectors, from, to, engagement: None };
    let scope = world.custody.scope(&world.bob(), world.request(), &question).await.unwrap();
    assert_eq!(scope.engagements[0].people.authorised, 1, "the person whose record straddles the parts");
    assert!(world.custody.audit(&world.ann(), world.request()).await.is_ok());
}

#[tokio::test]
async fn small_parts_are_refused_and_aborted_uploads_are_gone() {
    let world = World::new(2).await;
    world.engagement("alpha").await;
    let writer = world.caller(&world.session("alpha-writer", "alpha").await).unwrap();
    world.custody.create_bucket(&writer, world.request(), "alpha-data", DatasetSettings::default()).await.unwrap();
    let new = NewObject::default();
    let upload = world.custody.create_upload(&writer, world.request(), "alpha-data", b"big", new).await.unwrap();
    let one = part(&world, &writer, upload, 1, b"small").await;
    let two = part(&world, &writer, upload, 2, b"small").await;
    let completion = Completion { parts: vec![one, two], ..Completion::default() };
    let small =
        world.custody.complete_upload(&writer, world.request(), "alpha-data", b"big", upload, &completion).await;
    assert!(matches!(small, Err(CustodyError::Conflict(Clash::PartTooSmall))));
    world.custody.abort_upload(&writer, world.request(), "alpha-data", b"big", upload).await.unwrap();
    assert_eq!(world.custody.sweep().await.unwrap(), 2);
    world.custody.delete_bucket(&writer, world.request(), "alpha-data").await.unwrap();
}
