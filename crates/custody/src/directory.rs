//! The directory: the small tables of the catalog, held in memory, with the fences that guard them.
//!
//! Every request needs its session, its principal, the grants, the dataset and the engagement's state; none of that may cost
//! a query. The directory is loaded at start and changed only after the change is durable. Readers take a snapshot; each
//! engagement carries its fence, so that a pause is seen by every decision at once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use base::Timestamp;
use base::fence::{Fence, Guarded, Ticket};
use base::id::{ChainId, DatasetId, EngagementId, GrantId, PartnerId, PrincipalId, SessionId};
use base::word::{Purpose, State, Verb};
use catalog::Catalog;
use catalog::model::{DatasetRow, EngagementRow, GrantRow, PartnerRow, PrincipalRow, SessionRow};
use seal::{Fields, KeyRing};

use crate::error::CustodyError;
use crate::names::Names;
use crate::place::Network;
use crate::settings::Dataset;

/// A partner, with its name opened.
#[derive(Clone, Debug)]
pub struct Partner {
    /// Its id.
    pub id: PartnerId,
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created: Timestamp,
}

/// An engagement, with its name opened and its state live. No `Debug`: it holds keys.
pub struct Engagement {
    /// Its id.
    pub id: EngagementId,
    /// The partner it is for.
    pub partner: PartnerId,
    /// Its name.
    pub name: String,
    /// The purposes its contract allows.
    pub purposes: Arc<[Purpose]>,
    /// When it was created.
    pub created: Timestamp,
    /// Moves at every pause and resume; stands at the pause epoch.
    pub fence: Fence,
    pub(crate) fields: Fields,
    state: RwLock<State>,
    pauses: AtomicU64,
    register: Mutex<()>,
}

impl Engagement {
    /// The deployment itself, as the compartment that acts on no single engagement are judged in. Its chain is the system's.
    pub(crate) fn deployment(ring: &KeyRing) -> Result<Self, CustodyError> {
        Ok(Self {
            id: EngagementId::from_bytes(*ChainId::SYSTEM.as_bytes()),
            partner: PartnerId::from_bytes([0; 16]),
            name: "deployment".to_owned(),
            purposes: Arc::new([]),
            created: Timestamp(0),
            fence: Fence::at(Guarded::Pause, 0),
            fields: ring.fields(ChainId::SYSTEM)?,
            state: RwLock::new(State::Active),
            pauses: AtomicU64::new(0),
            register: Mutex::new(()),
        })
    }

    /// Its state now.
    pub fn state(&self) -> State {
        *self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and voids every decision made under the old one. Returns the new epoch.
    ///
    /// INVARIANT: the state is written before the fence moves. A decision takes its ticket before it reads the state, so it
    /// either holds a void ticket or has read the new state.
    pub fn turn(&self, state: State) -> u64 {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = state;
        self.fence.advance()
    }

    /// Says that a pause was asked for, before anything else is done about it. A resume that began before gives way.
    pub(crate) fn note_pause(&self) {
        self.pauses.fetch_add(1, Ordering::AcqRel);
    }

    /// How many pauses were asked for so far.
    pub(crate) fn pauses(&self) -> u64 {
        self.pauses.load(Ordering::Acquire)
    }

    /// Held while the fence file's slot and the state in memory are brought to agree. Blocks for one write of the disk.
    pub(crate) fn register(&self) -> MutexGuard<'_, ()> {
        self.register.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A session with what a request needs to be checked against.
#[derive(Debug)]
pub struct Session {
    /// The row.
    pub row: SessionRow,
    /// The places, parsed.
    pub places: Vec<Network>,
    /// Moves when the session ends.
    pub fence: Fence,
}

impl Session {
    /// Whether it was not ended. It may have expired all the same.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.fence.epoch() == 0
    }
}

/// A principal with its name opened.
#[derive(Debug)]
pub struct Principal {
    /// The row.
    pub row: PrincipalRow,
    /// The name.
    pub name: String,
    /// Moves when its grants change.
    pub grants: Fence,
}

/// The small tables. See the module's description.
#[derive(Default)]
pub struct Directory {
    tables: RwLock<Tables>,
}

#[derive(Default)]
struct Tables {
    partners: HashMap<PartnerId, Arc<Partner>>,
    engagements: HashMap<EngagementId, Arc<Engagement>>,
    datasets: HashMap<DatasetId, Arc<Dataset>>,
    buckets: HashMap<String, DatasetId>,
    principals: HashMap<PrincipalId, Arc<Principal>>,
    people: HashMap<String, PrincipalId>,
    grants: HashMap<GrantId, Arc<GrantRow>>,
    grants_of: HashMap<PrincipalId, Vec<Arc<GrantRow>>>,
    sessions: HashMap<String, Arc<Session>>,
    session_keys: HashMap<SessionId, String>,
}

impl Directory {
    /// Loads what the catalog holds.
    ///
    /// # Errors
    /// The catalog cannot be read, or a name does not open.
    pub fn load(catalog: &Catalog, names: &Names, ring: &KeyRing, now: Timestamp) -> Result<Self, CustodyError> {
        let directory = Self::default();
        for row in catalog.partners()? {
            directory.add_partner(row, names)?;
        }
        for row in catalog.engagements()? {
            directory.add_engagement(row, names, ring)?;
        }
        for row in catalog.datasets()? {
            directory.add_dataset(row)?;
        }
        for row in catalog.principals()? {
            directory.add_principal(row, names)?;
        }
        for row in catalog.grants()? {
            directory.add_grant(row);
        }
        for row in catalog.sessions_live(now)? {
            directory.add_session(row)?;
        }
        Ok(directory)
    }

