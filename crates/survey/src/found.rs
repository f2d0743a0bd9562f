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
    /// Offset of its first byte, in the file, or in what the file's part unpacks to.
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
    pub(crate) const fn new(finding: &Finding) -> Self {
        Self {
            rule: finding.rule,
            confidence: finding.confidence,
            validator: finding.validator,
            sample: finding.sample,
            from: finding.from,
            to: finding.to,
            record: finding.record,
            place: None,
            value: 0,
            identity: finding.identity,
        }
    }
}
