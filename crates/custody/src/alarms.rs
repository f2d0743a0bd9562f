//! Alarms: what somebody should look at, raised in the transaction of the entry that tells of it.
//!
//! What happens to the same thing again while nobody has acknowledged it is counted and told once. An alarm holds ids, words and
//! counts: no name of a person, no key of an object, nothing that was read. It goes to receivers outside of this deployment.

use std::collections::BTreeMap;

use base::Timestamp;
use base::id::{AlarmId, ChainId, EngagementId, RequestId};
use base::word::{AlarmKind, Severity, Verb};
use catalog::model::{AlarmRow, Change};
use ledger::Draft;
use serde::{Deserialize, Serialize};

use crate::custody::Custody;
use crate::entries::{Alarmed, kind};
use crate::error::{Clash, CustodyError, Thing};
use crate::identity::Caller;
use crate::names::short;

/// What sealed details are bound to, beside the alarm's id.
const CONTEXT: &str = "alarm";
/// What the subjects of alarms are digested as.
const SUBJECT: &str = "alarm.subject";

/// How many alarms a list shows.
const MOST_LISTED: usize = 1000;

/// An alarm to raise.
pub(crate) struct Raising<'a> {
    pub(crate) id: AlarmId,
    pub(crate) kind: AlarmKind,
    pub(crate) severity: Severity,
    /// What it is about: while an alarm of the same is open, this one is counted with it.
    pub(crate) about: &'a [u8],
    /// How often it happened.
    pub(crate) count: u64,
    pub(crate) details: Details,
}

/// What there is to tell of an alarm. Ids, words of ours and counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// One sentence.
    pub summary: String,
    /// The engagements it concerns.
    pub engagements: Vec<EngagementId>,
    /// Further ids, by what they are.
    pub ids: BTreeMap<String, String>,
    /// Whether it is a rehearsal.
    #[serde(default)]
    pub rehearsal: bool,
}

/// An alarm as people see it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Alarm {
    /// Its id, the same in every telling.
    pub id: AlarmId,
    /// What kind of thing happened.
    pub kind: AlarmKind,
    /// How soon somebody should look.
    pub severity: Severity,
    /// When it was raised.
    pub raised: Timestamp,
    /// When it last happened.
    pub latest: Timestamp,
    /// How often.
    pub count: u64,
    /// What there is to tell.
    #[serde(flatten)]
    pub details: Details,
    /// When somebody acknowledged it.
    pub acknowledged: Option<Timestamp>,
    /// Who, by name.
    pub acknowledger: Option<String>,
    /// Who was told of it.
    pub told: Vec<Told>,
}

/// What came of telling one receiver.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Told {
    /// The receiver, as it is listed.
    pub receiver: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When the receiver had it, or it was given up; nothing while it is tried.
    pub settled: Option<Timestamp>,
    /// What came of the last attempt.
    pub outcome: Option<String>,
}

impl Custody {
    /// The change that raises an alarm, for the transaction of what raised it.
    pub(crate) fn raising(&self, raising: &Raising<'_>) -> Result<Change, CustodyError> {
        let now = self.clock.now();
        let fields = &self.deployment.fields;
        let mut subject = raising.kind.word().as_bytes().to_vec();
        subject.push(0);
        subject.extend_from_slice(raising.about);
        let details = serde_json::to_vec(&raising.details)
            .map_err(|error| CustodyError::Corrupt(format!("details of an alarm: {error}")))?;
        Ok(Change::Raise(AlarmRow {
            id: raising.id,
            subject: short(&fields.index(SUBJECT, &subject)),
            kind: raising.kind,
            severity: raising.severity,
            raised: now,
            latest: now,
            count: raising.count,
            acknowledged: None,
            acknowledger: None,
            details: fields.seal(CONTEXT, raising.id.as_bytes(), &details)?,
        }))
    }

    /// Raises an alarm that no entry of another kind tells of.
    pub(crate) async fn raise(&self, raising: &Raising<'_>) -> Result<(), CustodyError> {
        let fields =
            Alarmed { alarm: raising.id, alarm_kind: raising.kind, severity: raising.severity, count: raising.count };
        let draft = Draft::new(ChainId::SYSTEM, kind::ALARM, self.clock.now(), &fields, self.entropy.as_ref())?;
        self.queue.record(vec![self.raising(raising)?], vec![draft]).await?;
        self.outbox.ring();
        Ok(())
    }

