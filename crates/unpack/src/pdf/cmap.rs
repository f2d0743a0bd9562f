//! Which characters the codes of a font stand for.
//!
//! SPEC: ISO 32000-1 §9.6.6 (encodings of simple fonts), §9.10.3 (ToUnicode).

use std::collections::BTreeMap;

use super::lex::{Dict, Lexer, Value};

/// Entries of one table: all of the codes of two bytes.
const MOST_ENTRIES: usize = 1 << 16;

/// Characters that one code stands for: ligatures have three.
const MOST_CHARACTERS: usize = 16;

/// A font, as far as its text is concerned.
#[derive(Default)]
pub(super) struct Font {
    /// From the first code of a range to its last and what the first stands for.
    table: BTreeMap<u32, (u32, Vec<char>)>,
    /// Codes have two bytes.
    wide: bool,
    /// Codes without an entry are characters of Windows' encoding.
    latin: bool,
}

impl Font {
    /// A simple font: one byte a code, some of which its encoding renames.
    pub(super) fn simple(encoding: Option<&Dict>) -> Self {
        let mut font = Self { latin: true, ..Self::default() };
        let Some(Value::Array(differences)) = encoding.and_then(|encoding| encoding.get(b"Differences")) else {
            return font;
        };
        let mut code = 0_u32;
        for value in differences {
            match value {
                Value::Number(number) => code = (*number).clamp(0.0, 255.0) as u32,
                Value::Name(name) => {
                    if let Some(character) = by_glyph_name(name) {
                        font.add(code, code, vec![character]);
                    }
                    code = code.saturating_add(1);
                }
                _ => {}
            }
        }
        font
    }

    /// A composite font, whose codes say nothing by themselves unless its encoding is one of Unicode's.
    pub(super) fn composite(encoding: &[u8]) -> Self {
        let mut font = Self { wide: true, ..Self::default() };
        if [b"UTF16", b"UCS2-".as_slice()].iter().any(|unicode| memchr::memmem::find(encoding, unicode).is_some()) {
            font.add(0, 0xffff, vec!['\0']);
        }
        font
    }

    /// Adds what a ToUnicode table says.
    pub(super) fn read_table(&mut self, table: &[u8]) {
        let mut lexer = Lexer::new(table);
        let mut values: Vec<Value> = Vec::new();
        while let Some(value) = lexer.value() {
            let Value::Word(word) = &value else {
                values.push(value);
                if values.len() > MOST_ENTRIES {
                    return;
                }
                continue;
            };
            match word.as_slice() {
                b"endbfchar" => {
                    for pair in values.chunks(2) {
                        if let [Value::Text(code), Value::Text(to)] = pair {
                            self.add(number(code), number(code), utf16(to));
                        }
                    }
                }
                b"endbfrange" => values.chunks(3).for_each(|range| self.add_range(range)),
                b"endcodespacerange" => {
                    if let Some(Value::Text(low)) = values.first() {
                        self.wide = low.len() > 1;
                    }
                }
                _ => {}
            }
            values.clear();
        }
    }

