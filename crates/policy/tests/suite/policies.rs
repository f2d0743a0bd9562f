//! Each policy by itself: what it refuses, with which sentence, and who is told.

use std::collections::BTreeSet;

use base::Kind;
use base::word::{BudgetState, PrincipalKind, Role, ScanState, State, Verb};
use policy::{Decider, Effect};

use crate::world::{CALLER, Case, Grant, NOW, OTHER, STRANGER, THEIR_PARTNER, cited};

/// For each forbidding policy a question that it, and no other, stands in the way of.
fn forbidden() -> Vec<(&'static str, Case)> {
    let plain = Case::default;
    vec![
        ("compartment", Case { partner: Some(STRANGER), roles: vec![Role::PartnerResearcher], ..plain() }),
        ("paused", Case { state: State::Paused, ..plain() }),
        ("closed", Case { state: State::Closed, ..plain() }),
        ("auditors-read-evidence", Case { roles: vec![Role::Auditor, Role::DataEngineer], ..plain() }),
        ("pending", Case { scan: ScanState::Pending, ..plain() }),
        ("quarantined", Case { scan: ScanState::Quarantined, own_work: true, ..plain() }),
        ("unscannable", Case { scan: ScanState::Unscannable, ..plain() }),
        ("purpose", Case { purpose: None, ..plain() }),
        ("purpose-of-dataset", Case { dataset_purposes: vec!["evaluation"], ..plain() }),
        ("purpose-of-grant", Case { purpose: Some("evaluation"), ..plain() }),
        (
            "own-work-stays",
            Case { verb: Verb::ReleaseQuarantined, own_work: true, roles: vec![Role::Security], ..plain() },
        ),
        ("budget-spent", Case { budget: Some(BudgetState::Spent), ..plain() }),
        ("raise-takes-two", Case { verb: Verb::RaiseBudget, roles: vec![Role::Security], ..plain() }),
        ("privacy-officers-read-no-data", Case { roles: vec![Role::PrivacyOfficer, Role::DataEngineer], ..plain() }),
        ("people-lists-take-two", Case { verb: Verb::OpenPeople, roles: vec![Role::PrivacyOfficer], ..plain() }),
        ("resume-takes-two", Case { verb: Verb::Resume, roles: vec![Role::Security], ..plain() }),
    ]
}

/// For each permitting policy a question that it, and no other, lets through, and one that lacks only what it asks for.
fn permitted() -> Vec<(&'static str, Case, Case)> {
    let plain = || Case { grant: None, purpose: None, ..Case::default() };
    let scanner = Case { verb: Verb::Scan, kind: PrincipalKind::Workload, roles: vec![Role::Workload], ..plain() };
    let resume = Case { verb: Verb::Resume, roles: vec![Role::Security], approvers: vec![OTHER], ..plain() };
    let scope = Case { verb: Verb::Scope, roles: vec![Role::Security], ..plain() };
    let partner_scope = Case { roles: vec![Role::PartnerSecurity], partner: Some(THEIR_PARTNER), ..scope.clone() };
    let administer = Case { verb: Verb::Administer, roles: vec![Role::Administrator], ..plain() };
    let issue = Case { verb: Verb::IssueSession, roles: vec![Role::Security], ..plain() };
    let review = Case { verb: Verb::Review, roles: vec![Role::Security], ..plain() };
    let budget = Case { verb: Verb::SetBudget, roles: vec![Role::Administrator], ..plain() };
    let release = Case { verb: Verb::ReleaseQuarantined, ..review.clone() };
    let decoys = Case { verb: Verb::KeepDecoys, roles: vec![Role::Security], ..plain() };
    let alarms = Case { verb: Verb::WatchAlarms, roles: vec![Role::Administrator], ..plain() };
    let respond = Case { verb: Verb::Respond, roles: vec![Role::Security], ..plain() };
    let officer = Case { roles: vec![Role::PrivacyOfficer], ..scope.clone() };
    let people = Case { verb: Verb::OpenPeople, approvers: vec![OTHER], ..officer.clone() };
    vec![
        ("scanner", scanner.clone(), Case { kind: PrincipalKind::Person, ..scanner }),
        ("grant-needed", Case::default(), Case { grant: None, ..Case::default() }),
        ("security-resumes", resume.clone(), Case { roles: vec![Role::Administrator], ..resume }),
        ("security-and-auditors-scope", scope.clone(), Case { roles: vec![Role::Administrator], ..scope }),
        (
            "partner-scopes-its-own",
            partner_scope.clone(),
            Case { roles: vec![Role::PartnerResearcher], ..partner_scope },
        ),
        ("administrators-set-up", administer.clone(), Case { roles: vec![Role::Security], ..administer }),
        ("reviewers-review", review.clone(), Case { roles: vec![Role::Administrator], ..review }),
        ("security-releases", release.clone(), Case { kind: PrincipalKind::Workload, ..release }),
        ("security-keeps-decoys", decoys.clone(), Case { roles: vec![Role::Administrator], ..decoys }),
        ("security-watches-alarms", alarms.clone(), Case { kind: PrincipalKind::Workload, ..alarms }),
        ("security-sets-budgets", budget.clone(), Case { roles: vec![Role::DataEngineer], ..budget }),
        ("responders-respond", respond.clone(), Case { kind: PrincipalKind::Workload, ..respond }),
        ("privacy-officers-scope", officer.clone(), Case { partner: Some(THEIR_PARTNER), ..officer }),
        ("privacy-officers-open-people-lists", people.clone(), Case { roles: vec![Role::Security], ..people }),
        ("sessions-are-issued", issue.clone(), Case { roles: vec![Role::DataEngineer], ..issue }),
    ]
}

