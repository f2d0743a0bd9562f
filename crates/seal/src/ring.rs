//! The key ring: every key of the deployment below the root key.
//!
//! ```text
//! root key ─┬─ engagement: data ──── epoch (dataset, day) ──── one key an object version
//!           ├─ engagement: record, subject, token
//!           └─ system: record, subject, token
//! ```
//!
//! Wrapped keys rest behind [`Keys`], apart from the catalog; unwrapped ones exist in this crate's memory alone and are erased
//! when they leave it. Record, subject and token keys outlive the data keys, so that a breach found after closure can still be
//! scoped.
//!
//! # Threats
//! Whoever can write the folder of wrapped keys can move, copy, swap and delete files. A wrapped key opens only in its own
//! place in its own deployment, so all that is won is a refusal. There is no key to fall back on.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use aws_lc_rs::digest;
use base::id::{ChainId, DatasetId, DeploymentId, EngagementId, ID_BYTES, KeyId};
use base::ports::Keys;
use base::word::KeyPurpose;
use base::{Entropy, Fault, Kind, Secret};

use crate::binding::{self, KeyPlace};
use crate::chain::ChainKeys;
use crate::epoch::Epoch;
use crate::error::SealError;
use crate::fields::Fields;
use crate::key_file;
use crate::root::{RootDescription, RootKey};
use crate::stream_cache::StreamCache;
use crate::subject::SubjectDigest;
use crate::token::Tokens;
use crate::wrap::{KEY_BYTES, WrappingKey, fresh_key};

/// The keys of a chain in the order in which they are made.
///
/// INVARIANT: the record key is made last and never destroyed. So a chain with a record key is complete, and if its data key
/// is missing, that was destroyed.
const ORDER: [KeyPurpose; 4] = [KeyPurpose::Data, KeyPurpose::Subject, KeyPurpose::Token, KeyPurpose::Record];

/// The keys of the deployment. Shared; every method may be called from any thread.
pub struct KeyRing {
    root: Box<dyn RootKey>,
    root_id: KeyId,
    keys: Arc<dyn Keys>,
    entropy: Arc<dyn Entropy>,
    deployment: DeploymentId,
    held: RwLock<Held>,
    /// Held while keys are made or destroyed, so that none is made twice; reads do not wait for it.
    changing: Mutex<()>,
    streams: StreamCache,
}

type Loose = HashMap<KeyPurpose, (KeyId, Secret<KEY_BYTES>)>;

#[derive(Default)]
struct Held {
    chains: HashMap<ChainId, Arc<ChainKeys>>,
    data: HashMap<EngagementId, Arc<DataKey>>,
    epochs: HashMap<KeyId, Slot>,
    /// The epoch that new objects of a dataset are written under.
    current: HashMap<(EngagementId, DatasetId, i64), KeyId>,
    /// Keys that serve nobody any more and whose destruction is not durable yet.
    doomed: HashMap<EngagementId, Vec<KeyId>>,
}

struct DataKey {
    id: KeyId,
    key: WrappingKey,
}

/// LIMIT: the places of all epochs are held in memory, about 150 bytes each, and read from their files at start; a thousand
/// datasets written daily for a year are 365,000. Their keys are opened when first needed.
enum Slot {
    Resting(KeyPlace),
    Ready(Arc<Epoch>),
}

impl Slot {
    fn place(&self) -> (ChainId, KeyId) {
        match self {
            Self::Resting(place) => (place.chain, place.own),
            Self::Ready(epoch) => epoch.owner(),
        }
    }
}

impl KeyRing {
    /// Opens every key that rests behind `keys`. On the first start it makes the system's.
    ///
    /// # Errors
    /// [`SealError::OtherRoot`] under another root key, [`SealError::StoredKey`] for a damaged or moved one; nothing is served
    /// with a ring that is not whole.
    pub fn open(
        root: Box<dyn RootKey>,
        keys: Arc<dyn Keys>,
        entropy: Arc<dyn Entropy>,
        deployment: DeploymentId,
    ) -> Result<Self, SealError> {
        let root_id = root.describe().key;
        let held = RwLock::default();
        let changing = Mutex::default();
        let ring = Self { root, root_id, keys, entropy, deployment, held, changing, streams: StreamCache::default() };
        let mut loose: HashMap<ChainId, Loose> = HashMap::new();
        for id in ring.keys.list().map_err(keys_fault("listing them"))? {
            ring.load(id, &mut loose)?;
        }
        for (chain, keys) in loose {
            if keys.contains_key(&KeyPurpose::Record) {
                ring.adopt(chain, keys)?;
            } else {
                tracing::warn!(%chain, "the making of these keys was interrupted; nothing was sealed under them");
            }
        }
        ring.complete_system()?;
        tracing::info!(chains = ring.held().chains.len(), epochs = ring.held().epochs.len(), "key ring open");
        Ok(ring)
    }

