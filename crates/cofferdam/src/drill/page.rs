//! The page people read: one screen of answers, then the picture, the tables, the limits and the proof.

use askama::Template;
use base::word::DataType;
use base::{Bytes, Kind, Millis, Timestamp};
use survey::render::grouped;

use crate::drill::halt::millis;
use crate::drill::report::{Report, Scoped};
use crate::drill::timeline;
use crate::error::Error;

#[derive(Template)]
#[template(path = "drill.html")]
struct Page<'a> {
    report: &'a Report,
    answers: Vec<Answer>,
    picture: String,
}

/// A question of somebody who has to decide, and its answer.
struct Answer {
    question: &'static str,
    answer: String,
    more: String,
}

#[expect(clippy::unused_self, reason = "a template calls methods")]
impl Page<'_> {
    fn day(&self, at: &Timestamp) -> String {
        day_and_time(*at)
    }

    fn time(&self, at: &Timestamp) -> String {
        time_of_day(*at)
    }

    fn bytes(&self, count: &u64) -> Bytes {
        Bytes(*count)
    }

    fn count(&self, count: &u64) -> String {
        grouped(*count)
    }

    fn millis(&self, micros: &u64) -> String {
        millis(*micros)
    }

    fn took(&self, took: &Millis) -> String {
        if took.0 < 1000 { took.to_string() } else { seconds(*took) }
    }

    /// Escaped, and what stands in backticks set as code.
    fn marked(&self, text: impl AsRef<str>) -> String {
        let set = |(place, piece): (usize, &str)| {
            let piece = timeline::escape(piece);
            if place % 2 == 1 { format!("<code>{piece}</code>") } else { piece }
        };
        text.as_ref().split('`').enumerate().map(set).collect()
    }

    fn data_type(&self, data_type: &DataType) -> &'static str {
        data_type.title()
    }

    fn sentence(&self, text: &str) -> String {
        let mut letters = text.chars();
        letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
    }
}

/// Renders the report.
///
/// # Errors
/// The template does not render, which would be our mistake.
pub(super) fn render(report: &Report) -> Result<String, Error> {
    let picture = timeline::draw(&report.timeline, &report.events);
    let page = Page { report, answers: answers(report), picture };
    page.render().map_err(|error| Error::part("rendering the report", Kind::Bug, error))
}

fn answers(report: &Report) -> Vec<Answer> {
    let mut all = Vec::new();
    if report.broken > 0 {
        let broken = report.steps.iter().flat_map(|step| &step.promises).filter(|promise| !promise.held);
        all.push(Answer {
            question: "What failed?",
            answer: broken.clone().map(|promise| promise.promise.as_str()).collect::<Vec<_>>().join(" "),
            more: broken.map(|promise| promise.seen.as_str()).collect::<Vec<_>>().join("; "),
        });
    }
    if report.reads > 0 {
        all.push(Answer {
            question: "What happened?",
            answer: "Two sessions of the machine etl-07 were stolen. The intruder listed what there is, read in bulk and by \
                     ranges, and was reading on when the pause came."
                .to_owned(),
            more: format!("{} reads were answered in full.", grouped(report.reads)),
        });
    }
    if let (Some(began), Some(ended)) = (report.theft_began, report.theft_ended) {
        all.push(Answer {
            question: "When?",
            answer: format!("{} to {} UTC", day_and_time(began), &time_of_day(ended)),
            more: format!(
                "{} from the first request to the last.",
                seconds(Millis(ended.micros_since(began).div_ceil(1000)))
            ),
        });
    }
    if let Some(scope) = &report.scope {
        all.extend(of_scope(scope, report.input.is_none()));
    }
    if !report.pauses.is_empty() {
        let after: u64 = report.pauses.iter().map(|pause| pause.bytes_after).sum();
        let slowest = report.pauses.iter().map(|pause| pause.answered_after_micros).max().unwrap_or(0);
        let seen = report.pauses.iter().map(|pause| format!("{}: {}.", pause.partner, pause.last_byte()));
        all.push(Answer {
            question: "Is it stopped?",
            answer: if after == 0 {
                format!("Yes. From {} after the pause was asked for, nothing moved any more.", millis(slowest))
            } else {
                format!("No: {} arrived after the pause had returned.", Bytes(after))
            },
            more: seen.collect::<Vec<_>>().join(" "),
        });
    }
    if !report.packs.is_empty() {
        let found = report.forgeries.iter().filter(|forged| forged.found).count();
        all.push(Answer {
            question: "Can it be proved?",
            answer: format!("{} evidence packs verify offline, without trust in the operator.", report.packs.len()),
            more: format!("{found} of {} falsified copies were found.", report.forgeries.len()),
        });
    }
    all
}

fn of_scope(scope: &Scoped, made_up: bool) -> [Answer; 3] {
    let partners: Vec<&str> = scope.compared.iter().map(|part| part.partner.as_str()).collect();
    [
        Answer {
            question: "How many people?",
            answer: format!(
                "{} to {}, counted by blocks",
                grouped(scope.sum(|part| part.people.sent)),
                grouped(scope.sum(|part| part.people.authorised))
            ),
            more: format!(
                "{}: {}. In the engagements reached there are {}.",
                if made_up {
                    "The truth about the very bytes, known to the drill alone"
                } else {
                    "Counted apart, in what was received"
                },
                grouped(scope.sum(|part| part.people_received)),
                grouped(scope.sum(|part| part.people_held))
            ),
        },
        Answer {
            question: "Whose data?",
            answer: match scope.others {
                0 => format!("{}. Nobody else’s.", partners.join(" and ")),
                others => format!("{}; the answer names {others} others, which is wrong.", partners.join(" and ")),
            },
            more: format!("Answered in {}, from {} entries of the ledger.", scope.took, grouped(scope.entries)),
        },
        Answer {
            question: "How much?",
            answer: format!("{} to {}", Bytes(scope.bytes.sent), Bytes(scope.bytes.authorised)),
            more: format!(
                "Sent, and allowed at most. The intruder’s own count: {}. What there was to take: {}.",
                Bytes(scope.sum(|part| part.bytes_received)),
                Bytes(scope.possible_bytes)
            ),
        },
    ]
}

fn day_and_time(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{}, {}", text.get(..10).unwrap_or_default(), time_of_day(at))
}

fn time_of_day(at: Timestamp) -> String {
    at.to_string().get(11..19).unwrap_or_default().to_owned()
}

/// Seconds with one decimal.
fn seconds(span: Millis) -> String {
    let tenths = span.0.div_ceil(100);
    format!("{}.{} s", tenths.div_euclid(10), tenths.rem_euclid(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        let at = Timestamp(1_700_000_000_123_456);
        assert_eq!(day_and_time(at), "2023-11-14, 22:13:20");
    }
}
