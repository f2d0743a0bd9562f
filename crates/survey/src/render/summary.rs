//! The sums that all reports show: by rule and by type.

use std::collections::BTreeMap;

use base::word::DataType;
use scan::RuleId;

use super::json::name_inside;
use crate::{Row, Survey};

/// What one rule, or all rules of a type, found.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    /// Findings.
    pub(super) row: Row,
    /// Files that have any.
    pub(super) files: u64,
}

/// The rules that found something, in the order of rules.
pub(super) fn by_rule(survey: &Survey) -> Vec<(RuleId, Sum)> {
    let mut sums: BTreeMap<RuleId, Sum> = BTreeMap::new();
    for file in &survey.looked {
        for (rule, row) in file.tally.rows() {
            let sum = sums.entry(rule).or_default();
            sum.row.add(row);
            sum.files = sum.files.saturating_add(1);
        }
    }
    sums.into_iter().collect()
}

/// The types that were found, in the order of the vocabulary, with how many people have any of it.
pub(super) fn by_type(survey: &Survey) -> Vec<(DataType, Sum, Option<u64>)> {
    let mut sums: BTreeMap<DataType, Sum> = BTreeMap::new();
    for file in &survey.looked {
        let mut here: BTreeMap<DataType, Row> = BTreeMap::new();
        for (rule, row) in file.tally.rows() {
            here.entry(survey.rules.get(rule).data_type).or_default().add(row);
        }
        for (data_type, row) in here {
            let sum = sums.entry(data_type).or_default();
            sum.row.add(row);
            sum.files = sum.files.saturating_add(1);
        }
    }
    let people = |of: DataType| survey.people_by_type.iter().find(|(data_type, _)| *data_type == of);
    sums.into_iter().map(|(data_type, sum)| (data_type, sum, people(data_type).map(|(_, people)| *people))).collect()
}

/// Why what was not scanned was not, with how often.
pub(super) fn reasons(survey: &Survey) -> BTreeMap<&str, u64> {
    let mut reasons = BTreeMap::new();
    for (_, _, why) in survey.not_scanned() {
        // What exactly is broken or unsupported is listed; here its kind is counted.
        let reason = why.split(": ").next().unwrap_or(why);
        let count: &mut u64 = reasons.entry(reason).or_default();
        *count = count.saturating_add(1);
    }
    reasons
}

/// What is strange about files and their parts, with their names.
pub(super) fn warnings(survey: &Survey) -> impl Iterator<Item = (String, &str)> {
    survey
        .looked
        .iter()
        .flat_map(|file| file.warnings.iter().map(move |note| (name_inside(file, &note.inside), note.what.as_str())))
}
