//! Packs and the ageing of the touch index change nothing of what is answered, and have one form.
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

use base::Kind;
use base::word::{DataType, Form, ScanState};
use catalog::model::*;
use proptest::prelude::*;
use scope::people::BLOCK_BYTES;
use scope::{Pair, Span, Summary};
use world::World;

/// What may happen to one of three versions, or to the packs.
#[derive(Clone, Debug)]
enum Step {
    Facts(usize, u32, DataType, u8),
    Scanned(usize, bool),
    Again(usize),
    Pack,
}

fn step() -> impl Strategy<Value = Step> {
    let data_type = prop::sample::select(&DataType::ALL[..4]);
    prop_oneof![
        4 => (0usize..3, 0u32..3, data_type, 1u8..9).prop_map(|(of, block, data_type, who)| Step::Facts(of, block, data_type, who)),
        1 => (0usize..3, any::<bool>()).prop_map(|(of, scanned)| Step::Scanned(of, scanned)),
        1 => (0usize..3).prop_map(Step::Again),
        2 => Just(Step::Pack),
    ]
}

fn pack_all(world: &mut World) {
    loop {
        let groups = world.catalog.unpacked_groups(5).unwrap();
        if groups.is_empty() {
            break;
        }
        for (engagement, number) in groups {
            let row = world.catalog.pack(engagement, number).unwrap();
            world.run(vec![Change::Packed(Box::new(row))]).unwrap();
        }
    }
}

/// All of the first version, the second block of the second one, and what was allowed of the third one.
fn touches() -> Pair<Touches> {
    let mut touches = Pair::<Touches>::default();
    touches.sent.whole.insert(1);
    touches.authorised.whole.insert_range(1..2);
    for level in [&mut touches.sent, &mut touches.authorised] {
        level.add(2, BLOCK_BYTES..2 * BLOCK_BYTES);
    }
    touches.authorised.add(3, 5..6);
    touches
}

/// The answer as it was before there were packs: from rows, one by one.
fn from_rows(world: &World, touches: &Pair<Touches>) -> Summary {
    let mut gatherer = scope::Gatherer::new(touches);
    for brief in world.catalog.versions_by_ordinals(&[1, 2, 3]).unwrap() {
        gatherer.version(&scope::Held {
            ordinal: brief.ordinal,
            dataset: brief.dataset,
            size: brief.size,
            scanned: brief.scan == ScanState::Scanned,
            loose: false,
            facts: Vec::new(),
        });
    }
    let ordinals = roaring::RoaringTreemap::from_iter([1, 2, 3]);
    let take = |row: FactRow| gatherer.fact(row.ordinal, row.block, row.data_type, &row.subjects, row.unresolved);
    world.catalog.facts(world.engagement.id, &ordinals, take).unwrap();
    gatherer.finish()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever was packed when, and whatever has changed since, the answer is that of the rows; and packing all of it gives the
    /// bytes that packing it once at the end gives.
    #[test]
    fn packs_are_no_other_answer(steps in prop::collection::vec(step(), 0..16)) {
        let mut world = World::new(7);
        let mut versions = [world.put(b"a"), world.put(b"b"), world.put(b"c")];
        let engagement = world.engagement.id;
        let mut mac = 100u8;
        let mut steer = |world: &mut World, row: &mut VersionRow, scan: ScanState, generation: u32| {
            mac += 1;
            let (was, now) = (row.mac, [mac; 32]);
            let lock = row.lock;
            world.run(vec![Change::Steer { version: row.version, was, scan, generation, lock, mac: now }]).unwrap();
            (row.mac, row.scan, row.generation) = (now, scan, generation);
        };
        for step in steps {
            match step {
                Step::Facts(of, block, data_type, who) => {
                    let row = &versions[of];
                    let identities = if who == 8 { vec![] } else { vec![[who; 16]] };
                    let mentions = vec![MentionRow { identities, places: vec![(block, data_type)], unresolved: u32::from(who / 8), keyed: false, residences: Vec::new() }];
                    let (version, generation) = (row.version, row.generation);
                    world.run(vec![Change::Facts { engagement, version, generation, mentions }]).unwrap();
                }
                Step::Scanned(of, scanned) => {
                    let scan = if scanned { ScanState::Scanned } else { ScanState::Pending };
                    let generation = versions[of].generation;
                    steer(&mut world, &mut versions[of], scan, generation);
                }
                Step::Again(of) => {
                    let (scan, generation) = (versions[of].scan, versions[of].generation + 1);
                    steer(&mut world, &mut versions[of], scan, generation);
                }
                Step::Pack => pack_all(&mut world),
            }
            let touches = touches();
            prop_assert_eq!(world.catalog.summary(engagement, &touches).unwrap(), from_rows(&world, &touches));
        }
        pack_all(&mut world);
        let touches = touches();
        prop_assert_eq!(world.catalog.summary(engagement, &touches).unwrap(), from_rows(&world, &touches));
        let (once, again) = (world.catalog.pack(engagement, 0).unwrap(), world.catalog.pack(engagement, 0).unwrap());
        prop_assert_eq!(&once.pack, &again.pack);
        prop_assert!(once.taken.is_empty());
    }

    /// Rows that have become longer hold what the hours held, and come to the same rows in whatever steps they age.
    #[test]
    fn ageing_loses_nothing(
        touched in prop::collection::vec((0i64..20_000, 1u8..3, 0u64..40), 1..24),
        steps in prop::collection::vec(0i64..20_000, 0..4),
    ) {
        let (mut slowly, mut at_once) = (World::new(8), World::new(8));
        let engagement = slowly.engagement.id;
        let row = |(hour, who, ordinal): &(i64, u8, u64)| {
            let mut touches = Touches::default();
            touches.count(base::Timestamp::from_seconds(hour * 3600 + 7), 3);
            touches.whole.insert(*ordinal);
            let (kind, form, level, span) = (SelectorKind::Credential, Form::Raw, Level::Sent, Span::Hour);
            (TouchKey { kind, selector: [*who; 16], engagement, hour: *hour, span, form, level }, touches)
        };
        let age = |world: &mut World, newest: i64, rows: usize| {
            while world.catalog.is_aging(newest).unwrap() {
                world.run(vec![Change::AgeTouches { newest, rows }]).unwrap();
            }
        };
        let mut steps = steps;
        steps.sort_unstable();
        for (index, touch) in (0u64..).zip(&touched) {
            slowly.run(vec![Change::Touched { from: index, indexed: index + 1, rows: vec![row(touch)] }]).unwrap();
            if let Some(newest) = steps.get(index as usize) {
                age(&mut slowly, *newest, 1);
            }
        }
        let rows = touched.iter().map(row).collect();
        at_once.run(vec![Change::Touched { from: 0, indexed: touched.len() as u64, rows }]).unwrap();
        for world in [&mut slowly, &mut at_once] {
            age(world, 20_000, 7);
        }
        for who in 1u8..3 {
            let all = |world: &World| world.catalog.touches(SelectorKind::Credential, [who; 16], 0..20_001).unwrap();
            let (rows, others) = (all(&slowly), all(&at_once));
            prop_assert_eq!(&rows, &others);
            let mut union = Touches::default();
            rows.iter().for_each(|(_, touches)| union.merge(touches));
            let own: Vec<_> = touched.iter().filter(|(_, of, _)| *of == who).collect();
            prop_assert_eq!(union.events, own.len() as u64);
            prop_assert!(union.whole.iter().eq(own.iter().map(|(_, _, ordinal)| *ordinal).collect::<std::collections::BTreeSet<_>>()));
            for (key, _) in &rows {
                prop_assert_eq!(key.span, Span::of(key.hour, 20_000));
            }
            // Every hour that was touched is found by a query for that hour alone.
            for (hour, _, ordinal) in own {
                let found = slowly.catalog.touches(SelectorKind::Credential, [who; 16], *hour..hour + 1).unwrap();
                prop_assert!(found.iter().any(|(_, touches)| touches.whole.contains(*ordinal)));
            }
        }
    }
}

