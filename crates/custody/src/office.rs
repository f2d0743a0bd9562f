//! The office: partners, engagements, principals and grants are set up here, by people, on record.
//!
//! Each act is judged, then recorded together with its change, then added to the directory. Acts take turns at one desk, so
//! that a name which was checked is still free when it is recorded.

use std::sync::Arc;

use base::Timestamp;
use base::id::{ChainId, EngagementId, GrantId, PartnerId, PrincipalId, RequestId};
use base::word::{PrincipalKind, Purpose, Role, State, Verb};
use catalog::model::{Change, EngagementRow, GrantRow, PartnerRow, PrincipalRow};
use serde::{Deserialize, Serialize};

use crate::custody::{Custody, Matter};
use crate::directory::Engagement;
use crate::entries::{EngagementCreated, Granted, PartnerCreated, PrincipalCreated, kind};
use crate::error::{Clash, CustodyError, Thing};
use crate::identity::Caller;
use crate::settings::Dataset;

/// A new principal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewPrincipal {
    /// Its name.
    pub name: String,
    /// Person or workload.
    pub kind: PrincipalKind,
    /// The partner it belongs to, by name; the operator's own without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<String>,
    /// What it is trusted with.
    pub roles: Vec<Role>,
    /// A person's Ed25519 public key, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
}

/// A new grant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewGrant {
    /// To whom, by name.
    pub principal: String,
    /// In which engagement, by name.
    pub engagement: String,
    /// On which bucket; all of the engagement's without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
    /// What may be done.
    pub verbs: Vec<Verb>,
    /// For which purposes.
    pub purposes: Vec<Purpose>,
    /// Until when.
    pub expires: Timestamp,
}

impl Custody {
    /// Creates a partner.
    ///
    /// # Errors
    /// `Denied`, `Conflict` if the name is taken, `Invalid` if it is none.
    pub async fn create_partner(
        &self,
        caller: &Caller,
        request: RequestId,
        name: &str,
    ) -> Result<PartnerId, CustodyError> {
        self.may_administer(caller, request, Verb::Administer).await?;
        let _turn = self.desk.lock().await;
        let id = PartnerId::fresh(self.entropy.as_ref());
        let row = PartnerRow { id, name: self.names.seal(id.as_bytes(), name)?, created: self.clock.now() };
        let draft = self.draft(caller, request, ChainId::SYSTEM, kind::PARTNER, PartnerCreated { partner: id })?;
        self.settle_name(vec![Change::Partner(row.clone())], draft).await?;
        self.directory.add_partner(row, &self.names)?;
        Ok(id)
    }

    /// Creates an engagement with its keys; it is active at once.
    ///
    /// # Errors
    /// `Denied`, `Missing` partner, `Conflict` if the name is taken, `Invalid` without a purpose.
    pub async fn create_engagement(
        &self,
        caller: &Caller,
        request: RequestId,
        partner: &str,
        name: &str,
        purposes: Vec<Purpose>,
    ) -> Result<EngagementId, CustodyError> {
        self.may_administer(caller, request, Verb::Administer).await?;
        if purposes.is_empty() {
            return Err(CustodyError::invalid("an engagement needs at least one purpose\nname one with `--purpose`"));
        }
        let _turn = self.desk.lock().await;
        let partner =
            self.directory.partner_named(partner).ok_or_else(|| CustodyError::missing(Thing::Partner, partner))?;
        let id = EngagementId::fresh(self.entropy.as_ref());
        // DURABLE: the keys come first. A crash before the engagement is recorded leaves keys that open nothing.
        self.ring.create_engagement(id)?;
        let row = EngagementRow {
            id,
            partner: partner.id,
            name: self.names.seal(id.as_bytes(), name)?,
            state: State::Active,
            epoch: 1,
            ordinal: (self.directory.engagements().len() as u64).saturating_add(1),
            purposes: purposes.clone(),
            created: self.clock.now(),
        };
        self.fences.write(id, State::Active, row.epoch)?;
        let what = EngagementCreated { engagement: id, partner: partner.id, ordinal: row.ordinal, purposes: &purposes };
        let draft = self.draft(caller, request, id.into(), kind::ENGAGEMENT, what)?;
        self.settle_name(vec![Change::Engagement(row.clone())], draft).await?;
        self.directory.add_engagement(row, &self.names, &self.ring)?;
        Ok(id)
    }

