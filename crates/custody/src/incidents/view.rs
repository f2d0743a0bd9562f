//! An incident as those see it who work on it, and what a partner sees of it: its own files.

use std::collections::{BTreeMap, BTreeSet};

use base::Timestamp;
use base::id::{ChainId, IncidentId, RequestId};
use base::word::Verb;
use incident::clock::ClockEntry;
use incident::word::{Category, ClockName, DeadlineState, Stage};
use serde::{Deserialize, Serialize};

use super::line::{Done, Made, Story};
use crate::custody::{Custody, Matter};
use crate::error::CustodyError;
use crate::identity::Caller;

/// An incident as those see it who work on it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Shown {
    /// Its id.
    pub id: IncidentId,
    /// What it is called.
    pub title: String,
    /// How far it has come.
    pub stage: Stage,
    /// Whether it turned out to be nothing.
    pub dismissed: bool,
    /// When it was opened.
    pub opened: Timestamp,
    /// Who owns it.
    pub owner: Option<String>,
    /// Who leads.
    pub lead: Option<String>,
    /// Of what kind it is.
    pub category: Option<Category>,
    /// The clocks, with all their entries.
    pub clocks: BTreeMap<ClockName, Vec<ClockEntry>>,
    /// What is looked for, as text.
    pub selectors: Vec<String>,
    /// The engagements that it concerns.
    pub engagements: Vec<Concerned>,
    /// The reports that were made.
    pub reports: Vec<Made>,
    /// What is owed as of now, by what the last report counted.
    pub owed: Vec<Owed>,
    /// What was done, the first first.
    pub acts: Vec<ShownAct>,
}

/// Something that is owed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Owed {
    /// The duty, by its key: `gdpr-33/authority`.
    pub duty: String,
    /// Until when; nothing where no number is given.
    pub due: Option<Timestamp>,
    /// Where it stands.
    pub state: DeadlineState,
}

/// An engagement that an incident concerns.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Concerned {
    /// Its name.
    pub engagement: String,
    /// Versions that certainly left, and those allowed, by the last scope.
    pub versions: Option<(u64, u64)>,
    /// People, likewise.
    pub people: Option<(u64, u64)>,
    /// When it was paused for the incident.
    pub paused: Option<Timestamp>,
    /// The last read before that, of which the record says that bytes were sent.
    pub last_sent: Option<Timestamp>,
}

/// One act.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ShownAct {
    /// Its place.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who, by name.
    pub by: String,
    /// What, in a word.
    pub act: String,
    /// What, in a sentence.
    pub what: String,
}

/// A document that was made for an engagement's partner.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PartnerFile {
    /// The incident.
    pub incident: IncidentId,
    /// The report's number.
    pub report: u32,
    /// For which engagement, by name.
    pub engagement: String,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub made: Timestamp,
    /// Its SHA-256, in hex.
    pub digest: String,
}

impl Custody {
    /// Every incident, the first opened first.
    ///
    /// # Errors
    /// `Denied`; `Corrupt`.
    pub async fn incidents(&self, caller: &Caller, request: RequestId) -> Result<Vec<Shown>, CustodyError> {
        self.may_respond(caller, request).await?;
        let ids = self.catalog.incidents()?;
        ids.into_iter().map(|id| self.incident_shown(&self.story(id)?.0)).collect()
    }

    /// One incident.
    ///
    /// # Errors
    /// `Denied`; `Missing`; `Corrupt`.
    pub async fn incident(
        &self,
        caller: &Caller,
        request: RequestId,
        incident: IncidentId,
    ) -> Result<Shown, CustodyError> {
        self.may_respond(caller, request).await?;
        self.incident_shown(&self.story(incident)?.0)
    }

    /// The documents that were made for the engagements whose record the caller may read: a partner's security sees its own,
    /// and nothing that tells of another's.
    ///
    /// # Errors
    /// `Corrupt`.
    pub async fn partner_files(&self, caller: &Caller, request: RequestId) -> Result<Vec<PartnerFile>, CustodyError> {
        let mut files = Vec::new();
        for engagement in self.directory.engagements() {
            if caller.who().partner.is_some_and(|partner| partner != engagement.partner) {
                continue;
            }
            let rows = self.catalog.incident_files(ChainId::from(engagement.id))?;
            let matter = || Matter::names(request, Verb::Scope, &engagement, None);
            if rows.is_empty() || !self.would_allow(caller, matter()) {
                continue;
            }
            let permit = self.judge(caller, matter()).await?;
            let _receipt = self.release(caller, permit).await?;
            files.extend(rows.into_iter().map(|row| PartnerFile {
                incident: row.incident,
                report: row.report,
                engagement: engagement.name.clone(),
                name: row.name,
                made: row.at,
                digest: data_encoding::HEXLOWER.encode(&row.digest),
            }));
        }
        Ok(files)
    }

