//! What a contract says of fields, in each format that has fields.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

use std::sync::Arc;

use base::word::DataType;
use scan::{Digester, Field, Finding, Format, Hint, Holds, Options, Scanner, Structure};

struct Keyed;

impl Digester for Keyed {
    fn digest(&self, data_type: DataType, canonical: &[u8]) -> [u8; 16] {
        let mut digest = [0; 16];
        let bytes = [data_type as u8].into_iter().chain(canonical.iter().copied());
        bytes.enumerate().for_each(|(at, byte)| digest[at % 16] ^= byte.rotate_left((at / 16) as u32));
        digest
    }
}

fn field(name: &str, inside: Option<&str>, holds: Holds) -> Field {
    Field { name: name.to_owned(), inside: inside.map(str::to_owned), title: None, holds }
}

fn structure() -> Structure {
    let fields = vec![
        field("worker", None, Holds::Subject { kind: None }),
        field("state", None, Holds::Residence { within: "US".parse().ok() }),
        field("f17", None, Holds::Type(DataType::Name)),
        field("mail", None, Holds::Type(DataType::Email)),
        field("id", Some("author"), Holds::Subject { kind: Some("worker".to_owned()) }),
    ];
    Structure { collection: "rows".to_owned(), namespace: "d1".to_owned(), fields }
}

fn scanned(structure: &Structure, name: &str, text: &str) -> Vec<Finding> {
    let scanner = Scanner::new(Options::without_names()).knowing(structure);
    let mut findings = Vec::new();
    let mut scan = scanner.begin(&Hint { content_type: None, name }, Arc::new(Keyed));
    scan.push(text.as_bytes(), &mut findings);
    scan.finish(&mut findings);
    findings
}

/// What was found: type, value, residence.
fn found(name: &str, text: &str) -> Vec<(DataType, String, Option<String>)> {
    let value = |finding: &Finding| text[finding.from as usize..finding.to as usize].to_owned();
    let told = |finding: &Finding| {
        (finding.data_type, value(finding), finding.residence.map(|residence| residence.to_string()))
    };
    scanned(&structure(), name, text).iter().map(told).collect()
}

use DataType::{Email, Name, PersonKey, Residence};

fn expected() -> Vec<(DataType, String, Option<String>)> {
    vec![
        (PersonKey, "7".to_owned(), None),
        (Residence, "CA".to_owned(), Some("US-CA".to_owned())),
        (Name, "Ada".to_owned(), None),
        (Email, "ada@bigcorp.com".to_owned(), None),
    ]
}

#[test]
fn fields_are_known_in_lines_of_json_and_in_documents() {
    let record = r#"{"worker": 7, "state": "CA", "f17": "Ada", "mail": "ada@bigcorp.com"}"#;
    assert_eq!(found("a.jsonl", record), expected());
    assert_eq!(found("a.json", &format!("[{record}]")), expected());
    assert_eq!(found("a.json", &format!("{{\"rows\": [{record}]}}")), expected(), "in the collection");
    assert_eq!(found("a.json", &format!("{{\"other\": [{record}]}}")).len(), 1, "an e-mail is one wherever it stands");
}

#[test]
fn fields_are_known_in_tables() {
    let table = "worker,state,f17,mail,more\n7,CA,Ada,ada@bigcorp.com,x\n";
    assert_eq!(found("a.csv", table), expected());
    assert_eq!(found("a.csv", "worker,state\n\"\",null\nNaN,n/a\n"), []);
}

#[test]
fn a_key_is_no_value_and_a_field_elsewhere_is_another() {
    assert_eq!(found("a.jsonl", r#"{"worker": "", "mail2": 1, "x": {"worker": 3}, "worker": null}"#), []);
    let author = r#"{"x": [{"author": {"id": "k"}}]}"#;
    assert_eq!(found("a.jsonl", author), [(PersonKey, "k".to_owned(), None)]);
    assert_eq!(found("a.jsonl", r#"{"worker": {"id": 1}, "author": {"name": "id"}}"#), []);
}

#[test]
fn what_is_no_residence_is_said_and_not_guessed() {
    let told = found("a.jsonl", r#"{"worker": 1, "state": "Atlantis"}"#);
    assert_eq!(told[1], (Residence, "Atlantis".to_owned(), None));
}

#[test]
fn values_of_one_kind_are_one_person_and_of_another_dataset_another() {
    let of = |namespace: &str, text: &str| {
        let structure = Structure { namespace: namespace.to_owned(), ..structure() };
        scanned(&structure, "a.jsonl", text)[0].identity
    };
    let (worker, author) = (r#"{"worker": 7}"#, r#"{"author": {"id": 7}}"#);
    assert_eq!(of("d1", worker), of("d1", worker));
    assert_ne!(of("d1", worker), of("d2", worker));
    assert_eq!(of("d1", author), of("d2", author));
    assert_eq!(of("d1", worker), of("d1", r#"{"worker": " 7 "}"#), "spaces tell nobody apart");
}

#[test]
fn a_key_that_is_an_identifier_is_that_identifier() {
    let holds = Holds::Subject { kind: Some("email".to_owned()) };
    let structure = Structure { fields: vec![field("who", None, holds)], ..structure() };
    let findings = scanned(&structure, "a.jsonl", r#"{"who": "Ada@BigCorp.com"}"#);
    let elsewhere = scanned(&structure, "b.txt", "write to ada@bigcorp.com");
    assert_eq!((findings[0].data_type, findings[1].data_type), (Email, PersonKey));
    assert_eq!(findings[1].identity, elsewhere[0].identity);
}

#[test]
fn a_title_is_context() {
    let mut structure = structure();
    structure
        .fields
        .push(Field { title: Some("Social security number".to_owned()), ..field("f3", None, Holds::Anything) });
    let text = "{\"f3\": \"536904399\"}";
    let types =
        |known: &Structure| scanned(known, "a.jsonl", text).iter().map(|finding| finding.data_type).collect::<Vec<_>>();
    assert_eq!(types(&structure), [DataType::Ssn]);
    assert_eq!(types(&Structure::default()), []);
}

#[test]
fn a_long_text_is_no_key() {
    let long = "x".repeat(scan::WINDOW_BYTES * 2);
    let findings = scanned(&structure(), "a.jsonl", &format!("{{\"worker\": \"{long}\"}}"));
    assert_eq!(findings, []);
    assert_eq!(Scanner::default().begin_as(Format::Plain, Arc::new(Keyed)).finish(&mut Vec::new()).findings, 0);
}
