//! What the integration tests share: an examination of bytes in memory, with everything it says.

#![allow(dead_code, reason = "each test program uses its share")]

use std::path::Path;
use std::sync::Arc;

use base::word::DataType;
use scan::{Digester, Finding, Hint, Scanner};
use unpack::{Entry, Limits, Place, Report, Sink, Unpacker};

/// Equal values have equal digests, and that is all the tests need. Not keyed, unlike the real one.
pub(crate) struct Stand;

impl Digester for Stand {
    fn digest(&self, data_type: DataType, canonical: &[u8]) -> [u8; 16] {
        let hash = |seed: u64| {
            canonical
                .iter()
                .fold(seed, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3).rotate_left(29))
        };
        let (low, high) = (hash(data_type as u64), hash(0xcbf2_9ce4_8422_2325));
        (u128::from(high) << 64 | u128::from(low)).to_le_bytes()
    }
}

/// A finding where it was found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) path: String,
    pub(crate) outer: std::ops::Range<u64>,
    pub(crate) spot: String,
    pub(crate) finding: Finding,
}

/// Takes everything.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) found: Vec<Found>,
    pub(crate) entries: Vec<Entry>,
}

impl Sink for Kept {
    fn take(&mut self, place: &Place<'_>, finding: Finding) {
        let spot = format!("{:?}", place.spot);
        self.found.push(Found { path: place.path.to_owned(), outer: place.outer.clone(), spot, finding });
    }

    fn read(&mut self, entry: &Entry) {
        self.entries.push(entry.clone());
    }
}

impl Kept {
    /// What was found below `path`: types and identities, in order.
    pub(crate) fn identities(&self, path: &str) -> Vec<(DataType, [u8; 16])> {
        let below = self.found.iter().filter(|found| found.path.contains(path));
        below.map(|found| (found.finding.data_type, found.finding.identity)).collect()
    }

    /// The entry whose path ends in `path`.
    pub(crate) fn entry(&self, path: &str) -> &Entry {
        self.entries.iter().find(|entry| entry.path.ends_with(path)).unwrap_or_else(|| panic!("no {path}"))
    }
}

pub(crate) fn examine_within(limits: Limits, name: &str, bytes: &[u8]) -> (Report, Kept) {
    let mut kept = Kept::default();
    let unpacker = Unpacker::new(Scanner::default(), Arc::new(Stand)).with_limits(limits);
    let hint = Hint { content_type: None, name };
    let report = unpacker.examine(&bytes.to_vec(), &hint, &mut kept).unwrap();
    assert_eq!(report.findings, kept.found.len() as u64);
    assert_eq!(report.entries, kept.entries.len() as u64);
    for found in &kept.found {
        assert!(found.outer.start < found.outer.end && found.outer.end <= bytes.len() as u64, "{found:?}");
    }
    (report, kept)
}

pub(crate) fn examine(name: &str, bytes: &[u8]) -> (Report, Kept) {
    examine_within(Limits::default(), name, bytes)
}

/// A test vector; `make.py` beside them says where they come from.
pub(crate) fn vector(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name)).unwrap()
}
