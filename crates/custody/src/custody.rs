//! The domain's one object: its parts, its live state, and how acts are recorded.
//!
//! The verbs are in the files beside this one, each an `impl Custody` block: `access` is the one way out, `intake` the one
//! way in.

use std::sync::Arc;

use attest::private::PrivateField;
use base::fence::{Fence, Guarded, Ticket};
use base::id::{ChainId, EngagementId, PrincipalId, RequestId};
use base::object::SealedObject;
use base::ports::{Blobs, PauseRegister};
use base::word::{BudgetState, Form, State, Verb};
use base::{Clock, Entropy};
use catalog::Catalog;
use catalog::model::{Applied, Change, DatasetRow, VersionRow};
use ledger::{Draft, LedgerError, Publisher, Reader, Recorded, Releaser};

use policy::{
    Access, DatasetFacts, Decider, Denial, EngagementFacts, Facts, GrantFacts, ObjectFacts, Permit, Question, Target,
    Window,
};
use seal::{KeyRing, Opener};
use serde::Serialize;

use crate::decoys::Decoys;
use crate::directory::{Directory, Engagement};
use crate::entries::{Act, By, Denied, Failed, kind};
use crate::error::{CustodyError, Thing};
use crate::identity::{Caller, Identity};
use crate::names::Names;
use crate::outbox::Outbox;
use crate::receivers::Receiver;
use crate::settings::Dataset;
use crate::settle::Settler;
use crate::tripwire::Tripwire;

/// The commit queue, as this deployment's catalog shapes it.
pub type Queue = ledger::Queue<Change, Applied>;

/// Cuts what is on the wire. Implemented by the gateway, which owns the sockets.
pub trait Wire: Send + Sync {
    /// Resets every connection that is sending bytes of `engagement`, discarding what the kernel still holds. When this
    /// returns, none of them sends another byte. Returns how many were cut.
    fn cut(&self, engagement: EngagementId) -> u64;
}

/// A program without a wire: set-up and offline commands.
pub struct NoWire;

impl Wire for NoWire {
    fn cut(&self, _engagement: EngagementId) -> u64 {
        0
    }
}

/// The parts custody is made of, moved in by the program's wiring.
pub struct Parts {
    /// The name of the log.
    pub origin: String,
    /// What exists.
    pub catalog: Catalog,
    /// The commit queue.
    pub queue: Queue,
    /// The maker of receipts.
    pub releaser: Releaser<Change, Applied>,
    /// Integrates and publishes the tree.
    pub publisher: Arc<Publisher<Change, Applied>>,
    /// Reads entries back.
    pub reader: Reader,
    /// The policies.
    pub decider: Decider,
    /// The keys.
    pub ring: Arc<KeyRing>,
    /// Opens what receipts paid for.
    pub opener: Opener,
    /// Sealed bytes.
    pub blobs: Arc<dyn Blobs>,
    /// The second register of pauses.
    pub fences: Arc<dyn PauseRegister>,
    /// The sockets.
    pub wire: Arc<dyn Wire>,
    /// The scanner's own principal.
    pub scanner: PrincipalId,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// Whether what no detector can read may be read in buckets that workloads create. People who create a dataset say so
    /// themselves.
    pub unscannable_readable: bool,
}

