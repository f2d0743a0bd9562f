//! What a report is made from: what happened, a slice for each engagement, and nothing that a rule decides.
//!
//! A slice holds one engagement's facts and no other's. A partner's file is made from its slice alone, so that what is not in
//! the slice cannot come into the file.

use std::collections::{BTreeMap, BTreeSet};

use base::Timestamp;
use base::id::EngagementId;
use base::word::DataType;
use serde::{Deserialize, Serialize};

use crate::census::Census;
use crate::clock::Clocks;
use crate::deadline::{Decision, Hold, Sent};
use crate::figure::{AsOf, Bounds};
use crate::report::{Consequence, EvidenceOf, FourFactors, Happening, Incident, Limits, Measure, Model, RootCause};
use crate::report::{Safeguard, Selectors, Training};
use crate::word::{DutyRole, ReportKind};

/// A count: at least, what receipts allowed, at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// Sent for certain.
    pub sent: u64,
    /// Allowed by receipts.
    pub authorised: u64,
    /// Within reach.
    pub possible: u64,
}

/// One form's counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormCount {
    /// Versions.
    pub objects: Count,
    /// Bytes.
    pub bytes: Count,
    /// People.
    pub people: Count,
}

/// The four forms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forms {
    /// Readable, as stored.
    pub plaintext: FormCount,
    /// De-identified.
    pub pseudonym_view: FormCount,
    /// Sealed.
    pub ciphertext_only: FormCount,
    /// Names of objects.
    pub names_only: FormCount,
}

/// One dataset's counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetCount {
    /// Its bucket.
    pub dataset: String,
    /// Versions.
    pub versions: Count,
    /// Bytes.
    pub bytes: Count,
}

/// One class of confidential data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfidentialCount {
    /// rubric, prompt_set, eval_set, preference_data, source_code, model_output, project_name.
    pub class: String,
    /// Versions.
    pub objects: Count,
    /// Bytes.
    pub bytes: Count,
}

/// Accesses in one span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessCount {
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// Accesses.
    pub events: u64,
    /// Bytes.
    pub bytes: Count,
}

/// One engagement's part of what was reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slice {
    /// The engagement.
    pub engagement: EngagementId,
    /// Its name.
    pub name: String,
    /// Its partner's name.
    pub partner: String,
    /// What touched it, in the words of the question.
    pub selectors: Vec<String>,
    /// The first and the last access to it.
    pub activity: Option<(Timestamp, Timestamp)>,
    /// Accesses.
    pub events: u64,
    /// Bytes.
    pub bytes: Count,
    /// Versions.
    pub objects: Count,
    /// By form.
    pub forms: Forms,
    /// By dataset.
    pub datasets: Vec<DatasetCount>,
    /// Everybody, as the scope counted.
    pub people: Count,
    /// Everybody once confirmed links are followed.
    pub people_linked: Option<Count>,
    /// Children.
    pub minors: Option<Count>,
    /// Times each type was found.
    pub records: BTreeMap<DataType, Count>,
    /// The worst form each type was readable in; what is not named was plaintext.
    pub element_forms: BTreeMap<DataType, String>,
    /// People by what is known of each, and by residence.
    pub census: Census,
    /// Versions with people that nothing tells apart.
    pub unidentified_objects: u64,
    /// Versions that no detector read.
    pub unscanned_objects: u64,
    /// Confidential data that is not about people.
    pub confidential: Vec<ConfidentialCount>,
    /// Accesses over time.
    pub accesses: Vec<AccessCount>,
    /// What we are to its data.
    pub role: Option<DutyRole>,
    /// Whom we tell.
    pub owner_to_tell: Option<String>,
    /// Within how many hours its partner is told.
    pub notice_hours: Option<u32>,
    /// When it was paused.
    pub paused_at: Option<Timestamp>,
    /// When it was resumed.
    pub resumed_at: Option<Timestamp>,
    /// Models trained on what was reached.
    pub models: Vec<Model>,
    /// Who can still read it, in a sentence.
    pub still_open_to: String,
    /// What was written for this partner and nobody else.
    pub words_for_partner: String,
}

/// Something that concerns one engagement, or, with none, the deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Of<T> {
    /// The engagement.
    pub engagement: Option<EngagementId>,
    /// What.
    pub what: T,
}

/// Everything a report is made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// Which report it becomes.
    pub kind: ReportKind,
    /// Now.
    pub made: Timestamp,
    /// What it is about.
    pub incident: Incident,
    /// The clocks.
    pub clocks: Clocks,
    /// What was looked for.
    pub selectors: Selectors,
    /// The checkpoint the figures hold for.
    pub as_of: AsOf,
    /// One for each engagement that was reached.
    pub slices: Vec<Slice>,
    /// Whether who has sealed bytes may have their keys.
    pub keys_taken: bool,
    /// How that is known.
    pub keys_taken_basis: String,
    /// Ids of rules the operator declared that it is under.
    pub declared_rules: BTreeSet<String>,
    /// The day whose rules are used, `2026-11-24`: that of the first report, so that later rules do not rewrite it.
    pub rules_of: String,
    /// Requests to hold notices back.
    pub holds: Vec<Hold>,
    /// The decision that counting must end before people can be told.
    pub still_counting: Option<Decision>,
    /// Notices that were sent, by deadline.
    pub sent: BTreeMap<String, Sent>,
    /// Duties that were waived, by deadline.
    pub waived: BTreeMap<String, Decision>,
    /// Who sees to a deadline.
    pub owners: BTreeMap<String, String>,
    /// Why a deadline is late.
    pub reasons_late: BTreeMap<String, String>,
    /// What may come of it, in the responders' words; what follows from the data alone is added.
    pub consequences: Vec<Consequence>,
    /// HIPAA's four factors.
    pub hipaa_four_factors: Option<FourFactors>,
    /// What was done.
    pub measures: Vec<Of<Measure>>,
    /// What protected the data before.
    pub safeguards_before: Vec<Safeguard>,
    /// What people had been taught.
    pub training: Vec<Training>,
    /// How it could happen.
    pub root_cause: RootCause,
    /// What is not covered, without what slices say of themselves.
    pub limits: Limits,
    /// What happened.
    pub timeline: Vec<Of<Happening>>,
    /// What shows it.
    pub evidence: EvidenceOf,
    /// When the next report is due, as promised to readers.
    pub next_update: Option<Timestamp>,
}

impl Count {
    /// Its bounds.
    #[must_use]
    pub const fn bounds(self) -> Bounds {
        Bounds { low: self.sent, high: if self.possible > self.authorised { self.possible } else { self.authorised } }
    }

    /// Both added.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            sent: self.sent.saturating_add(other.sent),
            authorised: self.authorised.saturating_add(other.authorised),
            possible: self.possible.saturating_add(other.possible),
        }
    }
}

impl FormCount {
    /// Both added.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            objects: self.objects.plus(other.objects),
            bytes: self.bytes.plus(other.bytes),
            people: self.people.plus(other.people),
        }
    }
}
