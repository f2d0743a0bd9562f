//! Planting: decoys are made, listed and given up here, by the few who may know of them.

use std::sync::Arc;

use attest::private::PrivateField;
use base::Timestamp;
use base::fence::Ticket;
use base::id::{ChainId, DecoyId, PrincipalId, RequestId, SessionId};
use base::word::{PrincipalKind, Purpose, Verb};
use catalog::model::{Change, GrantRow, SessionRow};
use ledger::Draft;
use serde::{Deserialize, Serialize};

use crate::custody::Custody;
use crate::decoys::{Bait, Body, Credential, Decoy};
use crate::directory::{Engagement, Principal};
use crate::entries::{DecoyActed, kind};
use crate::error::{CustodyError, Thing};
use crate::identity::Caller;
use crate::sessions::{Issued, LONGEST_WORKLOAD_SESSION_SECONDS, access_key, session_acted};

/// Where the commitment to what a decoy is stands in its entry.
const BAIT: &str = "bait";

/// The longest note on where a decoy was planted.
const LONGEST_NOTE_BYTES: usize = 200;

/// How many engagements one bundle may reach. A host that works for more is one nobody should have.
const MOST_ENGAGEMENTS: usize = 32;

/// Credentials to plant together on one host.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewBundle {
    /// For which engagements, by name: one credential each.
    pub engagements: Vec<String>,
    /// Where it will lie.
    pub host: String,
    /// As which workload they are issued, by name; one that works there without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
}

/// An object that nobody should read.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewBaitedObject {
    /// Its bucket.
    pub bucket: String,
    /// Its key.
    pub key: String,
    /// What it is, for those who may know.
    #[serde(default)]
    pub note: String,
}

/// A bundle, the one time its secrets are shown. No `Debug`.
#[derive(Serialize, Deserialize)]
pub struct Bundle {
    /// The decoy.
    pub id: DecoyId,
    /// Its credentials, each with the name of its engagement.
    pub credentials: Vec<(String, Issued)>,
}

/// A decoy as those see it who may.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DecoyShown {
    /// Its id.
    pub id: DecoyId,
    /// `credentials` or `object`.
    pub kind: String,
    /// Where it was planted.
    pub note: String,
    /// What is paused when it is tripped, by name.
    pub engagements: Vec<String>,
    /// Access keys, or bucket and key.
    pub bait: Vec<String>,
    /// When it was made.
    pub made: Timestamp,
    /// By whom.
    pub maker: String,
    /// Whether it has raised its alarm. Then it pauses nothing any more: plant another.
    pub spent: bool,
}

impl Custody {
    /// Makes a bundle of decoy credentials. They are issued, recorded and answered as those of sessions are, and let nobody in.
    ///
    /// # Errors
    /// `Denied`; `Missing`; `Invalid` where no workload has a live grant; `Paused`.
    pub async fn create_bundle(
        &self,
        caller: &Caller,
        request: RequestId,
        new: &NewBundle,
    ) -> Result<Bundle, CustodyError> {
        self.may_administer(caller, request, Verb::KeepDecoys).await?;
        check_note(&new.host)?;
        if new.engagements.is_empty() || new.engagements.len() > MOST_ENGAGEMENTS {
            return Err(CustodyError::invalid(format!(
                "a bundle reaches 1 to {MOST_ENGAGEMENTS} engagements\nname them with `--engagement`"
            )));
        }
        let _turn = self.desk.lock().await;
        let now = self.clock.now();
        let (mut rows, mut names, mut tickets) = (Vec::new(), Vec::new(), Vec::new());
        for name in &new.engagements {
            let engagement = self.engagement_named(name)?;
            tickets.push(engagement.fence.ticket());
            if !Self::is_open(&engagement) {
                return Err(CustodyError::Paused);
            }
            rows.push(self.bait_session(&engagement, new.principal.as_deref(), now)?);
            names.push(engagement.name.clone());
        }
        let credentials = rows.iter().map(|row| Credential {
            session: row.id,
            access_key: row.access_key.clone(),
            engagement: row.engagement,
        });
        let bait = Bait::Credentials(credentials.collect());
        let body = Body { note: new.host.clone(), maker: caller.who().principal, bait };
        let decoy = Decoy::fresh(DecoyId::fresh(self.entropy.as_ref()), now, body);
        let issued = rows.iter().map(|row| self.issued(row)).collect::<Result<Vec<_>, _>>()?;

        let mut changes: Vec<Change> = rows.iter().cloned().map(Change::Session).collect();
        let mut drafts = Vec::new();
        for row in &rows {
            // INVARIANT: an entry like that of every session, under a request of its own: nothing joins it to the decoy's.
            let acted = session_acted(row);
            drafts.push(self.draft(caller, self.request(), row.engagement.into(), kind::SESSION, acted)?);
        }
        let id = self.plant(caller, request, decoy, tickets, (&mut changes, &mut drafts)).await?;
        for row in rows {
            // The decoy is known by now: there is no instant at which its credentials let anybody in.
            self.directory.add_session(row)?;
        }
        Ok(Bundle { id, credentials: names.into_iter().zip(issued).collect() })
    }

