//! Approvals: dangerous acts wait for a second person, who signs the digest of exactly this act.

use base::Timestamp;
use base::id::{ApprovalId, EngagementId, PrincipalId, RequestId};
use base::word::{Role, Verb};
use catalog::model::{ApprovalRow, Change};
use policy::Permit;
use serde::{Deserialize, Serialize};

use crate::custody::{Custody, Matter};
use crate::directory::Engagement;
use crate::entries::{Approved, kind};
use crate::error::{Clash, CustodyError, Thing};
use crate::identity::Caller;

/// How long an approval can be asked for and used. SPEC: practice, F14 (24 hours).
const GOOD_FOR_SECONDS: i64 = 24 * 3600;

/// An approval as people see it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Approval {
    /// Its id.
    pub id: ApprovalId,
    /// What is to be done.
    pub verb: Verb,
    /// In which engagement, by name.
    pub engagement: String,
    /// Its id.
    pub engagement_id: EngagementId,
    /// The digest to sign, in hex.
    pub digest: String,
    /// Who asked, by name.
    pub requester: String,
    /// When.
    pub asked: Timestamp,
    /// Until when it can be used.
    pub expires: Timestamp,
    /// Who approved, by name.
    pub approvers: Vec<String>,
}

/// An act that another person approved.
pub(crate) struct ApprovedAct {
    pub(crate) permit: Permit,
    pub(crate) approvers: Vec<PrincipalId>,
    pub(crate) approval: Option<ApprovalId>,
}

/// Stands for the second person when it is asked whether only that person is missing. It approves nothing.
const SOMEBODY_ELSE: PrincipalId = PrincipalId::from_bytes([0xff; 16]);

