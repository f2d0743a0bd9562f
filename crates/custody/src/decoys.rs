//! Decoys: credentials and objects that nobody should ever use, so that using one says that somebody is where nobody belongs.
//!
//! A decoy credential is a session like any other: issued, derived, sealed and recorded as the real ones are, for a workload that
//! exists. It lets nobody in, from its first second on: it is answered as a session that is over. What makes it a decoy stands
//! in a row of its own, sealed and padded, and in the system's chain as a commitment. So neither a thief of the database nor a
//! reader of evidence learns which credentials are decoys, and their holder learns nothing from the answer.
//!
//! LIMIT: whoever may change the database can delete the row; what was recorded of it stays in the ledger.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use base::Timestamp;
use base::id::{DatasetId, DecoyId, EngagementId, PrincipalId, SessionId};
use catalog::model::DecoyRow;
use seal::Fields;
use serde::{Deserialize, Serialize};

use crate::error::CustodyError;

/// What sealed decoys are bound to, beside their id.
const CONTEXT: &str = "decoy";

/// Sealed decoys are padded to multiples of this, so that their sizes do not tell their kinds.
const PADDED_BYTES: usize = 1024;

/// A decoy.
pub(crate) struct Decoy {
    pub(crate) id: DecoyId,
    pub(crate) made: Timestamp,
    pub(crate) body: Body,
    /// Whether it has raised its alarm. Used again, it is counted and pauses nothing: its thief must not be able to pause
    /// forever what two people resumed.
    spent: AtomicBool,
}

/// What a decoy is.
#[derive(Serialize, Deserialize)]
pub(crate) struct Body {
    /// Where it was planted, in the words of who did.
    pub(crate) note: String,
    pub(crate) maker: PrincipalId,
    pub(crate) bait: Bait,
}

/// What is not to be touched.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bait {
    /// Credentials that lie together on one host.
    Credentials(Vec<Credential>),
    /// An object, by its key.
    Object { engagement: EngagementId, dataset: DatasetId, key: Vec<u8> },
}

/// One credential of a bundle.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Credential {
    pub(crate) session: SessionId,
    pub(crate) access_key: String,
    pub(crate) engagement: EngagementId,
}

impl Decoy {
    pub(crate) const fn fresh(id: DecoyId, made: Timestamp, body: Body) -> Self {
        Self { id, made, body, spent: AtomicBool::new(false) }
    }

    /// The engagements that whoever holds it may have reached, and that are paused when it is tripped.
    pub(crate) fn reach(&self) -> Vec<EngagementId> {
        let mut reach: Vec<EngagementId> = match &self.body.bait {
            Bait::Credentials(credentials) => credentials.iter().map(|credential| credential.engagement).collect(),
            Bait::Object { engagement, .. } => vec![*engagement],
        };
        reach.sort_unstable();
        reach.dedup();
        reach
    }

    /// Takes the one alarm it has. `false` if that was raised before.
    pub(crate) fn spend(&self) -> bool {
        !self.spent.swap(true, Ordering::AcqRel)
    }

    pub(crate) fn is_spent(&self) -> bool {
        self.spent.load(Ordering::Acquire)
    }

    pub(crate) fn row(&self, fields: &Fields) -> Result<DecoyRow, CustodyError> {
        let mut body = self.body_text()?;
        // Spaces after a JSON text mean nothing.
        body.resize(body.len().next_multiple_of(PADDED_BYTES), b' ');
        let sealed = fields.seal(CONTEXT, self.id.as_bytes(), &body)?;
        Ok(DecoyRow { id: self.id, made: self.made, tripped: None, sealed })
    }

    /// What it is, as it is committed to.
    pub(crate) fn body_text(&self) -> Result<Vec<u8>, CustodyError> {
        serde_json::to_vec(&self.body).map_err(|error| CustodyError::Corrupt(format!("decoy `{}`: {error}", self.id)))
    }

    fn open(row: &DecoyRow, fields: &Fields) -> Result<Self, CustodyError> {
        let body = fields.open(CONTEXT, row.id.as_bytes(), &row.sealed)?;
        let body = body.expose(|body| serde_json::from_slice(body));
        let body = body.map_err(|error| CustodyError::Corrupt(format!("decoy `{}`: {error}", row.id)))?;
        Ok(Self { id: row.id, made: row.made, body, spent: AtomicBool::new(row.tripped.is_some()) })
    }
}

/// A credential that somebody holds, and the decoy it belongs to.
#[derive(Clone)]
pub(crate) struct Hook {
    pub(crate) decoy: Arc<Decoy>,
    pub(crate) credential: Credential,
}

/// The decoys, in memory: every request asks.
#[derive(Default)]
pub(crate) struct Decoys {
    tables: RwLock<Tables>,
    /// How many objects are decoys: most deployments answer most reads without a look at the tables.
    objects: AtomicUsize,
}

#[derive(Default)]
struct Tables {
    all: BTreeMap<DecoyId, Arc<Decoy>>,
    hooks: HashMap<String, Hook>,
    objects: HashMap<(DatasetId, Vec<u8>), Arc<Decoy>>,
}

impl Decoys {
    pub(crate) fn load(rows: &[DecoyRow], fields: &Fields) -> Result<Self, CustodyError> {
        let decoys = Self::default();
        for row in rows {
            decoys.add(Arc::new(Decoy::open(row, fields)?));
        }
        Ok(decoys)
    }

    pub(crate) fn add(&self, decoy: Arc<Decoy>) {
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        match &decoy.body.bait {
            Bait::Credentials(credentials) => {
                for credential in credentials {
                    let hook = Hook { decoy: Arc::clone(&decoy), credential: credential.clone() };
                    tables.hooks.insert(credential.access_key.clone(), hook);
                }
            }
            Bait::Object { dataset, key, .. } => {
                tables.objects.insert((*dataset, key.clone()), Arc::clone(&decoy));
            }
        }
        self.objects.store(tables.objects.len(), Ordering::Release);
        tables.all.insert(decoy.id, decoy);
    }

    pub(crate) fn remove(&self, decoy: DecoyId) {
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        tables.hooks.retain(|_, hook| hook.decoy.id != decoy);
        tables.objects.retain(|_, held| held.id != decoy);
        self.objects.store(tables.objects.len(), Ordering::Release);
        tables.all.remove(&decoy);
    }

    /// The decoy credential of an access key.
    pub(crate) fn credential(&self, access_key: &str) -> Option<Hook> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner).hooks.get(access_key).cloned()
    }

    /// The decoy under a key of a dataset.
    pub(crate) fn object(&self, dataset: DatasetId, key: &[u8]) -> Option<Arc<Decoy>> {
        if self.objects.load(Ordering::Acquire) == 0 {
            return None;
        }
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        tables.objects.get(&(dataset, key.to_vec())).cloned()
    }

    pub(crate) fn get(&self, decoy: DecoyId) -> Option<Arc<Decoy>> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner).all.get(&decoy).cloned()
    }

    /// All, in the order they were made.
    pub(crate) fn all(&self) -> Vec<Arc<Decoy>> {
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<Arc<Decoy>> = tables.all.values().cloned().collect();
        all.sort_by_key(|decoy| (decoy.made, decoy.id));
        all
    }
}
