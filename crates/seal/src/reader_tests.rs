//! Tests of reading: every window of every shape, and everything a hostile store or catalog can do.

#![expect(clippy::arithmetic_side_effects, reason = "tests of known sizes")]

use base::Kind;
use base::id::{BlobId, DatasetId, EngagementId, KeyId, ObjectId, VersionId};
use base::object::WrappedKey;
use proptest::prelude::*;

use super::*;
use crate::stream::DEFAULT_SEGMENT_SIZE;
use crate::testing::{Rest, World};

fn window(from: u64, to: u64) -> Window {
    Window { from, to }
}

fn read(world: &World, object: &SealedObject, from: u64, to: u64) -> Result<Vec<u8>, SealError> {
    let reader = Reader::new(&world.ring, &world.blobs, Arc::new(object.clone()), window(from, to))?;
    let mut plain = Vec::new();
    for piece in reader {
        piece?.expose(|bytes| plain.extend_from_slice(bytes));
    }
    Ok(plain)
}

fn whole(world: &World, object: &SealedObject) -> Result<Vec<u8>, SealError> {
    read(world, object, 0, object.size)
}

fn kind(result: Result<Vec<u8>, SealError>) -> Kind {
    result.unwrap_err().kind()
}

fn blob(object: &SealedObject, part: usize) -> BlobId {
    let Body::Blob(name) = object.parts[part].body else { panic!("inline") };
    name
}

fn sealed_bytes(world: &World, object: &SealedObject, part: usize) -> Vec<u8> {
    let layout = Parameters::new(object.segment_size).unwrap().layout();
    let length = layout.sealed_len(object.parts[part].size).unwrap();
    let mut bytes = Vec::new();
    world.store.open(blob(object, part)).unwrap().read_at(0, usize::try_from(length).unwrap(), &mut bytes).unwrap();
    bytes
}

fn replace(world: &World, object: &SealedObject, part: usize, bytes: &[u8]) {
    let name = blob(object, part);
    world.store.delete(name).unwrap();
    world.store.create(name).unwrap().append(bytes).unwrap();
}

const SEGMENT: usize = DEFAULT_SEGMENT_SIZE as usize;
/// Plaintext bytes in the first segment and in each further one.
const FIRST: usize = SEGMENT - 56;
const FURTHER: usize = SEGMENT - 16;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any window of any object, in the store or inline, in one part or several, reads as the plaintext has it; cold and warm.
    #[test]
    fn every_window_reads_true(
        seed: u64,
        sizes in prop::collection::vec(prop_oneof![Just(0), Just(FIRST), Just(FIRST + FURTHER), 0..3 * SEGMENT], 1..4),
        inline: bool,
        ends: (prop::sample::Index, prop::sample::Index),
    ) {
        let world = World::new(seed);
        let data: Vec<Vec<u8>> = sizes.iter().map(|size| world.data(*size)).collect();
        let parts: Vec<(u32, &[u8])> = (2..).step_by(3).zip(data.iter().map(Vec::as_slice)).collect();
        let rest = if inline { Rest::Inline } else { Rest::InStore };
        let object = world.put_as(world.identity(), &parts, rest);
        let plain = data.concat();
        let (one, two) = (ends.0.index(plain.len() + 1), ends.1.index(plain.len() + 1));
        let (from, to) = (one.min(two), one.max(two));
        for _ in 0..2 {
            prop_assert_eq!(read(&world, &object, from as u64, to as u64).unwrap(), &plain[from..to]);
        }
        prop_assert_eq!(whole(&world, &object).unwrap(), plain);
    }

    /// A changed byte of ciphertext is never given out: whatever comes before it is true, and then comes an error.
    #[test]
    fn changed_ciphertext_is_never_plaintext(seed: u64, size in 1..3 * SEGMENT, at: prop::sample::Index, bit in 0u8..8, inline: bool) {
        let world = World::new(seed);
        let plain = world.data(size);
        let rest = if inline { Rest::Inline } else { Rest::InStore };
        let mut object = world.put_as(world.identity(), &[(1, &plain)], rest);
        let change = |bytes: &mut Vec<u8>| {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        };
        match &mut object.parts[0].body {
            Body::Inline(bytes) => {
                let mut changed = bytes.to_vec();
                change(&mut changed);
                *bytes = changed.into();
            }
            Body::Blob(_) => {
                let mut changed = sealed_bytes(&world, &object, 0);
                change(&mut changed);
                replace(&world, &object, 0, &changed);
            }
        }
        let mut reader = Reader::new(&world.ring, &world.blobs, Arc::new(object), window(0, size as u64)).unwrap();
        let mut given = Vec::new();
        let failure = reader.find_map(|piece| match piece {
            Ok(piece) => piece.expose(|bytes| { given.extend_from_slice(bytes); None }),
            Err(error) => Some(error),
        });
        prop_assert_eq!(failure.map(|error| error.kind()), Some(Kind::Corrupt));
        prop_assert!(plain.starts_with(&given));
        prop_assert!(reader.next().is_none());
        prop_assert_eq!(reader.remaining(), (plain.len() - given.len()) as u64);
    }
}

