//! Policy sets that are not the shipped ones: what does not start, and what no set can allow.

use base::Kind;
use base::id::DatasetId;
use base::word::{BudgetState, Role, State, Verb};
use policy::decider::{POLICIES, SCHEMA};
use policy::{DatasetFacts, Decider, PolicyError};

use crate::world::{Case, OTHER, STRANGER, THEIR_PARTNER, cited};

const ALL: &str = r#"@id("all") @guideline("Anything goes.") permit (principal, action, resource);"#;

fn refused(schema: &str, policies: &str) -> String {
    let error = Decider::from_text(schema, policies).err().expect("it should not start");
    assert_eq!(error.kind(), Kind::Invalid);
    base::error::chain(&error)
}

#[test]
fn what_does_not_parse_or_validate_does_not_start() {
    assert!(refused("entity {", POLICIES).contains("reading the policy schema"));
    assert!(refused(SCHEMA, "permit (").contains("reading the policies"));
    assert!(refused(SCHEMA, "").contains("permit nothing"));
    assert!(
        refused(SCHEMA, &format!("{ALL} permit (principal == ?principal, action, resource);")).contains("template")
    );
    let misspelt = POLICIES.replace(r#"State::"paused""#, r#"State::"puased""#);
    assert!(refused(SCHEMA, &misspelt).contains("puased"));
    let unknown = POLICIES.replace("resource.engagement.purposes", "resource.engagement.puposes");
    assert!(refused(SCHEMA, &unknown).contains("puposes"));
    let unguarded = POLICIES.replace("context has purpose && resource.e", "resource.e");
    assert!(refused(SCHEMA, &unguarded).contains("purpose"), "an optional fact must be looked for before it is used");
}

#[test]
fn what_could_not_be_cited_does_not_start() {
    let bare = "permit (principal, action, resource);";
    assert!(refused(SCHEMA, bare).contains("`@id`"));
    let silent = r#"@id("x") permit (principal, action, resource);"#;
    assert!(refused(SCHEMA, silent).contains("`@guideline`"));
    assert!(refused(SCHEMA, &format!("{ALL}{ALL}")).contains("`all`"));
    let strange = r#"@id("x") @guideline("X.") @kind("odd") permit (principal, action, resource);"#;
    assert!(refused(SCHEMA, strange).contains("`@kind`"));
}

#[test]
fn a_schema_that_lacks_what_is_asked_does_not_start() {
    let without_scan = SCHEMA.replace(
        "\"issue-session\", \"scan\",\n  \"review\", \"release-quarantined\"",
        "\"issue-session\", \"review\", \"release-quarantined\"",
    );
    assert_ne!(without_scan, SCHEMA);
    assert!(refused(&without_scan, ALL).contains("`action scan`"));
    let other_shape = SCHEMA.replace("approvers: Long", "approvers: String");
    assert!(refused(&other_shape, ALL).contains("does not fit a question"));
    let without_dataset = SCHEMA.replace("entity Dataset", "entity Folder").replace("?: Dataset", "?: Folder");
    assert!(refused(&without_dataset, ALL).contains("`entity Dataset`"));
}

#[test]
fn an_error_in_any_policy_is_a_refusal() {
    let overflow = r#"
        @id("overflow") @guideline("Never.")
        forbid (principal, action, resource) when { context.approvers + 9223372036854775807 < 0 };"#;
    let decider = Decider::from_text(SCHEMA, &format!("{ALL}{overflow}")).unwrap();
    assert!(Case::default().judge(&decider).is_ok());
    let failing = Case { approvers: vec![OTHER], ..Case::default() };
    assert_eq!(cited(&failing.judge(&decider)), ("in-doubt-refuse", Kind::Refused));
    assert_eq!(cited(&failing.judge(&decider)), ("in-doubt-refuse", Kind::Refused), "remembered");
}

#[test]
fn an_error_does_not_hide_a_pause() {
    let overflow = r#"
        @id("overflow") @guideline("Never.")
        permit (principal, action, resource) when { context.approvers + 9223372036854775807 < 0 };"#;
    let decider = Decider::from_text(SCHEMA, &format!("{POLICIES}{overflow}")).unwrap();
    let case = Case { state: State::Paused, approvers: vec![OTHER], ..Case::default() };
    assert_eq!(cited(&case.judge(&decider)), ("paused", Kind::Paused));
}

#[test]
fn no_set_can_allow_what_the_floor_forbids() {
    let decider = Decider::from_text(SCHEMA, ALL).unwrap();
    for verb in Verb::ALL {
        let case = Case { verb: *verb, roles: vec![Role::Security], approvers: vec![OTHER], ..Case::default() };
        assert!(case.judge(&decider).is_ok(), "{verb} is allowed by this set");

        let paused = Case { state: State::Paused, ..case.clone() }.judge(&decider);
        match verb {
            Verb::Scope | Verb::Resume | Verb::OpenPeople => assert!(paused.is_ok()),
            _ => assert_eq!(cited(&paused), ("floor-paused", Kind::Paused)),
        }
        let closed = Case { state: State::Closed, ..case.clone() }.judge(&decider);
        match verb {
            Verb::Scope | Verb::OpenPeople => assert!(closed.is_ok()),
            _ => assert_eq!(cited(&closed), ("floor-closed", Kind::Refused)),
        }
        let stranger = Case { partner: Some(STRANGER), ..case.clone() }.judge(&decider);
        assert_eq!(cited(&stranger), ("floor-compartment", Kind::Refused));
        assert!(!stranger.unwrap_err().disclose);
        assert!(Case { partner: Some(THEIR_PARTNER), ..case }.judge(&decider).is_ok());
    }
    let alone = Case { verb: Verb::Resume, ..Case::default() };
    assert_eq!(cited(&alone.judge(&decider)), ("floor-resume", Kind::Refused));
    let raise = Case { verb: Verb::RaiseBudget, ..Case::default() };
    assert_eq!(cited(&raise.judge(&decider)), ("floor-raise", Kind::Refused));
    let spent = Case { budget: Some(BudgetState::Spent), ..Case::default() };
    assert_eq!(cited(&spent.judge(&decider)), ("floor-budget", Kind::Refused));
    let alone = Case { verb: Verb::OpenPeople, ..Case::default() };
    assert_eq!(cited(&alone.judge(&decider)), ("floor-people", Kind::Refused));
    let own = Case { verb: Verb::ReleaseQuarantined, own_work: true, ..Case::default() };
    assert_eq!(cited(&own.judge(&decider)), ("floor-quarantine", Kind::Refused));
}

#[test]
fn hours_of_work_are_kept_though_decisions_are_remembered() {
    let hours = r#"
        @id("hours") @guideline("Nobody works after ten.")
        forbid (principal, action, resource) when { context.now.toTime() >= duration("22h") };"#;
    let decider = Decider::from_text(SCHEMA, &format!("{ALL}{hours}")).unwrap();
    let ten = base::Timestamp::from_rfc3339("2026-11-24T22:00:00Z").unwrap();
    let at = |seconds| Case {
        at: ten.plus_seconds(seconds),
        grant: Some(crate::world::Grant { expires: base::Timestamp(i64::MAX), ..Default::default() }),
        ..Case::default()
    };
    assert!(at(-2).judge(&decider).is_ok());
    assert!(at(-1).judge(&decider).is_ok());
    assert_eq!(cited(&at(0).judge(&decider)).0, "hours");
}

#[test]
fn facts_of_something_else_are_not_judged() {
    let decider = Decider::from_text(SCHEMA, ALL).unwrap();
    let unfit = |change: &dyn Fn(&mut policy::Question)| {
        let mut question = Case::default().question();
        assert!(decider.check(&question).is_ok());
        change(&mut question);
        let denial = decider.check(&question).unwrap_err();
        assert_eq!((denial.kind(), denial.disclose), (Kind::Bug, false));
        assert_eq!(decider.explain(&question), serde_json::Value::Null);
        assert!(decider.decide(question).is_err());
    };
    unfit(&|question| question.facts.engagement.id = base::id::EngagementId::from_bytes([99; 16]));
    unfit(&|question| question.access.engagement = base::id::EngagementId::from_bytes([99; 16]));
    unfit(&|question| question.facts.dataset = None);
    unfit(&|question| question.facts.object = None);
    unfit(&|question| {
        let facts = DatasetFacts {
            id: DatasetId::from_bytes([99; 16]),
            purposes: Vec::new().into(),
            unscannable_readable: true,
        };
        question.facts.dataset = Some(facts);
    });
}

#[test]
fn a_record_that_cannot_be_read_is_an_error_and_not_an_answer() {
    let decider = Decider::new().unwrap();
    let error = decider.replay(&serde_json::Value::Null).unwrap_err();
    assert!(matches!(error, PolicyError::Replay { .. }));
}

#[test]
fn an_explanation_holds_ids_and_words() {
    let decider = Decider::new().unwrap();
    let explained = decider.explain(&Case { pause_epoch: 3, ..Case::default() }.question());
    assert_eq!(
        explained,
        serde_json::json!({
            "now": "2026-11-24T06:00:00.000000Z",
            "principal": crate::world::CALLER,
            "kind": "person",
            "partner": null,
            "roles": ["data-engineer"],
            "purpose": "model-training",
            "verb": "read",
            "form": "raw",
            "engagement": {
                "id": crate::world::OURS,
                "partner": THEIR_PARTNER,
                "state": "active",
                "purposes": ["model-training", "evaluation"],
            },
            "dataset": {
                "id": DatasetId::from_bytes([40; 16]),
                "purposes": [],
                "unscannable_readable": false,
            },
            "version": { "scan": "scanned", "written_by_caller": false },
            "grant": {
                "verbs": Verb::ALL,
                "purposes": ["model-training"],
                "expires": "2026-11-24T07:00:30.000000Z",
            },
            "approvers": 0,
            "epochs": { "pause": 3 },
        })
    );
}
