//! The page people keep: answers first, then the pictures, the tables, and what was not read. It fetches nothing and runs
//! nothing.

use askama::Template;
use base::Bytes;

use super::chart::{bars, grid};
use super::json::{name, name_inside};
use super::summary::{by_rule, by_type, reasons, warnings};
use super::{Report, grouped};
use crate::tally::word;
use crate::{Looked, Row};

/// How many files the grid shows: those with the most findings.
const MOST_FILES: usize = 40;

/// How many findings and names are listed. The page stays small enough to open; JSON holds what is kept.
const MOST_ROWS: usize = 500;

#[derive(Template)]
#[template(path = "scan.html")]
struct Page {
    day: String,
    program: &'static str,
    paths: String,
    lead: String,
    answers: Vec<(&'static str, String, String)>,
    bars: String,
    grid: String,
    /// How many files with findings the grid leaves out.
    more_files: usize,
    rules: Vec<Vec<String>>,
    found: Vec<Vec<String>>,
    more_found: String,
    not_scanned: Vec<(String, String)>,
    unreadable: Vec<(String, String)>,
    limits: Vec<(String, String)>,
    warnings: Vec<(String, String)>,
}

/// The report as a page.
#[must_use]
pub fn html(report: &Report<'_>) -> String {
    let survey = report.survey;
    let types = by_type(survey);
    let (grid, more_files) = files(report);
    let listed = survey.looked.iter().flat_map(|file| file.found.iter().map(move |found| (file, found)));
    let found: Vec<Vec<String>> = listed
        .take(MOST_ROWS)
        .map(|(file, found)| {
            let rule = survey.rules.get(found.rule);
            let place = super::escaped(&format!("{}{}", file.path.to_string_lossy(), found.shown()));
            let why = [word(found.confidence), found.validator].join(", ");
            vec![place, rule.title.clone(), why.trim_end_matches(", ").to_owned(), found.sample.to_string()]
        })
        .collect();
    let page = Page {
        day: report.about.at.to_string().get(..16).unwrap_or_default().replace('T', ", ") + " UTC",
        program: report.about.program,
        paths: report.about.paths.iter().map(|path| super::escaped(path)).collect::<Vec<_>>().join(", "),
        lead: lead(report),
        answers: answers(report),
        bars: bars(
            &types.iter().map(|(data_type, sum, _)| (data_type.title().to_owned(), sum.row)).collect::<Vec<_>>(),
        ),
        grid,
        more_files,
        rules: by_rule(survey)
            .into_iter()
            .map(|(id, sum)| {
                let (rule, row) = (survey.rules.get(id), sum.row);
                let counts = [row.all(), row.high, row.medium, row.low, sum.files].map(grouped);
                [rule.title.clone(), rule.id.clone()].into_iter().chain(counts).collect()
            })
            .collect(),
        more_found: grouped(survey.findings().saturating_sub(found.len() as u64)),
        found,
        not_scanned: survey
            .not_scanned()
            .take(MOST_ROWS)
            .map(|(file, inside, why)| (name_inside(file, inside), why.to_owned()))
            .collect(),
        unreadable: survey.unreadable().take(MOST_ROWS).map(|(file, why)| (name(file), why.to_owned())).collect(),
        limits: limits(report),
        warnings: warnings(survey).take(MOST_ROWS).map(|(name, what)| (name, what.to_owned())).collect(),
    };
    // The template was checked when this was compiled; what remains is writing to a string.
    page.render().unwrap_or_default()
}

fn lead(report: &Report<'_>) -> String {
    let survey = report.survey;
    let row = by_type(survey).iter().fold(Row::default(), |mut all, (_, sum, _)| {
        all.add(sum.row);
        all
    });
    if row.all() == 0 {
        return "Nothing was found in what could be read.".to_owned();
    }
    let with = survey.looked.iter().filter(|file| file.tally.all() > 0).count() as u64;
    let scanned = survey.scanned().count() as u64;
    format!(
        "{} findings in {} of {} files. Of {} the check leaves little doubt; {} are likely; {} have the form and no more.",
        grouped(row.all()),
        grouped(with),
        grouped(scanned),
        grouped(row.high),
        grouped(row.medium),
        grouped(row.low),
    )
}

fn answers(report: &Report<'_>) -> Vec<(&'static str, String, String)> {
    let survey = report.survey;
    let types = by_type(survey);
    let most = types.iter().max_by_key(|(_, sum, _)| sum.row.all());
    let people = survey.people;
    let passed = survey.not_scanned_count();
    let why = reasons(survey).iter().map(|(reason, count)| format!("{reason} {count}")).collect::<Vec<_>>().join(", ");
    let unreadable = survey.unreadable().count() as u64;
    vec![
        (
            "How many people?",
            if people.low == people.high {
                grouped(people.low)
            } else {
                format!("{} to {}", grouped(people.low), grouped(people.high))
            },
            "Told apart by identifiers that records tie together; the higher figure adds names that stand beside no \
             identifier."
                .to_owned(),
        ),
        (
            "Of what is there most?",
            most.map_or_else(|| "Nothing.".to_owned(), |(data_type, ..)| data_type.title().to_owned()),
            most.map_or_else(String::new, |(_, sum, _)| {
                format!("{} findings in {} files.", grouped(sum.row.all()), grouped(sum.files))
            }),
        ),
        (
            "How much was read?",
            Bytes(survey.bytes()).to_string(),
            format!("In {} files.", grouped(survey.scanned().count() as u64)),
        ),
        (
            "What was not?",
            if passed.saturating_add(unreadable) == 0 {
                "Everything was.".to_owned()
            } else {
                format!("{} files and parts of files", grouped(passed.saturating_add(unreadable)))
            },
            match (passed, unreadable) {
                (0, 0) => String::new(),
                (_, 0) => format!("{why}. They are listed below."),
                (0, _) => "They could not be opened. They are listed below.".to_owned(),
                _ => format!("{why}; {unreadable} could not be opened. They are listed below."),
            },
        ),
    ]
}

/// The grid of files and types, and how many files it leaves out.
fn files(report: &Report<'_>) -> (String, usize) {
    let survey = report.survey;
    let types: Vec<_> = by_type(survey).into_iter().map(|(data_type, ..)| data_type).collect();
    let mut files: Vec<&Looked> = survey.looked.iter().filter(|file| file.tally.all() > 0).collect();
    // Stable: files with as many findings stay in the order of their names.
    files.sort_by_key(|file| std::cmp::Reverse(file.tally.all()));
    let more = files.len().saturating_sub(MOST_FILES);
    let rows: Vec<(String, Vec<u64>)> = files
        .into_iter()
        .take(MOST_FILES)
        .map(|file| {
            let count = |of| {
                let rows = file.tally.rows().filter(|(rule, _)| survey.rules.get(*rule).data_type == of);
                rows.fold(0_u64, |all, (_, row)| all.saturating_add(row.all()))
            };
            (name(file), types.iter().map(|data_type| count(*data_type)).collect())
        })
        .collect();
    let titles: Vec<&str> = types.iter().map(|data_type| data_type.title()).collect();
    (if rows.is_empty() { String::new() } else { grid(&titles, &rows) }, more)
}

fn limits(report: &Report<'_>) -> Vec<(String, String)> {
    let all = report.survey.looked.iter().flat_map(|file| file.limits.iter().map(move |limit| (file, limit)));
    all.take(MOST_ROWS)
        .map(|(file, (inside, limit))| {
            (
                name_inside(file, inside),
                format!("{}: {} times, first at byte {}", limit.kind, grouped(limit.count), limit.first),
            )
        })
        .collect()
}
