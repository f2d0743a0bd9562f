//! Pause and resume.
//!
//! Nothing can block a pause: no policy, course, budget, queue or dead component is asked. It stops this node in memory,
//! resets what is on the wire, and is held in two registers: the fence file, and the catalog. The first that holds it makes it
//! durable; the catalog's row and the ledger's entry follow, together.
//!
//! Resuming is deliberate: it is judged by policy, and takes the approval of a second person.

use std::collections::HashMap;
use std::sync::Arc;

use base::id::{AlarmId, EngagementId, PartnerId, RequestId};
use base::word::{PrincipalKind, Role, State, Verb};
use base::{Millis, Timestamp};
use catalog::model::Change;
use ledger::LedgerError;
use serde::{Deserialize, Serialize};

use crate::approvals::ApprovedAct;
use crate::custody::{Custody, Matter};
use crate::directory::Engagement;
use crate::entries::{Turned, kind};
use crate::error::{Clash, CustodyError, Thing};
use crate::identity::Caller;
use crate::intake::joined;

/// What a pause did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Paused {
    /// The engagement.
    pub engagement: EngagementId,
    /// When it was asked.
    pub asked: Timestamp,
    /// When this node had sent its last byte.
    pub stopped: Timestamp,
    /// The epoch that began.
    pub epoch: u64,
    /// How many streams were cut in the middle.
    pub streams_cut: u64,
    /// How many sessions ended.
    pub sessions_ended: u64,
    /// How long it took, from the request to its being held durably.
    pub took: Millis,
    /// Whether it was paused already.
    pub already: bool,
}

/// What a resume did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Resumed {
    /// The engagement.
    pub engagement: EngagementId,
    /// The epoch that began.
    pub epoch: u64,
    /// When.
    pub at: Timestamp,
}

impl Custody {
    /// Pauses an engagement. When this returns, this node sends no further byte of it.
    ///
    /// # Errors
    /// `Hidden` for those who have no business with it, and when there is none; `Part` when neither register could hold it: this node has
    /// stopped all the same.
    pub async fn pause(
        self: &Arc<Self>,
        caller: Arc<Caller>,
        request: RequestId,
        engagement: &str,
    ) -> Result<Paused, CustodyError> {
        // One answer for what is not there and what is not the caller's.
        let engagement = self.directory.engagement_named(engagement);
        let engagement = engagement.filter(|of| may_pause(&caller, of.partner)).ok_or(CustodyError::Hidden)?;
        self.stop(caller, request, engagement, None).await
    }

    /// Pauses an engagement for somebody who may, or for an alarm.
    pub(crate) async fn stop(
        self: &Arc<Self>,
        caller: Arc<Caller>,
        request: RequestId,
        engagement: Arc<Engagement>,
        alarm: Option<AlarmId>,
    ) -> Result<Paused, CustodyError> {
        let asked = self.clock.now();
        let began = self.clock.tick();
        if engagement.state() == State::Closed {
            return Err(CustodyError::Conflict(Clash::Already));
        }
        let id = engagement.id;
        engagement.note_pause();
        let already = engagement.state() == State::Paused;
        // From here on no receipt is minted, no segment is opened, and every session of the engagement is void.
        if !already {
            engagement.turn(State::Paused);
        }
        let mut streams_cut = self.wire.cut(id);
        let stopped = self.clock.now();

        let (custody, holding) = (Arc::clone(self), Arc::clone(&engagement));
        // DURABLE: the fence file holds the pause. At start, a pause in either register stands.
        let held = tokio::task::spawn_blocking(move || custody.hold_pause(&holding)).await.map_err(joined)?;
        streams_cut = streams_cut.saturating_add(held.streams_cut);
        let (epoch, sessions_ended) = (held.epoch, held.sessions_ended);
        let turned = Turned {
            engagement: id,
            epoch,
            sessions_ended,
            streams_cut,
            approvers: Vec::new(),
            approval: None,
            recovered: false,
            alarm,
        };
        let recording = {
            let custody = Arc::clone(self);
            async move { custody.record_pause(&caller, request, &turned).await }
        };
        if let Err(error) = held.written {
            tracing::error!(error = base::error::chain(&error), "the fence file did not take the pause");
            // The other register must hold it then, before anybody is told that it is held.
            recording.await?;
        } else {
            // It is held. The entry follows; a ledger that does not answer must not delay the answer.
            tokio::spawn(async move {
                if let Err(error) = recording.await {
                    tracing::error!(error = base::error::chain(&error), "the pause is held but not entered yet");
                }
            });
        }
        let took = Millis(self.clock.tick().micros_since(began).div_ceil(1000));
        Ok(Paused { engagement: id, asked, stopped, epoch, streams_cut, sessions_ended, took, already })
    }

