//! A deployment behind real sockets: a real catalog, real keys, policies and ledger, a store in memory, and clients.

#![allow(dead_code, reason = "each test file uses a part of it")]

pub(crate) mod client;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use attest::note::Signer;
use base::id::{DeploymentId, EngagementId, RequestId};
use base::ports::{Blobs, Documents, PauseRegister};
use base::word::{PrincipalKind, Purpose, Role, State, Verb};
use base::{Clock, Entropy, Fault, Secret};
use catalog::Catalog;
use catalog::model::{Applied, Change, SelectorKind};
use custody::office::{NewGrant, NewPrincipal};
use custody::sessions::NewSession;
use custody::touch::Selector;
use custody::{Caller, Custody, CustodyError, Parts, PersonClaim};
use gateway::admin::{AdminFront, Interpreter, Signed};
use gateway::register::Register;
use gateway::server::{Rules, listen, serve};
use gateway::wire::Security;
use gateway::{Domains, S3Front};
use ledger::{Publisher, Reader};
use policy::Decider;
use seal::{KeyRing, LocalRoot, Opener, RecordSealer};
use store::LocalKeys;
use testkit::{ManualClock, MemoryBlobs, MemoryDocuments, SeededEntropy};
use tokio::sync::watch;

use client::Client;

const DEPLOYMENT: DeploymentId = DeploymentId::from_bytes([0xDE; 16]);
pub(crate) const PURPOSE: &str = "evaluation";

/// The name under which buckets have names of their own.
pub(crate) const DOMAIN: &str = "s3.test";

/// A fence file in memory.
#[derive(Default)]
struct MemoryRegister(Mutex<BTreeMap<EngagementId, (State, u64)>>);

impl PauseRegister for MemoryRegister {
    fn read_all(&self) -> Result<Vec<(EngagementId, State, u64)>, Fault> {
        Ok(self.0.lock().unwrap().iter().map(|(id, (state, epoch))| (*id, *state, *epoch)).collect())
    }

    fn write(&self, engagement: EngagementId, state: State, epoch: u64) -> Result<(), Fault> {
        self.0.lock().unwrap().insert(engagement, (state, epoch));
        Ok(())
    }
}

pub(crate) struct World {
    pub(crate) custody: Arc<Custody>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) s3: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) catalog: Catalog,
    reader: Reader,
    front: Arc<S3Front>,
    register: Arc<Register>,
    stop: watch::Sender<bool>,
    _folder: tempfile::TempDir,
    _writer: ledger::Writer<Change, Applied>,
}

impl World {
    /// A new deployment with two people (`ann`, administrator and security; `bob`, security) and both listeners.
    pub(crate) async fn new(seed: u64) -> Self {
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(seed));
        let manual = Arc::new(ManualClock::default());
        let clock = Arc::clone(&manual) as Arc<dyn Clock>;
        let folder = tempfile::tempdir().unwrap();
        let root = LocalRoot::create(entropy.as_ref(), DEPLOYMENT, None).unwrap().expose(<[u8]>::to_vec);
        let root = LocalRoot::read(&root, DEPLOYMENT, None, Arc::clone(&entropy)).unwrap();
        let keys = LocalKeys::new(Arc::<MemoryDocuments>::default() as Arc<dyn Documents>);
        let ring = Arc::new(KeyRing::open(Box::new(root), Arc::new(keys), Arc::clone(&entropy), DEPLOYMENT).unwrap());
        let catalog = Catalog::open(&folder.path().join("catalog.db"), DEPLOYMENT).unwrap();
        let sealer = Arc::new(RecordSealer::new(Arc::clone(&ring)));
        let committer = catalog.committer().unwrap();
        let (queue, releaser, writer) =
            ledger::start(committer, sealer.clone(), Arc::clone(&clock), Arc::clone(&entropy)).unwrap();
        let rows = queue.rows(Arc::new(catalog.clone()));
        let documents = Arc::<MemoryDocuments>::default() as Arc<dyn Documents>;
        let publisher = Publisher::open(queue.clone(), Arc::clone(&rows), documents, signer()).unwrap();
        let scanner =
            custody::founding::found(&queue, &ring, &signer(), clock.as_ref(), entropy.as_ref()).await.unwrap();
        let blobs = Arc::<MemoryBlobs>::default() as Arc<dyn Blobs>;
        let register = Arc::new(Register::default());
        let reader = Reader::new(rows, sealer);
        let parts = Parts {
            origin: "gateway.test/1".to_owned(),
            catalog: catalog.clone(),
            queue,
            releaser,
            publisher: Arc::new(publisher),
            reader: reader.clone(),
            decider: Decider::new().unwrap(),
            opener: Opener::new(Arc::clone(&ring), Arc::clone(&blobs)),
            ring,
            blobs,
            fences: Arc::<MemoryRegister>::default() as Arc<dyn PauseRegister>,
            wire: Arc::clone(&register) as Arc<dyn custody::Wire>,
            scanner,
            clock: Arc::clone(&clock),
            entropy,
            unscannable_readable: false,
        };
        let custody = Custody::open(parts).await.unwrap();
        let founder = person("ann", None, vec![Role::Administrator, Role::Security], 1);
        custody.found_person(custody.request(), &founder).await.unwrap();
        let ann = custody.local_person("ann").unwrap();
        let bob = person("bob", None, vec![Role::Security], 2);
        custody.create_principal(&ann, custody.request(), &bob).await.unwrap();

