//! Predictions: what the scanner finds in labelled texts, in the form that others score.
//!
//! In: one document a line, `{"doc_id": .., "text": ".."}`. Out: one finding a line, `{"doc_id", "start", "end", "type"}`.
//! Offsets are Unicode code points, the end is exclusive; the type is the rule's label. Each document is scanned as a text
//! of its own.

use std::io::{self, BufRead, Read as _, Write};
use std::sync::Arc;

use scan::{Confidence, Digester, Finding, Format, Hint, Scanner};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The longest line. A document is scanned whole, so it is held whole.
const LONGEST_LINE_BYTES: u64 = 256 << 20;

/// How a document's text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadAs {
    /// As this, whatever it looks like.
    Format(Format),
    /// As a file with this content would be.
    Sniffed,
}

/// How many documents and findings there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Predicted {
    /// Documents scanned.
    pub documents: u64,
    /// Findings written.
    pub findings: u64,
}

/// A line that is no document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which line, counted from 1.
    pub line: u64,
    /// What is wrong with it. Never its text.
    pub why: String,
}

#[derive(Deserialize)]
struct Document {
    /// Echoed as it came: sets number their documents or name them.
    doc_id: Value,
    text: String,
}

#[derive(Serialize)]
struct Prediction<'a> {
    doc_id: &'a Value,
    start: u64,
    end: u64,
    #[serde(rename = "type")]
    label: &'a str,
}

/// Scans the documents of `lines` and writes what is found to `to`. Lines that are no documents are told to `broken` and
/// passed over.
///
/// # Errors
/// Reading or writing failed.
pub fn predict(
    scanner: &Scanner,
    digester: &Arc<dyn Digester>,
    least: Confidence,
    read_as: ReadAs,
    mut lines: impl BufRead,
    mut to: impl Write,
    mut broken: impl FnMut(Broken),
) -> io::Result<Predicted> {
    let mut predicted = Predicted::default();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if lines.by_ref().take(LONGEST_LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.len() as u64 == LONGEST_LINE_BYTES && line.last() != Some(&b'\n') {
            lines.skip_until(b'\n')?;
            broken(Broken { line: number, why: format!("it is longer than {LONGEST_LINE_BYTES} bytes") });
            continue;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let document: Document = match serde_json::from_slice(&line) {
            Ok(document) => document,
            Err(error) => {
                broken(Broken { line: number, why: said(&error) });
                continue;
            }
        };
        predicted.documents = predicted.documents.saturating_add(1);
        let mut findings = find(scanner, digester, read_as, &document.text);
        findings.retain(|finding| finding.confidence >= least);
        predicted.findings = predicted.findings.saturating_add(findings.len() as u64);
        for (finding, (start, end)) in findings.iter().zip(characters(&document.text, &findings)) {
            let label = scanner.rules().get(finding.rule).label.as_str();
            serde_json::to_writer(&mut to, &Prediction { doc_id: &document.doc_id, start, end, label })?;
            to.write_all(b"\n")?;
        }
    }
    to.flush()?;
    Ok(predicted)
}

/// What is wrong with a line, without what stands in it: serde quotes strings that it did not expect.
fn said(error: &serde_json::Error) -> String {
    use serde_json::error::Category;
    match error.classify() {
        Category::Data => "it has no `doc_id`, or no `text` that is a string".to_owned(),
        _ => format!("it is not JSON from column {} on", error.column()),
    }
}

/// What is found in one text, in the order of places.
fn find(scanner: &Scanner, digester: &Arc<dyn Digester>, read_as: ReadAs, text: &str) -> Vec<Finding> {
    let mut scan = match read_as {
        ReadAs::Format(format) => scanner.begin_as(format, Arc::clone(digester)),
        ReadAs::Sniffed => scanner.begin(&Hint::default(), Arc::clone(digester)),
    };
    let mut findings = Vec::new();
    scan.push(text.as_bytes(), &mut findings);
    let _ = scan.finish(&mut findings);
    findings.sort_by_key(|finding| (finding.from, finding.to));
    findings
}

/// The findings' places in code points: one pass over the text, whatever their number.
fn characters(text: &str, findings: &[Finding]) -> Vec<(u64, u64)> {
    let mut offsets: Vec<u64> = findings.iter().flat_map(|finding| [finding.from, finding.to]).collect();
    offsets.sort_unstable();
    offsets.dedup();
    let mut counts = Vec::with_capacity(offsets.len());
    let mut starts = text.char_indices().map(|(at, _)| at as u64).peekable();
    let mut before = 0_u64;
    for offset in &offsets {
        while starts.next_if(|start| start < offset).is_some() {
            before = before.saturating_add(1);
        }
        counts.push(before);
    }
    let count = |offset| offsets.binary_search(&offset).ok().and_then(|at| counts.get(at)).copied().unwrap_or(0);
    findings.iter().map(|finding| (count(finding.from), count(finding.to))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::word::DataType;

    struct Blind;

    impl Digester for Blind {
        fn digest(&self, _: DataType, _: &[u8]) -> [u8; 16] {
            [0; 16]
        }
    }

    fn predicted(input: &str, read_as: ReadAs) -> (String, Vec<Broken>) {
        let (mut to, mut broken) = (Vec::new(), Vec::new());
        let digester: Arc<dyn Digester> = Arc::new(Blind);
        let scanner = Scanner::new(scan::Options::default());
        predict(&scanner, &digester, Confidence::Low, read_as, input.as_bytes(), &mut to, |line| broken.push(line))
            .unwrap();
        (String::from_utf8(to).unwrap(), broken)
    }

    #[test]
    fn offsets_are_code_points() {
        // Outside the basic plane, a combining mark, and an emoji of several code points.
        let text = "𝔘 e\u{301} 👩‍👧 ada@example.org!";
        let input = serde_json::json!({ "doc_id": "a", "text": text }).to_string();
        let start = text.chars().take_while(|character| *character != 'a').count();
        let end = start + "ada@example.org".len();
        let expected = format!(r#"{{"doc_id":"a","start":{start},"end":{end},"type":"EMAIL_ADDRESS"}}"#);
        assert_eq!(predicted(&input, ReadAs::Format(Format::Plain)), (format!("{expected}\n"), Vec::new()));
    }

    #[test]
    fn lines_that_are_no_documents_are_told_and_passed_over_without_their_text() {
        let input =
            "{\"doc_id\": 7, \"text\": \"ada@example.org\"}\n\nnonsense\n{\"doc_id\": 8}\n{\"text\": \"secret\"}\n";
        let (output, broken) = predicted(input, ReadAs::Sniffed);
        assert_eq!(output.lines().count(), 1);
        assert!(output.starts_with("{\"doc_id\":7,"), "{output}");
        assert_eq!(broken.iter().map(|line| line.line).collect::<Vec<_>>(), [3, 4, 5]);
        assert!(broken.iter().all(|line| !line.why.contains("secret") && !line.why.contains("nonsense")), "{broken:?}");
    }

    #[test]
    fn a_text_is_read_as_what_it_is_said_to_be() {
        let text = "id,email\n1,\"ada@example.org\"\n";
        let input = serde_json::json!({ "doc_id": 1, "text": text }).to_string();
        let csv = ReadAs::Format(Format::Table { delimiter: b',', header: true });
        for read_as in [csv, ReadAs::Format(Format::Plain), ReadAs::Sniffed] {
            assert!(predicted(&input, read_as).0.contains("\"start\":12,\"end\":27"), "{read_as:?}");
        }
    }
}
