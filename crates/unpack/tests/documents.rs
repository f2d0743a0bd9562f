//! Documents that other programs wrote: their texts are found as a reader sees them.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod common;

use base::word::DataType;
use common::{Kept, examine, vector};
use unpack::{Kind, Outcome, Why};

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
    let numbers = kept.found.iter().filter(|found| matches!(found.finding.data_type, DataType::Email | DataType::Ssn));
    let rows: Vec<u64> = numbers.map(|found| found.finding.record).collect();
    assert!(rows.is_sorted() && rows.chunk_by(|left, right| left == right).all(|row| row.len() == 2), "{rows:?}");
}

#[test]
fn an_open_document_is_read() {
    let (_, kept) = examine("letter.odt", &vector("letter.odt"));
    assert_eq!(kept.entry("letter.odt").kind, Kind::OpenDocument);
    assert_eq!(count(&kept, "!content.xml", DataType::Email), 6);
}

#[test]
fn pages_of_a_pdf_are_read() {
    let (report, kept) = examine("report.pdf", &vector("report.pdf"));
    assert!(report.is_complete(), "{:?}", report.not_scanned);
    assert_eq!((count(&kept, "", DataType::Email), count(&kept, "", DataType::Phone)), (4, 3));
    assert!(kept.identities("").contains(&identity("ada99@example.org")), "the author's address is in the properties");
    let mails = kept.found.iter().filter(|found| found.finding.data_type == DataType::Email);
    let pages: Vec<&str> = mails.map(|found| found.spot.as_str()).filter(|spot| spot.contains("Page")).collect();
    assert_eq!(pages, ["Page(1)", "Page(2)", "Page(3)"]);
}

#[test]
fn fonts_of_a_pdf_say_which_characters_they_show() {
    let (report, kept) = examine("embedded-font.pdf", &vector("embedded-font.pdf"));
    assert!(report.is_complete(), "{:?}", report.not_scanned);
    assert_eq!(count(&kept, "", DataType::Email), 2);
    let mut mute = vector("embedded-font.pdf");
    let table = mute.windows(10).position(|name| name == b"/ToUnicode").unwrap();
    mute[table + 1] = b'X';
    let (report, _) = examine("mute.pdf", &mute);
    assert!(matches!(report.not_scanned.keys().next(), Some(Why::Unsupported(what)) if what.contains("font")));
}

#[test]
fn a_locked_pdf_is_not_scanned() {
    let (report, kept) = examine("locked.pdf", &vector("locked.pdf"));
    assert_eq!(kept.entry("locked.pdf").outcome, Outcome::NotScanned(Why::Encrypted));
    assert_eq!(report.findings, 0);
}

#[test]
fn a_text_that_begins_like_a_pdf_is_not_passed_over() {
    let (report, _) = examine("notes.txt", b"%PDF-1.7\nwrite to ada@example.org");
    assert!(!report.is_complete());
}

#[test]
fn a_pdf_may_be_wrong_anywhere() {
    for name in ["report.pdf", "embedded-font.pdf"] {
        let whole = vector(name);
        for at in (0..whole.len()).step_by(41) {
            let mut wrong = whole.clone();
            wrong[at] ^= 0x15;
            examine(name, &wrong);
            examine(name, &whole[..at]);
        }
    }
}
