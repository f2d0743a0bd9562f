//! What the integration tests share: a scan of bytes in memory, with everything it says.

#![allow(dead_code, reason = "each test program uses its share")]

use std::sync::Arc;

use base::word::DataType;
use scan::{Blocks, Digester, Facts, Finding, Folder, Hint, Options, Report, Scanner, Sink};

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

/// Everything a scan says.
#[derive(Debug, PartialEq)]
pub(crate) struct Scanned {
    pub(crate) report: Report,
    pub(crate) findings: Vec<Finding>,
    pub(crate) facts: Facts,
}

struct Both {
    findings: Vec<Finding>,
    folder: Folder,
}

impl Sink for Both {
    fn take(&mut self, finding: Finding) {
        self.findings.push(finding.clone());
        self.folder.take(finding);
    }
}

/// Scans `bytes` in chunks of `chunk` bytes.
pub(crate) fn scan_with(options: Options, name: &str, bytes: &[u8], chunk: usize) -> Scanned {
    let mut both = Both { findings: Vec::new(), folder: Folder::new(Blocks { first: 65_480, rest: 65_520 }) };
    let mut scan = Scanner::new(options).begin(&Hint { content_type: None, name }, Arc::new(Stand));
    for chunk in bytes.chunks(chunk.max(1)) {
        scan.push(chunk, &mut both);
    }
    let report = scan.finish(&mut both);
    Scanned { report, findings: both.findings, facts: both.folder.finish() }
}

pub(crate) fn scan_named(name: &str, bytes: &[u8]) -> Scanned {
    scan_with(Options::default(), name, bytes, 64 << 10)
}

pub(crate) fn scan(bytes: &[u8]) -> Scanned {
    scan_named("", bytes)
}
