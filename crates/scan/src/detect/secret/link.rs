//! Links that carry credentials: `scheme://user:password@host`.

use std::ops::Range;

use super::dummy::{Dummy, dummy};

/// The longest part between `://` and the path that is looked at.
const LONGEST_AUTHORITY_BYTES: usize = 300;

/// Passwords that documents write in links.
const STAND_INS: &[&[u8]] = &[
    b"pass",
    b"passwd",
    b"pwd",
    b"pw",
    b"pswd",
    b"userpass",
    b"mypassword",
    b"userpassword",
    b"port",
    b"****",
    b"xxx",
];

/// The password of the link whose `://` begins at `at`.
pub(super) fn password(text: &[u8], at: usize) -> Option<Range<usize>> {
    let from = at.saturating_add(3);
    let scheme = text.get(at.checked_sub(1)?)?;
    if !scheme.is_ascii_alphanumeric() {
        return None;
    }
    let rest = text.get(from..text.len().min(from.saturating_add(LONGEST_AUTHORITY_BYTES)))?;
    let ends = |byte: &u8| {
        byte.is_ascii_whitespace()
            || byte.is_ascii_control()
            || matches!(byte, b'/' | b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\' | b',')
    };
    let authority = rest.get(..rest.iter().position(ends).unwrap_or(rest.len()))?;
    let sign = memchr::memrchr(b'@', authority)?;
    let host = authority.get(sign.saturating_add(1)..)?;
    if !host
        .first()
        .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'[' | b'$' | b'{' | b'%' | b'*'))
    {
        return None;
    }
    let credentials = authority.get(..sign)?;
    let colon = memchr::memchr(b':', credentials)?;
    let (user, password) = (credentials.get(..colon)?, credentials.get(colon.saturating_add(1)..)?);
    // `host:80?x=a@b` is a port and a query.
    let port = password.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let is_port = port > 0 && matches!(password.get(port), Some(b'?' | b'#'));
    let stands_in = STAND_INS.iter().any(|word| word.eq_ignore_ascii_case(password))
        || matches!(dummy(password), Some(Dummy::Reference | Dummy::Filler))
        || (password.eq_ignore_ascii_case(b"password")
            && user.get(..4).is_some_and(|user| user.eq_ignore_ascii_case(b"user")))
        || password.iter().any(|byte| matches!(byte, b'{' | b'}' | b'(' | b'['));
    (password.len() >= 3 && !is_port && !stands_in).then(|| {
        let begin = from.saturating_add(colon).saturating_add(1);
        begin..from.saturating_add(sign)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<&str> {
        password(text.as_bytes(), text.find("://").unwrap()).map(|range| &text[range])
    }

    #[test]
    fn passwords_of_links_are_found() {
        for (text, expected) in [
            ("postgresql://user:secret@localhost:5433/db", Some("secret")),
            ("mongodb+srv://me:D1ff%40x@c0.example.net/?w=1", Some("D1ff%40x")),
            ("https://u@example.com:pass!#@498@github.com", Some("pass!#@498")),
            ("redis://:hunter22@cache:6379/0", Some("hunter22")),
            ("http://host:80?mail=a@b", None),
            ("http://host:8080/a@b", None),
            ("https://user:pass@example.com", None),
            ("https://user:${PASS}@example.com", None),
            ("https://user@example.com", None),
            ("://a:bcd@e", None),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }
}
