//! The page people read: one screen of answers, then the pictures, the tables, the limits and the proof. It fetches nothing and
//! runs nothing, and reads on a telephone and on paper.
//!
//! # Threats
//! Titles, names of datasets and reasons are free text of people. The template escapes whatever it is handed; the pictures are
//! made of numbers alone.

use askama::Template;
use base::word::DataType;
use base::{Bytes, Timestamp};

use crate::assemble::next_due;
use crate::deadline::Deadline;
use crate::figure::{Bounds, Figure, grouped};
use crate::letter::minute;
use crate::plot::{Row, Timeline, ranges, timeline};
use crate::report::Report;
use crate::word::{ClockName, DeadlineState, Direction, ReportKind};

/// How many rows the pictures and the table of places have at most; the annexes hold all.
const MOST_ROWS: usize = 24;

#[derive(Template)]
#[template(path = "incident.html")]
struct Page<'a> {
    report: &'a Report,
    lead: String,
    answers: Vec<Answer>,
    time: Option<Timeline>,
    types: Vec<Row>,
    places: Vec<Row>,
    more_places: usize,
    owed: Vec<Owed<'a>>,
    possible: Vec<Possible>,
    done: Vec<&'a Deadline>,
    waiting: Vec<&'a Deadline>,
    untriggered: usize,
}

/// One duty that is owed for certain; those of one rule stand under one heading.
struct Owed<'a> {
    deadline: &'a Deadline,
    heading: bool,
}

/// Rules that apply only if more left, or more people live there, than is certain: as many as have the same numbers and time.
struct Possible {
    people: String,
    to: &'static str,
    test: String,
    by: String,
    places: Vec<String>,
}

/// A question of somebody who has to decide, and its answer.
struct Answer {
    question: &'static str,
    answer: String,
    more: String,
}

#[expect(clippy::unused_self, reason = "a template calls methods")]
impl Page<'_> {
    fn at(&self, at: &Timestamp) -> String {
        minute(*at)
    }

    fn bytes(&self, figure: &Figure) -> String {
        bytes(figure.bounds())
    }

    fn count(&self, count: &u64) -> String {
        grouped(*count)
    }

    fn kind(&self) -> &'static str {
        match self.report.kind {
            ReportKind::Initial => "initial",
            ReportKind::Update => "an update",
            ReportKind::Final => "final",
        }
    }

    fn state(&self, deadline: &Deadline) -> &'static str {
        match deadline.state {
            DeadlineState::NotTriggered => "not triggered",
            DeadlineState::Running => "running",
            DeadlineState::DueSoon => "due soon",
            DeadlineState::Sent => "sent",
            DeadlineState::Late if deadline.sent.is_some() => "sent late",
            DeadlineState::Late => "late",
            DeadlineState::Waived => "waived",
        }
    }

    fn class(&self, deadline: &Deadline) -> &'static str {
        match deadline.state {
            DeadlineState::Late if deadline.sent.is_none() => "late",
            DeadlineState::DueSoon => "soon",
            _ => "",
        }
    }

    fn direction(&self, direction: &Direction) -> &'static str {
        match direction {
            Direction::Grew | Direction::New => "more",
            Direction::Shrank | Direction::Gone => "less",
            Direction::Narrowed => "closer",
            Direction::Changed => "changed",
        }
    }

    fn words(&self, word: &str) -> String {
        word.replace(['_', '-'], " ")
    }

    fn combination(&self, combo: &str) -> String {
        combination(combo)
    }

    /// Whose contract a duty is owed under.
    fn whose(&self, deadline: &Deadline) -> String {
        let part = self.report.partners.iter().find(|part| Some(part.engagement) == deadline.engagement);
        part.map_or_else(String::new, |part| format!("{}, {}", part.name, part.partner))
    }

    fn permille(&self, permille: &u32) -> String {
        format!("{}.{} %", permille.div_euclid(10), permille.rem_euclid(10))
    }
}

