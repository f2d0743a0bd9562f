//! Why a policy set does not start, or a record does not replay.

use std::fmt;

use base::Kind;

/// A cause kept from Cedar or a parser.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A failure to load policies or to replay a decision. Refusals are not errors of this kind; see [`crate::Denial`].
#[derive(Debug)]
pub enum PolicyError {
    /// Reading the schema.
    Schema {
        /// What Cedar says.
        source: Cause,
    },
    /// Finding in the schema what every decision needs.
    Lacks {
        /// An entity type or action, as Cedar writes it.
        what: String,
    },
    /// Trying the schema on a sample decision.
    Shape {
        /// The verb of the sample.
        verb: &'static str,
        /// What Cedar says.
        source: Cause,
    },
    /// Reading the policies.
    Policies {
        /// What Cedar says.
        source: Cause,
    },
    /// Checking the policies strictly against the schema.
    Validation {
        /// Every error and warning, one a line.
        findings: String,
    },
    /// Reading an annotation of a policy.
    Annotation {
        /// The policy, by id or as Cedar numbers it.
        policy: String,
        /// The annotation that is missing or has an unknown value.
        annotation: &'static str,
    },
    /// Telling policies apart.
    Duplicate {
        /// The id that two policies have.
        id: String,
    },
    /// Using a set that permits nothing at all, so that no refusal could say what is needed.
    PermitsNothing,
    /// Reading the inputs of a recorded decision.
    Replay {
        /// What is wrong with them.
        source: Cause,
    },
}

impl PolicyError {
    /// What kind of failure this is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Schema { .. }
            | Self::Lacks { .. }
            | Self::Shape { .. }
            | Self::Policies { .. }
            | Self::Validation { .. }
            | Self::Annotation { .. }
            | Self::Duplicate { .. }
            | Self::PermitsNothing
            | Self::Replay { .. } => Kind::Invalid,
        }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Schema { .. } => f.write_str("reading the policy schema"),
            Self::Lacks { what } => {
                write!(f, "the policy schema lacks `{what}`\nstart from the schema that is shipped, and add to it")
            }
            Self::Shape { verb, .. } => {
                write!(
                    f,
                    "the policy schema does not fit a question for `{verb}`\n\
                     start from the schema that is shipped, and add to it"
                )
            }
            Self::Policies { .. } => f.write_str("reading the policies"),
            Self::Validation { findings } => write!(f, "the policies do not fit the schema\n{findings}"),
            Self::Annotation { policy, annotation } => write!(
                f,
                "policy `{policy}` has no valid `@{annotation}`\n\
                 annotate it with `@id`, `@guideline` and, where one teaches it, `@course`"
            ),
            Self::Duplicate { id } => write!(f, "two policies have the id `{id}`\ngive one of them another id"),
            Self::PermitsNothing => f.write_str("the policies permit nothing\nadd a permit"),
            Self::Replay { .. } => f.write_str("reading the inputs of a recorded decision"),
        }
    }
}

impl std::error::Error for PolicyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Schema { source }
            | Self::Shape { source, .. }
            | Self::Policies { source }
            | Self::Replay { source } => Some(&**source),
            Self::Lacks { .. }
            | Self::Validation { .. }
            | Self::Annotation { .. }
            | Self::Duplicate { .. }
            | Self::PermitsNothing => None,
        }
    }
}
