//! Tags, attributes and entities of HTML and XML.
//!
//! Read as browsers do: what is malformed is text or ends early, and is never lost.

use std::ops::Range;

use memchr::memchr;

/// What begins at a `<`.
pub(super) enum Markup<'a> {
    /// A tag.
    Tag(Tag<'a>),
    /// A comment or the like: text behind `skip` bytes, up to `until`.
    Raw { skip: usize, until: &'static [u8] },
    /// Something that the bytes do not show the end of.
    Unfinished,
    /// A tag that has no end, and neither has any behind it: the rest is text.
    Endless,
    /// Nothing: a `<` that stands for itself.
    None,
}

/// A tag.
pub(super) struct Tag<'a> {
    /// Its name, with prefix, as written.
    pub(super) name: &'a [u8],
    /// `</name>`.
    pub(super) closing: bool,
    /// `<name/>`.
    pub(super) empty: bool,
    /// Where its attributes stand, from the `<` on.
    pub(super) attributes: Range<usize>,
    /// How long it is.
    pub(super) len: usize,
}

impl<'a> Markup<'a> {
    /// Reads what begins with the `<` at the beginning of `bytes`. `last` if nothing follows them.
    pub(super) fn read(bytes: &'a [u8], last: bool) -> Self {
        const CDATA: &[u8] = b"<![CDATA[";
        let short = bytes.len() < CDATA.len() && !last;
        match bytes {
            [b'<', b'!', ..] if short => Self::Unfinished,
            [b'<', b'!', b'-', b'-', ..] => Self::Raw { skip: 4, until: b"-->" },
            [b'<', b'!', ..] if bytes.starts_with(CDATA) => Self::Raw { skip: CDATA.len(), until: b"]]>" },
            // Declarations and instructions: what they say is text too.
            [b'<', b'!', letter, ..] if letter.is_ascii_alphabetic() => Self::Raw { skip: 2, until: b">" },
            [b'<', b'?', ..] => Self::Raw { skip: 2, until: b">" },
            [b'<', b'/', letter, ..] if letter.is_ascii_alphabetic() => Self::tag(bytes, 2, last),
            [b'<', letter, ..] if letter.is_ascii_alphabetic() || matches!(letter, b'_' | b':') => {
                Self::tag(bytes, 1, last)
            }
            [b'<'] | [b'<', b'/'] if !last => Self::Unfinished,
            _ => Self::None,
        }
    }

    fn tag(bytes: &'a [u8], name_at: usize, last: bool) -> Self {
        let name = bytes.get(name_at..).unwrap_or_default();
        let name = name.get(..name.iter().take_while(|byte| is_name(**byte)).count()).unwrap_or_default();
        let from = name_at.saturating_add(name.len());
        // Told first, so that text full of tags without an end is not searched anew for each.
        let ends = bytes.get(from..).is_some_and(|rest| memchr(b'>', rest).is_some());
        let Some(end) = ends.then(|| end_of_tag(bytes, from, last)).flatten() else {
            return if last { Self::Endless } else { Self::Unfinished };
        };
        let empty = end.checked_sub(1).and_then(|at| bytes.get(at)) == Some(&b'/');
        let len = end.saturating_add(1);
        Self::Tag(Tag { name, closing: name_at == 2, empty, attributes: from..end, len })
    }
}

/// Where the `>` is that ends the tag whose name ends at `from`: not inside a quoted value.
fn end_of_tag(bytes: &[u8], from: usize, last: bool) -> Option<usize> {
    let mut at = from;
    loop {
        let rest = bytes.get(at..)?;
        let stop = at.saturating_add(memchr::memchr3(b'>', b'"', b'\'', rest)?);
        let quote = *bytes.get(stop)?;
        // A quotation mark opens a value only behind an equals sign.
        let before = bytes.get(from..stop).unwrap_or_default().trim_ascii_end().last();
        if quote == b'>' {
            return Some(stop);
        }
        at = stop.saturating_add(1);
        if before == Some(&b'=') {
            match memchr(quote, bytes.get(at..)?) {
                Some(len) => at = at.saturating_add(len).saturating_add(1),
                // A value without an end: the tag ends where it can.
                None if last => return memchr(b'>', bytes.get(at..)?).map(|len| at.saturating_add(len)),
                None => return None,
            }
        }
    }
}

/// The next attribute in `bytes`, from `at` on: its name, the place of its value, and where to go on.
pub(super) fn attribute(bytes: &[u8], at: usize, end: usize) -> Option<(&[u8], Range<usize>, usize)> {
    let rest = bytes.get(at..end)?;
    let begin = at.saturating_add(rest.iter().position(|byte| is_name(*byte))?);
    let rest = bytes.get(begin..end)?;
    let name = rest.get(..rest.iter().take_while(|byte| is_name(**byte)).count())?;
    let behind = begin.saturating_add(name.len());
    let rest = bytes.get(behind..end)?;
    let blank = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let equals = behind.saturating_add(blank);
    if bytes.get(equals..end)?.first() != Some(&b'=') {
        return Some((name, behind..behind, behind));
    }
    let rest = bytes.get(equals.saturating_add(1)..end)?;
    let blank = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let from = equals.saturating_add(1).saturating_add(blank);
    let rest = bytes.get(from..end)?;
    match rest {
        [quote @ (b'"' | b'\''), value @ ..] => {
            let len = memchr(*quote, value).unwrap_or(value.len());
            let from = from.saturating_add(1);
            let to = from.saturating_add(len);
            Some((name, from..to, to.saturating_add(1)))
        }
        value => {
            let len = value.iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
            let to = from.saturating_add(len);
            Some((name, from..to, to))
        }
    }
}

