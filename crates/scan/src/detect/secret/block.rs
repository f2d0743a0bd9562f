//! Blocks of key material: PEM, OpenSSH, PGP and PuTTY private keys.

use std::ops::Range;

use memchr::memmem;

use crate::finding::Confidence;

/// What a block in armour begins with.
pub(super) const ARMOUR: &[u8] = b"-----BEGIN ";

/// What a key of PuTTY begins with.
const PUTTY: &[u8] = b"PuTTY-User-Key-File-";

/// The longest block: the base64 of an RSA key of 16,384 bits.
const LONGEST_BYTES: usize = 16 << 10;

/// The longest first line.
const LONGEST_HEADER_BYTES: usize = 80;

/// The fewest characters of base64 that make a block a key rather than a mention of one.
const FEWEST_BODY_BYTES: usize = 24;

/// The private key whose armour begins at `at`, and how sure that is.
pub(super) fn armoured(text: &[u8], at: usize) -> Option<(Range<usize>, Confidence)> {
    let rest = text.get(at..text.len().min(at.saturating_add(LONGEST_BYTES)))?;
    let header = rest.get(..rest.len().min(LONGEST_HEADER_BYTES))?;
    let label = header.get(ARMOUR.len()..)?;
    let dashes = memmem::find(label, b"-----")?;
    let name = label.get(..dashes)?;
    if memmem::find(name, b"PRIVATE KEY").is_none() || name.contains(&b'\n') {
        return None;
    }
    let body_from = ARMOUR.len().saturating_add(dashes).saturating_add(5);
    let body = rest.get(body_from..)?;
    // Whatever armour comes next ends this one, so that no byte belongs to the bodies of two.
    let next = memmem::find(body, b"-----");
    let inner = body.get(..next.unwrap_or(body.len()))?;
    let end = next.filter(|next| body.get(*next..).is_some_and(|rest| rest.starts_with(b"-----END")));
    let base64 = base64_bytes(inner);
    if base64 >= FEWEST_BODY_BYTES {
        let to = match end {
            // The last line: five dashes, a label, five dashes.
            Some(end) => {
                let tail = body.get(end.saturating_add(8)..)?;
                let close = memmem::find(tail.get(..tail.len().min(LONGEST_HEADER_BYTES))?, b"-----")
                    .map_or(0, |close| close.saturating_add(5));
                body_from.saturating_add(end).saturating_add(8).saturating_add(close)
            }
            None => body_from.saturating_add(armour_len(inner)),
        };
        return Some((at..at.saturating_add(to), Confidence::High));
    }
    // A key that was cut out of the sample, but a key: a line of its own, and text behind it.
    let own_line = at == 0 || text.get(at.saturating_sub(1)) == Some(&b'\n');
    let text_behind = matches!(body, [b'\n', after, ..] | [b'\r', b'\n', after, ..] if after.is_ascii_alphanumeric());
    (own_line && text_behind).then(|| (at..at.saturating_add(body_from), Confidence::Low))
}

/// The key of PuTTY that begins at `at`.
pub(super) fn putty(text: &[u8], at: usize) -> Option<Range<usize>> {
    let rest = text.get(at..text.len().min(at.saturating_add(LONGEST_BYTES)))?;
    let behind = rest.strip_prefix(PUTTY)?;
    let next = memmem::find(behind, PUTTY).map_or(rest.len(), |next| next.saturating_add(PUTTY.len()));
    let rest = rest.get(..next)?;
    let private = memmem::find(rest, b"Private-Lines:")?;
    let end = memmem::find(rest, b"Private-MAC:").unwrap_or(rest.len());
    let line = rest.get(end..)?;
    let line_len = memchr::memchr(b'\n', line).unwrap_or(line.len());
    (private < end).then(|| at..at.saturating_add(end).saturating_add(line_len))
}

/// How many bytes at the front of `body` are base64, line breaks (written or escaped) and headers.
fn armour_len(body: &[u8]) -> usize {
    body.iter().position(|byte| !is_armour(*byte)).unwrap_or(body.len())
}

/// How many characters of `body` stand in stretches of base64.
fn base64_bytes(body: &[u8]) -> usize {
    const SHORTEST: usize = 20;
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let stretches = body.split(|byte| !is_base64(byte)).map(<[u8]>::len).filter(|len| *len >= SHORTEST);
    stretches.fold(0, usize::saturating_add)
}

const fn is_armour(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'+' | b'/' | b'=' | b'\n' | b'\r' | b'\\' | b' ' | b'\t' | b':' | b'-' | b',' | b'.' | b'"' | b'\''
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<(&str, Confidence)> {
        let at = memmem::find(text.as_bytes(), ARMOUR).unwrap();
        armoured(text.as_bytes(), at).map(|(range, confidence)| (&text[range], confidence))
    }

    #[test]
    fn a_key_is_found_to_its_last_dash() {
        let key = format!("-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----", "Ab1/".repeat(16));
        assert_eq!(found(&format!("x {key} y")), Some((key.as_str(), Confidence::High)));
        let escaped = key.replace('\n', "\\n");
        assert_eq!(found(&format!("\"{escaped}\"")), Some((escaped.as_str(), Confidence::High)));
    }

    #[test]
    fn what_is_no_private_key_is_not_found() {
        assert_eq!(found(&format!("-----BEGIN PUBLIC KEY-----\n{}", "Ab1/".repeat(16))), None);
        assert_eq!(found("if line == \"-----BEGIN PRIVATE KEY-----\":\n    pass"), None);
        assert_eq!(found("-----BEGIN "), None);
    }

    #[test]
    fn a_key_that_the_text_cuts_off_is_found_to_there() {
        let cut = format!("-----BEGIN PRIVATE KEY-----\n{}\n", "Ab1/".repeat(16));
        assert_eq!(found(&cut), Some((cut.as_str(), Confidence::High)));
    }
}