#[test]
fn an_empty_object_is_no_bytes() {
    let world = World::new(71);
    for rest in [Rest::Inline, Rest::InStore] {
        let object = world.put_as(world.identity(), &[(1, b"")], rest);
        assert_eq!(whole(&world, &object).unwrap(), b"");
    }
}

#[test]
fn a_window_beyond_the_end_is_refused() {
    let world = World::new(72);
    let object = world.put(&[(1, b"plaintext")]);
    for (from, to) in [(0, 10), (10, 10), (5, 4), (0, u64::MAX)] {
        assert_eq!(kind(read(&world, &object, from, to)), Kind::Bug);
    }
    assert_eq!(read(&world, &object, 9, 9).unwrap(), b"");
}

type Change = Box<dyn Fn(&mut SealedObject)>;

/// Every word of the record but ordinal and place is held by the key: changing any makes the version unreadable.
#[test]
fn a_changed_record_does_not_open() {
    let world = World::new(73);
    let object = world.put(&[(1, b"one"), (2, b"three")]);
    assert_eq!(whole(&world, &object).unwrap(), b"onethree");
    let other = world.put(&[(1, b"one"), (2, b"three")]);
    let changes: Vec<(&str, Change)> = vec![
        ("dataset", Box::new(|o| o.dataset = DatasetId::from_bytes([1; 16]))),
        ("object", Box::new(|o| o.object = ObjectId::from_bytes([1; 16]))),
        ("version", Box::new(|o| o.version = VersionId::from_bytes([1; 16]))),
        ("size", Box::new(|o| o.size = 7)),
        ("segment size", Box::new(|o| o.segment_size = 4096)),
        ("part dropped", Box::new(|o| drop(o.parts.pop()))),
        ("part renumbered", Box::new(|o| o.parts[1].number = 3)),
        ("sizes moved", Box::new(|o| (o.parts[0].size, o.parts[1].size) = (5, 3))),
        ("parts reordered", Box::new(|o| o.parts.reverse())),
        ("key of another version", Box::new(move |o| o.key = other.key.clone())),
        ("key cut", Box::new(|o| o.key.bytes.truncate(59))),
        ("key flipped", Box::new(|o| o.key.bytes[20] ^= 1)),
    ];
    for (name, change) in changes {
        let mut changed = object.clone();
        change(&mut changed);
        let end = changed.size;
        assert_eq!(kind(read(&world, &changed, 0, end)), Kind::Corrupt, "{name}");
    }
    let elsewhere = SealedObject { ordinal: 77, ..object.clone() };
    assert_eq!(whole(&world, &elsewhere).unwrap(), b"onethree");
    let unknown_epoch = WrappedKey { under: KeyId::from_bytes([1; 16]), ..object.key.clone() };
    assert_eq!(kind(whole(&world, &SealedObject { key: unknown_epoch, ..object })), Kind::Missing);
}

#[test]
fn bodies_cannot_be_swapped_between_parts_or_versions() {
    let world = World::new(74);
    let object = world.put(&[(1, b"first"), (2, b"other")]);
    let another = world.put(&[(1, b"third"), (2, b"fourt")]);
    let mut swapped = object.clone();
    (swapped.parts[0].body, swapped.parts[1].body) = (object.parts[1].body.clone(), object.parts[0].body.clone());
    assert_eq!(kind(whole(&world, &swapped)), Kind::Corrupt);
    let mut foreign = object.clone();
    foreign.parts[0].body = another.parts[0].body.clone();
    assert_eq!(kind(whole(&world, &foreign)), Kind::Corrupt);
    assert_eq!(whole(&world, &object).unwrap(), b"firstother");
}

