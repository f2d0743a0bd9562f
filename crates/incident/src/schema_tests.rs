//! The published schemas and the documents that are produced say the same, in both directions.
//!
//! The checker knows just the words of JSON Schema that our schemas use, and fails on any other, so that no rule in them goes
//! unchecked.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::assemble::{Previous, assemble};
use crate::book::RuleBook;
use crate::changes::Reasons;
use crate::partner::partner_file;
use crate::specimen;
use crate::word::ReportKind;

const REPORT: &str = include_str!("../../../docs/formats/incident-report.schema.json");
const PARTNER: &str = include_str!("../../../docs/formats/incident-partner.schema.json");

struct Checker {
    schema: Value,
    wrong: Vec<String>,
    /// The properties of the schema that some document had.
    seen: BTreeSet<String>,
}

impl Checker {
    fn of(schema: &str) -> Self {
        Self { schema: serde_json::from_str(schema).unwrap(), wrong: Vec::new(), seen: BTreeSet::new() }
    }

    fn document(&mut self, bytes: &[u8]) {
        let document = serde_json::from_slice(bytes).unwrap();
        self.check(&document, &self.schema.clone(), "");
    }

    fn fails(&mut self, place: &str, why: &str) {
        self.wrong.push(format!("{place}: {why}"));
    }

    fn check(&mut self, value: &Value, schema: &Value, place: &str) {
        for (word, rule) in schema.as_object().unwrap() {
            match word.as_str() {
                "$schema" | "$id" | "title" | "description" | "$defs" | "properties" | "minItems" => {}
                "$ref" => {
                    let name = rule.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                    let target = self.schema["$defs"][name].clone();
                    assert!(target.is_object(), "no $defs/{name}");
                    self.check(value, &target, place);
                }
                "type" => {
                    let fits = match rule.as_str().unwrap() {
                        "object" => value.is_object(),
                        "array" => value.is_array(),
                        "string" => value.is_string(),
                        "integer" => value.is_u64() || value.is_i64(),
                        "boolean" => value.is_boolean(),
                        "null" => value.is_null(),
                        other => panic!("unknown type {other}"),
                    };
                    if !fits {
                        self.fails(place, &format!("is no {rule}"));
                    }
                }
                "minimum" if value.as_i64().is_some_and(|number| number < rule.as_i64().unwrap()) => {
                    self.fails(place, "is too small");
                }
                "minimum" => {}
                "const" if value != rule => self.fails(place, &format!("is not {rule}")),
                "enum" if !rule.as_array().unwrap().contains(value) => {
                    self.fails(place, &format!("{value} is no word of it"))
                }
                "const" | "enum" => {}
                "pattern" => {
                    if !matches(value.as_str().unwrap_or_default(), rule.as_str().unwrap()) {
                        self.fails(place, &format!("{value} does not fit {rule}"));
                    }
                }
                "anyOf" => {
                    let before = self.wrong.len();
                    let fits = rule.as_array().unwrap().iter().any(|one| {
                        self.check(value, one, place);
                        let fits = self.wrong.len() == before;
                        self.wrong.truncate(before);
                        fits
                    });
                    if !fits {
                        self.fails(place, "fits none of its forms");
                    }
                }
                "required" => {
                    for name in rule.as_array().unwrap() {
                        if value.get(name.as_str().unwrap()).is_none() {
                            self.fails(place, &format!("lacks {name}"));
                        }
                    }
                }
                "items" => {
                    for entry in value.as_array().into_iter().flatten() {
                        self.check(entry, rule, &format!("{place}[]"));
                    }
                }
                "prefixItems" => {
                    for (entry, rule) in value.as_array().into_iter().flatten().zip(rule.as_array().unwrap()) {
                        self.check(entry, rule, &format!("{place}[]"));
                    }
                }
                "maxItems" => {
                    if value.as_array().is_some_and(|entries| entries.len() as u64 != rule.as_u64().unwrap()) {
                        self.fails(place, "has another length");
                    }
                }
                "propertyNames" => {
                    for name in value.as_object().into_iter().flat_map(serde_json::Map::keys) {
                        self.check(&Value::String(name.clone()), rule, &format!("{place}.{name}"));
                    }
                }
                "additionalProperties" => {
                    for (name, entry) in value.as_object().into_iter().flatten() {
                        let inside = format!("{place}.{name}");
                        match schema.get("properties").and_then(|properties| properties.get(name)) {
                            Some(known) => {
                                self.seen.insert(name.clone());
                                self.check(entry, &known.clone(), &inside);
                            }
                            None if rule.is_object() => self.check(entry, rule, &inside),
                            None => self.fails(&inside, "is not in the schema"),
                        }
                    }
                }
                other => panic!("the checker does not know `{other}`"),
            }
        }
    }
}

