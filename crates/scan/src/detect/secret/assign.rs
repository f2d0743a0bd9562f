//! Assignments: a name, an operator, a value, in the notations of programs, settings and logs.
//!
//! `api_key = "..."`, `"token": "..."`, `password: ...`, `Pwd=...;`, `:secret => '...'`, `const KEY: &str = "..."`,
//! `<add key="Password" value="..."/>`, `--token=...`. Everything is read from the operator outwards, over a bounded
//! stretch.

use std::ops::Range;

/// The longest name that is read.
const LONGEST_NAME_BYTES: usize = 64;

/// How many blanks may stand between a name, an operator and a value: tables are aligned with them.
const MOST_BLANKS: usize = 40;

/// The longest value that is read.
const LONGEST_VALUE_BYTES: usize = 512;

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Between quotes.
    Quoted,
    /// Bare, and the line ends behind it: a settings file.
    WholeLine,
    /// Bare, between others of its kind: `Server=a;Password=b;Database=c`.
    Listed,
    /// Bare, and something follows.
    Bare,
}

/// A name and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    /// Where the name is.
    pub(super) name: Range<usize>,
    /// Where the value is, without quotes.
    pub(super) value: Range<usize>,
    /// How it is written.
    pub(super) style: Style,
    /// Whether blanks stand round the operator.
    pub(super) spaced: bool,
}

/// The last word before the operator that begins at `at`.
pub(super) fn word_before(text: &[u8], at: usize) -> Option<Range<usize>> {
    let end = match at.checked_sub(1).and_then(|before| text.get(before)) {
        Some(byte) if is_name(*byte) => at,
        _ => {
            let end = back_over(text, at, |byte| matches!(byte, b'!' | b'?' | b':' | b'|' | b'+' | b'=' | b'<'), 2);
            let end = back_over(text, end, is_blank, MOST_BLANKS);
            let closes = |byte| matches!(byte, b'"' | b'\'' | b'`' | b']' | b'[' | b'*' | b'\\' | b')');
            back_over(text, back_over(text, end, closes, 4), is_blank, 2)
        }
    };
    let start = back_over(text, end, is_name, LONGEST_NAME_BYTES);
    (start < end).then_some(start..end)
}

/// The name whose operator begins at `at`: the last word before it with words that stand right before that one.
pub(super) fn name_before(text: &[u8], at: usize) -> Option<Range<usize>> {
    let Range { mut start, mut end } = word_before(text, at)?;
    // `const KEY: &str = ...`: what stands before the operator is a type.
    if is_type(text.get(start..end)?) {
        let colon = back_over(text, start, |byte| matches!(byte, b' ' | b'&' | b'\'' | b'*'), 4);
        let before = back_over(text, colon, |byte| byte == b':', 1);
        if before < colon {
            end = back_over(text, before, is_blank, 2);
            start = back_over(text, end, is_name, LONGEST_NAME_BYTES);
        }
    }
    // `Secret key:` is two words.
    for _ in 0..2 {
        let gap = back_over(text, start, |byte| byte == b' ', 1);
        let word = back_over(text, gap, |byte| byte.is_ascii_alphanumeric() || byte >= 0x80, 24);
        if gap == start || word == gap {
            break;
        }
        start = word;
    }
    (start < end).then_some(start..end)
}

/// The assignment whose operator begins at `at`.
pub(super) fn assignment(text: &[u8], at: usize) -> Option<Assignment> {
    let name = name_before(text, at)?;
    let operator_end = forward_over(text, at, |byte| matches!(byte, b'=' | b':' | b'>' | b'~'), 3);
    let begin = forward_over(text, operator_end, is_blank, MOST_BLANKS);
    let spaced = begin > operator_end;
    let (value, style) = value_at(text, begin)?;
    Some(Assignment { name, value, style, spaced })
}

