//! How people write an expression: `host=etl-07 and (network=10.2.0.0/16 or not address=10.1.0.4)`.
//!
//! `and` binds before `or`, `not` before both. Values with spaces or parentheses are quoted; a quote inside is doubled.
//!
//! # Threats
//! The text comes from whoever may ask. It is read in one pass without backtracking, and its nesting is bounded before it is
//! descended into.

use std::fmt;

use crate::expression::{Atom, DEEPEST, Expression, Kind, UnknownKind, Unusable};

/// Why a text is no expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Something else was expected at this byte.
    Expected {
        /// What.
        what: &'static str,
        /// Where, in bytes from the start.
        at: usize,
    },
    /// A kind that there is not.
    Kind(UnknownKind),
    /// An expression that cannot be asked.
    Unusable(Unusable),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expected { what, at } => write!(
                f,
                "expected {what} at byte {at}\nwrite for example `host=etl-07 and (network=10.2.0.0/16 or run=nightly)`"
            ),
            Self::Kind(unknown) => write!(f, "{unknown}"),
            Self::Unusable(why) => write!(f, "{why}"),
        }
    }
}

impl std::error::Error for Unreadable {}

/// Reads an expression.
///
/// # Errors
/// [`Unreadable`], with the place.
pub fn read(text: &str) -> Result<Expression, Unreadable> {
    let mut reader = Reader { text, at: 0 };
    reader.space();
    if reader.rest().is_empty() {
        return Err(Unreadable::Unusable(Unusable::Empty));
    }
    let read = reader.any(DEEPEST)?;
    if !reader.rest().is_empty() {
        return Err(reader.expected("`and`, `or` or the end"));
    }
    read.check().map_err(Unreadable::Unusable)?;
    Ok(read)
}

/// Whether a value stands without quotes.
pub(crate) fn is_bare(value: &str) -> bool {
    !value.is_empty() && value.chars().all(bare)
}

fn bare(char: char) -> bool {
    !char.is_whitespace() && !char.is_control() && !matches!(char, '(' | ')' | '\'' | '"' | '=' | '!')
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.skip(rest.len().saturating_sub(rest.trim_start().len()));
    }

    fn skip(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    const fn expected(&self, what: &'static str) -> Unreadable {
        Unreadable::Expected { what, at: self.at }
    }

    /// Moves past a mark and the space behind it, if it stands here.
    fn mark(&mut self, mark: &str) -> bool {
        let here = self.rest().starts_with(mark);
        if here {
            self.skip(mark.len());
            self.space();
        }
        here
    }

    /// Moves past a word that stands by itself, in whichever case.
    fn word(&mut self, word: &str) -> bool {
        let rest = self.rest();
        let here = rest.get(..word.len()).is_some_and(|here| here.eq_ignore_ascii_case(word))
            && rest.get(word.len()..).is_some_and(|after| after.starts_with([' ', '\t', '\n', '\r', '(']));
        if here {
            self.skip(word.len());
            self.space();
        }
        here
    }

    fn any(&mut self, deeper: usize) -> Result<Expression, Unreadable> {
        let mut of = vec![self.all(deeper)?];
        while self.word("or") {
            of.push(self.all(deeper)?);
        }
        Ok(alone(of, Expression::Any))
    }

    fn all(&mut self, deeper: usize) -> Result<Expression, Unreadable> {
        let mut of = vec![self.one(deeper)?];
        while self.word("and") {
            of.push(self.one(deeper)?);
        }
        Ok(alone(of, Expression::All))
    }

    fn one(&mut self, deeper: usize) -> Result<Expression, Unreadable> {
        let left = deeper.checked_sub(1).ok_or(Unreadable::Unusable(Unusable::TooDeep))?;
        if self.word("not") {
            return Ok(Expression::Not(Box::new(self.one(left)?)));
        }
        if self.mark("(") {
            let inside = self.any(left)?;
            return if self.mark(")") { Ok(inside) } else { Err(self.expected("`)`")) };
        }
        self.atom()
    }

    fn atom(&mut self) -> Result<Expression, Unreadable> {
        let rest = self.rest();
        let end = rest.find(|char: char| !char.is_ascii_lowercase() && char != '-').unwrap_or(rest.len());
        let kind = rest.get(..end).filter(|kind| !kind.is_empty()).ok_or_else(|| self.expected("a selector"))?;
        let kind: Kind = kind.parse().map_err(Unreadable::Kind)?;
        self.skip(end);
        self.space();
        let unlike = self.mark("!=");
        if !unlike && !self.mark("=") {
            return Err(self.expected("`=` or `!=`"));
        }
        let value = self.value()?;
        self.space();
        let is = Expression::Is(Atom { kind, value });
        Ok(if unlike { Expression::Not(Box::new(is)) } else { is })
    }

    fn value(&mut self) -> Result<String, Unreadable> {
        let rest = self.rest();
        if let Some(quote) = rest.chars().next().filter(|first| matches!(first, '\'' | '"')) {
            return self.quoted(quote);
        }
        let end = rest.find(|char| !bare(char)).unwrap_or(rest.len());
        let value = rest.get(..end).filter(|value| !value.is_empty()).ok_or_else(|| self.expected("a value"))?;
        self.skip(end);
        Ok(value.to_owned())
    }

    fn quoted(&mut self, quote: char) -> Result<String, Unreadable> {
        let opened = self.at;
        let mut value = String::new();
        self.skip(quote.len_utf8());
        loop {
            let rest = self.rest();
            let unclosed = Unreadable::Expected { what: "the other quote of the value that begins", at: opened };
            let end = rest.find(quote).ok_or(unclosed)?;
            value.push_str(rest.get(..end).unwrap_or_default());
            self.skip(end.saturating_add(quote.len_utf8()));
            if !self.rest().starts_with(quote) {
                return if value.is_empty() { Err(self.expected("a value")) } else { Ok(value) };
            }
            value.push(quote);
            self.skip(quote.len_utf8());
        }
    }
}

