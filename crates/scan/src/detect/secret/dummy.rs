//! What stands in for a secret: placeholders, references to where it really is, and pieces of code.
//!
//! Most of what follows `password =` in the world is not a password. Everything here is about one value, without its
//! surroundings.

use memchr::memmem;

/// What a value is instead of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dummy {
    /// One character again and again, a row of them, a mask: `xxxx`, `****`, `AAAA`.
    Filler,
    /// It says that it is none: `example`, `changeme`, `your-key-here`.
    Word,
    /// It says where the secret is: `${VAR}`, `{{ secret }}`, `<token>`, `os.environ[...]`.
    Reference,
}

/// Words that say that a value is made up. Lower case.
const WORDS: &[&[u8]] = &[
    b"example",
    b"placeholder",
    b"changeme",
    b"change_me",
    b"change-me",
    b"changeit",
    b"replace",
    b"redacted",
    b"removed",
    b"your_",
    b"your-",
    b"yourpass",
    b"yourkey",
    b"yourtoken",
    b"yoursecret",
    b"yourapi",
    b"your ",
    b"my_secret",
    b"insert_",
    b"insert-",
    b"enter_",
    b"todo",
    b"fixme",
    b"dummy",
    b"lorem",
    b"ipsum",
    b"_here",
    b"-here",
    b"goes here",
    b"notreal",
    b"not_real",
    b"not-a-real",
    b"undefined",
    b"xxxx",
    b"****",
    b"....",
    b"####",
    b"[hidden]",
    b"[filtered]",
    b"deadbeefdeadbeef",
];

/// Values that mean "none" or name a type. Lower case.
const NOTHINGS: &[&[u8]] = &[
    b"none",
    b"null",
    b"nil",
    b"true",
    b"false",
    b"yes",
    b"no",
    b"string",
    b"str",
    b"text",
    b"bytes",
    b"int",
    b"bool",
    b"boolean",
    b"any",
    b"void",
    b"object",
    b"optional",
    b"required",
    b"optional[str]",
    b"varchar",
    b"char",
    b"undefined",
    b"empty",
    b"blank",
    b"default",
    b"unset",
    b"disabled",
    b"enabled",
    b"unknown",
    b"n/a",
    b"passwd",
    b"pass",
    b"pwd",
    b"token",
    b"key",
    b"apikey",
    b"api_key",
    b"value",
    b"str,",
    b"self",
    b"this",
    b"env",
    b"prompt",
    b"hidden",
    b"encrypted",
    b"plaintext",
    b"bearer",
    b"basic",
    b"digest",
    b"auto",
    b"off",
    b"on",
];

/// What begins a reference to somewhere else.
const REFERENCES: &[&[u8]] = &[
    b"$(",
    b"${",
    b"{{",
    b"{%",
    b"<%",
    b"#{",
    b"%(",
    b"%s",
    b"%{",
    b"$env",
    b"env.",
    b"env(",
    b"env[",
    b"env:",
    b"process.",
    b"os.",
    b"ENV[",
    b"System.",
    b"vault:",
    b"ref+",
    b"ssm:",
    b"arn:",
    b"!Ref",
    b"!Sub",
    b"@Microsoft.KeyVault",
    b"op://",
    b"secrets.",
    b"var.",
    b"local.",
    b"data.",
    b"self.",
    b"this.",
    b"config.",
    b"settings.",
    b"args.",
    b"params.",
    b"options.",
    b"request.",
    b"req.",
    b"ENC[",
    b"AQICAH",
];

/// A mask or filler makes up at least this share of a value, in tenths.
const FILLER_TENTHS: usize = 6;

/// The shortest row of neighbours of the alphabet, `abcdefgh` or `12345678`, that makes a key a made-up one.
const SHORTEST_ROW_BYTES: usize = 8;

/// What `value` is instead of a secret, if anything.
pub(super) fn dummy(value: &[u8]) -> Option<Dummy> {
    if is_filler(value) {
        Some(Dummy::Filler)
    } else if is_reference(value) {
        Some(Dummy::Reference)
    } else if is_nothing(value) || says_so(value) {
        Some(Dummy::Word)
    } else {
        None
    }
}

/// Whether most of `value` is one character, or one short piece repeated.
pub(super) fn is_filler(value: &[u8]) -> bool {
    let mut counts = [0_u8; 256];
    for byte in value.iter().take(usize::from(u8::MAX)) {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count = count.saturating_add(1);
        }
    }
    let most = usize::from(counts.iter().copied().max().unwrap_or(0));
    let len = value.len().min(usize::from(u8::MAX));
    let distinct = counts.iter().filter(|count| **count > 0).count();
    most.saturating_mul(10) >= len.saturating_mul(FILLER_TENTHS) || (len >= 12 && distinct <= 3)
}

