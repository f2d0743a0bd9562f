//! Scope is exact: over generated histories it answers what an oracle counts by brute force from what the clients saw.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::word::DataType;
use base::{Clock, Timestamp};
use catalog::model::SelectorKind;
use custody::Caller;
use custody::access::Span;
use custody::delivery::Step;
use custody::listing::ListQuestion;
use custody::scope::{Scope, ScopeQuestion};
use custody::settings::DatasetSettings;
use custody::touch::Selector;
use testkit::SeededEntropy;
use world::{Credentials, World};

/// How many blocks of 64 KiB a test object has; each names its own people.
const BLOCKS: usize = 3;
const BLOCK: usize = 64 * 1024;

/// One read as the client saw it.
struct Read {
    at: Timestamp,
    who: usize,
    object: usize,
    authorised: std::ops::Range<u64>,
    sent: u64,
}

/// An object whose every block holds the e-mail of one person of its own, and one line of everybody's.
fn text(object: usize) -> Vec<u8> {
    let mut text = Vec::new();
    for block in 0..BLOCKS {
        let line = format!("person{object}x{block}@example.org wrote this\n");
        text.extend_from_slice(line.as_bytes());
        while text.len() < (block + 1) * BLOCK {
            text.push(if text.len() % 64 == 63 { b'\n' } else { b'.' });
        }
    }
    text
}

/// What the oracle expects for one credential and window.
#[derive(Debug, Default, PartialEq)]
struct Expected {
    versions: (u64, u64),
    bytes: (u64, u64),
    people: (u64, u64),
    names_only: u64,
}

fn expected(
    reads: &[Read],
    listed: &[(Timestamp, usize)],
    objects: usize,
    who: usize,
    from: Timestamp,
    to: Timestamp,
) -> Expected {
    let mut spans: [BTreeMap<usize, BTreeSet<u64>>; 2] = [BTreeMap::new(), BTreeMap::new()];
    let mut people: [BTreeSet<(usize, u64)>; 2] = [BTreeSet::new(), BTreeSet::new()];
    for read in reads.iter().filter(|read| read.who == who && read.at >= from && read.at < to) {
        let sent = read.authorised.start..(read.authorised.start + read.sent).min(read.authorised.end);
        for (level, span) in [(0, sent), (1, read.authorised.clone())] {
            if !span.is_empty() {
                // Bytes are counted in units of a kilobyte: every span of the test begins and ends on one.
                spans[level].entry(read.object).or_default().extend((span.start / 1024)..(span.end / 1024));
            }
        }
    }
    for (level, people) in people.iter_mut().enumerate() {
        for (object, kilobytes) in &spans[level] {
            for block in 0..BLOCKS as u64 {
                let mut of_block = (block * 64..(block + 1) * 64).map(|kilobyte| kilobytes.contains(&kilobyte));
                // For the minimum a block counts once all of it was sent; for the maximum any byte will do.
                if if level == 0 { of_block.all(|sent| sent) } else { of_block.any(|allowed| allowed) } {
                    people.insert((*object, block));
                }
            }
        }
    }
    let names = if listed.iter().any(|(at, by)| *by == who && *at >= from && *at < to) { objects as u64 } else { 0 };
    let count = |level: usize| {
        (spans[level].len() as u64, spans[level].values().map(|set| set.len() as u64 * 1024).sum::<u64>())
    };
    Expected {
        versions: (count(0).0, count(1).0),
        bytes: (count(0).1, count(1).1),
        people: (people[0].len() as u64, people[1].len() as u64),
        names_only: names.saturating_sub(count(1).0),
    }
}

fn found(scope: &Scope) -> Expected {
    let Some(part) = scope.engagements.first() else { return Expected::default() };
    let emails = part.types.get(&DataType::Email).copied().unwrap_or_default();
    assert_eq!((emails.sent, emails.authorised), (part.people.sent, part.people.authorised));
    Expected {
        versions: (part.versions.sent, part.versions.authorised),
        bytes: (part.bytes.sent, part.bytes.authorised),
        people: (part.people.sent, part.people.authorised),
        names_only: part.names_only,
    }
}

async fn read(
    world: &World,
    caller: &Arc<Caller>,
    chance: &SeededEntropy,
    who: usize,
    object: usize,
    size: u64,
) -> Read {
    let at = world.clock.now();
    let from = chance.below(size / 1024) * 1024;
    let to = (from + (1 + chance.below(80)) * 1024).min(size);
    let whole = chance.below(4) == 0;
    let span = if whole { Span::Whole } else { Span::Between(from, to - 1) };
    let key = format!("object-{object}");
    let mut delivery = world.open_body(caller, "alpha-data", &key, span).await.unwrap();
    let authorised = if whole { 0..size } else { from..to };
    let wanted = match chance.below(3) {
        0 => authorised.end - authorised.start,
        1 => 0,
        _ => (chance.below((authorised.end - authorised.start) / 1024 + 1)) * 1024,
    };
    let mut sent = 0;
    while sent < wanted {
        let Step::Segment(plain) = delivery.step() else { break };
        sent += plain.len() as u64;
    }
    let sent = sent.min(wanted);
    // A client that vanished without a settlement counts as nothing sent.
    if chance.below(5) == 0 {
        return Read { at, who, object, authorised, sent: 0 };
    }
    delivery.settle(sent);
    Read { at, who, object, authorised, sent }
}

