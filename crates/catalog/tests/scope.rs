//! Facts and touches against naive models.
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

use std::collections::{BTreeMap, BTreeSet};

use base::Kind;
use base::id::{EngagementId, VersionId};
use base::word::{DataType, Form};
use catalog::model::*;
use proptest::prelude::*;
use roaring::RoaringTreemap;
use scope::Span;
use world::World;

type Naive = BTreeMap<(u64, u32, DataType), BTreeSet<u32>>;

fn facts(world: &World, ordinals: impl IntoIterator<Item = u64>) -> Naive {
    let mut all = Naive::new();
    let ordinals = RoaringTreemap::from_iter(ordinals);
    world
        .catalog
        .facts(world.engagement.id, &ordinals, |row| {
            assert!(row.subjects.is_sorted_by(|a, b| a < b));
            let twice = all.insert((row.ordinal, row.block, row.data_type), row.subjects.into_iter().collect());
            assert!(twice.is_none());
        })
        .unwrap();
    all
}

fn digest(number: u8) -> Digest {
    [number; 16]
}

fn mention() -> impl Strategy<Value = MentionRow> {
    let identities = prop::collection::vec((1u8..12).prop_map(digest), 0..3);
    let places = prop::collection::vec((0u32..4, prop::sample::select(DataType::ALL)), 0..4);
    (identities, places).prop_map(|(identities, places)| {
        let unresolved = if identities.is_empty() { 2 } else { 0 };
        MentionRow { identities, places, unresolved, keyed: false, residences: Vec::new() }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Chunks of facts, in whatever cut, are the union of their mentions; people are who the rules say they are.
    #[test]
    fn facts_are_the_union_of_their_mentions(
        chunks in prop::collection::vec((0usize..3, prop::collection::vec(mention(), 0..6)), 0..8),
        asked in prop::collection::btree_set(1u64..5, 0..4),
    ) {
        let mut world = World::new(1);
        let versions = [world.put(b"a"), world.put(b"b"), world.put(b"c")];
        let (mut people, mut links, mut naive) = (BTreeMap::<Digest, u32>::new(), BTreeSet::new(), Naive::new());
        let mut count = 0;
        for (version, mentions) in &chunks {
            let version = &versions[*version];
            for mention in mentions {
                let subject = mention.identities.first().map(|strongest| match people.get(strongest) {
                    Some(known) => *known,
                    None => {
                        count += 1;
                        count
                    }
                });
                for identity in &mention.identities {
                    let (subject, known) = (subject.unwrap(), *people.entry(*identity).or_insert(subject.unwrap()));
                    if known != subject {
                        links.insert((subject.min(known), subject.max(known)));
                    }
                }
                for (block, data_type) in &mention.places {
                    naive.entry((version.ordinal, *block, *data_type)).or_default().extend(subject);
                }
            }
            let (engagement, mentions) = (world.engagement.id, mentions.clone());
            world.run(vec![Change::Facts { engagement, version: version.version, generation: 0, mentions }]).unwrap();
        }
        prop_assert_eq!(facts(&world, 0..10), naive.clone());
        naive.retain(|(ordinal, _, _), _| asked.contains(ordinal));
        prop_assert_eq!(facts(&world, asked), naive);
        prop_assert_eq!(world.catalog.subject_count(world.engagement.id).unwrap(), count);
        prop_assert_eq!(world.catalog.subject_links(world.engagement.id).unwrap(), links.into_iter().collect::<Vec<_>>());
    }

    /// Facts that were kept while their version was on its way in are those that would have been added to it.
    #[test]
    fn staged_facts_are_those_that_would_have_been_added(
        chunks in prop::collection::vec(prop::collection::vec(mention(), 0..6), 1..5),
    ) {
        let mut world = World::new(5);
        let engagement = world.engagement.id;
        let added = world.put(b"added");
        let mut coming = world.version(b"staged", vec![world::inline(b"sealed body")]);
        for mentions in &chunks {
            let (direct, staged) = (mentions.clone(), mentions.clone());
            world.run(vec![Change::Facts { engagement, version: added.version, generation: 0, mentions: direct }]).unwrap();
            let version = coming.version;
            world.run(vec![Change::StageFacts { engagement, version, at: world::at(9), mentions: staged }]).unwrap();
        }
        let unstage = Change::UnstageFacts { engagement, version: coming.version, rows: 3 };
        prop_assert_eq!(world.run(vec![unstage.clone()]).unwrap_err().kind(), Kind::Missing);
        coming.ordinal = 2;
        world.run(vec![world::put(coming.clone()), unstage.clone()]).unwrap();
        while world.catalog.staged_facts_of(coming.version).unwrap() > 0 {
            world.run(vec![unstage.clone()]).unwrap();
        }
        let of = |ordinal: u64| {
            let mut rows = Vec::new();
            let take = |row: FactRow| rows.push((row.block, row.data_type, row.subjects, row.unresolved));
            world.catalog.facts(engagement, &RoaringTreemap::from_iter([ordinal]), take).unwrap();
            rows
        };
        prop_assert_eq!(of(1), of(2));
    }

    /// A row of the touch index is the union of everything merged into it, in whatever cut.
    #[test]
    fn touches_are_the_union_of_their_rows(
        batches in prop::collection::vec(prop::collection::vec(touch(), 0..6), 1..6),
        hours in (0i64..6, 0i64..6),
    ) {
        let mut world = World::new(2);
        let mut naive = BTreeMap::<TouchKey, (BTreeSet<u64>, BTreeSet<(u64, u64)>, u64, u64)>::new();
        for (number, rows) in (1u64..).zip(&batches) {
            for (key, touches) in rows {
                let (whole, bytes, events, count) = naive.entry(key.clone()).or_default();
                whole.extend(&touches.whole);
                for (ordinal, ranges) in &touches.partial {
                    bytes.extend(ranges.iter().cloned().flatten().map(|byte| (*ordinal, byte)));
                }
                *events += touches.events;
                *count += touches.bytes;
            }
            world.run(vec![Change::Touched { from: number * 10 - 10, indexed: number * 10, rows: rows.clone() }]).unwrap();
            prop_assert_eq!(world.catalog.indexed().unwrap(), number * 10);
        }
        let mark = world.catalog.indexed().unwrap();
        for (from, indexed) in [(mark, mark), (mark + 1, mark + 2), (mark - 1, mark + 1)] {
            let again = Change::Touched { from, indexed, rows: batches[0].clone() };
            prop_assert_eq!(world.run(vec![again]).unwrap_err().kind(), Kind::Conflict);
        }

        let mut stored = BTreeMap::new();
        for kind in [SelectorKind::Credential, SelectorKind::Address] {
            for selector in [digest(1), digest(2)] {
                for (key, touches) in world.catalog.touches(kind, selector, hours.0..hours.1).unwrap() {
                    prop_assert_eq!((key.kind, key.selector), (kind, selector));
                    for ranges in touches.partial.values() {
                        prop_assert!(ranges.windows(2).all(|pair| pair[0].end < pair[1].start), "merged");
                    }
                    let bytes = touches.partial.iter().flat_map(|(ordinal, ranges)| {
                        ranges.iter().cloned().flatten().map(|byte| (*ordinal, byte))
                    });
                    let row = (touches.whole.iter().collect(), bytes.collect(), touches.events, touches.bytes);
                    prop_assert!(stored.insert(key, row).is_none());
                }
            }
        }
        naive.retain(|key, _| (hours.0..hours.1).contains(&key.hour));
        prop_assert_eq!(stored, naive);
    }
}

fn touch() -> impl Strategy<Value = (TouchKey, Touches)> {
    let key = (any::<bool>(), 1u8..3, 1u8..3, 0i64..4, any::<bool>(), any::<bool>()).prop_map(
        |(credential, selector, engagement, hour, raw, sent)| TouchKey {
            kind: if credential { SelectorKind::Credential } else { SelectorKind::Address },
            selector: digest(selector),
            engagement: EngagementId::from_bytes([engagement; 16]),
            hour,
            span: Span::Hour,
            form: if raw { Form::Raw } else { Form::Names },
            level: if sent { Level::Sent } else { Level::Authorised },
        },
    );
    let ordinal = prop_oneof![0u64..5, Just(1 << 40)];
    let whole = prop::collection::btree_set(ordinal.clone(), 0..4);
    let span = (0u64..60, 1u64..20).prop_map(|(start, len)| start..start + len);
    let partial = prop::collection::btree_map(ordinal, prop::collection::vec(span, 1..4), 0..3);
    (key, whole, partial, 0u64..9, 0u64..999).prop_map(|(key, whole, partial, events, bytes)| {
        (key, Touches { whole: RoaringTreemap::from_iter(whole), partial, events, bytes, times: None })
    })
}

#[test]
fn facts_stay_in_their_compartment() {
    let mut world = World::new(3);
    let version = world.put(b"a");
    let facts = |engagement, version| Change::Facts { engagement, version, generation: 0, mentions: vec![] };
    let stranger = EngagementId::from_bytes([1; 16]);
    assert_eq!(world.run(vec![facts(stranger, version.version)]).unwrap_err().kind(), Kind::Conflict);
    let unknown = facts(world.engagement.id, VersionId::from_bytes([0; 16]));
    assert_eq!(world.run(vec![unknown]).unwrap_err().kind(), Kind::Missing);
    assert_eq!(world.catalog.subject_count(stranger).unwrap(), 0);
}

#[test]
fn the_facts_of_the_last_scan_hold_and_the_others_stay() {
    let mut world = World::new(7);
    let row = world.put(b"a");
    let mention = |number, block| MentionRow {
        identities: vec![digest(number)],
        places: vec![(block, DataType::Email)],
        unresolved: 0,
        keyed: false,
        residences: Vec::new(),
    };
    let (engagement, version) = (world.engagement.id, row.version);
    let scan = |generation, number, block| {
        let mentions = vec![mention(number, block)];
        Change::Facts { engagement, version, generation, mentions }
    };
    world.run(vec![scan(0, 1, 0), scan(1, 2, 3)]).unwrap();
    let holds = |world: &World| facts(world, [row.ordinal]).into_keys().map(|(_, block, _)| block).collect::<Vec<_>>();
    assert_eq!(holds(&world), [0], "a scan that is under way counts for nothing");
    let steer = |generation| Change::Steer {
        version,
        was: row.mac,
        scan: base::word::ScanState::Scanned,
        generation,
        lock: row.lock,
        mac: row.mac,
    };
    world.run(vec![steer(1)]).unwrap();
    assert_eq!(holds(&world), [3]);
    assert_eq!(world.catalog.version(version).unwrap().unwrap().generation, 1);
    world.run(vec![steer(0)]).unwrap();
    assert_eq!(holds(&world), [0], "those of before are still there");
}

#[test]
fn facts_that_were_kept_for_nothing_are_forgotten() {
    let mut world = World::new(8);
    let (engagement, gone, left) =
        (world.engagement.id, VersionId::from_bytes([1; 16]), VersionId::from_bytes([2; 16]));
    let mention = MentionRow {
        identities: vec![digest(1)],
        places: vec![(0, DataType::Email)],
        unresolved: 0,
        keyed: false,
        residences: Vec::new(),
    };
    let stage = |version, seconds| {
        let mentions = vec![mention.clone()];
        Change::StageFacts { engagement, version, at: world::at(seconds), mentions }
    };
    world.run(vec![stage(gone, 10), stage(left, 20)]).unwrap();
    world.run(vec![Change::DropStagedFactsBefore(world::at(15))]).unwrap();
    let row = |version| VersionRow { version, ..world.version(&version.as_bytes()[..1], vec![world::inline(b"x")]) };
    let rows = [row(gone), row(left)];
    for row in rows {
        let unstage = Change::UnstageFacts { engagement, version: row.version, rows: 100 };
        world.run(vec![world::put(row), unstage]).unwrap();
    }
    assert_eq!(facts(&world, [1, 2]).into_keys().map(|(ordinal, ..)| ordinal).collect::<Vec<_>>(), [2]);
}

/// Sets of people by what contracts tell of them grow and never shrink, and are each engagement's own.
#[test]
fn what_contracts_tell_of_people_is_kept() {
    let mut world = World::new(9);
    let version = world.put(b"told").version;
    let engagement = world.engagement.id;
    let told = |number, keyed, residences: &[&str]| MentionRow {
        identities: vec![digest(number)],
        places: vec![(0, DataType::PersonKey)],
        unresolved: 0,
        keyed,
        residences: residences.iter().map(|code| code.parse().unwrap()).collect(),
    };
    for mentions in [
        vec![told(1, true, &["US-CA"]), told(2, false, &["DE"])],
        vec![told(1, true, &["FR"]), told(3, true, &[])],
        vec![told(1, true, &["US-CA"])],
    ] {
        world.run(vec![Change::Facts { engagement, version, generation: 0, mentions }]).unwrap();
    }
    let keyed: Vec<u32> = world.catalog.keyed_people(world.engagement.id).unwrap().iter().collect();
    assert_eq!(keyed, [1, 3]);
    let residences = world.catalog.residences(world.engagement.id).unwrap();
    let said: Vec<(String, Vec<u32>)> =
        residences.iter().map(|(place, people)| (place.to_string(), people.iter().collect())).collect();
    let expected = [("DE", vec![2]), ("FR", vec![1]), ("US-CA", vec![1])];
    assert_eq!(said, expected.map(|(place, people)| (place.to_owned(), people)));
    assert!(world.catalog.residences(EngagementId::from_bytes([9; 16])).unwrap().is_empty());
}
