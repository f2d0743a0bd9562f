//! The same labelled documents as lines of JSON, as CSV, as chats: how much does the wrapping cost?
//!
//! Offsets move into the wrapped text; a gold span whose characters need escaping covers the escaped form.

use crate::sets::{Document, Set, Span};

/// How many documents go into one wrapped document.
const DOCUMENTS: usize = 20;

/// What a document is wrapped in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrapping {
    /// A line of JSON each, all but ASCII escaped.
    Lines,
    /// A row of CSV each.
    Csv,
    /// A conversation each, a line of JSON.
    Chat,
}

impl Wrapping {
    pub(crate) const ALL: [Self; 3] = [Self::Lines, Self::Csv, Self::Chat];

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Lines => "jsonl",
            Self::Csv => "csv",
            Self::Chat => "chat",
        }
    }

    const fn begin(self) -> &'static str {
        match self {
            Self::Csv => "id,text,score\n",
            Self::Lines | Self::Chat => "",
        }
    }

    fn before(self, number: usize) -> String {
        match self {
            Self::Lines => format!(r#"{{"id": {number}, "text": ""#),
            Self::Csv => format!("{number},\""),
            Self::Chat => format!(
                "{}{number}{}",
                r#"{"id": "c"#,
                r#"", "messages": [{"role": "system", "content": "You are helpful."}, {"role": "user", "content": ""#
            ),
        }
    }

    const fn behind(self) -> &'static str {
        match self {
            Self::Lines => "\", \"ok\": true}\n",
            Self::Csv => "\",0.5\n",
            Self::Chat => "\"}, {\"role\": \"assistant\", \"content\": \"OK.\"}]}\n",
        }
    }

    fn escape(self, character: char, to: &mut String) {
        match self {
            Self::Csv if character == '"' => to.push_str("\"\""),
            Self::Csv => to.push(character),
            Self::Lines if !character.is_ascii() => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    to.push_str(&format!("\\u{unit:04x}"));
                }
            }
            Self::Lines | Self::Chat => {
                // A JSON string of one character, without its quotes.
                let quoted = serde_json::Value::from(character.to_string()).to_string();
                to.push_str(quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default());
            }
        }
    }
}

/// Wraps a set.
pub(crate) fn wrap(set: &Set, wrapping: Wrapping) -> Set {
    let name = format!("{}.{}", set.name, wrapping.word());
    let by_document = set.gold_by_document();
    let mut wrapped = Set { name: name.clone(), ..Set::default() };
    for (number, documents) in set.documents.chunks(DOCUMENTS).enumerate() {
        let doc_id = format!("{name}-{number}");
        let mut text = wrapping.begin().to_owned();
        let mut at = text.chars().count() as u64;
        for (number, document) in documents.iter().enumerate() {
            let (placed, positions) = escaped(document, wrapping);
            let before = wrapping.before(number);
            let from = at.saturating_add(before.chars().count() as u64);
            let place = |offset: u64| {
                let position = usize::try_from(offset).ok().and_then(|offset| positions.get(offset)).copied();
                from.saturating_add(position.unwrap_or_default())
            };
            for span in by_document.get(document.doc_id.as_str()).into_iter().flatten() {
                wrapped.gold.push(Span {
                    doc_id: doc_id.clone(),
                    start: place(span.start),
                    end: place(span.end),
                    label: span.label.clone(),
                });
            }
            let whole = before + &placed + wrapping.behind();
            at = at.saturating_add(whole.chars().count() as u64);
            text.push_str(&whole);
        }
        wrapped.documents.push(Document { doc_id, text });
    }
    wrapped
}

/// The escaped text, and where each of its characters, and its end, came to stand.
fn escaped(document: &Document, wrapping: Wrapping) -> (String, Vec<u64>) {
    let mut text = String::new();
    let mut positions = Vec::new();
    let mut at = 0_u64;
    for character in document.text.chars() {
        positions.push(at);
        let from = text.len();
        wrapping.escape(character, &mut text);
        at = at.saturating_add(text.get(from..).unwrap_or_default().chars().count() as u64);
    }
    positions.push(at);
    (text, positions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_cover_the_escaped_form() {
        let document = Document { doc_id: "a".to_owned(), text: "\"é😀\" x".to_owned() };
        let gold = Span { doc_id: "a".to_owned(), start: 1, end: 3, label: "PERSON".to_owned() };
        let set = Set { name: "s".to_owned(), documents: vec![document], gold: vec![gold] };
        let covered = |wrapping| {
            let wrapped = wrap(&set, wrapping);
            let (span, text) = (&wrapped.gold[0], &wrapped.documents[0].text);
            text.chars().skip(span.start as usize).take((span.end - span.start) as usize).collect::<String>()
        };
        assert_eq!(Wrapping::ALL.map(covered), ["\\u00e9\\ud83d\\ude00", "é😀", "é😀"]);
        for line in wrap(&set, Wrapping::Chat).documents[0].text.lines() {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(value["messages"][1]["content"], "\"é😀\" x");
        }
    }
}
