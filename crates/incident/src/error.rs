//! What can be wrong with an incident's rules, clocks, acts and reports.

use std::fmt;

use base::Kind;

use crate::word::{ClockName, Stage};

/// Why something was refused. Every message ends with its remedy, on a line of its own.
#[derive(Debug, PartialEq, Eq)]
pub enum IncidentError {
    /// A rule file cannot be used.
    Rule {
        /// Which file.
        file: String,
        /// Its line, from 1; 0 when the whole file is meant.
        line: usize,
        /// The rule, as far as it is known.
        rule: String,
        /// What is wrong.
        problem: String,
        /// How to mend it.
        remedy: String,
    },
    /// A clock cannot be set so.
    Clock {
        /// Which.
        clock: ClockName,
        /// What is wrong.
        problem: String,
        /// How to mend it.
        remedy: &'static str,
    },
    /// An act that may not follow, or lacks what it must record.
    Act {
        /// What was tried.
        act: &'static str,
        /// Where the incident stands.
        stage: Stage,
        /// What is wrong.
        problem: String,
        /// How to mend it.
        remedy: &'static str,
    },
    /// Figures that fell without a reason.
    Shrank {
        /// Each figure in words.
        figures: Vec<String>,
    },
    /// A report that cannot be made.
    Report {
        /// What is wrong.
        problem: String,
        /// How to mend it.
        remedy: &'static str,
    },
    /// A partner's file that would have spoken of another partner. The message names no word that was found.
    Leak {
        /// Where in the file: the field.
        fields: Vec<String>,
    },
}

impl IncidentError {
    /// What kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Rule { .. } | Self::Clock { .. } | Self::Shrank { .. } | Self::Report { .. } => Kind::Invalid,
            Self::Act { .. } => Kind::Conflict,
            Self::Leak { .. } => Kind::Refused,
        }
    }
}

impl fmt::Display for IncidentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule { file, line, rule, problem, remedy } => {
                f.write_str(file)?;
                if *line > 0 {
                    write!(f, ":{line}")?;
                }
                if !rule.is_empty() {
                    write!(f, ": rule `{rule}`")?;
                }
                write!(f, ": {problem}\n{remedy}")
            }
            Self::Clock { clock, problem, remedy } => write!(f, "clock `{clock}`: {problem}\n{remedy}"),
            Self::Act { act, stage, problem, remedy } => {
                write!(f, "cannot {act} at the stage `{stage}`: {problem}\n{remedy}")
            }
            Self::Shrank { figures } => write!(
                f,
                "figures are smaller than in the report before: {}\nsay why: a reason for each, or one for all of them",
                figures.join("; ")
            ),
            Self::Report { problem, remedy } => write!(f, "{problem}\n{remedy}"),
            Self::Leak { fields } => write!(
                f,
                "the file for this partner would name another one, in {}\ntake the name out of the text that was written \
                 for it",
                fields.join(", ")
            ),
        }
    }
}

impl std::error::Error for IncidentError {}