    pub(crate) fn add_partner(&self, row: PartnerRow, names: &Names) -> Result<(), CustodyError> {
        let name = names.open(row.id.as_bytes(), &row.name)?;
        let partner = Partner { id: row.id, name, created: row.created };
        self.write(|tables| tables.partners.insert(partner.id, Arc::new(partner)));
        Ok(())
    }

    pub(crate) fn add_engagement(
        &self,
        row: EngagementRow,
        names: &Names,
        ring: &KeyRing,
    ) -> Result<Arc<Engagement>, CustodyError> {
        let engagement = Arc::new(Engagement {
            id: row.id,
            partner: row.partner,
            name: names.open(row.id.as_bytes(), &row.name)?,
            purposes: row.purposes.into(),
            created: row.created,
            fence: Fence::at(Guarded::Pause, row.epoch),
            fields: ring.fields(row.id.into())?,
            state: RwLock::new(row.state),
            pauses: AtomicU64::new(0),
            register: Mutex::new(()),
        });
        self.write(|tables| tables.engagements.insert(row.id, Arc::clone(&engagement)));
        Ok(engagement)
    }

    /// Adds a dataset, or puts one with other settings in its place.
    pub(crate) fn add_dataset(&self, row: DatasetRow) -> Result<(), CustodyError> {
        let engagement = self.engagement(row.engagement);
        let engagement =
            engagement.ok_or_else(|| CustodyError::Corrupt(format!("dataset `{}` has no engagement", row.id)))?;
        let mut dataset = Dataset::open(row, &engagement.fields)?;
        self.write(|tables| {
            if let Some(before) = tables.datasets.get(&dataset.id) {
                dataset.gate = Arc::clone(&before.gate);
            }
            tables.buckets.insert(dataset.bucket.clone(), dataset.id);
            tables.datasets.insert(dataset.id, Arc::new(dataset));
        });
        Ok(())
    }

    pub(crate) fn drop_dataset(&self, dataset: DatasetId) {
        self.write(|tables| {
            if let Some(row) = tables.datasets.remove(&dataset) {
                tables.buckets.remove(&row.bucket);
            }
        });
    }

    pub(crate) fn add_principal(&self, row: PrincipalRow, names: &Names) -> Result<(), CustodyError> {
        let name = names.open(row.id.as_bytes(), &row.name)?;
        self.write(|tables| {
            if let Some(key) = row.public_key {
                tables.people.insert(attest::key::PublicKey::from_bytes(key).keyid(), row.id);
            }
            let principal = Principal { name, grants: Fence::at(Guarded::Grants, 0), row };
            tables.principals.insert(principal.row.id, Arc::new(principal));
        });
        Ok(())
    }

