//! What one report says other than the one before it, in words and numbers.
//!
//! Both are compared as JSON, so that every figure of the format is compared, also those that a later version adds. A report is
//! never silently smaller: a figure that fell, in either bound, or that is gone, must have a reason, or the report is refused.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::IncidentError;
use crate::figure::{Bounds, Figure};
use crate::report::Report;
use crate::word::Direction;

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Which part of the report, `exposure.subjects.total`.
    pub what: String,
    /// How it moved.
    pub direction: Direction,
    /// Its bounds before, where it is a figure.
    pub before: Option<Bounds>,
    /// Its bounds now.
    pub after: Option<Bounds>,
    /// The change in a sentence.
    pub words: String,
    /// Why, where somebody gave a reason; always there when it shrank or is gone.
    pub reason: Option<String>,
}

/// Reasons for changes: by the part they are for, or by a part that holds it. An empty key is a reason for all.
pub type Reasons = BTreeMap<String, String>;

/// What tells the entries of a list apart, in order of preference.
const KEYS: &[&str] = &["engagement", "code", "type", "dataset", "class", "rule"];

/// Compares two reports.
///
/// # Errors
/// `Shrank` when a figure fell, or is gone, and `reasons` has none for it.
pub fn changes(before: &Report, after: &Report, reasons: &Reasons) -> Result<Vec<Change>, IncidentError> {
    let [old, new] = [before, after].map(figures);
    let mut found = Vec::new();
    let mut unexplained = Vec::new();
    let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
    for name in names {
        let (before, after) = (old.get(name).copied(), new.get(name).copied());
        let Some(direction) = direction(before, after) else { continue };
        let reason = reason(name, reasons);
        let words = in_words(name, before, after);
        if matches!(direction, Direction::Shrank | Direction::Gone) && reason.is_none() {
            unexplained.push(format!("{name}: {words}"));
        }
        found.push(Change { what: name.clone(), direction, before, after, words, reason });
    }
    if !unexplained.is_empty() {
        return Err(IncidentError::Shrank { figures: unexplained });
    }
    found.extend(other(before, after, reasons));
    Ok(found)
}

/// Changes that are no figures and that readers look for first.
fn other(before: &Report, after: &Report, reasons: &Reasons) -> Vec<Change> {
    let mut found = Vec::new();
    let mut tell = |what: &str, words: String| {
        let (what, reason) = (what.to_owned(), reason(what, reasons));
        found.push(Change { what, direction: Direction::Changed, before: None, after: None, words, reason });
    };
    if before.incident.state != after.incident.state {
        tell("incident.state", format!("from {} to {}", before.incident.state, after.incident.state));
    }
    if before.exposure.keys_taken != after.exposure.keys_taken {
        let taken = if after.exposure.keys_taken { "keys may be gone now" } else { "keys are no longer thought gone" };
        tell("exposure.keys_taken", taken.to_owned());
    }
    for (clock, entries) in &after.clock {
        let earlier = before.clock.get(clock).map_or(0, Vec::len);
        for entry in entries.iter().skip(earlier) {
            tell(&format!("clock.{clock}"), format!("{} by {}: {}", entry.time, entry.set_by, entry.why));
        }
    }
    if before.selectors.expression != after.selectors.expression {
        tell("selectors", format!("from `{}` to `{}`", before.selectors.expression, after.selectors.expression));
    }
    if before.root_cause != after.root_cause && !after.root_cause.text.is_empty() {
        let sure = if after.root_cause.confirmed { "confirmed" } else { "not confirmed" };
        tell("root_cause", format!("{} ({sure})", after.root_cause.text));
    }
    let states: BTreeMap<String, _> = before.deadlines.iter().map(|was| (was.key(), was.state)).collect();
    for deadline in &after.deadlines {
        let key = deadline.key();
        match states.get(&key) {
            Some(was) if *was != deadline.state => {
                tell(&format!("deadlines.{key}"), format!("from {was} to {}", deadline.state));
            }
            _ => {}
        }
    }
    for limit in after.limits.not_covered.iter().filter(|limit| !before.limits.not_covered.contains(limit)) {
        tell("limits.not_covered", limit.clone());
    }
    found
}

fn direction(before: Option<Bounds>, after: Option<Bounds>) -> Option<Direction> {
    match (before, after) {
        (None, None) => None,
        (None, Some(_)) => Some(Direction::New),
        (Some(_), None) => Some(Direction::Gone),
        (Some(before), Some(after)) if before == after => None,
        // The upper bound falling onto what became certain is counting, and still needs its reason: readers saw the higher one.
        (Some(before), Some(after)) if after.low < before.low || after.high < before.high => Some(Direction::Shrank),
        (Some(before), Some(after)) if after.high == before.high => Some(Direction::Narrowed),
        _ => Some(Direction::Grew),
    }
}

