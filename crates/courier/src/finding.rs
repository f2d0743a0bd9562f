//! An alarm as the rest of the world reads it: an OCSF Detection Finding.
//!
//! SPEC: OCSF 1.3, class 2004. Required: `activity_id`, `category_uid`, `class_uid`, `finding_info`, `metadata`, `severity_id`,
//! `time`, `type_uid`.

use base::Timestamp;
use base::word::{AlarmKind, Severity};
use serde_json::{Map, Value, json};

const CATEGORY: u32 = 2;
const CLASS: u32 = 2004;
/// The activity *Create*: one finding is told once.
const CREATE: u32 = 1;

/// What there is to tell.
pub struct Finding<'a> {
    /// The alarm's id. The same in every attempt, so that a receiver can drop what it has.
    pub id: &'a str,
    /// The log of the deployment it comes from.
    pub origin: &'a str,
    /// What kind of thing happened.
    pub kind: AlarmKind,
    /// How soon somebody should look.
    pub severity: Severity,
    /// One sentence, of ours.
    pub summary: &'a str,
    /// When it was raised.
    pub raised: Timestamp,
    /// How often it has happened.
    pub count: u64,
    /// The ids of the engagements it concerns.
    pub engagements: Vec<String>,
    /// Further ids, by what they are.
    pub ids: Vec<(String, String)>,
    /// Whether it is a rehearsal.
    pub rehearsal: bool,
}

impl Finding<'_> {
    /// The finding as OCSF.
    #[must_use]
    pub fn to_ocsf(&self) -> Value {
        let millis = self.raised.0.div_euclid(1000);
        let (severity_id, severity) = severity(self.severity);
        let observables = self.engagements.iter().map(|id| ("engagement", id.as_str()));
        let observables = observables.chain(self.ids.iter().map(|(name, id)| (name.as_str(), id.as_str())));
        // SPEC: OCSF: type 10 of an observable is a resource's id.
        let observables: Vec<Value> =
            observables.map(|(name, value)| json!({ "name": name, "value": value, "type_id": 10 })).collect();
        let mut unmapped = Map::new();
        unmapped.insert("engagements".to_owned(), json!(self.engagements));
        unmapped.insert("rehearsal".to_owned(), json!(self.rehearsal));
        json!({
            "class_uid": CLASS,
            "class_name": "Detection Finding",
            "category_uid": CATEGORY,
            "category_name": "Findings",
            "activity_id": CREATE,
            "activity_name": "Create",
            "type_uid": CLASS.saturating_mul(100).saturating_add(CREATE),
            "type_name": "Detection Finding: Create",
            "severity_id": severity_id,
            "severity": severity,
            "status_id": 1,
            "status": "New",
            "time": millis,
            "count": self.count,
            "message": self.summary,
            "is_alert": !self.rehearsal,
            "finding_info": {
                "uid": self.id,
                "title": self.summary,
                "types": [self.kind.word()],
                "created_time": millis,
                "analytic": { "name": self.kind.word(), "type_id": 1, "type": "Rule" },
            },
            "metadata": {
                "version": "1.3.0",
                "uid": self.id,
                "product": { "name": "Cofferdam", "vendor_name": "Cofferdam", "version": env!("CARGO_PKG_VERSION") },
                "log_name": self.origin,
            },
            "observables": observables,
            "unmapped": unmapped,
        })
    }
}

const fn severity(severity: Severity) -> (u32, &'static str) {
    match severity {
        Severity::Low => (2, "Low"),
        Severity::Medium => (3, "Medium"),
        Severity::High => (4, "High"),
        Severity::Critical => (5, "Critical"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_has_what_its_class_requires() {
        let finding = Finding {
            id: "alm_1",
            origin: "example.org/log",
            kind: AlarmKind::Decoy,
            severity: Severity::Critical,
            summary: "a decoy credential was used: 2 engagements paused",
            raised: Timestamp(1_700_000_000_123_456),
            count: 1,
            engagements: vec!["eng_a".to_owned(), "eng_b".to_owned()],
            ids: vec![("decoy".to_owned(), "dec_1".to_owned())],
            rehearsal: false,
        };
        let ocsf = finding.to_ocsf();
        for (name, value) in
            [("class_uid", 2004), ("category_uid", 2), ("activity_id", 1), ("type_uid", 200_401), ("severity_id", 5)]
        {
            assert_eq!(ocsf[name], value, "{name}");
        }
        assert_eq!(ocsf["time"], 1_700_000_000_123_i64);
        assert_eq!(ocsf["finding_info"]["uid"], "alm_1");
        assert_eq!(ocsf["metadata"]["version"], "1.3.0");
        assert_eq!(ocsf["observables"].as_array().unwrap().len(), 3);
    }
}