    pub(crate) fn add_grant(&self, row: GrantRow) {
        self.write(|tables| {
            let row = Arc::new(row);
            tables.grants.insert(row.id, Arc::clone(&row));
            tables.grants_of.entry(row.principal).or_default().push(Arc::clone(&row));
            if let Some(principal) = tables.principals.get(&row.principal) {
                principal.grants.advance();
            }
        });
    }

    pub(crate) fn drop_grant(&self, grant: GrantId) {
        self.write(|tables| {
            let Some(row) = tables.grants.remove(&grant) else { return };
            if let Some(held) = tables.grants_of.get_mut(&row.principal) {
                held.retain(|other| other.id != grant);
            }
            if let Some(principal) = tables.principals.get(&row.principal) {
                principal.grants.advance();
            }
        });
    }

    pub(crate) fn add_session(&self, row: SessionRow) -> Result<(), CustodyError> {
        let places = row.places.iter().map(|place| place.parse()).collect::<Result<Vec<Network>, _>>();
        let places = places.map_err(|_| CustodyError::Corrupt(format!("places of session `{}`", row.id)))?;
        self.write(|tables| {
            tables.session_keys.insert(row.id, row.access_key.clone());
            let session = Session { places, fence: Fence::at(Guarded::Session, 0), row };
            tables.sessions.insert(session.row.access_key.clone(), Arc::new(session));
        });
        Ok(())
    }

    /// Ends the sessions that `ends` picks: their fences move. They stay known until they would have expired, so that their
    /// holders are told what happened. Returns how many.
    pub(crate) fn end_sessions(&self, now: Timestamp, ends: impl Fn(&SessionRow) -> bool) -> usize {
        self.write(|tables| {
            tables.sessions.retain(|_, session| session.row.expires > now);
            let Tables { sessions, session_keys, .. } = tables;
            session_keys.retain(|_, access_key| sessions.contains_key(access_key));
            let ended = sessions.values().filter(|session| session.is_live() && ends(&session.row));
            ended.inspect(|session| _ = session.fence.advance()).count()
        })
    }

    /// The session that an access key names.
    #[must_use]
    pub fn session(&self, access_key: &str) -> Option<Arc<Session>> {
        self.read(|tables| tables.sessions.get(access_key).cloned())
    }

    /// The session of an id.
    #[must_use]
    pub fn session_by_id(&self, session: SessionId) -> Option<Arc<Session>> {
        self.read(|tables| tables.session_keys.get(&session).and_then(|key| tables.sessions.get(key)).cloned())
    }

    /// Sessions that were not ended, newest first.
    #[must_use]
    pub fn sessions(&self) -> Vec<Arc<Session>> {
        let live = |session: &&Arc<Session>| session.is_live();
        let mut all: Vec<_> = self.read(|tables| tables.sessions.values().filter(live).cloned().collect());
        all.sort_by_key(|session| std::cmp::Reverse(session.row.issued));
        all
    }

    /// The person whose key has this id.
    #[must_use]
    pub fn person(&self, keyid: &str) -> Option<Arc<Principal>> {
        self.read(|tables| tables.people.get(keyid).and_then(|id| tables.principals.get(id)).cloned())
    }

    /// A principal.
    #[must_use]
    pub fn principal(&self, id: PrincipalId) -> Option<Arc<Principal>> {
        self.read(|tables| tables.principals.get(&id).cloned())
    }

    /// The principal of a name.
    #[must_use]
    pub fn principal_named(&self, name: &str) -> Option<Arc<Principal>> {
        self.read(|tables| tables.principals.values().find(|principal| principal.name == name).cloned())
    }

    /// All principals, by name.
    #[must_use]
    pub fn principals(&self) -> Vec<Arc<Principal>> {
        let mut all: Vec<_> = self.read(|tables| tables.principals.values().cloned().collect());
        all.sort_by(|left, right| left.name.cmp(&right.name));
        all
    }

    /// A partner.
    #[must_use]
    pub fn partner(&self, id: PartnerId) -> Option<Arc<Partner>> {
        self.read(|tables| tables.partners.get(&id).cloned())
    }

