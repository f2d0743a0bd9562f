//! Sealed streams are Tink's, byte for byte, and open again. See `vectors/README.md` for where the vectors come from.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::arithmetic_side_effects)]

use std::collections::VecDeque;
use std::sync::Mutex;

use aws_lc_rs::digest::{SHA256, digest};
use base::{Entropy, Secret};
use data_encoding::HEXLOWER;
use seal::{DerivedKey, Hash, Parameters, SegmentOpener, StreamSealer};

const ASSOCIATED: &[u8] = b"cofferdam/v1\0eng-1\0bucket\0key";

/// Gives out what it was given, once.
struct Scripted(Mutex<VecDeque<u8>>);

impl Entropy for Scripted {
    fn fill(&self, bytes: &mut [u8]) {
        let mut script = self.0.lock().unwrap();
        bytes.fill_with(|| script.pop_front().unwrap());
    }
}

/// Salt 40, 41, .. and nonce prefix 70, 71, .. 76.
fn entropy(salt: u8) -> Scripted {
    Scripted(Mutex::new((0x40..0x40 + salt).chain(0x70..0x77).collect()))
}

fn main_key() -> Secret<32> {
    Secret::take(&mut std::array::from_fn(|i| u8::try_from(i).unwrap()))
}

fn plaintext(length: usize) -> Vec<u8> {
    (0..length).map(|i| u8::try_from((i * 7 + 3) & 255).unwrap()).collect()
}

/// Seals in pieces of `piece` bytes.
fn seal(parameters: &Parameters, salt: u8, plain: &[u8], piece: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut stream = StreamSealer::new(parameters, &main_key(), ASSOCIATED, &entropy(salt)).unwrap();
    for piece in plain.chunks(piece) {
        stream.push(piece, &mut out).unwrap();
    }
    assert_eq!(stream.finish(&mut out).unwrap(), plain.len() as u64);
    out
}

fn open(parameters: &Parameters, sealed: &[u8]) -> Vec<u8> {
    let layout = parameters.layout();
    let size = layout.plain_len(sealed.len() as u64).unwrap();
    let header = &sealed[..usize::try_from(layout.header()).unwrap()];
    let opener = SegmentOpener::derive(parameters, &main_key(), ASSOCIATED, header).unwrap();
    let mut plain = Vec::new();
    for index in 0..layout.segments(size).unwrap() {
        let segment = layout.segment(size, index).unwrap();
        let bounds = usize::try_from(segment.sealed.start).unwrap()..usize::try_from(segment.sealed.end).unwrap();
        let opened = opener.open(&segment, &sealed[bounds.clone()]).unwrap();
        let mut in_place = [b"lead", &sealed[bounds]].concat();
        opener.open_in_place(&segment, &mut in_place, 4).unwrap();
        assert_eq!(opened, in_place);
        plain.extend(opened);
    }
    plain
}

/// The line of `vectors/tink.csv` that begins with `name`.
fn check(name: &str) {
    let line = include_str!("vectors/tink.csv").lines().find(|line| line.starts_with(&format!("{name},"))).unwrap();
    let fields: Vec<&str> = line.split(',').collect();
    let [_, segment_size, derived, hash, length, sealed_length, expected] = fields[..] else { panic!("{line}") };
    let (derived, salt) = if derived == "16" { (DerivedKey::Bytes16, 16) } else { (DerivedKey::Bytes32, 32) };
    let hash = match hash {
        "SHA1" => Hash::Sha1,
        "SHA256" => Hash::Sha256,
        _ => Hash::Sha512,
    };
    let parameters = Parameters::tink(segment_size.parse().unwrap(), derived, hash).unwrap();
    let plain = plaintext(length.parse().unwrap());
    // Whole, and in pieces that fall on and between the edges of segments.
    for piece in [plain.len().max(1), 200, 97] {
        let sealed = seal(&parameters, salt, &plain, piece);
        assert_eq!(sealed.len().to_string(), sealed_length, "{name} in pieces of {piece}");
        assert_eq!(HEXLOWER.encode(digest(&SHA256, &sealed).as_ref()), expected, "{name} in pieces of {piece}");
        assert_eq!(open(&parameters, &sealed), plain, "{name}");
    }
}

macro_rules! vectors {
    ($($name:ident)*) => {
        $(#[test] fn $name() { check(stringify!($name)); })*

        #[test]
        fn every_vector_has_its_test() {
            let names: Vec<&str> = include_str!("vectors/tink.csv").lines().skip(1).map(|l| l.split(',').next().unwrap()).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
        }
    };
}

vectors! {
    tink_256_empty
    tink_256_short
    tink_256_one_short_of_a_segment
    tink_256_one_segment
    tink_256_one_more_than_a_segment
    tink_256_two_segments
    tink_256_one_more_than_two_segments
    tink_4096
    tink_1048576
    tink_aes_128_sha1
    tink_aes_256_sha512
}

/// The whole of `tink_256_short`.
#[test]
fn tink_256_short_in_full() {
    let sealed = seal(&Parameters::new(256).unwrap(), 32, &plaintext(5), 5);
    let expected = "28404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f\
                    70717273747576dbe0a6ea7068b333db4e22a878b628524937ff65f2";
    assert_eq!(HEXLOWER.encode(&sealed), expected);
}
