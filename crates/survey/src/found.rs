//! What is kept of a finding: where it is and why it is one. Never the value.

use scan::{Confidence, Finding, RuleId, Sample};

use crate::lines::Place;

/// How many findings of one file are kept for the report; all are counted. It is more than anybody reads, and 10,000 files
/// of this many would hold a gibibyte.
pub const MOST_FINDINGS: usize = 1000;

/// One value found in a file.
#[derive(Clone, Debug)]
pub struct Found {
    /// The rule that found it.
    pub rule: RuleId,
    /// How sure that is.
    pub confidence: Confidence,
    /// The check it passed; empty if there is none.
    pub validator: &'static str,
    /// What a report may show of it.
    pub sample: Sample,
    /// The path inside the file; empty if it is in the file itself.
    pub inside: String,
    /// The cell, page or field that it is in; empty where offsets say it.
    pub spot: String,
    /// Offset of its first byte, in the file, in what is inside it, or in the cell or field.
    pub from: u64,
    /// Offset one past its last byte.
    pub to: u64,
    /// The record it is in.
    pub record: u64,
    /// Where it begins and ends as an editor counts, if the file is text as it stands.
    pub place: Option<(Place, Place)>,
    /// Values that are equal have equal numbers, in the order in which they occur first in this survey.
    pub value: u64,
    /// What numbers are given by. Never shown.
    pub(crate) identity: [u8; 16],
}

impl Found {
    pub(crate) fn new(finding: &Finding, inside: &str, spot: String) -> Self {
        Self {
            rule: finding.rule,
            confidence: finding.confidence,
            validator: finding.validator,
            sample: finding.sample,
            inside: inside.to_owned(),
            spot,
            from: finding.from,
            to: finding.to,
            record: finding.record,
            place: None,
            value: 0,
            identity: finding.identity,
        }
    }

    /// Whether it stands in the file as it is, so that it is in one of its lines.
    pub(crate) fn stands(&self) -> bool {
        self.inside.is_empty() && self.spot.is_empty()
    }

    /// Where it is, behind the file's own name, for people.
    #[must_use]
    pub fn shown(&self) -> String {
        let inside = if self.inside.is_empty() { String::new() } else { format!("!{}", self.inside) };
        match (self.place, self.spot.as_str()) {
            (Some((begin, _)), _) => format!("{inside}:{}:{}", begin.line, begin.column),
            (None, "") => format!("{inside} at byte {}", self.from),
            (None, spot) => format!("{inside}, {spot}"),
        }
    }
}
