//! Whatever is written into a dataset: the scanner survives it, and how it is chunked makes no difference.

#![no_main]

use std::sync::Arc;

use base::word::DataType;
use libfuzzer_sys::fuzz_target;
use scan::{Digester, Finding, Hint, Options, Report, Scanner, Sink};

struct Stand;

impl Digester for Stand {
    fn digest(&self, _data_type: DataType, canonical: &[u8]) -> [u8; 16] {
        let mut digest = [0; 16];
        for (place, byte) in canonical.iter().enumerate() {
            digest[place % 16] ^= byte.wrapping_add(place as u8);
        }
        digest
    }
}

struct Kept(Vec<Finding>);

impl Sink for Kept {
    fn take(&mut self, finding: Finding) {
        self.0.push(finding);
    }
}

fn scanned(bytes: &[u8], chunk: usize) -> (Report, Vec<Finding>) {
    let mut kept = Kept(Vec::new());
    let hint = Hint { content_type: None, name: "" };
    let mut scan = Scanner::new(Options::default()).begin(&hint, Arc::new(Stand));
    for piece in bytes.chunks(chunk) {
        scan.push(piece, &mut kept);
    }
    (scan.finish(&mut kept), kept.0)
}

fuzz_target!(|input: (u8, &[u8])| {
    let (chunk, bytes) = input;
    let whole = scanned(bytes, bytes.len().max(1));
    assert!(whole.1.iter().all(|finding| finding.from < finding.to && finding.to <= bytes.len() as u64));
    assert_eq!(scanned(bytes, usize::from(chunk).max(1)), whole);
});
