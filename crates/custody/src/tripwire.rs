//! The wire that decoys hang on.
//!
//! Touching a decoy stops this node at once, in memory, before the touch is answered: every engagement that the decoy's holder may
//! have reached. The ledger's entry, the alarm and the durable pause follow on a task of their own, on which no answer waits: what
//! the holder of a decoy is told comes no later and no sooner than for any credential that is refused.
//!
//! A decoy raises one alarm. Its thief tries again, and is counted: two people's resume must not be undone by a retry.
//!
//! # Threats
//! A thief who wants to know which credentials are decoys: answers are those of sessions that are over, by the same code. Whoever
//! read an access key in the evidence and wants to pause others' work with it: only a signature under the secret trips. A stranger
//! who repeats an old request of a thief trips as the thief did, once.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use attest::private::PrivateField;
use base::Timestamp;
use base::id::{AlarmId, ChainId, DatasetId, DecoyId, EngagementId, SessionId};
use base::word::{AlarmKind, Severity, State};
use catalog::model::Change;
use ledger::Draft;
use tokio::sync::Notify;

use crate::alarms::{Details, Raising};
use crate::custody::Custody;
use crate::decoys::Decoy;
use crate::directory::{Directory, Engagement};
use crate::entries::{self, Alarmed, DecoyTripped, kind};
use crate::error::CustodyError;
use crate::identity::Caller;

/// How long to wait before a trip that the ledger did not take is entered again. The engagements are stopped meanwhile.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How many rehearsals may wait for their request at a time. One a decoy is enough; what is older is forgotten.
const REHEARSALS: usize = 256;

/// A decoy that was touched.
pub(crate) struct Trip {
    pub(crate) decoy: Arc<Decoy>,
    /// The session whose secret was used, or that read what nobody should.
    pub(crate) session: Option<SessionId>,
    /// The dataset of an object that nobody should read.
    pub(crate) dataset: Option<DatasetId>,
    /// The engagement whose bait it was.
    pub(crate) home: EngagementId,
    /// From where.
    pub(crate) address: IpAddr,
    pub(crate) at: Timestamp,
    /// The alarm that a rehearsal was told to expect.
    pub(crate) rehearsal: Option<AlarmId>,
}

/// Trips that wait to be entered, and what is expected.
#[derive(Default)]
pub(crate) struct Tripwire {
    sprung: Mutex<VecDeque<Trip>>,
    some: Notify,
    again: Mutex<HashMap<DecoyId, u64>>,
    rehearsals: Mutex<VecDeque<([u8; 32], AlarmId)>>,
}

impl Tripwire {
    /// Stops what the decoy's holder may have reached, and leaves the rest to [`Custody::guard_forever`].
    ///
    /// INVARIANT: each decoy is spent once, so what waits here is bounded by the decoys and rehearsals there are.
    pub(crate) fn spring(&self, directory: &Directory, trip: Trip) {
        if trip.rehearsal.is_none() {
            if !trip.decoy.spend() {
                let mut again = self.again.lock().unwrap_or_else(PoisonError::into_inner);
                let count = again.entry(trip.decoy.id).or_default();
                *count = count.saturating_add(1);
                return;
            }
            for engagement in reached(directory, &trip.decoy) {
                engagement.note_pause();
                if engagement.state() == State::Active {
                    engagement.turn(State::Paused);
                }
            }
        }
        self.sprung.lock().unwrap_or_else(PoisonError::into_inner).push_back(trip);
        self.some.notify_one();
    }

    /// Expects one request that a rehearsal will send, known by the digest of what it signs.
    pub(crate) fn expect(&self, signed: [u8; 32], alarm: AlarmId) {
        let mut rehearsals = self.rehearsals.lock().unwrap_or_else(PoisonError::into_inner);
        if rehearsals.len() >= REHEARSALS {
            rehearsals.pop_front();
        }
        rehearsals.push_back((signed, alarm));
    }

