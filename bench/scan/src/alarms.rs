//! False alarms: a programming language's library holds next to no personal data and no secret, so almost every finding is
//! an alarm.

use std::path::Path;
use std::sync::Arc;

use base::word::DataType;
use scan::{Confidence, Options};
use survey::{Job, Listed, Survey, Walk, Watch};

use crate::rows::{head, row};
use crate::{Outcome, Stand};

struct Nobody;

impl Watch for Nobody {
    fn read(&self, _: u64) {}
}

/// Findings a megabyte in the Python sources below `folder`, without packages that somebody installed there.
pub(crate) fn report(folder: &Path) -> Outcome<String> {
    let mut walk = Walk::of(&[folder.to_owned()]);
    walk.listed.retain(|listed| match listed {
        Listed::File(path, _) => {
            path.extension().is_some_and(|extension| extension == "py")
                && !path.components().any(|part| part.as_os_str() == "site-packages")
        }
        _ => false,
    });
    let job = Job { options: Options::default(), digester: Arc::new(Stand), least: Confidence::Low, threads: 2 };
    let survey = survey::run(walk, &job, &Nobody);
    let megabytes = survey.bytes() as f64 / 1e6;
    let mut text = format!("{} Python files, {megabytes:.1} MB\n\n", survey.looked.len());
    text.push_str(&head(&["findings", "a MB, high", "a MB, medium", "a MB, low", "most of them by"]));
    let secret = |data_type: DataType| data_type == DataType::Secret;
    text.push_str(&line(&survey, "secrets", megabytes, secret));
    text.push_str(&line(&survey, "personal types", megabytes, DataType::is_personal));
    Ok(text)
}

fn line(survey: &Survey, what: &str, megabytes: f64, of: fn(DataType) -> bool) -> String {
    let mut row_of = survey::Row::default();
    let mut by_rule: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
    for (rule, row) in survey.looked.iter().flat_map(|file| file.tally.rows()) {
        let rule = survey.rules.get(rule);
        if of(rule.data_type) {
            row_of.add(row);
            let count = by_rule.entry(rule.id.as_str()).or_default();
            *count = count.saturating_add(row.all());
        }
    }
    let mut most: Vec<(&str, u64)> = by_rule.into_iter().collect();
    most.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let most: Vec<String> = most.into_iter().take(6).map(|(rule, count)| format!("{rule} {count}")).collect();
    let each = |count: u64| format!("{:.1}", count as f64 / megabytes.max(f64::MIN_POSITIVE));
    row(&[what.to_owned(), each(row_of.high), each(row_of.medium), each(row_of.low), most.join(", ")])
}
