//! The formats that strangers hand in: what reads, and is written again, reads as the same.

#![no_main]

use attest::checkpoint::Checkpoint;
use attest::entry::{Link, Outline};
use attest::heads::HeadsEntry;
use attest::note::{Note, Verifier};
use attest::payload::SealedPayload;
use attest::proof::Proof;
use attest::trust::Policy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = Outline::read(bytes);
    let _ = HeadsEntry::read(bytes);
    let _ = attest::tile::entries(bytes);
    if let Ok(link) = Link::decode(bytes) {
        assert_eq!(link.encode(), bytes);
    }
    if let Ok(payload) = SealedPayload::decode(bytes) {
        let written = payload.encode().unwrap();
        assert_eq!(SealedPayload::decode(&written).unwrap().encode().unwrap(), written);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = text.parse::<Policy>();
    if let Ok(note) = Note::parse(text) {
        assert_eq!(note.to_string(), text);
    }
    if let Ok(checkpoint) = text.parse::<Checkpoint>() {
        assert_eq!(checkpoint.to_string().parse::<Checkpoint>().unwrap(), checkpoint);
    }
    if let Ok(proof) = text.parse::<Proof>() {
        assert_eq!(proof.to_string().parse::<Proof>().unwrap(), proof);
    }
    if let Ok(key) = text.parse::<Verifier>() {
        assert!(key.to_string().parse::<Verifier>().unwrap() == key);
    }
});