/// The two forms of pattern that the schemas have: times and ids.
fn matches(text: &str, pattern: &str) -> bool {
    if pattern.starts_with("^eng_") {
        text.parse::<base::id::EngagementId>().is_ok()
    } else {
        assert!(pattern.starts_with("^[0-9]{4}-"), "the checker does not know `{pattern}`");
        base::Timestamp::from_rfc3339(text).is_some_and(|at| at.to_string() == text)
    }
}

/// Every property that a schema names, anywhere.
fn properties(schema: &Value) -> BTreeSet<String> {
    let objects = schema["$defs"].as_object().unwrap().values().chain([schema]);
    objects.filter_map(|object| object["properties"].as_object()).flat_map(|found| found.keys().cloned()).collect()
}

/// An initial report, and an update with reasons, a hold, a waiver and everything else that an initial one may leave out.
fn reports() -> Vec<Vec<u8>> {
    let book = RuleBook::with(&[]).unwrap();
    let initial = specimen::report();
    let update =
        assemble(&specimen::full(), &book, Some(Previous { report: &initial, digest: "00" }), &Reasons::new()).unwrap();
    assert_eq!(update.kind, ReportKind::Update);
    vec![initial.to_json(), update.to_json()]
}

#[test]
fn every_report_fits_its_schema_and_every_field_of_it_is_used() {
    let mut checker = Checker::of(REPORT);
    reports().iter().for_each(|report| checker.document(report));
    assert_eq!(checker.wrong, Vec::<String>::new());
    let unused: Vec<_> = properties(&checker.schema).difference(&checker.seen).cloned().collect();
    assert_eq!(unused, Vec::<String>::new(), "the schema promises what no report has");
}

#[test]
fn every_partners_file_fits_its_schema() {
    let mut checker = Checker::of(PARTNER);
    for draft in [specimen::draft(), specimen::full()] {
        for engagement in [specimen::FIRST, specimen::SECOND] {
            checker.document(&partner_file(&draft, 1, engagement, &specimen::book()).unwrap().to_json());
        }
    }
    assert_eq!(checker.wrong, Vec::<String>::new());
    assert_eq!(properties(&checker.schema).difference(&checker.seen).count(), 0);
}

/// The checker itself: a document that breaks a rule is found.
#[test]
fn what_does_not_fit_is_found() {
    let good = serde_json::from_slice::<Value>(&reports()[0]).unwrap();
    let broken: [(&str, Value, &str); 6] = [
        ("/exposure/events/low", Value::from(-1), "too small"),
        ("/made", Value::from("yesterday"), "does not fit"),
        ("/kind", Value::from("interim"), "no word"),
        ("/partners/0/engagement", Value::from("eng_x"), "does not fit"),
        ("/exposure/keys_taken", Value::from(7), "is no \"boolean\""),
        (
            "/incident/contacts",
            serde_json::json!({"dpo": "", "security": "", "press": "", "more": 1}),
            "not in the schema",
        ),
    ];
    for (place, value, why) in broken {
        let mut document = good.clone();
        *document.pointer_mut(place).unwrap() = value;
        let mut checker = Checker::of(REPORT);
        checker.document(&serde_json::to_vec(&document).unwrap());
        assert_eq!(checker.wrong.len(), 1, "{place}: {:?}", checker.wrong);
        assert!(checker.wrong[0].contains(why), "{:?}", checker.wrong);
    }
    let mut document = good;
    document.as_object_mut().unwrap().remove("limits");
    let mut checker = Checker::of(REPORT);
    checker.document(&serde_json::to_vec(&document).unwrap());
    assert_eq!(checker.wrong, [": lacks \"limits\""]);
}
