//! Objects of every format, from first byte to report.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod common;

use base::word::DataType::{self, Card, Email, Iban, Name, Phone, Ssn};
use common::{Scanned, scan, scan_named};
use scan::{Format, LimitKind, Outcome, Reason, WINDOW_BYTES};

/// Type, the bytes at the place, record.
fn seen<'a>(scanned: &Scanned, bytes: &'a [u8]) -> Vec<(DataType, &'a str, u64)> {
    let place = |from: u64, to: u64| std::str::from_utf8(&bytes[from as usize..to as usize]).unwrap();
    scanned.findings.iter().map(|found| (found.data_type, place(found.from, found.to), found.record)).collect()
}

#[test]
fn json_lines() {
    let text = br#"{"id": 1, "email": "ada@example.org", "tax": {"ssn": 773123456}}
{"id": 2, "note": "line one\nmail bob\u0040example.com or \u0028212) 555-0123"}
not json: eve@example.net
{"id": 4, "broken": "never closed mal@example.org
{"card": 4111111111111111, "call": [{"phone": "450 0840"}]}
"#;
    let scanned = scan(text);
    assert_eq!(scanned.report.format, Some(Format::JsonLines));
    assert_eq!(scanned.report.records, 5);
    assert_eq!(
        seen(&scanned, text),
        [
            (Email, "ada@example.org", 0),
            (Ssn, "773123456", 0),
            (Email, r"bob\u0040example.com", 1),
            (Phone, r"\u0028212) 555-0123", 1),
            (Email, "eve@example.net", 2),
            (Email, "mal@example.org", 3),
            (Card, "4111111111111111", 4),
            (Phone, "450 0840", 4),
        ]
    );
    assert_eq!(scanned.report.limits, []);
}

#[test]
fn json_document_of_elements() {
    let text = br#"[
  {"email": "ada@example.org",
   "phone": "(212) 555-0123"},
  {"email": "bob@example.org"},
  "eve@example.org", 4111111111111111
]"#;
    let scanned = scan(text);
    assert_eq!(scanned.report.format, Some(Format::Json));
    assert_eq!(scanned.report.records, 4);
    let records: Vec<u64> = scanned.findings.iter().map(|found| found.record).collect();
    assert_eq!(records, [0, 0, 1, 2, 3]);
}

#[test]
fn json_document_of_one_object_is_one_record_with_parts() {
    let text = br#"{"people": [{"email": "ada@example.org", "phone": "(212) 555-0123"},
                    {"email": "bob@example.org", "phone": "(212) 555-0124"}]}"#;
    let scanned = scan(text);
    assert_eq!(scanned.report.records, 1);
    let mentions: Vec<usize> = scanned.facts.mentions().map(|mention| mention.identities.len()).collect();
    assert_eq!(mentions, [2, 2]);
}

#[test]
fn keys_of_json_are_searched_too() {
    let text = br#"{"ada@example.org": {"since": 2019}, "b": 1}"#;
    assert_eq!(seen(&scan(text), text), [(Email, "ada@example.org", 0)]);
}

#[test]
fn names_around_a_value_are_its_context() {
    let text = br#"{"phone": {"home": "450 0840"}, "order": {"home": "450 0841"}, "phones": ["450 0842"]}"#;
    assert_eq!(seen(&scan(text), text), [(Phone, "450 0840", 0), (Phone, "450 0842", 0)]);
}

#[test]
fn a_broken_line_leaves_no_context_behind() {
    let text = b"{\"a\": 1}\n\"phone\": {\"ssn\": [\n4500840\n{\"b\": 773123456}\n";
    let scanned = scan(text);
    assert_eq!(scanned.report.format, Some(Format::JsonLines));
    assert_eq!(scanned.findings, []);
}

#[test]
fn csv_with_quotes_and_line_breaks() {
    let text = b"id,ssn,note,phone\r\n\
        1,773123456,\"said \"\"mail ada@example.org\"\",\r\nthen left\",4500840\r\n\
        2,12,,2125550123\r\n";
    let scanned = scan(text);
    assert_eq!(scanned.report.format, Some(Format::Table { delimiter: b',', header: true }));
    assert_eq!(scanned.report.records, 2);
    assert_eq!(
        seen(&scanned, text),
        [(Ssn, "773123456", 0), (Email, "ada@example.org", 0), (Phone, "4500840", 0), (Phone, "2125550123", 1)]
    );
    assert_eq!(scanned.facts.mentions().count(), 2);
}

#[test]
fn tsv_without_a_header() {
    let text = b"1\tada@example.org\n2\tbob@example.org\n3\t\n";
    let scanned = scan(text);
    assert_eq!(scanned.report.format, Some(Format::Table { delimiter: b'\t', header: false }));
    assert_eq!(scanned.report.records, 3);
    assert_eq!(scanned.facts.mentions().count(), 2);
}

#[test]
fn plain_text_by_paragraphs() {
    let text = b"Dear Ada,\n\nring me:\n450 0840\nor write to bob@example.org\n\nIBAN GB29 NWBK 6016 1331 9268 19\n";
    let scanned = scan(text);
    assert_eq!(scanned.report.format, Some(Format::Plain));
    assert_eq!(scanned.report.records, 3);
    assert_eq!(
        seen(&scanned, text),
        [
            (Name, "Ada", 0),
            (Phone, "450 0840", 1),
            (Email, "bob@example.org", 1),
            (Iban, "GB29 NWBK 6016 1331 9268 19", 2)
        ]
    );
    let parts: Vec<u32> = scanned.findings.iter().map(|found| found.part).collect();
    assert_eq!(parts, [0, 1, 2, 0]);
}

