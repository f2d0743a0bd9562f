//! SARIF 2.1.0, for code hosts and editors. SPEC: OASIS sarif-v2.1.0.
//!
//! A result has its place and a masked sample, never the value; so there is no `snippet`, and fingerprints are made of the
//! place alone by whoever imports it.

use std::fmt::Write as _;
use std::path::Path;

use scan::{Confidence, RuleId};
use serde_json::{Value, json};

use super::summary::by_rule;
use super::{Report, shown};
use crate::{Found, Looked};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The findings as a SARIF log of one run.
#[must_use]
pub fn sarif(report: &Report<'_>) -> Value {
    let survey = report.survey;
    let used: Vec<RuleId> = by_rule(survey).into_iter().map(|(rule, _)| rule).collect();
    let results: Vec<Value> = survey
        .looked
        .iter()
        .flat_map(|file| file.found.iter().map(move |found| (file, found)))
        .map(|(file, found)| result(report, &used, file, found))
        .collect();
    let unread =
        survey.unreadable().map(|(file, why)| notification(file, "error", &format!("it could not be read: {why}")));
    let passed = survey.not_scanned().map(|(file, inside, why)| {
        let what = if inside.is_empty() { "it".to_owned() } else { format!("`{}` in it", super::escaped(inside)) };
        notification(file, "note", &format!("{what} was not scanned: {why}"))
    });
    let left = survey.looked.iter().filter(|file| file.left_out() > 0);
    let left =
        left.map(|file| notification(file, "warning", &format!("{} more findings are not listed", file.left_out())));
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "cofferdam",
                "semanticVersion": report.about.program,
                "rules": used.iter().map(|id| rule(report, *id)).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": survey.unreadable().next().is_none(),
                "toolExecutionNotifications": unread.chain(left).chain(passed).collect::<Vec<_>>(),
            }],
            "results": results,
        }],
    })
}

fn rule(report: &Report<'_>, id: RuleId) -> Value {
    let rule = report.survey.rules.get(id);
    json!({
        "id": rule.id,
        "name": rule.title,
        "shortDescription": { "text": rule.title },
        "properties": { "type": rule.data_type.word(), "tags": ["security", rule.data_type.word()] },
    })
}

fn result(report: &Report<'_>, used: &[RuleId], file: &Looked, found: &Found) -> Value {
    let rule = report.survey.rules.get(found.rule);
    let mut text = format!("{}: {}", rule.title, found.sample);
    if !found.validator.is_empty() {
        let _ = write!(text, " ({})", found.validator);
    }
    if !(found.inside.is_empty() && found.spot.is_empty()) {
        let _ = write!(text, ", in `{}`", super::escaped(found.shown().trim_start_matches(['!', ',', ' '])));
    }
    json!({
        "ruleId": rule.id,
        "ruleIndex": used.iter().position(|id| *id == found.rule),
        "level": level(found.confidence),
        "message": { "text": text },
        "locations": [{ "physicalLocation": { "artifactLocation": { "uri": uri(&file.path) }, "region": region(found) } }],
        "properties": { "confidence": crate::tally::word(found.confidence), "record": found.record, "value": found.value },
    })
}

const fn level(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low => "note",
        Confidence::Medium => "warning",
        Confidence::High => "error",
    }
}

fn region(found: &Found) -> Value {
    if found.place.is_none() {
        // Offsets inside something else would be wrong in the file.
        return json!({ "startLine": 1 });
    }
    let mut region = json!({ "byteOffset": found.from, "byteLength": found.to.saturating_sub(found.from) });
    if let (Some((begin, end)), Some(members)) = (found.place, region.as_object_mut()) {
        let lines = [
            ("startLine", begin.line),
            ("startColumn", begin.column),
            ("endLine", end.line),
            ("endColumn", end.column),
        ];
        members.extend(lines.map(|(name, number)| (name.to_owned(), json!(number))));
    }
    region
}

fn notification(file: &Looked, level: &str, text: &str) -> Value {
    json!({
        "level": level,
        "message": { "text": format!("{}: {text}", shown(&file.path)) },
        "locations": [{ "physicalLocation": { "artifactLocation": { "uri": uri(&file.path) } } }],
    })
}

/// A path as a URI reference: relative as it was named, absolute under `file://`. SPEC: RFC 3986, sections 2.3 and 4.2.
fn uri(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt as _;
    let path = path.strip_prefix(".").unwrap_or(path);
    let mut uri = String::from(if path.is_absolute() { "file://" } else { "" });
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            // Writing to a string cannot fail. A colon is escaped too: a first segment with one would be a scheme.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uri_references() {
        let of = |path: &str| uri(Path::new(path));
        assert_eq!(of("./a b/ä.txt"), "a%20b/%C3%A4.txt");
        assert_eq!(of("/tmp/x"), "file:///tmp/x");
        assert_eq!(of("c:d"), "c%3Ad");
    }
}
