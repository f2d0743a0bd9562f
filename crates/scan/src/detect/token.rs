//! Finds values by the patterns of rules: all patterns at once, from the few places where a value could begin.
//!
//! A value begins at a word that holds a digit, or at a short word of letters right before one (`AB 12 34 56 C`). From
//! there one automaton of all patterns reads on until no pattern can go on: its states are the table that leads from
//! the shape of what is read to the rules that fit it, so no rule is tried in vain. It is made as it is needed, in a
//! bounded cache.

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, Config, DFA};
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};

use super::rule::{Judge, LONGEST_VALUE_BYTES};
use super::{Candidate, Scene, begins_at, ends_at};
use crate::pattern::reading;
use crate::rules::{Rule, RuleId, RulesError};

/// How far back the beginning of a word is looked for. A longer word is no value.
const LONGEST_WORD_BYTES: usize = 64;

/// The longest word of letters that belongs to the digits behind it: `CHE-123.456.788`, `MAT 123456`.
const LONGEST_LEAD_BYTES: usize = 4;

/// How much memory the automaton's states may take, in each scan.
const CACHE_BYTES: usize = 512 << 10;

/// The patterns of a set of rules, as one automaton.
#[derive(Debug)]
pub(super) struct Tokens {
    automaton: DFA,
    judges: Vec<Judge>,
    /// For each pattern, whose it is and whether it is a weak one.
    patterns: Vec<(usize, Form)>,
}

/// How much a form says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// What the rule says of it.
    Telling,
    /// Nothing without words that speak of it.
    Weak,
}

/// What a scan keeps of the automaton.
pub(super) struct Reading {
    cache: Cache,
    /// Pattern and end of what fits, from one beginning.
    fits: Vec<(usize, usize)>,
}

impl Tokens {
    /// Of `rules`, which all have patterns.
    pub(super) fn new(rules: &[(RuleId, &Rule)]) -> Result<Self, RulesError> {
        let mut texts = Vec::new();
        let mut patterns = Vec::new();
        for (place, (_, rule)) in rules.iter().enumerate() {
            for (text, form) in [(&rule.pattern, Form::Telling), (&rule.weak, Form::Weak)] {
                texts.extend(text.as_deref());
                patterns.extend(text.is_some().then_some((place, form)));
            }
        }
        let automaton = DFA::builder()
            .syntax(reading())
            .configure(Config::new().match_kind(MatchKind::All).cache_capacity(CACHE_BYTES))
            .build_many(&texts)
            .map_err(|source| RulesError::Patterns { source: Box::new(source) })?;
        let judges = rules.iter().map(|(id, rule)| Judge::new(*id, rule)).collect();
        Ok(Self { automaton, judges, patterns })
    }

    pub(super) fn reading(&self) -> Reading {
        Reading { cache: self.automaton.create_cache(), fits: Vec::new() }
    }

    /// The judge of `rule`.
    pub(super) fn judge(&self, place: usize) -> Option<&Judge> {
        self.judges.get(place)
    }

    /// Adds what is found.
    pub(super) fn detect(&self, scene: &Scene<'_>, reading: &mut Reading, found: &mut Vec<Candidate>) {
        let text = scene.text.bytes;
        let mut last = None;
        for run in &scene.anchors.runs {
            let Some(word) = word_start(text, run.start) else { continue };
            if last == Some(word) {
                continue;
            }
            last = Some(word);
            if let Some(lead) = lead_start(text, word) {
                self.detect_at(scene, lead, reading, found);
            }
            self.detect_at(scene, word, reading, found);
        }
    }

    fn detect_at(&self, scene: &Scene<'_>, from: usize, reading: &mut Reading, found: &mut Vec<Candidate>) {
        let text = scene.text.bytes;
        if !begins_at(text, from) {
            return;
        }
        reading.fits.clear();
        // An automaton that gives up has found what it found; it never does, as its cache is cleared when it is full.
        let _ = self.read(text, from, reading);
        if reading.fits.is_empty() {
            return;
        }
        for (pattern, to) in &reading.fits {
            let Some((place, form)) = self.patterns.get(*pattern) else { continue };
            if ends_at(text, *to)
                && !is_part_of_list(text, from, *to)
                && !is_part_of_row(text, from, *to)
                && let Some(judge) = self.judges.get(*place)
            {
                found.extend(judge.judge(scene, from..*to, *form));
            }
        }
    }

