//! What speed is measured on: made-up prose, chats, tables and columns with people in them here and there, and real source code.

use std::fmt::Write as _;
use std::path::Path;

use scan::specimen::Person;
use survey::{Listed, Walk};

use crate::{Outcome, parquet};

/// How long each sample is: more than the second level of caches holds.
pub(crate) const SAMPLE_BYTES: usize = 16 << 20;

/// A sentence out of this many names somebody, in prose and chats. How many findings a MB that makes is part of the report.
const SENTENCES_A_PERSON: u64 = 60;

/// A named sample.
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    /// What a file of it would be called.
    pub(crate) file: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// The same numbers every time, so that runs compare.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) const fn new() -> Self {
        Self(42)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 16
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        let at = self.below(words.len() as u64);
        usize::try_from(at).ok().and_then(|at| words.get(at)).copied().unwrap_or_default()
    }
}

/// All samples. `code` is a folder of Python sources; what it holds is repeated until it is long enough.
pub(crate) fn all(code: &Path) -> Outcome<Vec<Sample>> {
    let mut numbers = Numbers::new();
    Ok(vec![
        Sample { name: "prose", file: "prose.txt", bytes: filled(|out| paragraph(&mut numbers, out)) },
        Sample { name: "chat JSONL", file: "chat.jsonl", bytes: filled(|out| chat(&mut numbers, out)) },
        Sample { name: "CSV", file: "people.csv", bytes: table(&mut numbers) },
        Sample { name: "Parquet, the rows of CSV", file: "people.parquet", bytes: columns(&mut numbers) },
        Sample { name: "Python", file: "code.py", bytes: sources(code)? },
    ])
}

fn filled(mut more: impl FnMut(&mut String)) -> Vec<u8> {
    let mut out = String::with_capacity(SAMPLE_BYTES.saturating_add(8 << 10));
    while out.len() < SAMPLE_BYTES {
        more(&mut out);
    }
    out.into_bytes()
}

const WORDS: &[&str] = &[
    "the",
    "of",
    "and",
    "to",
    "in",
    "a",
    "that",
    "it",
    "was",
    "for",
    "on",
    "with",
    "as",
    "had",
    "at",
    "by",
    "we",
    "from",
    "they",
    "which",
    "or",
    "were",
    "when",
    "their",
    "more",
    "there",
    "people",
    "would",
    "about",
    "could",
    "after",
    "time",
    "other",
    "into",
    "only",
    "order",
    "shipment",
    "account",
    "question",
    "answer",
    "meeting",
    "before",
    "between",
    "never",
    "morning",
    "evening",
    "window",
    "letter",
    "water",
    "number",
    "river",
    "market",
    "system",
    "reason",
    "problem",
    "later",
    "together",
    "without",
    "another",
    "because",
    "through",
    "customer",
    "contract",
    "delivery",
    "explained",
    "asked",
    "thought",
    "remembered",
    "promised",
    "arrived",
    "waited",
    "looked",
    "decided",
    "simple",
    "quiet",
    "early",
    "careful",
];

fn sentence(numbers: &mut Numbers, out: &mut String) {
    if numbers.below(SENTENCES_A_PERSON) == 0 {
        let person = Person::new(&mut || numbers.next());
        // Writing to a string cannot fail.
        let _ = match numbers.below(5) {
            0 => write!(out, "{} wrote from {} that the parcel was late. ", person.name, person.email),
            1 => write!(out, "Please call {} back at {}. ", person.name, person.phone),
            2 => write!(out, "Her card {} was charged twice. ", person.card),
            3 => write!(out, "Refund to {}, in the name of {}. ", person.iban, person.name),
            _ => write!(out, "I spoke with {} about it. ", person.name),
        };
        return;
    }
    let words = numbers.below(14).saturating_add(5);
    for at in 0..words {
        let word = numbers.pick(WORDS);
        if at == 0 {
            let mut letters = word.chars();
            out.extend(letters.next().map(|first| first.to_ascii_uppercase()));
            out.push_str(letters.as_str());
        } else {
            out.push(' ');
            out.push_str(word);
        }
        if at > 3 && numbers.below(12) == 0 {
            out.push(',');
        }
    }
    out.push_str(". ");
}

fn paragraph(numbers: &mut Numbers, out: &mut String) {
    for _ in 0..numbers.below(6).saturating_add(3) {
        sentence(numbers, out);
    }
    out.push_str("\n\n");
}

fn chat(numbers: &mut Numbers, out: &mut String) {
    let _ = write!(out, "{{\"id\": \"c{}\", \"messages\": [", numbers.below(1 << 40));
    for turn in 0..numbers.below(5).saturating_add(2) {
        let role = if turn & 1 == 0 { "user" } else { "assistant" };
        let mut text = String::new();
        for _ in 0..numbers.below(5).saturating_add(1) {
            sentence(numbers, &mut text);
        }
        let comma = if turn == 0 { "" } else { ", " };
        let _ = write!(out, "{comma}{{\"role\": \"{role}\", \"content\": \"{}\\n\"}}", text.trim_end());
    }
    out.push_str("]}\n");
}

fn table(numbers: &mut Numbers) -> Vec<u8> {
    let mut out = "id,name,email,phone,city,amount,note\n".to_owned();
    let mut row = 0_u64;
    while out.len() < SAMPLE_BYTES {
        let person = Person::new(&mut || numbers.next());
        row = row.saturating_add(1);
        let (amount, city) = (numbers.below(100_000), numbers.pick(WORDS));
        let _ = write!(out, "{row},{},{},\"{}\",{city},{amount}.50,\"", person.name, person.email, person.phone);
        for _ in 0..4 {
            sentence(numbers, &mut out);
        }
        out.push_str("\"\n");
    }
    out.into_bytes()
}

/// Rows like those of [`table`], by columns.
fn columns(numbers: &mut Numbers) -> Vec<u8> {
    let mut rows = Vec::new();
    let mut bytes = 0;
    while bytes < SAMPLE_BYTES {
        let person = Person::new(&mut || numbers.next());
        let mut note = String::new();
        (0..4).for_each(|_| sentence(numbers, &mut note));
        let row = vec![person.name, person.email, person.phone, numbers.pick(WORDS).to_owned(), note];
        bytes = row.iter().fold(bytes, |bytes, cell| bytes.saturating_add(cell.len()).saturating_add(4));
        rows.push(row);
    }
    parquet::file(&["name", "email", "phone", "city", "note"], &rows)
}

fn sources(folder: &Path) -> Outcome<Vec<u8>> {
    let mut all = Vec::new();
    for listed in Walk::of(&[folder.to_owned()]).listed {
        let Listed::File(path, _) = listed else { continue };
        let foreign = path.components().any(|part| part.as_os_str() == "site-packages");
        if !foreign && path.extension().is_some_and(|extension| extension == "py") {
            all.extend(std::fs::read(&path)?);
        }
        if all.len() >= SAMPLE_BYTES {
            break;
        }
    }
    if all.is_empty() {
        return Err(format!("`{}` holds no Python sources", folder.display()).into());
    }
    let once = all.clone();
    while all.len() < SAMPLE_BYTES {
        all.extend_from_slice(&once);
    }
    Ok(all)
}
