//! A question to the policies: an access, the facts it is judged by, and the fences the facts were read behind.

use std::sync::Arc;

use base::Timestamp;
use base::fence::Ticket;
use base::id::{DatasetId, EngagementId, PartnerId, PrincipalId};
use base::word::{BudgetState, Purpose, ScanState, State, Verb};

use crate::access::Access;

/// What is known of the engagement.
#[derive(Clone, Debug)]
pub struct EngagementFacts {
    /// Its id.
    pub id: EngagementId,
    /// The partner it is for.
    pub partner: PartnerId,
    /// Its state.
    pub state: State,
    /// The purposes its contract allows.
    pub purposes: Arc<[Purpose]>,
}

/// What is known of the dataset.
#[derive(Clone, Debug)]
pub struct DatasetFacts {
    /// Its id.
    pub id: DatasetId,
    /// The purposes its contract allows; empty means all of the engagement's.
    pub purposes: Arc<[Purpose]>,
    /// Whether its contract lets versions be read that no detector can read.
    pub unscannable_readable: bool,
}

/// What is known of the version.
#[derive(Clone, Debug)]
pub struct ObjectFacts {
    /// How far the scanner got.
    pub scan: ScanState,
    /// Who wrote it.
    pub writer: PrincipalId,
}

/// The grant that fits the access best: of this principal, in this engagement, covering this dataset.
#[derive(Clone, Debug)]
pub struct GrantFacts {
    /// What may be done.
    pub verbs: Arc<[Verb]>,
    /// For which purposes.
    pub purposes: Arc<[Purpose]>,
    /// Until when.
    pub expires: Timestamp,
}

/// Everything a decision rests on.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The engagement.
    pub engagement: EngagementFacts,
    /// The dataset, where one is concerned.
    pub dataset: Option<DatasetFacts>,
    /// The version, where one is concerned.
    pub object: Option<ObjectFacts>,
    /// The grant, where there is one.
    pub grant: Option<GrantFacts>,
    /// Distinct people other than the requester who approved exactly this act.
    pub approvers: Vec<PrincipalId>,
    /// How the caller stands with the budgets that count for what is asked; nothing where none does.
    pub budget: Option<BudgetState>,
}

/// An access with the facts it is judged by.
///
/// `tickets` must have been taken before `facts` were read.
pub struct Question {
    /// What is asked.
    pub access: Access,
    /// What it is judged by.
    pub facts: Facts,
    /// The fences the facts were read behind.
    pub tickets: Vec<Ticket>,
}
