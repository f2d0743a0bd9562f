//! Packs: what verifies, and that nothing else does.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests")]

mod world;

use attest::digest::{hex, sha256};
use attest::pack::{Broken, KeySource, PackedEntry, Place, Rule, Since, Trust, Verified, verify};
use attest::payload::SealedPayload;
use attest::private::{PrivateField, PrivateFields};
use attest::trust::Policy;
use base::Timestamp;
use base::id::ChainId;
use proptest::prelude::*;
use world::{Published, World, engagement};

const CHAIN: u8 = 7;

fn world() -> (World, Published) {
    let mut world = World::busy(12);
    let published = world.publish();
    (world, published)
}

fn check(world: &World, pack: &[u8]) -> Result<Verified, Broken> {
    verify(pack, &Trust::Policy(world.trust()), None)
}

/// The name and place of the rule that a pack of these entries breaks.
fn broken(world: &World, published: &Published, entries: &[PackedEntry]) -> (&'static str, Place) {
    let broken = check(world, &world.assemble(engagement(CHAIN), 0, published, entries)).unwrap_err();
    (broken.rule().name(), broken.place())
}

fn entry(seq: u64) -> Place {
    Place::Entry { line: seq + 1, seq }
}

// A pack cut into its members, and put together again with fresh sums: what a forger would do.
const BLOCK: usize = 512;

fn members(pack: &[u8]) -> Vec<(usize, usize)> {
    let (mut at, mut found) = (0, Vec::new());
    while pack[at] != 0 {
        let size = usize::from_str_radix(std::str::from_utf8(&pack[at + 124..at + 135]).unwrap(), 8).unwrap();
        found.push((at + BLOCK, size));
        at += BLOCK + size.next_multiple_of(BLOCK);
    }
    found
}

fn refresh_sums(pack: &mut [u8]) {
    let members = members(pack);
    let (sums, _) = members[6];
    let mut at = sums;
    for (start, size) in &members[..6] {
        let digest = hex(&sha256(&[&pack[*start..start + size]]));
        pack[at..at + 64].copy_from_slice(digest.as_bytes());
        at += pack[at..].iter().position(|byte| *byte == b'\n').unwrap() + 1;
    }
}

#[test]
fn a_pack_says_what_it_proves() {
    let (world, published) = world();
    let verified = check(&world, &world.pack(engagement(CHAIN), 0, &published)).unwrap();
    assert_eq!((verified.from, verified.to, verified.entries), (0, 12, 12));
    assert_eq!(verified.kinds["access"], 8);
    assert_eq!(verified.kinds["settlement"], 4);
    assert_eq!(verified.private_fields, 12);
    assert_eq!(verified.chain, engagement(CHAIN));
    assert_eq!(verified.ordinal, 1);
    assert_eq!(verified.first, Some(Timestamp::from_seconds(world::START_SECONDS + 2)));
    assert_eq!(verified.key_source, KeySource::Given);
    assert_eq!(verified.quorum.as_deref(), Some("w1"));
    assert_eq!(verified.cosigned[0].at, verified.complete_at);
    assert_eq!(verified.head.parse::<Since>().unwrap(), published.since(engagement(CHAIN)));
}

/// `tests/vectors/pack1.tar` was checked by `tests/python/pack_check.py`, which shares nothing with this crate. A pack that was
/// handed out must verify for as long as anyone keeps it: when this fails, make a `cofferdam/pack/2`.
#[test]
fn pack1_is_written_as_ever_and_still_verifies() {
    let (world, published) = world();
    let pack1 = include_bytes!("vectors/pack1.tar");
    assert!(world.pack(engagement(CHAIN), 0, &published) == pack1);
    assert!(check(&world, pack1).is_ok());
}

#[test]
fn every_chain_can_be_packed_the_systems_too() {
    let (world, published) = world();
    for chain in [ChainId::SYSTEM, engagement(7), engagement(8)] {
        let verified = check(&world, &world.pack(chain, 0, &published)).unwrap();
        assert_eq!(verified.to, published.head(chain).length);
    }
}

