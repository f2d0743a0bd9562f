//! JSON for programs. The schema is `cofferdam.scan/1`: members may be added, none changes its meaning.

use serde_json::{Value, json};

use super::summary::{Sum, by_rule, by_type};
use super::{Report, shown};
use crate::tally::word;
use crate::{Found, Looked, Note, State};

/// The report as JSON.
#[must_use]
pub fn json(report: &Report<'_>) -> Value {
    let survey = report.survey;
    json!({
        "schema": "cofferdam.scan/1",
        "program": report.about.program,
        "paths": report.about.paths,
        "bytes": survey.bytes(),
        "findings": survey.findings(),
        "people": { "low": survey.people.low, "high": survey.people.high },
        "types": by_type(survey).into_iter().map(|(data_type, sum, people)| {
            let mut row = summed(&sum);
            add(&mut row, [("type", json!(data_type.word())), ("title", json!(data_type.title())), ("people", json!(people))]);
            row
        }).collect::<Vec<_>>(),
        "rules": by_rule(survey).into_iter().map(|(id, sum)| {
            let rule = survey.rules.get(id);
            let mut row = summed(&sum);
            add(&mut row, [
                ("rule", json!(rule.id)),
                ("title", json!(rule.title)),
                ("label", json!(rule.label)),
                ("type", json!(rule.data_type.word())),
            ]);
            row
        }).collect::<Vec<_>>(),
        "found": survey.looked.iter().flat_map(|file| file.found.iter().map(move |found| (file, found)))
            .map(|(file, found)| one(report, file, found)).collect::<Vec<_>>(),
        "left_out": survey.looked.iter().fold(0_u64, |all, file| all.saturating_add(file.left_out())),
        "files": survey.looked.iter().map(looked).collect::<Vec<_>>(),
    })
}

fn summed(sum: &Sum) -> Value {
    let row = sum.row;
    json!({ "findings": row.all(), "high": row.high, "medium": row.medium, "low": row.low, "files": sum.files })
}

fn add<const N: usize>(to: &mut Value, members: [(&str, Value); N]) {
    if let Some(object) = to.as_object_mut() {
        object.extend(members.map(|(name, value)| (name.to_owned(), value)));
    }
}

fn one(report: &Report<'_>, file: &Looked, found: &Found) -> Value {
    let rule = report.survey.rules.get(found.rule);
    let mut one = json!({
        "path": file.path.to_string_lossy(),
        "from": found.from,
        "to": found.to,
        "record": found.record,
        "type": rule.data_type.word(),
        "rule": rule.id,
        "label": rule.label,
        "confidence": word(found.confidence),
        "validator": found.validator,
        "sample": found.sample.as_str(),
        "value": found.value,
    });
    for (name, text) in [("inside", &found.inside), ("spot", &found.spot)] {
        if !text.is_empty() {
            add(&mut one, [(name, json!(text))]);
        }
    }
    if let Some((begin, end)) = found.place {
        add(
            &mut one,
            [
                ("line", json!(begin.line)),
                ("column", json!(begin.column)),
                ("end_line", json!(end.line)),
                ("end_column", json!(end.column)),
            ],
        );
    }
    one
}

fn looked(file: &Looked) -> Value {
    let mut looked = json!({ "path": file.path.to_string_lossy(), "bytes": file.bytes, "findings": file.tally.all() });
    match &file.state {
        State::Scanned { format, records } => {
            add(&mut looked, [("state", json!("scanned")), ("format", json!(format)), ("records", json!(records))])
        }
        State::NotScanned { reason } => {
            add(&mut looked, [("state", json!("not-scanned")), ("reason", json!(reason))]);
        }
        State::Unreadable { why } => add(&mut looked, [("state", json!("unreadable")), ("reason", json!(why))]),
    }
    let limit = |(inside, limit): &(String, scan::Limit)| json!({ "inside": inside, "limit": limit.kind.word(), "first": limit.first, "count": limit.count });
    let limits = file.limits.iter().map(limit).collect::<Vec<_>>();
    for (name, list) in [("limits", limits), ("not_scanned", notes(&file.missed)), ("warnings", notes(&file.warnings))]
    {
        if !list.is_empty() {
            add(&mut looked, [(name, json!(list))]);
        }
    }
    looked
}

fn notes(notes: &[Note]) -> Vec<Value> {
    notes.iter().map(|note| json!({ "inside": note.inside, "what": note.what })).collect()
}

/// A path for a message to a person.
pub(super) fn name(file: &Looked) -> String {
    shown(&file.path)
}

/// The path of something inside a file, for a message to a person.
pub(super) fn name_inside(file: &Looked, inside: &str) -> String {
    if inside.is_empty() { name(file) } else { format!("{}!{}", name(file), super::escaped(inside)) }
}
