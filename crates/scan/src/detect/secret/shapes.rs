//! Shapes: the forms that providers give to their keys, and how the right one is found without trying them all.
//!
//! Most forms begin with a text of their own (`ghp_`). A table from the first two bytes to the forms that begin with
//! them is looked at where a key may begin; the regular expression of a form is tried only behind its whole prefix.
//! Forms without one are tried where their first byte and length fit, and those that say little (32 hexadecimal digits)
//! only where a word names their provider.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;

use regex_automata::meta::Regex;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};
use regex_syntax::hir::literal::Extractor;

use super::random::entropy;
use crate::finding::Confidence;
use crate::pattern::reading;
use crate::rules::{Need, Rule, RuleId};

/// The longest value of a form: session tokens and tickets are long.
const LONGEST_BYTES: usize = 4096;

/// One form.
pub(super) struct Shape {
    /// The rule that describes it.
    pub(super) rule: RuleId,
    /// How sure a find is.
    pub(super) confidence: Confidence,
    pattern: String,
    entropy: f32,
    first: [bool; 256],
    least: usize,
    most: usize,
    regex: OnceLock<Option<Regex>>,
}

impl Shape {
    fn of(id: RuleId, rule: &Rule, pattern: &str) -> Option<Self> {
        let parsed = syntax::parse_with(pattern, &reading()).ok()?;
        let mut first = [false; 256];
        let starts = Extractor::new().limit_class(256).limit_total(1024).limit_literal_len(1).extract(&parsed);
        match starts.literals() {
            Some(literals) => {
                for byte in literals.iter().filter_map(|literal| literal.as_bytes().first()) {
                    if let Some(may) = first.get_mut(usize::from(*byte)) {
                        *may = true;
                    }
                }
            }
            None => first = [true; 256],
        }
        Some(Self {
            rule: id,
            confidence: rule.confidence,
            pattern: pattern.to_owned(),
            entropy: rule.entropy.unwrap_or(0.0),
            first,
            least: parsed.properties().minimum_len().unwrap_or(1),
            most: parsed.properties().maximum_len().unwrap_or(LONGEST_BYTES),
            regex: OnceLock::new(),
        })
    }

    /// Whether a value of this form may begin with the first bytes of `text`.
    fn may_begin(&self, text: &[u8]) -> bool {
        let byte = text.first().copied().unwrap_or(0);
        text.len() >= self.least && self.first.get(usize::from(byte)).copied().unwrap_or(false)
    }

    /// The value of this form that begins at `from`: it is as random as its rule asks, and no word goes on behind it.
    fn find(&self, text: &[u8], from: usize) -> Option<Range<usize>> {
        let end = text.len().min(from.saturating_add(LONGEST_BYTES));
        // A form is compiled when it is first needed: most texts need none.
        let compile = || Regex::builder().syntax(reading()).build(&self.pattern).ok();
        let regex = self.regex.get_or_init(compile).as_ref()?;
        let input = Input::new(text).range(from..end).anchored(Anchored::Yes);
        let range = regex.find(input)?.range();
        let value = text.get(range.clone())?;
        let last = value.last().copied().unwrap_or(b' ');
        let after = text.get(range.end).copied().unwrap_or(b' ');
        let whole = !(last.is_ascii_alphanumeric() && (after.is_ascii_alphanumeric() || after == b'_'));
        (whole && (self.entropy <= 0.0 || entropy(value) >= self.entropy)).then_some(range)
    }
}

/// Every form, by how it is found.
#[derive(Default)]
pub(super) struct Shapes {
    shapes: Vec<Shape>,
    /// From the first two bytes to prefixes and the shapes that begin with them.
    prefixes: HashMap<[u8; 2], Vec<(Vec<u8>, usize)>>,
    /// One bit for each pair of first bytes: the map is asked only where this says so.
    pairs: Vec<u64>,
    /// Shapes without a prefix that need no word.
    free: Vec<usize>,
    /// From words, lower case, to the shapes that need one of them.
    spoken: HashMap<Vec<u8>, Vec<usize>>,
}