#[test]
fn private_fields_may_be_left_out() {
    let (world, published) = world();
    let entries = world.packed(engagement(CHAIN), 0, &published);
    let entries: Vec<_> = entries.into_iter().map(PackedEntry::without_private_fields).collect();
    let verified = check(&world, &world.assemble(engagement(CHAIN), 0, &published, &entries)).unwrap();
    assert_eq!((verified.entries, verified.private_fields), (12, 0));
}

#[test]
fn the_key_may_come_from_the_pack_but_that_is_said() {
    let (world, published) = world();
    let pack = world.pack(engagement(CHAIN), 0, &published);
    let verified = verify(&pack, &Trust::PackItself, None).unwrap();
    assert_eq!(verified.key_source, KeySource::PackItself);
}

#[test]
fn a_stranger_to_the_log_is_not_believed() {
    let (world, published) = world();
    let pack = world.pack(engagement(CHAIN), 0, &published);
    let other = attest::note::Signer::new(world::ORIGIN, world::key(9)).unwrap();
    let trust = Trust::Policy(Policy::of_log(other.verifier().clone()).unwrap());
    assert_eq!(verify(&pack, &trust, None).unwrap_err().rule().name(), "checkpoint");
}

#[test]
fn a_later_pack_continues_a_proven_head() {
    let chain = engagement(CHAIN);
    let (mut world, earlier) = world();
    (0..9).for_each(|_| world.append(chain, "access"));
    let later = world.publish();
    let trust = Trust::Policy(world.trust());
    let since = earlier.since(chain);

    let piece = world.pack(chain, since.length, &later);
    assert_eq!(verify(&piece, &trust, Some(since)).unwrap().entries, 9);
    assert_eq!(verify(&piece, &trust, None).unwrap_err().rule().name(), "unproven-start");
    let forged = Since { data: [1; 32], ..since };
    assert_eq!(verify(&piece, &trust, Some(forged)).unwrap_err().rule().name(), "not-chained");

    let whole = world.pack(chain, 0, &later);
    assert_eq!(verify(&whole, &trust, Some(since)).unwrap().entries, 21);
    assert_eq!(verify(&whole, &trust, Some(forged)).unwrap_err().rule().name(), "other-history");
    let ahead = Since { length: 22, data: [1; 32] };
    assert_eq!(verify(&whole, &trust, Some(ahead)).unwrap_err().rule().name(), "rolled-back");

    // Nothing new: an empty piece proves that the head is still the same.
    let now = later.since(chain);
    let empty = world.pack(chain, now.length, &later);
    assert_eq!(verify(&empty, &trust, Some(now)).unwrap().entries, 0);
    assert_eq!(
        verify(&empty, &trust, Some(Since { data: [1; 32], ..now })).unwrap_err().rule().name(),
        "other-history"
    );
}

#[test]
fn a_dropped_entry_is_found() {
    let (world, published) = world();
    let entries = world.packed(engagement(CHAIN), 0, &published);
    for dropped in 0..entries.len() {
        let rest: Vec<_> = entries.iter().enumerate().filter(|(n, _)| *n != dropped).map(|(_, e)| e.clone()).collect();
        let expected = if dropped == 11 { ("count", Place::Pack) } else { ("sequence", entry(dropped as u64)) };
        assert_eq!(broken(&world, &published, &rest), expected);
    }
}

#[test]
fn swapped_repeated_and_foreign_entries_are_found() {
    let (world, published) = world();
    let entries = world.packed(engagement(CHAIN), 0, &published);
    let mut swapped = entries.clone();
    swapped.swap(3, 4);
    assert_eq!(broken(&world, &published, &swapped), ("sequence", entry(3)));
    let mut repeated = entries.clone();
    repeated.insert(5, entries[5].clone());
    assert_eq!(broken(&world, &published, &repeated), ("sequence", entry(6)));
    let mut foreign = entries;
    foreign[2] = world.packed(engagement(8), 0, &published)[2].clone();
    assert_eq!(broken(&world, &published, &foreign), ("not-in-log", entry(2)));
}

#[test]
fn an_older_state_of_the_chain_does_not_pass_for_the_newest() {
    let chain = engagement(CHAIN);
    let (mut world, earlier) = world();
    (0..3).for_each(|_| world.append(chain, "access"));
    let later = world.publish();
    let old: Vec<_> = world.packed(chain, 0, &later).into_iter().take(earlier.head(chain).length as usize).collect();
    assert_eq!(broken(&world, &later, &old), ("count", Place::Pack));
}

