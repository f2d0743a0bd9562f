//! Documents that other programs wrote: their texts are found as a reader sees them.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod common;

use base::word::DataType;
use common::{Kept, examine, vector};
use unpack::Kind;

/// How many findings of a type there are below a path.
fn count(kept: &Kept, path: &str, data_type: DataType) -> usize {
    kept.identities(path).iter().filter(|(found, _)| *found == data_type).count()
}

/// The identity that a text has when it is scanned by itself.
fn identity(text: &str) -> (DataType, [u8; 16]) {
    examine("", text.as_bytes()).1.identities("")[0]
}

#[test]
fn a_word_document_is_read_run_by_run_and_cell_by_cell() {
    let (report, kept) = examine("letter.docx", &vector("letter.docx"));
    assert_eq!(kept.entry("letter.docx").kind, Kind::Docx);
    let body = kept.identities("!word/document.xml");
    assert!(body.iter().filter(|(found, _)| *found == DataType::Email).count() == 2, "{body:?}");
    assert_eq!(count(&kept, "!word/document.xml", DataType::Phone), 2);
    assert!(kept.identities("!docProps/core.xml").contains(&identity("ada99@example.org")));
    let cell = kept.found.iter().find(|found| found.finding.data_type == DataType::Phone).unwrap();
    assert!(cell.spot.contains("row: 1, column: \"phone\""), "{cell:?}");
    // The thumbnail is a picture, and said to be one.
    assert_eq!(report.not_scanned.len(), 1, "{:?}", report.not_scanned);
}

#[test]
fn a_workbook_is_read_with_its_columns() {
    let (report, kept) = examine("people.xlsx", &vector("people.xlsx"));
    assert_eq!(kept.entry("people.xlsx").kind, Kind::Xlsx);
    assert_eq!(count(&kept, "!xl/worksheets/sheet1.xml", DataType::Email), 6);
    // A bare number of nine digits is one only because its column says so.
    assert_eq!(count(&kept, "!xl/worksheets/sheet1.xml", DataType::Ssn), 6);
    assert!(report.is_complete(), "{:?}", report.not_scanned);
    let rows: Vec<u64> = kept.found.iter().map(|found| found.finding.record).collect();
    assert!(rows.is_sorted() && rows.chunk_by(|left, right| left == right).all(|row| row.len() == 2), "{rows:?}");
}

#[test]
fn an_open_document_is_read() {
    let (_, kept) = examine("letter.odt", &vector("letter.odt"));
    assert_eq!(kept.entry("letter.odt").kind, Kind::OpenDocument);
    assert_eq!(count(&kept, "!content.xml", DataType::Email), 6);
}
