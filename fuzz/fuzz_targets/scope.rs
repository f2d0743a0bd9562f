//! Rows of the touch index and packs of facts: whatever lies in the catalog, reading it is an answer or a refusal, and what
//! reads is written as the same bytes again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use scope::{Pack, Touches};

fuzz_target!(|bytes: &[u8]| {
    if let Some(touches) = Touches::decode(bytes) {
        let again = touches.encode();
        assert_eq!(Touches::decode(&again), Some(touches));
    }
    // The first two bytes say where the pieces end.
    let [first, second, rest @ ..] = bytes else { return };
    let (directory, rest) = rest.split_at(usize::from(*first).min(rest.len()));
    let (unions, lists) = rest.split_at(usize::from(*second).min(rest.len()));
    if let Some(directory) = Pack::directory(directory, 0) {
        let _ = directory.unions(unions);
        if let Some(lists) = directory.lists(lists) {
            for member in &directory.members {
                let _ = lists.facts(member);
            }
        }
    }
});
