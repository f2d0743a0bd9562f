//! Acts on incidents that only people can know of: each by name, with its reason, judged by policy, and on record before it is
//! answered.

use std::collections::BTreeSet;

use base::Timestamp;
use base::id::{EngagementId, IncidentId, PrincipalId, RequestId};
use base::word::{PrincipalKind, State, Verb};
use incident::IncidentError;
use incident::clock::ClockEntry;
use incident::stage::{Act, Lesson};
use incident::word::{Category, ClockName};
use serde::{Deserialize, Serialize};

use super::chain::Part;
use super::line::{Done, Fact, Line, Story};
use super::view::Shown;
use crate::custody::{Custody, Matter};
use crate::error::{CustodyError, Thing};
use crate::identity::Caller;

/// The longest text of an act, in bytes: a letter to people fits, a mailbox does not.
const LONGEST_TEXT_BYTES: usize = 64 * 1024;

/// A new incident.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// What it is called.
    pub title: String,
    /// What was noticed.
    pub signal: String,
    /// Who or what noticed it: a person, a partner, an alarm.
    pub raised_by: String,
    /// When the signal was received; without, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<Timestamp>,
}

/// Something a person does about an incident.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum NewAct {
    /// Somebody takes it.
    Triage {
        /// Who owns it now, by name.
        owner: String,
        /// What is thought, and what would show that it is nothing.
        reasoning: String,
    },
    /// It is none.
    Dismiss {
        /// What shows that.
        reasoning: String,
    },
    /// It is one.
    Declare {
        /// Which of the criteria that were written beforehand are met.
        criteria: Vec<String>,
        /// Of what kind.
        category: Category,
        /// Who leads, by name.
        lead: String,
    },
    /// A clock is set.
    Clock {
        /// Which.
        clock: ClockName,
        /// To when.
        at: Timestamp,
        /// Why.
        why: String,
        /// Whether it is meant to stand beside an earlier entry.
        #[serde(default)]
        again: bool,
    },
    /// Something else was done.
    Measure {
        /// When; without, now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Timestamp>,
        /// In a word: `rotate`, `revoke`, `quarantine`.
        kind: String,
        /// In a sentence.
        what: String,
        /// In which engagement, by name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        engagement: Option<String>,
    },
    /// The cause is removed.
    Eradicate {
        /// What was rotated, rebuilt, recalled.
        done: Vec<String>,
    },
    /// Work resumes in what `cofferdam resume` opened.
    Recover {
        /// Under which conditions.
        conditions: String,
    },
    /// Somebody was told.
    Notify {
        /// The deadline's key: `gdpr-33/authority`.
        duty: String,
        /// Whom, in words.
        recipient: String,
        /// The text as it was sent.
        text: String,
        /// When; without, now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sent: Option<Timestamp>,
        /// What shows that it arrived.
        receipt: String,
        /// Which report it rests on.
        report: u32,
        /// In whose engagement, by name, where a partner was told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        engagement: Option<String>,
        /// Why it was late, if it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason_late: Option<String>,
    },
    /// A fact is decided.
    Decide {
        /// Which.
        fact: Fact,
        /// Why.
        why: String,
    },
    /// It is over.
    Close {
        /// What was learnt.
        lessons: Vec<Lesson>,
    },
}

impl Custody {
    /// Opens an incident on a signal.
    ///
    /// # Errors
    /// `Denied`; `Invalid` for a signal without a text, or one received in the future.
    pub async fn open_incident(
        &self,
        caller: &Caller,
        request: RequestId,
        new: &Opening,
    ) -> Result<Shown, CustodyError> {
        self.may_respond(caller, request).await?;
        let now = self.clock.now();
        let received = new.received.unwrap_or(now);
        for (what, text) in [("a title", &new.title), ("the signal", &new.signal), ("who raised it", &new.raised_by)] {
            written(what, text)?;
        }
        let done = Done::Opened {
            title: new.title.trim().to_owned(),
            signal: new.signal.trim().to_owned(),
            raised_by: new.raised_by.trim().to_owned(),
            received,
        };
        let _turn = self.desk.lock().await;
        let id = IncidentId::fresh(self.entropy.as_ref());
        let mut story = Story::begin(id);
        self.add_line(caller, request, &mut story, [0; 32], done, Vec::new()).await?;
        self.incident_shown(&story)
    }