/// Custody of one deployment.
pub struct Custody {
    pub(crate) origin: String,
    pub(crate) catalog: Catalog,
    pub(crate) queue: Queue,
    pub(crate) releaser: Releaser<Change, Applied>,
    pub(crate) publisher: Arc<Publisher<Change, Applied>>,
    pub(crate) reader: Reader,
    pub(crate) decider: Decider,
    pub(crate) ring: Arc<KeyRing>,
    pub(crate) opener: Opener,
    pub(crate) blobs: Arc<dyn Blobs>,
    pub(crate) fences: Arc<dyn PauseRegister>,
    pub(crate) wire: Arc<dyn Wire>,
    pub(crate) scanner: PrincipalId,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) unscannable_readable: bool,
    pub(crate) directory: Arc<Directory>,
    pub(crate) identity: Identity,
    pub(crate) names: Names,
    /// The deployment itself, where acts on no single engagement are judged.
    pub(crate) deployment: Engagement,
    pub(crate) policies: Fence,
    pub(crate) settler: Settler,
    pub(crate) shelf: crate::shelf::Shelf,
    pub(crate) budgets: crate::budgets::Budgets,
    pub(crate) noise: crate::noise::Counter,
    pub(crate) scans: crate::jobs::Bell,
    pub(crate) tripwire: Arc<Tripwire>,
    pub(crate) outbox: Outbox,
    /// Acts on the directory's tables happen one at a time: names are checked, recorded and added without a gap.
    pub(crate) desk: tokio::sync::Mutex<()>,
    /// Packs are made one at a time.
    pub(crate) packing: tokio::sync::Mutex<()>,
}

impl Custody {
    /// Opens custody over its parts and reconciles the two registers of pauses.
    ///
    /// # Errors
    /// The catalog or the fence file cannot be read, or they do not verify.
    pub async fn open(parts: Parts) -> Result<Arc<Self>, CustodyError> {
        let names = Names::new(&parts.ring)?;
        let directory = Arc::new(Directory::load(&parts.catalog, &names, &parts.ring, parts.clock.now())?);
        let deployment = Engagement::deployment(&parts.ring)?;
        let decoys = Decoys::load(&parts.catalog.decoys()?, &deployment.fields)?;
        let receivers = parts.catalog.receivers()?.into_iter().map(|row| Receiver::open(&row, &deployment.fields));
        let outbox = Outbox::of(receivers.collect::<Result<Vec<_>, _>>()?);
        let tripwire = Arc::new(Tripwire::default());
        let identity = Identity::new(Arc::clone(&directory), Arc::clone(&parts.ring), Arc::clone(&parts.clock))
            .with_decoys(decoys, Arc::clone(&tripwire));
        let budgets = crate::budgets::Budgets::new(Arc::clone(&parts.clock));
        let custody = Arc::new(Self {
            origin: parts.origin,
            catalog: parts.catalog,
            queue: parts.queue,
            releaser: parts.releaser,
            publisher: parts.publisher,
            reader: parts.reader,
            decider: parts.decider,
            ring: parts.ring,
            opener: parts.opener,
            blobs: parts.blobs,
            fences: parts.fences,
            wire: parts.wire,
            scanner: parts.scanner,
            clock: parts.clock,
            entropy: parts.entropy,
            unscannable_readable: parts.unscannable_readable,
            directory,
            identity,
            names,
            deployment,
            policies: Fence::at(Guarded::Policies, 0),
            settler: Settler::default(),
            shelf: crate::shelf::Shelf::default(),
            budgets,
            noise: crate::noise::Counter::default(),
            scans: crate::jobs::Bell::default(),
            tripwire,
            outbox,
            desk: tokio::sync::Mutex::default(),
            packing: tokio::sync::Mutex::default(),
        });
        custody.reconcile_pauses().await?;
        match custody.open_budgets() {
            // Whoever finds a damaged record must be able to pause, to scope and to verify it. Nothing is read on it.
            Err(error) if error.kind() == base::Kind::Corrupt => {
                tracing::error!(error = base::error::chain(&error), "budgets cannot be counted: nothing is read");
                custody.budgets.close();
            }
            opened => opened?,
        }
        Ok(custody)
    }

    /// Establishes callers.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The small tables.
    #[must_use]
    pub const fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    /// A fresh id for a request.
    #[must_use]
    pub fn request(&self) -> RequestId {
        RequestId::fresh(self.entropy.as_ref())
    }

    /// The engagement a session is bound to.
    pub(crate) fn compartment(&self, caller: &Caller) -> Result<Arc<Engagement>, CustodyError> {
        caller.engagement().and_then(|id| self.directory.engagement(id)).ok_or(CustodyError::Hidden)
    }

