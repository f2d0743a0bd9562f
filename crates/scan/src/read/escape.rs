//! Undoes the escapes of JSON strings.

use memchr::memchr;

use super::Decoded;

/// The longest escape is a surrogate pair, `\ud83d\ude00`.
const LONGEST_ESCAPE_BYTES: usize = 12;

/// Undoes the escapes of `raw`. When the text is not `whole`, an escape that may go on behind it is left out.
///
/// SPEC: RFC 8259 §7. What is no valid escape stands for the character behind the backslash; half a surrogate pair
/// stands for U+FFFD.
pub(super) fn unescape(raw: &[u8], whole: bool, decoded: &mut Decoded) {
    let mut at = 0;
    while let Some(rest) = raw.get(at..).filter(|rest| !rest.is_empty()) {
        let plain = memchr(b'\\', rest).unwrap_or(rest.len());
        let (before, escape) = rest.split_at(plain);
        decoded.plain(before);
        let from = at.saturating_add(plain);
        if escape.is_empty() || (!whole && escape.len() < LONGEST_ESCAPE_BYTES) {
            return;
        }
        let (character, len) = read_escape(escape);
        at = from.saturating_add(len);
        decoded.escape(character.encode_utf8(&mut [0; 4]).as_bytes(), from..at);
    }
}

/// The character that the escape at the beginning of `escape` stands for, and the escape's length.
fn read_escape(escape: &[u8]) -> (char, usize) {
    match escape {
        [_, b'n', ..] => ('\n', 2),
        [_, b't', ..] => ('\t', 2),
        [_, b'r', ..] => ('\r', 2),
        [_, b'b', ..] => ('\u{8}', 2),
        [_, b'f', ..] => ('\u{c}', 2),
        [_, b'u', digits @ ..] => match hex(digits) {
            Some(high @ 0xD800..=0xDBFF) => match digits.get(4..) {
                Some([b'\\', b'u', low @ ..]) if matches!(hex(low), Some(0xDC00..=0xDFFF)) => {
                    let units =
                        [high, hex(low).unwrap_or_default()].map(|unit| u16::try_from(unit).unwrap_or_default());
                    (char::decode_utf16(units).next().and_then(Result::ok).unwrap_or(char::REPLACEMENT_CHARACTER), 12)
                }
                _ => (char::REPLACEMENT_CHARACTER, 6),
            },
            Some(code) => (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 6),
            None => ('u', 2),
        },
        [_, byte, ..] if byte.is_ascii() => (char::from(*byte), 2),
        // A backslash before the first byte of a longer character, or at the very end.
        _ => ('\\', 1),
    }
}

/// Four hexadecimal digits.
fn hex(digits: &[u8]) -> Option<u32> {
    digits.get(..4)?.iter().try_fold(0_u32, |sum, digit| Some(sum.wrapping_shl(4) | char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unescaped(raw: &str, whole: bool) -> String {
        let mut decoded = Decoded::default();
        decoded.restart(0, raw.len());
        unescape(raw.as_bytes(), whole, &mut decoded);
        String::from_utf8(decoded.text.to_vec()).unwrap()
    }

    #[test]
    fn escapes_are_undone() {
        for (raw, text) in [
            (r"a\u0040b", "a@b"),
            (r#"\"\\\/\n\t"#, "\"\\/\n\t"),
            (r"\ud83d\ude00!", "\u{1f600}!"),
            (r"\ud83d!", "\u{fffd}!"),
            (r"\ude00", "\u{fffd}"),
            (r"\uZZZZ", "uZZZZ"),
            (r"it\'s", "it's"),
            (r"end\", "end\\"),
            (r"\é", "\\é"),
        ] {
            assert_eq!(unescaped(raw, true), text, "{raw}");
        }
    }

    #[test]
    fn an_escape_that_may_go_on_is_left_for_the_next_piece() {
        assert_eq!(unescaped(r"ab\ud83d\ude0", false), "ab");
        assert_eq!(unescaped(r"ab\u0040 and more text", false), "ab@ and more text");
    }
}
