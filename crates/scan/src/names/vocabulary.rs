//! Words that ages and dates of birth are told by, in the languages of the model.
//!
//! Lists, so that everybody who reads this file can say what they do. Case and accents make no difference.

use std::sync::LazyLock;

use super::token::{Token, word_hash};

/// What a word says about a number beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A stretch of time that English ages are told in: "45 years old".
    Unit,
    /// The same in a language that puts no "old" behind it: "45 años".
    OwnUnit,
    /// Says that the stretch before it is an age: "old", "yo".
    Old,
    /// Says that a number is an age: "aged", "edad".
    Age,
    /// Says so only if nothing follows: "turned 60", not "turned 60 degrees".
    Turn,
    /// Somebody who has an age: "mujer", "Patient".
    Somebody,
    /// Says that a date is one of birth.
    Birth,
    /// A month.
    Month,
    /// A word between the parts of a date, or between a key word and its value.
    Link,
}

const LISTS: &[(Meaning, &str)] = &[
    (Meaning::Unit, "year years yr yrs month months week weeks mo mos yo yro"),
    (
        Meaning::OwnUnit,
        "año años mes meses ans mois jahre jahren jahr monate monaten anni mesi anos jaar maanden lat let rokov år \
         vuotta éves ani godina yaşında лет года",
    ),
    (Meaning::Old, "old edad idade età oud alt âge yo"),
    (Meaning::Age, "age aged ages edad alter âge âgé âgée età idade leeftijd wiek ikä ålder alder yaş vârsta возраст"),
    (Meaning::Turn, "turn turned turns turning"),
    (
        Meaning::Somebody,
        "paciente mujer varón hombre niño niña señor señora patient patiente patientin homme femme garçon fille \
         monsieur madame mann frau herr junge mädchen uomo donna paziente signora bambino bambina homem mulher menino \
         menina man vrouw meneer mevrouw jongen meisje patiënt patiënte woman male female boy girl he she",
    ),
    (
        Meaning::Birth,
        "born birth dob birthday birthdate birthdays nacimiento nacido nacida nació naissance né née geburtsdatum \
         geboren geb geburtstag nato nata nascita nascimento nascido nascida nasceu geboortedatum geboorte född födelsedatum \
         født fødselsdato syntynyt urodzenia urodzony urodzona narození narozen születési született doğum рождения родился \
         родилась",
    ),
    (
        Meaning::Month,
        "january february march april may june july august september october november december jan feb mar apr jun jul \
         aug sep sept oct nov dec enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre \
         janvier février mars avril mai juin juillet août septembre octobre novembre décembre januar februar märz juni \
         juli oktober dezember gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre janeiro fevereiro \
         março maio junho julho setembro outubro novembro dezembro januari februari maart mei augustus",
    ),
    (Meaning::Link, "de del of the on is was le il em den der th st nd rd am del in at her his my date"),
];

/// What `token` says; a word that is on several lists says several things.
pub(super) fn says(token: &Token, meaning: Meaning) -> bool {
    let bit = 1_u16 << meaning as u8;
    let first = WORDS.partition_point(|(word, _)| *word < token.word);
    token.is_word() && WORDS.get(first).is_some_and(|(word, meanings)| *word == token.word && meanings & bit != 0)
}

/// The hashes of all words, with one bit for each meaning.
static WORDS: LazyLock<Vec<(u32, u16)>> = LazyLock::new(|| {
    let mut words: Vec<(u32, u16)> = LISTS
        .iter()
        .flat_map(|(meaning, list)| list.split_whitespace().map(|word| (word_hash(word), 1_u16 << *meaning as u8)))
        .collect();
    words.sort_unstable();
    words.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        kept.1 |= if same { next.1 } else { 0 };
        same
    });
    words
});