/// A byte of a name of a tag or attribute.
fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':' | b'.' | b'@') || byte >= 0x80
}

/// The longest entity, in bytes.
pub(super) const LONGEST_ENTITY_BYTES: usize = 16;

/// The character that the entity at the beginning of `bytes` stands for, and its length. White space that is special only
/// to printers is a plain space.
pub(super) fn entity(bytes: &[u8]) -> Option<(char, usize)> {
    let body = bytes.strip_prefix(b"&")?;
    let most = body.get(..body.len().min(LONGEST_ENTITY_BYTES))?;
    let len = most.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'#').count();
    let name = std::str::from_utf8(most.get(..len)?).ok()?;
    let ended = most.get(len) == Some(&b';');
    let whole = len.saturating_add(1).saturating_add(usize::from(ended));
    let character = if let Some(hex) = name.strip_prefix("#x").or_else(|| name.strip_prefix("#X")) {
        char::from_u32(u32::from_str_radix(hex, 16).ok()?)?
    } else if let Some(digits) = name.strip_prefix('#') {
        char::from_u32(digits.parse().ok()?)?
    } else {
        ended.then(|| named(name)).flatten()?
    };
    let character = if matches!(character, '\u{a0}' | '\u{2002}' | '\u{2003}' | '\u{2009}') { ' ' } else { character };
    Some((character, whole))
}

/// SPEC: HTML 4.01 §24: all names of Latin-1, those of markup, and those that prose uses.
fn named(name: &str) -> Option<char> {
    if let Some((_, character)) = OTHERS.iter().find(|(has, _)| *has == name) {
        return Some(*character);
    }
    let place = LATIN.split_ascii_whitespace().position(|has| has == name)?;
    char::from_u32(u32::try_from(place).ok()?.saturating_add(0xa0))
}

const OTHERS: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("commat", '@'),
    ("period", '.'),
    ("colon", ':'),
    ("lowbar", '_'),
    ("plus", '+'),
    ("lpar", '('),
    ("rpar", ')'),
    ("sol", '/'),
    ("num", '#'),
    ("Tab", '\t'),
    ("NewLine", '\n'),
    ("ensp", ' '),
    ("emsp", ' '),
    ("thinsp", ' '),
    ("ndash", '\u{2013}'),
    ("mdash", '\u{2014}'),
    ("lsquo", '\u{2018}'),
    ("rsquo", '\u{2019}'),
    ("ldquo", '\u{201c}'),
    ("rdquo", '\u{201d}'),
    ("hellip", '\u{2026}'),
    ("bull", '\u{2022}'),
    ("euro", '\u{20ac}'),
    ("Scaron", '\u{160}'),
    ("scaron", '\u{161}'),
    ("OElig", '\u{152}'),
    ("oelig", '\u{153}'),
    ("Yuml", '\u{178}'),
];

/// Names of the characters from U+00A0 to U+00FF.
const LATIN: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3
    acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig
    Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave
    Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave
    iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_end_outside_of_quotes() {
        let text = b"<a title=\"x > y\" href='z'>text";
        let Markup::Tag(tag) = Markup::read(text, false) else { panic!() };
        assert_eq!((tag.name, tag.len, tag.closing, tag.empty), (b"a".as_slice(), 26, false, false));
        let (name, value, next) = attribute(text, tag.attributes.start, tag.attributes.end).unwrap();
        assert_eq!((name, &text[value]), (b"title".as_slice(), b"x > y".as_slice()));
        let (name, value, next) = attribute(text, next, tag.attributes.end).unwrap();
        assert_eq!((name, &text[value]), (b"href".as_slice(), b"z".as_slice()));
        assert!(attribute(text, next, tag.attributes.end).is_none());
    }

    #[test]
    fn what_is_no_tag_is_text() {
        for text in ["< b", "<3", "<-", "<>", "<"] {
            assert!(matches!(Markup::read(text.as_bytes(), true), Markup::None), "{text}");
        }
        for text in ["<b", "<b x=\"y", "</b"] {
            assert!(matches!(Markup::read(text.as_bytes(), true), Markup::Endless), "{text}");
        }
        assert!(matches!(Markup::read(b"<b x=\"y", false), Markup::Unfinished));
        assert!(matches!(Markup::read(b"<b x=\"y>z", true), Markup::Tag(Tag { len: 8, .. })));
    }

    #[test]
    fn entities_stand_for_characters() {
        for (text, expected) in [
            ("&amp;x", Some(('&', 5))),
            ("&#64;", Some(('@', 5))),
            ("&#x40", Some(('@', 5))),
            ("&eacute;", Some(('é', 8))),
            ("&yuml;", Some(('ÿ', 6))),
            ("&nbsp;", Some((' ', 6))),
            ("&amp", None),
            ("& b", None),
            ("&#xffffff;", None),
            ("&unknown;", None),
        ] {
            assert_eq!(entity(text.as_bytes()), expected, "{text}");
        }
    }
}