    /// Does something about an incident.
    ///
    /// # Errors
    /// `Denied`; `Missing`; `Conflict` when it may not follow; `Invalid` when it lacks what it must record.
    pub async fn act_on_incident(
        &self,
        caller: &Caller,
        request: RequestId,
        incident: IncidentId,
        act: NewAct,
    ) -> Result<Shown, CustodyError> {
        self.may_respond(caller, request).await?;
        let _turn = self.desk.lock().await;
        let (mut story, last) = self.story(incident)?;
        let (done, concerned) = self.read_act(caller, &story, act)?;
        let word = done.word();
        let parts = concerned
            .into_iter()
            .map(|(engagement, part)| self.incident_part(caller, request, (incident, word), engagement, &part))
            .collect::<Result<Vec<_>, _>>()?;
        self.add_line(caller, request, &mut story, last, done, parts).await?;
        self.incident_shown(&story)
    }

    /// Judges whether the caller may work on incidents.
    pub(crate) async fn may_respond(&self, caller: &Caller, request: RequestId) -> Result<(), CustodyError> {
        let matter = Matter::names(request, Verb::Respond, &self.deployment, None);
        let _permit = self.judge(caller, matter).await?;
        Ok(())
    }

    /// Adds a line to a story and makes it durable, with its entry and those of the engagements that it concerns.
    ///
    /// To be called at the desk: the next line's place must not be taken meanwhile.
    pub(crate) async fn add_line(
        &self,
        caller: &Caller,
        request: RequestId,
        story: &mut Story,
        last: [u8; 32],
        done: Done,
        parts: Vec<ledger::Draft>,
    ) -> Result<u64, CustodyError> {
        self.add_line_with(caller, request, story, last, done, (parts, Vec::new())).await
    }

    /// The same, with rows that become durable with it.
    pub(crate) async fn add_line_with(
        &self,
        caller: &Caller,
        request: RequestId,
        story: &mut Story,
        last: [u8; 32],
        done: Done,
        (parts, changes): (Vec<ledger::Draft>, Vec<catalog::model::Change>),
    ) -> Result<u64, CustodyError> {
        let by = caller.who().principal;
        let line = Line { seq: story.lines.len() as u64, at: self.clock.now(), by, request, done };
        let open = match &line.done {
            Done::Moved { act: Act::Close { .. } } => self.open_duties(story)?,
            _ => Vec::new(),
        };
        let word = line.done.word();
        let row = self.seal_line(story.id, &line, &last)?;
        story.go_on(line, &open, &self.name_of(by))?;
        let mut drafts = vec![self.incident_entry(caller, request, word, &row)?];
        drafts.extend(parts);
        self.write_line(row, changes, drafts).await
    }

    /// An act in the terms of the record, and which engagements it concerns.
    fn read_act(
        &self,
        caller: &Caller,
        story: &Story,
        act: NewAct,
    ) -> Result<(Done, Vec<(EngagementId, Part)>), CustodyError> {
        let now = self.clock.now();
        let moved = |act: Act| Ok((Done::Moved { act }, Vec::new()));
        match act {
            NewAct::Triage { owner, reasoning } => {
                written("the reasoning", &reasoning)?;
                moved(Act::Triage { owner: self.person_named(&owner)?, reasoning })
            }
            NewAct::Dismiss { reasoning } => moved(Act::Dismiss { reasoning }),
            NewAct::Declare { criteria, category, lead } => {
                moved(Act::Declare { criteria, category, lead: self.person_named(&lead)? })
            }
            NewAct::Clock { clock, at, why, again } => {
                let set_by = self.name_of(caller.who().principal);
                let entry = ClockEntry { time: at, set_by, why, set_at: now, index: None };
                Ok((Done::Clock { clock, entry, again }, Vec::new()))
            }
            NewAct::Measure { at, kind, what, engagement } => {
                written("what was done", &what)?;
                base::word::check_name(&kind).map_err(|error| CustodyError::invalid(format!("`{kind}` is {error}")))?;
                let at = not_after(at.unwrap_or(now), now)?;
                let engagement = engagement.map(|name| self.engagement_named(&name)).transpose()?.map(|of| of.id);
                let concerned = engagement.map(|id| (id, Part::default())).into_iter().collect();
                Ok((Done::Measure { at, act: kind, what, engagement }, concerned))
            }
            NewAct::Eradicate { done } => moved(Act::Eradicate { done }),
            NewAct::Recover { conditions } => moved(self.recovered(story, conditions)?),
            NewAct::Notify { duty, recipient, text, sent, receipt, report, engagement, reason_late } => {
                for (what, text) in [("the recipient", &recipient), ("the text that was sent", &text)] {
                    written(what, text)?;
                }
                if !story.reports.iter().any(|made| made.no == report) {
                    return Err(CustodyError::missing(Thing::Report, report));
                }
                self.is_duty(story, &duty)?;
                let engagement = engagement.map(|name| self.engagement_named(&name)).transpose()?.map(|of| of.id);
                let text_digest = data_encoding::HEXLOWER.encode(&attest::sha256(&[text.as_bytes()]));
                let part = Part { digest: Some(text_digest.clone()), report: Some(report), ..Part::default() };
                let sent = not_after(sent.unwrap_or(now), now)?;
                let act = Act::Notify { duty, text_digest, sent, receipt, report_no: report };
                let concerned = engagement.map(|id| (id, part)).into_iter().collect();
                Ok((Done::Told { act, recipient, text, engagement, reason_late }, concerned))
            }
            NewAct::Decide { fact, why } => {
                written("a reason", &why)?;
                if let Fact::WordsForPartner { engagement, .. } = &fact
                    && self.directory.engagement(*engagement).is_none()
                {
                    return Err(CustodyError::missing(Thing::Engagement, engagement));
                }
                if let Fact::Waive { duty } | Fact::Owner { duty, .. } = &fact {
                    self.is_duty(story, duty)?;
                }
                Ok((Done::Decided { decision: fact, why }, Vec::new()))
            }
            NewAct::Close { lessons } => moved(Act::Close { lessons }),
        }
    }