    /// Turns the engagement once more, which voids approvals of an earlier pause and undoes a resume that slipped in between,
    /// ends its sessions, and writes the pause to the fence file.
    fn hold_pause(&self, engagement: &Engagement) -> Held {
        let _held = engagement.register();
        let epoch = engagement.turn(State::Paused);
        let streams_cut = self.wire.cut(engagement.id);
        let sessions_ended =
            self.directory.end_sessions(self.clock.now(), |row| row.engagement == engagement.id) as u64;
        let written = self.fences.write(engagement.id, State::Paused, epoch).map_err(CustodyError::from);
        Held { epoch, streams_cut, sessions_ended, written }
    }

    /// Writes the resume to the fence file and opens the engagement, unless a pause was asked for since `pauses`.
    fn hold_resume(&self, engagement: &Engagement, pauses: u64, epoch: u64) -> Result<bool, CustodyError> {
        let _held = engagement.register();
        if engagement.pauses() != pauses {
            return Ok(false);
        }
        self.fences.write(engagement.id, State::Active, epoch)?;
        engagement.turn(State::Active);
        Ok(true)
    }

    /// Enters a pause with its row. A later pause may have been entered before: then its row stands, and this one is entered
    /// without.
    async fn record_pause(&self, caller: &Caller, request: RequestId, turned: &Turned) -> Result<(), CustodyError> {
        let (engagement, epoch) = (turned.engagement, turned.epoch);
        let draft = || self.draft(caller, request, engagement.into(), kind::PAUSE, turned);
        let end = || Change::EndSessions { engagement, at: self.clock.now() };
        let turn = Change::EngagementState { engagement, state: State::Paused, epoch };
        match self.queue.record(vec![turn, end()], vec![draft()?]).await {
            Err(LedgerError::Rejected(_)) => self.queue.record(vec![end()], vec![draft()?]).await?,
            recorded => recorded?,
        };
        Ok(())
    }

    /// Resumes an engagement, on the approval of a second person.
    ///
    /// Without one, the request for approval is recorded and named in the refusal.
    ///
    /// # Errors
    /// `NeedsApproval`; `Denied`; `Conflict` if it is not paused.
    pub async fn resume(
        self: &Arc<Self>,
        caller: &Caller,
        request: RequestId,
        engagement: &str,
    ) -> Result<Resumed, CustodyError> {
        let engagement = self.visible(caller, engagement)?;
        let _turn = self.desk.lock().await;
        let pauses = engagement.pauses();
        if engagement.state() != State::Paused {
            return Err(CustodyError::Conflict(Clash::Already));
        }
        let digest = resume_digest(&engagement);
        let resuming = |approvers| Matter { approvers, ..Matter::names(request, Verb::Resume, &engagement, None) };
        let approved = self.with_approval(caller, request, &engagement, Verb::Resume, digest, resuming).await?;
        let ApprovedAct { permit, approvers, approval } = approved;
        let epoch = engagement.fence.epoch().saturating_add(1);
        let turned = Turned {
            engagement: engagement.id,
            epoch,
            sessions_ended: 0,
            streams_cut: 0,
            approvers,
            approval,
            recovered: false,
            alarm: None,
        };
        let draft = self.draft(caller, request, engagement.id.into(), kind::RESUME, turned)?;
        let at = self.clock.now();
        let mut changes = vec![Change::EngagementState { engagement: engagement.id, state: State::Active, epoch }];
        changes.extend(approval.map(|approval| Change::UseApproval { approval, at }));
        // Scans that were put off do not wait longer.
        changes.push(Change::ReleaseJobs(at));
        // The entry and the row first, the fence file last: a crash between leaves it paused.
        self.act(caller, permit, changes, draft).await?;
        let (custody, opening) = (Arc::clone(self), Arc::clone(&engagement));
        let opened = tokio::task::spawn_blocking(move || custody.hold_resume(&opening, pauses, epoch)).await;
        if opened.map_err(joined)?? {
            self.scan_soon();
            return Ok(Resumed { engagement: engagement.id, epoch, at });
        }
        // A pause was asked for meanwhile: it wins, and the catalog, which took the resume already, hears of it.
        self.pause_again(caller, request, &engagement, epoch).await?;
        Err(CustodyError::Paused)
    }

