//! A deployment with a real catalog in a temporary folder, real keys, policies and ledger, and a store in memory. It can be
//! stopped and opened again on what is durable.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use attest::note::Signer;
use base::id::{ChainId, DeploymentId, EngagementId, RequestId};
use base::ports::{Blobs, Documents, LedgerRows, PauseRegister};
use base::word::{PrincipalKind, Purpose, Role, State, Verb};
use base::{Clock, Entropy, Fault, Secret};
use catalog::Catalog;
use catalog::model::{Applied, Change};
use custody::access::{Conditions, Got, Span};
use custody::delivery::{Delivery, Step};
use custody::incoming::{Expected, Finished};
use custody::intake::NewObject;
use custody::office::{NewGrant, NewPrincipal};
use custody::sessions::{Issued, NewSession};
use custody::signature::SigningKey;
use custody::version::ObjectName;
use custody::{Caller, Custody, CustodyError, Parts, S3Claim, Wire};
use ledger::{Publisher, Reader};
use policy::Decider;
use seal::{KeyRing, LocalRoot, Opener, RecordSealer};
use store::LocalKeys;
use testkit::{ManualClock, MemoryBlobs, MemoryDocuments, SeededEntropy};

pub(crate) const DEPLOYMENT: DeploymentId = DeploymentId::from_bytes([0xDE; 16]);
pub(crate) const PURPOSE: &str = "evaluation";
const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// What survives a restart.
pub(crate) struct Disk {
    folder: tempfile::TempDir,
    root: Vec<u8>,
    pub(crate) documents: Arc<MemoryDocuments>,
    keys: Arc<MemoryDocuments>,
    pub(crate) blobs: Arc<MemoryBlobs>,
    pub(crate) register: Arc<MemoryRegister>,
    clock: Arc<ManualClock>,
    lives: AtomicU64,
}

/// A fence file in memory.
#[derive(Default)]
pub(crate) struct MemoryRegister(pub(crate) Mutex<BTreeMap<EngagementId, (State, u64)>>, AtomicBool);

impl MemoryRegister {
    /// Lets every write fail from now on.
    pub(crate) fn fail(&self) {
        self.1.store(true, Ordering::Release);
    }
}

impl PauseRegister for MemoryRegister {
    fn read_all(&self) -> Result<Vec<(EngagementId, State, u64)>, Fault> {
        Ok(self.0.lock().unwrap().iter().map(|(id, (state, epoch))| (*id, *state, *epoch)).collect())
    }

    fn write(&self, engagement: EngagementId, state: State, epoch: u64) -> Result<(), Fault> {
        if self.1.load(Ordering::Acquire) {
            return Err(testkit::faults::ordered("writing a fence"));
        }
        self.0.lock().unwrap().insert(engagement, (state, epoch));
        Ok(())
    }
}

/// A wire that counts what it was told to cut.
#[derive(Default)]
pub(crate) struct CountingWire(pub(crate) AtomicU64);

impl Wire for CountingWire {
    fn cut(&self, _engagement: EngagementId) -> u64 {
        self.0.fetch_add(1, Ordering::AcqRel);
        0
    }
}

pub(crate) struct World {
    pub(crate) custody: Arc<Custody>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) catalog: Catalog,
    reader: Reader,
    writer: ledger::Writer<Change, Applied>,
    pub(crate) disk: Disk,
}

/// The credentials of a session.
#[derive(Clone)]
pub(crate) struct Credentials {
    access_key: String,
    secret: String,
    token: Option<String>,
}

impl Credentials {
    pub(crate) fn of(issued: Issued) -> Self {
        Self { access_key: issued.access_key, secret: issued.secret, token: Some(issued.token) }
    }

    pub(crate) fn with_secret(&self, secret: &str) -> Self {
        Self { secret: secret.to_owned(), ..self.clone() }
    }

    pub(crate) fn without_token(&self) -> Self {
        Self { token: None, ..self.clone() }
    }

    pub(crate) fn access_key(&self) -> &str {
        &self.access_key
    }
}

impl Disk {
    fn new(seed: u64) -> Self {
        let entropy = SeededEntropy::new(seed);
        let root = LocalRoot::create(&entropy, DEPLOYMENT, None).unwrap().expose(<[u8]>::to_vec);
        Self {
            folder: tempfile::tempdir().unwrap(),
            root,
            documents: Arc::default(),
            keys: Arc::default(),
            blobs: Arc::default(),
            register: Arc::default(),
            clock: Arc::new(ManualClock::default()),
            lives: AtomicU64::new(seed.wrapping_mul(1_000)),
        }
    }
}

impl World {
    /// A new deployment with two people (`ann`, administrator and security; `bob`, security).
    pub(crate) async fn new(seed: u64) -> Self {
        let world = Self::open(Disk::new(seed)).await;
        let founder = person("ann", None, vec![Role::Administrator, Role::Security], 1);
        world.custody.found_person(world.custody.request(), &founder).await.unwrap();
        let bob = person("bob", None, vec![Role::Security], 2);
        world.custody.create_principal(&world.ann(), world.custody.request(), &bob).await.unwrap();
        world
    }

