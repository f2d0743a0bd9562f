//! A refusal, and how much of it the caller may hear.

use std::fmt;

use base::Kind;

use crate::floor::Floor;
use crate::rule::Rule;

/// The policies said no.
///
/// The fields are for the ledger. What the caller is told goes through [`fmt::Display`], or heeds `disclose`: where it is
/// false, the caller may not know that what was named exists, and every such caller must get one identical answer, whatever
/// the reason was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The id of the policy that decided.
    pub policy: String,
    /// The sentence people were taught.
    pub guideline: String,
    /// The course that teaches it.
    pub course: Option<String>,
    /// `Paused` where the engagement is paused and the caller may know, `Bug` where the facts were not those of the access,
    /// `Refused` otherwise.
    pub kind: Kind,
    /// Whether the caller may hear the reason.
    pub disclose: bool,
}

impl Denial {
    /// Of which kind the refusal is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn by_rule(rule: &Rule, disclose: bool) -> Self {
        Self {
            policy: rule.id.clone(),
            guideline: rule.guideline.clone(),
            course: rule.course.clone(),
            kind: if disclose { rule.refusal } else { Kind::Refused },
            disclose,
        }
    }

    pub(crate) fn by_floor(floor: &Floor, disclose: bool) -> Self {
        Self {
            policy: floor.id.to_owned(),
            guideline: floor.guideline.to_owned(),
            course: None,
            kind: if disclose { floor.refusal } else { Kind::Refused },
            disclose,
        }
    }

    /// The policies could not be evaluated.
    pub(crate) fn unsure(disclose: bool) -> Self {
        Self {
            policy: "in-doubt-refuse".to_owned(),
            guideline: "In doubt, refuse: the policies could not be evaluated.".to_owned(),
            course: None,
            kind: Kind::Refused,
            disclose,
        }
    }

    /// The facts were not those of the access.
    pub(crate) fn unfit() -> Self {
        Self {
            policy: "facts-fit-the-access".to_owned(),
            guideline: "An access is judged by its own facts and no others.".to_owned(),
            course: None,
            kind: Kind::Bug,
            disclose: false,
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.disclose {
            return f.write_str("refused");
        }
        write!(f, "refused by policy `{}`: {}", self.policy, self.guideline)?;
        match &self.course {
            Some(course) => write!(f, "\nthe course `{course}` explains it"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Denial {}
