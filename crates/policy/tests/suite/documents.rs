//! The policies as documents: annotated, complete, spelled with our words, and described in `docs/policies.md`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use base::word::{Form, PrincipalKind, Role, ScanState, State, Verb};
use policy::decider::SCHEMA;
use policy::{Decider, Effect, Rule};
use serde_json::Value;

use crate::world::compare_with_reviewed;

const PREAMBLE: &str = "\
# Policies

The policies that are shipped, in the order in which they are cited when several refuse. Made from their annotations by a
test of the crate `policy`; the text itself is in `crates/policy/content/`. Nothing is allowed unless a policy permits it,
and whatever forbids wins. When nothing permits, the refusal cites the first permit for what was asked.

**Pausing is not among them.** Nothing may block a pause, so no policy is asked about one.

A refusal cites the sentence and the course that teaches it, to callers who may know that the object exists: those with a
live grant in the engagement, and those who oversee it. All others get one identical answer.

Operators may replace the set. Eight promises hold whatever set is loaded (`crates/policy/src/floor.rs`): nobody works in the
engagement of another partner; in a paused engagement nothing moves; a closed one stays closed; a resume takes two people; nothing is
read past a hard budget; that more may leave takes two people; so does opening the list of people an incident concerns; and nobody
lets out of quarantine what they wrote themselves.

| policy | what it does | to | sentence |
|---|---|---|---|
";

#[test]
fn every_policy_carries_all_annotations() {
    for rule in Decider::new().unwrap().rules() {
        assert!(rule.course.is_some(), "`{}` names no course", rule.id);
        assert!(rule.principle.is_some(), "`{}` names no principle", rule.id);
        assert!(rule.guideline.ends_with('.'), "the guideline of `{}` is not a sentence", rule.id);
        assert!(!rule.text.contains('@'), "an annotation is left in the text of `{}`", rule.id);
    }
}

/// Some policy names it outright; a policy on everything does not count.
#[test]
fn every_verb_is_mentioned_in_some_policy() {
    let decider = Decider::new().unwrap();
    let mentioned: BTreeSet<Verb> = decider
        .rules()
        .iter()
        .filter(|rule| rule.verbs.len() < Verb::ALL.len())
        .flat_map(|rule| rule.verbs.iter().copied())
        .collect();
    assert_eq!(mentioned, Verb::ALL.iter().copied().collect());
}

/// Every permit that a verb has, and so every refusal by default, cites a sentence about that verb.
#[test]
fn every_verb_has_a_permit() {
    let decider = Decider::new().unwrap();
    for verb in Verb::ALL {
        let permits = |rule: &&Rule| rule.effect == Effect::Permit && rule.verbs.contains(verb);
        assert!(decider.rules().iter().any(|rule| permits(&rule)), "nothing permits `{verb}`");
    }
}

#[test]
fn a_pause_cannot_be_asked_about() {
    assert!("pause".parse::<Verb>().is_err());
    let actions = schema()["actions"].as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let mut expected: BTreeSet<_> = Verb::ALL.iter().map(|verb| verb.word().to_owned()).collect();
    expected.insert("data".to_owned());
    assert_eq!(actions, expected, "the actions are the verbs and the one group; pausing is neither");
}

#[test]
fn the_schema_is_spelled_with_our_words() {
    let words = |name: &str| -> Vec<String> {
        let listed = schema()["entityTypes"][name]["enum"].as_array().unwrap_or_else(|| panic!("no `{name}`")).clone();
        listed.iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(words("PrincipalKind"), PrincipalKind::ALL.iter().map(|word| word.to_string()).collect::<Vec<_>>());
    assert_eq!(words("Role"), Role::ALL.iter().map(|word| word.to_string()).collect::<Vec<_>>());
    assert_eq!(words("State"), State::ALL.iter().map(|word| word.to_string()).collect::<Vec<_>>());
    assert_eq!(words("ScanState"), ScanState::ALL.iter().map(|word| word.to_string()).collect::<Vec<_>>());
    assert_eq!(words("Form"), Form::ALL.iter().map(|word| word.to_string()).collect::<Vec<_>>());
    assert_eq!(words("Verb"), Verb::ALL.iter().map(|word| word.to_string()).collect::<Vec<_>>());
}

#[test]
fn policies_are_described() {
    let decider = Decider::new().unwrap();
    let mut page = PREAMBLE.to_owned();
    for rule in decider.rules() {
        writeln!(page, "| [`{0}`](#{0}) | {1} | {2} | {3} |", rule.id, does(rule), to(rule), rule.guideline).unwrap();
    }
    for rule in decider.rules() {
        let course = rule.course.as_deref().unwrap_or("none");
        let principle = rule.principle.as_deref().unwrap_or("none");
        write!(
            page,
            "\n## {}\n\n{}\n\nPrinciple: {principle}. Course: `{course}`. {} {}:\n\n```\n{}\n```\n",
            rule.id,
            rule.guideline,
            if rule.effect == Effect::Permit { "Permits" } else { "Forbids" },
            to(rule),
            rule.text.trim()
        )
        .unwrap();
    }
    compare_with_reviewed("../../docs/policies.md", &page);
}

fn does(rule: &Rule) -> &'static str {
    match rule.effect {
        Effect::Permit => "permits",
        Effect::Forbid => "forbids",
    }
}

fn to(rule: &Rule) -> String {
    if rule.verbs == Verb::ALL {
        return "everything, with conditions".to_owned();
    }
    rule.verbs.iter().map(|verb| verb.word()).collect::<Vec<_>>().join(", ")
}

fn schema() -> Value {
    let (fragment, _warnings) = cedar_policy::SchemaFragment::from_cedarschema_str(SCHEMA).unwrap();
    fragment.to_json_value().unwrap()[""].clone()
}
