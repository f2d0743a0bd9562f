//! Detectors: one for each type of data, each looking closely at anchors only.
//!
//! A detector makes candidates; [`crate::examine`] settles which of two overlapping ones stays. Most types are rules
//! with a pattern and need no code of their own; those that do are a file here and a line in [`ALL`], and a rule
//! names them.

mod card;
mod country;
mod email;
mod everywhere;
mod iban;
mod ip;
mod names;
mod phone;
mod rule;
mod secret;
mod ssn;
mod token;

use std::ops::Range;

use base::word::DataType;

use self::everywhere::Everywhere;
pub use self::secret::masked;
use self::secret::{Kind, Kinds};
use self::token::{Reading, Tokens};
use crate::anchor::{Anchors, NO_BREAK_SPACE};
use crate::context::{Context, Surroundings};
use crate::finding::Confidence;
use crate::lexicon::Lexicon;
use crate::marks::Marks;
use crate::rules::{Origin, Rule, RuleId, RulesError, Words};
use crate::text::{SHORTEST_BYTES, Text};

/// Code that finds values, as a rule names it, and how it is made of the rules that name it.
type Made = fn(&[(RuleId, &Rule)]) -> Box<dyn Detector>;

/// Every detector.
const ALL: &[(&str, Made)] = &[
    ("email", |rules| Box::new(email::Email::of(rules))),
    ("phone", |rules| Box::new(phone::Phone::of(rules))),
    ("card", |rules| Box::new(card::Card::of(rules))),
    ("ssn", |rules| Box::new(ssn::Ssn::of(rules))),
    ("names", |_| Box::new(names::Written)),
    ("ip", |rules| Box::new(ip::Ip::of(rules))),
    ("iban", |rules| Box::new(iban::Iban::of(rules))),
    ("secret", |rules| Box::new(secret::Secret::of(rules))),
];

/// What a detector sees of a text.
pub(crate) struct Scene<'a> {
    /// The text.
    pub(crate) text: &'a Text<'a>,
    /// Where to look.
    pub(crate) anchors: &'a Anchors,
    /// What it has anywhere.
    pub(crate) marks: Marks,
    /// Of which kind of secret its name is.
    pub(crate) named: Option<Kind>,
    /// Its key words.
    pub(crate) around: Surroundings<'a>,
}

impl<'a> Scene<'a> {
    /// The words round a candidate that begins at `from`.
    pub(crate) fn context(&'a self, from: usize) -> Context<'a> {
        Context::of(&self.around, from)
    }
}

/// Finds values that rules describe.
pub(crate) trait Detector: Send + Sync {
    /// Adds what it finds. It looks at a bounded stretch round each anchor.
    fn detect(&self, scene: &Scene<'_>, found: &mut Vec<Candidate>);

    /// Of these a text has one, or it finds nothing there.
    fn needs(&self) -> Marks {
        Marks::ANCHOR
    }

    /// Appends the canonical form of a value it found: two spellings of one value have one canonical form.
    fn canonical(&self, value: &[u8], canonical: &mut Vec<u8>);
}

/// What finds values by a set of rules.
pub(crate) struct Detection {
    lexicon: Lexicon,
    detectors: Vec<Box<dyn Detector>>,
    tokens: Tokens,
    everywhere: Vec<Everywhere>,
    /// For each rule, what finds values by it.
    finders: Vec<Finder>,
}

/// What a scan keeps from text to text: buffers, and what was worked out once.
pub(crate) struct Scratch {
    anchors: Anchors,
    kinds: Kinds,
    reading: Reading,
}

impl Scratch {
    /// Makes it fit for another scan: nothing that was read stays, and no more memory than a small scan needs.
    pub(crate) fn forget(&mut self) {
        self.kinds = Kinds::default();
        self.anchors.shrink();
    }
}

/// What finds values by a rule, and its place in the list of those.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Finder {
    Detector(usize),
    Token(usize),
    Everywhere(usize),
}

impl Detection {
    /// Of `rules`, which are numbered from 0, and of `words`, which speak of none of them.
    pub(crate) fn new(rules: &[(RuleId, &Rule)], words: &Words) -> Result<Self, RulesError> {
        // Words of secrets ("token", the names of a hundred companies) say nothing about other numbers.
        let spoken_of = rules.iter().filter(|(_, rule)| rule.data_type != DataType::Secret);
        let lexicon = Lexicon::new(spoken_of.copied(), words);
        let mut detectors = Vec::new();
        let mut everywhere = Vec::new();
        let mut finders = Vec::with_capacity(rules.len());
        let mut patterns = Vec::new();
        let mut made: Vec<&str> = Vec::new();
        for (id, rule) in rules {
            finders.push(match (&rule.detector, rule.origin) {
                (Some(name), _) if made.contains(&name.as_str()) => {
                    Finder::Detector(made.iter().position(|known| known == name).unwrap_or_default())
                }
                (Some(name), _) => {
                    let unknown = || RulesError::Detector { rule: rule.id.clone(), name: name.clone() };
                    let (_, make) = ALL.iter().find(|(known, _)| known == name).ok_or_else(unknown)?;
                    let described = |(_, rule): &&(RuleId, &Rule)| rule.detector.as_ref() == Some(name);
                    detectors.push(make(&rules.iter().filter(described).copied().collect::<Vec<_>>()));
                    made.push(name);
                    Finder::Detector(detectors.len().saturating_sub(1))
                }
                (None, Origin::User) => {
                    everywhere.push(Everywhere::new(*id, rule)?);
                    Finder::Everywhere(everywhere.len().saturating_sub(1))
                }
                (None, Origin::BuiltIn) => {
                    patterns.push((*id, *rule));
                    Finder::Token(patterns.len().saturating_sub(1))
                }
            });
        }
        let tokens = Tokens::new(&patterns)?;
        Ok(Self { lexicon, detectors, tokens, everywhere, finders })
    }

