//! Element expressions: which data about one person together trigger a duty, `name AND (ssn OR driving-licence)`.
//!
//! Words are the data types of the scanner, and a few that laws name and no detector finds: those are false for everybody, and
//! a report that used one says so. Expressions know AND, OR and parentheses and no NOT: to learn more of a person never makes
//! a rule apply less, so that a count over what may have left is an upper bound.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use base::word::DataType;

/// What laws name and no detector finds.
pub const UNDETECTED: &[&str] =
    &["biometric", "genetic", "medical-record", "username-password", "plate-reader", "electronic-signature"];

/// How deep parentheses may nest.
const DEEPEST: usize = 32;

/// An expression that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Elements {
    /// This type of data.
    Type(DataType),
    /// Something that no detector finds.
    Undetected(&'static str),
    /// Any datum about a person at all.
    Any,
    /// All of these.
    All(Vec<Elements>),
    /// One of these.
    One(Vec<Elements>),
}

impl Elements {
    /// Reads an expression. `@name` stands for one of `named`.
    ///
    /// # Errors
    /// What is wrong, and how to mend it.
    pub fn read(text: &str, named: &BTreeMap<String, Elements>) -> Result<Self, (String, String)> {
        let tokens = tokens(text);
        let mut reader = Reader { tokens: &tokens, named, depth: 0 };
        let read = reader.one()?;
        match reader.tokens.first() {
            None => Ok(read),
            Some(left) => Err((
                format!("`{left}` follows where the expression should end"),
                "put AND or OR between words, and close every parenthesis".to_owned(),
            )),
        }
    }

    /// Whether a person of whom `known` is known meets it.
    #[must_use]
    pub fn met_by(&self, known: &BTreeSet<DataType>) -> bool {
        match self {
            Self::Type(data_type) => known.contains(data_type),
            Self::Undetected(_) => false,
            Self::Any => known.iter().any(|data_type| data_type.is_personal()),
            Self::All(of) => of.iter().all(|part| part.met_by(known)),
            Self::One(of) => of.iter().any(|part| part.met_by(known)),
        }
    }

    /// The words in it that no detector finds.
    #[must_use]
    pub fn undetected(&self) -> BTreeSet<&'static str> {
        match self {
            Self::Undetected(word) => BTreeSet::from([*word]),
            Self::Type(_) | Self::Any => BTreeSet::new(),
            Self::All(of) | Self::One(of) => of.iter().flat_map(Self::undetected).collect(),
        }
    }

    fn join(mut of: Vec<Self>, with: fn(Vec<Self>) -> Self) -> Self {
        match (of.len(), of.pop()) {
            (1, Some(only)) => only,
            (_, last) => with(of.into_iter().chain(last).collect()),
        }
    }
}

impl fmt::Display for Elements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>, of: &[Self], word: &str| {
            for (at, part) in of.iter().enumerate() {
                if at > 0 {
                    write!(f, " {word} ")?;
                }
                match part {
                    Self::All(_) | Self::One(_) => write!(f, "({part})")?,
                    _ => write!(f, "{part}")?,
                }
            }
            Ok(())
        };
        match self {
            Self::Type(data_type) => f.write_str(data_type.word()),
            Self::Undetected(word) => f.write_str(word),
            Self::Any => f.write_str("any"),
            Self::All(of) => joined(f, of, "AND"),
            Self::One(of) => joined(f, of, "OR"),
        }
    }
}

/// Words and parentheses.
fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for piece in text.split_whitespace() {
        let mut rest = piece;
        while let Some(at) = rest.find(['(', ')']) {
            let (before, from) = rest.split_at(at);
            let (parenthesis, after) = from.split_at(1);
            found.extend([before, parenthesis].into_iter().filter(|token| !token.is_empty()));
            rest = after;
        }
        found.extend((!rest.is_empty()).then_some(rest));
    }
    found
}

struct Reader<'a> {
    tokens: &'a [&'a str],
    named: &'a BTreeMap<String, Elements>,
    depth: usize,
}

