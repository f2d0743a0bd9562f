//! Takes a document apart, key by key. What nobody takes is listed, so that nothing is passed over in silence.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::Fault;
use crate::yaml::{Node, Value};

/// Something in a contract that the program does not act on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// The line, from 1.
    pub line: usize,
    /// The field.
    pub field: String,
    /// Why.
    pub why: Why,
}

/// Why something is not acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// It is of the standard, and means nothing to this program.
    NoEffect,
    /// It is not of the standard either.
    Unknown,
}

impl Why {
    /// What to tell a person.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::NoEffect => "of the standard, but nothing follows from it here",
            Self::Unknown => "not understood",
        }
    }
}

/// What was met on the way.
#[derive(Default)]
pub(crate) struct Walk {
    pub(crate) faults: Vec<Fault>,
    pub(crate) left: Vec<Left>,
}

impl Walk {
    pub(crate) fn fault(&mut self, line: usize, field: &str, problem: impl Into<String>, remedy: impl Into<String>) {
        self.faults.push(Fault::new(line, field, problem, remedy));
    }

    pub(crate) fn leave(&mut self, line: usize, field: String, why: Why) {
        self.left.push(Left { line, field, why });
    }

    /// The text of a single value.
    pub(crate) fn text(&mut self, at: &At) -> Option<String> {
        match &at.node.value {
            Value::Scalar { text, .. } if !text.is_empty() => Some(text.clone()),
            other => {
                let problem = format!("a text is needed here, not {}", other.kind());
                self.fault(at.node.line, &at.field, problem, "write a single value");
                None
            }
        }
    }

    /// One of the words of a vocabulary; `words` says which, in a message.
    pub(crate) fn word<T: FromStr>(&mut self, at: &At, words: &str) -> Option<T> {
        let text = self.text(at)?;
        let word = text.parse().ok();
        if word.is_none() {
            self.fault(at.node.line, &at.field, format!("`{text}` is not known here"), format!("use one of {words}"));
        }
        word
    }

    /// Whether something is so.
    pub(crate) fn truth(&mut self, at: &At) -> Option<bool> {
        match &at.node.value {
            Value::Scalar { text, plain: true } if text == "true" => Some(true),
            Value::Scalar { text, plain: true } if text == "false" => Some(false),
            _ => {
                self.fault(at.node.line, &at.field, "neither `true` nor `false`", "write `true` or `false`, unquoted");
                None
            }
        }
    }

    /// A whole number that is not negative.
    pub(crate) fn number(&mut self, at: &At) -> Option<u32> {
        let text = self.text(at)?;
        let number = text.parse().ok();
        if number.is_none() {
            self.fault(at.node.line, &at.field, format!("`{text}` is no whole number"), "write it in digits");
        }
        number
    }

    /// The elements of a list.
    pub(crate) fn list(&mut self, at: At) -> Vec<At> {
        let At { field, node } = at;
        match node.value {
            Value::List(list) => {
                let named = |(place, node)| At { field: format!("{field}[{place}]"), node };
                list.into_iter().enumerate().map(named).collect()
            }
            other => {
                let problem = format!("a list is needed here, not {}", other.kind());
                self.fault(node.line, &field, problem, "begin each element with `- `");
                Vec::new()
            }
        }
    }

    /// The keys of a mapping.
    pub(crate) fn keys(&mut self, at: At) -> Option<Keys> {
        let At { field, node } = at;
        match node.value {
            Value::Map(map) => Some(Keys { field, line: node.line, map }),
            other => {
                let problem = format!("keys and values are needed here, not {}", other.kind());
                self.fault(node.line, &field, problem, "write `key: value` lines");
                None
            }
        }
    }
}

/// A node, and the field it is.
pub(crate) struct At {
    pub(crate) field: String,
    pub(crate) node: Node,
}

/// A mapping whose keys are taken one by one.
pub(crate) struct Keys {
    pub(crate) field: String,
    pub(crate) line: usize,
    map: Vec<(String, Node)>,
}

impl Keys {
    /// The field called `key` in here.
    pub(crate) fn name(&self, key: &str) -> String {
        if self.field.is_empty() { key.to_owned() } else { format!("{}.{key}", self.field) }
    }

    /// Takes the value of `key`.
    pub(crate) fn take(&mut self, key: &str) -> Option<At> {
        let place = self.map.iter().position(|(known, _)| known == key)?;
        let (_, node) = self.map.remove(place);
        Some(At { field: self.name(key), node })
    }

    /// Takes the value of `key`, which must be there.
    pub(crate) fn need(&mut self, key: &str, walk: &mut Walk) -> Option<At> {
        let taken = self.take(key);
        if taken.is_none() {
            walk.fault(self.line, &self.name(key), "is missing", format!("add `{key}`"));
        }
        taken
    }

    /// Lists what was not taken; `standard` are the keys that the standard has here.
    pub(crate) fn leave(self, standard: &[&str], walk: &mut Walk) {
        for (key, node) in &self.map {
            let why = if standard.contains(&key.as_str()) { Why::NoEffect } else { Why::Unknown };
            walk.leave(node.line, self.name(key), why);
        }
    }
}
