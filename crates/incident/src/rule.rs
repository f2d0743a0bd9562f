//! A rule of law or contract as data: when it applies, to whom something is owed, by when.
//!
//! Rules are dated. A book may hold several versions of one rule; a report names the versions it used, and keeps them.

use base::word::DataType;
use serde::Serialize;

use crate::elements::Elements;
use crate::word::{ClockName, DutyRole, HoldBy, HowRead, Recipient};

/// When a rule applies at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// Residents of its place meet its elements.
    Residents,
    /// The operator declared that it is under this rule.
    Declared,
    /// Either of these.
    ResidentsOrDeclared,
    /// An engagement's data was reached.
    Contract,
}

/// What is counted against a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counting {
    /// Those who meet the elements and live in the rule's place.
    Residents,
    /// All who meet the elements.
    Total,
    /// Those of the one state that has most of them.
    AnyOneState,
}

/// `>` or `>=`: states differ, and one person can decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Comparison {
    /// More than.
    #[serde(rename = ">")]
    MoreThan,
    /// At least.
    #[serde(rename = ">=")]
    AtLeast,
    /// Fewer than.
    #[serde(rename = "<")]
    FewerThan,
}

/// The number of people from which a duty exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Threshold {
    /// Which people.
    pub counting: Counting,
    /// How they are compared.
    pub comparison: Comparison,
    /// With how many.
    pub people: u64,
}

/// How long there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Within {
    /// Hours, through nights and weekends.
    Hours(u32),
    /// Calendar days.
    Days(u32),
    /// Business days of the United States.
    BusinessDays(u32),
    /// Calendar days after the end of the anchor's year.
    DaysAfterYearEnd(u32),
    /// No number is given: without undue or unreasonable delay.
    WithoutDelay,
}

/// One duty of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duty {
    /// To whom.
    pub recipient: Recipient,
    /// What tells it from another duty towards the same recipient.
    pub name: Option<String>,
    /// What starts the time: the earliest of these that is set.
    pub anchors: Vec<ClockName>,
    /// How long there is.
    pub within: Within,
    /// From how many people on.
    pub threshold: Option<Threshold>,
    /// Who owes it; nobody: whoever holds the data.
    pub roles: Vec<DutyRole>,
    /// Whether still counting may win time.
    pub scope_may_extend: bool,
    /// Who may hold it back.
    pub holds: Vec<HoldBy>,
    /// What a letter of this duty is written from.
    pub letter: Option<String>,
}

/// One version of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its id, `us-ca`.
    pub id: String,
    /// Its date, `2026-11-24`: the version.
    pub version: String,
    /// The file it was read from.
    pub file: String,
    /// What a reader calls it.
    pub title: String,
    /// Its place: `US-CA`, `EU`, `GB`, `US`, `ANY`.
    pub jurisdiction: String,
    /// When it applies.
    pub when: When,
    /// Whether it is in force.
    pub enabled: bool,
    /// What must be known of a person for certain.
    pub elements: Elements,
    /// What suffices for the upper bound.
    pub elements_possible: Elements,
    /// Whether access suffices, or data must have been acquired, in the rule's words.
    pub access_or_acquisition: String,
    /// The test of harm that excuses, in words; empty when there is none.
    pub harm_test: String,
    /// Whether sealed bytes do not count.
    pub encrypted_exempt: bool,
    /// What ends that exemption, in words.
    pub key_exempt_lost_if: String,
    /// How long identity services are owed, where social security numbers or licences left.
    pub monitoring_months: Option<u32>,
    /// What is owed.
    pub duties: Vec<Duty>,
    /// What a reader must know.
    pub notes: Vec<String>,
    /// Where sources disagree.
    pub conflicts: Vec<String>,
    /// What of it was not read.
    pub unread: Vec<String>,
    /// Where it was read.
    pub source: String,
    /// How.
    pub how_read: HowRead,
    /// When, `2026-11-24`.
    pub read_on: String,
    /// Which lawyer confirmed it; empty: nobody.
    pub confirmed_by: String,
}

impl Within {
    /// `72 hours`, `4 business days`, `without undue delay`.
    #[must_use]
    pub fn in_words(self) -> String {
        let of = |count: u32, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
        match self {
            Self::Hours(count) => of(count, "hour", "hours"),
            Self::Days(count) => of(count, "day", "days"),
            Self::BusinessDays(count) => of(count, "business day", "business days"),
            Self::DaysAfterYearEnd(count) => {
                of(count, "day after the end of the year", "days after the end of the year")
            }
            Self::WithoutDelay => "without undue delay".to_owned(),
        }
    }
}

impl Threshold {
    /// Whether so many people meet it.
    #[must_use]
    pub const fn met_by(self, people: u64) -> bool {
        match self.comparison {
            Comparison::MoreThan => people > self.people,
            Comparison::AtLeast => people >= self.people,
            Comparison::FewerThan => people < self.people,
        }
    }

    /// `more than 500 residents`.
    #[must_use]
    pub fn in_words(self) -> String {
        let comparison = match self.comparison {
            Comparison::MoreThan => "more than",
            Comparison::AtLeast => "at least",
            Comparison::FewerThan => "fewer than",
        };
        let who = match self.counting {
            Counting::Residents => "residents",
            Counting::Total => "people in total",
            Counting::AnyOneState => "residents of one state",
        };
        format!("{comparison} {} {who}", crate::figure::grouped(self.people))
    }
}

impl Rule {
    /// What a reader must be told about how far it can be trusted.
    #[must_use]
    pub fn standing(&self) -> String {
        let confirmed = if self.confirmed_by.is_empty() {
            "not confirmed by counsel".to_owned()
        } else {
            format!("confirmed by {}", self.confirmed_by)
        };
        format!("{}, {}; {confirmed}", self.how_read.meaning(), self.read_on)
    }

    /// Whether identity services are owed when these data left.
    #[must_use]
    pub fn monitoring_owed(&self, known: &[DataType]) -> Option<u32> {
        let dear = known
            .iter()
            .any(|data_type| matches!(data_type, DataType::Ssn | DataType::DrivingLicence | DataType::NationalId));
        self.monitoring_months.filter(|_| dear)
    }
}
