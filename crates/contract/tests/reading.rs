//! Contracts as people write them.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

use base::word::DataType;
use contract::{Class, Contract, Holds, Names, Unscannable, Why};
use proptest::prelude::*;

const HEAD: &str = "apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: 1.0.0\nstatus: active\n";

fn read(rest: &str) -> Contract {
    Contract::read(&format!("{HEAD}{rest}")).unwrap()
}

fn refused(rest: &str) -> String {
    Contract::read(&format!("{HEAD}{rest}")).unwrap_err().to_string()
}

#[test]
fn an_example_of_the_standard_is_read_and_nothing_of_it_is_passed_over() {
    let contract = Contract::read(include_str!("data/interviews.yaml")).unwrap();
    let fields = &contract.terms.collections[0].fields;
    assert_eq!(fields[0].holds, Some(Holds::Subject { kind: Some("worker_id".to_owned()) }));
    assert_eq!(fields[1].classification.as_deref(), Some("restricted"));
    assert_eq!((contract.terms.retention_days, contract.terms.notify_hours), (Some(3 * 365), Some(24)));
    let left: Vec<(&str, Why)> = contract.not_understood.iter().map(|left| (left.field.as_str(), left.why)).collect();
    for known in [
        ("team", Why::NoEffect),
        ("servers", Why::NoEffect),
        ("schema[0].properties[1].encryptedName", Why::NoEffect),
        ("schema[0].properties[1].customProperties[0].value `cofferdamView`", Why::Unknown),
        ("customProperties[0].value `cofferdamPartner`", Why::Unknown),
    ] {
        assert!(left.contains(&known), "{known:?} in {left:?}");
    }
}

#[test]
fn everything_the_program_acts_on_can_be_said() {
    let contract = read(
        "customProperties:
  - {property: cofferdamPurposes, value: [model-training, evaluation]}
  - {property: cofferdamUnscannable, value: read}
  - {property: cofferdamNames, value: before-reading}
  - {property: cofferdamClass, value: preference-data}
schema:
  - name: people
    customProperties: [{property: cofferdamPrefix, value: people/}]
    properties:
      - name: who
        customProperties: [{property: cofferdamSubjectKey, value: true}]
      - name: address
        logicalType: object
        properties:
          - name: state
            customProperties: [{property: cofferdamResidence, value: US}]
      - name: f17
        physicalName: F17
        businessName: mother's maiden name
        customProperties: [{property: cofferdamType, value: name}]
",
    );
    let terms = &contract.terms;
    assert_eq!(terms.purposes.as_ref().unwrap().len(), 2);
    assert_eq!((terms.unscannable, terms.names), (Some(Unscannable::Read), Some(Names::BeforeReading)));
    assert_eq!(terms.class("anything"), Some(Class::PreferenceData));
    let people = terms.collection("people/a.jsonl").unwrap();
    assert_eq!(terms.collection("other"), None);
    let state = people.fields.iter().find(|field| field.name == "state").unwrap();
    assert_eq!(state.inside.as_deref(), Some("address"));
    assert_eq!(state.holds, Some(Holds::Residence { within: "US".parse().ok() }));
    let last = people.fields.last().unwrap();
    assert_eq!((last.name.as_str(), &last.holds), ("F17", &Some(Holds::Type(DataType::Name))));
    assert_eq!(contract.not_understood, []);
    let written = serde_json::to_string(terms).unwrap();
    assert_eq!(serde_json::from_str::<contract::Terms>(&written).unwrap(), *terms);
}

#[test]
fn what_is_wrong_is_said_with_line_field_and_remedy() {
    for (rest, part) in [
        ("schema: yes", "line 6: `schema`: a list is needed here, not a single value"),
        ("schema:\n  - properties: []", "line 7: `schema[0].name`: is missing\n  add `name`"),
        (
            "schema:\n  - name: a\n    properties:\n      - {name: b, logicalType: text}",
            "line 9: `schema[0].properties[0].logicalType`: `text` is no logical type\n  use one of string,",
        ),
        ("customProperties: [{property: cofferdamClass, value: secret}]", "use one of `rubric`"),
        ("customProperties: [{property: cofferdamPurposes, value: [Model Training]}]", "`Model Training`"),
        ("customProperties: [{property: cofferdamPurposes, value: []}]", "no purpose is allowed"),
        ("slaProperties: [{property: retention, value: soon, unit: d}]", "`soon` is no whole number"),
        ("slaProperties: [{property: retention, value: 4000000000, unit: y}]", "too many"),
        (
            "schema:\n  - name: a\n    properties:\n      - name: b\n        customProperties: [{property: cofferdamResidence, value: true}]",
            "and not which people",
        ),
        (
            "schema:\n  - name: a\n    properties:\n      - name: b\n        customProperties: [{property: cofferdamSubjectKey, value: \"true\"}]",
            "write `true` or `false`, unquoted",
        ),
        (
            "schema:\n  - name: a\n    properties:\n      - name: b\n        customProperties: [{property: cofferdamResidence, value: EU}]",
            "neither `true` nor a country",
        ),
    ] {
        let said = refused(rest);
        assert!(said.contains(part), "{rest}\n{said}");
    }
}

#[test]
fn all_faults_are_said_at_once() {
    let said = Contract::read("apiVersion: v9\nkind: Thing\nstatus: new\n").unwrap_err().to_string();
    for part in ["`v9`", "`Thing`", "`new`", "`id`: is missing", "`version`: is missing"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

proptest! {
    /// Whatever is written, reading ends with an answer.
    #[test]
    fn reading_never_panics(text in "[a-z:\\-\\[\\]{}\"' \n&*!|>#]{0,300}") {
        let _ = Contract::read(&text);
    }

    /// However a whole contract is damaged, reading ends with an answer.
    #[test]
    fn damage_never_panics(at in 0usize..1400, with in "\\PC{0,4}") {
        let whole = include_str!("data/interviews.yaml");
        let at = (0..=at.min(whole.len())).rev().find(|at| whole.is_char_boundary(*at)).unwrap_or(0);
        let (before, after) = whole.split_at(at);
        let _ = Contract::read(&format!("{before}{with}{after}"));
    }
}
