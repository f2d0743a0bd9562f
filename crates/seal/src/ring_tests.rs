//! Tests of the key ring: what rests, what a restart finds, what destruction leaves.

use base::Kind;
use testkit::SeededEntropy;

use super::*;
use crate::testing::{DAY, DEPLOYMENT, Failing, MemoryKeys, World, ring_of};
use crate::{LocalRoot, ObjectSealer};

fn error<T>(result: Result<T, SealError>) -> SealError {
    result.err().unwrap()
}

#[test]
fn a_restart_finds_every_key() {
    let world = World::new(1);
    let epoch = world.ring.epoch_for(world.engagement, world.dataset, DAY).unwrap();
    let again = world.reopen();
    assert_eq!(again.epoch_for(world.engagement, world.dataset, DAY).unwrap(), epoch);
    assert!(again.holds_data(world.engagement));
    // System: 3; engagement: 4; epoch: 1.
    assert_eq!(world.keys.held().len(), 8);
}

#[test]
fn epochs_differ_by_dataset_and_day() {
    let world = World::new(2);
    let epoch = |dataset, day| world.ring.epoch_for(world.engagement, dataset, day).unwrap();
    let other = DatasetId::fresh(&*world.entropy);
    let three = [epoch(world.dataset, DAY), epoch(world.dataset, DAY + 1), epoch(other, DAY)];
    assert_eq!(HashSet::from(three).len(), 3);
    assert_eq!(epoch(world.dataset, DAY), three[0]);
}

#[test]
fn unknown_engagements_have_no_keys() {
    let world = World::new(3);
    let stranger = EngagementId::fresh(&*world.entropy);
    assert_eq!(error(world.ring.epoch_for(stranger, world.dataset, DAY)).kind(), Kind::Missing);
    assert_eq!(error(world.ring.fields(stranger.into())).kind(), Kind::Missing);
    assert!(!world.ring.holds_data(stranger));
}

#[test]
fn destroyed_data_keys_stay_destroyed() {
    let world = World::new(4);
    world.ring.epoch_for(world.engagement, world.dataset, DAY).unwrap();
    world.ring.destroy_engagement_data(world.engagement).unwrap();
    for ring in [&*world.ring, &world.reopen()] {
        assert!(!ring.holds_data(world.engagement));
        assert!(ring.fields(world.engagement.into()).is_ok());
        let engagement = world.engagement;
        assert!(matches!(error(ring.epoch_for(engagement, world.dataset, DAY)), SealError::DataDestroyed(_)));
        // An engagement that was closed is not begun anew.
        assert!(matches!(error(ring.create_engagement(engagement)), SealError::DataDestroyed(_)));
    }
    // System: 3; engagement: record, subject, token.
    assert_eq!(world.keys.held().len(), 6);
}

#[test]
fn destroying_one_engagement_leaves_the_others() {
    let world = World::new(5);
    let other = world.another_engagement();
    let epoch = world.ring.epoch_for(other, world.dataset, DAY).unwrap();
    world.ring.destroy_engagement_data(world.engagement).unwrap();
    assert!(world.ring.epoch(epoch).is_ok());
    assert!(world.reopen().epoch(epoch).is_ok());
}

#[test]
fn an_interrupted_destruction_serves_nobody_and_can_be_finished() {
    for failing in [Failing::WithoutEffect, Failing::AfterEffect] {
        let world = World::new(6);
        let epoch = world.ring.epoch_for(world.engagement, world.dataset, DAY).unwrap();
        let in_hand = world.ring.epoch(epoch).unwrap();
        world.keys.fail_after(0, 1, failing);
        assert_eq!(error(world.ring.destroy_engagement_data(world.engagement)).kind(), Kind::Unavailable);
        assert!(in_hand.ended());
        assert!(matches!(error(world.ring.epoch(epoch)), SealError::NoEpoch(_)));
        world.ring.destroy_engagement_data(world.engagement).unwrap();
        assert_eq!(world.keys.held().len(), 6);
        world.ring.destroy_engagement_data(world.engagement).unwrap();
    }
}

/// A crash after the data key is gone and before its epochs are: nothing opens, and closing again clears up.
#[test]
fn epochs_without_their_data_key_are_dead() {
    let world = World::new(15);
    let epoch = world.ring.epoch_for(world.engagement, world.dataset, DAY).unwrap();
    world.keys.fail_after(1, 1, Failing::WithoutEffect);
    assert_eq!(error(world.ring.destroy_engagement_data(world.engagement)).kind(), Kind::Unavailable);
    let again = world.reopen();
    assert!(matches!(error(again.epoch(epoch)), SealError::DataDestroyed(_)));
    assert_eq!(world.keys.held().len(), 7);
    again.destroy_engagement_data(world.engagement).unwrap();
    assert_eq!(world.keys.held().len(), 6);
}

/// How making keys can fail: before which write, and in which way. A second failure hits the clearing up after the first.
fn ways_to_fail() -> impl Iterator<Item = (usize, usize, Failing)> {
    let ways = [Failing::WithoutEffect, Failing::AfterEffect];
    ways.into_iter().flat_map(|how| (0..4).flat_map(move |good| [(good, 1, how), (good, 2, how)]))
}

