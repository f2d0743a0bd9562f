//! A partner's file speaks of that partner alone: its bytes are searched for every word and number of the other.

use std::collections::BTreeSet;

use super::*;
use crate::specimen::{self, FIRST, SECOND};

fn file(draft: &Draft, engagement: EngagementId) -> Result<PartnerFile, IncidentError> {
    partner_file(draft, 1, engagement, &specimen::book())
}

/// Every string and every number of a slice, as they would stand in a file.
fn said(slice: &Slice) -> BTreeSet<String> {
    fn collect(value: &Value, said: &mut BTreeSet<String>) {
        match value {
            Value::String(text) => drop(said.insert(text.clone())),
            Value::Number(number) => drop(said.insert(number.to_string())),
            Value::Array(entries) => entries.iter().for_each(|entry| collect(entry, said)),
            Value::Object(entries) => entries.values().for_each(|entry| collect(entry, said)),
            Value::Null | Value::Bool(_) => {}
        }
    }
    let mut found = BTreeSet::new();
    collect(&serde_json::to_value(slice).unwrap(), &mut found);
    found
}

#[test]
fn no_word_and_no_count_of_the_other_partner_stands_in_a_file() {
    let draft = specimen::draft();
    for (own, other) in [(0, 1), (1, 0)] {
        let [own, other] = [own, other].map(|at| &draft.slices[at]);
        let bytes = String::from_utf8(file(&draft, own.engagement).unwrap().to_json()).unwrap();
        // What both slices say is no secret of the other: types of data, the hour of the pause.
        let foreign: Vec<String> = said(other).difference(&said(own)).cloned().collect();
        assert!(foreign.len() >= 40, "the specimen says too little: {}", foreign.len());
        // Types of data, forms, roles and places are words of the format and of rules, which are the same for everybody.
        let mut rules: BTreeSet<String> = base::word::DataType::ALL.iter().map(|of| of.word().to_owned()).collect();
        rules.extend(specimen::book().all().map(|rule| rule.jurisdiction.clone()));
        rules.extend(crate::word::DutyRole::ALL.iter().map(|role| role.word().to_owned()));
        rules.insert("ciphertext_only".to_owned());
        // Numbers of one or two digits stand in every date.
        for word in foreign.iter().filter(|word| word.len() > 2 && !rules.contains(*word)) {
            let numeric = word.bytes().all(|byte| byte.is_ascii_digit());
            let found = bytes.match_indices(word.as_str()).any(|(at, _)| {
                let beside = |at: usize| bytes.as_bytes().get(at).is_some_and(u8::is_ascii_alphanumeric);
                !numeric || !(beside(at.wrapping_sub(1)) || beside(at + word.len()))
            });
            assert!(!found, "`{word}` of {} stands in the file of {}", other.partner, own.partner);
        }
        for private in
            [&draft.incident.title, &draft.incident.lead, &draft.root_cause.text, &draft.selectors.expression]
        {
            assert!(!bytes.contains(private.as_str()), "`{private}` is the operator's alone");
        }
    }
}

#[test]
fn a_file_holds_the_partners_own_figures() {
    let draft = specimen::draft();
    let first = file(&draft, FIRST).unwrap();
    assert_eq!(first.exposure.subjects.total.low, 4_413);
    assert_eq!(first.timeline.len(), 2);
    assert_eq!(first.measures.len(), 1);
    assert!(first.deadlines.iter().any(|deadline| deadline.engagement == Some(FIRST)));
    assert!(first.deadlines.iter().all(|deadline| deadline.engagement.is_none_or(|engagement| engagement == FIRST)));
    assert_eq!(file(&draft, SECOND).unwrap().exposure.confidential.len(), 1);
    assert!(file(&draft, EngagementId::from_bytes([9; 16])).is_err(), "who was not reached has no file");
}

/// The second line: whoever writes the other's name into this partner's text is stopped.
#[test]
fn a_text_that_names_another_partner_is_refused() {
    for (text, refused) in [
        ("The same credential read Halcyon's rubrics.", true),
        ("It also read grading-prompts of somebody else.", true),
        (&format!("See {SECOND}."), true),
        ("The halcyonic days are over.", false),
    ] {
        let mut draft = specimen::draft();
        draft.slices[0].words_for_partner = text.to_owned();
        let made = file(&draft, FIRST);
        assert_eq!(made.is_err(), refused, "{text}");
        if let Err(error) = made {
            let error = error.to_string();
            assert!(error.contains("`words`") && !error.to_lowercase().contains("halcyon"), "{error}");
        }
    }
    let mut draft = specimen::draft();
    draft.timeline[0].what.what = "read before halcyon was".to_owned();
    assert!(file(&draft, FIRST).is_err());
}

#[test]
fn two_engagements_of_one_partner_are_no_leak() {
    let mut draft = specimen::draft();
    draft.slices[1].partner = draft.slices[0].partner.clone();
    assert!(file(&draft, FIRST).is_ok());
}
