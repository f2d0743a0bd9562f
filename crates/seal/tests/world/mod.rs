//! A small deployment for tests and examples. There is no back door to a receipt: it is earned here as everywhere, from the
//! shipped policies and a real ledger, whose storage is memory and whose entries our own record keys seal.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};

use base::fence::{Fence, Guarded};
use base::id::{
    BlobId, DatasetId, DeploymentId, EngagementId, KeyId, ObjectId, PartnerId, PrincipalId, RequestId, SessionId,
    VersionId,
};
use base::object::{Body, Part, SealedObject};
use base::ports::{Blobs, Keys};
use base::word::{Form, PrincipalKind, Purpose, ScanState, State, Verb};
use base::{Entropy, Fault, Kind, Timestamp};
use ledger::{Receipt, Releaser, Writer};
use policy::{Access, Decider, Facts, Question, Target, Who, Window};
use policy::{DatasetFacts, EngagementFacts, GrantFacts, ObjectFacts};
use seal::{Identity, KeyRing, LocalRoot, ObjectSealer, Opener, RecordSealer};
use testkit::{Act, ManualClock, MemoryBlobs, MemoryCommitter, SeededEntropy};

const DEPLOYMENT: DeploymentId = DeploymentId::from_bytes([0xD0; 16]);
const NOW: Timestamp = Timestamp::from_seconds(1_795_500_000);

/// Where sealed bytes rest.
#[derive(Clone, Copy, Debug)]
pub enum Rest {
    /// In the record itself.
    Inline,
    /// In the store.
    Store,
}

