//! Passwords that are said rather than assigned: "the password is 'hunter22'", `machine x login y password z`,
//! `--password z`, `setPassword("z")`, `define('DB_PASSWORD', 'z')`.

use std::ops::Range;

use memchr::memmem;

use super::assign::{Style, back_over, forward_over, value_at};
use super::name::Words;

/// What is searched for: the middle of "password", "passwd" and "Password", but of no common word.
pub(super) const NEEDLES: [&[u8]; 2] = [b"assw", b"ASSW"];

/// How far behind the word its value may stand: "the password for user 'postgres' is 'admin'".
const REACH_BYTES: usize = 64;

/// A value that is said at the word round `at`, how it is written, and where the word is.
pub(super) fn said(text: &[u8], at: usize) -> Option<(Range<usize>, Range<usize>, Style)> {
    let start = back_over(text, at, is_name, 40);
    let end = forward_over(text, at, is_name, 24);
    let name = start..end;
    let word = text.get(name.clone())?;
    let rest = text.get(end..text.len().min(end.saturating_add(REACH_BYTES)))?;
    let found = match rest {
        // `setPassword("z")`, `password('z')`
        [b'(', ..] if sets(word) => only_quoted(text, end.saturating_add(1)),
        // `'DB_PASSWORD', 'z'`
        [b'"' | b'\'', rest @ ..] if is_argument(text, start) => {
            let comma = rest.iter().position(|byte| *byte != b' ').filter(|at| rest.get(*at) == Some(&b','))?;
            let from = end.saturating_add(2).saturating_add(comma);
            only_quoted(text, forward_over(text, from, is_blank, 8))
        }
        [b' ' | b'\t', ..] => spoken(text, end, rest, word, start),
        _ => None,
    };
    found.map(|(value, style)| (name, value, style))
}

fn spoken(text: &[u8], end: usize, rest: &[u8], word: &[u8], start: usize) -> Option<(Range<usize>, Style)> {
    let next = forward_over(text, end, is_blank, 8);
    // `password 'z'`: build files, SQL, PowerShell.
    if matches!(text.get(next), Some(b'"' | b'\'')) {
        return only_quoted(text, next);
    }
    // `process.env.PASSWORD || 'z'`
    const OTHERWISE: [&[u8]; 3] = [b"|| ", b"?? ", b"or "];
    let otherwise = OTHERWISE.iter().find(|joint| text.get(next..).unwrap_or_default().starts_with(joint));
    if let Some(joint) = otherwise {
        return only_quoted(text, next.saturating_add(joint.len()));
    }
    // `--password z` and `login y password z`.
    let dashes = back_over(text, start.saturating_add(2), |byte| byte == b'-', 2);
    let is_option = word.starts_with(b"--") || (word.starts_with(b"-") && dashes < start.saturating_add(2));
    let line_start = back_over(text, start, |byte| byte != b'\n', 120);
    let before = text.get(line_start.saturating_sub(80)..start).unwrap_or_default();
    if is_option || (memmem::find(before, b"login ").is_some() && word.eq_ignore_ascii_case(b"password")) {
        return value_at(text, next).map(|(value, _)| (value, Style::WholeLine));
    }
    // "The password for it is z", "was changed to z".
    let line = rest.split(|byte| *byte == b'\n').next()?;
    let verbs = [b" is ".as_slice(), b" was ", b" is: ", b" to ", b" are ", b" ist ", b" es ", b" est "];
    let (verb, len) = verbs.iter().filter_map(|verb| Some((memmem::find(line, verb)?, verb.len()))).min()?;
    let from = end.saturating_add(verb).saturating_add(len);
    match text.get(from) {
        Some(b'"' | b'\'' | b'`') => {
            only_quoted(text, from).filter(|(value, _)| !text.get(value.clone()).unwrap_or_default().contains(&b' '))
        }
        _ => {
            let (value, _) = value_at(text, from)?;
            let bytes = text.get(value.clone())?;
            // A word by itself is the rest of a sentence: "the password is required".
            let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
            let letters = bytes.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
            (digits > 0 && letters > 1 && bytes.len() >= 5).then_some((value, Style::WholeLine))
        }
    }
}

/// Whether a function of this name sets a password: `setPassword`, `with_db_password`, `password`.
fn sets(word: &[u8]) -> bool {
    let is = |verbs: &[&[u8]], word: &[u8]| verbs.iter().any(|verb| verb.eq_ignore_ascii_case(word));
    let mut words = Words::back(word).skip(1);
    let Some(before) = words.next() else { return true };
    let first = words.last().unwrap_or(before);
    is(&[b"set", b"with", b"user", b"db", b"smtp", b"admin"], first)
}

/// The value of `-p` at `at`, in the command of a tool that takes a password so.
pub(super) fn option(text: &[u8], at: usize) -> Option<Range<usize>> {
    const REACH_BYTES: usize = 120;
    const GLUED_TOOLS: &[&[u8]] = &[b"mysql ", b"mysqldump ", b"mysqladmin ", b"mariadb ", b"sshpass ", b"7z "];
    const TOOLS: &[&[u8]] = &[
        b"sshpass",
        b"psexec",
        b"PSEXEC",
        b"psExec",
        b"PsExec",
        b"docker login",
        b"plink",
        b"pscp",
        b"mongo",
        b"helm registry login",
        b"podman login",
        b"az login",
    ];
    let line = back_over(text, at, |byte| byte != b'\n', REACH_BYTES);
    let before = text.get(line..at)?;
    let from = at.saturating_add(b" -p".len());
    if text.get(from) != Some(&b' ') {
        // `mysql -uroot -p...`: these take it without a blank.
        GLUED_TOOLS.iter().find(|tool| memmem::find(before, tool).is_some())?;
        return value_at(text, from).map(|(value, _)| value);
    }
    TOOLS.iter().find(|tool| memmem::find(before, tool).is_some())?;
    value_at(text, from.saturating_add(1)).map(|(value, _)| value)
}

/// Whether the literal that begins behind the quote before `start` is the first argument of a call.
fn is_argument(text: &[u8], start: usize) -> bool {
    let before = text.get(..start).unwrap_or_default();
    matches!(before, [.., caller, b'(', b'"' | b'\''] if is_name(*caller))
}

fn only_quoted(text: &[u8], at: usize) -> Option<(Range<usize>, Style)> {
    value_at(text, at).filter(|(_, style)| *style == Style::Quoted)
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<&str> {
        let at = memmem::find(text.as_bytes(), NEEDLES[0]).or_else(|| memmem::find(text.as_bytes(), NEEDLES[1]))?;
        said(text.as_bytes(), at).map(|(_, value, _)| &text[value])
    }

    #[test]
    fn what_is_said_is_found() {
        for (text, expected) in [
            ("The default password is 'blooberry'", Some("blooberry")),
            ("the password for user 'postgres' is 'admin1'", Some("admin1")),
            ("my password is hunter22, ok", Some("hunter22")),
            ("the password is required", None),
            ("machine x.org login me password pass123", Some("pass123")),
            ("tool --password s3cret run", Some("s3cret")),
            ("define('DB_PASSWORD', 'zebra9')", Some("zebra9")),
            ("user.setPassword(\"zebra9\");", Some("zebra9")),
            ("    password 'zebra9'", Some("zebra9")),
            ("process.env.DB_PASSWORD || 'zebra9'", Some("zebra9")),
            ("password reset", None),
            ("reset the password", None),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }
}
