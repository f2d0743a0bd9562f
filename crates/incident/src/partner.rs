//! One partner's file: its slice, and nothing of anybody else's.
//!
//! # Threats
//! A partner learns from its file what the operator does for its competitors. So the file is made from this partner's slice and
//! from entries marked with its engagement, never from the report; free text comes only from what was written for it; the
//! incident's title, root cause and people stay out. As a second line the finished bytes are searched for the others' names and
//! ids, and a file in which one stands is refused.

use std::collections::BTreeMap;

use base::Timestamp;
use base::id::EngagementId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::assemble::{census_types, consequences, limits, owed, setting};
use crate::book::RuleBook;
use crate::deadline::Deadline;
use crate::draft::{Draft, Slice};
use crate::error::IncidentError;
use crate::exposure::{census, exposure};
use crate::figure::AsOf;
use crate::report::{Consequence, DutyOf, Exposure, Happening, Limits, Measure, Model};
use crate::word::{Category, ClockName, DeadlineState, ReportKind};

/// The format's name and version.
pub const SCHEMA: &str = "cofferdam.incident-partner/1";

/// A partner's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerFile {
    /// `cofferdam.incident-partner/1`.
    pub schema: String,
    /// The incident's id, to be named in questions.
    pub incident: String,
    /// Who reports.
    pub operator_entity: String,
    /// Whom to ask.
    pub contact: String,
    /// Of which kind it is.
    pub category: Category,
    /// The report's number.
    pub report_no: u32,
    /// The first, a later one, or the last.
    pub kind: ReportKind,
    /// When it was made.
    pub made: Timestamp,
    /// When the next one comes.
    pub next_update: Option<Timestamp>,
    /// The engagement.
    pub engagement: EngagementId,
    /// Its name.
    pub name: String,
    /// The partner's name.
    pub partner: String,
    /// What was written for this partner.
    pub words: String,
    /// Clocks, without the people who set them.
    pub clock: BTreeMap<ClockName, Timestamp>,
    /// The first and the last access to this engagement.
    pub activity: Option<(Timestamp, Timestamp)>,
    /// The credentials, hosts and networks that touched this engagement.
    pub selectors: Vec<String>,
    /// What was reached of it.
    pub exposure: Exposure,
    /// What we are to its data.
    pub duty: DutyOf,
    /// When it was paused.
    pub paused_at: Option<Timestamp>,
    /// When it was resumed.
    pub resumed_at: Option<Timestamp>,
    /// Who can still read it.
    pub still_open_to: String,
    /// Models trained on what was reached.
    pub models_trained: Vec<Model>,
    /// What may come of it.
    pub consequences: Vec<Consequence>,
    /// What was done in this engagement.
    pub measures: Vec<Measure>,
    /// What happened in it.
    pub timeline: Vec<Happening>,
    /// What is owed to this partner, and to others because of its data.
    pub deadlines: Vec<Deadline>,
    /// What the file does not cover.
    pub limits: Limits,
    /// The checkpoint the figures hold for.
    pub checkpoint: AsOf,
    /// Witnesses that signed it.
    pub witnesses: Vec<String>,
    /// How to verify it, with the evidence pack of this engagement.
    pub verify: String,
}

/// Makes the file of one engagement's partner.
///
/// # Errors
/// `Report` when the engagement was not reached; `Leak` when the finished file names another partner or engagement.
pub fn partner_file(
    draft: &Draft,
    report_no: u32,
    engagement: EngagementId,
    book: &RuleBook,
) -> Result<PartnerFile, IncidentError> {
    let slice = draft.slices.iter().find(|slice| slice.engagement == engagement).ok_or(IncidentError::Report {
        problem: format!("nothing of the engagement {engagement} was reached"),
        remedy: "its partner has no file in this report",
    })?;
    let file = of_slice(draft, report_no, slice, book);
    let others: Vec<&Slice> = draft.slices.iter().filter(|other| other.engagement != engagement).collect();
    let fields = leaks(&file, slice, &others);
    if fields.is_empty() { Ok(file) } else { Err(IncidentError::Leak { fields }) }
}

