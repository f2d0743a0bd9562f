//! Judges a value under a name that speaks of secrets: whether it is one, and how sure that is.
//!
//! People choose passwords, so a password may be any word; keys and tokens are made by machines, so they look like it.

use super::assign::Style;
use super::dummy::{dummy, is_row, says_so};
use super::name::Kind;
use super::random::{Makeup, entropy};
use crate::finding::Confidence;

/// The shortest password that is believed.
const SHORTEST_PASSWORD_BYTES: usize = 4;

/// The longest: what is longer is a text or a key.
const LONGEST_PASSWORD_BYTES: usize = 160;

/// The shortest token.
const SHORTEST_TOKEN_BYTES: usize = 8;

/// The shortest value of a name that says little.
const SHORTEST_KEY_BYTES: usize = 16;

/// How a value stands in its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    /// How it is written.
    pub(super) style: Style,
    /// Whether the text round it is a program: then a bare word is a variable.
    pub(super) in_code: bool,
}

/// Whether `value` is a secret under a name of `kind`.
pub(super) fn judge(kind: Kind, name: &[u8], value: &[u8], setting: Setting) -> Option<Confidence> {
    let shortest = match kind {
        Kind::Password => SHORTEST_PASSWORD_BYTES,
        Kind::Token => SHORTEST_TOKEN_BYTES,
        Kind::Key => SHORTEST_KEY_BYTES,
    };
    if value.len() < shortest {
        return None;
    }
    // `password = "password"` is a poor password, `password=password` hands one on.
    let repeats = value.eq_ignore_ascii_case(name) && !(setting.style == Style::Quoted && value == b"password");
    if dummy(value).is_some() || repeats {
        return None;
    }
    match kind {
        Kind::Password => password(name, value, setting),
        Kind::Token => token(value, setting),
        Kind::Key => token(value, setting).map(|_| Confidence::Low),
    }
}

fn password(name: &[u8], value: &[u8], setting: Setting) -> Option<Confidence> {
    let makeup = Makeup::of(value);
    if value.len() > LONGEST_PASSWORD_BYTES {
        return None;
    }
    let telling =
        makeup.digits > 0 || makeup.others > 0 || (makeup.upper > 0 && makeup.lower > 0 && makeup.looks_random());
    if setting.style != Style::Quoted {
        return bare_password(value, makeup, setting, telling);
    }
    if is_message(value) || resembles(name, value) || is_path(value) {
        return None;
    }
    Some(match value.len() {
        8.. if makeup.kinds() >= 3 => Confidence::High,
        _ if telling => Confidence::Medium,
        _ => Confidence::Low,
    })
}

/// A password without quotes. In a program it would be a variable or a call.
fn bare_password(value: &[u8], makeup: Makeup, setting: Setting, telling: bool) -> Option<Confidence> {
    let is_code = |byte: &u8| matches!(byte, b'(' | b'{' | b'[' | b'<' | b'\\') || byte.is_ascii_control();
    if value.iter().any(is_code) {
        return None;
    }
    if setting.style == Style::Listed {
        return Some(Confidence::Medium);
    }
    // `password = passwd`, `pwd=user.password`, `pass: *const c_char`: in a program nothing bare is a literal, and
    // elsewhere what may be a name is one, unless it ends its line or has a digit in it.
    let of_names = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'>' | b':' | b'/');
    let is_pointer = matches!(value.first(), Some(b'*' | b'&')) && value.iter().skip(1).all(of_names);
    let has_digit = makeup.digits > 0 && makeup.letters() > 0;
    let is_name = value.iter().all(of_names) && setting.style != Style::WholeLine && !has_digit;
    if setting.in_code || is_pointer || is_name || value.starts_with(b"__") {
        return None;
    }
    match telling {
        true => Some(Confidence::Medium),
        false => (value.len() >= 6).then_some(Confidence::Low),
    }
}

/// Whether `value` is text for people: "Enter your password:", "must be 8 characters".
fn is_message(value: &[u8]) -> bool {
    let blanks = value.iter().filter(|byte| byte.is_ascii_whitespace()).count();
    let ends_like_one = matches!(value.last(), Some(b':' | b'?' | b'.' | b' ')) || value.first() == Some(&b' ');
    // What lies between two literals, `"password: " + "..."`, read from the wrong quote.
    let between = matches!(value.first(), Some(b'+' | b')' | b',' | b';' | b']' | b'}'))
        && matches!(value.last(), Some(b'+' | b'(' | b',' | b' ' | b'[' | b'{'));
    between
        || blanks > 2
        || (blanks > 0 && ends_like_one)
        || value.ends_with(b": ")
        || value.ends_with(b":")
        || (blanks > 0 && speaks(value))
}

/// Whether a label speaks of passwords: "Forgot password", "New Password".
fn speaks(value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    [b"pass".as_slice(), b"login", b"enter", b"user", b"sign", b"secret", b"token"]
        .iter()
        .any(|word| memchr::memmem::find(&lower, word).is_some())
}