/// The value that begins at `from`, quoted or bare.
pub(super) fn value_at(text: &[u8], from: usize) -> Option<(Range<usize>, Style)> {
    let mut begin = from;
    // JavaScript and JSON break the line before a long value.
    if let Some(b'\n' | b'\r') = text.get(begin) {
        let next = forward_over(text, begin, |byte| byte.is_ascii_whitespace(), MOST_BLANKS);
        if !matches!(text.get(next), Some(b'"' | b'\'' | b'`')) {
            return None;
        }
        begin = next;
    }
    // `b"..."`, `L"..."`, `@"..."`, `\"...`, `("...`.
    let prefixed =
        forward_over(text, begin, |byte| matches!(byte, b'b' | b'r' | b'u' | b'L' | b'@' | b'\\' | b'(' | b'['), 2);
    for open in [begin, prefixed] {
        if let Some(quote @ (b'"' | b'\'' | b'`')) = text.get(open) {
            return quoted(text, open, *quote).map(|value| (value, Style::Quoted));
        }
    }
    let end = forward_over(text, begin, |byte| !is_delimiter(byte), LONGEST_VALUE_BYTES);
    let mut end = back_over(text, end, |byte| matches!(byte, b'.' | b'\\' | b':'), 3).max(begin);
    // `password\n` with the break escaped twice.
    while let Some(at) = text.get(begin..end).and_then(|value| memchr::memmem::find(value, b"\\n")) {
        end = begin.saturating_add(at);
    }
    let rest = text.get(forward_over(text, end, is_blank, MOST_BLANKS)..).unwrap_or_default();
    let style = match rest {
        [b';' | b'"' | b'\'' | b'&', ..] if is_listed(text, from) => Style::Listed,
        [] | [b'\n' | b'\r' | b'#', ..] | [b'/', b'/', ..] | [b'\\', b'n' | b'r', ..] => Style::WholeLine,
        _ => Style::Bare,
    };
    (begin < end).then_some((begin..end, style))
}

/// Whether a semicolon and another assignment stand before the one whose value begins at `from`, on one line.
fn is_listed(text: &[u8], from: usize) -> bool {
    const REACH_BYTES: usize = 160;
    let before = text.get(from.saturating_sub(REACH_BYTES)..from).unwrap_or_default();
    let line = before.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let mut parts = line.rsplit(|byte| *byte == b';');
    parts.next().is_some_and(|own| own.iter().filter(|byte| byte.is_ascii_whitespace()).count() <= 2)
        && parts.next().is_some_and(|other| other.contains(&b'=') && !other.contains(&b'('))
}

/// What stands between the quote at `open` and the next of its kind, on one line.
fn quoted(text: &[u8], open: usize, quote: u8) -> Option<Range<usize>> {
    let escaped = open.checked_sub(1).and_then(|before| text.get(before)) == Some(&b'\\');
    let begin = open.saturating_add(1);
    let rest = text.get(begin..text.len().min(begin.saturating_add(LONGEST_VALUE_BYTES)))?;
    let mut skip = false;
    for (at, byte) in (begin..).zip(rest) {
        match byte {
            _ if skip => skip = false,
            b'\n' => return None,
            b'\\' if escaped && text.get(at.saturating_add(1)) == Some(&quote) => return Some(begin..at),
            b'\\' => skip = true,
            byte if *byte == quote => {
                // Literals within literals end in backslashes that belong to the quote.
                let end = back_over(text, at, |byte| byte == b'\\', 4).max(begin);
                return (begin < end).then_some(begin..end);
            }
            _ => {}
        }
    }
    None
}