    /// Makes the keys of a new engagement. Doing it again changes nothing.
    ///
    /// # Errors
    /// [`SealError::DataDestroyed`] for an engagement that was closed: its keys are never made anew.
    pub fn create_engagement(&self, engagement: EngagementId) -> Result<(), SealError> {
        let _changing = self.changing();
        let chain = ChainId::from(engagement);
        if self.held().chains.contains_key(&chain) {
            return self.data_key(engagement).map(|_| ());
        }
        self.make_chain(chain)
    }

    /// The epoch key for what is written into `dataset` on `day` (days since 1970 UTC); made when there is none.
    ///
    /// # Errors
    /// [`SealError::DataDestroyed`] after closure, [`SealError::NoKey`] for an unknown engagement.
    pub fn epoch_for(&self, engagement: EngagementId, dataset: DatasetId, day: i64) -> Result<KeyId, SealError> {
        let current = || self.held().current.get(&(engagement, dataset, day)).copied();
        if let Some(id) = current() {
            return Ok(id);
        }
        let _changing = self.changing();
        if let Some(id) = current() {
            return Ok(id);
        }
        let above = self.data_key(engagement)?;
        let place = KeyPlace {
            own: KeyId::fresh(&*self.entropy),
            parent: above.id,
            chain: engagement.into(),
            purpose: KeyPurpose::Epoch,
            epoch: Some((dataset, day)),
        };
        let secret = self.make(&place, |key, binding| above.key.wrap(key, binding, &*self.entropy))?;
        let epoch = Arc::new(Epoch::new(place, &secret)?);
        let mut held = self.held_mut();
        held.epochs.insert(place.own, Slot::Ready(epoch));
        held.current.insert((engagement, dataset, day), place.own);
        Ok(place.own)
    }

    /// Destroys the data keys of an engagement: nothing sealed under them opens again, here or from a copy of the store.
    ///
    /// They stop serving at once, also in streams under way. After an error call it again: what is not destroyed durably yet
    /// is remembered.
    ///
    /// # Errors
    /// [`SealError::Keys`] when the destruction could not be made durable.
    pub fn destroy_engagement_data(&self, engagement: EngagementId) -> Result<(), SealError> {
        let _changing = self.changing();
        let doomed = self.held_mut().doom(engagement);
        let below: HashSet<KeyId> = doomed.iter().copied().collect();
        self.streams.forget(|epoch| below.contains(&epoch));
        for key in doomed {
            // DURABLE: the data key goes first. Once it is gone no epoch key below it opens, whether or not its file is left.
            self.keys.destroy(key).map_err(keys_fault("destroying one"))?;
        }
        self.held_mut().doomed.remove(&engagement);
        tracing::info!(%engagement, keys = below.len(), "data keys destroyed");
        Ok(())
    }

    /// Destroys one epoch key and so every object version still wrapped under it.
    ///
    /// # Errors
    /// [`SealError::Keys`] when the destruction could not be made durable; the key serves nobody even so. Call it again then.
    pub fn destroy_epoch(&self, epoch: KeyId) -> Result<(), SealError> {
        let _changing = self.changing();
        self.held_mut().end(epoch);
        self.streams.forget(|under| under == epoch);
        self.keys.destroy(epoch).map_err(keys_fault("destroying one"))
    }

    /// Whether the data of an engagement can still be opened.
    #[must_use]
    pub fn holds_data(&self, engagement: EngagementId) -> bool {
        self.held().data.contains_key(&engagement)
    }

    /// Sealing of catalog fields for a chain.
    ///
    /// # Errors
    /// [`SealError::NoKey`] for an unknown chain.
    pub fn fields(&self, chain: ChainId) -> Result<Fields, SealError> {
        Ok(Fields::new(self.chain(chain)?, Arc::clone(&self.entropy)))
    }

    /// Session secrets and tokens of a chain.
    ///
    /// # Errors
    /// [`SealError::NoKey`] for an unknown chain.
    pub fn tokens(&self, chain: ChainId) -> Result<Tokens, SealError> {
        Ok(Tokens::new(self.chain(chain)?, Arc::clone(&self.entropy)))
    }

    /// Digests of people for a chain.
    ///
    /// # Errors
    /// [`SealError::NoKey`] for an unknown chain.
    pub fn subjects(&self, chain: ChainId) -> Result<SubjectDigest, SealError> {
        Ok(SubjectDigest::new(self.chain(chain)?))
    }

    /// What a report may say about the root key.
    #[must_use]
    pub fn describe_root(&self) -> RootDescription {
        self.root.describe()
    }

    /// Whether the root key provider would answer now.
    ///
    /// # Errors
    /// [`SealError::RootKey`].
    pub fn health(&self) -> Result<(), SealError> {
        self.root.health().map_err(root_fault("its health"))
    }

