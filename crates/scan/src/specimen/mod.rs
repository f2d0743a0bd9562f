//! Specimens: personal data that pass every check and belong to nobody.
//!
//! For tests, and for the drill that an operator runs on its own deployment. Addresses are in domains reserved for
//! examples (RFC 2606), telephone numbers in the range reserved for fiction (555-01xx), cards in ranges that issuers
//! publish for tests, IBANs at a bank called `TEST`.
//!
//! LIMIT: there is no reserved range of social security numbers that a scanner would accept; these are random numbers
//! in areas that were not given out before 2011. A real person may have one by chance.

mod record;

pub use record::{CSV_HEADER, Records};

/// Where chance comes from: any function that yields evenly distributed numbers. The same numbers make the same
/// specimens.
pub type Chance<'a> = &'a mut dyn FnMut() -> u64;

/// A person who does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Given name and family name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Telephone number, as `(212) 555-0123`.
    pub phone: String,
    /// Social security number, as `773-12-3456`.
    pub ssn: String,
    /// Card number, sixteen digits.
    pub card: String,
    /// IBAN.
    pub iban: String,
}

impl Person {
    /// Makes somebody up.
    #[must_use]
    pub fn new(chance: Chance<'_>) -> Self {
        let (given, family) = (pick(chance, GIVEN), pick(chance, FAMILY));
        Self {
            name: format!("{given} {family}"),
            email: email(chance, given, family),
            phone: phone(chance),
            ssn: ssn(chance),
            card: card(chance),
            iban: iban(chance),
        }
    }
}

/// An address in a domain that is reserved for examples.
#[must_use]
pub fn email(chance: Chance<'_>, given: &str, family: &str) -> String {
    let (number, domain) = (below(chance, 100_000), pick(chance, DOMAINS));
    format!("{}.{}{number}@{domain}", given.to_ascii_lowercase(), family.to_ascii_lowercase())
}

/// A number that telephone companies reserve for fiction: `(212) 555-0123`.
#[must_use]
pub fn phone(chance: Chance<'_>) -> String {
    format!("({}) 555-01{:02}", pick(chance, AREAS), below(chance, 100))
}

/// A social security number in the ranges that are given out.
#[must_use]
pub fn ssn(chance: Chance<'_>) -> String {
    let area = below(chance, 127).saturating_add(773);
    let (group, serial) = (below(chance, 99).saturating_add(1), below(chance, 9999).saturating_add(1));
    format!("{area}-{group:02}-{serial:04}")
}

/// A card number with a valid check digit, in a range for tests.
#[must_use]
pub fn card(chance: Chance<'_>) -> String {
    let body = format!("{}{:09}", pick(chance, TEST_RANGES), below(chance, 1_000_000_000));
    let doubled =
        |digit: u64| if digit > 4 { digit.saturating_mul(2).saturating_sub(9) } else { digit.saturating_mul(2) };
    let sum: u64 = body
        .bytes()
        .rev()
        .map(|byte| u64::from(byte.wrapping_sub(b'0')))
        .enumerate()
        .map(|(place, digit)| if place % 2 == 0 { doubled(digit) } else { digit })
        .sum();
    let check = (10_u64).saturating_sub(sum % 10) % 10;
    format!("{body}{check}")
}

/// A British IBAN with valid check digits, at a bank that does not exist.
#[must_use]
pub fn iban(chance: Chance<'_>) -> String {
    let account = below(chance, 100_000_000_000_000);
    // SPEC: ISO 13616: bank code, account, country and 00 as a number, letters counting from 10; TEST is 29142829, GB
    // is 1611.
    let bank_first = (0..14).fold(29_142_829_u64 % 97, |rest, _| rest.saturating_mul(10) % 97);
    let number = bank_first.saturating_add(account % 97).saturating_mul(1_000_000 % 97).saturating_add(161_100) % 97;
    format!("GB{:02}TEST{account:014}", 98_u64.saturating_sub(number))
}

/// A number below `bound`.
fn below(chance: Chance<'_>, bound: u64) -> u64 {
    chance().checked_rem(bound).unwrap_or(0)
}

/// One of `choices`.
fn pick<'a>(chance: Chance<'_>, choices: &[&'a str]) -> &'a str {
    let index = below(chance, choices.len() as u64);
    usize::try_from(index).ok().and_then(|index| choices.get(index)).copied().unwrap_or_default()
}

/// Reserved by RFC 2606.
const DOMAINS: &[&str] = &["example.com", "example.org", "example.net", "mail.example.com", "corp.example.org"];

/// Areas of the North American plan that are in service.
const AREAS: &[&str] =
    &["202", "212", "303", "312", "404", "415", "503", "512", "617", "646", "702", "718", "808", "907"];

/// Beginnings of the numbers that Visa and Mastercard publish for tests.
const TEST_RANGES: &[&str] = &["411111", "401288", "555555", "510510", "222300"];

const GIVEN: &[&str] = &[
    "Ada", "Amara", "Bruno", "Chidi", "Clara", "Dmitri", "Elena", "Farid", "Grace", "Hana", "Ivan", "Jamal", "Keiko",
    "Lars", "Mei", "Nadia", "Omar", "Priya", "Quinn", "Rosa", "Sven", "Tariq", "Uma", "Vera", "Wei", "Ximena", "Yusuf",
    "Zoe",
];

const FAMILY: &[&str] = &[
    "Abara", "Bennett", "Castillo", "Dubois", "Eriksen", "Fischer", "Gupta", "Haddad", "Ibarra", "Jansen", "Kowalski",
    "Lindgren", "Moreau", "Nakamura", "Okafor", "Petrov", "Quigley", "Rossi", "Sato", "Tanaka", "Usman", "Vargas",
    "Weber", "Xu", "Yilmaz", "Zhang",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect;

    /// A counter with its bits mixed.
    fn chance() -> impl FnMut() -> u64 {
        let mut state = 7_u64;
        move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 16
        }
    }

    #[test]
    fn every_specimen_passes_its_detector() {
        let mut chance = chance();
        for _ in 0..2000 {
            let person = Person::new(&mut chance);
            let values = [&person.email, &person.phone, &person.card, &person.ssn, &person.iban];
            for (value, rule) in values.into_iter().zip(["email", "phone", "card", "us-ssn", "iban"]) {
                let text = format!("it is {value}, they say");
                assert_eq!(detect::testing::found(rule, &text), [value.as_str()]);
            }
        }
    }

    #[test]
    fn the_same_chance_makes_the_same_person() {
        assert_eq!(Person::new(&mut chance()), Person::new(&mut chance()));
    }
}