    /// Raises an alarm to see whether it arrives.
    ///
    /// # Errors
    /// `Denied`; the ledger did not record it.
    pub async fn test_alarm(&self, caller: &Caller, request: RequestId) -> Result<Alarm, CustodyError> {
        self.may_administer(caller, request, Verb::WatchAlarms).await?;
        let id = AlarmId::fresh(self.entropy.as_ref());
        let summary = "somebody tries whether alarms arrive; nothing has happened".to_owned();
        let details = Details { summary, rehearsal: true, ..Details::default() };
        let (kind, severity) = (AlarmKind::Test, Severity::Low);
        self.raise(&Raising { id, kind, severity, about: id.as_bytes(), count: 1, details }).await?;
        self.shown_alarm(id)
    }

    /// The newest alarms.
    ///
    /// # Errors
    /// `Denied`; the catalog cannot be read.
    pub async fn alarms(&self, caller: &Caller, request: RequestId) -> Result<Vec<Alarm>, CustodyError> {
        self.may_administer(caller, request, Verb::WatchAlarms).await?;
        self.catalog.alarms(MOST_LISTED)?.into_iter().map(|row| self.show_alarm(row)).collect()
    }

    /// One alarm.
    ///
    /// # Errors
    /// `Denied`; `Missing`.
    pub async fn alarm(&self, caller: &Caller, request: RequestId, id: AlarmId) -> Result<Alarm, CustodyError> {
        self.may_administer(caller, request, Verb::WatchAlarms).await?;
        self.shown_alarm(id)
    }

    /// Says that somebody has seen an alarm. What happens to the same thing from then on is a new alarm.
    ///
    /// # Errors
    /// `Denied`; `Missing`; `Conflict` if somebody has.
    pub async fn acknowledge_alarm(
        &self,
        caller: &Caller,
        request: RequestId,
        id: AlarmId,
    ) -> Result<Alarm, CustodyError> {
        self.may_administer(caller, request, Verb::WatchAlarms).await?;
        let row = self.catalog.alarm(id)?.ok_or_else(|| CustodyError::missing(Thing::Alarm, id))?;
        if row.acknowledged.is_some() {
            return Err(CustodyError::Conflict(Clash::Already));
        }
        let what = Alarmed { alarm: id, alarm_kind: row.kind, severity: row.severity, count: row.count };
        let draft = self.draft(caller, request, ChainId::SYSTEM, kind::ALARM_ACKNOWLEDGE, what)?;
        let change = Change::Acknowledge { alarm: id, by: caller.who().principal, at: self.clock.now() };
        self.commit(vec![change], draft).await?;
        self.shown_alarm(id)
    }

    pub(crate) fn shown_alarm(&self, id: AlarmId) -> Result<Alarm, CustodyError> {
        let row = self.catalog.alarm(id)?.ok_or_else(|| CustodyError::missing(Thing::Alarm, id))?;
        self.show_alarm(row)
    }

    fn show_alarm(&self, row: AlarmRow) -> Result<Alarm, CustodyError> {
        let sealed = self.deployment.fields.open(CONTEXT, row.id.as_bytes(), &row.details)?;
        let details = sealed.expose(|details| serde_json::from_slice(details));
        let details = details.map_err(|error| CustodyError::Corrupt(format!("alarm `{}`: {error}", row.id)))?;
        let told = self.catalog.told(row.id)?.into_iter();
        let told = told.map(|line| Told {
            receiver: self.outbox.receiver_name(line.receiver),
            attempts: line.attempts,
            settled: line.settled,
            outcome: line.outcome,
        });
        let acknowledger = row.acknowledger.and_then(|id| self.directory.principal(id));
        Ok(Alarm {
            id: row.id,
            kind: row.kind,
            severity: row.severity,
            raised: row.raised,
            latest: row.latest,
            count: row.count,
            details,
            acknowledged: row.acknowledged,
            acknowledger: acknowledger.map(|who| who.name.clone()),
            told: told.collect(),
        })
    }
}