    /// The working keys of a chain.
    pub(crate) fn chain(&self, chain: ChainId) -> Result<Arc<ChainKeys>, SealError> {
        let keys = self.held().chains.get(&chain).map(Arc::clone);
        keys.ok_or(SealError::NoKey { chain, purpose: KeyPurpose::Record })
    }

    /// An epoch key, opened if it was not yet.
    pub(crate) fn epoch(&self, id: KeyId) -> Result<Arc<Epoch>, SealError> {
        let place = match self.held().epochs.get(&id).ok_or(SealError::NoEpoch(id))? {
            Slot::Ready(epoch) => return Ok(Arc::clone(epoch)),
            Slot::Resting(place) => *place,
        };
        let owner = place.chain.engagement().ok_or(SealError::StoredKey(id))?;
        let above = self.data_key(owner)?;
        let (found, wrapped) = self.fetch(id)?;
        if found != place || place.parent != above.id {
            return Err(SealError::StoredKey(id));
        }
        let binding = place.binding(self.deployment);
        let secret = above.key.unwrap(&wrapped, &binding).map_err(|_| SealError::StoredKey(id))?;
        let epoch = Arc::new(Epoch::new(place, &secret)?);
        match self.held_mut().epochs.get_mut(&id) {
            // Another thread may have opened it, or ended it, meanwhile: what is held counts.
            Some(Slot::Ready(epoch)) => Ok(Arc::clone(epoch)),
            Some(slot) => {
                *slot = Slot::Ready(Arc::clone(&epoch));
                Ok(epoch)
            }
            None => Err(SealError::NoEpoch(id)),
        }
    }

    pub(crate) const fn streams(&self) -> &StreamCache {
        &self.streams
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        &*self.entropy
    }

    fn data_key(&self, engagement: EngagementId) -> Result<Arc<DataKey>, SealError> {
        let held = self.held();
        match held.data.get(&engagement) {
            Some(key) => Ok(Arc::clone(key)),
            None if held.chains.contains_key(&engagement.into()) => Err(SealError::DataDestroyed(engagement)),
            None => Err(SealError::NoKey { chain: engagement.into(), purpose: KeyPurpose::Data }),
        }
    }

    /// Reads one key at rest: epochs are noted, all others opened into `loose`.
    fn load(&self, id: KeyId, loose: &mut HashMap<ChainId, Loose>) -> Result<(), SealError> {
        let (place, wrapped) = self.fetch(id)?;
        if let Some((dataset, day)) = place.epoch {
            let mut held = self.held_mut();
            let engagement = place.chain.engagement().ok_or(SealError::StoredKey(id))?;
            held.epochs.insert(id, Slot::Resting(place));
            held.current.insert((engagement, dataset, day), id);
            return Ok(());
        }
        let secret = self.open_under_root(&place, &wrapped)?;
        loose.entry(place.chain).or_default().insert(place.purpose, (id, secret));
        Ok(())
    }

    fn open_under_root(&self, place: &KeyPlace, wrapped: &[u8]) -> Result<Secret<KEY_BYTES>, SealError> {
        if place.parent != self.root_id {
            return Err(SealError::OtherRoot(place.own));
        }
        if place.own != self.chain_key(place.chain, place.purpose).own {
            return Err(SealError::StoredKey(place.own));
        }
        self.root.unwrap(wrapped, &place.binding(self.deployment)).map_err(|fault| match fault.kind() {
            Kind::Corrupt => SealError::StoredKey(place.own),
            _ => SealError::RootKey { attempt: "opening a key", source: fault },
        })
    }

    /// The place of a chain's key. Its id follows from whose key it is and what for, so that there is never a second one.
    fn chain_key(&self, chain: ChainId, purpose: KeyPurpose) -> KeyPlace {
        let statement = binding::chain_key_id(self.deployment, chain, purpose);
        let mut id = [0; ID_BYTES];
        for (to, from) in id.iter_mut().zip(digest::digest(&digest::SHA256, &statement).as_ref()) {
            *to = *from;
        }
        KeyPlace { own: KeyId::from_bytes(id), parent: self.root_id, chain, purpose, epoch: None }
    }

    fn fetch(&self, id: KeyId) -> Result<(KeyPlace, Vec<u8>), SealError> {
        let bytes = self.keys.get(id).map_err(|fault| match fault.kind() {
            Kind::Missing => SealError::NoEpoch(id),
            _ => SealError::Keys { attempt: "reading one", source: fault },
        })?;
        let (place, wrapped) = key_file::read(&bytes).ok_or(SealError::StoredKey(id))?;
        if place.own == id { Ok((place, wrapped.to_vec())) } else { Err(SealError::StoredKey(id)) }
    }

