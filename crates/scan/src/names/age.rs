//! Ages and dates of birth: numbers that the words round them speak of.
//!
//! LIMIT: "he is 45" and "twenty years old" are not found: the first is as often a score or a size, the second no
//! number.

#![expect(clippy::arithmetic_side_effects, reason = "positions of tokens: each sum stays near their number")]

use super::token::{Shape, Token};
use super::vocabulary::{Meaning, says};
use super::{Hit, Kind};
use crate::finding::Confidence;

/// The highest age that anybody reached, in full years.
const OLDEST_YEARS: u32 = 122;

/// How many tokens may stand between a word of birth and its date: "Fecha de nacimiento (dd/mm/aaaa): ".
const FURTHEST_BIRTH: usize = 7;

/// Adds ages and dates of birth. `about_birth` says that the name of the text speaks of a birth.
pub(super) fn collect(text: &[u8], tokens: &[Token], about_birth: bool, found: &mut Vec<Hit>) {
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let starts = matches!(token.shape, Shape::ShortNumber | Shape::LongNumber | Shape::Coded)
            || (token.is_word() && says_month_before_number(tokens, at));
        if !starts {
            at += 1;
            continue;
        }
        let numbers = Numbers { text, tokens };
        if let Some(len) = numbers.date(at) {
            if about_birth || numbers.follows_birth(at) {
                let to = tokens.get(at + len - 1).map_or(token.to, |last| last.to);
                let span = token.from as usize..to as usize;
                found.push(Hit { kind: Kind::BirthDate, span, confidence: Confidence::High });
            }
            at += len;
            continue;
        }
        if let Some(to) = numbers.age(at) {
            let span = token.from as usize..to;
            found.push(Hit { kind: Kind::Age, span, confidence: Confidence::Medium });
        }
        at += 1;
    }
}

/// An age between commas behind a name: "Ada Obi, 45, was".
pub(super) fn behind_name(text: &[u8], tokens: &[Token], name_ends: usize) -> Option<Hit> {
    let at = tokens.partition_point(|token| (token.from as usize) < name_ends);
    let numbers = Numbers { text, tokens };
    let [comma, age, end, next] = tokens.get(at..at + 4)? else { return None };
    // The number of a house is followed by one of a floor or a town: "Paseo Dr. Obi, 14, 28007".
    let parts = numbers.is(comma, b",") && numbers.is(end, b",") && next.is_word();
    let adult = numbers.value(age).is_some_and(|value| (3..=OLDEST_YEARS).contains(&value));
    (parts && adult).then(|| Hit { kind: Kind::Age, span: age.span(), confidence: Confidence::Medium })
}

fn says_month_before_number(tokens: &[Token], at: usize) -> bool {
    let number = tokens.get(at + 1).is_some_and(|next| next.shape == Shape::ShortNumber);
    number && tokens.get(at).is_some_and(|token| token.is_capitalised() && says(token, Meaning::Month))
}

/// The tokens of a text that has numbers.
struct Numbers<'a> {
    text: &'a [u8],
    tokens: &'a [Token],
}