    /// Creates a principal.
    ///
    /// # Errors
    /// `Denied`; `Conflict` if the name or key is taken; `Invalid` if a person has no key or a workload has one.
    pub async fn create_principal(
        &self,
        caller: &Caller,
        request: RequestId,
        new: &NewPrincipal,
    ) -> Result<PrincipalId, CustodyError> {
        self.may_administer(caller, request, Verb::Administer).await?;
        self.add_principal(caller, request, new).await
    }

    /// Records a principal without asking the policies: also used for the founder, before there is anybody to ask.
    pub(crate) async fn add_principal(
        &self,
        caller: &Caller,
        request: RequestId,
        new: &NewPrincipal,
    ) -> Result<PrincipalId, CustodyError> {
        let public_key = public_key(new)?;
        let _turn = self.desk.lock().await;
        let partner = match &new.partner {
            Some(name) => {
                Some(self.directory.partner_named(name).ok_or_else(|| CustodyError::missing(Thing::Partner, name))?.id)
            }
            None => None,
        };
        check_roles(new, partner.is_some())?;
        let id = PrincipalId::fresh(self.entropy.as_ref());
        let row = PrincipalRow {
            id,
            name: self.names.seal(id.as_bytes(), &new.name)?,
            kind: new.kind,
            partner,
            roles: new.roles.clone(),
            public_key,
            created: self.clock.now(),
        };
        let what = PrincipalCreated { created: id, principal_kind: new.kind, partner, roles: &new.roles };
        let draft = self.draft(caller, request, ChainId::SYSTEM, kind::PRINCIPAL, what)?;
        self.settle_name(vec![Change::Principal(row.clone())], draft).await?;
        self.directory.add_principal(row, &self.names)?;
        Ok(id)
    }

    /// Makes a grant.
    ///
    /// # Errors
    /// `Denied`; `Missing`; `Invalid` without a verb or purpose, with a purpose the engagement does not have, or for a
    /// principal of another partner.
    pub async fn create_grant(
        &self,
        caller: &Caller,
        request: RequestId,
        new: &NewGrant,
    ) -> Result<GrantId, CustodyError> {
        self.may_administer(caller, request, Verb::Administer).await?;
        let _turn = self.desk.lock().await;
        let principal = self.principal_named(&new.principal)?;
        let engagement = self.engagement_named(&new.engagement)?;
        if principal.row.partner.is_some_and(|partner| partner != engagement.partner) {
            return Err(CustodyError::invalid(format!(
                "`{}` belongs to another partner than engagement `{}`",
                new.principal, new.engagement
            )));
        }
        let dataset = match &new.bucket {
            Some(bucket) => Some(self.dataset_of(&engagement, bucket)?.id),
            None => None,
        };
        if new.verbs.is_empty() || new.purposes.is_empty() {
            return Err(CustodyError::invalid("a grant needs at least one verb and one purpose"));
        }
        if let Some(foreign) = new.purposes.iter().find(|purpose| !engagement.purposes.contains(purpose)) {
            return Err(CustodyError::invalid(format!("engagement `{}` has no purpose `{foreign}`", new.engagement)));
        }
        let row = GrantRow {
            id: GrantId::fresh(self.entropy.as_ref()),
            principal: principal.row.id,
            engagement: engagement.id,
            dataset,
            verbs: new.verbs.clone(),
            purposes: new.purposes.clone(),
            expires: new.expires,
        };
        let draft = self.draft(caller, request, engagement.id.into(), kind::GRANT, granted(&row))?;
        self.commit(vec![Change::Grant(row.clone())], draft).await?;
        let id = row.id;
        self.directory.add_grant(row);
        Ok(id)
    }

