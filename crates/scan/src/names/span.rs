//! From labels to findings: which tokens make one name or address, and what of them belongs to it.

#![expect(clippy::arithmetic_side_effects, reason = "positions of tokens: each sum stays below their number")]

use std::ops::Range;

use super::lists::{COMMON, GIVEN, SURNAME};
use super::model::UNIT;
use super::token::{Case, Shape, Token};
use super::{Hit, Kind, Label};
use crate::finding::Confidence;

/// Adds what `labels` say of `tokens`.
pub(super) fn collect(tokens: &[Token], labels: &[(Label, i32)], found: &mut Vec<Hit>) {
    let mut at = 0;
    while let Some((label, _)) = labels.get(at) {
        let from = at;
        at += 1;
        let on = match label {
            Label::Person | Label::PersonOn => Label::PersonOn,
            Label::Address | Label::AddressOn => Label::AddressOn,
            Label::Place => Label::Place,
            _ => continue,
        };
        while labels.get(at).is_some_and(|(next, _)| *next == on)
            && !(on == Label::PersonOn && tokens.get(at).is_some_and(|token| token.shape == Shape::Break))
        {
            at += 1;
        }
        let Some(mut range) = trimmed(tokens, from..at) else { continue };
        if on == Label::AddressOn {
            range.end += usize::from(splits_postcode(tokens, range.end));
        }
        let part = tokens.get(range.clone()).unwrap_or_default();
        let lead: i32 = labels.get(range.clone()).unwrap_or_default().iter().map(|(_, lead)| lead).sum();
        let hit = match on {
            Label::PersonOn if is_of_code(tokens, &range) => None,
            Label::PersonOn => person(part, lead),
            Label::AddressOn => address(part),
            _ => place(part),
        };
        found.extend(hit);
    }
}

/// Without the signs at its ends; `None` if nothing is left.
fn trimmed(tokens: &[Token], range: Range<usize>) -> Option<Range<usize>> {
    let part = tokens.get(range.clone())?;
    let outside = |token: &Token| matches!(token.shape, Shape::Sign | Shape::Break | Shape::Code);
    let from = range.start + part.iter().position(|token| !outside(token))?;
    let to = range.start + part.iter().rposition(|token| !outside(token))? + 1;
    Some(from..to)
}

/// Whether a few capitals stand right beside digits: a plate or a number, `AB49 ABC`, is nobody's name.
fn is_of_code(tokens: &[Token], range: &Range<usize>) -> bool {
    const MOST_CAPITALS: usize = 3;
    let coded = |token: &Token| matches!(token.shape, Shape::ShortNumber | Shape::LongNumber | Shape::Coded);
    let at = |place: Option<usize>| place.and_then(|place| tokens.get(place)).filter(|token| coded(token));
    let Some([part]) = tokens.get(range.clone()) else { return false };
    let before = at(range.start.checked_sub(1)).is_some_and(|token| token.to + 1 >= part.from);
    let after = at(Some(range.end)).is_some_and(|token| part.to + 1 >= token.from);
    part.shape == Shape::Upper && part.len() <= MOST_CAPITALS && (before || after)
}

/// Whether the second half of a British postcode stands behind the first: `LS1 4AB`.
fn splits_postcode(tokens: &[Token], end: usize) -> bool {
    let half = |at: Option<usize>| {
        at.and_then(|at| tokens.get(at)).filter(|token| token.shape == Shape::Coded && token.len() <= 4)
    };
    let halves = half(end.checked_sub(1)).zip(half(Some(end)));
    halves.is_some_and(|(first, second)| first.to + 1 == second.from)
}

fn span(part: &[Token]) -> Range<usize> {
    part.first().map_or(0, |token| token.from as usize)..part.last().map_or(0, |token| token.to as usize)
}

fn person(part: &[Token], lead: i32) -> Option<Hit> {
    // An initial alone, or a number, is no name.
    if !part.iter().any(|token| token.is_word() && token.shape != Shape::Initial) {
        return None;
    }
    if lead < least_lead(part) {
        return None;
    }
    let sure = if lead > 6 * UNIT { Confidence::Medium } else { Confidence::Low };
    Some(Hit { kind: Kind::Name, span: span(part), confidence: sure })
}

/// How clear a name must be: the less its letters and the lists speak for it, the more must what is round it.
fn least_lead(part: &[Token]) -> i32 {
    let given = |token: &Token| token.lists & (GIVEN | COMMON) == GIVEN;
    let small = part.iter().all(|token| !token.is_capitalised());
    match part {
        // On a line where others are capitalised, small letters are a choice.
        [first, ..] if small && !part.iter().any(given) => {
            if first.case == Case::Lower {
                2 * UNIT
            } else {
                6 * UNIT
            }
        }
        [alone] if alone.lists & (GIVEN | SURNAME) == 0 => 2 * UNIT,
        [_] => UNIT / 2,
        _ => 0,
    }
}

fn address(part: &[Token]) -> Option<Hit> {
    let numbered =
        part.iter().any(|token| matches!(token.shape, Shape::ShortNumber | Shape::LongNumber | Shape::Coded));
    // Two letters and numbers, `AA 12 34`, are some other thing's number; a postcode is letters and digits in one.
    let named = part.iter().any(|token| (token.is_word() && token.len() > 2) || token.shape == Shape::Coded);
    if !named {
        return None;
    }
    let confidence = if numbered && part.len() > 1 { Confidence::Medium } else { Confidence::Low };
    Some(Hit { kind: Kind::Address, span: span(part), confidence })
}

fn place(part: &[Token]) -> Option<Hit> {
    Some(Hit { kind: Kind::Place, span: span(part), confidence: Confidence::Low })
}
