//! Reads labelled texts and turns them into runs of tokens, as the tagger meets them.

use std::error::Error;
use std::io::BufRead;
use std::path::Path;

use scan::names::Label;
use scan::names::feature::{self, FEATURES};
use scan::names::lists::{COMMON, Lists};
use scan::names::token::{Token, tokenize};
use serde::Deserialize;

/// A run of tokens that the tagger would look at.
pub(crate) struct Run {
    pub(crate) tokens: Vec<Features>,
}

/// What is known of one token.
pub(crate) struct Features {
    pub(crate) rows: [u32; FEATURES],
    /// Which features are too rare to learn from, one bit each.
    pub(crate) rare: u64,
    pub(crate) label: Label,
}

#[derive(Deserialize)]
struct Line {
    text: String,
    spans: Vec<(usize, usize, String)>,
}

/// A feature that is seen less often is left out: it would only blur the row it shares.
const FEWEST: u8 = 3;

/// Log2 of how many counters there are.
const COUNTERS: u32 = 25;

/// Of how many names in a hundred the lists are hidden, so that the tagger learns to do without.
const HIDDEN_PERCENT: u64 = 25;

/// Reads all runs.
pub(crate) fn read(path: &Path, table: &[[u8; 2]]) -> Result<Vec<Run>, Box<dyn Error>> {
    let mut keyed = Vec::new();
    let mut chance = Chance(0x5eed_0001);
    let mut tokens = Vec::new();
    let mut missed = 0_usize;
    let mut named = 0_usize;
    for line in std::io::BufReader::new(std::fs::File::open(path)?).lines() {
        let line: Line = serde_json::from_str(&line?)?;
        tokenize(line.text.as_bytes(), Lists::new(table), &mut tokens);
        let labels = labels(&line, &tokens);
        hide(&mut tokens, &labels, &mut chance);
        named += labels.iter().filter(|label| **label != Label::Other).count();
        missed += labels.iter().zip(&tokens).filter(|(label, token)| **label != Label::Other && !token.scored).count();
        let mut at = 0;
        while at < tokens.len() {
            let len = tokens[at..].iter().take_while(|token| token.scored).count();
            let run: Vec<_> = (at..at + len).map(|at| (feature::keys(&tokens, at), labels[at])).collect();
            if len > 0 {
                keyed.push(run);
            }
            at += len.max(1);
        }
    }
    eprintln!("{} runs; of {named} labelled tokens {missed} are never looked at", keyed.len());
    Ok(without_rare(keyed))
}

fn without_rare(keyed: Vec<Vec<([u64; FEATURES], Label)>>) -> Vec<Run> {
    let counter = |key: u64| (key >> (64 - COUNTERS)) as usize;
    let mut counts = vec![0_u8; 1 << COUNTERS];
    for key in keyed.iter().flatten().flat_map(|(keys, _)| keys) {
        let count = &mut counts[counter(*key)];
        *count = count.saturating_add(1);
    }
    let features = |(keys, label): ([u64; FEATURES], Label)| {
        let rare = keys.iter().enumerate().filter(|(_, key)| counts[counter(**key)] < FEWEST);
        Features { rows: keys.map(feature::row), rare: rare.fold(0, |bits, (at, _)| bits | 1 << at), label }
    };
    keyed.into_iter().map(|run| Run { tokens: run.into_iter().map(features).collect() }).collect()
}

/// The label of each token: that of the span which covers its first byte.
fn labels(line: &Line, tokens: &[Token]) -> Vec<Label> {
    let mut bytes: Vec<usize> = line.text.char_indices().map(|(at, _)| at).collect();
    bytes.push(line.text.len());
    let mut labels = vec![Label::Other; tokens.len()];
    for (from, to, label) in &line.spans {
        let (from, to) = (bytes[*from], bytes[*to]);
        let (first, on) = match label.as_str() {
            "PERSON" => (Label::Person, Label::PersonOn),
            "ADDRESS" => (Label::Address, Label::AddressOn),
            "PLACE" => (Label::Place, Label::Place),
            "ORGANISATION" => (Label::Organisation, Label::Organisation),
            _ => (Label::Thing, Label::Thing),
        };
        let mut begun = false;
        for (token, place) in tokens.iter().zip(&mut labels) {
            let covered = token.from as usize >= from && (token.from as usize) < to;
            if covered && token.shape != scan::names::token::Shape::Code {
                *place = if begun { on } else { first };
                begun = true;
            }
        }
    }
    labels
}

/// Hides from some tokens of names that they are listed.
fn hide(tokens: &mut [Token], labels: &[Label], chance: &mut Chance) {
    for (token, label) in tokens.iter_mut().zip(labels) {
        if matches!(label, Label::Person | Label::PersonOn | Label::Place) && chance.percent() < HIDDEN_PERCENT {
            token.lists &= COMMON;
        }
    }
}

/// Pseudo-random numbers: SplitMix64.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn percent(&mut self) -> u64 {
        (self.next() >> 32) % 100
    }
}