impl Numbers<'_> {
    fn bytes(&self, token: &Token) -> &[u8] {
        self.text.get(token.span()).unwrap_or_default()
    }

    fn is(&self, token: &Token, sign: &[u8]) -> bool {
        self.bytes(token) == sign
    }

    fn value(&self, token: &Token) -> Option<u32> {
        matches!(token.shape, Shape::ShortNumber | Shape::LongNumber).then_some(())?;
        std::str::from_utf8(self.bytes(token)).ok()?.parse().ok()
    }

    fn near(&self, at: usize, offset: isize) -> Option<&Token> {
        self.tokens.get(at.checked_add_signed(offset)?)
    }

    fn says(&self, at: usize, offset: isize, meaning: Meaning) -> bool {
        self.near(at, offset).is_some_and(|token| says(token, meaning))
    }

    /// Where the age that begins at `at` ends, if there is one.
    fn age(&self, at: usize) -> Option<usize> {
        let token = self.tokens.get(at)?;
        if token.shape == Shape::Coded {
            return self.written_together(token);
        }
        if self.value(token)? > OLDEST_YEARS || self.is_part_of_number(at) {
            return None;
        }
        let told_before = (1..=3).any(|back| self.says(at, -back, Meaning::Age) && self.only_links(at, back));
        // "45-year-old", "45 years old", "45 y/o", "45 yo"
        let gap = isize::from(self.near(at, 1).is_some_and(|next| self.is(next, b"-")));
        let unit = 1 + gap;
        if self.says(at, unit, Meaning::Unit) {
            let joint = isize::from(self.near(at, unit + 1).is_some_and(|next| self.is(next, b"-")));
            let of_age = self.says(at, unit + 1, Meaning::Link) && self.says(at, unit + 2, Meaning::Age);
            let old = self.says(at, unit, Meaning::Old) || self.says(at, unit + 1 + joint, Meaning::Old);
            return (old || of_age || told_before).then_some(token.to as usize);
        }
        if self.near(at, 1).is_some_and(|next| self.is(next, b"y") || self.is(next, b"Y"))
            && self.near(at, 2).is_some_and(|next| self.is(next, b"/") || self.is(next, b"."))
            && self.near(at, 3).is_some_and(|next| self.is(next, b"o") || self.is(next, b"O"))
        {
            return Some(token.to as usize);
        }
        // "63 años": the unit is a part of what is said, and it may be a duration, so somebody must have it.
        if self.says(at, 1, Meaning::OwnUnit) {
            let of_age = (2..=3).any(|ahead| self.says(at, ahead, Meaning::Old));
            let somebody = (1..=4).any(|back| self.says(at, -back, Meaning::Somebody));
            let unit = self.near(at, 1)?;
            return (told_before || of_age || somebody).then_some(unit.to as usize);
        }
        let turned = self.says(at, -1, Meaning::Turn) && !self.near(at, 1).is_some_and(Token::is_word);
        (turned || told_before && !self.near(at, 1).is_some_and(|next| self.is(next, b"%")))
            .then_some(token.to as usize)
    }

    /// `45yo`, `45y`: where its digits end.
    fn written_together(&self, token: &Token) -> Option<usize> {
        let bytes = self.bytes(token);
        let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (number, unit) = bytes.split_at_checked(digits)?;
        let old = [b"yo".as_slice(), b"yr", b"yrs", b"y"].iter().any(|known| unit.eq_ignore_ascii_case(known));
        (old && (1..=3).contains(&number.len())).then_some(token.from as usize + digits)
    }

    /// Whether the number goes on beyond a point, a slash or a dash: `45.5`, `120/80`.
    fn is_part_of_number(&self, at: usize) -> bool {
        let joins = |sign: isize, beyond: isize| {
            let glued = |token: &Token| matches!(self.bytes(token), b"." | b"/" | b"," | b":" | b"-");
            self.near(at, sign).is_some_and(glued)
                && self
                    .near(at, beyond)
                    .is_some_and(|token| matches!(token.shape, Shape::ShortNumber | Shape::LongNumber))
                && self.touches(at, sign)
        };
        joins(1, 2) || joins(-1, -2)
    }

    fn touches(&self, at: usize, offset: isize) -> bool {
        let (Some(here), Some(other)) = (self.tokens.get(at), self.near(at, offset)) else { return false };
        here.to == other.from || other.to == here.from
    }

    /// Whether nothing but linking words and signs stand between `at` and the word `back` tokens before it.
    fn only_links(&self, at: usize, back: isize) -> bool {
        (1..back).all(|offset| {
            self.near(at, -offset).is_some_and(|token| {
                says(token, Meaning::Link) || matches!(self.bytes(token), b":" | b"=" | b"." | b"-" | b"\"" | b"(")
            })
        })
    }

    /// How many tokens the date that begins at `at` has.
    fn date(&self, at: usize) -> Option<usize> {
        let number = |offset: isize| self.near(at, offset).and_then(|token| self.value(token));
        let day = |value: u32| (1..=31).contains(&value);
        let year = |value: u32| (1880..=2100).contains(&value) || value < 100;
        // 3/29/1982, 29.03.82, 1982-03-29
        if let Some(sign @ (b"/" | b"." | b"-")) = self.near(at, 1).map(|token| self.bytes(token))
            && self.near(at, 3).is_some_and(|token| self.bytes(token) == sign)
        {
            let (first, second) = (number(0)?, number(2)?);
            let last = number(4).or_else(|| self.leading_day(at + 4))?;
            let valid =
                (day(first) && day(second) && year(last)) || (first > 1879 && year(first) && day(second) && day(last));
            return valid.then_some(5);
        }
        // March 29, 1982
        if self.says(at, 0, Meaning::Month) {
            let comma = isize::from(self.near(at, 2).is_some_and(|token| self.is(token, b",")));
            return (day(number(1)?) && year(number(2 + comma)?)).then_some(3 + usize::from(comma > 0));
        }
        // 29 March 1982, 29. März 1982, 29 de marzo de 1982
        day(number(0)?).then_some(())?;
        let mut ahead = 1;
        if self.near(at, ahead).is_some_and(|token| self.is(token, b".") || says(token, Meaning::Link)) {
            ahead += 1;
        }
        self.says(at, ahead, Meaning::Month).then_some(())?;
        ahead += 1;
        if self
            .near(at, ahead)
            .is_some_and(|token| matches!(self.bytes(token), b"." | b",") || says(token, Meaning::Link))
        {
            ahead += 1;
        }
        year(number(ahead)?).then(|| ahead.unsigned_abs() + 1)
    }

    /// The day of `29T00`, as in a date with a time.
    fn leading_day(&self, at: usize) -> Option<u32> {
        let bytes = self.bytes(self.tokens.get(at)?);
        let (day, rest) = bytes.split_at_checked(2)?;
        rest.starts_with(b"T").then(|| std::str::from_utf8(day).ok()?.parse().ok())?
    }

    /// Whether a word of birth stands before the date at `at`, on its line or as the label on the line before, and no
    /// other date between.
    fn follows_birth(&self, at: usize) -> bool {
        let before = self.tokens.get(at.saturating_sub(FURTHEST_BIRTH)..at).unwrap_or_default();
        let mut back = before.iter().rev();
        back.by_ref()
            .take_while(|token| !matches!(token.shape, Shape::LongNumber | Shape::ShortNumber))
            .any(|token| says(token, Meaning::Birth))
    }
}

