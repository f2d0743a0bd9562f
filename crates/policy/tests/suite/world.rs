//! Questions to ask, and reviewed files to compare with.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;

use base::fence::{Fence, Guarded};
use base::id::{BlobId, DatasetId, EngagementId, KeyId, ObjectId, PartnerId, PrincipalId, RequestId, VersionId};
use base::object::{Body, Part, SealedObject, WrappedKey};
use base::word::{BudgetState, Form, PrincipalKind, Purpose, Role, ScanState, State, Verb};
use base::{Kind, Timestamp};
use policy::{
    Access, DatasetFacts, Decider, Denial, EngagementFacts, Facts, GrantFacts, ObjectFacts, Question, Target, Who,
    Window,
};

pub const NOW: Timestamp = Timestamp::from_seconds(1_795_500_030);
pub const OURS: EngagementId = EngagementId::from_bytes([10; 16]);
pub const CALLER: PrincipalId = PrincipalId::from_bytes([20; 16]);
pub const OTHER: PrincipalId = PrincipalId::from_bytes([21; 16]);
pub const THEIR_PARTNER: PartnerId = PartnerId::from_bytes([30; 16]);
pub const STRANGER: PartnerId = PartnerId::from_bytes([31; 16]);
const DATASET: DatasetId = DatasetId::from_bytes([40; 16]);

/// One question, spelled out. The default is the plainest thing that is allowed: a data engineer of the operator reads a
/// scanned version in an active engagement, under a grant, for the agreed purpose.
#[derive(Clone, Debug)]
pub struct Case {
    pub verb: Verb,
    pub kind: PrincipalKind,
    pub roles: Vec<Role>,
    pub partner: Option<PartnerId>,
    pub purpose: Option<&'static str>,
    pub state: State,
    pub engagement_purposes: Vec<&'static str>,
    pub dataset_purposes: Vec<&'static str>,
    pub unscannable_readable: bool,
    pub scan: ScanState,
    pub own_work: bool,
    pub grant: Option<Grant>,
    pub approvers: Vec<PrincipalId>,
    pub budget: Option<BudgetState>,
    pub at: Timestamp,
    pub pause_epoch: u64,
}

#[derive(Clone, Debug)]
pub struct Grant {
    pub verbs: Vec<Verb>,
    pub purposes: Vec<&'static str>,
    pub expires: Timestamp,
}

impl Default for Grant {
    fn default() -> Self {
        Self { verbs: Verb::ALL.to_vec(), purposes: vec!["model-training"], expires: NOW.plus_seconds(3600) }
    }
}

impl Default for Case {
    fn default() -> Self {
        Self {
            verb: Verb::Read,
            kind: PrincipalKind::Person,
            roles: vec![Role::DataEngineer],
            partner: None,
            purpose: Some("model-training"),
            state: State::Active,
            engagement_purposes: vec!["model-training", "evaluation"],
            dataset_purposes: Vec::new(),
            unscannable_readable: false,
            scan: ScanState::Scanned,
            own_work: false,
            grant: Some(Grant::default()),
            approvers: Vec::new(),
            budget: None,
            at: NOW,
            pause_epoch: 0,
        }
    }
}

impl Case {
    pub fn question(&self) -> Question {
        let who = Who {
            principal: CALLER,
            kind: self.kind,
            partner: self.partner,
            roles: self.roles.clone(),
            session: None,
            credential: "AKCALLER".to_owned(),
            purpose: self.purpose.map(purpose),
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        };
        let access = Access {
            request: RequestId::from_bytes([50; 16]),
            at: self.at,
            who: Arc::new(who),
            engagement: OURS,
            verb: self.verb,
            form: Form::Raw,
            target: self.target(),
            names: Vec::new(),
        };
        let about_version = matches!(access.target, Target::Bytes { .. });
        let facts = Facts {
            engagement: EngagementFacts {
                id: OURS,
                partner: THEIR_PARTNER,
                state: self.state,
                purposes: purposes(&self.engagement_purposes),
            },
            dataset: access.dataset().map(|id| DatasetFacts {
                id,
                purposes: purposes(&self.dataset_purposes),
                unscannable_readable: self.unscannable_readable,
            }),
            object: about_version
                .then_some(ObjectFacts { scan: self.scan, writer: if self.own_work { CALLER } else { OTHER } }),
            grant: self.grant.as_ref().map(|grant| GrantFacts {
                verbs: grant.verbs.clone().into(),
                purposes: purposes(&grant.purposes),
                expires: grant.expires,
            }),
            approvers: self.approvers.clone(),
            budget: self.budget,
        };
        Question { access, facts, tickets: vec![Fence::at(Guarded::Pause, self.pause_epoch).ticket()] }
    }

    fn target(&self) -> Target {
        match self.verb {
            Verb::Read
            | Verb::Head
            | Verb::Scan
            | Verb::Delete
            | Verb::BypassGovernance
            | Verb::Review
            | Verb::ReleaseQuarantined => {
                Target::Bytes { object: Arc::new(sealed_object()), window: Window { from: 0, to: 100 } }
            }
            Verb::List | Verb::Write | Verb::DeleteDataset | Verb::ConfigureDataset => Target::Dataset(DATASET),
            Verb::CreateDataset
            | Verb::Scope
            | Verb::Resume
            | Verb::Administer
            | Verb::IssueSession
            | Verb::KeepDecoys
            | Verb::WatchAlarms
            | Verb::SetBudget
            | Verb::RaiseBudget
            | Verb::Respond
            | Verb::OpenPeople => Target::Engagement,
        }
    }

    /// Allowed by which policies, or denied how; the same whether asked or checked.
    pub fn judge(&self, decider: &Decider) -> Result<Vec<String>, Denial> {
        let checked = decider.check(&self.question());
        let decided = decider.decide(self.question()).map(|permit| permit.policies().to_vec());
        assert_eq!(checked.is_ok(), decided.is_ok(), "check and decide differ on {self:?}");
        decided
    }
}

fn purpose(text: &str) -> Purpose {
    text.parse().unwrap()
}

fn purposes(texts: &[&str]) -> Arc<[Purpose]> {
    texts.iter().map(|text| purpose(text)).collect()
}

fn sealed_object() -> SealedObject {
    SealedObject {
        engagement: OURS,
        dataset: DATASET,
        object: ObjectId::from_bytes([60; 16]),
        version: VersionId::from_bytes([61; 16]),
        ordinal: 7,
        size: 100,
        segment_size: 65_536,
        parts: vec![Part { number: 1, size: 100, body: Body::Blob(BlobId::from_bytes([62; 16])) }],
        key: WrappedKey { under: KeyId::from_bytes([63; 16]), bytes: Vec::new() },
    }
}

/// A disclosed denial's policy and kind, for short assertions.
pub fn cited(answer: &Result<Vec<String>, Denial>) -> (&str, Kind) {
    let denial = answer.as_ref().expect_err("it should be denied");
    (&denial.policy, denial.kind)
}

/// Compares with a reviewed file below the crate; `UPDATE_GOLDEN=1` rewrites it for review.
pub fn compare_with_reviewed(path: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, actual).unwrap();
    }
    let reviewed = std::fs::read_to_string(&path).unwrap_or_default();
    for (number, (was, is)) in reviewed.lines().zip(actual.lines()).enumerate() {
        assert_eq!(was, is, "line {} of {} differs; review, then UPDATE_GOLDEN=1", number + 1, path.display());
    }
    assert!(reviewed == actual, "{} differs in length; review, then UPDATE_GOLDEN=1", path.display());
}
