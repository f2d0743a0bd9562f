//! What a scan said of a version: which types of data, by which rules, how often and how surely, and what it could not read.
//!
//! Kept sealed beside the facts, so that profiles, reviews and comparisons need no second reading. It never holds a value: of
//! what nobody may store here, the places are kept, so that a reviewer finds them.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::id::VersionId;
use base::word::DataType;
use scan::{Confidence, Finding, Folder, Limit, RuleId, Rules, Sink};
use seal::Fields;
use serde::{Deserialize, Serialize};

use crate::error::CustodyError;
use crate::settings::SecretsFound;

/// The generation of the scan that a version comes in by.
pub(crate) const FIRST_SCAN: u32 = 0;

/// What a sealed report is bound to, beside the version and the generation.
const CONTEXT: &str = "scan";

/// How many places of forbidden values a report holds; of more, only the count is kept.
const MOST_PLACES: usize = 100;

/// How many members that were not read a report names; of more, only the count is kept.
const MOST_UNREAD: usize = 100;

/// What a scan said of a version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanReport {
    /// Which scanner.
    pub scanner: String,
    /// What the bytes were read as; nothing where they were not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Why no detector read it, where none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How many records it has.
    pub records: u64,
    /// What was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<Found>,
    /// How many values there are that are forbidden here.
    #[serde(default)]
    pub forbidden_count: u64,
    /// Where the first of them are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forbidden: Vec<Place>,
    /// What was not read as it should be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limited>,
    /// What loading it would import and run, beyond building data: pickles are programs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub programs: Vec<String>,
    /// How many members were not read, or not all of them.
    #[serde(default)]
    pub unread_count: u64,
    /// The first of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<Unread>,
}

/// A member of an archive, or a part of a document, that was not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// Its path inside: `shard.tar!docs/a.jsonl.gz!a.jsonl`.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// How often something was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The type.
    #[serde(rename = "type")]
    pub data_type: DataType,
    /// The rule that found it.
    pub rule: String,
    /// `low`, `medium` or `high`.
    pub confidence: String,
    /// How often.
    pub count: u64,
}

/// Where a forbidden value is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The type.
    #[serde(rename = "type")]
    pub data_type: DataType,
    /// The rule that found it.
    pub rule: String,
    /// The check it passed.
    pub validator: String,
    /// What a person sees of it: its form, masked.
    #[serde(default)]
    pub sample: String,
    /// Its first byte.
    pub from: u64,
    /// The byte after its last.
    pub to: u64,
    /// The record it is in, from 0.
    pub record: u64,
}

/// Something that was not read as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limited {
    /// What.
    pub kind: String,
    /// Where first.
    pub first: u64,
    /// How often.
    pub count: u64,
}

impl ScanReport {
    /// Adds something that was not read as it should be.
    pub(crate) fn limit(&mut self, limit: &Limit) {
        let kind = limit.kind.word();
        match self.limits.iter_mut().find(|known| known.kind == kind) {
            Some(known) => known.count = known.count.saturating_add(limit.count),
            None => self.limits.push(Limited { kind: kind.to_owned(), first: limit.first, count: limit.count }),
        }
    }

    /// Adds a member that was not read, or not all of it.
    pub(crate) fn unread(&mut self, path: &str, reason: String) {
        self.unread_count = self.unread_count.saturating_add(1);
        if self.unread.len() < MOST_UNREAD {
            self.unread.push(Unread { path: path.to_owned(), reason });
        }
    }

    /// Adds what loading a member would import and run.
    pub(crate) fn program(&mut self, path: &str, import: &impl std::fmt::Display) {
        if self.programs.len() < MOST_UNREAD {
            self.programs.push(format!("{path}: {import}"));
        }
    }

    /// Seals it for a scan of a version.
    pub(crate) fn seal(&self, fields: &Fields, version: VersionId, generation: u32) -> Result<Vec<u8>, CustodyError> {
        let plain = serde_json::to_vec(self)
            .map_err(|error| CustodyError::invalid(format!("a scan's report cannot be written: {error}")))?;
        Ok(fields.seal(CONTEXT, &place(version, generation), &plain)?)
    }

    /// Opens what [`Self::seal`] made.
    pub(crate) fn open(
        fields: &Fields,
        version: VersionId,
        generation: u32,
        sealed: &[u8],
    ) -> Result<Self, CustodyError> {
        let plain = fields.open(CONTEXT, &place(version, generation), sealed)?;
        plain
            .expose(|bytes| serde_json::from_slice(bytes))
            .map_err(|_| CustodyError::Corrupt(format!("scan {generation} of version `{version}`")))
    }
}