fn in_words(name: &str, before: Option<Bounds>, after: Option<Bounds>) -> String {
    let title = title(name);
    match (before, after) {
        (Some(before), Some(after)) => format!("{title}: from {before} to {after}"),
        (None, Some(after)) => format!("{title}: {after}, not reported before"),
        (Some(before), None) => format!("{title}: {before} before, and no longer reported"),
        (None, None) => title,
    }
}

/// `exposure.elements[ssn].subjects` as a reader says it: `elements, ssn, subjects`.
fn title(name: &str) -> String {
    let words = name.strip_prefix("exposure.").unwrap_or(name);
    words.replace('[', ", ").replace(']', "").replace('.', ", ").replace('_', " ")
}

fn reason(name: &str, reasons: &Reasons) -> Option<String> {
    let fits = |part: &str| {
        part.is_empty() || name.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let closest = reasons.iter().filter(|(part, _)| fits(part)).max_by_key(|(part, _)| part.len());
    closest.map(|(_, why)| why.trim().to_owned()).filter(|why| !why.is_empty())
}

/// Every figure of a report, by its place.
fn figures(report: &Report) -> BTreeMap<String, Bounds> {
    let mut found = BTreeMap::new();
    walk(&serde_json::to_value(report).unwrap_or_default(), String::new(), &mut found);
    found
}

fn walk(value: &Value, place: String, found: &mut BTreeMap<String, Bounds>) {
    match value {
        Value::Object(fields) if fields.contains_key("basis") && fields.contains_key("low") => {
            if let Ok(figure) = serde_json::from_value::<Figure>(value.clone()) {
                found.insert(place, figure.bounds());
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                // Accesses over time are cut anew in each report, and earlier changes are no figures of this one.
                if name == "access_over_time" || (place.is_empty() && name == "changes") {
                    continue;
                }
                let inside = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
                walk(field, inside, found);
            }
        }
        Value::Array(entries) => {
            for (at, entry) in entries.iter().enumerate() {
                let keys = KEYS.iter().filter_map(|key| entry.get(key)?.as_str()).collect::<Vec<_>>();
                let key = if keys.is_empty() { at.to_string() } else { keys.join(" ") };
                walk(entry, format!("{place}[{key}]"), found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specimen;

    fn with(total: Bounds) -> Report {
        let mut report = specimen::report();
        report.exposure.subjects.total.low = total.low;
        report.exposure.subjects.total.high = total.high;
        report
    }

    const BEFORE: Bounds = Bounds { low: 10, high: 20 };

    #[test]
    fn a_report_is_never_silently_smaller() {
        for after in [Bounds { low: 9, high: 20 }, Bounds { low: 10, high: 19 }, Bounds { low: 15, high: 15 }] {
            let error = changes(&with(BEFORE), &with(after), &Reasons::new()).unwrap_err();
            assert!(error.to_string().contains("exposure.subjects.total"), "{error}");
            for part in ["", "exposure", "exposure.subjects.total"] {
                let reasons = Reasons::from([(part.to_owned(), "archives were unpacked".to_owned())]);
                let found = changes(&with(BEFORE), &with(after), &reasons).unwrap();
                assert_eq!(found[0].direction, Direction::Shrank);
                assert_eq!(found[0].reason.as_deref(), Some("archives were unpacked"));
            }
            for (part, why) in [("exposure.subj", "x"), ("exposure.bytes", "x"), ("exposure", "  ")] {
                let reasons = Reasons::from([(part.to_owned(), why.to_owned())]);
                assert!(changes(&with(BEFORE), &with(after), &reasons).is_err(), "`{part}` gives no reason for it");
            }
        }
    }

    #[test]
    fn what_grew_or_became_certain_needs_none() {
        for (after, direction) in [
            (Bounds { low: 10, high: 21 }, Direction::Grew),
            (Bounds { low: 12, high: 30 }, Direction::Grew),
            (Bounds { low: 12, high: 20 }, Direction::Narrowed),
        ] {
            let found = changes(&with(BEFORE), &with(after), &Reasons::new()).unwrap();
            assert_eq!((found.len(), found[0].direction), (1, direction));
            assert_eq!(found[0].words, format!("subjects, total: from 10 to 20 to {after}"));
        }
        assert_eq!(changes(&with(BEFORE), &with(BEFORE), &Reasons::new()).unwrap(), []);
    }

    #[test]
    fn a_figure_that_is_gone_is_smaller() {
        let mut after = specimen::report();
        let gone = after.partners.pop().unwrap();
        let error = changes(&specimen::report(), &after, &Reasons::new()).unwrap_err().to_string();
        assert!(error.contains(&gone.engagement.to_string()), "{error}");
    }

    #[test]
    fn the_order_of_lists_is_no_change() {
        let mut after = specimen::report();
        after.exposure.elements.reverse();
        after.exposure.jurisdictions.reverse();
        after.partners.reverse();
        assert_eq!(changes(&specimen::report(), &after, &Reasons::new()).unwrap(), []);
    }
}