    /// Makes the system's keys on the first start, or goes on with an interrupted first start.
    fn complete_system(&self) -> Result<(), SealError> {
        let _changing = self.changing();
        let held = self.held();
        if held.chains.contains_key(&ChainId::SYSTEM) {
            return Ok(());
        }
        if !held.chains.is_empty() {
            // Engagements are made after the system's keys: those were here and are lost. New ones would hide that.
            return Err(SealError::NoKey { chain: ChainId::SYSTEM, purpose: KeyPurpose::Record });
        }
        drop(held);
        self.make_chain(ChainId::SYSTEM)
    }

    /// Makes the keys of a chain; those that an interrupted attempt left behind are taken up.
    fn make_chain(&self, chain: ChainId) -> Result<(), SealError> {
        let mut keys = Loose::new();
        for purpose in ORDER {
            if purpose == KeyPurpose::Data && chain == ChainId::SYSTEM {
                continue;
            }
            let place = self.chain_key(chain, purpose);
            let made =
                self.make(&place, |key, binding| self.root.wrap(key, binding).map_err(root_fault("sealing a key")));
            let secret = match made {
                Err(SealError::Keys { source, .. }) if source.kind() == Kind::Conflict => {
                    let (found, wrapped) = self.fetch(place.own)?;
                    self.open_under_root(&found, &wrapped)?
                }
                made => made?,
            };
            keys.insert(purpose, (place.own, secret));
        }
        self.adopt(chain, keys)
    }

    /// Makes one key and stores it sealed.
    fn make(
        &self,
        place: &KeyPlace,
        wrap: impl FnOnce(&Secret<KEY_BYTES>, &[u8]) -> Result<Vec<u8>, SealError>,
    ) -> Result<Secret<KEY_BYTES>, SealError> {
        let key = fresh_key(&*self.entropy);
        let wrapped = wrap(&key, &place.binding(self.deployment))?;
        // DURABLE: only after this may anything be sealed under the key.
        let stored = self.keys.put(place.own, &key_file::write(place, &wrapped));
        stored.map(|()| key).map_err(|source| {
            if source.kind() != Kind::Conflict {
                // Whether it is there is unknown, and whether it would stay. Nothing is sealed under it: best it is not.
                drop(self.keys.destroy(place.own));
            }
            SealError::Keys { attempt: "storing one", source }
        })
    }

    /// Puts the complete keys of a chain to work.
    fn adopt(&self, chain: ChainId, mut keys: Loose) -> Result<(), SealError> {
        let mut take = |purpose| keys.remove(&purpose).ok_or(SealError::NoKey { chain, purpose });
        let (record, subject, token) =
            (take(KeyPurpose::Record)?.1, take(KeyPurpose::Subject)?.1, take(KeyPurpose::Token)?.1);
        let working = Arc::new(ChainKeys::derive(chain, &record, &subject, token)?);
        let mut held = self.held_mut();
        held.chains.insert(chain, working);
        if let (Some(engagement), Ok((id, secret))) = (chain.engagement(), take(KeyPurpose::Data)) {
            held.data.insert(engagement, Arc::new(DataKey { id, key: WrappingKey::new(&secret)? }));
        }
        Ok(())
    }

    fn held(&self) -> RwLockReadGuard<'_, Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn held_mut(&self) -> RwLockWriteGuard<'_, Held> {
        self.held.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn changing(&self) -> std::sync::MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// Takes an epoch out of use.
    fn end(&mut self, id: KeyId) {
        if let Some(Slot::Ready(epoch)) = self.epochs.remove(&id) {
            epoch.end();
        }
        self.current.retain(|_, current| *current != id);
    }

    /// Takes the data keys of an engagement out of use; answers what is to be destroyed, the data key first.
    fn doom(&mut self, engagement: EngagementId) -> Vec<KeyId> {
        let chain = ChainId::from(engagement);
        let epochs = self.epochs.values().map(Slot::place).filter(|(owner, _)| *owner == chain);
        let epochs: Vec<KeyId> = epochs.map(|(_, id)| id).collect();
        for id in &epochs {
            if let Some(Slot::Ready(epoch)) = self.epochs.remove(id) {
                epoch.end();
            }
        }
        self.current.retain(|(owner, _, _), _| *owner != engagement);
        let data = self.data.remove(&engagement).map(|key| key.id);
        let doomed = self.doomed.entry(engagement).or_default();
        doomed.extend(data.into_iter().chain(epochs));
        doomed.clone()
    }
}

fn keys_fault(attempt: &'static str) -> impl Fn(Fault) -> SealError {
    move |source| SealError::Keys { attempt, source }
}

fn root_fault(attempt: &'static str) -> impl Fn(Fault) -> SealError {
    move |source| SealError::RootKey { attempt, source }
}

#[cfg(test)]
#[path = "ring_tests.rs"]
mod tests;