    /// The dataset behind a bucket name, if it lies in the caller's compartment. Another engagement's bucket and one that is
    /// not there get the same answer.
    pub(crate) fn dataset(&self, caller: &Caller, bucket: &str) -> Result<Arc<Dataset>, CustodyError> {
        self.directory
            .bucket(bucket)
            .filter(|row| caller.engagement() == Some(row.engagement))
            .ok_or_else(|| CustodyError::missing(Thing::Dataset, bucket))
    }
}

impl Custody {
    /// The dataset behind a bucket name, and its compartment: of the session's for those who have one; for people who sign with
    /// their own key, of any engagement they may know of.
    pub(crate) fn collection(
        &self,
        caller: &Caller,
        bucket: &str,
    ) -> Result<(Arc<Engagement>, Arc<Dataset>), CustodyError> {
        let missing = || CustodyError::missing(Thing::Dataset, bucket);
        let dataset = match caller.engagement() {
            Some(_) => self.dataset(caller, bucket)?,
            None => self.directory.bucket(bucket).ok_or_else(missing)?,
        };
        let engagement = self.directory.engagement(dataset.engagement).ok_or_else(missing)?;
        if caller.who().partner.is_some_and(|partner| partner != engagement.partner) {
            return Err(missing());
        }
        Ok((engagement, dataset))
    }
}

/// What is to be judged: a verb on something in a compartment.
pub(crate) struct Matter<'a> {
    pub(crate) request: RequestId,
    pub(crate) verb: Verb,
    pub(crate) form: Form,
    pub(crate) engagement: &'a Engagement,
    pub(crate) dataset: Option<&'a DatasetRow>,
    pub(crate) bytes: Option<(&'a VersionRow, Arc<SealedObject>, Window)>,
    pub(crate) approvers: Vec<PrincipalId>,
    /// How the caller stands with the budgets that count; nothing where none does.
    pub(crate) budget: Option<BudgetState>,
}

impl<'a> Matter<'a> {
    /// A verb that reveals names at most.
    pub(crate) const fn names(
        request: RequestId,
        verb: Verb,
        engagement: &'a Engagement,
        dataset: Option<&'a DatasetRow>,
    ) -> Self {
        Self { request, verb, form: Form::Names, engagement, dataset, bytes: None, approvers: Vec::new(), budget: None }
    }
}

impl Custody {
    /// Puts a matter to the policies. A refusal is recorded before it is answered.
    pub(crate) async fn judge(&self, caller: &Caller, matter: Matter<'_>) -> Result<Permit, CustodyError> {
        let (request, verb) = (matter.request, matter.verb);
        let (engagement, dataset) = (matter.engagement.id, matter.dataset.map(|dataset| dataset.id));
        let question = self.question(caller, matter);
        let Err(denial) = self.decider.check(&question) else {
            return self.decider.decide(question).map_err(refused);
        };
        let fields = Denied { verb, dataset, policy: &denial.policy, inputs: self.decider.explain(&question) };
        self.enter(caller, request, engagement.into(), kind::DENIAL, fields).await?;
        caller.entered().note(verb);
        Err(refused(denial))
    }

    /// Whether the policies would allow a matter. Mints nothing and records nothing.
    pub(crate) fn would_allow(&self, caller: &Caller, matter: Matter<'_>) -> bool {
        self.decider.check(&self.question(caller, matter)).is_ok()
    }

    /// Records that a permitted request failed and released nothing.
    pub(crate) async fn failed(
        &self,
        caller: &Caller,
        request: RequestId,
        engagement: EngagementId,
        verb: Verb,
        dataset: Option<&DatasetRow>,
        failure: &str,
    ) -> Result<(), CustodyError> {
        let fields = Failed { verb, dataset: dataset.map(|row| row.id), failure, operation: None };
        self.enter(caller, request, engagement.into(), kind::FAILURE, fields).await?;
        caller.entered().note(verb);
        Ok(())
    }