/// Whether a value is only another spelling of its name, or of "password": `edit_password`, `#add-password`.
fn resembles(name: &[u8], value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    let letters = |text: &[u8]| -> Vec<u8> {
        text.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect()
    };
    let makeup = Makeup::of(value);
    let speaks = [b"password".as_slice(), b"passwd", b"passphrase", b"pwd"]
        .iter()
        .any(|word| memchr::memmem::find(&lower, word).is_some());
    (letters(name) == letters(value) && value != b"password")
        || (speaks
            && makeup.digits == 0
            && (value.contains(&b'_')
                || value.contains(&b'-')
                || value.contains(&b'.')
                || value.contains(&b'/')
                || value.contains(&b'#')
                || makeup.upper > 0))
}

/// Whether a value leads somewhere: `/etc/passwd`, `https://...`.
fn is_path(value: &[u8]) -> bool {
    let slashes = value.iter().filter(|byte| **byte == b'/').count();
    memchr::memmem::find(value, b"://").is_some()
        || (slashes >= 2 && Makeup::of(value).digits == 0)
        || value.starts_with(b"./")
        || value.starts_with(b"~/")
}

/// Whether a value is a regular expression or a format.
fn is_pattern(value: &[u8]) -> bool {
    const SIGNS: &[&[u8]] = &[b"[a-", b"[A-", b"[0-9", b"(?", b"\\d", b"\\w", b"\\s", b"%s", b"%d", b"{}", b"{0}"];
    SIGNS.iter().any(|sign| memchr::memmem::find(value, sign).is_some())
}

/// Whether `value` looks like a machine made it.
fn token(value: &[u8], setting: Setting) -> Option<Confidence> {
    if value.iter().any(|byte| byte.is_ascii_whitespace() || *byte >= 0x80) || is_row(value) {
        return None;
    }
    let makeup = Makeup::of(value);
    let bare = setting.style != Style::Quoted;
    if is_path(value)
        || is_pattern(value)
        || memchr::memmem::find(value, b"()").is_some()
        || (bare && value.contains(&b'('))
    {
        return None;
    }
    let random = makeup.looks_random() && entropy(value) >= 2.6;
    // Symbols that no name, path, host or number has.
    let symbols = value
        .iter()
        .filter(|byte| {
            matches!(
                byte,
                b'!' | b'#'
                    | b'$'
                    | b'%'
                    | b'^'
                    | b'*'
                    | b'?'
                    | b'~'
                    | b'@'
                    | b'('
                    | b'['
                    | b'{'
                    | b'<'
                    | b'>'
                    | b';'
                    | b'|'
            )
        })
        .count();
    match value.len() {
        32.. if random && makeup.digits > 0 => Some(Confidence::High),
        16.. if random && (makeup.digits > 0 || makeup.kinds() >= 2) => Some(Confidence::Medium),
        16.. if symbols >= 3 && makeup.kinds() >= 3 && !bare => Some(Confidence::Medium),
        20.. if random && !bare => Some(Confidence::Low),
        8..16 if makeup.digits > 1 && makeup.letters() > 1 && random && !says_so(value) => Some(Confidence::Low),
        8.. if !bare
            && symbols > 0
            && makeup.letters() > 3
            && makeup.kinds() >= 2
            && !matches!(value.first(), Some(b'#' | b'@' | b'%' | b'<' | b'$' | b'+'))
            && !value.contains(&b'(') =>
        {
            Some(Confidence::Low)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTED: Setting = Setting { style: Style::Quoted, in_code: true };
    const LINE: Setting = Setting { style: Style::WholeLine, in_code: false };
    const CODE: Setting = Setting { style: Style::WholeLine, in_code: true };

    fn is_secret(kind: Kind, value: &str, setting: Setting) -> bool {
        judge(kind, b"password", value.as_bytes(), setting).is_some()
    }

    #[test]
    fn passwords_may_be_words_unless_they_are_variables() {
        for (value, setting, expected) in [
            ("hunter22", QUOTED, true),
            ("open sesame", QUOTED, true),
            ("swordfish", QUOTED, true),
            ("swordfish", LINE, true),
            ("swordfish", CODE, false),
            ("Mailpass1234!", LINE, true),
            ("user.password", CODE, false),
            ("getpass()", LINE, false),
            ("Enter your password: ", QUOTED, false),
            ("Forgot password", QUOTED, false),
            ("#add-password", QUOTED, false),
            ("edit_password", QUOTED, false),
            ("123", QUOTED, false),
            ("${DB_PASSWORD}", QUOTED, false),
            ("/etc/app/passwd", QUOTED, false),
        ] {
            assert_eq!(is_secret(Kind::Password, value, setting), expected, "{value}");
        }
    }

    #[test]
    fn tokens_look_made() {
        for (value, setting, expected) in [
            ("7f9cc25de23d1a255720b0ae4551f404", QUOTED, true),
            ("q7Zp2mXv9Kd4Lw8RtB3n", LINE, true),
            ("zh!=!gq(w^_t[sBR29954x)HI+$ehwss", QUOTED, true),
            ("access_token", QUOTED, false),
            ("getAccessToken", LINE, false),
            ("NAME", QUOTED, false),
            ("application/json", QUOTED, false),
            ("abcdefghijklmnopqrst", QUOTED, false),
            ("xxxxxxxxxxxxxxxxxxxx", QUOTED, false),
        ] {
            assert_eq!(is_secret(Kind::Token, value, setting), expected, "{value}");
        }
    }
}
