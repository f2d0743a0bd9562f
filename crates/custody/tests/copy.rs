//! Copies: what they leave in the ledger, and what a pause leaves of them.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod world;

use std::sync::Arc;

use base::id::ChainId;
use catalog::model::SelectorKind;
use custody::access::Span;
use custody::incoming::{Expected, Finished};
use custody::intake::NewObject;
use custody::scope::ScopeQuestion;
use custody::settings::DatasetSettings;
use custody::touch::Selector;
use custody::{Caller, CustodyError};
use world::World;

async fn with_object(world: &World) -> Arc<Caller> {
    world.engagement("alpha").await;
    let writer = world.caller(&world.session("alpha-writer", "alpha").await).unwrap();
    world.custody.create_bucket(&writer, world.request(), "alpha-data", DatasetSettings::default()).await.unwrap();
    world.put(&writer, "alpha-data", "source", &b"somebody@example.org\n".repeat(10_000)).await.unwrap();
    writer
}

#[tokio::test]
async fn a_copy_is_a_read_and_a_write_of_one_caller() {
    let world = World::new(71).await;
    let writer = with_object(&world).await;
    let chain = ChainId::from(world.custody.directory().engagement_named("alpha").unwrap().id);
    let before = world.entries(chain).len();
    let source = world.open_body(&writer, "alpha-data", "source", Span::Whole).await.unwrap();
    let (caller, new) = (Arc::clone(&writer), NewObject::default());
    let mut copy = world.custody.put(caller, world.request(), "alpha-data", b"copy", new).await.unwrap();
    copy.fill(source).await.unwrap();
    assert!(matches!(copy.finish(&Expected::default()).await.unwrap(), Finished::Stored(_)));
    let kinds: Vec<String> = world.entries(chain)[before..].iter().map(|entry| entry.kind.clone()).collect();
    assert_eq!(kinds, ["release", "object.put"]);
    let text = world.get(&writer, "alpha-data", "copy", Span::Whole).await.unwrap();
    assert_eq!(text, b"somebody@example.org\n".repeat(10_000));

    // What was copied was authorised and did not leave.
    world.custody.settle_now().await.unwrap();
    let selectors = vec![Selector { kind: SelectorKind::Principal, value: writer.who().principal.to_string() }];
    let (from, to) = (base::Timestamp(0), base::Timestamp(i64::MAX / 2));
    let question = ScopeQuestion { selectors, from, to, engagement: None };
    let scope = world.custody.scope(&world.bob(), world.request(), &question).await.unwrap();
    let of_source = scope.engagements[0].objects.iter().find(|object| object.key == "source").unwrap();
    assert_eq!((of_source.bytes.authorised, of_source.bytes.sent), (210_000, 0));
}

#[tokio::test]
async fn a_pause_ends_a_copy_and_leaves_nothing_of_it() {
    let world = World::new(72).await;
    let writer = with_object(&world).await;
    let source = world.open_body(&writer, "alpha-data", "source", Span::Whole).await.unwrap();
    let (caller, new) = (Arc::clone(&writer), NewObject::default());
    let mut copy = world.custody.put(caller, world.request(), "alpha-data", b"copy", new).await.unwrap();
    world.custody.pause(Arc::new(world.ann()), world.request(), "alpha").await.unwrap();
    assert!(matches!(copy.fill(source).await, Err(CustodyError::Paused)));
    copy.abandon().await;
}