    pub(crate) fn incident_shown(&self, story: &Story) -> Result<Shown, CustodyError> {
        let opened = story.lines.first().map_or(Timestamp(0), |line| line.at);
        let mut selectors = BTreeSet::new();
        for question in &story.questions {
            selectors.extend(question.selectors.iter().map(|(kind, value)| format!("{kind}:{value}")));
        }
        let concerned = story.engagements().into_iter().map(|id| {
            let (reached, pause) = (story.reached.get(&id), story.pauses.get(&id));
            Concerned {
                engagement: self.directory.engagement(id).map_or_else(|| id.to_string(), |of| of.name.clone()),
                versions: reached.map(|part| part.versions),
                people: reached.map(|part| part.people),
                paused: pause.map(|pause| pause.stopped),
                last_sent: pause.and_then(|pause| pause.last_sent),
            }
        });
        let acts = story.lines.iter().map(|line| ShownAct {
            seq: line.seq,
            at: line.at,
            by: self.name_of(line.by),
            act: line.done.word().to_owned(),
            what: line.done.sentence(),
        });
        let clocks = story.clocks.all();
        let declared = story.declared();
        let closed = story.progress.has(Stage::Closed);
        Ok(Shown {
            id: story.id,
            title: story.title().to_owned(),
            stage: story.progress.stage(),
            dismissed: story.progress.dismissed(),
            opened,
            owner: story.owner().map(str::to_owned),
            lead: declared.map(|(_, lead)| lead.to_owned()),
            category: declared.map(|(category, _)| category),
            clocks: clocks.map(|(clock, entries)| (clock, entries.into_iter().cloned().collect())).collect(),
            selectors: selectors.into_iter().collect(),
            engagements: concerned.collect(),
            reports: story.reports.clone(),
            owed: if closed { Vec::new() } else { self.owed(story)? },
            acts: acts.collect(),
        })
    }
}

impl Done {
    /// What was done, in a sentence for those who work on it.
    #[must_use]
    pub fn sentence(&self) -> String {
        use incident::stage::Act;
        match self {
            Self::Opened { signal, raised_by, .. } => format!("opened on a signal of {raised_by}: {signal}"),
            Self::Moved { act } => match act {
                Act::Triage { owner, reasoning } => format!("{owner} owns it: {reasoning}"),
                Act::Dismiss { reasoning } => format!("no incident: {reasoning}"),
                Act::Declare { criteria, category, lead } => {
                    format!("declared, {category}, led by {lead}: {}", criteria.join("; "))
                }
                Act::Eradicate { done } => format!("cause removed: {}", done.join("; ")),
                Act::Recover { approvers, conditions, .. } => {
                    format!("work resumes, approved by {}: {conditions}", approvers.join(" and "))
                }
                Act::Close { lessons } => format!("closed with {} lessons", lessons.len()),
                Act::Contain { .. } | Act::Scope { .. } | Act::Notify { .. } => String::new(),
            },
            Self::Clock { clock, entry, .. } => format!("{clock} is {}: {}", entry.time, entry.why),
            Self::Scoped { act: Act::Scope { selectors, widening, .. }, reached, .. } => {
                let why = if widening.is_empty() { String::new() } else { format!(", because {widening}") };
                format!("asked for {}{why}: {} engagements reached", selectors.join(", "), reached.len())
            }
            Self::Contained { pauses, .. } => format!("{} engagements paused", pauses.len()),
            Self::Measure { act, what, .. } => format!("{act}: {what}"),
            Self::Told { act: Act::Notify { duty, receipt, .. }, recipient, .. } => {
                format!("{recipient} was told ({duty}); {receipt}")
            }
            Self::Decided { why, .. } => why.clone(),
            Self::Reported { no, kind, .. } => format!("report {no}, {kind}"),
            Self::PeopleOpened { people, .. } => format!("list of {people} people opened"),
            Self::Scoped { .. } | Self::Told { .. } => String::new(),
        }
    }
}