    /// What resumed of the engagements that the incident paused, and who approved, as their chains say.
    fn recovered(&self, story: &Story, conditions: String) -> Result<Act, CustodyError> {
        let (mut approvers, mut stays_paused) = (BTreeSet::new(), Vec::new());
        for pause in story.pauses.values() {
            let Some(engagement) = self.directory.engagement(pause.engagement) else { continue };
            if engagement.state() == State::Active {
                let resumed = self.resumed(pause.engagement, pause.epoch)?;
                approvers.extend(resumed.into_iter().flat_map(|(_, people)| people).map(|id| self.name_of(id)));
            } else {
                stays_paused.push(engagement.name.clone());
            }
        }
        if approvers.is_empty() {
            return Err(CustodyError::Incident(IncidentError::Act {
                act: "resume work",
                stage: story.progress.stage(),
                problem: "no engagement that the incident paused was resumed".to_owned(),
                remedy: "resume what may work again with `cofferdam resume`, which takes two people",
            }));
        }
        Ok(Act::Recover { approvers: approvers.into_iter().collect(), conditions, stays_paused })
    }

    /// A duty that is misspelt would stay open unseen.
    fn is_duty(&self, story: &Story, duty: &str) -> Result<(), CustodyError> {
        if self.duties(story)?.iter().any(|known| known.key() == duty) {
            return Ok(());
        }
        Err(CustodyError::invalid(format!(
            "the last report knows no duty `{duty}`\nsee what is owed with `cofferdam incident show {}`",
            story.id
        )))
    }

    /// A principal's name, or its id where it has none any more.
    pub(crate) fn name_of(&self, principal: PrincipalId) -> String {
        self.directory.principal(principal).map_or_else(|| principal.to_string(), |found| found.name.clone())
    }

    /// Owners and leads are people of the operator, by name.
    fn person_named(&self, name: &str) -> Result<String, CustodyError> {
        let principal = self.principal_named(name)?;
        if principal.row.kind != PrincipalKind::Person || principal.row.partner.is_some() {
            return Err(CustodyError::invalid(format!(
                "`{name}` is not a person of the operator\nname one who can be asked"
            )));
        }
        Ok(principal.name.clone())
    }
}

fn written(what: &str, text: &str) -> Result<(), CustodyError> {
    if text.trim().is_empty() || text.len() > LONGEST_TEXT_BYTES {
        return Err(CustodyError::invalid(format!(
            "{what} is missing, or longer than {LONGEST_TEXT_BYTES} bytes\nwrite it in a sentence"
        )));
    }
    Ok(())
}

fn not_after(at: Timestamp, now: Timestamp) -> Result<Timestamp, CustodyError> {
    if at > now {
        return Err(CustodyError::invalid(format!("{at} lies in the future\nrecord it once it has happened, in UTC")));
    }
    Ok(at)
}