/// The making of an engagement that fails at any write and in either way can be done again, with a crash between or without.
#[test]
fn an_interrupted_making_is_taken_up() {
    for (good, bad, how) in ways_to_fail() {
        for crashes in [false, true] {
            let world = World::new(7);
            let engagement = EngagementId::fresh(&*world.entropy);
            world.keys.fail_after(good, bad, how);
            assert_eq!(error(world.ring.create_engagement(engagement)).kind(), Kind::Unavailable);
            world.keys.fail_after(0, 0, how);
            let ring = if crashes { Arc::new(world.reopen()) } else { Arc::clone(&world.ring) };
            ring.create_engagement(engagement).unwrap();
            let epoch = ring.epoch_for(engagement, world.dataset, DAY).unwrap();
            assert!(world.reopen().epoch(epoch).is_ok(), "{good} {bad} {how:?}");
        }
    }
}

/// So can the first start.
#[test]
fn an_interrupted_first_start_is_taken_up() {
    for (good, bad, how) in ways_to_fail().filter(|(good, _, _)| *good < 3) {
        let (entropy, keys) = (Arc::new(SeededEntropy::new(14)), Arc::new(MemoryKeys::default()));
        let root = LocalRoot::create(&*entropy, DEPLOYMENT, None).unwrap();
        let open = || root.expose(|file| ring_of(file, &keys, &entropy));
        keys.fail_after(good, bad, how);
        assert_eq!(error(open()).kind(), Kind::Unavailable);
        keys.fail_after(0, 0, how);
        let secret = |ring: &KeyRing| {
            let tokens = ring.tokens(ChainId::SYSTEM).unwrap();
            tokens.secret(base::id::SessionId::from_bytes([1; 16])).unwrap()
        };
        let (first, second) = (open().unwrap(), open().unwrap());
        assert!(secret(&first).same(&secret(&second)), "{good} {bad} {how:?}");
        assert_eq!(keys.held().len(), 3);
    }
}

#[test]
fn a_crash_between_two_keys_of_a_chain_is_taken_up() {
    let world = World::new(8);
    let engagement = world.another_engagement();
    // As if the crash came before the last two.
    for purpose in [KeyPurpose::Record, KeyPurpose::Token] {
        let place = world.ring.chain_key(engagement.into(), purpose);
        world.keys.destroy(place.own).unwrap();
    }
    let again = world.reopen();
    assert_eq!(error(again.epoch_for(engagement, world.dataset, DAY)).kind(), Kind::Missing);
    again.create_engagement(engagement).unwrap();
    assert!(again.epoch_for(engagement, world.dataset, DAY).is_ok());
}

#[test]
fn lost_system_keys_are_not_made_anew() {
    let world = World::new(9);
    world.keys.destroy(world.ring.chain_key(ChainId::SYSTEM, KeyPurpose::Record).own).unwrap();
    let opened = ring_of(&world.root_file, &world.keys, &world.entropy);
    assert!(matches!(error(opened), SealError::NoKey { chain: ChainId::SYSTEM, .. }));
}

#[test]
fn another_root_key_opens_nothing_and_is_named() {
    let world = World::new(10);
    let other = LocalRoot::create(&*world.entropy, DEPLOYMENT, None).unwrap();
    let opened = other.expose(|file| ring_of(file, &world.keys, &world.entropy));
    assert!(matches!(error(opened), SealError::OtherRoot(_)));
}

#[test]
fn a_changed_or_moved_key_file_stops_the_start() {
    let world = World::new(11);
    world.ring.epoch_for(world.engagement, world.dataset, DAY).unwrap();
    let original = world.keys.held().clone();
    for (id, bytes) in &original {
        // Any bit of an engagement's or the system's key; an epoch's is noticed when it is opened.
        let epoch = key_file::read(bytes).unwrap().0.purpose == KeyPurpose::Epoch;
        for at in (0..bytes.len()).step_by(7) {
            let mut changed = bytes.clone();
            changed[at] ^= 4;
            world.keys.held().insert(*id, changed);
            let opened = ring_of(&world.root_file, &world.keys, &world.entropy);
            let used = opened.and_then(|ring| if epoch { ring.epoch(*id).map(|_| ()) } else { Ok(()) });
            assert!(used.is_err(), "{id} byte {at}");
        }
        world.keys.held().insert(*id, bytes.clone());
    }
    // Two keys of two engagements, swapped.
    let other = world.another_engagement();
    let [one, two] = [world.engagement, other].map(|owner| world.ring.chain_key(owner.into(), KeyPurpose::Data).own);
    let mut held = world.keys.held();
    let (first, second) = (held[&one].clone(), held[&two].clone());
    held.insert(one, second);
    held.insert(two, first);
    drop(held);
    assert_eq!(error(ring_of(&world.root_file, &world.keys, &world.entropy)).kind(), Kind::Corrupt);
}

#[test]
fn a_destroyed_epoch_ends_and_the_next_write_gets_another() {
    let world = World::new(12);
    let first = world.ring.epoch_for(world.engagement, world.dataset, DAY).unwrap();
    let sealer = ObjectSealer::begin(&world.ring, world.identity(), DAY).unwrap();
    world.ring.destroy_epoch(first).unwrap();
    assert!(matches!(error(world.ring.epoch(first)), SealError::NoEpoch(_)));
    assert!(matches!(error(sealer.suspend(base::id::UploadId::from_bytes([0; 16]))), SealError::NoEpoch(_)));
    assert_ne!(world.ring.epoch_for(world.engagement, world.dataset, DAY).unwrap(), first);
    assert!(matches!(error(world.reopen().epoch(first)), SealError::NoEpoch(_)));
}

#[test]
fn threads_that_need_the_same_epoch_get_one() {
    let world = World::new(13);
    let ids: HashSet<KeyId> = std::thread::scope(|scope| {
        let epoch = || world.ring.epoch_for(world.engagement, world.dataset, DAY).unwrap();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(epoch)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(ids.len(), 1);
}