    /// Makes a decoy of an object: whoever reads it trips the alarm. That it is listed, or asked about without its bytes, does
    /// not: file browsers and copies of folders do that to everything they see.
    ///
    /// # Errors
    /// `Denied`; `Missing`; `Conflict` if it is one already.
    pub async fn bait_object(
        &self,
        caller: &Caller,
        request: RequestId,
        new: &NewBaitedObject,
    ) -> Result<DecoyShown, CustodyError> {
        self.may_administer(caller, request, Verb::KeepDecoys).await?;
        check_note(&new.note)?;
        let _turn = self.desk.lock().await;
        let missing = || CustodyError::missing(Thing::Object, &new.key);
        let dataset = self.directory.bucket(&new.bucket);
        let dataset = dataset.ok_or_else(|| CustodyError::missing(Thing::Dataset, &new.bucket))?;
        let key = new.key.as_bytes();
        self.catalog.current(dataset.id, key)?.ok_or_else(missing)?;
        if self.identity.decoys().object(dataset.id, key).is_some() {
            return Err(CustodyError::Conflict(crate::error::Clash::Already));
        }
        let bait = Bait::Object { engagement: dataset.engagement, dataset: dataset.id, key: key.to_vec() };
        let body = Body { note: new.note.clone(), maker: caller.who().principal, bait };
        let decoy = Decoy::fresh(DecoyId::fresh(self.entropy.as_ref()), self.clock.now(), body);
        let id = self.plant(caller, request, decoy, Vec::new(), (&mut Vec::new(), &mut Vec::new())).await?;
        let planted = self.identity.decoys().get(id).ok_or_else(missing)?;
        Ok(self.show_decoy(&planted))
    }

    /// Records a decoy with what it needs, and watches it from then on.
    async fn plant(
        &self,
        caller: &Caller,
        request: RequestId,
        decoy: Decoy,
        tickets: Vec<Ticket>,
        (changes, drafts): (&mut Vec<Change>, &mut Vec<Draft>),
    ) -> Result<DecoyId, CustodyError> {
        let id = decoy.id;
        changes.push(Change::Decoy(decoy.row(&self.deployment.fields)?));
        drafts.push(self.decoy_entry(caller, request, kind::DECOY, &decoy)?);
        self.queue.record_while(tickets, std::mem::take(changes), std::mem::take(drafts)).await?;
        self.identity.decoys().add(Arc::new(decoy));
        Ok(id)
    }

    /// Gives a decoy up. Its sessions end with it.
    ///
    /// # Errors
    /// `Denied`; `Missing`.
    pub async fn retire_decoy(&self, caller: &Caller, request: RequestId, decoy: DecoyId) -> Result<(), CustodyError> {
        self.may_administer(caller, request, Verb::KeepDecoys).await?;
        let _turn = self.desk.lock().await;
        let held = self.identity.decoys().get(decoy).ok_or_else(|| CustodyError::missing(Thing::Decoy, decoy))?;
        let at = self.clock.now();
        let mut changes = vec![Change::RetireDecoy(decoy)];
        let mut drafts = vec![self.decoy_entry(caller, request, kind::DECOY_RETIRE, &held)?];
        let mut ending = Vec::new();
        if let Bait::Credentials(credentials) = &held.body.bait {
            for credential in credentials {
                let Some(session) = self.directory.session_by_id(credential.session) else { continue };
                if session.is_live() && session.row.expires > at {
                    changes.push(Change::EndSession { session: credential.session, at });
                    let (chain, acted) = (credential.engagement.into(), session_acted(&session.row));
                    drafts.push(self.draft(caller, self.request(), chain, kind::SESSION_END, acted)?);
                    ending.push(credential.session);
                }
            }
        }
        self.queue.record(changes, drafts).await?;
        // INVARIANT: its sessions are over before it is no decoy any more, or they would let somebody in.
        self.directory.end_sessions(at, |row| ending.contains(&row.id));
        self.identity.decoys().remove(decoy);
        Ok(())
    }

