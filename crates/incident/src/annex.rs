//! The annexes: tables as CSV (RFC 4180), for people who open them in a spreadsheet.
//!
//! # Threats
//! Names of objects are chosen by whoever writes them. A cell that begins like a formula is run by spreadsheets when the file is
//! opened, so such a cell gets an apostrophe before it, which spreadsheets take for "this is text".

use base::Timestamp;
use base::id::VersionId;
use base::word::Form;
use serde::{Deserialize, Serialize};

use crate::figure::Figure;
use crate::report::Report;

/// An object that was reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectRow {
    /// Its engagement's name.
    pub engagement: String,
    /// Its bucket.
    pub bucket: String,
    /// Its key.
    pub key: String,
    /// The version.
    pub version: VersionId,
    /// Its size.
    pub size: u64,
    /// Bytes of it that were sent for certain.
    pub bytes_sent: u64,
    /// Bytes that receipts allowed.
    pub bytes_authorised: u64,
    /// The byte ranges that were allowed, `from` inclusive, `to` exclusive.
    pub ranges: Vec<(u64, u64)>,
    /// In which form.
    pub form: Form,
}

/// An access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventRow {
    /// When.
    pub at: Timestamp,
    /// The ledger's entry.
    pub index: u64,
    /// Its engagement's name.
    pub engagement: String,
    /// What was done.
    pub verb: String,
    /// Whose session, as an id.
    pub session: String,
    /// The version, where it names one.
    pub version: Option<VersionId>,
    /// In which form.
    pub form: Form,
    /// Bytes that the receipt allowed.
    pub bytes: u64,
    /// What shows it.
    pub proof: String,
}

/// A table under way: a heading, then rows of as many cells.
struct Table(String);

impl Table {
    fn new(heading: &[&str]) -> Self {
        let mut table = Self(String::new());
        table.row(heading.iter().map(|cell| (*cell).to_owned()));
        table
    }

    // SPEC: RFC 4180: CRLF between records, quotes doubled inside quotes.
    fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        for (at, cell) in cells.into_iter().enumerate() {
            if at > 0 {
                self.0.push(',');
            }
            self.0.push_str(&quoted(&defused(cell)));
        }
        self.0.push_str("\r\n");
    }
}

fn defused(cell: String) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if formula { format!("'{cell}") } else { cell }
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

fn optional<T: ToString>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

fn bounds(figure: &Figure) -> [String; 2] {
    [figure.low.to_string(), figure.high.to_string()]
}

/// `objects.csv`.
#[must_use]
pub fn objects(rows: &[ObjectRow]) -> String {
    let heading =
        ["engagement", "bucket", "key", "version", "size", "bytes_sent", "bytes_authorised", "ranges", "form"];
    let mut table = Table::new(&heading);
    for row in rows {
        let ranges: Vec<String> = row.ranges.iter().map(|(from, to)| format!("{from}..{to}")).collect();
        table.row([
            row.engagement.clone(),
            row.bucket.clone(),
            row.key.clone(),
            row.version.to_string(),
            row.size.to_string(),
            row.bytes_sent.to_string(),
            row.bytes_authorised.to_string(),
            ranges.join(" "),
            row.form.to_string(),
        ]);
    }
    table.0
}

/// `events.csv`.
#[must_use]
pub fn events(rows: &[EventRow]) -> String {
    let mut table = Table::new(&["at", "index", "engagement", "verb", "session", "version", "form", "bytes", "proof"]);
    for row in rows {
        table.row([
            row.at.to_string(),
            row.index.to_string(),
            row.engagement.clone(),
            row.verb.clone(),
            row.session.clone(),
            optional(row.version.as_ref()),
            row.form.to_string(),
            row.bytes.to_string(),
            row.proof.clone(),
        ]);
    }
    table.0
}

/// `jurisdictions.csv`: a row for each place, and one for residences that are not known.
#[must_use]
pub fn jurisdictions(report: &Report) -> String {
    let heading =
        ["code", "residents_low", "residents_high", "trigger_low", "trigger_high", "combination", "low", "high"];
    let mut table = Table::new(&heading);
    for place in &report.exposure.jurisdictions {
        let trigger = place.trigger_subjects.as_ref().map(bounds).unwrap_or_default();
        let [low, high] = bounds(&place.residents);
        let [trigger_low, trigger_high] = trigger;
        let empty = || [String::new(), String::new(), String::new()];
        let head = [place.code.clone(), low, high, trigger_low, trigger_high];
        table.row(head.clone().into_iter().chain(empty()));
        for (combo, people) in &place.by_combo {
            let [low, high] = bounds(people);
            table.row(head.clone().into_iter().chain([combo.clone(), low, high]));
        }
    }
    let [low, high] = bounds(&report.exposure.residence_unknown);
    table.row(["not known".to_owned(), low, high].into_iter().chain(std::iter::repeat_n(String::new(), 5)));
    table.0
}

