//! Numbers of health care in generated documents: valid, near-valid and without context, each type at F1 of .9 or more.
//!
//! The documents are made of a seed, so a failure is the same for everybody. The sentences are not those of the rules.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod common;

use common::scan;
use scan::Rules;

/// How many documents of each sort.
const DOCUMENTS: u64 = 300;

struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'0' + self.below(10) as u8)).collect()
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len() as u64) as usize]
    }
}

fn number(digits: &str, place: usize) -> u32 {
    u32::from(digits.as_bytes()[place] - b'0')
}

/// The last digit that makes 80840 and the number pass Luhn, worked out the slow way.
fn npi(chance: &mut Chance) -> String {
    let body = format!("{}{}", 1 + chance.below(2), chance.digits(8));
    let check = (0..10).find(|check| {
        let whole = format!("80840{body}{check}");
        let doubled =
            |place: usize| number(&whole, place) * if (whole.len() - place).is_multiple_of(2) { 2 } else { 1 };
        (0..whole.len()).map(|place| doubled(place) / 10 + doubled(place) % 10).sum::<u32>() % 10 == 0
    });
    format!("{body}{}", check.unwrap())
}

fn dea(chance: &mut Chance) -> String {
    let body = chance.digits(6);
    let odd: u32 = [0, 2, 4].iter().map(|place| number(&body, *place)).sum();
    let even: u32 = [1, 3, 5].iter().map(|place| number(&body, *place)).sum();
    format!("{}{}{body}{}", chance.of(&["A", "B", "F", "M"]), chance.of(&["S", "T", "K", "9"]), (odd + 2 * even) % 10)
}

fn nhs(chance: &mut Chance) -> String {
    loop {
        let body = chance.digits(9);
        let sum: u32 = (0..9).map(|place| number(&body, place) * (10 - place as u32)).sum();
        let check = (11 - sum % 11) % 11;
        if check < 10 {
            let whole = format!("{body}{check}");
            return match chance.below(2) {
                0 => whole,
                _ => format!("{} {} {}", &whole[..3], &whole[3..6], &whole[6..]),
            };
        }
    }
}

fn mbi(chance: &mut Chance) -> String {
    const LETTERS: &[&str] =
        &["A", "C", "E", "G", "H", "J", "K", "M", "N", "P", "Q", "R", "T", "U", "V", "W", "X", "Y"];
    let mut letter = || chance.of(LETTERS).to_owned();
    let letters: Vec<String> = (0..6).map(|_| letter()).collect();
    let digits = chance.digits(4);
    let first = 1 + chance.below(9);
    let (a, b, c) = (&digits[..1], &digits[1..2], &digits[2..]);
    let parts = [
        format!("{first}{}{}{a}", letters[0], letters[1]),
        format!("{}{}{b}", letters[2], letters[3]),
        format!("{}{}{c}", letters[4], letters[5]),
    ];
    parts.join(if chance.below(2) == 0 { "-" } else { "" })
}

fn mrn(chance: &mut Chance) -> String {
    let prefix = chance.of(&["", "", "MR-", "H", "PX"]);
    let len = 6 + chance.below(4) as usize;
    format!("{prefix}{}", chance.digits(len))
}

/// Changes one digit.
fn spoilt(value: &str) -> String {
    let last = value.rfind(|letter: char| letter.is_ascii_digit()).unwrap();
    let other = (value.as_bytes()[last] - b'0' + 1) % 10;
    format!("{}{other}{}", &value[..last], &value[last + 1..])
}

/// A type: its rule, how a number is made, words that speak of it, and whether it is found without them.
struct Sort {
    rule: &'static str,
    make: fn(&mut Chance) -> String,
    said: &'static [&'static str],
    checked: bool,
    alone: bool,
}

const SORTS: &[Sort] = &[
    Sort {
        rule: "us-npi",
        make: npi,
        said: &["Referred by Dr Osei, NPI {}.", "NPI: {}", "the billing provider ({}) was paid", "npi={}", "NPI # {}"],
        checked: true,
        alone: false,
    },
    Sort {
        rule: "us-dea",
        make: dea,
        said: &["DEA {}", "DEA #: {}, refills 0", "prescriber registration {}", "her DEA number is {}"],
        checked: true,
        alone: false,
    },
    Sort {
        rule: "uk-nhs",
        make: nhs,
        said: &["NHS number {}", "NHS No: {} seen in clinic", "the NHS number on the letter was {}", "nhs_number: {}"],
        checked: true,
        alone: false,
    },
    Sort {
        rule: "us-mbi",
        make: mbi,
        said: &["Medicare {}", "MBI: {}", "beneficiary {} was enrolled", "new card shows {} on it"],
        checked: false,
        alone: true,
    },
    Sort {
        rule: "mrn",
        make: mrn,
        said: &["MRN {}", "MRN: {} admitted 3 May", "medical record no. {}", "Chart number {}", "patient id: {}"],
        checked: false,
        alone: false,
    },
];

/// Sentences in which any number is none of these.
const UNSAID: &[&str] = &["order {} was shipped", "we counted {} of them", "invoice {} is due", "part {}"];

#[test]
fn numbers_of_health_care_are_told_from_those_that_look_like_them() {
    let rules = Rules::built_in();
    let mut chance = Chance(20_261_124);
    for sort in SORTS {
        let id = rules.find(sort.rule).unwrap();
        let (mut right, mut missed, mut wrong) = (0_u32, 0_u32, 0_u32);
        let mut found = |text: &str, value: Option<&str>| {
            let place = value.map(|value| text.find(value).unwrap() as u64);
            let findings = scan(text.as_bytes()).findings;
            let hits = findings.iter().filter(|found| found.rule == id);
            let good = hits.clone().filter(|found| Some(found.from) == place).count() as u32;
            right += good;
            wrong += hits.count() as u32 - good;
            missed += u32::from(value.is_some() && good == 0);
        };
        for _ in 0..DOCUMENTS {
            let value = (sort.make)(&mut chance);
            found(&chance.of(sort.said).replace("{}", &value), Some(&value));
            if sort.checked {
                found(&chance.of(sort.said).replace("{}", &spoilt(&value)), None);
            }
            if !sort.alone {
                found(&chance.of(UNSAID).replace("{}", &value), None);
            }
        }
        let f1 = f64::from(2 * right) / f64::from(2 * right + missed + wrong);
        assert!(f1 >= 0.9, "{}: {right} right, {missed} missed, {wrong} wrong, F1 {f1:.3}", sort.rule);
    }
}
