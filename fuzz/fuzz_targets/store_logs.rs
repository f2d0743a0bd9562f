//! Logs of the backing store: whoever reads the store writes part of them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use reconcile::{Logs, Ours, match_rows};

fuzz_target!(|bytes: &[u8]| {
    let mut logs = Logs::default();
    if logs.read("log", bytes).is_ok() {
        let found = match_rows(&logs.rows, &[], &Ours::default());
        let counted = found.refused.saturating_add(found.bypass.len() as u64);
        assert_eq!(counted, logs.rows.len() as u64, "a row went missing");
    } else {
        assert!(logs.rows.is_empty() && logs.files.is_empty(), "half a file was taken");
    }
});