impl Shapes {
    /// Of the rules that have a pattern.
    pub(super) fn of(rules: &[(RuleId, &Rule)]) -> Self {
        let mut all = Self { pairs: vec![0; 1024], ..Self::default() };
        for (id, rule) in rules {
            let Some(shape) = rule.pattern.as_deref().and_then(|pattern| Shape::of(*id, rule, pattern)) else {
                continue;
            };
            let index = all.shapes.len();
            let prefixes = prefixes(&shape.pattern);
            all.shapes.push(shape);
            if rule.context == Need::Required {
                for word in &rule.keywords {
                    all.spoken.entry(word.as_bytes().to_vec()).or_default().push(index);
                }
            } else if prefixes.is_empty() {
                all.free.push(index);
            } else {
                for prefix in prefixes {
                    all.begin_with(prefix, index);
                }
            }
        }
        all
    }

    fn begin_with(&mut self, prefix: Vec<u8>, index: usize) {
        let Some(first) = prefix.first_chunk::<2>().copied() else { return };
        let pair = u16::from_be_bytes(first);
        if let Some(bits) = self.pairs.get_mut(usize::from(pair >> 6)) {
            *bits |= 1 << (pair & 63);
        }
        self.prefixes.entry(first).or_default().push((prefix, index));
    }

    /// Whether some form may begin with the two bytes of `pair`: a cheap first look.
    pub(super) fn may_begin(&self, pair: [u8; 2]) -> bool {
        let pair = u16::from_be_bytes(pair);
        self.pairs.get(usize::from(pair >> 6)).is_some_and(|bits| bits >> (pair & 63) & 1 == 1)
    }

    /// The longest value of any form with a prefix that begins at `from`.
    pub(super) fn at(&self, text: &[u8], from: usize) -> Option<(&Shape, Range<usize>)> {
        let rest = text.get(from..)?;
        let pair = rest.first_chunk::<2>().filter(|pair| self.may_begin(**pair))?;
        let begun = self.prefixes.get(pair)?.iter().filter(|(prefix, _)| rest.starts_with(prefix));
        longest(begun.filter_map(|(_, index)| self.shapes.get(*index)), text, from)
    }

    /// The longest value of any form without prefix that begins at `from`; it belongs to a run of `len` bytes.
    pub(super) fn free_at(&self, text: &[u8], from: usize) -> Option<(&Shape, Range<usize>)> {
        longest(self.free.iter().filter_map(|index| self.shapes.get(*index)), text, from)
    }

    /// The value at `from` of a form that needs `word`.
    pub(super) fn spoken_at(
        &self,
        word: &[u8],
        text: &[u8],
        from: usize,
        len: usize,
    ) -> Option<(&Shape, Range<usize>)> {
        let mut lower = [0_u8; 24];
        let lower = lower.get_mut(..word.len())?;
        for (to, from) in lower.iter_mut().zip(word) {
            *to = from.to_ascii_lowercase();
        }
        let shapes = self.spoken.get(&*lower)?.iter().filter_map(|index| self.shapes.get(*index));
        longest(shapes.filter(|shape| len <= shape.most), text, from)
    }
}

fn longest<'a>(shapes: impl Iterator<Item = &'a Shape>, text: &[u8], from: usize) -> Option<(&'a Shape, Range<usize>)> {
    let rest = text.get(from..)?;
    let found = shapes.filter(|shape| shape.may_begin(rest)).filter_map(|shape| Some((shape, shape.find(text, from)?)));
    // Of equals the first stays: the order of the files.
    found.reduce(|best, next| if next.1.len() > best.1.len() { next } else { best })
}

/// The texts that every value of `pattern` begins with, one of them; none if some are too short to look for.
fn prefixes(pattern: &str) -> Vec<Vec<u8>> {
    const SHORTEST: usize = 2;
    let Ok(parsed) = syntax::parse_with(pattern, &reading()) else { return Vec::new() };
    let extracted = Extractor::new().limit_class(10).limit_total(64).limit_literal_len(32).extract(&parsed);
    let literals = extracted.literals().unwrap_or_default();
    if literals.iter().any(|literal| literal.len() < SHORTEST) {
        return Vec::new();
    }
    literals.iter().map(|literal| literal.as_bytes().to_vec()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_tells_its_prefixes() {
        let strings = |pattern| -> Vec<String> {
            prefixes(pattern).into_iter().map(|prefix| String::from_utf8(prefix).unwrap()).collect()
        };
        assert_eq!(strings("tok_[a-z]{20}"), ["tok_"]);
        assert_eq!(strings("(?:ab|cd)-[0-9a-f]{8}"), ["ab-", "cd-"]);
        assert_eq!(strings("[0-9a-f]{32}"), [] as [&str; 0]);
    }
}
