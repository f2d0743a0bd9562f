//! Parsers that meet outside bytes: damaged and made-up input is refused or read, and what is read is written back the same.
#![expect(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests")]

use std::fmt::Display;
use std::str::FromStr;

use attest::checkpoint::Checkpoint;
use attest::note::{Line, Note, Verifier};
use attest::pack::{Since, Trust, verify};
use attest::payload::SealedPayload;
use attest::proof::Proof;
use attest::trust::Policy;
use attest::{entry, heads, person, tile};
use proptest::prelude::*;

const PROOF: &str = include_str!("vectors/p299.tlog-proof");
const PACK: &[u8] = include_bytes!("vectors/pack1.tar");

/// Whether it reads, and is written back otherwise.
fn reads_differently<T: FromStr + Display>(text: &str) -> bool {
    text.parse::<T>().is_ok_and(|value| value.to_string() != text)
}

fn try_all(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    assert!(!reads_differently::<Checkpoint>(&text), "{text}");
    assert!(!reads_differently::<Verifier>(&text), "{text}");
    assert!(!reads_differently::<Proof>(&text), "{text}");
    assert!(!reads_differently::<Since>(&text), "{text}");
    assert!(!reads_differently::<Line>(&text), "{text}");
    assert!(Note::parse(&text).is_ok_and(|note| note.to_string() == text) || Note::parse(&text).is_err());
    // A policy has comments and free spacing, so only its meaning reads back.
    if let Ok(policy) = text.parse::<Policy>() {
        assert_eq!(policy.to_string().parse::<Policy>().unwrap(), policy);
    }
    if let Ok(payload) = SealedPayload::decode(bytes) {
        assert!(SealedPayload::decode(&payload.encode().unwrap()).unwrap() == payload);
    }
    let _ = entry::Outline::read(bytes);
    let _ = heads::HeadsEntry::read(bytes);
    let _ = tile::entries(bytes);
    let _ = person::read(&text, &text, &text).map(|claim| claim.stamp().created);
    assert!(verify(bytes, &Trust::PackItself, None).is_err() || bytes == PACK);
}

/// A sample with some bytes overwritten and its end cut off.
fn damaged(sample: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    (changes, any::<prop::sample::Index>()).prop_map(move |(changes, end)| {
        let mut bytes = sample.to_vec();
        for (at, byte) in changes {
            if let Some(place) = bytes.get_mut(at.index(sample.len())) {
                *place = byte;
            }
        }
        // Half of them whole.
        let end = end.index(sample.len() * 2);
        bytes.truncate(end.max(1));
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn noise_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..2048)) {
        try_all(&bytes);
    }

    #[test]
    fn damaged_proofs_are_refused_or_read_as_they_stand(bytes in damaged(PROOF.as_bytes())) {
        try_all(&bytes);
    }

    #[test]
    fn damaged_packs_are_refused(bytes in damaged(PACK)) {
        try_all(&bytes);
    }
}