    /// Every decoy. That somebody looked is entered: what many know traps nobody.
    ///
    /// # Errors
    /// `Denied`; the ledger did not record it.
    pub async fn decoys(&self, caller: &Caller, request: RequestId) -> Result<Vec<DecoyShown>, CustodyError> {
        self.may_administer(caller, request, Verb::KeepDecoys).await?;
        self.enter(caller, request, ChainId::SYSTEM, kind::DECOY_LIST, serde_json::Map::new()).await?;
        Ok(self.identity.decoys().all().iter().map(|decoy| self.show_decoy(decoy)).collect())
    }

    fn show_decoy(&self, decoy: &Decoy) -> DecoyShown {
        let named = |id| self.directory.engagement(id).map(|engagement| engagement.name.clone());
        let (kind, bait) = match &decoy.body.bait {
            Bait::Credentials(credentials) => {
                ("credentials", credentials.iter().map(|credential| credential.access_key.clone()).collect())
            }
            Bait::Object { dataset, key, .. } => {
                let bucket = self.directory.dataset(*dataset).map(|dataset| dataset.bucket.clone());
                ("object", vec![format!("{}/{}", bucket.unwrap_or_default(), String::from_utf8_lossy(key))])
            }
        };
        let maker = self.directory.principal(decoy.body.maker).map(|maker| maker.name.clone());
        DecoyShown {
            id: decoy.id,
            kind: kind.to_owned(),
            note: decoy.body.note.clone(),
            engagements: decoy.reach().into_iter().filter_map(named).collect(),
            bait,
            made: decoy.made,
            maker: maker.unwrap_or_default(),
            spent: decoy.is_spent(),
        }
    }

    /// A session as a workload of the engagement would have it.
    fn bait_session(
        &self,
        engagement: &Engagement,
        principal: Option<&str>,
        now: Timestamp,
    ) -> Result<SessionRow, CustodyError> {
        let named = principal.map(|name| self.principal_named(name)).transpose()?;
        let (holder, purpose) = self.worker_of(engagement, named.as_deref(), now).ok_or_else(|| {
            CustodyError::invalid(format!(
                "no workload has a live grant on `{}` that a decoy could be issued for\n\
                 name one with `--principal`, or make one with `cofferdam grant create`",
                engagement.name
            ))
        })?;
        let longest = i64::try_from(LONGEST_WORKLOAD_SESSION_SECONDS).unwrap_or(0);
        Ok(SessionRow {
            id: SessionId::fresh(self.entropy.as_ref()),
            access_key: access_key(self.entropy.as_ref()),
            principal: holder,
            engagement: engagement.id,
            purpose,
            places: Vec::new(),
            issued: now,
            expires: now.plus_seconds(longest),
            ended: None,
        })
    }

    /// A workload that has a live grant on an engagement, and a purpose of it.
    fn worker_of(
        &self,
        engagement: &Engagement,
        named: Option<&Principal>,
        now: Timestamp,
    ) -> Option<(PrincipalId, Purpose)> {
        let fits = |grant: &GrantRow| {
            let holder = self.directory.principal(grant.principal);
            grant.engagement == engagement.id
                && grant.expires > now
                && named.is_none_or(|named| named.row.id == grant.principal)
                && holder.is_some_and(|holder| holder.row.kind == PrincipalKind::Workload)
        };
        let grant = self.directory.grants().into_iter().find(|grant| fits(grant))?;
        Some((grant.principal, grant.purposes.first()?.clone()))
    }

    fn decoy_entry(
        &self,
        caller: &Caller,
        request: RequestId,
        kind: &'static str,
        decoy: &Decoy,
    ) -> Result<Draft, CustodyError> {
        let value = String::from_utf8_lossy(&decoy.body_text()?).into_owned();
        let bait = PrivateField { salt: self.entropy.bytes(), value };
        let what = DecoyActed { decoy: decoy.id, bait: bait.commitment() };
        Ok(self.draft(caller, request, ChainId::SYSTEM, kind, what)?.with(BAIT, bait))
    }
}

fn check_note(note: &str) -> Result<(), CustodyError> {
    if note.len() > LONGEST_NOTE_BYTES || note.chars().any(char::is_control) {
        return Err(CustodyError::invalid(format!("a note is one line of at most {LONGEST_NOTE_BYTES} bytes")));
    }
    Ok(())
}
