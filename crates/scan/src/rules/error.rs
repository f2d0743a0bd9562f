//! Why a file of rules cannot be used.

use std::fmt;

use base::Kind;

use crate::validate::Validator;

/// A failure to read rules. It is always the file's, and the message says what to change.
#[derive(Debug)]
pub enum RulesError {
    /// Reading the file.
    File {
        /// The file.
        file: String,
        /// What the parser says.
        source: toml::de::Error,
    },
    /// Reading one rule's field.
    Field {
        /// The file.
        file: String,
        /// The rule.
        rule: String,
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// Finding a check by name.
    Validator {
        /// The file.
        file: String,
        /// The rule.
        rule: String,
        /// The name.
        name: String,
    },
    /// Telling rules apart.
    Duplicate {
        /// The id that two have.
        rule: String,
    },
    /// Finding the code that a rule names.
    Detector {
        /// The rule.
        rule: String,
        /// The name.
        name: String,
    },
    /// Making one search of all patterns.
    Patterns {
        /// What the regex engine says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Using a set without rules.
    Empty,
    /// Numbering the rules.
    TooMany,
}

impl RulesError {
    /// What kind of failure this is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

impl fmt::Display for RulesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, source } => {
                write!(f, "reading the rules of `{file}`: {}\nsee the built-in rules for the form", source.message())
            }
            Self::Field { file, rule, field, problem } => {
                write!(f, "reading `{field}` of rule `{rule}` in `{file}`: {problem}\nchange `{field}`")
            }
            Self::Validator { file, rule, name } => {
                write!(f, "rule `{rule}` in `{file}` names the unknown validator `{name}`\nuse one of")?;
                Validator::names().enumerate().try_for_each(|(place, name)| {
                    let comma = if place == 0 { "" } else { "," };
                    write!(f, "{comma} `{name}`")
                })
            }
            Self::Duplicate { rule } => write!(f, "two rules are called `{rule}`\nrename one of them"),
            Self::Detector { rule, name } => {
                write!(f, "rule `{rule}` names the unknown detector `{name}`\nleave `detector` out")
            }
            Self::Patterns { source } => {
                write!(f, "making one search of all patterns: {source}\nshorten the longest repetition in a pattern")
            }
            Self::Empty => f.write_str("there are no rules\nkeep at least one"),
            Self::TooMany => f.write_str("there are more rules than can be numbered\nkeep fewer than 65535"),
        }
    }
}

impl std::error::Error for RulesError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { source, .. } => Some(source),
            Self::Patterns { source } => Some(source.as_ref()),
            _ => None,
        }
    }
}