/// Whether a filler is one that people write for "any character here": `xxxx`, `****`, `0000`.
pub(super) fn is_mask(value: &[u8]) -> bool {
    let masks = value
        .iter()
        .filter(|byte| matches!(byte, b'x' | b'X' | b'*' | b'0' | b'.' | b'#' | b'?' | b'-' | b'_'))
        .count();
    masks.saturating_mul(2) > value.len()
}

/// Whether `value` says where a secret is, or is a piece of code that gets it.
pub(super) fn is_reference(value: &[u8]) -> bool {
    let begins = |prefix: &&[u8]| value.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    if REFERENCES.iter().any(begins) {
        return true;
    }
    match value {
        [b'<', .., b'>']
        | [b'[', .., b']']
        | [b'{', .., b'}']
        | [b'%', .., b'%']
        | [b'$', b'A'..=b'Z' | b'a'..=b'z' | b'_', ..] => {
            // `$ecret` may be a password, `$SECRET` and `$secret` are names; so are `<token>` and `{key}`.
            value.first() != Some(&b'$') || is_name(value.get(1..).unwrap_or_default())
        }
        _ => {
            holds_reference(value, b"${", b"}")
                || holds_reference(value, b"{{", b"}}")
                || holds_reference(value, b"#{", b"}")
                || holds_reference(value, b"&lt;", b"&gt;")
        }
    }
}

/// Whether a name stands between `open` and `close` somewhere in `value`. A password may hold either by chance.
fn holds_reference(value: &[u8], open: &[u8], close: &[u8]) -> bool {
    let inside = memmem::find(value, open).and_then(|at| value.get(at.saturating_add(open.len())..));
    let between = inside.and_then(|rest| rest.get(..memmem::find(rest, close)?));
    between
        .is_some_and(|name| name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_.:-|'[] ()$/\"".contains(byte)))
}

/// Letters, digits, `_`, `.`: what a variable is called.
fn is_name(value: &[u8]) -> bool {
    value.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b':' | b'>'))
}

/// Whether `value` is a word for nothing or for a type.
fn is_nothing(value: &[u8]) -> bool {
    NOTHINGS.iter().any(|word| word.eq_ignore_ascii_case(value))
}

/// Whether `value` holds a word that says it is made up.
pub(super) fn says_so(value: &[u8]) -> bool {
    let mut lower = [0_u8; 96];
    let len = value.len().min(lower.len());
    for (to, from) in lower.iter_mut().zip(value) {
        *to = from.to_ascii_lowercase();
    }
    let lower = lower.get(..len).unwrap_or_default();
    WORDS.iter().any(|word| memmem::find(lower, word).is_some())
}

/// Whether rows of the alphabet or of digits make up most of `value`: `abcdef1234567890`.
pub(super) fn is_row(value: &[u8]) -> bool {
    let (mut row, mut in_rows) = (1_usize, 0_usize);
    let close =
        |row: usize, in_rows: usize| if row >= SHORTEST_ROW_BYTES / 2 { in_rows.saturating_add(row) } else { in_rows };
    for pair in value.windows(2) {
        let [before, byte] = pair else { continue };
        let goes_on = byte.wrapping_sub(*before) == 1 || (*before == b'9' && *byte == b'0');
        if goes_on {
            row = row.saturating_add(1);
        } else {
            in_rows = close(row, in_rows);
            row = 1;
        }
    }
    in_rows = close(row, in_rows);
    in_rows >= SHORTEST_ROW_BYTES && in_rows.saturating_mul(10) >= value.len().saturating_mul(FILLER_TENTHS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stand_ins_are_told_from_secrets() {
        for (value, expected) in [
            ("xxxxxxxxxxxx", Some(Dummy::Filler)),
            ("********", Some(Dummy::Filler)),
            ("AAAAAAAAAAAAAAAAAAAAAAAb", Some(Dummy::Filler)),
            ("${DB_PASSWORD}", Some(Dummy::Reference)),
            ("$DB_PASSWORD", Some(Dummy::Reference)),
            ("<your token>", Some(Dummy::Reference)),
            ("{{ vault_password }}", Some(Dummy::Reference)),
            ("os.environ", Some(Dummy::Reference)),
            ("prefix-${name}", Some(Dummy::Reference)),
            ("your-api-key", Some(Dummy::Word)),
            ("AKIAIOSFODNN7EXAMPLE", Some(Dummy::Word)),
            ("None", Some(Dummy::Word)),
            ("super$ecret", None),
            ("$uper!secret", None),
            ("hunter22", None),
            ("q7Zp2mXv9Kd4Lw8RtB3n", None),
        ] {
            assert_eq!(dummy(value.as_bytes()), expected, "{value}");
        }
    }

    #[test]
    fn rows_are_seen() {
        assert!(is_row(b"abcdefghijklmnop"));
        assert!(is_row(b"1234567890abcdef"));
        assert!(!is_row(b"a1b2c3d4e5f6g7h8"));
        assert!(!is_row(b"abc123xkq9zp2mwv"));
    }
}
