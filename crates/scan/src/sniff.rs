//! Recognises a format by its content. A name or content type only decides where the content leaves a choice: it was
//! set by whoever wrote the object.

use std::borrow::Cow;

use crate::magic;
use crate::report::{Format, LimitKind, Limits, Reason};
use crate::scanner::Hint;

/// How much of the beginning is looked at.
const SAMPLE_BYTES: usize = 64 << 10;

/// How many rows of a table are compared.
const SAMPLE_ROWS: usize = 20;

/// More control characters than one in this many, and it is no text.
const TEXT_BYTES_PER_CONTROL: usize = 50;

/// More bytes than one in this many that are no UTF-8, and it is no text either: old encodings of alphabets like ours
/// have few.
const TEXT_BYTES_PER_FOREIGN: usize = 3;

/// UTF-8's byte order mark.
pub(crate) const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// What the name or the content type says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Lines,
    Document,
    Table(u8),
    Html,
    Xml,
    Nothing,
}

impl Said {
    /// Reads a hint.
    pub(crate) fn by(hint: &Hint<'_>) -> Self {
        let content_type = hint.content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        let ending = hint.name.rsplit('.').next().unwrap_or_default();
        let one_of = |words: &[&str]| {
            words.iter().any(|word| ending.eq_ignore_ascii_case(word) || content_type.eq_ignore_ascii_case(word))
        };
        if one_of(&["jsonl", "ndjson", "application/jsonl", "application/x-ndjson", "application/json-lines"]) {
            Self::Lines
        } else if one_of(&["json", "application/json"]) {
            Self::Document
        } else if one_of(&["tsv", "tab", "text/tab-separated-values"]) {
            Self::Table(b'\t')
        } else if one_of(&["csv", "text/csv", "application/csv"]) {
            Self::Table(b',')
        } else if one_of(&["html", "htm", "text/html"]) {
            Self::Html
        } else if one_of(&["xml", "xhtml", "svg", "rss", "atom", "kml", "text/xml", "application/xml"])
            || content_type.to_ascii_lowercase().ends_with("+xml")
        {
            Self::Xml
        } else {
            Self::Nothing
        }
    }
}

/// The format of a stream that begins with `start`; `whole` when that is all of it.
pub(crate) fn sniff(start: &[u8], whole: bool, said: Said, limits: &mut Limits) -> Result<Format, Reason> {
    let whole = whole && start.len() <= SAMPLE_BYTES;
    let sample = start.get(..start.len().min(SAMPLE_BYTES)).unwrap_or_default();
    if let Some(reason) = magic::reason(sample) {
        return Err(reason);
    }
    check_text(sample, whole, limits)?;
    let sample = sample.strip_prefix(BYTE_ORDER_MARK).unwrap_or(sample);
    let found = json(sample, said).or_else(|| markup(sample, said)).or_else(|| table(sample, whole, said));
    Ok(found.unwrap_or(Format::Plain))
}

/// Refuses what is no text.
fn check_text(sample: &[u8], whole: bool, limits: &mut Limits) -> Result<(), Reason> {
    let controls = sample.iter().filter(|byte| matches!(byte, 0..=8 | 14..=26 | 28..=31)).count();
    if controls > sample.len() / TEXT_BYTES_PER_CONTROL {
        let nuls = |first: usize| sample.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
        let wide = nuls(0).max(nuls(1)) > sample.len() / 3;
        return Err(if wide { Reason::WideText } else { Reason::Binary });
    }
    if let Some(first) = first_invalid(sample, whole) {
        let foreign: usize = sample.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
        if foreign > sample.len() / TEXT_BYTES_PER_FOREIGN {
            return Err(Reason::Binary);
        }
        limits.note(LimitKind::NotUtf8, first as u64);
    }
    Ok(())
}

/// The first byte that is no UTF-8; a character that the sample cuts off does not count.
fn first_invalid(sample: &[u8], whole: bool) -> Option<usize> {
    let error = std::str::from_utf8(sample).err()?;
    (whole || error.error_len().is_some()).then(|| error.valid_up_to())
}