    /// The key words.
    #[cfg(test)]
    pub(crate) const fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    /// What a scan keeps from text to text.
    pub(crate) fn scratch(&self) -> Scratch {
        Scratch { anchors: Anchors::default(), kinds: Kinds::default(), reading: self.tokens.reading() }
    }

    /// Adds everything that is found in `text`; the candidates may overlap.
    pub(crate) fn detect(&self, text: &Text<'_>, scratch: &mut Scratch, found: &mut Vec<Candidate>) {
        let Scratch { anchors, kinds, reading } = scratch;
        let named = text.names.first().and_then(|name| kinds.of(name));
        let marks = match text.bytes.len() {
            ..SHORTEST_BYTES => Marks::NONE,
            _ if named.is_some() => Marks::of(text.bytes).or(Marks::NAMED),
            _ => Marks::of(text.bytes),
        };
        if marks == Marks::NONE && self.everywhere.is_empty() {
            return;
        }
        anchors.find(if marks.any(Marks::ANCHOR) { text.bytes } else { &[] });
        let scene = Scene { text, anchors, marks, named, around: Surroundings::new(text, &self.lexicon) };
        for detector in self.detectors.iter().filter(|detector| marks.any(detector.needs())) {
            detector.detect(&scene, found);
        }
        self.tokens.detect(&scene, reading, found);
        for everywhere in &self.everywhere {
            everywhere.detect(&scene, found);
        }
    }

    /// Appends the canonical form of a value that `rule` found.
    pub(crate) fn canonical(&self, rule: RuleId, value: &[u8], canonical: &mut Vec<u8>) {
        match self.finders.get(rule.index()) {
            Some(Finder::Detector(place)) => {
                if let Some(detector) = self.detectors.get(*place) {
                    detector.canonical(value, canonical);
                }
            }
            Some(Finder::Token(place)) => {
                if let Some(judge) = self.tokens.judge(*place) {
                    judge.canonical(value, canonical);
                }
            }
            Some(Finder::Everywhere(place)) => {
                if let Some(everywhere) = self.everywhere.get(*place) {
                    everywhere.judge().canonical(value, canonical);
                }
            }
            None => {}
        }
    }
}

/// What a detector believes to have found. Positions, never the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The rule it obeys.
    pub(crate) rule: RuleId,
    /// Where in the text.
    pub(crate) span: Range<usize>,
    /// What speaks for it; the stronger of two overlapping candidates stays.
    pub(crate) strength: Strength,
    /// As in [`crate::Finding::confidence`].
    pub(crate) confidence: Confidence,
    /// As in [`crate::Finding::validator`].
    pub(crate) validator: &'static str,
}

/// The one rule of a detector that obeys one.
fn only(rules: &[(RuleId, &Rule)]) -> RuleId {
    rules.first().map(|(id, _)| *id).unwrap_or_default()
}

/// What speaks for a candidate, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    /// The words round it, as a trained tagger reads them.
    Words,
    /// A form and a key word.
    Shape,
    /// A form and allowed ranges.
    Ranges,
    /// One check digit.
    Digit,
    /// Allowed ranges and a key word, or a form that is hard to mistake.
    RangesInContext,
    /// Check digits that chance rarely passes.
    Checksum,
    /// A check digit and a key word, or a structure of many characters.
    Certain,
}