#[cfg(test)]
mod tests {
    use super::super::lists::Lists;
    use super::super::token::tokenize;
    use super::*;

    fn found(text: &str) -> Vec<(Kind, &str)> {
        let mut tokens = Vec::new();
        tokenize(text.as_bytes(), Lists::new(&[]), &mut tokens);
        let mut hits = Vec::new();
        collect(text.as_bytes(), &tokens, false, &mut hits);
        hits.into_iter().map(|hit| (hit.kind, &text[hit.span])).collect()
    }

    #[test]
    fn ages_are_told_by_words() {
        for (text, age) in [
            ("a 45-year-old man", "45"),
            ("she is 7 years old", "7"),
            ("Age: 61", "61"),
            ("age of 61", "61"),
            ("aged 19, of no fixed abode", "19"),
            ("I'm 58 y/o.", "58"),
            ("34 y.o. female", "34"),
            ("a 34yo female", "34"),
            ("an 8-month-old", "8"),
            ("60 years of age", "60"),
            ("I just turned 47.", "47"),
            ("Edad: 63 años", "63 años"),
            ("mujer de 63 años", "63 años"),
            ("63 años de edad", "63 años"),
            ("un homme de 45 ans", "45 ans"),
            ("eine Frau, 45 Jahre", "45 Jahre"),
        ] {
            assert_eq!(found(text), [(Kind::Age, age)], "{text}");
        }
    }

    #[test]
    fn other_numbers_are_not_ages() {
        for text in [
            "durante 10 años",
            "in 45 years",
            "aged 45.5",
            "page 45",
            "age: 450",
            "10 ans d'expérience",
            "5 years ago",
            "turned 60 degrees",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn dates_of_birth_are_told_by_words() {
        for (text, date) in [
            ("DOB: 3/29/1982", "3/29/1982"),
            ("Date of birth\n1982-03-29", "1982-03-29"),
            ("born on March 29, 1982 in", "March 29, 1982"),
            ("born 29 March 1982", "29 March 1982"),
            ("Fecha de nacimiento: 29/03/1982.", "29/03/1982"),
            ("nacida el 29 de marzo de 1982", "29 de marzo de 1982"),
            ("geb. 29.03.1982", "29.03.1982"),
            ("geboren am 29. März 1982", "29. März 1982"),
            ("née le 29 mars 1982", "29 mars 1982"),
            ("birthDate 1982-03-29T00:00:00Z", "1982-03-29T00"),
        ] {
            assert_eq!(found(text), [(Kind::BirthDate, date)], "{text}");
        }
    }

    #[test]
    fn other_dates_are_not() {
        for text in ["admitted 3/29/1982", "DOB unknown, admitted on the ward at last on 3/29/1982", "born in 10.0.0.1"]
        {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
