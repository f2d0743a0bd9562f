//! YAML as a bounded tree that remembers where each thing stands.
//!
//! # Threats
//! Whoever writes a contract may want the program to run for ever or to fill the memory. The text is bounded, and so are depth and
//! number of nodes; aliases, which make small texts large, are refused, and so are tags and keys that stand twice, of which two
//! readers might each see another.

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use crate::error::{ContractError, Fault};

/// The largest contract. The longest examples of the standard have 30 kilobytes.
pub const LARGEST_CONTRACT_BYTES: usize = 256 * 1024;

/// How deep things may lie in each other. Contracts need ten levels; the recursion here is no deeper.
const DEEPEST: usize = 32;

/// How many things a contract may have: eight thousand fields.
const MOST_NODES: usize = 50_000;

/// Something in the document, and the line it stands on, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) line: usize,
    pub(crate) value: Value,
}

/// What it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// A text, and whether it was written without quotation marks: `true` is a truth, `"true"` a word.
    Scalar { text: String, plain: bool },
    /// A list.
    List(Vec<Node>),
    /// Keys with their values, in order.
    Map(Vec<(String, Node)>),
}

impl Value {
    /// What to call it in a message.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Scalar { .. } => "a single value",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

/// Reads one document.
pub(crate) fn read(text: &str) -> Result<Node, ContractError> {
    if text.len() > LARGEST_CONTRACT_BYTES {
        return Err(ContractError::TooLarge { bytes: text.len() });
    }
    let mut reader = Reader { parser: Parser::new_from_str(text), nodes: 0 };
    let mut document = None;
    while let Some((event, span)) = reader.event()? {
        match event {
            Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
            _ if document.is_some() => {
                return Err(fault(&span, "there is a second document", "put each contract into a file of its own"));
            }
            event => document = Some(reader.node(event, &span, 0)?),
        }
    }
    document.ok_or(ContractError::Empty)
}

struct Reader<'a> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
    nodes: usize,
}

impl<'a> Reader<'a> {
    fn event(&mut self) -> Result<Option<(Event<'a>, Span)>, ContractError> {
        self.parser.next_event().transpose().map_err(|error| {
            let line = error.marker().line();
            let problem = format!("this is no YAML: {}", error.info());
            ContractError::Faults(vec![Fault::new(line, "", problem, "mend the line, or the one before it")])
        })
    }

    /// The node that `event` begins.
    fn node(&mut self, event: Event<'a>, span: &Span, depth: usize) -> Result<Node, ContractError> {
        self.nodes = self.nodes.saturating_add(1);
        if self.nodes > MOST_NODES || depth > DEEPEST {
            let problem = format!("a contract has at most {MOST_NODES} things, {DEEPEST} deep");
            return Err(fault(span, &problem, "leave out what is not about this dataset"));
        }
        let below = depth.saturating_add(1);
        let line = span.start.line();
        let value = match event {
            Event::Scalar(text, style, anchor, tag) => {
                refuse(span, anchor, tag.is_some())?;
                Value::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain }
            }
            Event::SequenceStart(anchor, tag) => {
                refuse(span, anchor, tag.is_some())?;
                let mut list = Vec::new();
                loop {
                    match self.next(span)? {
                        (Event::SequenceEnd, _) => break Value::List(list),
                        (event, span) => list.push(self.node(event, &span, below)?),
                    }
                }
            }
            Event::MappingStart(anchor, tag) => {
                refuse(span, anchor, tag.is_some())?;
                self.map(span, below)?
            }
            Event::Alias(_) => {
                return Err(fault(span, "aliases are not read", "write out what the alias stands for"));
            }
            _ => return Err(fault(span, "something is missing here", "give the key a value")),
        };
        Ok(Node { line, value })
    }

    fn map(&mut self, outer: &Span, below: usize) -> Result<Value, ContractError> {
        let mut map: Vec<(String, Node)> = Vec::new();
        loop {
            let (event, span) = self.next(outer)?;
            let key = match event {
                Event::MappingEnd => return Ok(Value::Map(map)),
                Event::Scalar(key, _, anchor, tag) => {
                    refuse(&span, anchor, tag.is_some())?;
                    key.into_owned()
                }
                _ => return Err(fault(&span, "a key is no single word", "use a plain word as the key")),
            };
            if map.iter().any(|(known, _)| *known == key) {
                return Err(fault(&span, &format!("the key `{key}` stands here twice"), "keep one of the two"));
            }
            let (event, span) = self.next(outer)?;
            let value = self.node(event, &span, below)?;
            map.push((key, value));
        }
    }

    fn next(&mut self, outer: &Span) -> Result<(Event<'a>, Span), ContractError> {
        self.event()?.ok_or_else(|| fault(outer, "the document ends inside of this", "close what was opened"))
    }
}

/// Refuses what other readers might read otherwise.
fn refuse(span: &Span, anchor: usize, tagged: bool) -> Result<(), ContractError> {
    if anchor > 0 {
        return Err(fault(span, "anchors are not read", "write out what the alias stands for"));
    }
    if tagged {
        return Err(fault(span, "tags are not read", "leave the `!` word out"));
    }
    Ok(())
}

fn fault(span: &Span, problem: &str, remedy: &str) -> ContractError {
    ContractError::Faults(vec![Fault::new(span.start.line(), "", problem, remedy)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        read(text).map(|_| String::new()).unwrap_or_else(|error| error.to_string())
    }

    #[test]
    fn lines_are_remembered() {
        let node = read("a: 1\nb:\n  - x\n  - \"y\"\n").unwrap();
        let Value::Map(map) = node.value else { panic!() };
        assert_eq!(map[0].1, Node { line: 1, value: Value::Scalar { text: "1".to_owned(), plain: true } });
        let Value::List(list) = &map[1].1.value else { panic!() };
        assert_eq!(list.iter().map(|node| node.line).collect::<Vec<_>>(), [3, 4]);
        assert_eq!(list[1].value, Value::Scalar { text: "y".to_owned(), plain: false });
    }

    #[test]
    fn what_readers_differ_about_is_refused() {
        for (text, part) in [
            ("a: &x 1\nb: *x", "line 1: anchors"),
            ("a: !!str 1", "line 1: tags"),
            ("a: 1\na: 2", "line 2: the key `a` stands here twice"),
            ("? [a]\n: 1", "line 1: a key is no single word"),
            ("a: 1\n---\nb: 2", "line 3: there is a second document"),
            ("a: [1", "no YAML"),
            ("", "is empty"),
        ] {
            assert!(said(text).contains(part), "{text}: {}", said(text));
        }
    }

    #[test]
    fn nothing_grows_without_bound() {
        assert!(said(&format!("{}{}", "[".repeat(40), "]".repeat(40))).contains("deep"));
        assert!(!said(&"[".repeat(10_000)).is_empty());
        assert!(said(&format!("[{}]", "1,".repeat(60_000))).contains("at most"));
        assert!(said(&"a".repeat(LARGEST_CONTRACT_BYTES + 1)).contains("bytes"));
    }
}