/// The name beside the word `value` whose operator is at `at`: `key="NAME" value=...`, `name: NAME` on the line before,
/// `"name": "NAME", "value": ...`.
pub(super) fn sibling_name(text: &[u8], at: usize) -> Option<Range<usize>> {
    const REACH_BYTES: usize = 160;
    const NAMERS: &[&[u8]] = &[b"name", b"Name", b"NAME", b"key", b"Key", b"variable"];
    let start = at.saturating_sub(REACH_BYTES);
    let before = text.get(start..at)?;
    // Not further than the element, the object or the line before.
    let mut lines = memchr::memrchr_iter(b'\n', before);
    let line = lines.nth(1).map_or(0, |at| at.saturating_add(1));
    let opens = memchr::memrchr2(b'<', b'{', before).unwrap_or(0).max(line);
    let inside = before.get(opens..)?;
    let (found, len) = NAMERS
        .iter()
        .filter_map(|namer| Some((memchr::memmem::rfind(inside, namer)?, namer.len())))
        .filter(|(found, len)| inside.get(found.saturating_add(*len)).is_some_and(|byte| !byte.is_ascii_alphanumeric()))
        .max()?;
    let end = start.saturating_add(opens).saturating_add(found).saturating_add(len);
    let from = forward_over(text, end, |byte| matches!(byte, b'"' | b'\'' | b' ' | b':' | b'=' | b'\\'), 8);
    let to = forward_over(text, from, is_name, LONGEST_NAME_BYTES);
    (from > end && from < to && to < at).then_some(from..to)
}

/// The content of the element behind the tag that ends after `at`: `</key><string>...`.
pub(super) fn next_element(text: &[u8], at: usize) -> Option<Range<usize>> {
    let open = forward_over(text, at, |byte| byte == b'>' || byte.is_ascii_whitespace(), 32);
    let tag = forward_over(text, open, |byte| byte == b'<' || byte.is_ascii_alphanumeric(), 16);
    let from = tag.saturating_add(1);
    let to = forward_over(text, from, |byte| !matches!(byte, b'<' | b'\n'), LONGEST_VALUE_BYTES);
    (text.get(open) == Some(&b'<') && text.get(tag) == Some(&b'>') && from < to).then_some(from..to)
}

/// The name before a value that begins at `from`, where no operator stands between: only blanks and quotes, a comma or
/// a parenthesis, "or" and its likes, or a verb.
pub(super) fn name_at_distance(text: &[u8], from: usize) -> Option<Range<usize>> {
    const JOINTS: &[&[u8]] = &[b"||", b"??", b" or", b" is", b" to", b" TO", b" was", b" as", b",", b"(", b"|"];
    let is_quote = |byte| matches!(byte, b'"' | b'\'' | b'`' | b'\\');
    let gap = back_over(text, from, is_quote, 2);
    let gap_end = back_over(text, gap, is_blank, MOST_BLANKS);
    let before = text.get(..gap_end)?;
    let joint = JOINTS.iter().find(|joint| before.ends_with(joint)).map_or(0, |joint| joint.len());
    let at = gap_end.saturating_sub(joint);
    let in_list = matches!(before.last(), Some(b',' | b'(')) && gap == from;
    if in_list || (joint == 0 && gap_end == gap) {
        return None;
    }
    name_before(text, at)
}

/// Steps back from `at` over at most `most` bytes that `takes`; where it ends up.
pub(super) fn back_over(text: &[u8], at: usize, takes: impl Fn(u8) -> bool, most: usize) -> usize {
    let before = text.get(..at).unwrap_or_default().iter().rev().take(most);
    at.saturating_sub(before.take_while(|byte| takes(**byte)).count())
}

/// Steps forward from `at` over at most `most` bytes that `takes`; where it ends up.
pub(super) fn forward_over(text: &[u8], at: usize, takes: impl Fn(u8) -> bool, most: usize) -> usize {
    let after = text.get(at..).unwrap_or_default().iter().take(most);
    at.saturating_add(after.take_while(|byte| takes(**byte)).count())
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// What a name is made of: bytes above ASCII belong to words of other scripts.
const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'$' | b'@') || byte >= 0x80
}

/// What ends a bare value.
const fn is_delimiter(byte: u8) -> bool {
    byte.is_ascii_whitespace()
        || matches!(byte, b'"' | b'\'' | b'`' | b',' | b';' | b'&' | b'<' | b'>' | b')' | b']' | b'}' | b'|')
}

