//! The deployment: founded in an empty folder, with everything its accounts need.
//!
//! Each account is a partner, an engagement and a workload with one grant of everything a grant can give. Two people may
//! pause and resume, so that a suite can see both.

use std::path::PathBuf;
use std::sync::Arc;

use base::id::EngagementId;
use base::word::{PrincipalKind, Purpose, Role, Verb};
use cofferdam::chance::SystemEntropy;
use cofferdam::client::Identity;
use cofferdam::config::Config;
use cofferdam::wiring::Deployment;
use cofferdam::{Error, files, init};
use custody::office::{NewGrant, NewPrincipal};
use custody::{Caller, CustodyError};

use crate::accounts::Account;

/// Who sets everything up, and issues sessions.
pub(crate) const OWNER: &str = "owner";

/// Who approves what the owner resumes.
pub(crate) const SECOND: &str = "second";

/// How long the grants live: longer than any suite runs.
const GRANT_SECONDS: i64 = 30 * 24 * 3600;

/// What no grant gives: the office's acts, and the scanner's.
const NOT_GRANTED: [Verb; 9] = [
    Verb::Scope,
    Verb::Resume,
    Verb::Administer,
    Verb::IssueSession,
    Verb::Scan,
    Verb::Review,
    Verb::ReleaseQuarantined,
    Verb::KeepDecoys,
    Verb::WatchAlarms,
];

/// The deployment as it was founded.
pub(crate) struct Stage {
    /// The engagements, in the order of their accounts.
    pub(crate) engagements: Vec<EngagementId>,
}

/// What the data is for. One purpose is enough for one suite.
pub(crate) fn purpose() -> Result<Purpose, CustodyError> {
    "testing".parse().map_err(|error: base::word::NotAName| CustodyError::Invalid(error.to_string()))
}

/// Where the second person's identity lies.
pub(crate) fn second_identity(config: &Config) -> PathBuf {
    init::identity_path(config, SECOND)
}

/// Founds the deployment and sets its accounts up.
///
/// # Errors
/// As [`init::found`]: the folder must be empty.
pub(crate) async fn set(config: &Config, accounts: &[Account]) -> Result<Stage, Error> {
    let founded = init::found(config, OWNER, None).await?;
    let set = people(config, &founded.deployment).await;
    let set = match set {
        Ok(()) => engagements(&founded.deployment, accounts).await.map_err(|error| Error::custody("setting up", error)),
        Err(error) => Err(error),
    };
    founded.deployment.close().await;
    Ok(Stage { engagements: set? })
}

/// The second person, with an identity file beside the first one's.
async fn people(config: &Config, deployment: &Deployment) -> Result<(), Error> {
    let (identity, line) = Identity::generate(SECOND, &SystemEntropy::default())?;
    files::create(&store::LocalDisk, &second_identity(config), line.as_bytes())?;
    let new = NewPrincipal {
        name: SECOND.to_owned(),
        kind: PrincipalKind::Person,
        partner: None,
        roles: vec![Role::Security],
        public_key: Some(identity.public_key()),
    };
    let custody = Arc::clone(&deployment.custody);
    let made = async { custody.create_principal(&custody.local_person(OWNER)?, custody.request(), &new).await };
    made.await.map_err(|error| Error::custody("setting up the second person", error))?;
    Ok(())
}

async fn engagements(deployment: &Deployment, accounts: &[Account]) -> Result<Vec<EngagementId>, CustodyError> {
    let owner = deployment.custody.local_person(OWNER)?;
    let mut engagements = Vec::new();
    for account in accounts {
        engagements.push(engagement(deployment, &owner, &account.name).await?);
    }
    Ok(engagements)
}

async fn engagement(deployment: &Deployment, owner: &Caller, name: &str) -> Result<EngagementId, CustodyError> {
    let custody = &deployment.custody;
    custody.create_partner(owner, custody.request(), name).await?;
    let engagement = custody.create_engagement(owner, custody.request(), name, name, vec![purpose()?]).await?;
    let workload = NewPrincipal {
        name: name.to_owned(),
        kind: PrincipalKind::Workload,
        partner: None,
        roles: vec![Role::Workload],
        public_key: None,
    };
    custody.create_principal(owner, custody.request(), &workload).await?;
    let grant = NewGrant {
        principal: name.to_owned(),
        engagement: name.to_owned(),
        bucket: None,
        verbs: Verb::ALL.iter().copied().filter(|verb| !NOT_GRANTED.contains(verb)).collect(),
        purposes: vec![purpose()?],
        expires: deployment.clock.now().plus_seconds(GRANT_SECONDS),
    };
    custody.create_grant(owner, custody.request(), &grant).await?;
    Ok(engagement)
}