#[test]
fn every_policy_is_tested_here() {
    let decider = Decider::new().unwrap();
    let tested: BTreeSet<_> =
        forbidden().into_iter().map(|(id, _)| id).chain(permitted().into_iter().map(|(id, ..)| id)).collect();
    let shipped: BTreeSet<_> = decider.rules().iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(tested, shipped);
}

#[test]
fn each_forbid_cites_its_id_sentence_and_course() {
    let decider = Decider::new().unwrap();
    for (id, case) in forbidden() {
        let denial = case.judge(&decider).unwrap_err();
        let rule = decider.rules().iter().find(|rule| rule.id == id).unwrap();
        assert_eq!(rule.effect, Effect::Forbid);
        assert_eq!((&*denial.policy, &denial.guideline, &denial.course), (id, &rule.guideline, &rule.course));
        assert_eq!(denial.kind(), if id == "paused" { Kind::Paused } else { Kind::Refused });
        assert_eq!(denial.disclose, id != "compartment");
    }
}

#[test]
fn each_permit_lets_through_what_no_other_does() {
    let decider = Decider::new().unwrap();
    for (id, case, lacking) in permitted() {
        assert_eq!(case.judge(&decider).unwrap(), [id]);
        let refused = lacking.judge(&decider);
        if ["partner-scopes-its-own", "privacy-officers-scope"].contains(&id) {
            // The verb has several permits, and a refusal cites the first.
            assert_eq!(cited(&refused).0, "security-and-auditors-scope");
        } else {
            assert_eq!(cited(&refused).0, id);
        }
    }
}

#[test]
fn a_grant_must_cover_the_verb() {
    let decider = Decider::new().unwrap();
    let grant = Grant { verbs: vec![Verb::Read], ..Grant::default() };
    assert!(Case { grant: Some(grant.clone()), ..Case::default() }.judge(&decider).is_ok());
    let write = Case { verb: Verb::Write, grant: Some(grant), ..Case::default() };
    let denial = write.judge(&decider).unwrap_err();
    assert_eq!(denial.policy, "grant-needed");
    assert!(denial.disclose, "a holder of some grant may know what is missing");
}

#[test]
fn a_grant_ends_to_the_microsecond_though_the_decision_is_remembered() {
    let decider = Decider::new().unwrap();
    let expires = NOW.plus_seconds(5);
    let grant = Grant { expires, ..Grant::default() };
    let at =
        |micros: i64| Case { grant: Some(grant.clone()), at: base::Timestamp(expires.0 + micros), ..Case::default() };
    assert!(at(-2).judge(&decider).is_ok());
    assert!(at(-1).judge(&decider).is_ok());
    assert_eq!(cited(&at(0).judge(&decider)).0, "grant-needed");
    assert_eq!(cited(&at(1).judge(&decider)).0, "grant-needed");
}

#[test]
fn purpose_must_be_agreed_by_engagement_dataset_and_grant() {
    let decider = Decider::new().unwrap();
    let evaluation = Case {
        purpose: Some("evaluation"),
        grant: Some(Grant { purposes: vec!["evaluation"], ..Grant::default() }),
        ..Case::default()
    };
    assert!(evaluation.judge(&decider).is_ok());
    let narrowed = [
        ("purpose", Case { purpose: None, ..evaluation.clone() }),
        ("purpose", Case { engagement_purposes: vec!["model-training"], ..evaluation.clone() }),
        ("purpose-of-dataset", Case { dataset_purposes: vec!["model-training"], ..evaluation.clone() }),
        ("purpose-of-grant", Case { grant: Some(Grant::default()), ..evaluation.clone() }),
    ];
    for (policy, case) in narrowed {
        assert_eq!(cited(&case.judge(&decider)).0, policy);
    }
    let named = Case { dataset_purposes: vec!["evaluation"], ..evaluation };
    assert!(named.judge(&decider).is_ok());
}

