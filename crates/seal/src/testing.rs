//! A small world for this crate's tests: a ring over keys in memory, one engagement, blobs in memory.

use std::collections::{BTreeMap, VecDeque};
use std::iter::repeat_n;
use std::sync::{Arc, Mutex, PoisonError};

use base::id::{BlobId, DatasetId, DeploymentId, EngagementId, KeyId, ObjectId, VersionId};
use base::object::{Body, Part, SealedObject};
use base::ports::{Blobs, Keys};
use base::{Entropy, Fault, Kind};
use testkit::{MemoryBlobs, SeededEntropy};

use crate::binding::Identity;
use crate::local_root::LocalRoot;
use crate::object::ObjectSealer;
use crate::ring::KeyRing;

pub(crate) const DEPLOYMENT: DeploymentId = DeploymentId::from_bytes([0xD0; 16]);
pub(crate) const DAY: i64 = 20_781;

/// Wrapped keys in memory; can be told to fail.
#[derive(Default)]
pub(crate) struct MemoryKeys {
    held: Mutex<BTreeMap<KeyId, Vec<u8>>>,
    /// What happens to the coming writes, in order; those after it succeed.
    plan: Mutex<VecDeque<Option<Failing>>>,
}

/// How a write fails.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Failing {
    WithoutEffect,
    AfterEffect,
}

impl MemoryKeys {
    pub(crate) fn held(&self) -> std::sync::MutexGuard<'_, BTreeMap<KeyId, Vec<u8>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets `good` writes succeed and the following `bad` ones fail.
    pub(crate) fn fail_after(&self, good: usize, bad: usize, how: Failing) {
        let plan = repeat_n(None, good).chain(repeat_n(Some(how), bad)).collect();
        *self.plan.lock().unwrap() = plan;
    }

    fn write(&self, act: impl FnOnce(&mut BTreeMap<KeyId, Vec<u8>>)) -> Result<(), Fault> {
        let failing = self.plan.lock().unwrap().pop_front().flatten();
        if failing != Some(Failing::WithoutEffect) {
            act(&mut self.held());
        }
        if failing.is_some() { Err(Fault::new(Kind::Unavailable, "writing a key")) } else { Ok(()) }
    }
}

impl Keys for MemoryKeys {
    fn put(&self, key: KeyId, wrapped: &[u8]) -> Result<(), Fault> {
        if self.held().contains_key(&key) {
            return Err(Fault::new(Kind::Conflict, "storing a key"));
        }
        self.write(|held| drop(held.insert(key, wrapped.to_vec())))
    }

    fn get(&self, key: KeyId) -> Result<Vec<u8>, Fault> {
        self.held().get(&key).cloned().ok_or_else(|| Fault::new(Kind::Missing, "reading a key"))
    }

    fn list(&self) -> Result<Vec<KeyId>, Fault> {
        Ok(self.held().keys().copied().collect())
    }

    fn destroy(&self, key: KeyId) -> Result<(), Fault> {
        self.write(|held| drop(held.remove(&key)))
    }
}

/// One deployment with one engagement.
pub(crate) struct World {
    pub(crate) entropy: Arc<SeededEntropy>,
    pub(crate) root_file: Vec<u8>,
    pub(crate) keys: Arc<MemoryKeys>,
    pub(crate) ring: Arc<KeyRing>,
    pub(crate) store: MemoryBlobs,
    pub(crate) blobs: Arc<dyn Blobs>,
    pub(crate) engagement: EngagementId,
    pub(crate) dataset: DatasetId,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let entropy = Arc::new(SeededEntropy::new(seed));
        let root_file = LocalRoot::create(&*entropy, DEPLOYMENT, None).unwrap().expose(<[u8]>::to_vec);
        let keys = Arc::new(MemoryKeys::default());
        let ring = Arc::new(ring_of(&root_file, &keys, &entropy).unwrap());
        let engagement = EngagementId::fresh(&*entropy);
        ring.create_engagement(engagement).unwrap();
        let dataset = DatasetId::fresh(&*entropy);
        let store = MemoryBlobs::default();
        let blobs: Arc<dyn Blobs> = Arc::new(store.clone());
        Self { entropy, root_file, keys, ring, store, blobs, engagement, dataset }
    }

    /// The ring as a restarted process would see it.
    pub(crate) fn reopen(&self) -> KeyRing {
        ring_of(&self.root_file, &self.keys, &self.entropy).unwrap()
    }

    pub(crate) fn another_engagement(&self) -> EngagementId {
        let engagement = EngagementId::fresh(&*self.entropy);
        self.ring.create_engagement(engagement).unwrap();
        engagement
    }

    pub(crate) fn identity(&self) -> Identity {
        Identity {
            engagement: self.engagement,
            dataset: self.dataset,
            object: ObjectId::fresh(&*self.entropy),
            version: VersionId::fresh(&*self.entropy),
        }
    }

    /// `length` bytes that repeat only with the seed.
    pub(crate) fn data(&self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// Seals parts of plaintext into the store.
    pub(crate) fn put(&self, parts: &[(u32, &[u8])]) -> SealedObject {
        self.put_as(self.identity(), parts, Rest::InStore)
    }

    pub(crate) fn put_as(&self, identity: Identity, parts: &[(u32, &[u8])], rest: Rest) -> SealedObject {
        let sealer = ObjectSealer::begin(&self.ring, identity, DAY).unwrap();
        let parts: Vec<Part> = parts
            .iter()
            .map(|(number, plain)| {
                let mut stream = sealer.part(*number).unwrap();
                let mut sealed = Vec::new();
                stream.push(plain, &mut sealed).unwrap();
                let size = stream.finish(&mut sealed).unwrap();
                let body = match rest {
                    Rest::Inline => Body::Inline(sealed.into()),
                    Rest::InStore => Body::Blob(self.store_blob(&sealed)),
                };
                Part { number: *number, size, body }
            })
            .collect();
        let segment_size = sealer.segment_size();
        let size = parts.iter().map(|part| part.size).sum();
        let key = sealer.finish(&parts).unwrap();
        let Identity { engagement, dataset, object, version } = identity;
        SealedObject { engagement, dataset, object, version, ordinal: 0, size, segment_size, parts, key }
    }

    pub(crate) fn store_blob(&self, sealed: &[u8]) -> BlobId {
        let name = BlobId::fresh(&*self.entropy);
        let mut writer = self.store.create(name).unwrap();
        writer.append(sealed).unwrap();
        writer.finish().unwrap();
        name
    }
}

/// Where sealed bytes rest.
#[derive(Clone, Copy)]
pub(crate) enum Rest {
    Inline,
    InStore,
}

pub(crate) fn ring_of(
    root_file: &[u8],
    keys: &Arc<MemoryKeys>,
    entropy: &Arc<SeededEntropy>,
) -> Result<KeyRing, crate::SealError> {
    let entropy: Arc<dyn Entropy> = Arc::<SeededEntropy>::clone(entropy);
    let root = LocalRoot::read(root_file, DEPLOYMENT, None, Arc::clone(&entropy))?;
    KeyRing::open(Box::new(root), Arc::<MemoryKeys>::clone(keys), entropy, DEPLOYMENT)
}
