//! Cuts a text into tokens and notes of each what the tagger looks at.
//!
//! A token keeps no bytes: a hash of the word without case and accents, its beginning and end, its shape, and which
//! lists it stands on. The same function serves the scanner and the trainer, so both see the same text.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "positions of bytes in a slice and counts of them: sums stay below its length, differences are guarded"
)]

use super::fold::fold;
use super::lists::{COMMON, Lists};

/// What a token looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Shape {
    /// Nothing: beyond the text.
    #[default]
    None,
    /// `word`
    Lower,
    /// `Word`
    Capitalised,
    /// `WORD`
    Upper,
    /// `W`
    Initial,
    /// `McWord`
    Humped,
    /// `iWord`
    Mixed,
    /// A word of a script without case.
    Caseless,
    /// Up to three digits.
    ShortNumber,
    /// More digits.
    LongNumber,
    /// `25B`
    Coded,
    /// Letters and signs that nobody reads: addresses of pages and mailboxes, keys, file names.
    Code,
    /// A sign.
    Sign,
    /// A line break.
    Break,
}

/// The case of a line: what a capital says depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Case {
    /// Some words are capitalised.
    #[default]
    Sentence,
    /// Nearly all are.
    Title,
    /// All letters are small.
    Lower,
    /// All letters are capitals.
    Upper,
    /// It is no prose but a line of a program.
    Program,
}

/// One token.
#[derive(Clone, Copy, Debug, Default)]
pub struct Token {
    /// Where it begins.
    pub from: u32,
    /// Where it ends.
    pub to: u32,
    /// The hash of its folded letters; of numbers and codes, of their pattern.
    pub word: u32,
    /// Its first four folded letters.
    pub head: u32,
    /// Its last four.
    pub tail: u32,
    /// Which lists it stands on.
    pub lists: u8,
    /// Its shape.
    pub shape: Shape,
    /// The case of its line.
    pub case: Case,
    /// Whether the tagger should look at it.
    pub scored: bool,
}

impl Token {
    /// Its place in the text.
    #[must_use]
    pub const fn span(&self) -> std::ops::Range<usize> {
        self.from as usize..self.to as usize
    }

    /// Whether it is made of letters.
    #[must_use]
    pub const fn is_word(&self) -> bool {
        matches!(
            self.shape,
            Shape::Lower
                | Shape::Capitalised
                | Shape::Upper
                | Shape::Initial
                | Shape::Humped
                | Shape::Mixed
                | Shape::Caseless
        )
    }

    /// Whether it begins as names do.
    #[must_use]
    pub const fn is_capitalised(&self) -> bool {
        matches!(self.shape, Shape::Capitalised | Shape::Upper | Shape::Initial | Shape::Humped | Shape::Caseless)
    }

    /// How many bytes it has.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.to.saturating_sub(self.from) as usize
    }

    /// Never: a token has bytes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.from == self.to
    }
}

/// A chunk that is longer than this and not words alone is a code.
const LONGEST_WORD_BYTES: usize = 40;

/// Cuts `text` into `tokens`, which are replaced.
pub fn tokenize(text: &[u8], lists: Lists<'_>, tokens: &mut Vec<Token>) {
    tokens.clear();
    let mut at = 0;
    let mut line = 0;
    let mut checked = 0;
    while let Some(byte) = text.get(at) {
        let class = class(*byte);
        let start = at;
        match class {
            Class::Blank => {
                at += 1;
                continue;
            }
            Class::Break => {
                at = past_break(text, at);
                settle_line(text, tokens.get_mut(line..).unwrap_or_default());
                tokens.push(sign(start, at, b'\n', Shape::Break));
                line = tokens.len();
                continue;
            }
            Class::Sign => {
                at += 1;
                if *byte == b'\\' {
                    // A line break that was escaped twice, or an escape that was kept.
                    if matches!(text.get(at), Some(b'n' | b'r' | b't'))
                        && !text.get(at + 1).is_some_and(u8::is_ascii_lowercase)
                    {
                        at += 1;
                        settle_line(text, tokens.get_mut(line..).unwrap_or_default());
                        tokens.push(sign(start, at, b'\n', Shape::Break));
                        line = tokens.len();
                    }
                    continue;
                }
                if *byte == b'@' {
                    at += chunk(text.get(at..).unwrap_or_default()).0;
                    tokens.push(sign(start, at, b'@', Shape::Code));
                    continue;
                }
                tokens.push(sign(start, at, *byte, Shape::Sign));
                continue;
            }
            Class::Letter | Class::Digit => {}
        }
        if at >= checked {
            // Each chunk is looked at once, however many words it has.
            let (len, seen) = chunk(text.get(at..).unwrap_or_default());
            checked = at + len.max(1);
            if is_code(text.get(at..checked).unwrap_or_default(), seen) {
                at = checked;
                tokens.push(sign(start, at, b'@', Shape::Code));
                continue;
            }
        }
        if !byte.is_ascii()
            && let Some(len) = wide_sign(text.get(at..).unwrap_or_default())
        {
            at += len;
            // All quotation marks, dashes and bullets are one sign here.
            tokens.push(sign(start, at, b'"', Shape::Sign));
            continue;
        }
        let mut word = Word::default();
        at += word.read(text.get(at..).unwrap_or_default());
        if word.letters + word.digits == 0 {
            at = at.max(start + 1);
            continue;
        }
        let mut token = word.token(start, at);
        if token.is_word() {
            token.lists = lists.of(token.word);
        }
        tokens.push(token);
    }
    settle_line(text, tokens.get_mut(line..).unwrap_or_default());
    choose(tokens);
}