/// Lines of JSON or a document.
fn json(sample: &[u8], said: Said) -> Option<Format> {
    let body = sample.trim_ascii_start();
    if is_lines(body) {
        return Some(Format::JsonLines);
    }
    if !opens(body) {
        return None;
    }
    let one = if said == Said::Lines { Format::JsonLines } else { Format::Json };
    match Value::read(body) {
        Value::Broken => None,
        // One value that goes on behind the sample, or was cut off: in one line or in several.
        Value::Unfinished => Some(if body.contains(&b'\n') { Format::Json } else { one }),
        Value::Complete(len) => {
            let (value, rest) = body.split_at_checked(len)?;
            let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
            let several = value.contains(&b'\n') || opens(line);
            // Something else behind it in its line: a text that begins like JSON, `[1] a footnote`.
            let json = line.is_empty() || opens(line);
            json.then_some(if several || rest.trim_ascii().is_empty() { one } else { Format::JsonLines })
        }
    }
}

/// HTML or XML: by its first tag, or, when a name says so, by any.
fn markup(sample: &[u8], said: Said) -> Option<Format> {
    // What a document begins with; a comment or declaration may stand before its first tag.
    const HTML: [&[u8]; 7] = [b"<!doctype html", b"<html", b"<head", b"<body", b"<table", b"<div", b"<p>"];
    let body = sample.trim_ascii_start();
    let begins = |mark: &&[u8]| body.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark));
    let is_html = HTML.iter().any(begins);
    let is_xml = begins(&&b"<?xml"[..]);
    let xhtml = is_xml && memchr::memmem::find(body, b"<html").is_some_and(|at| at < SAMPLE_BYTES / 32);
    match said {
        _ if is_html || xhtml => Some(Format::Html),
        _ if is_xml => Some(Format::Xml),
        Said::Html if memchr::memmem::find(body, b"</").is_some() => Some(Format::Html),
        Said::Xml if body.starts_with(b"<") => Some(Format::Xml),
        _ => None,
    }
}

/// Whether most of the first lines are JSON values, and more than one is.
fn is_lines(body: &[u8]) -> bool {
    let lines =
        body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()).take(SAMPLE_ROWS);
    let (mut all, mut json) = (0_usize, 0_usize);
    for line in lines {
        all = all.saturating_add(1);
        json = json.saturating_add(usize::from(opens(line) && Value::read(line) == Value::Complete(line.len())));
    }
    json > 1 && json.saturating_mul(2) > all
}

/// Whether a text begins like an object or array.
fn opens(text: &[u8]) -> bool {
    matches!(text.first(), Some(b'{' | b'['))
}

/// How far a text is a JSON value.
#[derive(Debug, PartialEq, Eq)]
enum Value {
    /// It is one, and so long.
    Complete(usize),
    /// It could become one.
    Unfinished,
    /// It is none.
    Broken,
}

impl Value {
    /// Reads the value at the beginning of `text`: brackets that match, keys that have colons, commas between.
    fn read(text: &[u8]) -> Self {
        // What may come next is known from the bracket that is open and from what came before.
        let mut open: Vec<u8> = Vec::new();
        let mut before = b',';
        let mut at = 0;
        loop {
            let Some(byte) = text.get(at).copied() else { return Self::Unfinished };
            let inside = open.last().copied();
            let wants_value = matches!(before, b',' | b':' | b'[' | b'{');
            let is_key = inside == Some(b'{') && before != b':';
            let (token, len) = match byte {
                b' ' | b'\t' | b'\r' | b'\n' => {
                    at = at.saturating_add(1);
                    continue;
                }
                b'"' if wants_value => match string_len(text.get(at..).unwrap_or_default()) {
                    Some(len) => (if is_key { b'k' } else { b'v' }, len),
                    None => return Self::Unfinished,
                },
                b'{' | b'[' if wants_value && !is_key => {
                    open.push(byte);
                    (byte, 1)
                }
                b'}' | b']' if inside == Some(byte.wrapping_sub(2)) && matches!(before, b'v' | b'{' | b'[') => {
                    open.pop();
                    (b'v', 1)
                }
                b':' if before == b'k' => (byte, 1),
                b',' if before == b'v' => (byte, 1),
                _ if wants_value && !is_key => match word_len(text.get(at..).unwrap_or_default()) {
                    Some(len) => (b'v', len),
                    None => return Self::Broken,
                },
                _ => return Self::Broken,
            };
            before = token;
            at = at.saturating_add(len);
            if open.is_empty() {
                return Self::Complete(at);
            }
        }
    }
}

/// The length of the string at the beginning of `text`, quotation marks included.
fn string_len(text: &[u8]) -> Option<usize> {
    let mut escaped = false;
    let end = text.iter().skip(1).position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    Some(end?.saturating_add(2))
}