async fn history(seed: u64) {
    let world = World::new(seed).await;
    world.engagement("alpha").await;
    world.engagement("beta").await;
    let writer = world.caller(&world.session("alpha-writer", "alpha").await).unwrap();
    world.custody.create_bucket(&writer, world.request(), "alpha-data", DatasetSettings::default()).await.unwrap();
    let objects = 4;
    let size = (BLOCKS * BLOCK) as u64;
    for object in 0..objects {
        world.put(&writer, "alpha-data", &format!("object-{object}"), &text(object)).await.unwrap();
    }
    let start = world.clock.now();
    let chance = SeededEntropy::new(seed ^ 0xfeed);
    let mut thieves: Vec<(Credentials, String)> = Vec::new();
    for _ in 0..2 {
        let credentials = world.session("alpha-reader", "alpha").await;
        let key = credentials.access_key().to_owned();
        thieves.push((credentials, key));
    }
    let (mut reads, mut listed) = (Vec::new(), Vec::new());
    for step in 0..60 {
        world.clock.advance_seconds(u32::try_from(chance.below(50)).unwrap());
        let who = chance.below(2) as usize;
        let caller = world.caller(&thieves[who].0).unwrap();
        if chance.below(12) == 0 {
            let question = ListQuestion { prefix: b"", delimiter: b"", after: None, limit: 100 };
            world.custody.list(&caller, world.request(), "alpha-data", &question).await.unwrap();
            listed.push((world.clock.now(), who));
        } else {
            reads.push(read(&world, &caller, &chance, who, chance.below(objects as u64) as usize, size).await);
        }
        if step % 17 == 5 {
            world.custody.settle_now().await.unwrap();
            world.custody.index_now().await.unwrap();
        }
    }
    let end = world.clock.now().plus_seconds(1);
    let windows = [
        (start, end),
        (start.plus_seconds(-7200), end.plus_seconds(7200)),
        (start.plus_seconds(300), end.plus_seconds(-300)),
        (start.plus_seconds(600), start.plus_seconds(700)),
    ];
    for indexed in [false, true] {
        for (from, to) in windows {
            for (who, (_, key)) in thieves.iter().enumerate() {
                let selectors = vec![Selector { kind: SelectorKind::Credential, value: key.clone() }];
                let question = ScopeQuestion { selectors, from, to, engagement: Some("alpha".to_owned()) };
                let scope = world.custody.scope(&world.bob(), world.request(), &question).await.unwrap();
                let oracle = expected(&reads, &listed, objects, who, from, to);
                assert_eq!(found(&scope), oracle, "seed {seed}, thief {who}, {from}..{to}, indexed {indexed}");
            }
        }
        world.custody.index_now().await.unwrap();
    }
}

#[tokio::test]
async fn scope_is_what_brute_force_counts() {
    for seed in 1..=6 {
        history(seed).await;
    }
}

#[tokio::test]
async fn scope_does_not_cross_compartments() {
    let world = World::new(40).await;
    for name in ["alpha", "beta"] {
        world.engagement(name).await;
        let writer = world.caller(&world.session(&format!("{name}-writer"), name).await).unwrap();
        world
            .custody
            .create_bucket(&writer, world.request(), &format!("{name}-data"), DatasetSettings::default())
            .await
            .unwrap();
        world.put(&writer, &format!("{name}-data"), "k", b"shared@example.org\n").await.unwrap();
        world.get(&writer, &format!("{name}-data"), "k", Span::Whole).await.unwrap();
    }
    let person = world::person("pat", Some("alpha"), vec![base::word::Role::PartnerSecurity], 7);
    world.custody.create_principal(&world.ann(), world.request(), &person).await.unwrap();
    let pat = world.custody.local_person("pat").unwrap();
    let now = world.clock.now();
    let selectors = vec![Selector { kind: SelectorKind::Address, value: "127.0.0.1".to_owned() }];
    let question = ScopeQuestion { selectors, from: now.plus_seconds(-60), to: now.plus_seconds(60), engagement: None };
    let all = world.custody.scope(&world.bob(), world.request(), &question).await.unwrap();
    assert_eq!(all.engagements.len(), 2);
    let own = world.custody.scope(&pat, world.request(), &question).await.unwrap();
    assert_eq!(own.engagements.iter().map(|part| part.name.as_str()).collect::<Vec<_>>(), ["alpha"]);
    let said = serde_json::to_string(&own).unwrap();
    assert!(!said.contains("beta"), "{said}");
}