    async fn pause_again(
        &self,
        caller: &Caller,
        request: RequestId,
        engagement: &Engagement,
        resumed: u64,
    ) -> Result<(), CustodyError> {
        while engagement.fence.epoch() < resumed {
            engagement.turn(State::Paused);
        }
        let held = self.hold_pause(engagement);
        let turned = Turned {
            engagement: engagement.id,
            epoch: held.epoch,
            sessions_ended: held.sessions_ended,
            streams_cut: held.streams_cut,
            approvers: Vec::new(),
            approval: None,
            recovered: true,
            alarm: None,
        };
        self.record_pause(caller, request, &turned).await?;
        held.written
    }

    /// The engagement of a name, for a person who may know of it: the operator's people, and its own partner's.
    pub(crate) fn visible(&self, caller: &Caller, name: &str) -> Result<Arc<Engagement>, CustodyError> {
        self.directory
            .engagement_named(name)
            .filter(|engagement| caller.who().partner.is_none_or(|partner| partner == engagement.partner))
            .ok_or_else(|| CustodyError::missing(Thing::Engagement, name))
    }

    /// At start: a pause that stands in either register stands. What only the fence file knows is entered now.
    pub(crate) async fn reconcile_pauses(&self) -> Result<(), CustodyError> {
        let slots: HashMap<EngagementId, (State, u64)> =
            self.fences.read_all()?.into_iter().map(|(id, state, epoch)| (id, (state, epoch))).collect();
        for engagement in self.directory.engagements() {
            let id = engagement.id;
            // An engagement has its slot before it has its row: one without a slot has lost it, and counts as paused.
            let (held, held_epoch) = slots.get(&id).copied().unwrap_or((State::Paused, 0));
            if held != State::Paused || engagement.state() != State::Active {
                continue;
            }
            let epoch = held_epoch.max(engagement.fence.epoch().saturating_add(1));
            while engagement.fence.epoch() < epoch {
                engagement.turn(State::Paused);
            }
            self.directory.end_sessions(self.clock.now(), |row| row.engagement == id);
            let turned = Turned {
                engagement: id,
                epoch,
                sessions_ended: 0,
                streams_cut: 0,
                approvers: Vec::new(),
                approval: None,
                recovered: true,
                alarm: None,
            };
            let caller = Caller::scanner(self.scanner);
            let draft = self.draft(&caller, self.request(), id.into(), kind::PAUSE, turned)?;
            let changes = vec![
                Change::EngagementState { engagement: id, state: State::Paused, epoch },
                Change::EndSessions { engagement: id, at: self.clock.now() },
            ];
            self.queue.record(changes, vec![draft]).await?;
        }
        Ok(())
    }
}

/// What holding a pause came to.
struct Held {
    epoch: u64,
    streams_cut: u64,
    sessions_ended: u64,
    written: Result<(), CustodyError>,
}

/// Who may pause: the operator's administrators and security, and the engagement's own partner's security. This is all that is
/// asked; it is asked of nobody but the caller's own roles.
fn may_pause(caller: &Caller, partner: PartnerId) -> bool {
    let who = caller.who();
    who.kind == PrincipalKind::Person
        && match who.partner {
            None => who.roles.iter().any(|role| matches!(role, Role::Administrator | Role::Security)),
            Some(theirs) => theirs == partner && who.roles.contains(&Role::PartnerSecurity),
        }
}

/// What an approval of a resume is bound to: this engagement, this pause.
fn resume_digest(engagement: &Engagement) -> [u8; 32] {
    let epoch = engagement.fence.epoch().to_be_bytes();
    attest::sha256(&[b"cofferdam/resume/v1", engagement.id.as_bytes(), &epoch])
}