/// One deployment with one engagement and one caller who may read everything in it.
pub struct World {
    pub entropy: Arc<SeededEntropy>,
    pub ring: Arc<KeyRing>,
    pub blobs: MemoryBlobs,
    pub opener: Opener,
    pub engagement: EngagementId,
    pub dataset: DatasetId,
    decider: Decider,
    releaser: Releaser<Act, u64>,
    who: Arc<Who>,
    pause: Fence,
    runtime: tokio::runtime::Runtime,
    _writer: Writer<Act, u64>,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let entropy = Arc::new(SeededEntropy::new(seed));
        let chance: Arc<dyn Entropy> = Arc::<SeededEntropy>::clone(&entropy);
        let file = LocalRoot::create(&*entropy, DEPLOYMENT, None).unwrap();
        let root = file.expose(|file| LocalRoot::read(file, DEPLOYMENT, None, Arc::clone(&chance))).unwrap();
        let keys = Arc::new(MemoryKeys::default());
        let ring = Arc::new(KeyRing::open(Box::new(root), keys, Arc::clone(&chance), DEPLOYMENT).unwrap());
        let engagement = EngagementId::fresh(&*entropy);
        ring.create_engagement(engagement).unwrap();
        let blobs = MemoryBlobs::default();
        let sealer = Arc::new(RecordSealer::new(Arc::clone(&ring)));
        let clock = Arc::new(ManualClock::at(NOW));
        let (_queue, releaser, writer) = ledger::start(MemoryCommitter::default(), sealer, clock, chance).unwrap();
        let who = Who {
            principal: PrincipalId::fresh(&*entropy),
            kind: PrincipalKind::Workload,
            partner: None,
            roles: vec![],
            session: Some(SessionId::fresh(&*entropy)),
            credential: "test".to_owned(),
            purpose: Some(purpose()),
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        };
        Self {
            opener: Opener::new(Arc::clone(&ring), Arc::new(blobs.clone())),
            dataset: DatasetId::fresh(&*entropy),
            decider: Decider::new().unwrap(),
            who: Arc::new(who),
            pause: Fence::at(Guarded::Pause, 1),
            runtime: tokio::runtime::Builder::new_current_thread().build().unwrap(),
            _writer: writer,
            entropy,
            ring,
            blobs,
            engagement,
            releaser,
        }
    }

    /// `length` bytes that repeat only with the seed.
    pub fn data(&self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// Seals a version of the given parts.
    pub fn put(&self, parts: &[(u32, &[u8])], rest: Rest) -> Arc<SealedObject> {
        let (object, version) = (ObjectId::fresh(&*self.entropy), VersionId::fresh(&*self.entropy));
        let identity = Identity { engagement: self.engagement, dataset: self.dataset, object, version };
        let sealer = ObjectSealer::begin(&self.ring, identity, NOW.day()).unwrap();
        let seal = |(number, plain): &(u32, &[u8])| {
            let (mut stream, mut sealed) = (sealer.part(*number).unwrap(), Vec::new());
            stream.push(plain, &mut sealed).unwrap();
            let size = stream.finish(&mut sealed).unwrap();
            let body = match rest {
                Rest::Inline => Body::Inline(sealed.into()),
                Rest::Store => Body::Blob(self.store(&sealed)),
            };
            Part { number: *number, size, body }
        };
        let parts: Vec<Part> = parts.iter().map(seal).collect();
        let size = parts.iter().map(|part| part.size).sum();
        let (segment_size, key) = (sealer.segment_size(), sealer.finish(&parts).unwrap());
        let Identity { engagement, dataset, .. } = identity;
        Arc::new(SealedObject { engagement, dataset, object, version, ordinal: 0, size, segment_size, parts, key })
    }

    fn store(&self, sealed: &[u8]) -> BlobId {
        let name = BlobId::fresh(&*self.entropy);
        let mut writer = self.blobs.create(name).unwrap();
        writer.append(sealed).unwrap();
        writer.finish().unwrap();
        name
    }

    /// A receipt for reading a window.
    pub fn earn(&self, object: &Arc<SealedObject>, from: u64, to: u64) -> Receipt {
        let target = Target::Bytes { object: Arc::clone(object), window: Window { from, to } };
        self.earn_as(Verb::Read, Form::Raw, target)
    }

    /// A receipt for any access.
    pub fn earn_as(&self, verb: Verb, form: Form, target: Target) -> Receipt {
        let ticket = self.pause.ticket();
        let access = Access {
            request: RequestId::fresh(&*self.entropy),
            at: NOW,
            who: Arc::clone(&self.who),
            engagement: self.engagement,
            verb,
            form,
            target,
            names: vec![],
        };
        let engagement = EngagementFacts {
            id: self.engagement,
            partner: PartnerId::from_bytes([2; 16]),
            state: State::Active,
            purposes: [purpose()].into(),
        };
        let dataset = DatasetFacts { id: self.dataset, purposes: [].into(), unscannable_readable: false };
        let grant = GrantFacts {
            verbs: [Verb::Read, Verb::Head, Verb::List].into(),
            purposes: [purpose()].into(),
            expires: NOW.plus_seconds(3600),
        };
        let facts = Facts {
            engagement,
            dataset: access.dataset().map(|_| dataset),
            object: Some(ObjectFacts { scan: ScanState::Scanned, writer: self.who.principal }),
            grant: Some(grant),
            approvers: vec![],
            budget: None,
        };
        let permit = self.decider.decide(Question { access, facts, tickets: vec![ticket] });
        let permit = permit.unwrap_or_else(|denial| panic!("denied: {denial}"));
        self.runtime.block_on(self.releaser.release(permit)).unwrap()
    }
}

fn purpose() -> Purpose {
    "evaluation".parse().unwrap()
}

/// Wrapped keys in memory.
#[derive(Default)]
struct MemoryKeys(Mutex<BTreeMap<KeyId, Vec<u8>>>);

impl MemoryKeys {
    fn held(&self) -> std::sync::MutexGuard<'_, BTreeMap<KeyId, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keys for MemoryKeys {
    fn put(&self, key: KeyId, wrapped: &[u8]) -> Result<(), Fault> {
        match self.held().insert(key, wrapped.to_vec()) {
            None => Ok(()),
            Some(_) => Err(Fault::new(Kind::Conflict, "storing a key")),
        }
    }

    fn get(&self, key: KeyId) -> Result<Vec<u8>, Fault> {
        self.held().get(&key).cloned().ok_or_else(|| Fault::new(Kind::Missing, "reading a key"))
    }

    fn list(&self) -> Result<Vec<KeyId>, Fault> {
        Ok(self.held().keys().copied().collect())
    }

    fn destroy(&self, key: KeyId) -> Result<(), Fault> {
        self.held().remove(&key);
        Ok(())
    }
}
