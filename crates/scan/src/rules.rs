//! Rules: what the scanner looks for, as data that people can read, and add to without recompiling.
//!
//! A rule says which form a value has, which check it passes, which words near it speak of it, and how sure a find is.
//! The built-in ones are the files of `crates/scan/rules`; a user's own are read from the same form of text by
//! [`Rules::with`]. Every rule has texts in which it finds something and texts in which it does not, and both are tests.
//!
//! ```
//! let rules = scan::Rules::built_in().with("ours.toml", r#"
//!     [[rule]]
//!     id = "badge"
//!     title = "Badge of an employee"
//!     type = "custom"
//!     label = "BADGE"
//!     pattern = 'B-\d{5}'
//!     keywords = ["badge"]
//!     context = "raises"
//!     confidence = "low"
//!     examples = ["badge B-12345"]
//!     counterexamples = ["badge B-1234"]
//!     source = "the handbook of our gate"
//! "#)?;
//! assert_eq!(rules.find("badge").map(|id| rules.get(id).label.as_str()), Some("BADGE"));
//! # Ok::<(), scan::RulesError>(())
//! ```

mod builtin;
mod error;
mod source;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use base::word::DataType;

pub use self::error::RulesError;
use crate::detect::Detection;
use crate::finding::Confidence;
use crate::validate::Validator;

/// Which rule found something: a number within one [`Rules`]. What is written down is the rule's own id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(u16);

impl RuleId {
    /// What a contract says of a field is found by no rule of a set.
    pub const CONTRACT: Self = Self(u16::MAX);

    /// Its place in the order of rules.
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What words near a value mean to a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing is found without them.
    Required,
    /// They raise the confidence.
    Raises,
    /// They are not looked at.
    Nothing,
}

/// Who wrote a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It comes with the scanner.
    BuiltIn,
    /// A user wrote it. It is searched for everywhere, at the cost of one more pass over each text.
    User,
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What it is called in reports and records.
    pub id: String,
    /// What people call what it finds.
    pub title: String,
    /// The type of what it finds.
    pub data_type: DataType,
    /// Its name in predictions.
    pub label: String,
    /// The form of a value, as a regular expression of ASCII.
    pub pattern: Option<String>,
    /// Forms that are the rule's too, but that so many numbers have that one counts only where words speak of it.
    pub weak: Option<String>,
    /// The code that finds candidates, if it is not the pattern alone.
    pub detector: Option<String>,
    /// The check that a value passes.
    pub validator: Option<Validator>,
    /// Words that speak of it, near a value or in the name of its key or column. Lower case.
    pub keywords: Vec<String>,
    /// Words that speak of it in texts, but say too little in a name. Lower case.
    pub talk: Vec<String>,
    /// What those words mean.
    pub context: Need,
    /// How sure a find is without them.
    pub confidence: Confidence,
    /// The fewest bits a character that a value has.
    pub entropy: Option<f32>,
    /// What a value begins with, one of these, where code needs to know.
    pub prefixes: Vec<String>,
    /// Texts in which it finds something.
    pub examples: Vec<String>,
    /// Texts in which it finds nothing.
    pub counterexamples: Vec<String>,
    /// Where the form is documented.
    pub source: String,
    /// Who wrote it.
    pub origin: Origin,
}

/// Words that no rule has, but that say something about a number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    /// They name a number that no rule looks for: "order", "invoice".
    pub(crate) against: Vec<String>,
    /// They say that a number follows, but not which: "id", "code".
    pub(crate) unsaid: Vec<String>,
}

/// Everything in some files.
#[derive(Clone, Debug, Default)]
struct Book {
    rules: Vec<Rule>,
    words: Words,
}

/// A set of rules, ready for use.
pub struct Rules {
    book: Book,
    by_id: HashMap<String, RuleId>,
    detection: Detection,
}

impl Rules {
    /// The rules that come with the scanner.
    #[must_use]
    pub fn built_in() -> Arc<Self> {
        Arc::clone(&BUILT_IN)
    }

    /// These rules and those of `text`, a file of a user called `file`. Ids of these stay what they are.
    ///
    /// # Errors
    /// If the text is no rule file, or a rule in it cannot work; the error says which, and what to do.
    pub fn with(&self, file: &str, text: &str) -> Result<Arc<Self>, RulesError> {
        let mut book = self.book.clone();
        source::read(file, text, Origin::User, &mut book)?;
        Self::new(book).map(Arc::new)
    }

