//! A masked sample of a secret: enough to recognise one's own, too little to use it.

/// A value shorter than this has no sample: what would be shown is too much of it.
const SHORTEST_BYTES: usize = 20;

/// How much is shown of its beginning, which is mostly the prefix that its provider gives to all.
const SHOWN_FIRST: usize = 4;

/// How much is shown of its end.
const SHOWN_LAST: usize = 2;

/// A sample of `value` for a report that holds the bytes: `ghp_…3f`. The sample is never stored.
///
/// Characters that do not print are shown as `?`; of a short value, and of one of several lines, nothing is shown.
#[must_use]
pub fn masked(value: &[u8]) -> String {
    let shown = |byte: &u8| if byte.is_ascii_graphic() { char::from(*byte) } else { '?' };
    let one_line = !value.iter().any(|byte| matches!(byte, b'\n' | b'\r'));
    match (value.first_chunk::<SHOWN_FIRST>(), value.last_chunk::<SHOWN_LAST>()) {
        (Some(first), Some(last)) if value.len() >= SHORTEST_BYTES && one_line => {
            first.iter().map(shown).chain("****…**".chars()).chain(last.iter().map(shown)).collect()
        }
        _ => "****".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_characters_are_shown_at_most() {
        assert_eq!(masked(b"tok_0123456789abcdef3f"), "tok_****…**3f");
        assert_eq!(masked(b"hunter22"), "****");
        assert_eq!(masked(b""), "****");
        assert_eq!(masked("passwort-mit-ä-und-ö-ü".as_bytes()), "pass****…**??");
        assert_eq!(masked(b"-----BEGIN\nabcdefghijklmnop\n"), "****");
    }
}