/// Renders a report. Empty only if the template did not render, which a test excludes.
#[must_use]
pub fn html(report: &Report) -> String {
    let (owed, untriggered): (Vec<&Deadline>, Vec<&Deadline>) = report
        .deadlines
        .iter()
        .partition(|deadline| deadline.state != DeadlineState::NotTriggered || deadline.starts_when.is_some());
    let (waiting, owed): (Vec<_>, Vec<_>) = owed.into_iter().partition(|deadline| deadline.starts_when.is_some());
    let (open, done): (Vec<_>, Vec<_>) = owed.into_iter().partition(|deadline| deadline.is_open());
    let (maybe, certain): (Vec<_>, Vec<_>) = open.into_iter().partition(|deadline| deadline.is_only_possible());
    let exposure = &report.exposure;
    let row = |label: String, figure: &Figure| (label, figure.bounds());
    let types: Vec<_> =
        exposure.elements.iter().map(|element| row(element.r#type.title().to_owned(), &element.subjects)).collect();
    let mut places: Vec<_> =
        exposure.jurisdictions.iter().take(MOST_ROWS).map(|place| row(place.code.clone(), &place.residents)).collect();
    places.push(row("not known".to_owned(), &exposure.residence_unknown));
    let page = Page {
        report,
        lead: lead(report),
        answers: answers(report),
        time: timeline(report),
        types: ranges(&types),
        places: ranges(&places),
        more_places: exposure.jurisdictions.len().saturating_sub(MOST_ROWS),
        owed: by_rule(certain),
        possible: possible(&maybe),
        done,
        waiting,
        untriggered: untriggered.len(),
    };
    page.render().unwrap_or_default()
}

/// Duties with those of one rule beside each other, the rule that is due first standing first.
fn by_rule(open: Vec<&Deadline>) -> Vec<Owed<'_>> {
    let mut order: Vec<(&str, Option<base::id::EngagementId>)> = Vec::new();
    for deadline in &open {
        let rule = (deadline.rule.as_str(), deadline.engagement);
        if !order.contains(&rule) {
            order.push(rule);
        }
    }
    let mut rows = Vec::new();
    for rule in order {
        let of_rule = open.iter().filter(|deadline| (deadline.rule.as_str(), deadline.engagement) == rule);
        rows.extend(of_rule.enumerate().map(|(at, deadline)| Owed { deadline, heading: at == 0 }));
    }
    rows
}

fn possible(maybe: &[&Deadline]) -> Vec<Possible> {
    let mut groups: Vec<Possible> = Vec::new();
    for deadline in maybe {
        let group = Possible {
            people: deadline.people.unwrap_or_default().to_string(),
            to: deadline.recipient.title(),
            test: deadline.threshold.as_ref().map(|tested| tested.test.clone()).unwrap_or_default(),
            by: deadline.due.map_or_else(|| deadline.within.clone(), minute),
            // A code is never broken between its letters.
            places: vec![deadline.jurisdiction.replace('-', "\u{2011}")],
        };
        match groups.iter_mut().find(|known| known.is_like(&group)) {
            Some(known) => known.places.extend(group.places),
            None => groups.push(group),
        }
    }
    groups
}

impl Possible {
    fn is_like(&self, other: &Self) -> bool {
        (&self.people, self.to, &self.test, &self.by) == (&other.people, other.to, &other.test, &other.by)
    }
}

fn bytes(bounds: Bounds) -> String {
    let [low, high] = [bounds.low, bounds.high].map(|count| Bytes(count).to_string());
    if low == high { low } else { format!("{low} to {high}") }
}

fn names(report: &Report) -> String {
    let mut names: Vec<&str> = report.partners.iter().map(|part| part.partner.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    match names.as_slice() {
        [] => "nobody".to_owned(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `name+ssn` as a reader says it.
fn combination(combo: &str) -> String {
    let title = |word: &str| word.parse::<DataType>().map_or_else(|_| word.to_owned(), |of| of.title().to_owned());
    combo.split('+').map(title).collect::<Vec<_>>().join(" and ")
}

fn lead(report: &Report) -> String {
    let people = report.exposure.subjects.total.bounds();
    let how = report.incident.category.word().replace('_', " ");
    format!(
        "{} by {how}: data of {} about {people} people was reached. The lower figure is proven by the ledger; the upper one is \
         what could have been.",
        if report.incident.cyber { "An attack" } else { "An exposure" },
        names(report),
    )
}

fn answers(report: &Report) -> Vec<Answer> {
    let exposure = &report.exposure;
    let clock = |clock| report.clock_at(clock).map(minute);
    vec![
        Answer {
            question: "What left?",
            answer: format!("{} in {} objects", bytes(exposure.bytes.bounds()), exposure.objects),
            more: format!(
                "In {} accesses. Of {} more objects only names became known; {} left sealed{}.",
                grouped(exposure.events.high),
                grouped(exposure.by_form.names_only.objects.high),
                grouped(exposure.by_form.ciphertext_only.objects.high),
                if exposure.keys_taken { ", and their keys may be gone" } else { ", without a key" }
            ),
        },
        Answer {
            question: "When?",
            answer: match (clock(ClockName::FirstActivity), clock(ClockName::LastActivity)) {
                (Some(first), Some(last)) => match (first.get(..10), last.get(..10), first.get(..17), last.get(12..)) {
                    (from, to, Some(begun), Some(ended)) if from == to => format!("{begun} to {ended}"),
                    _ => format!("{first}, until {last}"),
                },
                (Some(first), None) => format!("since {first}"),
                _ => "not known yet".to_owned(),
            },
            more: clock(ClockName::Aware).map_or_else(
                || "Awareness is not set: hours that run from it have not begun.".to_owned(),
                |aware| format!("Aware since {aware}."),
            ),
        },
        Answer {
            question: "How many people?",
            answer: exposure.subjects.total.to_string(),
            more: match exposure.combos.first() {
                Some(combo) => format!(
                    "Of {} the {} left. Of {} the residence is not known.",
                    combo.subjects,
                    combination(&combo.rule),
                    exposure.residence_unknown
                ),
                None => format!("Of {} the residence is not known.", exposure.residence_unknown),
            },
        },
        Answer {
            question: "Whose data?",
            answer: names(report),
            more: report
                .partners
                .iter()
                .map(|part| format!("{}: {} people, {}.", part.name, part.subjects, bytes(part.bytes.bounds())))
                .collect::<Vec<_>>()
                .join(" "),
        },
        stopped(report),
        due(report),
    ]
}

fn stopped(report: &Report) -> Answer {
    let open: Vec<&str> =
        report.partners.iter().filter(|part| part.paused_at.is_none()).map(|part| part.name.as_str()).collect();
    let contained = report.clock_at(ClockName::Contained);
    Answer {
        question: "Is it stopped?",
        answer: match contained {
            Some(at) => format!("Yes, since {}", minute(at)),
            None => "Not confirmed: containment is not recorded".to_owned(),
        },
        more: if open.is_empty() {
            "Every engagement that was reached was paused.".to_owned()
        } else {
            format!("Never paused: {}.", open.join(", "))
        },
    }
}

fn due(report: &Report) -> Answer {
    let late = report.deadlines.iter().filter(|of| of.is_open() && of.state == DeadlineState::Late).count();
    let open = report.deadlines.iter().filter(|of| of.is_open()).count();
    let maybe = report.deadlines.iter().filter(|of| of.is_open() && of.is_only_possible()).count();
    Answer {
        question: "What is due next?",
        answer: match next_due(report) {
            Some((deadline, at)) => format!("{}, by {}", deadline.recipient.title(), minute(at)),
            None if open > 0 => "Notices without a fixed time".to_owned(),
            None => "Nothing".to_owned(),
        },
        more: format!(
            "{}{open} duties are open, {maybe} of them only possibly{}.",
            next_due(report).map_or_else(String::new, |(deadline, _)| format!("{}. ", deadline.title)),
            if late > 0 { format!(", {late} late") } else { String::new() }
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specimen;

    #[test]
    fn the_page_answers_first_fetches_nothing_and_runs_nothing() {
        let page = html(&specimen::report());
        let answers = page.find("How many people?").unwrap();
        assert!(answers < page.find("<h2>").unwrap(), "answers stand before everything else");
        for word in ["10,322 to 12,362", "halcyon and meridian", "2026-03-25, 12:10 UTC", "56 of them only possibly"] {
            assert!(page.contains(word), "{word}");
        }
        for word in ["<script", "http-equiv", "src=", "href=", "url(", "@import", "onload"] {
            assert!(!page.contains(word), "{word}");
        }
        assert!(page.contains("not confirmed by counsel"));
    }

    #[test]
    fn what_people_write_is_text() {
        let mut report = specimen::report();
        report.incident.title = "<script>alert(1)</script>".to_owned();
        report.timeline[0].what = "a \"quote\" & <b>bold</b>".to_owned();
        report.partners[0].name = "<img>".to_owned();
        let page = html(&report);
        assert!(!page.contains("<script") && !page.contains("<b>") && !page.contains("<img"), "escaped");
    }

    #[test]
    fn a_page_of_nothing_is_a_page() {
        let mut draft = specimen::draft();
        draft.slices.clear();
        draft.clocks = crate::clock::Clocks::default();
        let report =
            crate::assemble::assemble(&draft, &specimen::book(), None, &crate::changes::Reasons::new()).unwrap();
        let page = html(&report);
        assert!(page.contains("not known yet") && page.contains("</html>"));
    }
}