/// `deadlines.csv`.
#[must_use]
pub fn deadlines(report: &Report) -> String {
    let heading = [
        "key",
        "rule",
        "title",
        "jurisdiction",
        "recipient",
        "anchor",
        "anchor_time",
        "within",
        "due",
        "state",
        "starts_when",
        "sent",
        "owner",
        "reason_late",
        "applies_because",
        "threshold",
        "rule_version",
        "source",
        "standing",
        "notes",
    ];
    let mut table = Table::new(&heading);
    for deadline in &report.deadlines {
        table.row([
            deadline.key(),
            deadline.rule.clone(),
            deadline.title.clone(),
            deadline.jurisdiction.clone(),
            deadline.recipient.to_string(),
            deadline.anchor.to_string(),
            optional(deadline.anchor_time.as_ref()),
            deadline.within.clone(),
            optional(deadline.due.as_ref()),
            deadline.state.to_string(),
            deadline.starts_when.clone().unwrap_or_default(),
            optional(deadline.sent.as_ref()),
            deadline.owner.clone().unwrap_or_default(),
            deadline.reason_late.clone().unwrap_or_default(),
            deadline.applies_because.clone(),
            deadline
                .threshold
                .as_ref()
                .map(|tested| format!("{} ({})", tested.test, tested.people))
                .unwrap_or_default(),
            deadline.rule_version.clone(),
            deadline.source.clone(),
            deadline.standing.clone(),
            deadline.notes.join("; "),
        ]);
    }
    table.0
}

/// `timeline.csv`.
#[must_use]
pub fn timeline(report: &Report) -> String {
    let mut table = Table::new(&["at", "source", "index", "what", "proof"]);
    for happening in &report.timeline {
        table.row([
            happening.at.to_string(),
            happening.source.to_string(),
            optional(happening.index.as_ref()),
            happening.what.clone(),
            happening.proof.clone(),
        ]);
    }
    table.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specimen;

    /// A reader of RFC 4180, written apart from the writer.
    fn read(text: &str) -> Vec<Vec<String>> {
        let (mut rows, mut row, mut cell, mut inside) = (Vec::new(), Vec::new(), String::new(), false);
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            match (letter, inside) {
                ('"', true) if letters.peek() == Some(&'"') => cell.extend(letters.next()),
                ('"', _) => inside = !inside,
                (',', false) => row.push(std::mem::take(&mut cell)),
                ('\r', false) => assert_eq!(letters.peek(), Some(&'\n')),
                ('\n', false) => {
                    row.push(std::mem::take(&mut cell));
                    rows.push(std::mem::take(&mut row));
                }
                _ => cell.push(letter),
            }
        }
        assert!(row.is_empty() && cell.is_empty() && !inside, "the last record ends too");
        rows
    }

    #[test]
    fn cells_read_back_and_no_cell_is_a_formula() {
        for key in
            ["=HYPERLINK(\"http://x\",\"y\")", "+1", "-1", "@SUM(A1)", "\tx", "\r=1", "＝1", "a,\"b\"\r\nc", "plain"]
        {
            let row = ObjectRow {
                engagement: "interviews".to_owned(),
                bucket: "b".to_owned(),
                key: key.to_owned(),
                version: VersionId::from_bytes([1; 16]),
                size: 9,
                bytes_sent: 4,
                bytes_authorised: 9,
                ranges: vec![(0, 4), (6, 9)],
                form: Form::Raw,
            };
            let rows = read(&objects(&[row]));
            assert_eq!(rows.len(), 2);
            assert_eq!(rows[1].len(), rows[0].len());
            assert_eq!(rows[1][2].trim_start_matches('\''), key);
            assert!(rows[1][2].starts_with(|first: char| first.is_alphanumeric() || first == '\''), "{}", rows[1][2]);
            assert_eq!(rows[1][7], "0..4 6..9");
        }
    }

    #[test]
    fn every_table_is_square_and_whole() {
        let report = specimen::report();
        for (table, rows) in [
            (deadlines(&report), report.deadlines.len() + 1),
            (timeline(&report), report.timeline.len() + 1),
            (
                jurisdictions(&report),
                report.exposure.jurisdictions.iter().map(|place| 1 + place.by_combo.len()).sum::<usize>() + 2,
            ),
        ] {
            let read = read(&table);
            assert_eq!(read.len(), rows);
            assert!(read.iter().all(|row| row.len() == read[0].len()));
        }
    }
}
