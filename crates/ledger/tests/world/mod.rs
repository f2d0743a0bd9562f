//! A ledger on memory storage, with permits earned from the real policies.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::net::IpAddr;
use std::sync::Arc;

use attest::note::Signer;
use base::fence::{Fence, Guarded};
use base::id::{ChainId, DatasetId, EngagementId, PartnerId, PrincipalId, RequestId, SessionId};
use base::ports::{Committer, Documents, LedgerRows};
use base::word::{Form, PrincipalKind, Role, State, Verb};
use base::{Clock, Entropy, Fault, Secret};
use ledger::{Draft, LedgerError, Publisher, Queue, Reader, Releaser, Writer};
use policy::{Access, DatasetFacts, Decider, EngagementFacts, Facts, GrantFacts, Permit, Question, Target, Who};
use serde::Serialize;
use testkit::{Faults, ManualClock, PlainSealer, SeededEntropy};

pub(crate) const ORIGIN: &str = "ledger.test/1";

/// The parts of an opened ledger.
pub(crate) struct World<C: Committer> {
    pub(crate) queue: Queue<C::Change, C::Applied>,
    pub(crate) releaser: Releaser<C::Change, C::Applied>,
    pub(crate) writer: Writer<C::Change, C::Applied>,
    pub(crate) publisher: Arc<Publisher<C::Change, C::Applied>>,
    pub(crate) reader: Reader,
    pub(crate) clock: Arc<ManualClock>,
}

impl<C: Committer + 'static> World<C> {
    pub(crate) fn open(
        committer: C,
        rows: Arc<dyn LedgerRows>,
        documents: Arc<dyn Documents>,
        clock: Arc<ManualClock>,
        seed: u64,
    ) -> Result<Self, LedgerError> {
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(seed));
        let sealer = Arc::new(PlainSealer);
        let dated: Arc<dyn Clock> = Arc::clone(&clock) as Arc<dyn Clock>;
        let (queue, releaser, writer) = ledger::start(committer, sealer.clone(), dated, entropy)?;
        let rows = queue.rows(rows);
        let publisher = Arc::new(Publisher::open(queue.clone(), Arc::clone(&rows), documents, signer())?);
        Ok(Self { queue, releaser, writer, publisher, reader: Reader::new(rows, sealer), clock })
    }

    /// Records an act with a note, without a change.
    pub(crate) async fn note(&self, chain: ChainId, text: &str) -> Result<(), LedgerError> {
        let draft = self.draft(chain, text)?;
        self.queue.record(Vec::new(), vec![draft]).await.map(|_| ())
    }

    pub(crate) fn draft(&self, chain: ChainId, text: &str) -> Result<Draft, LedgerError> {
        Draft::new(chain, "note", self.clock.now(), &Note { text: text.to_owned() }, self.queue.entropy().as_ref())
    }
}

#[derive(Serialize)]
struct Note {
    text: String,
}

pub(crate) fn signer() -> Signer {
    let key = attest::SigningKey::from_seed(&Secret::take(&mut [7; 32])).unwrap();
    Signer::new(ORIGIN, key).unwrap()
}

pub(crate) fn engagement(number: u8) -> EngagementId {
    EngagementId::from_bytes([number; 16])
}

/// A permit to list names in an engagement, earned from the shipped policies under `pause`.
pub(crate) fn permit(decider: &Decider, engagement: EngagementId, pause: &Fence, at: base::Timestamp) -> Permit {
    let dataset = DatasetId::from_bytes([3; 16]);
    let purpose: base::word::Purpose = "evaluation".parse().unwrap();
    let purposes: Arc<[_]> = Arc::new([purpose.clone()]);
    let who = Who {
        principal: PrincipalId::from_bytes([4; 16]),
        kind: PrincipalKind::Workload,
        partner: None,
        roles: vec![Role::Workload],
        session: Some(SessionId::from_bytes([5; 16])),
        credential: "CDAMTEST".to_owned(),
        purpose: Some(purpose),
        address: IpAddr::from([127, 0, 0, 1]),
    };
    let tickets = vec![pause.ticket(), Fence::at(Guarded::Session, 0).ticket()];
    let access = Access {
        request: RequestId::from_bytes([6; 16]),
        at,
        who: Arc::new(who),
        engagement,
        verb: Verb::List,
        form: Form::Names,
        target: Target::Dataset(dataset),
        names: Vec::new(),
    };
    let facts = Facts {
        engagement: EngagementFacts {
            id: engagement,
            partner: PartnerId::from_bytes([8; 16]),
            state: State::Active,
            purposes: Arc::clone(&purposes),
        },
        dataset: Some(DatasetFacts { id: dataset, purposes: Arc::new([]), unscannable_readable: false }),
        object: None,
        grant: Some(GrantFacts { verbs: Arc::new([Verb::List]), purposes, expires: at.plus_seconds(3600) }),
        approvers: Vec::new(),
        budget: None,
    };
    decider.decide(Question { access, facts, tickets }).unwrap_or_else(|denial| panic!("denied: {denial}"))
}

/// Documents that fail as ordered.
pub(crate) struct FaultyDocuments {
    pub(crate) inner: Arc<dyn Documents>,
    pub(crate) faults: Faults,
}

impl Documents for FaultyDocuments {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        self.inner.read(name)
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), Fault> {
        self.faults.run(|| testkit::faults::ordered("replacing a document"), || self.inner.replace(name, bytes))
    }

    fn remove(&self, name: &str) -> Result<(), Fault> {
        self.faults.run(|| testkit::faults::ordered("removing a document"), || self.inner.remove(name))
    }

    fn list(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        self.inner.list(prefix)
    }
}
