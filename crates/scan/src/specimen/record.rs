//! Whole records of the kinds a data vendor holds: interviews, contractors, rubrics.

use super::{Chance, Person, below, pick};

/// The columns of [`Records::contractor_row`].
pub const CSV_HEADER: &str = "contractor_id,name,email,phone,ssn,card,iban,rate_usd,notes\n";

/// Writes records, one after the other, about people who come back now and then.
pub struct Records<'a> {
    chance: Chance<'a>,
    people: Vec<Person>,
    next_id: u64,
}

impl<'a> Records<'a> {
    /// Records about `people` different people, at least one.
    #[must_use]
    pub fn new(chance: Chance<'a>, people: usize) -> Self {
        let people = (0..people.max(1)).map(|_| Person::new(chance)).collect();
        Self { chance, people, next_id: 1 }
    }

    /// The people the records are about.
    #[must_use]
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// Appends an interview as a line of JSON: a few turns, in one of which the expert gives an address and a number.
    /// Returns which of the people it is about.
    pub fn interview_line(&mut self, out: &mut Vec<u8>) -> usize {
        let (id, who) = self.next();
        let turns = below(self.chance, 6).saturating_add(3);
        let revealing = below(self.chance, turns);
        put(
            out,
            &["{\"interview_id\": \"int-", &id, "\", \"project\": \"", pick(self.chance, PROJECTS), "\", \"turns\": ["],
        );
        for turn in 0..turns {
            let question = pick(self.chance, QUESTIONS);
            put(
                out,
                &[if turn > 0 { ", " } else { "" }, "{\"role\": \"interviewer\", \"content\": \"", question, "\"}"],
            );
            put(out, &[", {\"role\": \"expert\", \"content\": \"", pick(self.chance, ANSWERS)]);
            if turn == revealing
                && let Some(person) = self.people.get(who)
            {
                put(out, &[" I'm ", &person.name, ", write to ", &person.email, " or call me at ", &person.phone, "."]);
            }
            for _ in 0..below(self.chance, 3) {
                put(out, &[" ", pick(self.chance, ANSWERS)]);
            }
            put(out, &["\"}"]);
        }
        put(out, &["]}\n"]);
        who
    }

    /// Appends a contractor's file as a line of JSON. Returns which of the people it is about.
    pub fn contractor_line(&mut self, out: &mut Vec<u8>) -> usize {
        let (id, who) = self.next();
        let Some(person) = self.people.get(who) else { return who };
        put(
            out,
            &["{\"contractor_id\": \"ctr-", &id, "\", \"name\": \"", &person.name, "\", \"email\": \"", &person.email],
        );
        put(
            out,
            &[
                "\", \"phone\": \"",
                &person.phone,
                "\", \"tax\": {\"ssn\": \"",
                &person.ssn,
                "\"}, \"payout\": {\"card\": \"",
            ],
        );
        put(
            out,
            &[&person.card, "\", \"iban\": \"", &person.iban, "\"}, \"skills\": [\"", pick(self.chance, PROJECTS)],
        );
        put(out, &["\"], \"notes\": \"", pick(self.chance, ANSWERS), "\"}\n"]);
        who
    }

    /// Appends a contractor as a row of CSV, under [`CSV_HEADER`]. Returns which of the people it is about.
    pub fn contractor_row(&mut self, out: &mut Vec<u8>) -> usize {
        let (id, who) = self.next();
        let rate = below(self.chance, 120).saturating_add(20).to_string();
        let Some(person) = self.people.get(who) else { return who };
        put(out, &["ctr-", &id, ",", &person.name, ",", &person.email, ",", &person.phone, ",", &person.ssn, ","]);
        put(out, &[&person.card, ",", &person.iban, ",", &rate, ",\"", pick(self.chance, ANSWERS), "\"\n"]);
        who
    }

    /// Appends a rubric item as a line of JSON. It is about nobody.
    pub fn rubric_line(&mut self, out: &mut Vec<u8>) {
        let (id, _) = self.next();
        let weight = below(self.chance, 10).to_string();
        put(
            out,
            &["{\"item_id\": \"rub-", &id, "\", \"domain\": \"", pick(self.chance, PROJECTS), "\", \"criterion\": \""],
        );
        put(out, &[pick(self.chance, QUESTIONS), "\", \"rationale\": \"", pick(self.chance, ANSWERS), " "]);
        put(out, &[pick(self.chance, ANSWERS), "\", \"weight\": ", &weight, "}\n"]);
    }

    /// The next record's number, and whom it is about.
    fn next(&mut self) -> (String, usize) {
        let id = self.next_id;
        self.next_id = id.saturating_add(1);
        let who = usize::try_from(below(self.chance, self.people.len() as u64)).unwrap_or(0);
        (format!("{id:08}"), who)
    }
}

fn put(out: &mut Vec<u8>, pieces: &[&str]) {
    for piece in pieces {
        out.extend_from_slice(piece.as_bytes());
    }
}

const PROJECTS: &[&str] = &[
    "clinical-notes",
    "contract-law",
    "organic-chemistry",
    "structural-engineering",
    "tax-planning",
    "theorem-proving",
];

const QUESTIONS: &[&str] = &[
    "Could you walk me through how you would approach this problem from the beginning?",
    "What would make you doubt the first answer, and how would you check it?",
    "Which assumption matters most here, and what happens when it does not hold?",
    "How would you explain the trade-off to somebody who has never worked in the field?",
    "Does the response cite the governing rule and apply it to the facts as given?",
    "Where do people new to this usually go wrong, and why?",
];

const ANSWERS: &[&str] = &[
    "I would start by writing down what is known and what is only assumed, because most errors hide in the second list.",
    "The standard method works until the load is asymmetric; then the symmetry argument quietly fails and nobody notices.",
    "In practice we look at the patient's history first, and the laboratory values only confirm what we already suspect.",
    "There are three cases, and the third is the interesting one: the clause is silent and the parties disagree about intent.",
    "You can bound the term by a constant, but the constant depends on the dimension, so the argument is not uniform.",
    "A careful reader would ask for the sample size, the exclusion criteria and who paid for the measurement.",
    "It depends on the solvent; in a polar medium the intermediate is stabilised and the other path dominates.",
    "I have seen this fail twice, both times because the review happened after the decision rather than before it.",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_whole_lines() {
        let mut state = 1_u64;
        let mut chance = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state >> 16
        };
        let mut records = Records::new(&mut chance, 3);
        let mut out = Vec::new();
        for _ in 0..20 {
            assert!(records.interview_line(&mut out) < 3);
            assert!(records.contractor_line(&mut out) < 3);
            records.rubric_line(&mut out);
        }
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().count(), 60);
        assert!(text.lines().all(|line| line.starts_with('{') && line.ends_with('}')));
        let mut row = Vec::new();
        records.contractor_row(&mut row);
        assert!(row.iter().filter(|byte| **byte == b',').count() >= CSV_HEADER.matches(',').count());
    }
}