impl Reader<'_> {
    fn one(&mut self) -> Result<Elements, (String, String)> {
        let mut of = vec![self.all()?];
        while self.take("OR") {
            of.push(self.all()?);
        }
        Ok(Elements::join(of, Elements::One))
    }

    fn all(&mut self) -> Result<Elements, (String, String)> {
        let mut of = vec![self.part()?];
        while self.take("AND") {
            of.push(self.part()?);
        }
        Ok(Elements::join(of, Elements::All))
    }

    fn part(&mut self) -> Result<Elements, (String, String)> {
        let Some((word, rest)) = self.tokens.split_first() else {
            return Err(("the expression ends too early".to_owned(), "end it with a data type".to_owned()));
        };
        self.tokens = rest;
        if *word == "(" {
            self.depth = self.depth.saturating_add(1);
            if self.depth > DEEPEST {
                return Err(("its parentheses nest too deep".to_owned(), format!("nest at most {DEEPEST}")));
            }
            let inside = self.one()?;
            if !self.take(")") {
                return Err(("a parenthesis is not closed".to_owned(), "close it with `)`".to_owned()));
            }
            self.depth = self.depth.saturating_sub(1);
            return Ok(inside);
        }
        if let Some(name) = word.strip_prefix('@') {
            return self.named.get(name).cloned().ok_or_else(|| {
                (format!("`@{name}` is not defined above"), "define it in `[expressions]` of the same file".to_owned())
            });
        }
        if *word == "any" {
            return Ok(Elements::Any);
        }
        if let Some(known) = UNDETECTED.iter().find(|known| *known == word) {
            return Ok(Elements::Undetected(known));
        }
        word.parse().map(Elements::Type).map_err(|_| {
            let words = DataType::ALL.iter().map(|known| known.word()).chain(UNDETECTED.iter().copied());
            (
                format!("`{word}` is no type of data"),
                format!("use AND, OR, parentheses, and: {}", words.collect::<Vec<_>>().join(", ")),
            )
        })
    }

    fn take(&mut self, word: &str) -> bool {
        match self.tokens.split_first() {
            Some((first, rest)) if *first == word => {
                self.tokens = rest;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Elements, (String, String)> {
        let core = Elements::Type(DataType::Ssn);
        Elements::read(text, &BTreeMap::from([("core".to_owned(), core)]))
    }

    #[test]
    fn and_binds_closer_than_or() {
        let rule = read("name AND (ssn OR driving-licence) OR health-id").unwrap();
        let met = |known: &[DataType]| rule.met_by(&known.iter().copied().collect());
        assert!(met(&[DataType::Name, DataType::Ssn]));
        assert!(met(&[DataType::HealthId]));
        assert!(!met(&[DataType::Name, DataType::Email]));
        assert!(!met(&[DataType::Ssn]));
        assert_eq!(rule.to_string(), "(name AND (ssn OR driving-licence)) OR health-id");
        assert_eq!(read(&rule.to_string()), Ok(rule));
    }

    #[test]
    fn names_stand_for_expressions_and_the_undetected_is_said() {
        let rule = read("name AND (@core OR biometric)").unwrap();
        assert_eq!(rule.undetected(), BTreeSet::from(["biometric"]));
        assert!(rule.met_by(&BTreeSet::from([DataType::Name, DataType::Ssn])));
        assert!(read("any").unwrap().met_by(&BTreeSet::from([DataType::Phone])));
        assert!(!read("any").unwrap().met_by(&BTreeSet::from([DataType::Secret])));
    }

    #[test]
    fn every_mistake_is_named() {
        for (text, word) in [
            ("", "too early"),
            ("name AND", "too early"),
            ("name ssn", "should end"),
            ("(name", "not closed"),
            ("name)", "should end"),
            ("nmae", "no type"),
            ("@nobody", "not defined"),
            (&"(".repeat(40), "too deep"),
        ] {
            assert!(read(text).unwrap_err().0.contains(word), "{text}");
        }
    }
}
