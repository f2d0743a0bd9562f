//! A pack from a stranger is judged, whatever its bytes: the verifier neither crashes nor runs away.

#![no_main]

use attest::pack::{Trust, verify};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = verify(bytes, &Trust::PackItself, None);
});