#[test]
fn a_byte_order_mark_moves_no_offset() {
    let text = "\u{feff}ada@example.org".as_bytes();
    assert_eq!(seen(&scan(text), text), [(Email, "ada@example.org", 0)]);
}

#[test]
fn nothing_is_scanned_and_holds_nothing() {
    let scanned = scan(b"");
    assert_eq!(scanned.report.outcome, Outcome::Scanned);
    assert_eq!((scanned.report.format, scanned.report.records, scanned.findings.len()), (None, 0, 0));
}

#[test]
fn what_no_detector_reads_is_unscannable() {
    for (bytes, reason) in [
        (b"PAR1\x15\x04\x15\x10ada@example.org".as_slice(), Reason::Columnar),
        (b"\x1f\x8b\x08\0\0\0\0\0", Reason::Compressed),
        (b"a\0d\0a\0@\0e\0x\0", Reason::WideText),
        (b"\x01\x02\x03\x04 ada@example.org", Reason::Binary),
    ] {
        let scanned = scan_named("people.jsonl", bytes);
        assert_eq!(scanned.report.outcome, Outcome::Unscannable { reason });
        assert_eq!(scanned.report.bytes, bytes.len() as u64);
        assert_eq!(scanned.findings, []);
    }
}

#[test]
fn bytes_that_are_no_text_are_listed() {
    let mut text = b"a line of words and nothing else\n".repeat(WINDOW_BYTES / 16);
    let at = text.len() as u64;
    text.extend_from_slice(b"\0\0\0 ada@example.org");
    let scanned = scan(&text);
    assert_eq!(scanned.findings.len(), 1);
    let limits: Vec<_> = scanned.report.limits.iter().map(|limit| (limit.kind, limit.first)).collect();
    assert_eq!(limits, [(LimitKind::NulBytes, at)]);
}

#[test]
fn long_texts_are_read_in_pieces_and_listed() {
    // Addresses all over a text of many windows, one of them across every cut that could be made.
    let filler = |len: usize| "words and words ".repeat(len / 16 + 1)[..len].to_owned();
    let mut body = String::new();
    let mut count = 0;
    while body.len() < 3 * WINDOW_BYTES {
        body += &filler(97 + count % 13);
        body += &format!(" p{count}@example.org ");
        count += 1;
    }
    let mut escaped = String::new();
    for letter in body.chars() {
        escaped += &if letter == 'w' { r"\u0077".to_owned() } else { letter.to_string() };
    }
    let marks = body.replace("words", "\"\"");
    for (name, text, format) in [
        ("x.jsonl", format!("{{\"a\": \"{body}\"}}\n{{\"a\": 1}}\n"), Format::JsonLines),
        ("x", format!("{{\"a\":\n \"{escaped}\"}}"), Format::Json),
        ("x", format!("{{\"a\": 1}}\n{{\"a\": 2}}\nno json: {body}\n{{\"a\": 3}}"), Format::JsonLines),
        ("x", body.clone(), Format::Plain),
        ("x", format!("[1, {body}]"), Format::Plain),
        ("x.csv", format!("a,b\n1,2\n3,\"{marks}\"\n4,5"), Format::Table { delimiter: b',', header: true }),
        ("x.csv", format!("a;b\n1;2\n3;{body}\n4;5"), Format::Table { delimiter: b';', header: true }),
    ] {
        let scanned = scan_named(name, text.as_bytes());
        assert_eq!(scanned.report.format, Some(format));
        assert_eq!(scanned.findings.len(), count, "{format}");
        assert_eq!(scanned.facts.mentions().count(), count, "{format}");
        let all_in = seen(&scanned, text.as_bytes()).iter().all(|(_, value, _)| value.ends_with("@example.org"));
        assert!(all_in, "{format}");
        assert_eq!(scanned.report.limits.first().map(|limit| limit.kind), Some(LimitKind::LongText), "{format}");
    }
}

#[test]
fn deep_nesting_is_read_and_listed() {
    let text = format!("{}\"ada@example.org\"{}", "[{\"a\":".repeat(500), "}]".repeat(500));
    let scanned = scan(text.as_bytes());
    assert_eq!(scanned.findings.len(), 1);
    assert_eq!(scanned.report.records, 1);
    assert_eq!(scanned.report.limits.first().map(|limit| limit.kind), Some(LimitKind::DeepNesting));
}

#[test]
fn of_overlapping_types_the_stronger_is_reported() {
    let text = b"call me about card 4111 1111 1111 1111, or at 4111111111111111@example.org";
    let types: Vec<DataType> = scan(text).findings.iter().map(|found| found.data_type).collect();
    assert_eq!(types, [Card, Email]);
}

#[test]
fn only_the_types_asked_for_are_found() {
    let options = scan::Options { types: vec![Phone], ..scan::Options::default() };
    let scanned = common::scan_with(options, "x", b"ada@example.org, +12125550123", 1024);
    assert_eq!(scanned.findings.len(), 1);
    assert_eq!(scanned.findings[0].data_type, Phone);
}