/// A group of one is that one.
fn alone(mut of: Vec<Expression>, group: fn(Vec<Expression>) -> Expression) -> Expression {
    match (of.pop(), of.is_empty()) {
        (Some(only), true) => only,
        (last, _) => {
            of.extend(last);
            group(of)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn expressions_read_as_they_are_meant() {
        for (text, meant) in [
            ("host=etl-07", "host=etl-07"),
            (" host = etl-07 ", "host=etl-07"),
            ("host=a or host=b and run=c", "host=a or (host=b and run=c)"),
            ("(host=a or host=b) and run=c", "(host=a or host=b) and run=c"),
            ("not host=a and run!=c", "not host=a and not run=c"),
            ("NOT (host=a OR run=b)", "not (host=a or run=b)"),
            ("principal='two words'", "principal='two words'"),
            ("principal=\"it's\"", "principal='it''s'"),
            ("network=2001:db8::/32 and address=::1", "network=2001:db8::/32 and address=::1"),
            ("((host=a))", "host=a"),
            ("host=or", "host=or"),
        ] {
            let read = read(text).unwrap();
            assert_eq!(read.to_string(), meant, "{text}");
            assert_eq!(super::read(meant).unwrap(), read, "{meant}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, said) in [
            ("", "names nobody"),
            ("host", "expected `=` or `!=` at byte 4"),
            ("host=", "expected a value at byte 5"),
            ("host=''", "expected a value at byte 7"),
            ("host='a", "expected the other quote of the value that begins at byte 5"),
            ("(host=a", "expected `)` at byte 7"),
            ("host=a)", "expected `and`, `or` or the end at byte 6"),
            ("host=a run=b", "expected `and`, `or` or the end at byte 7"),
            ("host=a and", "expected `and`, `or` or the end at byte 7"),
            ("host=a and ", "expected a selector at byte 11"),
            ("shoe=a", "not selected by `shoe`"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
        assert!(read(&"(".repeat(100_000)).is_err());
        assert!(read(&"not ".repeat(100_000)).is_err());
    }

    proptest! {
        /// Whatever is read is written so that it reads the same again; nothing panics.
        #[test]
        fn what_is_written_reads_the_same(text in "[a-z ()='!]{0,40}|(host|run|not|and|or|=|a|\\(|\\)| ){0,20}") {
            if let Ok(once) = read(&text) {
                prop_assert_eq!(read(&once.to_string()), Ok(once));
            }
        }
    }
}