/// The length of the number or word at the beginning of `text`. Python's `NaN` and `Infinity` are known too.
fn word_len(text: &[u8]) -> Option<usize> {
    let len = text.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.')).count();
    let word = std::str::from_utf8(text.get(..len)?).ok()?;
    let number = word.starts_with(|first: char| first.is_ascii_digit() || first == '-') && word.parse::<f64>().is_ok();
    let cut_off = len == text.len();
    (number || cut_off || matches!(word, "true" | "false" | "null" | "NaN" | "Infinity" | "-Infinity")).then_some(len)
}

/// Rows of the same number of cells.
fn table(sample: &[u8], whole: bool, said: Said) -> Option<Format> {
    let candidates: Cow<'_, [u8]> = match said {
        Said::Table(delimiter) => Cow::Owned(vec![delimiter, b'\t', b',', b';', b'|']),
        _ => Cow::Borrowed(b"\t,;|"),
    };
    let told = matches!(said, Said::Table(_));
    let delimiter =
        candidates.iter().copied().find(|delimiter| is_table(&rows(sample, whole, *delimiter), *delimiter, told))?;
    let header = rows(sample, whole, delimiter).first().is_some_and(|row| names_columns(row));
    Some(Format::Table { delimiter, header })
}

/// Whether `rows` are a table's.
fn is_table(rows: &[Vec<&[u8]>], delimiter: u8, told: bool) -> bool {
    let Some(first) = rows.first() else { return false };
    let alike = rows.iter().filter(|row| row.len() == first.len()).count();
    if told {
        return first.len() > 1 && alike.saturating_mul(5) >= rows.len().saturating_mul(4);
    }
    // Prose has commas too, but puts blanks behind them, and its lines do not agree.
    let cells = || rows.iter().flat_map(|row| row.iter().skip(1));
    let spaced = cells().filter(|cell| cell.starts_with(b" ")).count();
    let prose = delimiter == b',' && spaced.saturating_mul(3) > cells().count();
    let enough = rows.len() > 2 || (rows.len() == 2 && first.len() > 2);
    first.len() > 1 && alike == rows.len() && enough && !prose
}

/// Whether a first row names columns: every cell is short, and no cell looks like a value.
fn names_columns(row: &[&[u8]]) -> bool {
    let name = |cell: &&[u8]| {
        let digits = cell.iter().filter(|byte| byte.is_ascii_digit()).count();
        cell.len() <= 64 && !cell.contains(&b'@') && digits <= 2 && (cell.is_empty() || digits < cell.len())
    };
    row.iter().all(name) && row.iter().any(|cell| !cell.is_empty())
}

/// The first whole rows of `sample`, cells without their quotation marks.
fn rows(sample: &[u8], whole: bool, delimiter: u8) -> Vec<Vec<&[u8]>> {
    let mut rows = Vec::new();
    let mut rest = sample;
    while rows.len() < SAMPLE_ROWS && !rest.is_empty() {
        let Some((row, len)) = row(rest, delimiter) else { break };
        rest = rest.get(len..).unwrap_or_default();
        let cut_off = rest.is_empty() && !whole;
        if !cut_off && !matches!(row.as_slice(), [cell] if cell.is_empty()) {
            rows.push(row);
        }
    }
    rows
}