    /// Withdraws a grant. Decisions made under it are void from then on.
    ///
    /// # Errors
    /// `Denied`; `Missing`.
    pub async fn drop_grant(&self, caller: &Caller, request: RequestId, grant: GrantId) -> Result<(), CustodyError> {
        self.may_administer(caller, request, Verb::Administer).await?;
        let _turn = self.desk.lock().await;
        let held = self.directory.grants().into_iter().find(|row| row.id == grant);
        let row = held.ok_or_else(|| CustodyError::missing(Thing::Grant, grant))?;
        let draft = self.draft(caller, request, row.engagement.into(), kind::GRANT_DELETE, granted(&row))?;
        self.commit(vec![Change::DropGrant(grant)], draft).await?;
        self.directory.drop_grant(grant);
        Ok(())
    }

    /// The engagement of a name.
    ///
    /// # Errors
    /// `Missing`.
    pub fn engagement_named(&self, name: &str) -> Result<Arc<Engagement>, CustodyError> {
        self.directory.engagement_named(name).ok_or_else(|| CustodyError::missing(Thing::Engagement, name))
    }

    pub(crate) fn principal_named(&self, name: &str) -> Result<Arc<crate::directory::Principal>, CustodyError> {
        self.directory.principal_named(name).ok_or_else(|| CustodyError::missing(Thing::Principal, name))
    }

    fn dataset_of(&self, engagement: &Engagement, bucket: &str) -> Result<Arc<Dataset>, CustodyError> {
        self.directory
            .bucket(bucket)
            .filter(|row| row.engagement == engagement.id)
            .ok_or_else(|| CustodyError::missing(Thing::Dataset, bucket))
    }

    /// Acts on the deployment are judged by the caller's roles alone: no compartment is touched yet.
    pub(crate) async fn may_administer(
        &self,
        caller: &Caller,
        request: RequestId,
        verb: Verb,
    ) -> Result<(), CustodyError> {
        let matter = Matter::names(request, verb, &self.deployment, None);
        let _permit = self.judge(caller, matter).await?;
        Ok(())
    }

    async fn settle_name(&self, changes: Vec<Change>, draft: ledger::Draft) -> Result<(), CustodyError> {
        match self.commit(changes, draft).await {
            Err(CustodyError::Conflict(Clash::Raced)) => Err(CustodyError::Conflict(Clash::NameTaken)),
            other => other.map(|_| ()),
        }
    }
}

fn check_roles(new: &NewPrincipal, of_partner: bool) -> Result<(), CustodyError> {
    if new.roles.is_empty() {
        return Err(CustodyError::invalid("a principal needs at least one role"));
    }
    for role in &new.roles {
        let fits = match role {
            Role::PartnerSecurity | Role::PartnerResearcher => of_partner,
            Role::Auditor => true,
            Role::Workload => new.kind == PrincipalKind::Workload,
            Role::Administrator | Role::Security | Role::PrivacyOfficer | Role::DataEngineer | Role::Labeler => {
                !of_partner
            }
        };
        let person_only = *role != Role::Workload && new.kind == PrincipalKind::Workload;
        if !fits || person_only {
            let whose = if of_partner { "a partner's" } else { "the operator's" };
            return Err(CustodyError::invalid(format!("role `{role}` does not fit {whose} {}", new.kind)));
        }
    }
    Ok(())
}

fn public_key(new: &NewPrincipal) -> Result<Option<[u8; 32]>, CustodyError> {
    match (new.kind, &new.public_key) {
        (PrincipalKind::Person, Some(text)) => match attest::key::PublicKey::from_base64(text) {
            Some(key) => Ok(Some(*key.as_bytes())),
            None => Err(CustodyError::invalid("the public key is not an Ed25519 key in base64")),
        },
        (PrincipalKind::Person, None) => Err(CustodyError::invalid("a person needs a public key")),
        (PrincipalKind::Workload, Some(_)) => Err(CustodyError::invalid("a workload has sessions, not a key")),
        (PrincipalKind::Workload, None) => Ok(None),
    }
}

fn granted(row: &GrantRow) -> Granted<'_> {
    Granted {
        grant: row.id,
        grantee: row.principal,
        dataset: row.dataset,
        verbs: &row.verbs,
        purposes: &row.purposes,
        expires: row.expires,
    }
}
