//! Properties of single streams.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use base::Secret;
use proptest::prelude::*;
use seal::{Parameters, SegmentOpener, StreamSealer};
use testkit::SeededEntropy;

fn key(byte: u8) -> Secret<32> {
    Secret::take(&mut [byte; 32])
}

fn parameters() -> Parameters {
    Parameters::new(64).unwrap()
}

fn seal(plain: &[u8], cuts: &[usize], seed: u64) -> Vec<u8> {
    let mut stream = StreamSealer::new(&parameters(), &key(1), b"aad", &SeededEntropy::new(seed)).unwrap();
    let (mut out, mut rest) = (Vec::new(), plain);
    for cut in cuts {
        let (now, later) = rest.split_at((*cut).min(rest.len()));
        stream.push(now, &mut out).unwrap();
        rest = later;
    }
    stream.push(rest, &mut out).unwrap();
    assert_eq!(stream.taken(), plain.len() as u64);
    assert_eq!(stream.finish(&mut out).unwrap(), plain.len() as u64);
    out
}

/// Opens a whole stream that is believed to hold `size` bytes; `None` as soon as anything does not verify.
fn open(sealed: &[u8], size: u64, main: &Secret<32>, associated: &[u8]) -> Option<Vec<u8>> {
    let layout = parameters().layout();
    let header = sealed.get(..usize::try_from(layout.header()).unwrap())?;
    let opener = SegmentOpener::derive(&parameters(), main, associated, header).ok()?;
    let mut plain = Vec::new();
    for index in 0..layout.segments(size)? {
        let segment = layout.segment(size, index)?;
        let bounds = usize::try_from(segment.sealed.start).ok()?..usize::try_from(segment.sealed.end).ok()?;
        plain.extend(opener.open(&segment, sealed.get(bounds)?).ok()?);
    }
    Some(plain)
}

proptest! {
    /// However plaintext is cut into pieces, the sealed stream is the same and opens to the same.
    #[test]
    fn pieces_do_not_matter(
        plain in prop::collection::vec(any::<u8>(), 0..500),
        cuts in prop::collection::vec(0usize..80, 0..20),
        seed: u64,
    ) {
        let sealed = seal(&plain, &cuts, seed);
        prop_assert_eq!(&sealed, &seal(&plain, &[], seed));
        prop_assert_eq!(parameters().layout().sealed_len(plain.len() as u64), Some(sealed.len() as u64));
        let opened = open(&sealed, plain.len() as u64, &key(1), b"aad");
        prop_assert_eq!(opened, Some(plain));
    }

    /// A stream with any bit changed does not open.
    #[test]
    fn no_bit_can_change(plain in prop::collection::vec(any::<u8>(), 0..300), at: prop::sample::Index, bit in 0u8..8) {
        let mut sealed = seal(&plain, &[], 7);
        let at = at.index(sealed.len());
        sealed[at] ^= 1 << bit;
        prop_assert_eq!(open(&sealed, plain.len() as u64, &key(1), b"aad"), None);
    }

    /// A stream that is believed to have any other size than it has does not open: a cut at a segment's edge is noticed.
    #[test]
    fn no_other_size_is_believed(plain in prop::collection::vec(any::<u8>(), 0..300), size in 0u64..300) {
        prop_assume!(size != plain.len() as u64);
        prop_assert_eq!(open(&seal(&plain, &[], 7), size, &key(1), b"aad"), None);
    }

    /// Two segments of a stream cannot change places.
    #[test]
    fn segments_cannot_be_swapped(plain in prop::collection::vec(any::<u8>(), 120..300)) {
        let mut sealed = seal(&plain, &[], 7);
        let (first, second) = sealed[64..].split_at_mut(64);
        prop_assume!(second.len() >= 64);
        first.swap_with_slice(&mut second[..64]);
        prop_assert_eq!(open(&sealed, plain.len() as u64, &key(1), b"aad"), None);
    }
}

#[test]
fn a_stream_opens_under_its_own_key_and_associated_data_alone() {
    let sealed = seal(b"plaintext", &[], 7);
    assert_eq!(open(&sealed, 9, &key(1), b"aad").as_deref(), Some(b"plaintext".as_slice()));
    assert_eq!(open(&sealed, 9, &key(2), b"aad"), None);
    assert_eq!(open(&sealed, 9, &key(1), b"aae"), None);
}

#[test]
fn two_streams_of_the_same_bytes_share_nothing() {
    let (one, two) = (seal(&[0; 100], &[], 1), seal(&[0; 100], &[], 2));
    assert_eq!(one.len(), two.len());
    assert_ne!(one[1..40], two[1..40]);
    assert_ne!(one[40..64], two[40..64]);
}