#[test]
fn a_pending_version_is_for_its_writer_and_the_scanner() {
    let decider = Decider::new().unwrap();
    let pending = Case { scan: ScanState::Pending, ..Case::default() };
    assert!(Case { own_work: true, ..pending.clone() }.judge(&decider).is_ok());
    let scanner =
        Case { verb: Verb::Scan, kind: PrincipalKind::Workload, roles: vec![Role::Workload], ..pending.clone() };
    assert!(scanner.judge(&decider).is_ok());
    let paused = Case { state: State::Paused, grant: None, ..scanner };
    assert_eq!(cited(&paused.judge(&decider)), ("paused", Kind::Paused), "the scanner knows when to come back");
    for verb in [Verb::Read, Verb::Head] {
        assert_eq!(cited(&Case { verb, ..pending.clone() }.judge(&decider)).0, "pending");
    }
}

#[test]
fn unscannable_is_readable_where_the_contract_says_so() {
    let decider = Decider::new().unwrap();
    let unscannable = Case { scan: ScanState::Unscannable, unscannable_readable: true, ..Case::default() };
    assert!(unscannable.judge(&decider).is_ok());
}

#[test]
fn quarantine_is_open_to_reviewers_whom_a_grant_names() {
    let decider = Decider::new().unwrap();
    let reviewer = Case { scan: ScanState::Quarantined, ..Case::default() };
    assert!(reviewer.judge(&decider).is_ok());
    let without = Grant { verbs: vec![Verb::Read], ..Grant::default() };
    for other in [
        Case { grant: Some(without), ..reviewer.clone() },
        Case { kind: PrincipalKind::Workload, roles: vec![Role::Workload], ..reviewer.clone() },
        Case { own_work: true, ..reviewer },
    ] {
        assert_eq!(cited(&other.judge(&decider)).0, "quarantined");
    }
    let partner = Case {
        verb: Verb::Review,
        roles: vec![Role::PartnerSecurity],
        partner: Some(THEIR_PARTNER),
        grant: None,
        purpose: None,
        ..Case::default()
    };
    assert!(partner.judge(&decider).is_ok(), "a partner's security sees what lies in quarantine of its own");
    let releases = Case { verb: Verb::ReleaseQuarantined, ..partner };
    assert!(releases.judge(&decider).is_err());
}

#[test]
fn nobody_is_their_own_second_person() {
    let decider = Decider::new().unwrap();
    let resume = |approvers: &[_]| Case {
        verb: Verb::Resume,
        state: State::Paused,
        roles: vec![Role::Security],
        approvers: approvers.to_vec(),
        ..Case::default()
    };
    assert_eq!(cited(&resume(&[]).judge(&decider)).0, "resume-takes-two");
    assert_eq!(cited(&resume(&[CALLER, CALLER]).judge(&decider)).0, "resume-takes-two");
    assert!(resume(&[OTHER]).judge(&decider).is_ok());
}

#[test]
fn an_operators_role_is_worth_nothing_at_a_partner() {
    let decider = Decider::new().unwrap();
    for (verb, role) in [
        (Verb::Resume, Role::Security),
        (Verb::Scope, Role::Security),
        (Verb::Administer, Role::Administrator),
        (Verb::IssueSession, Role::Administrator),
        (Verb::Scan, Role::Workload),
        (Verb::Respond, Role::Security),
        (Verb::OpenPeople, Role::PrivacyOfficer),
    ] {
        let case = Case {
            verb,
            kind: if role == Role::Workload { PrincipalKind::Workload } else { PrincipalKind::Person },
            roles: vec![role],
            partner: Some(THEIR_PARTNER),
            approvers: vec![OTHER],
            ..Case::default()
        };
        assert!(case.judge(&decider).is_err(), "{verb} by {role} of a partner");
    }
}

#[test]
fn who_may_not_know_hears_one_identical_answer() {
    let decider = Decider::new().unwrap();
    let outside = Case { grant: None, ..Case::default() };
    let stranger = Case { partner: Some(STRANGER), roles: vec![Role::PartnerSecurity], ..Case::default() };
    let expired = Case { grant: Some(Grant { expires: NOW, ..Grant::default() }), ..Case::default() };
    let mut heard = BTreeSet::new();
    for case in [outside, stranger, expired] {
        for state in State::ALL {
            for scan in ScanState::ALL {
                for purpose in [None, Some("advertising"), Some("model-training")] {
                    let case = Case { state: *state, scan: *scan, purpose, ..case.clone() };
                    let denial = case.judge(&decider).unwrap_err();
                    heard.insert((denial.to_string(), denial.kind().name(), denial.disclose));
                }
            }
        }
    }
    assert_eq!(heard.into_iter().collect::<Vec<_>>(), [("refused".to_owned(), "refused", false)]);
}

#[test]
fn a_disclosed_denial_says_the_sentence_and_the_course() {
    let decider = Decider::new().unwrap();
    let denial = Case { purpose: Some("advertising"), ..Case::default() }.judge(&decider).unwrap_err();
    assert_eq!(
        denial.to_string(),
        "refused by policy `purpose`: Use data only for the purpose it was given for; that it would be useful is not a \
         purpose.\nthe course `other-peoples-data` explains it"
    );
}