    fn add_range(&mut self, range: &[Value]) {
        match range {
            [Value::Text(low), Value::Text(high), Value::Text(to)] => self.add(number(low), number(high), utf16(to)),
            [Value::Text(low), _, Value::Array(each)] => {
                for (code, to) in (number(low)..).zip(each) {
                    if let Value::Text(to) = to {
                        self.add(code, code, utf16(to));
                    }
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, low: u32, high: u32, to: Vec<char>) {
        if low <= high && self.table.len() < MOST_ENTRIES && !to.is_empty() {
            self.table.insert(low, (high, to));
        }
    }

    /// Appends what `codes` show. Returns how many of them are unknown, and how many there are.
    pub(super) fn show(&self, codes: &[u8], text: &mut Vec<u8>) -> (u64, u64) {
        let (mut unknown, mut all) = (0_u64, 0_u64);
        for code in codes.chunks(if self.wide { 2 } else { 1 }) {
            all = all.saturating_add(1);
            let code = number(code);
            let entry = self.table.range(..=code).next_back().filter(|(_, (high, _))| code <= *high);
            match entry {
                Some((low, (_, to))) => {
                    let last = to.len().saturating_sub(1);
                    for (at, character) in to.iter().enumerate() {
                        // Only the last character counts on through a range.
                        let on = if at == last { code.saturating_sub(*low) } else { 0 };
                        let character = char::from_u32(u32::from(*character).saturating_add(on));
                        push(text, character.unwrap_or(char::REPLACEMENT_CHARACTER));
                    }
                }
                None if self.latin => push(text, windows(u8::try_from(code).unwrap_or(b' '))),
                None => {
                    unknown = unknown.saturating_add(1);
                    push(text, char::REPLACEMENT_CHARACTER);
                }
            }
        }
        (unknown, all)
    }
}

fn push(text: &mut Vec<u8>, character: char) {
    // What is invisible, and a hyphen that only joins, would come between the letters of a value.
    if !matches!(character, '\0' | '\u{ad}' | '\u{200b}') {
        let plain = if character == '\u{a0}' { ' ' } else { character };
        text.extend_from_slice(plain.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

fn number(code: &[u8]) -> u32 {
    code.iter().take(4).fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

fn utf16(bytes: &[u8]) -> Vec<char> {
    let units = bytes.chunks(2).take(MOST_CHARACTERS).map(|unit| match unit {
        [high, low] => u16::from_be_bytes([*high, *low]),
        [low] => u16::from(*low),
        _ => 0,
    });
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// A text string of the file: UTF-16 or UTF-8 with a mark, or PDF's own encoding, of which the letters are Windows'.
pub(super) fn text_string(bytes: &[u8]) -> Vec<u8> {
    if let Some(wide) = bytes.strip_prefix(b"\xfe\xff") {
        let units = wide.chunks_exact(2).map(|unit| match unit {
            [high, low] => u16::from_be_bytes([*high, *low]),
            _ => 0,
        });
        let text: String = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        return text.into_bytes();
    }
    if let Some(utf8) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        return utf8.to_vec();
    }
    let mut text = Vec::with_capacity(bytes.len());
    bytes.iter().for_each(|byte| push(&mut text, windows(*byte)));
    text
}

/// Windows-1252, from 0x80 to 0x9f; the rest is Latin-1.
const WINDOWS: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";

fn windows(byte: u8) -> char {
    match byte.checked_sub(0x80) {
        Some(above) if above < 0x20 => WINDOWS.chars().nth(usize::from(above)).unwrap_or(' '),
        _ => char::from(byte),
    }
}

/// What a glyph's name says it is: `A`, `uni0041`, `u1F600`, or one of the names of ASCII.
///
/// LIMIT: of the names of accented letters only the letter is taken, `eacute` as `e`: what is looked for hardly has them.
fn by_glyph_name(name: &[u8]) -> Option<char> {
    let name = std::str::from_utf8(name).ok()?;
    let name = name.split('.').next().filter(|name| !name.is_empty())?;
    let mut characters = name.chars();
    if let (Some(only), None) = (characters.next(), characters.next()) {
        return Some(only);
    }
    let hex = name.strip_prefix("uni").filter(|hex| hex.len() == 4).or_else(|| name.strip_prefix('u'));
    if let Some(character) = hex.and_then(|hex| char::from_u32(u32::from_str_radix(hex, 16).ok()?)) {
        return Some(character);
    }
    if let Some((_, character)) = GLYPHS.iter().find(|(glyph, _)| *glyph == name) {
        return Some(*character);
    }
    let accents = ["acute", "grave", "circumflex", "dieresis", "tilde", "caron", "cedilla", "ring", "ogonek", "slash"];
    let letter = accents.iter().find_map(|accent| name.strip_suffix(accent))?;
    letter.chars().next().filter(|_| letter.len() == 1)
}

/// SPEC: Adobe Glyph List, the names of ASCII and the usual punctuation.
const GLYPHS: &[(&str, char)] = &[
    ("space", ' '),
    ("exclam", '!'),
    ("quotedbl", '"'),
    ("numbersign", '#'),
    ("dollar", '$'),
    ("percent", '%'),
    ("ampersand", '&'),
    ("quotesingle", '\''),
    ("parenleft", '('),
    ("parenright", ')'),
    ("asterisk", '*'),
    ("plus", '+'),
    ("comma", ','),
    ("hyphen", '-'),
    ("minus", '-'),
    ("period", '.'),
    ("slash", '/'),
    ("zero", '0'),
    ("one", '1'),
    ("two", '2'),
    ("three", '3'),
    ("four", '4'),
    ("five", '5'),
    ("six", '6'),
    ("seven", '7'),
    ("eight", '8'),
    ("nine", '9'),
    ("colon", ':'),
    ("semicolon", ';'),
    ("less", '<'),
    ("equal", '='),
    ("greater", '>'),
    ("question", '?'),
    ("at", '@'),
    ("bracketleft", '['),
    ("backslash", '\\'),
    ("bracketright", ']'),
    ("asciicircum", '^'),
    ("underscore", '_'),
    ("grave", '`'),
    ("braceleft", '{'),
    ("bar", '|'),
    ("braceright", '}'),
    ("asciitilde", '~'),
    ("quoteleft", '\u{2018}'),
    ("quoteright", '\u{2019}'),
    ("quotedblleft", '\u{201c}'),
    ("quotedblright", '\u{201d}'),
    ("endash", '\u{2013}'),
    ("emdash", '\u{2014}'),
    ("bullet", '\u{2022}'),
    ("germandbls", '\u{df}'),
    ("ff", '\u{fb00}'),
    ("fi", '\u{fb01}'),
    ("fl", '\u{fb02}'),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(font: &Font, codes: &[u8]) -> String {
        let mut text = Vec::new();
        font.show(codes, &mut text);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn a_table_says_what_codes_stand_for() {
        let mut font = Font::composite(b"Identity-H");
        font.read_table(
            b"1 begincodespacerange <0000> <FFFF> endcodespacerange
              2 beginbfchar <0003> <0020> <0004> <00660069> endbfchar
              2 beginbfrange <0010> <0012> <0041> <0020> <0021> [<0058> <D83DDE00>] endbfrange",
        );
        assert_eq!(shown(&font, b"\0\x10\0\x11\0\x12\0\x03\0\x04\0\x20\0\x21"), "ABC fiX\u{1f600}");
        assert_eq!(font.show(b"\0\x13\0\x10", &mut Vec::new()), (1, 2));
    }

    #[test]
    fn an_encoding_renames_codes() {
        let differences = vec![
            Value::Number(65.0),
            Value::Name(b"at".to_vec()),
            Value::Name(b"uni0042".to_vec()),
            Value::Name(b"eacute".to_vec()),
        ];
        let encoding = Dict(vec![(b"Differences".to_vec(), Value::Array(differences))]);
        assert_eq!(shown(&Font::simple(Some(&encoding)), b"ABCD\x96"), "@BeD\u{2013}");
    }

    #[test]
    fn text_strings_have_three_encodings() {
        assert_eq!(text_string(b"\xfe\xff\0A\0d\0a"), b"Ada");
        assert_eq!(text_string("\u{feff}Zoë".as_bytes()), "Zoë".as_bytes());
        assert_eq!(text_string(b"Zo\xeb"), "Zoë".as_bytes());
    }
}