/// The operator records two entries for one place in the chain and shows one of them to the partner.
#[test]
fn a_forked_chain_is_found() {
    let chain = engagement(CHAIN);
    let (mut world, _) = world();
    world.append(chain, "access");
    let shown = SealedPayload { salt: [5; 32], ..world.payload(world.size() - 1) };
    world.write(shown);
    let at = world.size() - 1;
    let published = world.publish();
    let mut entries = world.packed(chain, 0, &published);
    entries.truncate(12);
    entries.push(world.entry(at, &published));
    assert_eq!(broken(&world, &published, &entries), ("not-the-head", Place::Pack));
}

#[test]
fn a_chain_that_runs_against_the_log_is_found() {
    let chain = engagement(9);
    let (mut world, _) = world();
    world.append(chain, "access");
    let first = world.payload(world.size() - 1);
    world.append(chain, "access");
    let second = world.payload(world.size() - 1);
    let at = world.size();
    // Both once more, the other way round.
    world.write(second);
    world.write(first);
    let published = world.publish();
    let reversed = [world.entry(at + 1, &published), world.entry(at, &published)];
    let failed = check(&world, &world.assemble(chain, 0, &published, &reversed)).unwrap_err();
    assert_eq!((failed.rule().name(), failed.place()), ("log-order", entry(1)));
}

#[test]
fn heads_that_are_not_the_last_leaf_are_found() {
    let chain = engagement(CHAIN);
    let (mut world, _) = world();
    let heads = world.heads_now();
    world.record_heads(&heads);
    world.append(chain, "access");
    let published = world.sign(heads);
    let entries = world.packed(chain, 0, &published);
    let under = world.heads_at(world.size() - 2, chain, &published);
    let failed = check(&world, &world.assemble_under(under, chain, 0, &published, &entries)).unwrap_err();
    assert_eq!((failed.rule().name(), failed.place()), ("heads-not-last", Place::Member("heads.json")));
}

#[test]
fn a_last_leaf_that_is_no_heads_entry_is_found() {
    let chain = engagement(CHAIN);
    let (mut world, earlier) = world();
    world.append(ChainId::SYSTEM, "person-enrolled");
    let published = world.sign(vec![earlier.head(ChainId::SYSTEM).clone(), earlier.head(chain).clone()]);
    let failed = check(&world, &world.pack(chain, 0, &published)).unwrap_err();
    assert_eq!((failed.rule().name(), failed.place()), ("not-heads", Place::Member("heads.json")));
}

#[test]
fn a_head_that_is_not_covered_is_found() {
    let chain = engagement(CHAIN);
    let (mut world, _) = world();
    // The proof is made from other heads than the recorded ones.
    let published = world.publish();
    let mut forged = published.heads.clone();
    forged[1].length -= 1;
    let published = Published { heads: forged, ..published };
    let failed = check(&world, &world.pack(chain, 0, &published)).unwrap_err();
    assert_eq!((failed.rule().name(), failed.place()), ("head-not-covered", Place::Member("heads.json")));
}

/// In the system's chain the link of the heads entry and the tree in it must say the same.
#[test]
fn heads_that_skip_a_system_entry_are_found() {
    let (mut world, _) = world();
    let stale = world.heads_now();
    world.append(ChainId::SYSTEM, "person-enrolled");
    world.record_heads(&stale);
    let published = world.sign(stale);
    let failed = check(&world, &world.pack(ChainId::SYSTEM, 0, &published)).unwrap_err();
    assert_eq!((failed.rule().name(), failed.place()), ("not-chained", Place::Member("heads.json")));
}