    fn question(&self, caller: &Caller, matter: Matter<'_>) -> Question {
        // INVARIANT: tickets before facts. See `Fence::ticket`.
        let mut tickets: Vec<Ticket> = vec![matter.engagement.fence.ticket(), self.policies.ticket()];
        tickets.extend(caller.tickets().iter().cloned());
        let at = self.clock.now();
        let who = Arc::clone(caller.who());
        let dataset = matter.dataset;
        let grant = self
            .directory
            .grant_for(
                who.principal,
                matter.engagement.id,
                dataset.map(|row| row.id),
                matter.verb,
                who.purpose.as_ref(),
                at,
            )
            .map(|grant| GrantFacts {
                verbs: grant.verbs.clone().into(),
                purposes: grant.purposes.clone().into(),
                expires: grant.expires,
            });
        let object = matter.bytes.as_ref().map(|(row, _, _)| ObjectFacts { scan: row.scan, writer: row.writer });
        let target = match (matter.bytes, dataset) {
            (Some((_, object, window)), _) => Target::Bytes { object, window },
            (None, Some(dataset)) => Target::Dataset(dataset.id),
            (None, None) => Target::Engagement,
        };
        let facts = Facts {
            engagement: EngagementFacts {
                id: matter.engagement.id,
                partner: matter.engagement.partner,
                state: matter.engagement.state(),
                purposes: Arc::clone(&matter.engagement.purposes),
            },
            dataset: dataset.map(|row| DatasetFacts {
                id: row.id,
                purposes: row.purposes.clone().into(),
                unscannable_readable: row.unscannable_readable,
            }),
            object,
            grant,
            approvers: matter.approvers,
            budget: matter.budget,
        };
        let access = Access {
            request: matter.request,
            at,
            who,
            engagement: matter.engagement.id,
            verb: matter.verb,
            form: matter.form,
            target,
            names: Vec::new(),
        };
        Question { access, facts, tickets }
    }

    /// Drafts the entry of an act by a caller.
    pub(crate) fn draft(
        &self,
        caller: &Caller,
        request: RequestId,
        chain: ChainId,
        kind: &'static str,
        what: impl Serialize,
    ) -> Result<Draft, LedgerError> {
        let entropy = self.entropy.as_ref();
        let who = caller.who();
        let address = PrivateField { salt: entropy.bytes(), value: who.address.to_string() };
        let by = By {
            request,
            principal: who.principal,
            session: who.session,
            credential: &who.credential,
            address: address.commitment(),
        };
        Ok(Draft::new(chain, kind, self.clock.now(), &Act { by, what }, entropy)?.with(ledger::ADDRESS, address))
    }

    /// Records an act that changes nothing in the catalog.
    pub(crate) async fn enter(
        &self,
        caller: &Caller,
        request: RequestId,
        chain: ChainId,
        kind: &'static str,
        what: impl Serialize,
    ) -> Result<(), CustodyError> {
        let draft = self.draft(caller, request, chain, kind, what)?;
        self.queue.record(Vec::new(), vec![draft]).await?;
        Ok(())
    }

    /// Records an act with its changes; both become durable together.
    pub(crate) async fn commit(&self, changes: Vec<Change>, draft: Draft) -> Result<Recorded<Applied>, CustodyError> {
        Ok(self.queue.record(changes, vec![draft]).await?)
    }

    /// Whether the engagement is paused or closed.
    pub(crate) fn is_open(engagement: &Engagement) -> bool {
        engagement.state() == State::Active
    }
}

/// Says no more than the caller may know.
fn refused(denial: Denial) -> CustodyError {
    match denial {
        Denial { kind: base::Kind::Paused, .. } => CustodyError::Paused,
        Denial { disclose: false, .. } => CustodyError::Hidden,
        denial => CustodyError::Denied(denial),
    }
}