    /// The partner of a name.
    #[must_use]
    pub fn partner_named(&self, name: &str) -> Option<Arc<Partner>> {
        self.read(|tables| tables.partners.values().find(|partner| partner.name == name).cloned())
    }

    /// All partners, by name.
    #[must_use]
    pub fn partners(&self) -> Vec<Arc<Partner>> {
        let mut all: Vec<_> = self.read(|tables| tables.partners.values().cloned().collect());
        all.sort_by(|left, right| left.name.cmp(&right.name));
        all
    }

    /// An engagement.
    #[must_use]
    pub fn engagement(&self, id: EngagementId) -> Option<Arc<Engagement>> {
        self.read(|tables| tables.engagements.get(&id).cloned())
    }

    /// The engagement of a name, or of an id written out.
    #[must_use]
    pub fn engagement_named(&self, name: &str) -> Option<Arc<Engagement>> {
        if let Ok(id) = name.parse() {
            return self.engagement(id);
        }
        self.read(|tables| tables.engagements.values().find(|engagement| engagement.name == name).cloned())
    }

    /// All engagements, by name.
    #[must_use]
    pub fn engagements(&self) -> Vec<Arc<Engagement>> {
        let mut all: Vec<_> = self.read(|tables| tables.engagements.values().cloned().collect());
        all.sort_by(|left, right| left.name.cmp(&right.name));
        all
    }

    /// A dataset.
    #[must_use]
    pub fn dataset(&self, id: DatasetId) -> Option<Arc<Dataset>> {
        self.read(|tables| tables.datasets.get(&id).cloned())
    }

    /// The dataset behind a bucket name, whichever engagement it belongs to.
    #[must_use]
    pub fn bucket(&self, name: &str) -> Option<Arc<Dataset>> {
        self.read(|tables| tables.buckets.get(name).and_then(|id| tables.datasets.get(id)).cloned())
    }

    /// The datasets of an engagement, by bucket name.
    #[must_use]
    pub fn datasets(&self, engagement: EngagementId) -> Vec<Arc<Dataset>> {
        let mut all: Vec<_> =
            self.read(|tables| tables.datasets.values().filter(|row| row.engagement == engagement).cloned().collect());
        all.sort_by(|left: &Arc<Dataset>, right| left.bucket.cmp(&right.bucket));
        all
    }

    /// Every grant, by id.
    #[must_use]
    pub fn grants(&self) -> Vec<Arc<GrantRow>> {
        let mut all: Vec<_> = self.read(|tables| tables.grants.values().cloned().collect());
        all.sort_by_key(|grant| grant.id);
        all
    }

    /// The grant that fits an access best: a live one first, then one that covers the verb, then one that covers the purpose.
    ///
    /// A grant on one dataset counts for that dataset alone, not for acts on the engagement.
    #[must_use]
    pub fn grant_for(
        &self,
        principal: PrincipalId,
        engagement: EngagementId,
        dataset: Option<DatasetId>,
        verb: Verb,
        purpose: Option<&Purpose>,
        now: Timestamp,
    ) -> Option<Arc<GrantRow>> {
        self.read(|tables| {
            let held = tables.grants_of.get(&principal)?;
            let counts = |grant: &&Arc<GrantRow>| {
                grant.engagement == engagement && (grant.dataset.is_none() || grant.dataset == dataset)
            };
            let fits = |grant: &&Arc<GrantRow>| {
                let for_this = purpose.is_some_and(|purpose| grant.purposes.contains(purpose));
                (grant.expires > now, grant.verbs.contains(&verb), for_this)
            };
            held.iter().filter(counts).max_by_key(fits).cloned()
        })
    }

    /// A ticket for a principal's grants; none for a principal that is not there.
    #[must_use]
    pub fn grants_ticket(&self, principal: PrincipalId) -> Option<Ticket> {
        self.principal(principal).map(|principal| principal.grants.ticket())
    }

    fn read<R>(&self, look: impl FnOnce(&Tables) -> R) -> R {
        look(&self.tables.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<R>(&self, change: impl FnOnce(&mut Tables) -> R) -> R {
        change(&mut self.tables.write().unwrap_or_else(PoisonError::into_inner))
    }
}
