//! What is confidential about data beside the people in it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A class of data that is confidential between the operator and a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// How answers are graded.
    Rubric,
    /// What models are asked.
    PromptSet,
    /// What models are measured by.
    EvalSet,
    /// Which of several answers people prefer.
    PreferenceData,
    /// Programs.
    SourceCode,
    /// What models answered.
    ModelOutput,
    /// What names a project that is not public.
    ProjectName,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 7] = [
        Self::Rubric,
        Self::PromptSet,
        Self::EvalSet,
        Self::PreferenceData,
        Self::SourceCode,
        Self::ModelOutput,
        Self::ProjectName,
    ];

    /// The text form.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rubric => "rubric",
            Self::PromptSet => "prompt-set",
            Self::EvalSet => "eval-set",
            Self::PreferenceData => "preference-data",
            Self::SourceCode => "source-code",
            Self::ModelOutput => "model-output",
            Self::ProjectName => "project-name",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A text that is no class.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownClass;

impl fmt::Display for UnknownClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown class: expected one of {}", Self::words())
    }
}

impl UnknownClass {
    pub(crate) fn words() -> String {
        Class::ALL.map(|class| format!("`{class}`")).join(", ")
    }
}

impl std::error::Error for UnknownClass {}

impl FromStr for Class {
    type Err = UnknownClass;

    /// `eval_set` is `eval-set`.
    fn from_str(text: &str) -> Result<Self, UnknownClass> {
        let text = text.replace('_', "-");
        Self::ALL.into_iter().find(|class| class.word() == text).ok_or(UnknownClass)
    }
}