#[test]
fn a_pack_is_replaced_by_one_that_was_made_from_what_it_said() {
    let mut world = World::new(9);
    let row = world.put(b"a");
    let (first, second) =
        (world.catalog.pack(row.engagement, 0).unwrap(), world.catalog.pack(row.engagement, 0).unwrap());
    world.run(vec![Change::Packed(Box::new(first))]).unwrap();
    assert_eq!(world.run(vec![Change::Packed(Box::new(second))]).unwrap_err().kind(), Kind::Conflict);
    assert_eq!(world.catalog.unpacked_groups(9).unwrap(), []);
}

#[test]
fn a_version_that_changed_while_it_was_packed_stays_unpacked() {
    let mut world = World::new(10);
    let row = world.put(b"a");
    let engagement = row.engagement;
    let packed = world.catalog.pack(engagement, 0).unwrap();
    let mentions = vec![MentionRow {
        identities: vec![[1; 16]],
        places: vec![(0, DataType::Ssn)],
        unresolved: 0,
        keyed: false,
        residences: Vec::new(),
    }];
    world.run(vec![Change::Facts { engagement, version: row.version, generation: 0, mentions }]).unwrap();
    world.run(vec![Change::Packed(Box::new(packed))]).unwrap();
    assert_eq!(world.catalog.unpacked_groups(9).unwrap(), [(engagement, 0)]);
    let mut touches = Pair::<Touches>::default();
    touches.authorised.whole.insert(1);
    let summary = world.catalog.summary(engagement, &touches).unwrap();
    assert_eq!(summary.people.authorised.types.keys().collect::<Vec<_>>(), [&DataType::Ssn]);
}

#[test]
fn damaged_packs_and_touches_of_nothing_are_corrupt() {
    let mut world = World::new(11);
    let row = world.put(b"a");
    let mut touches = Pair::<Touches>::default();
    touches.authorised.whole.insert(1);
    let mentions = vec![MentionRow {
        identities: vec![[1; 16]],
        places: vec![(0, DataType::Ssn)],
        unresolved: 0,
        keyed: false,
        residences: Vec::new(),
    }];
    world
        .run(vec![Change::Facts { engagement: row.engagement, version: row.version, generation: 0, mentions }])
        .unwrap();
    pack_all(&mut world);
    let path = world.folder.path().join("catalog");
    for text in ["UPDATE packs SET unions = x'01' || unions", "UPDATE packs SET directory = x''"] {
        rusqlite::Connection::open(&path).unwrap().execute(text, []).unwrap();
        assert_eq!(world.catalog.summary(row.engagement, &touches).unwrap_err().kind(), Kind::Corrupt, "{text}");
    }
    rusqlite::Connection::open(&path).unwrap().execute("DELETE FROM packs", []).unwrap();
    assert_eq!(world.catalog.summary(row.engagement, &touches).unwrap_err().kind(), Kind::Corrupt, "it is nowhere");
}