    /// The alarm of the rehearsal that a request belongs to. A rehearsal's request is good once.
    pub(crate) fn rehearsal(&self, string_to_sign: &str) -> Option<AlarmId> {
        let mut rehearsals = self.rehearsals.lock().unwrap_or_else(PoisonError::into_inner);
        if rehearsals.is_empty() {
            return None;
        }
        let signed = attest::sha256(&[string_to_sign.as_bytes()]);
        let place = rehearsals.iter().position(|(expected, _)| *expected == signed)?;
        rehearsals.remove(place).map(|(_, alarm)| alarm)
    }

    fn take(&self) -> VecDeque<Trip> {
        std::mem::take(&mut *self.sprung.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn take_again(&self) -> HashMap<DecoyId, u64> {
        std::mem::take(&mut *self.again.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The engagements within reach of a decoy's holder that are not closed.
fn reached(directory: &Directory, decoy: &Decoy) -> Vec<Arc<Engagement>> {
    let reach = decoy.reach().into_iter().filter_map(|id| directory.engagement(id));
    reach.filter(|engagement| engagement.state() != State::Closed).collect()
}

impl Custody {
    /// Trips the decoy under a key, if there is one: the engagement is paused before the read is judged, and the judgement refuses
    /// it as it refuses everything from then on.
    pub(crate) fn touch_object(&self, caller: &Caller, dataset: DatasetId, key: &[u8]) {
        let Some(decoy) = self.identity.decoys().object(dataset, key) else { return };
        let Some(home) = decoy.reach().first().copied() else { return };
        let trip = Trip {
            decoy,
            session: caller.who().session,
            dataset: Some(dataset),
            home,
            address: caller.who().address,
            at: self.clock.now(),
            rehearsal: None,
        };
        self.tripwire.spring(&self.directory, trip);
    }

    /// Enters trips and holds their pauses; runs until the program stops.
    pub async fn guard_forever(self: Arc<Self>) {
        loop {
            self.tripwire.some.notified().await;
            for trip in self.tripwire.take() {
                let custody = Arc::clone(&self);
                // A decoy does not wait for the disk's work on another one.
                tokio::spawn(async move { custody.answer_trip(trip).await });
            }
        }
    }

    /// Enters a trip until the ledger has it, and pauses durably beside.
    async fn answer_trip(self: Arc<Self>, trip: Trip) {
        let fresh = || AlarmId::fresh(self.entropy.as_ref());
        let alarm = trip.rehearsal.unwrap_or_else(fresh);
        let began = self.clock.tick();
        let pauses = async {
            if trip.rehearsal.is_some() {
                return;
            }
            let mut pausing = tokio::task::JoinSet::new();
            for engagement in reached(&self.directory, &trip.decoy) {
                let (custody, caller) = (Arc::clone(&self), Arc::new(Caller::tripwire(self.scanner)));
                pausing.spawn(async move {
                    let paused = custody.stop(caller, custody.request(), engagement, Some(alarm)).await;
                    if let Err(error) = paused {
                        tracing::error!(error = base::error::chain(&error), "a decoy's pause stands in memory alone");
                    }
                });
            }
            while pausing.join_next().await.is_some() {}
            let took_millis = self.clock.tick().micros_since(began).div_ceil(1000);
            tracing::warn!(decoy = %trip.decoy.id, %alarm, took_millis, "a decoy was used: its engagements are paused");
        };
        let entering = async {
            while let Err(error) = self.enter_trip(&trip, alarm).await {
                tracing::error!(
                    error = base::error::chain(&error),
                    "a decoy was used, and the ledger does not take it"
                );
                tokio::time::sleep(AGAIN_AFTER).await;
            }
            self.outbox.ring();
        };
        // The pause is started first, and neither waits for the other.
        tokio::join!(pauses, entering);
    }

    /// Records that a decoy was tripped, with its alarm.
    async fn enter_trip(&self, trip: &Trip, alarm: AlarmId) -> Result<(), CustodyError> {
        let (entropy, now) = (self.entropy.as_ref(), self.clock.now());
        let reach: Vec<EngagementId> = reached(&self.directory, &trip.decoy).iter().map(|of| of.id).collect();
        let rehearsal = trip.rehearsal.is_some();
        let entry = |chain: ChainId, decoy: Option<DecoyId>, paused: Vec<EngagementId>| {
            let address = PrivateField { salt: entropy.bytes(), value: trip.address.to_string() };
            let fields = DecoyTripped {
                decoy,
                alarm,
                session: trip.session,
                dataset: trip.dataset,
                address: address.commitment(),
                paused: if rehearsal { Vec::new() } else { paused },
                rehearsal,
            };
            Draft::new(chain, kind::DECOY_TRIPPED, now, &fields, entropy)
                .map(|draft| draft.with(ledger::ADDRESS, address))
        };
        let mut drafts = vec![entry(ChainId::SYSTEM, Some(trip.decoy.id), reach.clone())?];
        let mut changes = vec![self.raising(&self.trip_alarm(trip, alarm, reach.clone()))?];
        if !rehearsal {
            // Which credential it was may be known now: whoever holds it has been told by the pause.
            drafts.push(entry(trip.home.into(), None, reach.into_iter().filter(|id| *id == trip.home).collect())?);
            changes.push(Change::TripDecoy { decoy: trip.decoy.id, at: trip.at });
        }
        self.queue.record(changes, drafts).await?;
        Ok(())
    }

    fn trip_alarm<'t>(&self, trip: &'t Trip, id: AlarmId, engagements: Vec<EngagementId>) -> Raising<'t> {
        let rehearsal = trip.rehearsal.is_some();
        let what = if trip.dataset.is_some() {
            "an object that nobody should read was asked for"
        } else {
            "a decoy credential was used"
        };
        let summary = if rehearsal {
            format!("rehearsal: {what}; nothing was paused")
        } else {
            format!("{what}: {} paused", counted(engagements.len(), "engagement"))
        };
        let mut details = Details { summary, engagements, rehearsal, ..Details::default() };
        details.ids.insert("decoy".to_owned(), trip.decoy.id.to_string());
        details.ids.extend(trip.session.map(|session| ("session".to_owned(), session.to_string())));
        details.ids.extend(trip.dataset.map(|dataset| ("dataset".to_owned(), dataset.to_string())));
        // A decoy raises one alarm; every rehearsal one of its own.
        let about = trip.rehearsal.as_ref().map_or(trip.decoy.id.as_bytes(), AlarmId::as_bytes);
        Raising {
            id,
            kind: AlarmKind::Decoy,
            severity: if rehearsal { Severity::Low } else { Severity::Critical },
            about,
            count: 1,
            details,
        }
    }

    /// Counts what was tried with decoys after their alarm. Called with the noise of strangers, a minute at a time.
    pub(crate) fn tried_again(&self) -> Result<(Vec<Change>, Vec<Draft>), CustodyError> {
        let (mut changes, mut drafts) = (Vec::new(), Vec::new());
        for (decoy, count) in self.tripwire.take_again() {
            let id = AlarmId::fresh(self.entropy.as_ref());
            let mut details = Details {
                summary: "a decoy that has raised its alarm is still being used; it pauses nothing any more".to_owned(),
                ..Details::default()
            };
            details.ids.insert("decoy".to_owned(), decoy.to_string());
            let (kind, severity) = (AlarmKind::DecoyAgain, Severity::High);
            changes.push(self.raising(&Raising { id, kind, severity, about: decoy.as_bytes(), count, details })?);
            let fields = Alarmed { alarm: id, alarm_kind: kind, severity, count };
            let now = self.clock.now();
            drafts.push(Draft::new(ChainId::SYSTEM, entries::kind::ALARM, now, &fields, self.entropy.as_ref())?);
        }
        Ok((changes, drafts))
    }
}

fn counted(count: usize, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {what}{s}")
}
