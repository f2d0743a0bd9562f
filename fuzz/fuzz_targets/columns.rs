//! Parquet, Arrow, Avro, pickles, arrays, headers of models and images, whichever the first bytes say: whatever is
//! written there, the unpacker survives it and points inside the object.

#![no_main]

use std::sync::{Arc, LazyLock};

use base::word::DataType;
use libfuzzer_sys::fuzz_target;
use scan::{Digester, Finding, Hint, Options, Scanner};
use unpack::{Limits, Place, Sink, Unpacker};

struct Stand;

impl Digester for Stand {
    fn digest(&self, _data_type: DataType, _canonical: &[u8]) -> [u8; 16] {
        [0; 16]
    }
}

struct Inside(u64);

impl Sink for Inside {
    fn take(&mut self, place: &Place<'_>, _finding: Finding) {
        assert!(place.outer.start < place.outer.end && place.outer.end <= self.0, "{place:?}");
    }
}

// One type is enough, and little may be unpacked: what is tested is reading, not what is found.
static UNPACKER: LazyLock<Unpacker> = LazyLock::new(|| {
    let options = Options { types: vec![DataType::Email], ..Options::without_names() };
    let limits = Limits { always_bytes: 4 << 20, ratio: 100, ..Limits::default() };
    Unpacker::new(Scanner::new(options), Arc::new(Stand)).with_limits(limits)
});

fuzz_target!(|bytes: &[u8]| {
    // The name makes pickles of what has no mark.
    let hint = Hint { content_type: None, name: "a.pkl" };
    let report = UNPACKER.examine(&bytes.to_vec(), &hint, &mut Inside(bytes.len() as u64));
    assert!(report.is_ok());
});