/// Whether a value may begin at `from`: it is not the rest of a word, a number or a code.
pub(crate) fn begins_at(text: &[u8], from: usize) -> bool {
    let mut back = text.get(..from).unwrap_or_default().iter().rev();
    match (back.next(), back.next()) {
        (None, _) => true,
        // A line break that was escaped twice: `\n` as two characters.
        (Some(b'n' | b'r' | b't'), Some(b'\\')) => true,
        (Some(byte), _) if is_word(*byte) => false,
        (Some(b'-' | b'/' | b'+'), Some(before)) => !before.is_ascii_alphanumeric(),
        (Some(b'.'), Some(before)) => !before.is_ascii_digit(),
        (Some(b','), _) => !is_thousands(text, from),
        _ => true,
    }
}

/// Whether a value may end at `to`: no word, number or code goes on there.
pub(crate) fn ends_at(text: &[u8], to: usize) -> bool {
    match text.get(to..).unwrap_or_default() {
        [] => true,
        // What spreadsheets and data frames make of a column of numbers: `4111111111111111.0`.
        [b'.', b'0'] => true,
        [b'.', b'0', after, ..] if !after.is_ascii_digit() => !is_word(*after),
        [byte, ..] if is_word(*byte) || matches!(byte, b'@' | b'%') => false,
        [b'-' | b'.' | b'/' | b':', after, ..] => !after.is_ascii_digit(),
        _ => true,
    }
}

/// Whether the comma before `from` parts thousands: `1,234`.
fn is_thousands(text: &[u8], from: usize) -> bool {
    let is_digit = |byte: &&u8| byte.is_ascii_digit();
    let after = text.get(from..).unwrap_or_default().iter().take_while(is_digit).count();
    let before = text.get(..from).unwrap_or_default().iter().rev().skip(1).take_while(is_digit).count();
    after == 3 && (1..=3).contains(&before)
}

/// ASCII letters, digits and `_`. Letters of other scripts end a number: "电话450 0840".
const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The single separator between two runs of digits, if `gap` is one: a blank, a dash or a dot.
pub(crate) fn separator(gap: &[u8]) -> Option<u8> {
    match gap {
        [byte @ (b' ' | b'-' | b'.')] => Some(*byte),
        NO_BREAK_SPACE => Some(b' '),
        _ => None,
    }
}

/// The digits of `value`, as numbers.
pub(crate) fn digits(value: &[u8]) -> impl DoubleEndedIterator<Item = u8> {
    value.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| byte.wrapping_sub(b'0'))
}

#[cfg(test)]
pub(crate) mod testing {
    //! What every detector's tests share.

    use super::*;
    use crate::rules::Rules;
    use crate::text::{ALL, Offsets};

    /// The detector that the built-in rule called `id` names.
    fn detector(rules: &Rules, id: &str) -> usize {
        match rules.detection().finders[rules.find(id).unwrap().index()] {
            Finder::Detector(place) => place,
            other => panic!("{other:?}"),
        }
    }

    /// What the detector of the rule `id` finds in `text` under the key `name`: values and confidence.
    pub(crate) fn found_under(id: &str, name: &str, text: &str) -> Vec<(String, Confidence)> {
        let mut anchors = Anchors::default();
        anchors.find(text.as_bytes());
        let offsets = Offsets::plain(0);
        let names = [name.as_bytes(), b"".as_slice()];
        let read =
            Text { bytes: text.as_bytes(), offsets: &offsets, names, owned: ALL, record: 0, part: 0, lines: false };
        let rules = Rules::built_in();
        let detection = rules.detection();
        let around = Surroundings::new(&read, &detection.lexicon);
        let named = Kinds::default().of(name.as_bytes());
        let scene = Scene { text: &read, anchors: &anchors, marks: Marks::ALL, named, around };
        let mut found = Vec::new();
        detection.detectors[detector(&rules, id)].detect(&scene, &mut found);
        found.into_iter().map(|candidate| (text[candidate.span].to_owned(), candidate.confidence)).collect()
    }

    /// The values that the detector of the rule `id` finds in `text`.
    pub(crate) fn found(id: &str, text: &str) -> Vec<String> {
        found_under(id, "", text).into_iter().map(|(value, _)| value).collect()
    }

    /// The canonical form of `value`.
    pub(crate) fn canonical(id: &str, value: &str) -> String {
        let rules = Rules::built_in();
        let mut canonical = Vec::new();
        rules.detection().canonical(rules.find(id).unwrap(), value.as_bytes(), &mut canonical);
        String::from_utf8(canonical).unwrap()
    }
}