        let (stop, stopped) = watch::channel(false);
        let loopback = "127.0.0.1:0".parse().unwrap();
        let listener = listen(loopback).await.unwrap();
        let s3 = listener.local_addr().unwrap();
        let front = S3Front::new(Arc::clone(&custody), Arc::clone(&clock), Arc::clone(&register));
        let front = Arc::new(front.with_domains(Domains::new(vec![DOMAIN.to_owned()])));
        tokio::spawn(serve(listener, Arc::clone(&front), Arc::clone(&register), Rules::default(), stopped.clone()));
        let listener = gateway::admin::listen(loopback, Security::Plain).await.unwrap();
        let admin = listener.local_addr().unwrap();
        let office = AdminFront::new(Arc::clone(&custody), Arc::new(Words(Arc::clone(&custody))), None);
        tokio::spawn(serve(listener, Arc::new(office), Arc::clone(&register), Rules::default(), stopped));
        Self {
            custody,
            clock: manual,
            s3,
            admin,
            catalog,
            reader,
            front,
            register,
            stop,
            _folder: folder,
            _writer: writer,
        }
    }

    /// Another listener of S3, under rules of its own.
    pub(crate) async fn also(&self, rules: Rules) -> SocketAddr {
        let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (front, register) = (Arc::clone(&self.front), Arc::clone(&self.register));
        tokio::spawn(serve(listener, front, register, rules, self.stop.subscribe()));
        address
    }

    pub(crate) fn ann(&self) -> Caller {
        self.custody.local_person("ann").unwrap()
    }

    pub(crate) fn request(&self) -> RequestId {
        self.custody.request()
    }

    /// Every entry that bears the id of a request.
    pub(crate) fn entries_of(&self, request: &str) -> Vec<serde_json::Value> {
        self.entries(|entry| entry["request"] == request)
    }

    pub(crate) fn entries_of_kind(&self, kind: &str) -> Vec<serde_json::Value> {
        self.entries(|entry| entry["kind"] == kind)
    }

    fn entries(&self, wanted: impl Fn(&serde_json::Value) -> bool) -> Vec<serde_json::Value> {
        let mut found = Vec::new();
        let mut next = 0;
        loop {
            let page = self.reader.page(next).unwrap();
            let Some(last) = page.last() else { return found };
            next = last.index + 1;
            let entries = page.iter().map(|entry| serde_json::from_slice(&entry.payload.entry).unwrap());
            found.extend(entries.filter(&wanted));
        }
    }

    /// A partner and an engagement of the same name, with one workload that may do everything there; its client.
    pub(crate) async fn engagement(&self, name: &str) -> Client {
        let (ann, custody) = (self.ann(), &self.custody);
        custody.create_partner(&ann, self.request(), name).await.unwrap();
        custody.create_engagement(&ann, self.request(), name, name, vec![purpose()]).await.unwrap();
        let principal = format!("{name}-writer");
        let new = NewPrincipal {
            name: principal.clone(),
            kind: PrincipalKind::Workload,
            partner: None,
            roles: vec![Role::Workload],
            public_key: None,
        };
        custody.create_principal(&ann, self.request(), &new).await.unwrap();
        let verbs = vec![
            Verb::Write,
            Verb::Read,
            Verb::Head,
            Verb::List,
            Verb::Delete,
            Verb::CreateDataset,
            Verb::DeleteDataset,
            Verb::ConfigureDataset,
            Verb::BypassGovernance,
        ];
        self.grant(&principal, name, verbs).await;
        self.session(&principal, name).await
    }

    /// A workload of an engagement with a grant that is good for nothing that S3 has; its client.
    pub(crate) async fn grantless(&self, engagement: &str) -> Client {
        let principal = format!("{engagement}-grantless");
        let new = NewPrincipal {
            name: principal.clone(),
            kind: PrincipalKind::Workload,
            partner: None,
            roles: vec![Role::Workload],
            public_key: None,
        };
        self.custody.create_principal(&self.ann(), self.request(), &new).await.unwrap();
        self.grant(&principal, engagement, vec![Verb::Scope]).await;
        self.session(&principal, engagement).await
    }

    pub(crate) async fn grant(&self, principal: &str, engagement: &str, verbs: Vec<Verb>) {
        let grant = NewGrant {
            principal: principal.to_owned(),
            engagement: engagement.to_owned(),
            bucket: None,
            verbs,
            purposes: vec![purpose()],
            expires: self.clock.now().plus_seconds(30 * 86_400),
        };
        self.custody.create_grant(&self.ann(), self.request(), &grant).await.unwrap();
    }

    pub(crate) async fn session(&self, principal: &str, engagement: &str) -> Client {
        let new = NewSession {
            principal: principal.to_owned(),
            engagement: engagement.to_owned(),
            purpose: purpose(),
            places: Vec::new(),
            seconds: 3600,
        };
        let issued = self.custody.create_session(&self.ann(), self.request(), &new).await.unwrap();
        Client { server: self.s3, host: self.s3.to_string(), issued, clock: Arc::clone(&self.clock) }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
    }
}