    pub(crate) async fn open(disk: Disk) -> Self {
        let life = disk.lives.fetch_add(1, Ordering::AcqRel);
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(life));
        let clock: Arc<dyn Clock> = Arc::clone(&disk.clock) as Arc<dyn Clock>;
        let root = LocalRoot::read(&disk.root, DEPLOYMENT, None, Arc::clone(&entropy)).unwrap();
        let keys = LocalKeys::new(Arc::clone(&disk.keys) as Arc<dyn Documents>);
        let ring = Arc::new(KeyRing::open(Box::new(root), Arc::new(keys), Arc::clone(&entropy), DEPLOYMENT).unwrap());
        let catalog = Catalog::open(&disk.folder.path().join("catalog.db"), DEPLOYMENT).unwrap();
        let sealer = Arc::new(RecordSealer::new(Arc::clone(&ring)));
        let committer = catalog.committer().unwrap();
        let (queue, releaser, writer) =
            ledger::start(committer, sealer.clone(), Arc::clone(&clock), Arc::clone(&entropy)).unwrap();
        let rows = queue.rows(Arc::new(catalog.clone()));
        let documents = Arc::clone(&disk.documents) as Arc<dyn Documents>;
        let publisher = Publisher::open(queue.clone(), Arc::clone(&rows), documents, signer()).unwrap();
        let scanner = match custody::founding::scanner(&catalog).unwrap() {
            Some(scanner) => scanner,
            None => custody::founding::found(&queue, &ring, &signer(), clock.as_ref(), entropy.as_ref()).await.unwrap(),
        };
        let reader = Reader::new(rows, sealer);
        let blobs = Arc::clone(&disk.blobs) as Arc<dyn Blobs>;
        let parts = Parts {
            origin: "custody.test/1".to_owned(),
            catalog: catalog.clone(),
            queue,
            releaser,
            publisher: Arc::new(publisher),
            reader: reader.clone(),
            decider: Decider::new().unwrap(),
            opener: Opener::new(Arc::clone(&ring), Arc::clone(&blobs)),
            ring,
            blobs,
            fences: Arc::clone(&disk.register) as Arc<dyn PauseRegister>,
            wire: Arc::new(CountingWire::default()),
            scanner,
            clock,
            entropy,
            unscannable_readable: false,
        };
        let custody = Custody::open(parts).await.unwrap();
        Self { custody, clock: Arc::clone(&disk.clock), catalog, reader, writer, disk }
    }

    /// Changes the catalog behind custody's back, as somebody who can write the database would.
    pub(crate) fn meddle(&self, sql: &str) {
        let connection = rusqlite::Connection::open(self.disk.folder.path().join("catalog.db")).unwrap();
        assert!(connection.execute(sql, []).unwrap() > 0, "{sql}");
    }

    /// Stops, and opens again on what is durable.
    pub(crate) async fn reopen(self) -> Self {
        let Self { custody, catalog, reader, writer, disk, clock: _ } = self;
        drop((custody, catalog, reader));
        writer.stop();
        Self::open(disk).await
    }

    pub(crate) fn ann(&self) -> Caller {
        self.custody.local_person("ann").unwrap()
    }

    pub(crate) fn bob(&self) -> Caller {
        self.custody.local_person("bob").unwrap()
    }

    pub(crate) fn request(&self) -> RequestId {
        self.custody.request()
    }

    /// A partner and an engagement of the same name, with workloads `<name>-writer` and `<name>-reader`.
    pub(crate) async fn engagement(&self, name: &str) -> EngagementId {
        let (ann, custody) = (self.ann(), &self.custody);
        custody.create_partner(&ann, self.request(), name).await.unwrap();
        let purposes = vec![purpose()];
        let id = custody.create_engagement(&ann, self.request(), name, name, purposes).await.unwrap();
        for (role, verbs) in [
            (
                "writer",
                vec![
                    Verb::Write,
                    Verb::Read,
                    Verb::Head,
                    Verb::List,
                    Verb::Delete,
                    Verb::CreateDataset,
                    Verb::DeleteDataset,
                    Verb::ConfigureDataset,
                ],
            ),
            ("reader", vec![Verb::Read, Verb::Head, Verb::List]),
        ] {
            let principal = format!("{name}-{role}");
            let new = NewPrincipal {
                name: principal.clone(),
                kind: PrincipalKind::Workload,
                partner: None,
                roles: vec![Role::Workload],
                public_key: None,
            };
            custody.create_principal(&ann, self.request(), &new).await.unwrap();
            let grant = NewGrant {
                principal,
                engagement: name.to_owned(),
                bucket: None,
                verbs,
                purposes: vec![purpose()],
                expires: self.clock.now().plus_seconds(30 * 86_400),
            };
            custody.create_grant(&ann, self.request(), &grant).await.unwrap();
        }
        id
    }

    pub(crate) async fn session(&self, principal: &str, engagement: &str) -> Credentials {
        let new = NewSession {
            principal: principal.to_owned(),
            engagement: engagement.to_owned(),
            purpose: purpose(),
            places: Vec::new(),
            seconds: 3600,
        };
        let issued = self.custody.create_session(&self.ann(), self.request(), &new).await.unwrap();
        Credentials::of(issued)
    }

    /// The caller that a signed request with these credentials establishes.
    pub(crate) fn caller(&self, credentials: &Credentials) -> Result<Arc<Caller>, CustodyError> {
        let mut secret: [u8; 40] = credentials.secret.as_bytes().try_into().unwrap();
        let key = SigningKey::derive(&Secret::take(&mut secret), &self.date(), "us-east-1", "s3");
        let text = "the text that a gateway builds";
        self.claim(&credentials.access_key, credentials.token.as_deref(), text, &key.sign(text))
    }

    /// The day, as signatures name it.
    pub(crate) fn date(&self) -> String {
        self.clock.now().to_amz()[..8].to_owned()
    }

    /// The caller that a claim establishes.
    pub(crate) fn claim(
        &self,
        access_key: &str,
        token: Option<&str>,
        string_to_sign: &str,
        signature: &str,
    ) -> Result<Arc<Caller>, CustodyError> {
        let claim = S3Claim {
            access_key,
            token,
            date: &self.date(),
            region: "us-east-1",
            service: "s3",
            signed_at: self.clock.now(),
            good_for_seconds: None,
            string_to_sign,
            signature,
            address: ADDRESS,
        };
        self.custody.identity().workload(&claim).map(|(caller, _key)| Arc::new(caller))
    }

    pub(crate) async fn put(
        &self,
        caller: &Arc<Caller>,
        bucket: &str,
        key: &str,
        body: &[u8],
    ) -> Result<(), CustodyError> {
        let new = NewObject::default();
        let mut incoming = self.custody.put(Arc::clone(caller), self.request(), bucket, key.as_bytes(), new).await?;
        for chunk in body.chunks(100_000) {
            incoming.push(&bytes::Bytes::copy_from_slice(chunk)).await?;
        }
        match incoming.finish(&Expected::default()).await? {
            Finished::Stored(stored) => assert_eq!(stored.size, body.len() as u64),
            Finished::Mismatch(mismatch) => panic!("{mismatch:?}"),
        }
        Ok(())
    }

    pub(crate) async fn open_body(
        &self,
        caller: &Arc<Caller>,
        bucket: &str,
        key: &str,
        span: Span,
    ) -> Result<Box<Delivery>, CustodyError> {
        let conditions = Conditions::default();
        let got = self
            .custody
            .get(Arc::clone(caller), self.request(), ObjectName::current(bucket, key.as_bytes()), span, &conditions)
            .await?;
        match got {
            Got::Body { delivery, .. } => Ok(delivery),
            _ => panic!("no body"),
        }
    }

    pub(crate) async fn get(
        &self,
        caller: &Arc<Caller>,
        bucket: &str,
        key: &str,
        span: Span,
    ) -> Result<Vec<u8>, CustodyError> {
        let mut delivery = self.open_body(caller, bucket, key, span).await?;
        let mut bytes = Vec::new();
        loop {
            match delivery.step() {
                Step::Segment(plain) => plain.expose(|plain| bytes.extend_from_slice(plain)),
                Step::Earn => delivery.earn().await?,
                Step::End => break,
                Step::Broken(error) => return Err(error),
            }
        }
        delivery.settle(bytes.len() as u64);
        Ok(bytes)
    }

    /// The entries of a chain.
    pub(crate) fn entries(&self, chain: ChainId) -> Vec<ledger::Opened> {
        let mut all: Vec<ledger::Opened> = Vec::new();
        loop {
            let page = self.reader.chain_page(chain, all.len() as u64).unwrap();
            if page.is_empty() {
                return all;
            }
            all.extend(page);
        }
    }

    /// How many entries a chain has.
    pub(crate) fn kinds(&self, chain: ChainId) -> usize {
        self.catalog.chain_rows(chain, 0, 100_000).unwrap().len()
    }
}

pub(crate) fn purpose() -> Purpose {
    PURPOSE.parse().unwrap()
}

pub(crate) fn person_key(number: u8) -> attest::SigningKey {
    attest::SigningKey::from_seed(&Secret::take(&mut [number; 32])).unwrap()
}

pub(crate) fn person(name: &str, partner: Option<&str>, roles: Vec<Role>, key: u8) -> NewPrincipal {
    NewPrincipal {
        name: name.to_owned(),
        kind: PrincipalKind::Person,
        partner: partner.map(str::to_owned),
        roles,
        public_key: Some(data_encoding::BASE64.encode(person_key(key).public().as_bytes())),
    }
}

fn signer() -> Signer {
    Signer::new("custody.test/1", person_key(200)).unwrap()
}
