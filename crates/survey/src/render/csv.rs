//! CSV for spreadsheets: one finding a row.

use super::Report;
use super::json::name;
use crate::tally::word;

const HEADER: &str =
    "path,inside,spot,line,column,from,to,record,type,rule,label,confidence,validator,sample,value\r\n";

/// The findings as CSV. SPEC: RFC 4180.
#[must_use]
pub fn csv(report: &Report<'_>) -> String {
    let mut text = HEADER.to_owned();
    for (file, found) in report.survey.looked.iter().flat_map(|file| file.found.iter().map(move |found| (file, found)))
    {
        let rule = report.survey.rules.get(found.rule);
        let place = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        let cells = [
            name(file),
            super::escaped(&found.inside),
            super::escaped(&found.spot),
            place(found.place.map(|(begin, _)| begin.line)),
            place(found.place.map(|(begin, _)| begin.column)),
            found.from.to_string(),
            found.to.to_string(),
            found.record.to_string(),
            rule.data_type.word().to_owned(),
            rule.id.clone(),
            rule.label.clone(),
            word(found.confidence).to_owned(),
            found.validator.to_owned(),
            found.sample.to_string(),
            found.value.to_string(),
        ];
        text.push_str(&cells.map(quoted).join(","));
        text.push_str("\r\n");
    }
    text
}

/// A cell. One that begins like a formula is marked with an apostrophe, since spreadsheets run those.
fn quoted(text: String) -> String {
    let text = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text };
    if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_run_nothing() {
        let quoted = |text: &str| quoted(text.to_owned());
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(quoted("+** ** **"), "'+** ** **");
        assert_eq!(quoted("***"), "***");
    }
}
