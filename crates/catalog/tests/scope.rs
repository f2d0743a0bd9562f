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
    (identities, places).prop_map(|(identities, places)| MentionRow { identities, places })
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
            world.run(vec![Change::Facts { engagement, version: version.version, mentions }]).unwrap();
        }
        prop_assert_eq!(facts(&world, 0..10), naive.clone());
        naive.retain(|(ordinal, _, _), _| asked.contains(ordinal));
        prop_assert_eq!(facts(&world, asked), naive);
        prop_assert_eq!(world.catalog.subject_count(world.engagement.id).unwrap(), count);
        prop_assert_eq!(world.catalog.subject_links(world.engagement.id).unwrap(), links.into_iter().collect::<Vec<_>>());
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
            world.run(vec![Change::Touched { indexed: number * 10, rows: rows.clone() }]).unwrap();
            prop_assert_eq!(world.catalog.indexed().unwrap(), number * 10);
        }
        let again = Change::Touched { indexed: world.catalog.indexed().unwrap(), rows: batches[0].clone() };
        prop_assert_eq!(world.run(vec![again]).unwrap_err().kind(), Kind::Conflict);

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
            form: if raw { Form::Raw } else { Form::Names },
            level: if sent { Level::Sent } else { Level::Authorised },
        },
    );
    let ordinal = prop_oneof![0u64..5, Just(1 << 40)];
    let whole = prop::collection::btree_set(ordinal.clone(), 0..4);
    let span = (0u64..60, 1u64..20).prop_map(|(start, len)| start..start + len);
    let partial = prop::collection::btree_map(ordinal, prop::collection::vec(span, 1..4), 0..3);
    (key, whole, partial, 0u64..9, 0u64..999).prop_map(|(key, whole, partial, events, bytes)| {
        (key, Touches { whole: RoaringTreemap::from_iter(whole), partial, events, bytes })
    })
}

#[test]
fn facts_stay_in_their_compartment() {
    let mut world = World::new(3);
    let version = world.put(b"a");
    let facts = |engagement, version| Change::Facts { engagement, version, mentions: vec![] };
    let stranger = EngagementId::from_bytes([1; 16]);
    assert_eq!(world.run(vec![facts(stranger, version.version)]).unwrap_err().kind(), Kind::Conflict);
    let unknown = facts(world.engagement.id, VersionId::from_bytes([0; 16]));
    assert_eq!(world.run(vec![unknown]).unwrap_err().kind(), Kind::Missing);
    assert_eq!(world.catalog.subject_count(stranger).unwrap(), 0);
}