impl Custody {
    /// Approvals that are open in engagements the caller may know of.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub fn approvals(&self, caller: &Caller) -> Result<Vec<Approval>, CustodyError> {
        let now = self.clock.now();
        let mut all = Vec::new();
        for row in self.catalog.approvals_open()? {
            let Some(engagement) = self.directory.engagement(row.engagement) else { continue };
            let theirs = caller.who().partner.is_none_or(|partner| partner == engagement.partner);
            if theirs && row.expires > now {
                all.push(self.describe_approval(&row, &engagement));
            }
        }
        Ok(all)
    }

    /// Approves, with a signature over the act's digest under the caller's own key.
    ///
    /// # Errors
    /// `Missing`; `Denied`-like refusals as `Hidden`; `Conflict` when it is the caller's own request, was approved by the
    /// caller already, or is over; `Invalid` when the signature does not verify.
    pub async fn approve(
        &self,
        caller: &Caller,
        request: RequestId,
        approval: ApprovalId,
        signature: &[u8],
    ) -> Result<Approval, CustodyError> {
        let missing = || CustodyError::missing(Thing::Approval, approval);
        let row = self.catalog.approval(approval)?.ok_or_else(missing)?;
        let engagement = self.directory.engagement(row.engagement).ok_or_else(missing)?;
        if !may_approve(caller, &engagement) {
            return Err(missing());
        }
        if row.used.is_some() || row.expires <= self.clock.now() {
            return Err(CustodyError::Conflict(Clash::Already));
        }
        let principal = self.directory.principal(caller.who().principal).ok_or(CustodyError::Hidden)?;
        if row.requester == principal.row.id {
            return Err(CustodyError::invalid("nobody approves their own request\nlet another person approve it"));
        }
        let key = principal.row.public_key.map(attest::PublicKey::from_bytes).ok_or(CustodyError::Hidden)?;
        if !attest::approval::approved(&key, approval, &row.request_digest, signature) {
            return Err(CustodyError::invalid("the signature over the approval does not verify"));
        }
        let what = Approved {
            approval,
            verb: row.verb,
            digest: data_encoding::HEXLOWER.encode(&row.request_digest),
            signature: data_encoding::BASE64.encode(signature),
        };
        let draft = self.draft(caller, request, engagement.id.into(), kind::APPROVE, what)?;
        let change = Change::Approve { approval, approver: principal.row.id, signature: signature.to_vec() };
        match self.commit(vec![change], draft).await {
            Err(CustodyError::Conflict(_)) => Err(CustodyError::Conflict(Clash::Already)),
            Err(error) => Err(error),
            Ok(_) => {
                let row = self.catalog.approval(approval)?.ok_or_else(missing)?;
                Ok(self.describe_approval(&row, &engagement))
            }
        }
    }

    /// The caller's own open request for exactly this act, if there is one.
    pub(crate) fn approval_for(
        &self,
        caller: &Caller,
        engagement: &Engagement,
        verb: Verb,
        digest: [u8; 32],
    ) -> Result<Option<ApprovalRow>, CustodyError> {
        let now = self.clock.now();
        let fits = |row: &ApprovalRow| {
            row.engagement == engagement.id
                && row.verb == verb
                && row.request_digest == digest
                && row.requester == caller.who().principal
                && row.used.is_none()
                && row.expires > now
        };
        Ok(self.catalog.approvals_open()?.into_iter().find(fits))
    }

    /// The people whose approval counts: each one's signature is checked again, and the requester's never counts.
    pub(crate) fn approvers(&self, row: &ApprovalRow) -> Vec<PrincipalId> {
        let counts = |(approver, signature): &&(PrincipalId, Vec<u8>)| {
            let key = self.directory.principal(*approver).and_then(|principal| principal.row.public_key);
            *approver != row.requester
                && key.is_some_and(|key| {
                    let key = attest::PublicKey::from_bytes(key);
                    attest::approval::approved(&key, row.id, &row.request_digest, signature)
                })
        };
        row.approvers.iter().filter(counts).map(|(approver, _)| *approver).collect()
    }

    pub(crate) async fn ask_approval(
        &self,
        caller: &Caller,
        request: RequestId,
        engagement: &Engagement,
        verb: Verb,
        digest: [u8; 32],
    ) -> Result<ApprovalId, CustodyError> {
        let now = self.clock.now();
        let row = ApprovalRow {
            id: ApprovalId::fresh(self.entropy.as_ref()),
            verb,
            engagement: engagement.id,
            request_digest: digest,
            requester: caller.who().principal,
            asked: now,
            expires: now.plus_seconds(GOOD_FOR_SECONDS),
            approvers: Vec::new(),
            used: None,
        };
        let what = Approved {
            approval: row.id,
            verb,
            digest: data_encoding::HEXLOWER.encode(&digest),
            signature: String::new(),
        };
        let draft = self.draft(caller, request, engagement.id.into(), kind::APPROVAL, what)?;
        let id = row.id;
        self.commit(vec![Change::Approval(row)], draft).await?;
        Ok(id)
    }

    /// Judges an act that takes a second person, on the caller's own open request for exactly this act. Without one, one is asked for.
    ///
    /// # Errors
    /// `NeedsApproval`; as policy answers.
    pub(crate) async fn with_approval<'a>(
        &self,
        caller: &Caller,
        request: RequestId,
        engagement: &Engagement,
        verb: Verb,
        digest: [u8; 32],
        matter: impl Fn(Vec<PrincipalId>) -> Matter<'a>,
    ) -> Result<ApprovedAct, CustodyError> {
        let approval = self.approval_for(caller, engagement, verb, digest)?;
        let approvers = approval.as_ref().map(|row| self.approvers(row)).unwrap_or_default();
        match self.judge(caller, matter(approvers.clone())).await {
            // Refused for want of a second person: if nothing else stands against it, one is asked for.
            Err(_) if approvers.is_empty() && self.would_allow(caller, matter(vec![SOMEBODY_ELSE])) => {
                let id = match approval {
                    Some(row) => row.id,
                    None => self.ask_approval(caller, request, engagement, verb, digest).await?,
                };
                Err(CustodyError::NeedsApproval(id))
            }
            judged => Ok(ApprovedAct { permit: judged?, approvers, approval: approval.map(|row| row.id) }),
        }
    }

    fn describe_approval(&self, row: &ApprovalRow, engagement: &Engagement) -> Approval {
        let name = |id: PrincipalId| {
            self.directory.principal(id).map_or_else(|| id.to_string(), |principal| principal.name.clone())
        };
        Approval {
            id: row.id,
            verb: row.verb,
            engagement: engagement.name.clone(),
            engagement_id: row.engagement,
            digest: data_encoding::HEXLOWER.encode(&row.request_digest),
            requester: name(row.requester),
            asked: row.asked,
            expires: row.expires,
            approvers: row.approvers.iter().map(|(approver, _)| name(*approver)).collect(),
        }
    }
}

/// Who may approve: security and administrators of the operator, and the engagement's own partner's security.
fn may_approve(caller: &Caller, engagement: &Engagement) -> bool {
    let who = caller.who();
    match who.partner {
        None => who.roles.iter().any(|role| matches!(role, Role::Administrator | Role::Security)),
        Some(partner) => partner == engagement.partner && who.roles.contains(&Role::PartnerSecurity),
    }
}