#[test]
fn another_engagement_opens_nothing() {
    let world = World::new(75);
    let object = world.put(&[(1, b"plaintext")]);
    let other: EngagementId = world.another_engagement();
    let claimed = SealedObject { engagement: other, ..object.clone() };
    assert_eq!(kind(whole(&world, &claimed)), Kind::Corrupt);
    // Even with an epoch key of its own named in place of the right one.
    let under = world.ring.epoch_for(other, object.dataset, crate::testing::DAY).unwrap();
    let rekeyed = SealedObject { key: WrappedKey { under, ..object.key }, ..claimed };
    assert_eq!(kind(whole(&world, &rekeyed)), Kind::Corrupt);
}

/// A blob cut anywhere, also exactly at a segment's edge, is noticed by a read of what is missing, and by no other: what is
/// still there verifies at the place that the record gives it.
#[test]
fn a_cut_blob_is_noticed_where_it_is_cut() {
    let world = World::new(76);
    let plain = world.data(FIRST + 2 * FURTHER);
    for cut in [SEGMENT, 2 * SEGMENT, 2 * SEGMENT + 1, 3 * SEGMENT - 1] {
        let object = world.put(&[(1, &plain)]);
        let bytes = sealed_bytes(&world, &object, 0);
        assert_eq!(bytes.len(), 3 * SEGMENT);
        replace(&world, &object, 0, &bytes[..cut]);
        assert_eq!(kind(whole(&world, &object)), Kind::Corrupt);
        let last_byte = object.size - 1;
        assert_eq!(kind(read(&world, &object, last_byte, object.size)), Kind::Corrupt);
        assert_eq!(read(&world, &object, 0, 10).unwrap(), &plain[..10]);
    }
}

#[test]
fn a_blob_that_is_gone_or_grown() {
    let world = World::new(77);
    let object = world.put(&[(1, b"plaintext")]);
    let mut grown = sealed_bytes(&world, &object, 0);
    grown.extend_from_slice(b"more");
    replace(&world, &object, 0, &grown);
    assert_eq!(whole(&world, &object).unwrap(), b"plaintext");
    world.store.delete(blob(&object, 0)).unwrap();
    assert_eq!(kind(whole(&world, &object)), Kind::Corrupt);
    let mut inline = world.put_as(world.identity(), &[(1, b"plaintext")], Rest::Inline);
    let Body::Inline(bytes) = &inline.parts[0].body else { panic!("in store") };
    inline.parts[0].body = Body::Inline(bytes.slice(..bytes.len() - 1));
    assert_eq!(kind(whole(&world, &inline)), Kind::Corrupt);
}

#[test]
fn destroyed_keys_stop_a_read_under_way() {
    let world = World::new(78);
    let plain = world.data(3 * SEGMENT);
    let object = Arc::new(world.put(&[(1, &plain)]));
    let mut reader = Reader::new(&world.ring, &world.blobs, Arc::clone(&object), window(0, object.size)).unwrap();
    assert!(reader.next().unwrap().is_ok());
    assert_eq!(world.ring.streams().len(), 1);
    world.ring.destroy_engagement_data(world.engagement).unwrap();
    assert_eq!(world.ring.streams().len(), 0);
    assert_eq!(reader.next().unwrap().err().unwrap().kind(), Kind::Missing);
    assert!(reader.next().is_none());
    assert_eq!(kind(whole(&world, &object)), Kind::Missing);
}

/// A stream key is kept only once it has opened something: a store that answers wrongly once cannot spoil later reads.
#[test]
fn a_false_header_is_not_remembered() {
    let world = World::new(79);
    let object = world.put(&[(1, b"plaintext")]);
    let good = sealed_bytes(&world, &object, 0);
    let mut bad = good.clone();
    bad[5] ^= 1;
    replace(&world, &object, 0, &bad);
    assert_eq!(kind(whole(&world, &object)), Kind::Corrupt);
    assert_eq!(world.ring.streams().len(), 0);
    replace(&world, &object, 0, &good);
    assert_eq!(whole(&world, &object).unwrap(), b"plaintext");
}

#[test]
fn pieces_are_at_most_a_segment() {
    let world = World::new(80);
    let plain = world.data(2 * SEGMENT);
    let object = world.put(&[(1, &plain)]);
    let reader = Reader::new(&world.ring, &world.blobs, Arc::new(object), window(1, 2 * SEGMENT as u64)).unwrap();
    let lengths: Vec<usize> = reader.map(|piece| piece.unwrap().len()).collect();
    assert_eq!(lengths, [FIRST - 1, FURTHER, 2 * SEGMENT - FIRST - FURTHER]);
}