/// The row at the beginning of `text`, and its length with the line break. `None` when a quoted cell does not end.
fn row(text: &[u8], delimiter: u8) -> Option<(Vec<&[u8]>, usize)> {
    let mut cells = Vec::new();
    let mut at = 0;
    loop {
        let rest = text.get(at..)?;
        let quoted = rest.first() == Some(&b'"');
        let mut inside = quoted;
        let len = rest.iter().skip(usize::from(quoted)).position(|byte| {
            inside ^= *byte == b'"' && quoted;
            !inside && (*byte == delimiter || *byte == b'\n')
        });
        let len = match len {
            Some(len) => len.saturating_add(usize::from(quoted)),
            None if inside => return None,
            None => rest.len(),
        };
        let (cell, behind) = rest.split_at_checked(len)?;
        let cell = cell.strip_suffix(b"\r").unwrap_or(cell);
        cells.push(cell.strip_prefix(b"\"").and_then(|cell| cell.strip_suffix(b"\"")).unwrap_or(cell));
        at = at.saturating_add(len).saturating_add(1);
        if behind.first() != Some(&delimiter) {
            return Some((cells, at.min(text.len())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(text: &str) -> Result<Format, Reason> {
        sniff(text.as_bytes(), true, Said::Nothing, &mut Limits::default())
    }

    fn table(delimiter: u8, header: bool) -> Result<Format, Reason> {
        Ok(Format::Table { delimiter, header })
    }

    #[test]
    fn formats_are_told_by_content() {
        for (text, expected) in [
            ("{\"a\": 1}\n{\"a\": 2}\n", Ok(Format::JsonLines)),
            ("{\"a\": [1, {\"b\": null}]}", Ok(Format::Json)),
            ("[{\"a\": NaN},\n {\"a\": \"x\\\"y\"}]\n", Ok(Format::Json)),
            ("{\n  \"a\": 1\n}\n", Ok(Format::Json)),
            ("\u{feff}{\"a\": 1}\n{\"a\": 2}", Ok(Format::JsonLines)),
            ("# made by hand\n{\"a\": 1}\n{\"a\": 2}\n", Ok(Format::JsonLines)),
            ("{\"a\": \"cut off\n{\"a\": 2}\n{\"a\": 3}", Ok(Format::JsonLines)),
            ("[\n{\"a\": 1},\n{\"a\": 2}\n]", Ok(Format::Json)),
            ("{\"a\": 1}{\"a\": 2}", Ok(Format::Json)),
            ("[INFO] started\n[INFO] done\n", Ok(Format::Plain)),
            ("[1] a footnote\n", Ok(Format::Plain)),
            ("{{ template }}", Ok(Format::Plain)),
            ("[2026-11-24 10:00] x\n", Ok(Format::Plain)),
            ("name,phone,age\nAda,1,2\nBob,3,4\n", table(b',', true)),
            ("a\tb\n1\t2\n3\t4", table(b'\t', true)),
            ("1;ada@example.org\n2;bob@example.org\n3;x", table(b';', false)),
            ("id,note,x\n1,\"a, b\n c\",2\n3,\"d\"\"e\",4\n", table(b',', true)),
            ("Dear Ada, hello.\nI came, I saw.\nYours, Bob\n", Ok(Format::Plain)),
            ("<!DOCTYPE html>\n<title>x</title>", Ok(Format::Html)),
            ("<p>Dear Ada,<br>hello</p>", Ok(Format::Html)),
            ("<?xml version=\"1.0\"?>\n<people><p/></people>", Ok(Format::Xml)),
            ("<?xml version=\"1.0\"?><html xmlns=\"x\"><p/></html>", Ok(Format::Html)),
            ("<system> you are helpful", Ok(Format::Plain)),
            ("Just a line", Ok(Format::Plain)),
            ("a\0\u{1}\u{2}\u{3}b", Err(Reason::Binary)),
            ("h\0e\0l\0l\0o\0", Err(Reason::WideText)),
        ] {
            assert_eq!(format(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_hint_decides_only_what_content_leaves_open() {
        let sniff = |text: &str, said| sniff(text.as_bytes(), true, said, &mut Limits::default());
        assert_eq!(sniff("{\"a\": 1}", Said::Lines), Ok(Format::JsonLines));
        assert_eq!(sniff("{\"a\": 1}", Said::Table(b',')), Ok(Format::Json));
        assert_eq!(sniff("no json", Said::Document), Ok(Format::Plain));
        assert_eq!(sniff("Hello <b>Ada</b>", Said::Html), Ok(Format::Html));
        assert_eq!(sniff("<people/>", Said::Xml), Ok(Format::Xml));
        assert_eq!(sniff("a,b\n1,2\n", Said::Table(b',')), table(b',', true));
        assert_eq!(sniff("a;b\n1;2\n", Said::Table(b',')), table(b';', true));
    }

    #[test]
    fn hints_are_read_from_names_and_types() {
        let said = |content_type, name| Said::by(&Hint { content_type, name });
        assert_eq!(said(None, "a/b.JSONL"), Said::Lines);
        assert_eq!(said(Some("text/csv; charset=utf-8"), "a"), Said::Table(b','));
        assert_eq!(said(Some("application/octet-stream"), "a.bin"), Said::Nothing);
    }

    #[test]
    fn old_encodings_are_read_and_noted() {
        let mut limits = Limits::default();
        let latin = [b"Dear Jos\xe9, ring 212-555-0123".as_slice(), &[b' '; 100]].concat();
        assert_eq!(sniff(&latin, true, Said::Nothing, &mut limits), Ok(Format::Plain));
        assert_eq!(limits.into_list().first().map(|limit| (limit.kind, limit.first)), Some((LimitKind::NotUtf8, 8)));
        let noise: Vec<u8> = (0..200).map(|byte| 0x80 | (byte as u8).wrapping_mul(37)).collect();
        assert_eq!(sniff(&noise, true, Said::Nothing, &mut Limits::default()), Err(Reason::Binary));
    }
}