fn place(version: VersionId, generation: u32) -> Vec<u8> {
    [version.as_bytes().as_slice(), &generation.to_be_bytes()].concat()
}

/// Counts findings on their way to the facts.
pub(crate) struct Tally {
    pub(crate) folder: Folder,
    rules: Arc<Rules>,
    secrets: SecretsFound,
    counts: BTreeMap<(DataType, RuleId, Confidence), u64>,
    report: ScanReport,
}

impl Tally {
    pub(crate) fn new(folder: Folder, scanner: &str, secrets: SecretsFound) -> Self {
        let report = ScanReport { scanner: scanner.to_owned(), ..ScanReport::default() };
        Self { folder, rules: Rules::built_in(), secrets, counts: BTreeMap::new(), report }
    }

    /// Puts what was found into the report of the whole.
    pub(crate) fn finish(self, said: ScanReport) -> (Folder, ScanReport) {
        let mut report = ScanReport {
            scanner: self.report.scanner,
            forbidden_count: self.report.forbidden_count,
            forbidden: self.report.forbidden,
            ..said
        };
        let rules = &self.rules;
        report.found = self
            .counts
            .into_iter()
            .map(|((data_type, rule, confidence), count)| Found {
                data_type,
                rule: rules.get(rule).id.clone(),
                confidence: word(confidence).to_owned(),
                count,
            })
            .collect();
        (self.folder, report)
    }

    /// Whether nobody may store such a value here.
    fn is_forbidden(&self, finding: &Finding) -> bool {
        finding.confidence == Confidence::High
            && match finding.data_type {
                DataType::CardSecurity => true,
                DataType::Secret => self.secrets == SecretsFound::Quarantine,
                _ => false,
            }
    }
}

impl Sink for Tally {
    fn take(&mut self, finding: Finding) {
        let count = self.counts.entry((finding.data_type, finding.rule, finding.confidence)).or_default();
        *count = count.saturating_add(1);
        if self.is_forbidden(&finding) {
            self.report.forbidden_count = self.report.forbidden_count.saturating_add(1);
            if self.report.forbidden.len() < MOST_PLACES {
                self.report.forbidden.push(Place {
                    data_type: finding.data_type,
                    rule: self.rules.get(finding.rule).id.clone(),
                    validator: finding.validator.to_owned(),
                    sample: finding.sample.to_string(),
                    from: finding.from,
                    to: finding.to,
                    record: finding.record,
                });
            }
        }
        self.folder.take(finding);
    }
}

const fn word(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low => "low",
        Confidence::Medium => "medium",
        Confidence::High => "high",
    }
}

#[cfg(test)]
mod tests {
    use scan::Blocks;

    use super::*;

    fn finding(data_type: DataType, confidence: Confidence, from: u64) -> Finding {
        let to = from.saturating_add(5);
        Finding {
            data_type,
            rule: RuleId::default(),
            from,
            to,
            record: 0,
            part: 0,
            validator: "form",
            confidence,
            residence: None,
            identity: [1; 16],
            sample: scan::Sample::of(data_type, b"value"),
        }
    }

    fn forbidden(secrets: SecretsFound, findings: &[(DataType, Confidence)]) -> u64 {
        let mut tally = Tally::new(Folder::new(Blocks { first: 100, rest: 100 }), "test", secrets);
        findings.iter().for_each(|(data_type, confidence)| tally.take(finding(*data_type, *confidence, 7)));
        tally.report.forbidden_count
    }

    #[test]
    fn what_is_sure_and_forbidden_counts_and_nothing_else() {
        use Confidence::{High, Medium};
        use DataType::{Card, CardSecurity, Secret};
        let all = [(CardSecurity, High), (CardSecurity, Medium), (Secret, High), (Secret, Medium), (Card, High)];
        assert_eq!(forbidden(SecretsFound::Quarantine, &all), 2);
        assert_eq!(forbidden(SecretsFound::List, &all), 1);
    }

    #[test]
    fn places_are_bounded_and_counts_are_not() {
        let mut tally = Tally::new(Folder::new(Blocks { first: 100, rest: 100 }), "test", SecretsFound::Quarantine);
        (0..300).for_each(|at| tally.take(finding(DataType::Secret, Confidence::High, at)));
        assert_eq!((tally.report.forbidden_count, tally.report.forbidden.len()), (300, MOST_PLACES));
        assert_eq!(tally.counts.values().collect::<Vec<_>>(), [&300]);
    }
}
