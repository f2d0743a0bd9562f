//! The shipped rules are read whole, and every mistake in a user's file is found where it stands.

use super::*;
use crate::word::Recipient;

const GOOD: &str = r#"
[expressions]
core = "name AND ssn"

[defaults]
version = "2026-01-01"
read_on = "2026-01-01"
how_read = "R"
when = "residents"
elements = "@core"

[[rule]]
id = "us-ca"
title = "Ours"
jurisdiction = "US-CA"

[[rule.duty]]
recipient = "people"
anchor = ["aware"]
within = "10 days"
threshold = "residents >= 3"
"#;

fn with(text: &str) -> Result<RuleBook, IncidentError> {
    RuleBook::with(&[("own.toml".to_owned(), text.to_owned())])
}

#[test]
fn every_state_and_every_regime_is_in_the_book() {
    let book = RuleBook::with(&[]).unwrap();
    let rules: Vec<&Rule> = book.on("2026-11-24").collect();
    assert_eq!(rules.iter().filter(|rule| rule.jurisdiction.starts_with("US-")).count(), 51);
    for id in ["partner-contract", "gdpr-33", "gdpr-34", "uk-ico", "hipaa", "us-sec-8k", "us-nydfs", "us-circia"] {
        assert!(rules.iter().any(|rule| rule.id == id), "{id}");
    }
    for rule in rules {
        assert!(!rule.source.is_empty() && rule.standing().contains("not confirmed by counsel"), "{}", rule.id);
        assert!(!rule.duties.is_empty(), "{} owes nothing", rule.id);
        assert_eq!(rule.enabled, rule.id != "us-circia");
    }
}

#[test]
fn a_users_file_replaces_a_rule_by_its_id() {
    let book = with(GOOD).unwrap();
    let rules: Vec<&Rule> = book.on("2026-11-24").filter(|rule| rule.id == "us-ca").collect();
    assert_eq!(rules.len(), 1);
    assert_eq!((rules[0].title.as_str(), rules[0].file.as_str()), ("Ours", "own.toml"));
    assert_eq!(rules[0].duties[0].within, Within::Days(10));
    assert_eq!(book.on("2026-11-24").filter(|rule| rule.jurisdiction.starts_with("US-")).count(), 51);
}

#[test]
fn a_new_version_does_not_rewrite_the_time_before_it() {
    let newer = GOOD.replace("version = \"2026-01-01\"", "version = \"2027-01-01\"").replace("10 days", "5 days");
    let files = [("old.toml".to_owned(), GOOD.to_owned()), ("new.toml".to_owned(), newer)];
    let book = RuleBook::with(&files).unwrap();
    let on = |day| book.on(day).find(|rule| rule.id == "us-ca").map(|rule| rule.duties[0].within);
    assert_eq!(on("2025-12-31"), Some(Within::Days(10)), "a rule is rather shown too early than not at all");
    assert_eq!(on("2026-12-31"), Some(Within::Days(10)));
    assert_eq!(on("2027-01-01"), Some(Within::Days(5)));
    assert!(book.get("us-ca", "2026-01-01").is_some(), "a report of then still finds its rule");
}

#[test]
fn every_mistake_is_named_with_its_file_and_line() {
    for (from, to, line, word) in [
        ("within = \"10 days\"", "within = \"10 dys\"", 20, "`within` is `10 dys`"),
        ("anchor = [\"aware\"]", "anchor = [\"awre\"]", 19, "unknown clock"),
        ("anchor = [\"aware\"]", "anchor = []", 19, "names no clock"),
        ("recipient = \"people\"", "recipient = \"folk\"", 18, "unknown recipient"),
        ("residents >= 3", "residents => 3", 21, "`threshold` is"),
        ("threshold =", "treshold =", 21, "unknown field"),
        ("\"name AND ssn\"", "\"name AND sn\"", 3, "`sn` is no type of data"),
        ("\"@core\"", "\"@cor\"", 12, "`@cor` is not defined"),
        ("\"2026-01-01\"\nread_on", "\"2026-13-01\"\nread_on", 12, "no date"),
        ("id = \"us-ca\"", "id = \"US CA\"", 12, "no name"),
        ("jurisdiction = \"US-CA\"", "jurisdiction = \"California\"", 12, "ISO 3166"),
        ("when = \"residents\"\n", "", 11, "`when` is missing"),
        ("title = \"Ours\"\n", "", 12, "missing field `title`"),
        ("[expressions]", "[expressions", 2, ""),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let error = with(&GOOD.replace(from, to)).unwrap_err();
        let text = error.to_string();
        let IncidentError::Rule { line: at, .. } = error else { panic!("{text}") };
        assert!(text.starts_with("own.toml:") && text.contains(word) && text.lines().count() >= 2, "{text}");
        assert_eq!(at, line, "{text}");
    }
}

#[test]
fn the_same_version_cannot_stand_twice_nor_the_same_duty() {
    let files = [("a.toml".to_owned(), GOOD.to_owned()), ("b.toml".to_owned(), GOOD.to_owned())];
    assert!(RuleBook::with(&files).unwrap_err().to_string().contains("stands in a.toml already"));
    let duty = GOOD.split_once("[[rule.duty]]").unwrap().1;
    assert!(with(&format!("{GOOD}\n[[rule.duty]]{duty}")).unwrap_err().to_string().contains("same name"));
}

#[test]
fn what_is_certain_is_always_possible() {
    let text = GOOD.replace("elements = \"@core\"", "elements = \"@core\"\nelements_possible = \"passport\"");
    let book = with(&text).unwrap();
    let rule = book.on("2026-11-24").find(|rule| rule.id == "us-ca").unwrap();
    assert_eq!(rule.elements_possible.to_string(), "(name AND ssn) OR passport");
    assert!(matches!(rule.duties[0].recipient, Recipient::People));
}