fn of_slice(draft: &Draft, report_no: u32, slice: &Slice, book: &RuleBook) -> PartnerFile {
    let only = [slice];
    let own = |of: Option<EngagementId>| of == Some(slice.engagement);
    let mut deadlines = owed(draft, &only, book);
    deadlines.retain(|deadline| deadline.state != DeadlineState::NotTriggered || deadline.starts_when.is_some());
    for deadline in &mut deadlines {
        // Who sees to it, and why it is late, were written for the operator's own eyes, and the notice that shows it
        // was sent is another's letter.
        deadline.owner = None;
        deadline.reason_late = None;
        deadline.notes.retain(|note| !note.starts_with("waived by") && !note.contains("decided to extend"));
        if !own(deadline.engagement) {
            deadline.receipt = None;
        }
    }
    let mut measures: Vec<_> =
        draft.measures.iter().filter(|of| own(of.engagement)).map(|of| of.what.clone()).collect();
    measures.sort_by_key(|measure| measure.at);
    let mut timeline: Vec<_> =
        draft.timeline.iter().filter(|of| own(of.engagement)).map(|of| of.what.clone()).collect();
    timeline.sort_by_key(|happening| (happening.at, happening.index));
    let own_limits = Limits { bypass_rows: None, gaps: Vec::new(), ..draft.limits.clone() };
    let narrowed = Draft { limits: own_limits, slices: Vec::new(), ..draft.clone() };
    // Not `contained` nor the activity of the whole: the last byte anywhere may have been another partner's. This one's own
    // activity and pause stand beside.
    let clock = [ClockName::FirstSignal, ClockName::Aware, ClockName::Declared, ClockName::ScopeFinal];
    PartnerFile {
        schema: SCHEMA.to_owned(),
        incident: draft.incident.id.clone(),
        operator_entity: draft.incident.operator_entity.clone(),
        contact: draft.incident.contacts.security.clone(),
        category: draft.incident.category,
        report_no,
        kind: draft.kind,
        made: draft.made,
        next_update: draft.next_update,
        engagement: slice.engagement,
        name: slice.name.clone(),
        partner: slice.partner.clone(),
        words: slice.words_for_partner.clone(),
        clock: clock.into_iter().filter_map(|clock| Some((clock, draft.clocks.at(clock)?))).collect(),
        activity: slice.activity,
        selectors: slice.selectors.clone(),
        exposure: exposure(&only, setting(draft, book)),
        duty: DutyOf { engagement: slice.engagement, role: slice.role, owner_to_tell: slice.owner_to_tell.clone() },
        paused_at: slice.paused_at,
        resumed_at: slice.resumed_at,
        still_open_to: slice.still_open_to.clone(),
        models_trained: slice.models.clone(),
        consequences: consequences(Vec::new(), &census_types(&only), &only),
        measures,
        timeline,
        deadlines,
        limits: limits(&narrowed, &only, crate::assemble::residence_known(&census(&only)), book),
        checkpoint: draft.as_of.clone(),
        witnesses: draft.evidence.witnesses.clone(),
        verify: draft.evidence.verify.clone(),
    }
}

impl PartnerFile {
    /// The file as the bytes that are kept and sent.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = serde_json::to_vec_pretty(self).unwrap_or_default();
        json.push(b'\n');
        json
    }
}

/// The fields of a file in which another's name or id stands. What this partner's own slice also says is no leak: two
/// engagements of one partner share its name, and two may have a dataset of the same name.
fn leaks(file: &PartnerFile, own: &Slice, others: &[&Slice]) -> Vec<String> {
    let ours = serde_json::to_string(&(&own.name, &own.partner, own.engagement, &own.datasets)).unwrap_or_default();
    let mut words: Vec<String> = Vec::new();
    for other in others {
        words.push(other.engagement.to_string());
        words.extend([other.name.clone(), other.partner.clone()]);
        words.extend(other.datasets.iter().map(|dataset| dataset.dataset.clone()));
    }
    words.retain(|word| !word.is_empty() && !stands_in(word, &ours));
    let mut fields = Vec::new();
    search(&serde_json::to_value(file).unwrap_or_default(), String::new(), &words, &mut fields);
    fields
}

fn search(value: &Value, place: String, words: &[String], fields: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            if words.iter().any(|word| stands_in(word, text)) {
                fields.push(format!("`{place}`"));
            }
        }
        Value::Array(entries) => {
            entries.iter().for_each(|entry| search(entry, format!("{place}[]"), words, fields));
        }
        Value::Object(entries) => {
            for (name, entry) in entries {
                if words.iter().any(|word| stands_in(word, name)) {
                    fields.push(format!("`{place}`, a name of a field"));
                }
                let inside = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
                search(entry, inside, words, fields);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether a word stands in a text as a word: `a` is a partner's name too, and stands in every sentence as a letter.
fn stands_in(word: &str, text: &str) -> bool {
    let (word, text) = (word.to_lowercase(), text.to_lowercase());
    text.match_indices(&word).any(|(at, found)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at.saturating_add(found.len())..).and_then(|after| after.chars().next());
        ![before, after].into_iter().flatten().any(char::is_alphanumeric)
    })
}

#[cfg(test)]
#[path = "partner_tests.rs"]
mod tests;
