//! The touch index is what the ledger says, whenever and in however many steps it was built: to the byte.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod world;

use std::collections::BTreeMap;

use base::word::Verb;
use base::{Clock, Timestamp};
use catalog::model::{SelectorKind, TouchKey};
use custody::access::Span;
use custody::delivery::Step;
use custody::office::NewGrant;
use custody::scope::{Scope, ScopeQuestion};
use custody::settings::DatasetSettings;
use custody::touch::Selector;
use testkit::SeededEntropy;
use world::World;

const OBJECTS: u64 = 5;
const DAY_SECONDS: i64 = 86_400;

fn bytes(world: &World) -> BTreeMap<TouchKey, Vec<u8>> {
    let mut all = BTreeMap::new();
    world.catalog.index_bytes(|key, bytes| _ = all.insert(key, bytes.to_vec())).unwrap();
    all
}

/// Some reads, whole and in part, some of which are settled later or never.
async fn reads(world: &World, chance: &SeededEntropy, credentials: &world::Credentials, count: u64) {
    for _ in 0..count {
        world.clock.advance_seconds(u32::try_from(chance.below(500)).unwrap());
        let caller = world.caller(credentials).unwrap();
        let key = format!("object-{}", chance.below(OBJECTS));
        let span = if chance.below(2) == 0 { Span::Whole } else { Span::Between(10, 10 + chance.below(90)) };
        let mut delivery = world.open_body(&caller, "alpha-data", &key, span).await.unwrap();
        if chance.below(4) > 0 {
            let Step::Segment(plain) = delivery.step() else { panic!("nothing came") };
            delivery.settle(plain.len() as u64);
        }
        if chance.below(3) == 0 {
            world.custody.settle_now().await.unwrap();
        }
    }
}

async fn ask(world: &World, key: &str, from: Timestamp, to: Timestamp) -> (u64, String) {
    let selectors = vec![Selector { kind: SelectorKind::Credential, value: key.to_owned() }];
    let question = ScopeQuestion { selectors, from, to, engagement: Some("alpha".to_owned()) };
    let scope: Scope = world.custody.scope(&world.bob(), world.request(), &question).await.unwrap();
    let part = scope.engagements.into_iter().next();
    (scope.events, part.map(|part| serde_json::to_string(&part).unwrap()).unwrap_or_default())
}

async fn history(seed: u64) {
    let mut world = World::new(seed).await;
    world.engagement("alpha").await;
    let writer = world.caller(&world.session("alpha-writer", "alpha").await).unwrap();
    world.custody.create_bucket(&writer, world.request(), "alpha-data", DatasetSettings::default()).await.unwrap();
    for object in 0..OBJECTS {
        let text =
            format!("person{object}@example.org, of whom there is nothing more to say here and in the lines below\n");
        world.put(&writer, "alpha-data", &format!("object-{object}"), text.repeat(3).as_bytes()).await.unwrap();
    }
    let chance = SeededEntropy::new(seed ^ 0xface);
    let (begun, mut keys) = (world.clock.now(), Vec::new());
    // Enough time goes by for hours to become days, and days a month.
    for part in 0..4 {
        let grant = NewGrant {
            principal: "alpha-reader".to_owned(),
            engagement: "alpha".to_owned(),
            bucket: None,
            verbs: vec![Verb::Read],
            purposes: vec![world::purpose()],
            expires: world.clock.now().plus_seconds(DAY_SECONDS),
        };
        world.custody.create_grant(&world.ann(), world.request(), &grant).await.unwrap();
        let credentials = world.session("alpha-reader", "alpha").await;
        keys.push((credentials.access_key().to_owned(), world.clock.now()));
        reads(&world, &chance, &credentials, 6).await;
        world.custody.settle_now().await.unwrap();
        if chance.below(2) == 0 {
            world.custody.index_now().await.unwrap();
        }
        if chance.below(2) == 0 {
            // What was not indexed yet is indexed by the next life, from the mark.
            world = world.reopen().await;
        }
        let days = [40, 30, 380, 1][part];
        world.clock.advance_seconds(u32::try_from(days * DAY_SECONDS).unwrap());
    }
    let end = world.clock.now();
    let mut windows = Vec::new();
    for (key, at) in &keys {
        let cut = at.plus_seconds(i64::try_from(chance.below(1500)).unwrap());
        windows.extend([
            (key, begun, end),
            (key, begun, cut),
            (key, cut, end),
            (key, at.plus_seconds(-DAY_SECONDS), cut),
        ]);
    }
    // Before all is indexed, some of the answer comes from the ledger; after, from rows of every length.
    let mut rows = Vec::new();
    for (key, from, to) in &windows {
        rows.push(ask(&world, key, *from, *to).await);
    }
    let mark = world.custody.index_now().await.unwrap();
    let indexed = bytes(&world);
    assert!(!indexed.is_empty());
    for span in scope::Span::ALL {
        assert!(indexed.keys().any(|key| key.span == span), "seed {seed}: no row of {span:?}");
    }
    assert_eq!(world.custody.index_anew().await.unwrap(), mark, "nothing was entered meanwhile");
    assert_eq!(bytes(&world), indexed, "seed {seed}: built anew");
    world = world.reopen().await;
    world.custody.index_anew().await.unwrap();
    for (number, (key, from, to)) in windows.iter().enumerate() {
        assert_eq!(ask(&world, key, *from, *to).await, rows[number], "seed {seed}, {from}..{to}");
    }
    // The whole is its two parts, wherever it is cut: no access counts twice, and none is left out.
    for (number, (key, _)) in keys.iter().enumerate() {
        let [whole, before, after] = [0, 1, 2].map(|place| rows[number * 4 + place].0);
        assert_eq!(whole, before + after, "seed {seed}, credential {key}");
        assert_eq!(whole, 6, "seed {seed}, credential {key}");
    }
}

#[tokio::test]
async fn an_index_that_is_built_anew_has_the_same_bytes() {
    for seed in 1..=4 {
        history(seed).await;
    }
}