#[test]
fn a_private_field_that_was_not_committed_is_found() {
    let (mut world, _) = world();
    let lie = PrivateField { salt: [1; 32], value: "198.51.100.1".into() };
    let text = format!(r#"{{"kind":"access","at":"{}","who":{{"address":"x"}}}}"#, world.now);
    world.record(engagement(CHAIN), text, PrivateFields::from([("who.address".into(), lie)]));
    let published = world.publish();
    let entries = world.packed(engagement(CHAIN), 0, &published);
    assert_eq!(broken(&world, &published, &entries), ("private-field", entry(12)));
}

#[test]
fn a_moved_clock_is_found_and_a_small_step_is_not() {
    let chain = engagement(CHAIN);
    for (step, found) in [(-5, false), (-6, true), (-3600, true)] {
        let (mut world, published) = world();
        let now = world.now;
        let last = check(&world, &world.pack(chain, 0, &published)).unwrap().last.unwrap();
        // The world's clock moves on by a second before each entry.
        world.now = last.plus_seconds(step - 1);
        world.append(chain, "access");
        world.now = now.plus_seconds(60);
        let published = world.publish();
        let verified = check(&world, &world.pack(chain, 0, &published));
        assert_eq!(verified.is_err(), found, "step {step}");
        if let Err(broken) = verified {
            assert_eq!(broken.place(), entry(12));
            assert!(matches!(broken.rule(), Rule::ClockMoved { seconds } if *seconds == step.unsigned_abs()));
        }
    }
}

#[test]
fn an_entry_from_the_future_is_found_at_the_heads() {
    let (mut world, _) = world();
    let now = world.now;
    world.now = now.plus_seconds(3600);
    world.append(engagement(CHAIN), "access");
    world.now = now;
    let published = world.publish();
    let failed = check(&world, &world.pack(engagement(CHAIN), 0, &published)).unwrap_err();
    assert_eq!((failed.rule().name(), failed.place()), ("clock-moved", Place::Member("heads.json")));
}

#[test]
fn a_pack_is_not_cut_and_nothing_follows_it() {
    let (world, published) = world();
    let pack = world.pack(engagement(CHAIN), 0, &published);
    for length in (0..pack.len()).step_by(97) {
        assert!(check(&world, &pack[..length]).is_err(), "{length} bytes");
    }
    assert!(check(&world, &[pack.as_slice(), &[0]].concat()).is_err());
}

/// Flipping a bit and computing the sums anew goes unnoticed only in the one field that is stated and not proven.
#[test]
fn only_the_time_of_packing_is_not_proven() {
    let (world, published) = world();
    let good = world.pack(engagement(CHAIN), 0, &published);
    let (start, size) = members(&good)[1];
    let header = std::str::from_utf8(&good[start..start + size]).unwrap();
    let made_at = start + header.find("made_at").unwrap();
    for bit in (start..start + size).flat_map(|byte| byte * 8..byte * 8 + 8) {
        let mut pack = good.clone();
        pack[bit / 8] ^= 1 << (bit % 8);
        refresh_sums(&mut pack);
        assert!(bit / 8 > made_at || check(&world, &pack).is_err(), "bit {bit}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever bit of a pack flips, it does not verify.
    #[test]
    fn no_bit_of_a_pack_can_flip(bit in any::<prop::sample::Index>()) {
        let (world, published) = world();
        let mut pack = world.pack(engagement(CHAIN), 0, &published);
        let bit = bit.index(pack.len() * 8);
        pack[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(check(&world, &pack).is_err(), "bit {bit}");
    }

    /// Nor when the forger computes the sums anew: signatures, commitments and proofs find what the sums do not.
    #[test]
    fn no_bit_of_what_is_proven_can_flip(member in prop::sample::select(vec![2_usize, 4, 5]), bit in any::<prop::sample::Index>()) {
        let (world, published) = world();
        let mut pack = world.pack(engagement(CHAIN), 0, &published);
        let (start, size) = members(&pack)[member];
        let bit = start * 8 + bit.index(size * 8);
        pack[bit / 8] ^= 1 << (bit % 8);
        refresh_sums(&mut pack);
        prop_assert!(check(&world, &pack).is_err(), "bit {bit} of member {member}");
    }

    /// Nor when entries are dropped, repeated and moved, unless it all comes to nothing.
    #[test]
    fn no_other_list_of_entries_verifies(picks in prop::collection::vec(0_usize..12, 0..14)) {
        let (world, published) = world();
        let entries = world.packed(engagement(CHAIN), 0, &published);
        let picked: Vec<_> = picks.iter().map(|pick| entries[*pick].clone()).collect();
        let pack = world.assemble(engagement(CHAIN), 0, &published, &picked);
        let whole = picks.iter().copied().eq(0..12);
        prop_assert_eq!(check(&world, &pack).is_ok(), whole);
    }
}
