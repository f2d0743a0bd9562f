//! Gathering answers what counting fact by fact answers, however the facts are split between packs and rows.

#![expect(clippy::arithmetic_side_effects, reason = "small numbers of tests")]

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::pack::Pack;
use crate::pack::tests::held;

const NUMBER: u64 = 3;

/// Touches of versions of the group: whole, in part, or none.
fn touches() -> impl Strategy<Value = Pair<Touches>> {
    let part = (0u64..5, 0u64..4, 0u64..70_000);
    let one = (0u8..4, prop::collection::vec(part, 0..3));
    prop::collection::btree_map(pack::range(NUMBER), one, 0..300).prop_map(|all| {
        let mut touches = Pair::<Touches>::default();
        for (ordinal, (how, parts)) in all {
            // What was sent was authorised.
            match how {
                0 => {
                    touches.sent.whole.insert(ordinal);
                    touches.authorised.whole.insert(ordinal);
                }
                1 => _ = touches.authorised.whole.insert(ordinal),
                _ => {}
            }
            for (from, blocks, more) in parts {
                let from = from * BLOCK_BYTES;
                touches.authorised.add(ordinal, from..from + blocks * BLOCK_BYTES + more);
                touches.sent.add(ordinal, from..from + blocks * BLOCK_BYTES);
            }
        }
        touches
    })
}

/// Counts fact by fact, as the words say it.
fn naive(held: &[Held], touches: &Pair<Touches>) -> Summary {
    let mut summary = Summary::default();
    for one in held {
        for (level, touches) in [(0, &touches.sent), (1, &touches.authorised)] {
            let whole = touches.whole.contains(one.ordinal);
            let ranges = touches.partial.get(&one.ordinal);
            if !whole && ranges.is_none() {
                continue;
            }
            let mut bytes = 0;
            ranges.into_iter().flatten().for_each(|range| bytes += range.end - range.start);
            let weights = summary.datasets.entry(one.dataset).or_default();
            let weight = if level == 0 { &mut weights.sent } else { &mut weights.authorised };
            weight.versions += 1;
            weight.bytes += if whole { one.size } else { bytes };
            if level == 1 {
                summary.unscanned += u64::from(!one.scanned);
                summary.found += 1;
            }
            let people = if level == 0 { &mut summary.people.sent } else { &mut summary.people.authorised };
            for fact in &one.facts {
                let from = u64::from(fact.block) * BLOCK_BYTES;
                let reached = whole
                    || ranges.into_iter().flatten().any(|range| match (level, fact.block) {
                        (0, ANYWHERE) => false,
                        (0, _) => range.start <= from && from + BLOCK_BYTES <= range.end,
                        (_, ANYWHERE) => true,
                        _ => range.start < from + BLOCK_BYTES && from < range.end,
                    });
                if reached {
                    people.unresolved += fact.unresolved;
                    people.all.extend(&fact.subjects);
                    if !fact.subjects.is_empty() {
                        people.types.entry(fact.data_type).or_default().extend(&fact.subjects);
                    }
                }
            }
        }
    }
    // Nothing is certain that was not allowed.
    assert!(summary.people.sent.all.is_subset(&summary.people.authorised.all));
    summary
}

/// Gathers as the catalog does: a pack of some of it, and the versions in `newer` by themselves.
fn gathered(held: &[Held], packed: &[Held], touches: &Pair<Touches>, newer: &RoaringTreemap) -> Summary {
    let pack = Pack::of(NUMBER, packed);
    let mut gatherer = Gatherer::new(touches);
    if let Some(reach) = Reach::of(touches).get(&NUMBER) {
        let directory = Pack::directory(&pack.directory, NUMBER).unwrap();
        gatherer.weigh(reach, &directory, newer);
        match gatherer.needs(reach, &directory, newer) {
            Needs::Nothing => {}
            Needs::Unions => gatherer.unions(reach, &directory, &pack.unions).unwrap(),
            Needs::Lists => gatherer.lists(reach, &directory, &pack.lists, newer).unwrap(),
        }
    }
    held.iter().filter(|one| newer.contains(one.ordinal)).for_each(|one| gatherer.version(one));
    gatherer.finish()
}

proptest! {
    /// Packs and rows together answer what the facts say, and a version that has changed since it was packed counts as it is.
    #[test]
    fn gathering_is_counting_fact_by_fact(
        held in held(),
        older in held(),
        touches in touches(),
        newer in prop::collection::vec(any::<bool>(), 9),
        all in prop::option::of(any::<bool>()),
    ) {
        let mut touches = touches;
        // Whole groups are read by their unions.
        if let Some(sent) = all {
            touches.authorised.whole.insert_range(pack::range(NUMBER));
            if sent {
                touches.sent.whole.insert_range(pack::range(NUMBER));
            }
        }
        let mut packed = held.clone();
        let mut later = RoaringTreemap::new();
        for (one, newer) in packed.iter_mut().zip(&newer) {
            if *newer {
                later.insert(one.ordinal);
                one.facts = older.first().map(|older| older.facts.clone()).unwrap_or_default();
            }
        }
        prop_assert_eq!(gathered(&held, &packed, &touches, &later), naive(&held, &touches));
    }

    /// More sets of types than are gathered apart are the same answer.
    #[test]
    fn many_sets_of_types_are_no_other_answer(sets in prop::collection::vec((1u64..1 << 20, 0u32..400), 0..200)) {
        let mut gathered = Sets::default();
        let mut naive = BTreeMap::<DataType, BTreeSet<u32>>::new();
        for (bits, subject) in &sets {
            let types = DataType::ALL.iter().enumerate().filter(|(at, _)| bits & (1 << at) != 0).map(|(_, data_type)| *data_type);
            let set: TypeSet = types.collect();
            let mut list = Vec::new();
            pack::put_list(&mut list, &[*subject]);
            gathered.list(set, &mut list.as_slice()).unwrap();
            set.types().for_each(|data_type| _ = naive.entry(data_type).or_default().insert(*subject));
        }
        let mut people = People::default();
        gathered.finish().iter().for_each(|(set, here)| people.add(*set, here));
        let read: BTreeMap<DataType, BTreeSet<u32>> = people.types.iter().map(|(of, who)| (*of, who.iter().collect())).collect();
        prop_assert_eq!(&read, &naive);
        for pair in [[DataType::Email, DataType::Ssn], [DataType::Card, DataType::Name]] {
            let none = BTreeSet::new();
            let [a, b] = pair.map(|of| naive.get(&of).unwrap_or(&none));
            prop_assert!(people.with_all(pair.into_iter().collect()).iter().eq(a.intersection(b).copied()));
        }
    }
}

#[test]
fn people_are_split_by_where_they_live() {
    let people = People { all: (1..=10).collect(), ..People::default() };
    let sets = [RoaringBitmap::from_iter([1, 2, 30]), RoaringBitmap::from_iter([2, 3])];
    assert_eq!(people.split(&sets), (vec![2, 2], 7), "one lives in two places, seven nobody knows where");
    assert_eq!(people.split(&[]), (vec![], 10));
    assert_eq!(people.with_all(TypeSet::default()).len(), 0);
}
