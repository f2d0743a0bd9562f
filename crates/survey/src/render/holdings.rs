//! The page of what a dataset in custody holds: answers first, then people by type, places, classes, and what was not scanned.
//!
//! It is made of figures that somebody else has joined; it fetches nothing and runs nothing.

use askama::Template;
use base::Bytes;

use super::chart::bars;
use super::{escaped, grouped};
use crate::Row;

/// How many names are listed. JSON holds all.
const MOST_ROWS: usize = 500;

/// What a dataset holds.
#[derive(Clone, Debug, Default)]
pub struct Holdings {
    /// The dataset, by its bucket's name.
    pub bucket: String,
    /// Its engagement.
    pub engagement: String,
    /// When it was asked, as RFC 3339 has it.
    pub at: String,
    /// How many objects it has.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// People: at least, and at most.
    pub people: (u64, u64),
    /// Objects by how far the scanner got.
    pub states: Vec<(String, u64)>,
    /// Objects in which nobody has looked for names yet.
    pub names_unknown: u64,
    /// What was found.
    pub types: Vec<HeldType>,
    /// People by where they live.
    pub residences: Vec<(String, u64)>,
    /// People of whom nothing says where.
    pub residence_unknown: u64,
    /// Objects by what is confidential about them.
    pub classes: Vec<(String, u64)>,
    /// Objects by scanner.
    pub scanners: Vec<(String, u64)>,
    /// What was not scanned, and why.
    pub not_scanned: Vec<(String, String)>,
    /// How many of those are not in the list.
    pub not_scanned_omitted: u64,
    /// What the last scan of each object found more or less often than the one before: what, before, now.
    pub changes: Vec<(String, u64, u64)>,
}

/// What was found of one type.
#[derive(Clone, Debug, Default)]
pub struct HeldType {
    /// What people call it.
    pub title: String,
    /// About how many people, at least and at most.
    pub people: (u64, u64),
    /// In how many objects.
    pub objects: u64,
    /// How often, by confidence.
    pub findings: Row,
}

#[derive(Template)]
#[template(path = "holdings.html")]
struct Page<'a> {
    of: &'a Holdings,
    day: String,
    bucket: String,
    answers: Vec<(&'static str, String, String)>,
    people: String,
    findings: String,
    places: String,
    types: Vec<Vec<String>>,
    changes: Vec<Vec<String>>,
    not_scanned: Vec<(String, String)>,
    more_not_scanned: u64,
}

/// The page.
#[must_use]
pub fn holdings(of: &Holdings) -> String {
    let shown = |(name, count): &(String, u64)| (escaped(name), whole(*count));
    let mut places: Vec<(String, Row)> = of.residences.iter().map(shown).collect();
    if !places.is_empty() && of.residence_unknown > 0 {
        places.push(("nobody knows".to_owned(), Row { low: of.residence_unknown, ..Row::default() }));
    }
    let people = of.types.iter().filter(|held| held.people.1 > 0);
    let people: Vec<(String, Row)> = people.map(|held| (held.title.clone(), between(held.people))).collect();
    let findings: Vec<(String, Row)> = of.types.iter().map(|held| (held.title.clone(), held.findings)).collect();
    let chart = |rows: &[(String, Row)]| if rows.is_empty() { String::new() } else { bars(rows) };
    let not_scanned: Vec<(String, String)> =
        of.not_scanned.iter().take(MOST_ROWS).map(|(key, why)| (escaped(key), escaped(why))).collect();
    let left = of.not_scanned.len().saturating_sub(not_scanned.len()) as u64;
    let page = Page {
        of,
        day: of.at.get(..16).unwrap_or_default().replace('T', ", ") + " UTC",
        bucket: escaped(&of.bucket),
        answers: answers(of),
        people: chart(&people),
        findings: chart(&findings),
        places: chart(&places),
        types: of
            .types
            .iter()
            .map(|held| {
                vec![held.title.clone(), range(held.people), grouped(held.objects), grouped(held.findings.all())]
            })
            .collect(),
        changes: of
            .changes
            .iter()
            .take(MOST_ROWS)
            .map(|(what, before, now)| vec![escaped(what), grouped(*before), grouped(*now)])
            .collect(),
        not_scanned,
        more_not_scanned: of.not_scanned_omitted.saturating_add(left),
    };
    // The template was checked when this was compiled; what remains is writing to a string.
    page.render().unwrap_or_default()
}