    /// Notes every pattern that fits a stretch from `from` on, with its end.
    fn read(&self, text: &[u8], from: usize, reading: &mut Reading) -> Option<()> {
        let Reading { cache, fits } = reading;
        let before = from.checked_sub(1).and_then(|before| text.get(before)).copied();
        let begin = start::Config::new().anchored(Anchored::Yes).look_behind(before);
        let mut state = self.automaton.start_state(cache, &begin).ok()?;
        let rest = text.get(from..)?;
        let reach = rest.get(..rest.len().min(LONGEST_VALUE_BYTES)).unwrap_or_default();
        // States know of a match one byte late, when they have seen what follows.
        for (at, byte) in (from..).zip(reach) {
            state = self.automaton.next_state(cache, state, *byte).ok()?;
            if state.is_tagged() {
                if state.is_match() {
                    self.note(cache, state, at, fits);
                } else if state.is_dead() || state.is_quit() {
                    return Some(());
                }
            }
        }
        if reach.len() == rest.len() {
            state = self.automaton.next_eoi_state(cache, state).ok()?;
            if state.is_match() {
                self.note(cache, state, text.len(), fits);
            }
        }
        Some(())
    }

    fn note(&self, cache: &Cache, state: LazyStateID, end: usize, fits: &mut Vec<(usize, usize)>) {
        let matches = 0..self.automaton.match_len(cache, state);
        fits.extend(matches.map(|place| (self.automaton.match_pattern(cache, state, place).as_usize(), end)));
    }
}

/// Where the word begins that has a digit at `digit`.
fn word_start(text: &[u8], digit: usize) -> Option<usize> {
    let before = text.get(digit.saturating_sub(LONGEST_WORD_BYTES)..digit)?;
    let len = before.iter().rev().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    (len < LONGEST_WORD_BYTES).then(|| digit.saturating_sub(len))
}

/// Where a short word of letters begins that a single mark parts from the word at `word`.
fn lead_start(text: &[u8], word: usize) -> Option<usize> {
    let (mark, before) = text.get(..word)?.split_last()?;
    let letters = before.iter().rev().take(LONGEST_LEAD_BYTES.saturating_add(1));
    let len = letters.take_while(|byte| byte.is_ascii_alphabetic()).count();
    let start = before.len().saturating_sub(len);
    let alone = start.checked_sub(1).and_then(|at| text.get(at)).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    let parted = matches!(mark, b' ' | b'-' | b'.' | b'/');
    (parted && alone && (1..=LONGEST_LEAD_BYTES).contains(&len)).then_some(start)
}

/// Whether what stands in `from..to` is a stretch of a longer row of numbers parted by blanks.
fn is_part_of_row(text: &[u8], from: usize, to: usize) -> bool {
    let spaced = text.get(from..to).is_some_and(|value| value.contains(&b' '));
    let digit = |byte: &u8| byte.is_ascii_digit();
    let before = matches!(text.get(..from), Some([.., before, b' ']) if digit(before));
    let after = matches!(text.get(to..), Some([b' ', after, ..]) if digit(after));
    spaced && (before || after)
}

/// Whether what stands in `from..to` is a stretch of a longer row of hexadecimal pairs.
fn is_part_of_list(text: &[u8], from: usize, to: usize) -> bool {
    let colons = text.get(from..to).is_some_and(|value| value.contains(&b':'));
    let before = matches!(text.get(..from), Some([.., before, b':']) if before.is_ascii_hexdigit());
    let after = matches!(text.get(to..), Some([b':', after, ..]) if after.is_ascii_hexdigit());
    colons && (before || after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_begin_at_words() {
        let text = b"see AB 12 or X1Y2, a.b7";
        assert_eq!(word_start(text, 7), Some(7));
        assert_eq!(lead_start(text, 7), Some(4));
        assert_eq!(word_start(text, 16), Some(13));
        assert_eq!(lead_start(text, 13), Some(10));
        assert_eq!(word_start(&[b'x'; 99], 80), None);
        assert_eq!(lead_start(b"number 12", 7), None);
    }

    #[test]
    fn rows_are_not_cut() {
        assert!(is_part_of_row(b"12 943 476", 3, 10));
        assert!(!is_part_of_row(b"a 943 476", 2, 9));
        assert!(!is_part_of_row(b"12 943476", 3, 9));
    }
}
