//! Reports follow one another, count as they should, and say what they do not know.

use super::*;
use crate::deadline::Outcome;
use crate::figure::Bounds;
use crate::specimen;
use crate::word::{Basis, DeadlineState};

fn made(draft: &Draft, previous: Option<&Report>) -> Result<Report, IncidentError> {
    let previous = previous.map(|report| Previous { report, digest: "ab12" });
    assemble(draft, &specimen::book(), previous, &Reasons::new())
}

#[test]
fn figures_are_the_sum_of_the_slices_and_never_bare() {
    let report = specimen::report();
    assert_eq!(report.exposure.subjects.total.bounds(), Bounds { low: 10_322, high: 12_362 });
    assert_eq!(report.exposure.bytes.low, 41_203_118_771 + 6_084_660);
    assert_eq!(report.exposure.by_form.names_only.objects.basis, Basis::Listed);
    let ssn = report.exposure.elements.iter().find(|element| element.r#type == DataType::Ssn).unwrap();
    assert_eq!(ssn.subjects.bounds(), Bounds { low: 1877 + 641 + 588 + 93, high: 1877 + 641 + 588 + 93 + 233 + 37 });
    let combo = report.exposure.combos.iter().find(|combo| combo.rule == "name+ssn").unwrap();
    assert_eq!(combo.subjects.bounds(), ssn.subjects.bounds());
    let passport = report.exposure.combos.iter().find(|combo| combo.rule == "name+passport");
    assert!(passport.is_none(), "it left sealed, and that it may be in what nobody scanned is no count of it");
    let washington = report.exposure.jurisdictions.iter().find(|place| place.code == "US-WA").unwrap();
    assert_eq!(washington.residents.bounds(), Bounds { low: 487, high: 487 });
    assert_eq!(washington.trigger_subjects.as_ref().unwrap().bounds(), Bounds { low: 487, high: 487 + 233 + 37 });
}

/// An allowance that the scope's own count holds already is not added twice, and the parts add up to the whole.
#[test]
fn whoever_cannot_be_told_apart_is_allowed_for_once() {
    let mut draft = specimen::draft();
    draft.slices[0].people.possible += draft.slices[0].census.unscanned_allowance;
    let report = made(&draft, None).unwrap();
    assert_eq!(report.exposure.subjects.total, specimen::report().exposure.subjects.total);
    let parts: u64 = report.partners.iter().map(|part| part.subjects.high).sum();
    assert_eq!(report.exposure.subjects.total.high, parts);
}

#[test]
fn deadlines_of_the_specimen_stand_where_they_should() {
    let report = specimen::report();
    let one = |key: &str| report.deadlines.iter().find(|deadline| deadline.key() == key).unwrap();
    let washington = one("us-wa/attorney_general").threshold.as_ref().unwrap();
    assert_eq!(washington.outcome, Outcome::PossiblyMet, "487 known, and 270 who may live there: more than 500");
    assert_eq!(one(&format!("partner-contract/partner/{}", specimen::FIRST)).state, DeadlineState::Sent);
    let second = one(&format!("partner-contract/partner/{}", specimen::SECOND));
    assert_eq!((second.state, second.due), (DeadlineState::DueSoon, Some(specimen::at("2026-03-25T12:10:00Z"))));
    assert_eq!(next_due(&report).unwrap().0.key(), second.key());
    assert_eq!(report.partners[1].notice_due, second.due);
    assert!(one("us-sec-8k/investors").starts_when.is_some());
}

#[test]
fn reports_follow_one_another() {
    let initial = specimen::report();
    let mut draft = specimen::draft();
    assert!(made(&draft, Some(&initial)).is_err(), "a second initial one");
    draft.kind = ReportKind::Update;
    assert!(made(&draft, None).is_err(), "an update of nothing");
    draft.slices[0].bytes.possible += 1;
    let update = made(&draft, Some(&initial)).unwrap();
    assert_eq!((update.report_no, update.supersedes.as_deref()), (2, Some("ab12")));
    let bytes = update.changes.iter().find(|change| change.what == "exposure.bytes").unwrap();
    assert_eq!(bytes.words, "bytes: from 41,209,203,431 to 61,566,343,635 to 41,209,203,431 to 61,566,343,636");
    draft.kind = ReportKind::Final;
    assert!(made(&draft, Some(&update)).unwrap_err().to_string().contains("scope_final"));
    draft.incident.id = "inc_other".to_owned();
    assert!(made(&draft, Some(&update)).unwrap_err().to_string().contains("another incident"));
}

#[test]
fn a_report_refuses_to_shrink_and_says_what_it_does_not_know() {
    let initial = specimen::report();
    let mut draft = specimen::draft();
    draft.kind = ReportKind::Update;
    draft.slices.pop();
    assert!(matches!(made(&draft, Some(&initial)), Err(IncidentError::Shrank { .. })));
    let not_recorded = initial.limits.not_recorded.join("\n");
    for word in ["taught", "children", "two engagements", "biometric"] {
        assert!(not_recorded.contains(word), "{word}: {not_recorded}");
    }
    assert_eq!(initial.limits.unscanned_objects, 69);
}

#[test]
fn later_rules_do_not_rewrite_earlier_reports() {
    let newer = include_str!("../content/rules/contract.toml").replace("2026-11-24\"\nread", "2027-05-01\"\nread");
    let older = include_str!("../content/rules/contract.toml").to_owned();
    let newer = newer.replace("24 hours", "12 hours");
    let files = [("older.toml".to_owned(), older), ("newer.toml".to_owned(), newer)];
    let book = RuleBook::with(&files).unwrap();
    let report = assemble(&specimen::draft(), &book, None, &Reasons::new()).unwrap();
    assert_eq!(report, specimen::report());
}

#[test]
fn a_report_reads_back() {
    let report = specimen::report();
    assert_eq!(serde_json::from_slice::<Report>(&report.to_json()).unwrap(), report);
}