const fn whole(count: u64) -> Row {
    Row { high: count, medium: 0, low: 0 }
}

/// At least so many, and so many more at most.
const fn between((low, high): (u64, u64)) -> Row {
    Row { high: low, medium: 0, low: high.saturating_sub(low) }
}

/// `3`, or `3 to 7`.
fn range((low, high): (u64, u64)) -> String {
    if low == high { grouped(low) } else { format!("{} to {}", grouped(low), grouped(high)) }
}

fn answers(of: &Holdings) -> Vec<(&'static str, String, String)> {
    let most = of.types.iter().max_by_key(|held| (held.people.1, held.findings.all()));
    let missing = (of.not_scanned.len() as u64).saturating_add(of.not_scanned_omitted);
    let states: Vec<String> = of.states.iter().map(|(state, count)| format!("{} {state}", grouped(*count))).collect();
    vec![
        (
            "How many people?",
            range(of.people),
            "At least those whom identifiers or the contract's key tell apart; at most also those who are only named."
                .to_owned(),
        ),
        (
            "About whom is there most?",
            most.map_or_else(|| "Nothing was found.".to_owned(), |held| held.title.clone()),
            most.map_or_else(String::new, |held| format!("{} people.", range(held.people))),
        ),
        (
            "How much is there?",
            Bytes(of.bytes).to_string(),
            format!("{} objects: {}.", grouped(of.objects), states.join(", ")),
        ),
        (
            "What is not known?",
            match (missing, of.names_unknown) {
                (0, 0) => "Everything was read.".to_owned(),
                (0, names) => format!("Names in {} objects", grouped(names)),
                (missing, _) => format!("{} objects not read, or not all of them", grouped(missing)),
            },
            match (missing, of.names_unknown) {
                (0, 0) => String::new(),
                (0, _) => "Nobody has looked for names there yet.".to_owned(),
                (_, 0) => "They are listed below.".to_owned(),
                (_, names) => {
                    format!("They are listed below. In {} others nobody has looked for names yet.", grouped(names))
                }
            },
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held() -> Holdings {
        Holdings {
            bucket: "inter<views>".to_owned(),
            engagement: "alpha".to_owned(),
            objects: 3,
            bytes: 1_000_000,
            people: (1_200, 1_450),
            states: vec![("scanned".to_owned(), 3)],
            names_unknown: 2,
            types: vec![HeldType {
                title: "e-mail address".to_owned(),
                people: (1_000, 1_100),
                objects: 2,
                findings: Row { high: 2_000, medium: 10, low: 1 },
            }],
            residences: vec![("US-CA".to_owned(), 700), ("DE".to_owned(), 200)],
            residence_unknown: 300,
            not_scanned: vec![("film\u{1b}.mp4".to_owned(), "media".to_owned())],
            changes: vec![("name (person)".to_owned(), 3, 40)],
            ..Holdings::default()
        }
    }

    #[test]
    fn a_page_says_what_it_was_given_and_steers_nobody() {
        let page = holdings(&held());
        for part in
            ["1,200 to 1,450", "1,000 to 1,100", "2,011", "US-CA", "nobody knows", "film\\u{1b}.mp4", "media", "40"]
        {
            assert!(page.contains(part), "{part}");
        }
        assert!(page.contains("inter&#60;views&#62;") && !page.contains("inter<views>"));
        assert!(!page.contains("<script") && !page.contains("http"), "it fetches and runs nothing");
    }

    #[test]
    fn a_page_about_nothing_has_no_empty_pictures() {
        let page = holdings(&Holdings::default());
        assert!(page.contains("Nothing was found.") && page.contains("Everything was read."));
        assert!(!page.contains("<svg") && !page.contains("Where they live"));
    }
}
