//! A pack is its versions' facts, the same bytes for the same facts, and refused when it is damaged.

use proptest::prelude::*;

use super::*;

const NUMBER: u64 = 3;

/// Facts of one version: by block and type.
pub(crate) fn facts() -> impl Strategy<Value = Vec<Fact>> {
    let block = prop_oneof![0u32..4, Just(u32::MAX)];
    let place = (block, prop::sample::select(&DataType::ALL[..6]));
    let who = (prop::collection::btree_set(prop_oneof![1u32..90, 70_000u32..70_050], 0..12), 0u64..3);
    prop::collection::btree_map(place, who, 0..8).prop_map(|facts| {
        let fact = |((block, data_type), (subjects, unresolved)): ((u32, DataType), (BTreeSet<u32>, u64))| Fact {
            block,
            data_type,
            subjects: subjects.into_iter().collect(),
            unresolved,
        };
        facts.into_iter().map(fact).collect()
    })
}

/// Some versions of the group [`NUMBER`].
pub(crate) fn held() -> impl Strategy<Value = Vec<Held>> {
    let one = (0u8..3, 0u64..400_000, any::<bool>(), facts());
    prop::collection::btree_map(range(NUMBER), one, 0..9).prop_map(|held| {
        let one = |(ordinal, (dataset, size, scanned, facts))| Held {
            ordinal,
            dataset: DatasetId::from_bytes([dataset; 16]),
            size,
            scanned,
            loose: false,
            facts,
        };
        held.into_iter().map(one).collect()
    })
}

fn sorted(facts: &[Fact]) -> Vec<Fact> {
    let mut facts = facts.to_vec();
    facts.sort_by_key(|fact| (fact.block, fact.data_type));
    facts
}

proptest! {
    /// What was packed reads back: versions, facts, and everybody in them.
    #[test]
    fn packs_read_back(held in held()) {
        let pack = Pack::of(NUMBER, &held);
        let directory = Pack::directory(&pack.directory, NUMBER).unwrap();
        prop_assert_eq!(directory.members.len(), held.len());
        let lists = directory.lists(&pack.lists).unwrap();
        let mut unions = BTreeMap::<DataType, RoaringBitmap>::new();
        for (member, one) in directory.members.iter().zip(&held) {
            let said = (member.ordinal, member.dataset, member.size, member.scanned, member.loose);
            prop_assert_eq!(said, (one.ordinal, one.dataset, one.size, one.scanned, false));
            prop_assert_eq!(lists.facts(member).unwrap(), sorted(&one.facts));
            for fact in one.facts.iter().filter(|fact| !fact.subjects.is_empty()) {
                unions.entry(fact.data_type).or_default().extend(&fact.subjects);
            }
        }
        let mut read = BTreeMap::<DataType, RoaringBitmap>::new();
        for (set, people) in directory.unions(&pack.unions).unwrap() {
            set.types().for_each(|data_type| *read.entry(data_type).or_default() |= &people);
        }
        prop_assert_eq!(read, unions);
        let unresolved: u64 = held.iter().flat_map(|one| &one.facts).map(|fact| fact.unresolved).sum();
        prop_assert_eq!(directory.unresolved, unresolved);
    }

    /// The order in which versions and facts come does not show.
    #[test]
    fn the_same_facts_are_the_same_bytes(held in held()) {
        let mut turned = held.clone();
        turned.reverse();
        turned.iter_mut().for_each(|one| one.facts.reverse());
        prop_assert_eq!(Pack::of(NUMBER, &held), Pack::of(NUMBER, &turned));
    }

    /// A piece that is damaged, cut off, or another group's does not read.
    #[test]
    fn damage_is_refused(held in held(), other in held(), at in any::<prop::sample::Index>(), by in 1u8..) {
        let pack = Pack::of(NUMBER, &held);
        let directory = Pack::directory(&pack.directory, NUMBER).unwrap();
        prop_assert!(Pack::directory(&pack.directory, NUMBER + 1).is_none());
        let damaged = |bytes: &[u8]| {
            let mut changed = bytes.to_vec();
            let at = at.index(changed.len());
            changed[at] ^= by;
            [changed, bytes[..at].to_vec()]
        };
        for bytes in damaged(&pack.directory) {
            prop_assert!(Pack::directory(&bytes, NUMBER).is_none());
        }
        for bytes in damaged(&pack.unions) {
            prop_assert!(directory.unions(&bytes).is_none());
        }
        for bytes in damaged(&pack.lists) {
            prop_assert!(directory.lists(&bytes).is_none());
        }
        let other = Pack::of(NUMBER, &other);
        prop_assert_eq!(directory.lists(&other.lists).is_some(), other.lists == pack.lists);
        prop_assert_eq!(directory.unions(&other.unions).is_some(), other.unions == pack.unions);
    }

    /// Bytes that pass the check but were never written by us are refused or read as something; they never panic.
    #[test]
    fn nonsense_never_panics(noise in prop::collection::vec(any::<u8>(), 0..90)) {
        let mut bytes = vec![VERSION];
        crate::number::put(&mut bytes, NUMBER);
        bytes.extend(noise);
        let _ = Pack::directory(&check::seal(bytes), NUMBER);
    }
}

#[test]
fn a_version_with_too_many_facts_is_loose() {
    let fact = Fact { block: 0, data_type: DataType::Email, subjects: (0..20_000).collect(), unresolved: 5 };
    let dataset = DatasetId::from_bytes([1; 16]);
    let small = Fact { block: 0, data_type: DataType::Email, subjects: vec![7], unresolved: 1 };
    let held = [
        Held { ordinal: range(NUMBER).start, dataset, size: 9, scanned: true, loose: false, facts: vec![fact] },
        Held {
            ordinal: range(NUMBER).start + 5,
            dataset,
            size: 9,
            scanned: true,
            loose: false,
            facts: vec![small.clone()],
        },
    ];
    let pack = Pack::of(NUMBER, &held);
    let directory = Pack::directory(&pack.directory, NUMBER).unwrap();
    assert_eq!(directory.members.iter().map(|member| member.loose).collect::<Vec<_>>(), [true, false]);
    assert_eq!(directory.unresolved, 1);
    let lists = directory.lists(&pack.lists).unwrap();
    assert_eq!(lists.facts(&directory.members[1]).unwrap(), [small]);
    assert!(pack.lists.len() < 100);
}
