//! Every rule finds something in each of its examples and nothing in any of its counterexamples, through the whole
//! scanner.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod common;

use common::{scan, scan_with};
use scan::{Confidence, Options, Rules};

#[test]
fn every_rule_does_what_its_examples_say() {
    let rules = Rules::built_in();
    let mut wrong = Vec::new();
    for (id, rule) in rules.iter() {
        assert!(!rule.examples.is_empty() && !rule.counterexamples.is_empty(), "{}", rule.id);
        let found = |text: &str| scan(text.as_bytes()).findings.iter().any(|found| found.rule == id);
        wrong.extend(rule.examples.iter().filter(|text| !found(text)).map(|text| (&rule.id, "misses", text)));
        wrong.extend(rule.counterexamples.iter().filter(|text| found(text)).map(|text| (&rule.id, "finds", text)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_rule_of_a_user_is_found_anywhere_and_raised_by_its_words() {
    let text = r#"
        [[rule]]
        id = "project"
        title = "Name of a project"
        type = "custom"
        label = "PROJECT"
        pattern = 'operation (blue|red)bird'
        keywords = ["codename"]
        confidence = "low"
        examples = ["operation bluebird"]
        counterexamples = ["operation"]
        source = "the list of names"
    "#;
    let rules = Rules::built_in().with("ours.toml", text).unwrap();
    let project = rules.find("project").unwrap();
    let options = Options { rules, ..Options::default() };
    for (text, confidence) in
        [("we call it operation redbird here", Confidence::Low), ("codename: operation redbird", Confidence::Medium)]
    {
        let scanned = scan_with(options.clone(), "x", text.as_bytes(), 99);
        assert_eq!(scanned.findings.len(), 1);
        assert_eq!((scanned.findings[0].rule, scanned.findings[0].confidence), (project, confidence));
    }
}