    /// The rule that `id` stands for.
    ///
    /// An id of another set may stand for another rule; one that no rule of this set has stands for the first.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "a set is never empty: `new` refuses that")]
    pub fn get(&self, id: RuleId) -> &Rule {
        if id == RuleId::CONTRACT {
            return &BY_CONTRACT;
        }
        self.book.rules.get(id.index()).unwrap_or(&self.book.rules[0])
    }

    /// The rule called `id`.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<RuleId> {
        self.by_id.get(id).copied()
    }

    /// Every rule, in order.
    pub fn iter(&self) -> impl Iterator<Item = (RuleId, &Rule)> {
        (0..).map(RuleId).zip(&self.book.rules)
    }

    /// What finds values by these rules.
    pub(crate) const fn detection(&self) -> &Detection {
        &self.detection
    }

    fn new(book: Book) -> Result<Self, RulesError> {
        let rules = &book.rules;
        let mut by_id = HashMap::with_capacity(rules.len());
        for (number, rule) in rules.iter().enumerate() {
            let id = u16::try_from(number).map(RuleId).ok().filter(|id| *id != RuleId::CONTRACT);
            let id = id.ok_or(RulesError::TooMany)?;
            if by_id.insert(rule.id.clone(), id).is_some() {
                return Err(RulesError::Duplicate { rule: rule.id.clone() });
            }
        }
        if rules.is_empty() {
            return Err(RulesError::Empty);
        }
        let numbered: Vec<(RuleId, &Rule)> = (0..).map(RuleId).zip(rules).collect();
        let detection = Detection::new(&numbered, &book.words)?;
        Ok(Self { book, by_id, detection })
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules").field("rules", &self.book.rules.len()).finish_non_exhaustive()
    }
}

#[expect(clippy::expect_used, reason = "the files are part of the program, and a test reads them")]
static BUILT_IN: LazyLock<Arc<Rules>> =
    LazyLock::new(|| Arc::new(builtin::book().and_then(Rules::new).expect("the built-in rules are whole")));

/// What stands for a rule where a contract says what a field holds.
static BY_CONTRACT: LazyLock<Rule> = LazyLock::new(|| Rule {
    id: "contract-field".to_owned(),
    title: "What the contract says that a field holds".to_owned(),
    data_type: DataType::Custom,
    label: "CONTRACT".to_owned(),
    pattern: None,
    weak: None,
    detector: None,
    validator: None,
    keywords: Vec::new(),
    talk: Vec::new(),
    context: Need::Nothing,
    confidence: Confidence::High,
    entropy: None,
    prefixes: Vec::new(),
    examples: Vec::new(),
    counterexamples: Vec::new(),
    source: "the contract of the dataset".to_owned(),
    origin: Origin::User,
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_files_are_whole() {
        let rules = builtin::book().and_then(Rules::new).map_err(|error| error.to_string());
        assert_eq!(rules.err(), None);
    }

    #[test]
    fn a_rule_of_a_user_comes_behind_and_is_told_apart() {
        let text = builtin::testing::rule("ours", "pattern = 'X\\d{4}'");
        let rules = Rules::built_in().with("ours.toml", &text).unwrap();
        let ours = rules.find("ours").unwrap();
        assert_eq!(rules.get(ours).origin, Origin::User);
        assert_eq!(Rules::built_in().find("ours"), None);
        assert_eq!(Rules::built_in().find("email"), rules.find("email"));
    }

    #[test]
    fn what_cannot_work_is_refused_with_the_reason() {
        for (text, part) in [
            (builtin::testing::rule("email", "pattern = 'x'"), "two rules are called `email`"),
            (builtin::testing::rule("ours", "pattern = '(x'"), "pattern"),
            (builtin::testing::rule("ours", "pattern = 'x'\nvalidator = 'lun'"), "`luhn`"),
            (builtin::testing::rule("ours", "pattern = 'x'\nkeyword = ['y']"), "keyword"),
            (builtin::testing::rule("Our Rule", "pattern = 'x'"), "kebab"),
            (builtin::testing::rule("ours", ""), "pattern"),
            (builtin::testing::rule("ours", "pattern = 'x*'"), "empty"),
            ("rule = 3".to_owned(), "ours.toml"),
        ] {
            let said = Rules::built_in().with("ours.toml", &text).unwrap_err().to_string();
            assert!(said.contains(part), "{said}");
        }
    }
}
