//! The report for people at a terminal: the findings, the sums, and what was not read.

use std::fmt::Write as _;

use super::json::{name, name_inside};
use super::summary::{by_rule, warnings};
use super::{Report, counted, grouped};
use crate::tally::word;

/// How many findings a table lists. What is beyond is in the other formats.
const MOST_ROWS: usize = 100;

/// How many files of each kind it names.
const MOST_NAMES: usize = 20;

/// The report as text, without colour.
#[must_use]
pub fn table(report: &Report<'_>) -> String {
    let mut text = String::new();
    found(report, &mut text);
    sums(report, &mut text);
    let survey = report.survey;
    names("NOT SCANNED", survey.not_scanned().map(|(file, inside, why)| (name_inside(file, inside), why)), &mut text);
    names("UNREADABLE", survey.unreadable().map(|(file, why)| (name(file), why)), &mut text);
    names("WARNING", warnings(survey), &mut text);
    let people = survey.people;
    let people = if people.low == people.high {
        counted(people.low, "person", "people")
    } else {
        format!("{} to {} people", grouped(people.low), grouped(people.high))
    };
    let passed = survey.not_scanned_count();
    let _ = writeln!(
        text,
        "{} in {} scanned, {}; {people}; {} not scanned, {} unreadable",
        counted(survey.findings(), "finding", "findings"),
        counted(survey.scanned().count() as u64, "file", "files"),
        base::Bytes(survey.bytes()),
        grouped(passed),
        grouped(survey.unreadable().count() as u64),
    );
    text
}

fn found(report: &Report<'_>, text: &mut String) {
    let survey = report.survey;
    let mut rows = vec![["PLACE", "TYPE", "RULE", "CONFIDENCE", "CHECK", "SAMPLE"].map(str::to_owned)];
    let all = survey.looked.iter().flat_map(|file| file.found.iter().map(move |found| (file, found)));
    rows.extend(all.take(MOST_ROWS).map(|(file, found)| {
        let rule = survey.rules.get(found.rule);
        let place = super::escaped(&format!("{}{}", file.path.to_string_lossy(), found.shown()));
        [
            place,
            rule.data_type.word().to_owned(),
            rule.id.clone(),
            word(found.confidence).to_owned(),
            found.validator.to_owned(),
            found.sample.to_string(),
        ]
    }));
    if rows.len() > 1 {
        let more = survey.findings().saturating_sub((rows.len() as u64).saturating_sub(1));
        aligned(&rows, &[], text);
        if more > 0 {
            let _ = writeln!(text, "and {} more: see `--format json`", grouped(more));
        }
        text.push('\n');
    }
}

fn sums(report: &Report<'_>, text: &mut String) {
    let mut rows = vec![["RULE", "WHAT", "FINDINGS", "HIGH", "MEDIUM", "LOW", "FILES"].map(str::to_owned)];
    rows.extend(by_rule(report.survey).into_iter().map(|(id, sum)| {
        let rule = report.survey.rules.get(id);
        let [all, high, medium, low, files] =
            [sum.row.all(), sum.row.high, sum.row.medium, sum.row.low, sum.files].map(grouped);
        [rule.id.clone(), rule.title.clone(), all, high, medium, low, files]
    }));
    if rows.len() > 1 {
        aligned(&rows, &[2, 3, 4, 5, 6], text);
        text.push('\n');
    }
}

fn names<'a>(title: &str, files: impl Iterator<Item = (String, &'a str)>, text: &mut String) {
    let rows: Vec<[String; 2]> = files.map(|(name, why)| [name, super::escaped(why)]).collect();
    if rows.is_empty() {
        return;
    }
    let more = rows.len().saturating_sub(MOST_NAMES);
    let mut listed = vec![[title.to_owned(), "WHY".to_owned()]];
    listed.extend(rows.into_iter().take(MOST_NAMES));
    aligned(&listed, &[], text);
    if more > 0 {
        let _ = writeln!(text, "and {more} more: see `--format json`");
    }
    text.push('\n');
}

/// Columns as wide as their widest cell, two spaces between, none after the last; those in `right` end together.
fn aligned<const N: usize>(rows: &[[String; N]], right: &[usize], text: &mut String) {
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    for row in rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            if right.contains(&column) { format!("{cell:>width$}") } else { format!("{cell:width$}") }
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
}