/// What a byte begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Blank,
    Break,
    Letter,
    Digit,
    Sign,
}

const fn class(byte: u8) -> Class {
    match byte {
        b'\n' | b'\r' => Class::Break,
        b' ' | b'\t' | 0 => Class::Blank,
        b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => Class::Letter,
        b'0'..=b'9' => Class::Digit,
        _ => Class::Sign,
    }
}

/// Where the blank after the break at `at` ends.
fn past_break(text: &[u8], at: usize) -> usize {
    let blank = |byte: &u8| matches!(class(*byte), Class::Blank | Class::Break);
    at + text.get(at..).unwrap_or_default().iter().take_while(|byte| blank(byte)).count()
}

fn sign(from: usize, to: usize, byte: u8, shape: Shape) -> Token {
    let word = mix(0x5167_0000 | u32::from(byte));
    Token { from: narrow(from), to: narrow(to), word, shape, ..Token::default() }
}

/// Texts are at most a window long.
fn narrow(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

/// What a byte says about the chunk it stands in.
mod mark {
    /// The chunk ends before it.
    pub(super) const END: u8 = 1;
    pub(super) const DIGIT: u8 = 2;
    /// Rare in words.
    pub(super) const ODD: u8 = 4;
    /// Never in words.
    pub(super) const CODE: u8 = 8;
}

/// [`mark`]s of each byte: chunks are looked at byte by byte, so this is where the time goes.
const MARKS: [u8; 256] = {
    let mut marks = [0; 256];
    let mut byte = 0;
    while byte < marks.len() {
        #[expect(clippy::indexing_slicing, reason = "evaluated when compiled, and below the length")]
        {
            marks[byte] = match byte as u8 {
                b' ' | b'\t' | b'\n' | b'\r' | b',' | b';' | b'|' | b'<' | b'>' | b'(' | b')' | b'"' | b'[' | b']' => {
                    mark::END
                }
                b'0'..=b'9' => mark::DIGIT,
                b'/' | b'=' | b'+' | b'%' | b'$' | b'&' | b'{' | b'}' => mark::ODD,
                b'@' | b'_' => mark::CODE,
                _ => 0,
            };
        }
        byte += 1;
    }
    marks
};

/// The chunk that `text` begins with, up to a blank or a sign that parts cells: its length, and the marks in it.
fn chunk(text: &[u8]) -> (usize, u8) {
    let mut seen = 0;
    for (at, byte) in text.iter().enumerate() {
        let marks = MARKS.get(usize::from(*byte)).copied().unwrap_or_default();
        if marks == mark::END {
            return (at, seen);
        }
        seen |= marks;
    }
    (text.len(), seen)
}

/// Whether a chunk is something that people do not read.
fn is_code(chunk: &[u8], seen: u8) -> bool {
    if chunk.len() < 4 || (seen == 0 && !chunk.starts_with(b"www.")) {
        return false;
    }
    let mut before = 0;
    for byte in chunk {
        // `an_identifier`, but not the emphasis of `_a word_`.
        if *byte == b'@' || (before == b'_' && byte.is_ascii_alphanumeric() && !chunk.starts_with(b"_")) {
            return true;
        }
        before = *byte;
    }
    let count = |mark: u8| chunk.iter().filter(|byte| MARKS.get(usize::from(**byte)) == Some(&mark)).count();
    let (digits, odd) = (count(mark::DIGIT), count(mark::ODD));
    let letters = chunk.iter().filter(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii()).count();
    let page = chunk.starts_with(b"www.") || (odd > 1 && memchr::memmem::find(chunk, b"://").is_some());
    let key = chunk.len() > 16 && digits > 3 && letters > 3;
    page || key || (chunk.len() > LONGEST_WORD_BYTES && chunk.is_ascii() && (digits > 0 || odd > 0))
}

/// The length of the punctuation mark beyond ASCII that `text` begins with.
fn wide_sign(text: &[u8]) -> Option<usize> {
    match text {
        // U+00A0 to U+00BF but for the letters among them.
        [0xc2, 0xa0..=0xa9 | 0xab..=0xb4 | 0xb6..=0xb9 | 0xbb..=0xbf, ..] => Some(2),
        // U+2000 to U+203F, the right single quotation mark being one only where no word reads over it.
        [0xe2, 0x80, _, ..] => Some(3),
        // U+3000 to U+303F and the full-width forms.
        [0xe3, 0x80, _, ..] | [0xef, 0xbc, 0x80..=0x9f, ..] => Some(3),
        // Emoji.
        [0xf0, 0x9f, _, _, ..] => Some(4),
        _ => None,
    }
}

/// A word as it is read.
#[derive(Default)]
struct Word {
    hash: u32,
    head: u32,
    tail: u32,
    letters: usize,
    digits: usize,
    capitals: usize,
    caseless: usize,
    first_capital: bool,
    second_capital: bool,
    pattern: u32,
}

impl Word {
    /// Reads the word that `text` begins with and returns its length.
    fn read(&mut self, text: &[u8]) -> usize {
        self.hash = 0x811c_9dc5;
        let mut at = 0;
        while let Some(byte) = text.get(at) {
            match byte {
                b'a'..=b'z' => {
                    self.letter(u32::from(*byte), false);
                    at += 1;
                }
                b'A'..=b'Z' => {
                    self.letter(u32::from(byte | 0x20), true);
                    at += 1;
                }
                b'0'..=b'9' => {
                    self.digits += 1;
                    self.pattern = step(self.pattern, 9);
                    at += 1;
                }
                b'\'' if self.letters > 0 => match apostrophe(text, at + 1) {
                    Some(next) => at = next,
                    None => break,
                },
                0xe2 if text.get(at..at + 3) == Some("’".as_bytes()) && self.letters > 0 => {
                    match apostrophe(text, at + 3) {
                        Some(next) => at = next,
                        None => break,
                    }
                }
                0x80.. => {
                    let rest = text.get(at..).unwrap_or_default();
                    if wide_sign(rest).is_some() {
                        break;
                    }
                    let Some((character, len)) = decode(rest) else {
                        at += 1;
                        break;
                    };
                    at += len;
                    self.wide(character);
                }
                _ => break,
            }
        }
        at
    }

    fn letter(&mut self, folded: u32, capital: bool) {
        self.hash = step(self.hash, folded);
        if self.letters < 4 {
            self.head = (self.head << 8) | (folded & 0xff);
        }
        self.tail = (self.tail << 8) | (folded & 0xff);
        if capital {
            self.capitals += 1;
            match self.letters {
                0 => self.first_capital = true,
                1 => self.second_capital = true,
                _ => {}
            }
        }
        self.letters += 1;
        self.pattern = step(self.pattern, 1);
    }

    fn wide(&mut self, character: char) {
        // Marks that combine with the letter before them.
        if ('\u{300}'..='\u{36f}').contains(&character) {
            return;
        }
        let capital = character.is_uppercase();
        if !capital && !character.is_lowercase() {
            self.caseless += 1;
        }
        self.letter(fold(character), capital);
    }

    fn token(&self, from: usize, to: usize) -> Token {
        let small = self.letters - self.capitals.min(self.letters);
        let shape = if self.digits > 0 {
            match (self.letters, self.digits) {
                (0, 1..=3) => Shape::ShortNumber,
                (0, _) => Shape::LongNumber,
                _ => Shape::Coded,
            }
        } else if self.caseless * 2 > self.letters {
            Shape::Caseless
        } else if self.capitals == 0 {
            Shape::Lower
        } else if self.letters == 1 {
            Shape::Initial
        } else if small == 0 {
            Shape::Upper
        } else if !self.first_capital {
            Shape::Mixed
        } else if self.capitals == 1 {
            Shape::Capitalised
        } else if self.second_capital && self.capitals > 2 {
            Shape::Mixed
        } else {
            Shape::Humped
        };
        let word = mix(if self.digits > 0 { self.pattern } else { self.hash });
        let (from, to) = (narrow(from), narrow(to));
        Token { from, to, word, head: self.head, tail: self.tail, lists: 0, shape, case: Case::Sentence, scored: false }
    }
}

/// Where a word goes on behind the apostrophe that ends before `next`: `O'Brien` and `D’Arcy`, not `Anna's`.
fn apostrophe(text: &[u8], next: usize) -> Option<usize> {
    let goes_on = |byte: &u8| byte.is_ascii_alphabetic() || (*byte >= 0xc3 && *byte < 0xe2);
    let letters = text.get(next..)?.iter().take(3).take_while(|byte| goes_on(byte)).count();
    (letters > 2
        || (letters > 0 && !matches!(text.get(next), Some(b's' | b'S' | b'd' | b't' | b'l' | b'r' | b'v' | b'm'))))
    .then_some(next)
}

/// The hash of a folded word: what the trainer files its lists under.
#[must_use]
pub fn word_hash(word: &str) -> u32 {
    let mut read = Word::default();
    read.read(word.as_bytes());
    mix(read.hash)
}

const fn step(hash: u32, unit: u32) -> u32 {
    (hash ^ unit).wrapping_mul(0x0100_0193)
}

/// Spreads a hash over all its bits.
const fn mix(hash: u32) -> u32 {
    let hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    let hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

/// The character `text` begins with.
fn decode(text: &[u8]) -> Option<(char, usize)> {
    let len = match text.first()? {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let character = std::str::from_utf8(text.get(..len)?).ok()?.chars().next()?;
    Some((character, len))
}

/// Notes the case of a line in its tokens.
fn settle_line(text: &[u8], line: &mut [Token]) {
    let (mut small, mut capitalised, mut upper, mut signs) = (0_usize, 0_usize, 0_usize, 0_usize);
    for token in &*line {
        match token.shape {
            Shape::Lower if token.len() > 1 => small += 1,
            Shape::Capitalised | Shape::Humped => capitalised += 1,
            Shape::Upper => upper += 1,
            Shape::Sign => signs += usize::from(is_of_program(text, token)),
            _ => {}
        }
    }
    let case = if signs >= FEWEST_SIGNS && signs * TOKENS_A_SIGN >= line.len() {
        Case::Program
    } else if capitalised + upper == 0 {
        Case::Lower
    } else if upper > small + capitalised {
        Case::Upper
    } else if small * 3 < capitalised + upper {
        Case::Title
    } else {
        Case::Sentence
    };
    line.iter_mut().for_each(|token| token.case = case);
}

/// A line is one of a program if it has this many signs of programs,
const FEWEST_SIGNS: usize = 2;
/// and at least one in so many tokens.
const TOKENS_A_SIGN: usize = 7;

/// Whether a sign stands where programs put it and prose does not: `call(x`, `object.field`, `a = b`, `{` and `;` at the
/// end of a line.
fn is_of_program(text: &[u8], token: &Token) -> bool {
    let span = token.span();
    let sign = text.get(span.start).copied().unwrap_or_default();
    let before = span.start.checked_sub(1).and_then(|at| text.get(at)).copied().unwrap_or(b' ');
    let after = text.get(span.end).copied().unwrap_or(b'\n');
    match sign {
        b'(' | b'[' => before.is_ascii_alphanumeric() || before == b'_',
        b'.' => before.is_ascii_alphanumeric() && after.is_ascii_lowercase(),
        b'=' => matches!(before, b' ' | b'=' | b'!' | b'+' | b':') || matches!(after, b' ' | b'=' | b'>'),
        b'{' | b'}' | b';' => matches!(after, b'\n' | b'\r'),
        b'>' => before == b'-',
        b':' => after == b':',
        _ => false,
    }
}

/// A stretch of unscored tokens between scored ones that is scored too: `Lucia de la Vega`.
const WIDEST_GAP: usize = 2;

/// Chooses which tokens the tagger looks at: those that may be or touch a name. Most of a prose text is not.
fn choose(tokens: &mut [Token]) {
    let mut starts_sentence = true;
    let mut quiet = WIDEST_GAP + 2;
    for at in 0..tokens.len() {
        let Some(token) = tokens.get(at).copied() else { break };
        let next_capital = || tokens.get(at + 1).is_some_and(Token::is_capitalised);
        let names = token.lists & !COMMON != 0;
        let common = token.lists & COMMON != 0;
        let chosen = match token.shape {
            _ if token.case == Case::Program => false,
            Shape::Lower if token.case == Case::Lower => token.len() > 1 && (names || !common),
            Shape::Lower => names && !common,
            Shape::Capitalised if common && !names && starts_sentence => next_capital(),
            shape => token.is_capitalised() || shape == Shape::Mixed,
        };
        starts_sentence = matches!(token.shape, Shape::Break | Shape::Sign) && !matches!(token.shape, Shape::Code);
        if chosen {
            // The gap before it, and one token if the gap is wide.
            let back = if quiet <= WIDEST_GAP { quiet } else { 2 };
            for before in tokens.get_mut(at.saturating_sub(back)..=at).unwrap_or_default() {
                before.scored = true;
            }
            quiet = 0;
        } else {
            if quiet == 0
                && let Some(after) = tokens.get_mut(at)
            {
                after.scored = true;
            }
            quiet += 1;
        }
    }
}