/// Types of text, as languages name them.
fn is_type(word: &[u8]) -> bool {
    const TYPES: &[&[u8]] =
        &[b"str", b"string", b"String", b"bytes", b"Final", b"Text", b"NSString", b"any", b"char", b"SecretStr"];
    TYPES.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, operator: &str) -> Option<(String, String, Style)> {
        let found = assignment(text.as_bytes(), text.find(operator).unwrap())?;
        Some((text[found.name].to_owned(), text[found.value].to_owned(), found.style))
    }

    #[test]
    fn notations_are_read() {
        for (text, operator, name, value, style) in [
            ("api_key = \"abc\"", "=", "api_key", "abc", Style::Quoted),
            ("{\"token\": \"abc\"}", ":", "token", "abc", Style::Quoted),
            ("{\\\"token\\\": \\\"abc\\\"}", ":", "token", "abc", Style::Quoted),
            (":password       => '4ian1234',", "=>", "password", "4ian1234", Style::Quoted),
            ("my_password := \"a\"", ":=", "my_password", "a", Style::Quoted),
            ("config['password'] = 'x'", "=", "password", "x", Style::Quoted),
            ("const KEY: &str = \"v\"", "=", "const KEY", "v", Style::Quoted),
            ("DB_PASSWORD=hunter2\nX=1", "=", "DB_PASSWORD", "hunter2", Style::WholeLine),
            ("password: hunter2 # note", ":", "password", "hunter2", Style::WholeLine),
            ("Password=#gets0m3;Trusted", "=", "Password", "#gets0m3", Style::Bare),
            ("?token=abc&V1", "=", "token", "abc", Style::Bare),
            ("secret key:IwJz", ":", "secret key", "IwJz", Style::WholeLine),
            ("access_token:\n    'ya29.x'", ":", "access_token", "ya29.x", Style::Quoted),
            ("if pw == \"it's\"", "==", "if pw", "it's", Style::Quoted),
        ] {
            let expected = Some((name.to_owned(), value.to_owned(), style));
            assert_eq!(read(text, operator), expected, "{text}");
        }
        assert_eq!(read("= 3", "="), None);
        assert_eq!(read("a =\n", "="), None);
        assert_eq!(read("a = \"", "="), None);
    }

    #[test]
    fn a_value_is_named_by_its_sibling() {
        for text in [
            r#"<add key="DB_PASSWORD" value="x"/>"#,
            "- name: DB_PASSWORD\n  value: x",
            r#"{"name": "DB_PASSWORD", "value": "x"}"#,
        ] {
            let at = text.rfind("value").unwrap() + text[text.rfind("value").unwrap()..].find([':', '=']).unwrap();
            let name = sibling_name(text.as_bytes(), at).map(|name| &text[name]);
            assert_eq!(name, Some("DB_PASSWORD"), "{text}");
        }
        assert_eq!(sibling_name(b"<input value=", 12), None);
    }

    #[test]
    fn a_name_may_stand_at_a_distance() {
        for (text, name) in [
            ("ENV API_KEY 0a1b", Some("ENV API_KEY")),
            ("define('API_KEY', '0a1b", Some("API_KEY")),
            ("process.env.TOKEN || '0a1b", Some("process.env.TOKEN")),
            ("the token is 0a1b", Some("the token")),
            ("client.set_token(\"0a1b", Some("client.set_token")),
            ("0a1b", None),
        ] {
            let from = text.find("0a1b").unwrap();
            assert_eq!(name_at_distance(text.as_bytes(), from).map(|name| &text[name]), name, "{text}");
        }
    }

    #[test]
    fn an_element_follows_its_key() {
        let text = "<key>Password</key>\n  <string>x y</string>";
        let at = text.find("</key").unwrap() + 5;
        assert_eq!(next_element(text.as_bytes(), at).map(|value| &text[value]), Some("x y"));
    }
}