/// What the program's wiring does for the admin API.
struct Words(Arc<Custody>);

impl Interpreter for Words {
    fn person(&self, signed: &Signed<'_>) -> Result<Caller, CustodyError> {
        let request = attest::person::Request {
            method: signed.method,
            authority: signed.authority,
            path: signed.path,
            query: signed.query,
            body: signed.body,
        };
        self.0.identity().person(&PersonClaim {
            request,
            content_digest: signed.content_digest,
            signature_input: signed.signature_input,
            signature: signed.signature,
            address: signed.address,
        })
    }

    fn selector(&self, kind: &str, value: &str) -> Option<Selector> {
        let kind = match kind {
            "credential" => SelectorKind::Credential,
            "session" => SelectorKind::Session,
            "principal" => SelectorKind::Principal,
            "address" => SelectorKind::Address,
            "engagement" => SelectorKind::Engagement,
            _ => return None,
        };
        Some(Selector { kind, value: value.to_owned() })
    }
}

pub(crate) fn purpose() -> Purpose {
    PURPOSE.parse().unwrap()
}

pub(crate) fn person_key(number: u8) -> attest::SigningKey {
    attest::SigningKey::from_seed(&Secret::take(&mut [number; 32])).unwrap()
}

fn person(name: &str, partner: Option<&str>, roles: Vec<Role>, key: u8) -> NewPrincipal {
    NewPrincipal {
        name: name.to_owned(),
        kind: PrincipalKind::Person,
        partner: partner.map(str::to_owned),
        roles,
        public_key: Some(data_encoding::BASE64.encode(person_key(key).public().as_bytes())),
    }
}

fn signer() -> Signer {
    Signer::new("gateway.test/1", person_key(200)).unwrap()
}
