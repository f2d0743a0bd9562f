//! A dataset's profile as a page.

use custody::profile::Profile;
use custody::rescan::RescanState;
use survey::Row;
use survey::render::{HeldType, Holdings};

/// The figures of the page.
pub(super) fn of(profile: &Profile, scans: &RescanState) -> Holdings {
    let found = |data_type| {
        let mut row = Row::default();
        for found in profile.found.iter().filter(|found| found.data_type == data_type) {
            let count = match found.confidence.as_str() {
                "high" => &mut row.high,
                "medium" => &mut row.medium,
                _ => &mut row.low,
            };
            *count = count.saturating_add(found.count);
        }
        row
    };
    let types = profile.types.iter().map(|held| HeldType {
        title: held.title.clone(),
        people: (held.people.low, held.people.high),
        objects: held.objects,
        findings: found(held.data_type),
    });
    let changes = scans
        .changes
        .iter()
        .map(|change| (format!("{} ({})", change.data_type.title(), change.rule), change.before, change.after));
    Holdings {
        bucket: profile.bucket.clone(),
        engagement: profile.engagement.clone(),
        at: profile.asked.to_string(),
        objects: profile.objects,
        bytes: profile.bytes,
        people: (profile.people.low, profile.people.high),
        states: profile.states.iter().map(|(state, count)| (state.to_string(), *count)).collect(),
        names_unknown: profile.names_unknown,
        types: types.collect(),
        residences: profile.residences.iter().map(|(place, people)| (place.to_string(), *people)).collect(),
        residence_unknown: profile.residence_unknown,
        classes: profile.classes.iter().map(|(class, count)| (class.to_string(), *count)).collect(),
        scanners: profile.scanners.iter().map(|(scanner, count)| (scanner.clone(), *count)).collect(),
        not_scanned: profile.not_scanned.iter().map(|object| (object.key.clone(), object.reason.clone())).collect(),
        not_scanned_omitted: profile.not_scanned_omitted,
        changes: changes.collect(),
    }
}
