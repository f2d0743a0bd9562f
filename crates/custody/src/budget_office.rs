//! Budgets are set, shown and listed here.
//!
//! Lowering is one person's act and takes hold at once. What lets more leave than before waits for a second person, who signs the
//! digest of exactly the plan that would hold.
//!
//! # Threats
//! A writer of the database can neither read a plan nor forge one: it is sealed, bound to its engagement and revision, and its
//! entry holds its words. LIMIT: whoever puts an older row back between two runs of the program puts its plan back; it shows against
//! the ledger.

use base::Timestamp;
use base::id::{ApprovalId, EngagementId, PrincipalId, RequestId, SessionId};
use base::word::{Form, Verb};
pub use budget::{Budget, Per};
use budget::{Change, Plan, Usage};
use catalog::model::Change as Row;
use serde::{Deserialize, Serialize};

use crate::budgets::lock;
use crate::custody::{Custody, Matter};
use crate::directory::Engagement;
use crate::entries::kind;
use crate::error::CustodyError;
use crate::identity::Caller;

/// What a sealed plan is bound to, beside the engagement and the revision.
const CONTEXT: &str = "budgets";

/// How many readers are shown of each kind: those who have used most.
const SHOWN: usize = 50;

/// How a limit is to be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// There is none.
    Unlimited,
    /// It is this.
    At(u64),
}

/// What is to be set; what is not named stays.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewBudget {
    /// Whose reading it adds up.
    pub per: Per,
    /// Over how long.
    pub window_seconds: u64,
    /// People.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<Limit>,
    /// Bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Limit>,
    /// Objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objects: Option<Limit>,
    /// At how many hundredths of a limit the alarm is raised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soft_percent: Option<u8>,
}

/// The budgets of an engagement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Budgeted {
    /// The engagement, by name.
    pub engagement: String,
    /// How often budgets were set; 0 while what is shipped holds.
    pub revision: u64,
    /// What may leave.
    pub budgets: Vec<Budget>,
}

/// The budgets of an engagement, and how far they are used.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BudgetUse {
    /// The budgets.
    #[serde(flatten)]
    pub plan: Budgeted,
    /// When it was counted.
    pub at: Timestamp,
    /// Who has used how much of which; those who have used most come first.
    pub used: Vec<ReaderUse>,
    /// How many readers are not listed.
    pub omitted: u64,
}

/// What one reader has used of one budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReaderUse {
    /// Whose reading the budget adds up.
    pub per: Per,
    /// The reader: a session's id, a principal's name, the engagement's name.
    pub reader: String,
    /// The budget's window.
    pub window_seconds: u64,
    /// People.
    pub people: u64,
    /// Bytes.
    pub bytes: u64,
    /// Objects.
    pub objects: u64,
}

/// `budget.set`.
#[derive(Serialize)]
struct BudgetsSet<'a> {
    engagement: EngagementId,
    revision: u64,
    budgets: &'a [Budget],
    /// Whether more may leave than before.
    raised: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    approvers: Vec<PrincipalId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<ApprovalId>,
}

impl Custody {
    /// Sets a budget of an engagement. What lets more leave than before needs a second person.
    ///
    /// # Errors
    /// `NeedsApproval`; `Denied`; `Missing`; `Invalid` for what is no budget or changes nothing.
    pub async fn set_budget(
        &self,
        caller: &Caller,
        request: RequestId,
        engagement: &str,
        new: &NewBudget,
    ) -> Result<Budgeted, CustodyError> {
        let engagement = self.visible(caller, engagement)?;
        let _turn = self.desk.lock().await;
        let book = self.budgets.book(engagement.id);
        let (before, revision) = {
            let kept = lock(&book);
            (kept.book.plan().clone(), kept.revision.saturating_add(1))
        };
        let plan = before.with(&new.change()).map_err(|why| CustodyError::invalid(why.to_string()))?;
        let raised = plan.raises(&before);
        let verb = if raised { Verb::RaiseBudget } else { Verb::SetBudget };
        let matter = |approvers| Matter { approvers, ..Matter::names(request, verb, &engagement, None) };
        let digest = plan_digest(&engagement, revision, &plan)?;
        let (permit, approvers, approval) = if raised {
            let approved = self.with_approval(caller, request, &engagement, verb, digest, matter).await?;
            (approved.permit, approved.approvers, approved.approval)
        } else {
            (self.judge(caller, matter(Vec::new())).await?, Vec::new(), None)
        };
        let budgets = plan.budgets();
        let what = BudgetsSet { engagement: engagement.id, revision, budgets, raised, approvers, approval };
        let draft = self.draft(caller, request, engagement.id.into(), kind::BUDGET_SET, what)?;
        let sealed = engagement.fields.seal(CONTEXT, &place(&engagement, revision), &written(&plan)?)?;
        let mut changes = vec![Row::Budgets { engagement: engagement.id, revision, plan: sealed }];
        let at = self.clock.now();
        changes.extend(approval.map(|approval| Row::UseApproval { approval, at }));
        let recorded = self.act(caller, permit, changes, draft).await;
        // Whatever the answer: a commit that reported failure may have taken effect.
        if let Some((_, revision, sealed)) = self.catalog.budgets()?.into_iter().find(|(id, ..)| *id == engagement.id) {
            self.budgets.set(engagement.id, revision, open_plan(&engagement, revision, &sealed)?);
        }
        recorded?;
        Ok(Budgeted { engagement: engagement.name.clone(), revision, budgets: plan.budgets().to_vec() })
    }

    /// The budgets of an engagement and how far they are used. The answer is on record.
    ///
    /// # Errors
    /// `Denied`; `Missing`.
    pub async fn show_budget(
        &self,
        caller: &Caller,
        request: RequestId,
        engagement: &str,
    ) -> Result<BudgetUse, CustodyError> {
        let engagement = self.visible(caller, engagement)?;
        let permit = self.judge(caller, self.showing(caller, request, &engagement)).await?;
        let _receipt = self.release(caller, permit).await?;
        let at = self.budgets.now();
        let book = self.budgets.book(engagement.id);
        let (plan, all, principals, sessions) = {
            let mut kept = lock(&book);
            let plan = budgeted(&engagement, kept.revision, kept.book.plan());
            (plan, kept.book.usage(at), kept.book.principals(at), kept.book.sessions(at))
        };
        let mut used = uses(Per::Engagement, &engagement.name, all);
        let mut omitted = 0u64;
        let name = |id: PrincipalId| self.directory.principal(id).map_or_else(|| id.to_string(), |of| of.name.clone());
        let readers =
            [named(Per::Principal, principals, name), named(Per::Session, sessions, |id: SessionId| id.to_string())];
        for mut rows in readers {
            rows.retain(|row| row.objects > 0);
            rows.sort_by_key(|row| std::cmp::Reverse((row.people, row.bytes, row.objects)));
            omitted = omitted.saturating_add(rows.len().saturating_sub(SHOWN) as u64);
            rows.truncate(SHOWN);
            used.extend(rows);
        }
        Ok(BudgetUse { plan, at, used, omitted })
    }

    /// The budgets of every engagement that the caller may know of.
    ///
    /// # Errors
    /// The ledger did not record it.
    pub async fn list_budgets(&self, caller: &Caller, request: RequestId) -> Result<Vec<Budgeted>, CustodyError> {
        let mut all = Vec::new();
        for engagement in self.directory.engagements() {
            if caller.who().partner.is_some_and(|partner| partner != engagement.partner)
                || !self.would_allow(caller, self.showing(caller, request, &engagement))
            {
                continue;
            }
            let permit = self.judge(caller, self.showing(caller, request, &engagement)).await?;
            let _receipt = self.release(caller, permit).await?;
            let book = self.budgets.book(engagement.id);
            let kept = lock(&book);
            all.push(budgeted(&engagement, kept.revision, kept.book.plan()));
        }
        Ok(all)
    }

    /// Budgets are seen by those who may set them and those who may read the record.
    fn showing<'a>(&self, caller: &Caller, request: RequestId, engagement: &'a Engagement) -> Matter<'a> {
        let matter = |verb| Matter::names(request, verb, engagement, None);
        let reads = self.would_allow(caller, matter(Verb::Scope));
        Matter { form: Form::Names, ..matter(if reads { Verb::Scope } else { Verb::SetBudget }) }
    }
}

impl NewBudget {
    fn change(&self) -> Change {
        let limit = |limit: Option<Limit>| {
            limit.map(|limit| match limit {
                Limit::Unlimited => None,
                Limit::At(most) => Some(most),
            })
        };
        Change {
            per: self.per,
            window_seconds: self.window_seconds,
            people: limit(self.people),
            bytes: limit(self.bytes),
            objects: limit(self.objects),
            soft_percent: self.soft_percent,
        }
    }
}

/// Opens a plan.
///
/// # Errors
/// `Corrupt` if it is not what custody sealed.
pub(crate) fn open_plan(engagement: &Engagement, revision: u64, sealed: &[u8]) -> Result<Plan, CustodyError> {
    let plain = engagement.fields.open(CONTEXT, &place(engagement, revision), sealed)?;
    plain
        .expose(|bytes| serde_json::from_slice(bytes))
        .map_err(|_| CustodyError::Corrupt(format!("budgets of engagement `{}`", engagement.id)))
}

fn place(engagement: &Engagement, revision: u64) -> Vec<u8> {
    [engagement.id.as_bytes().as_slice(), &revision.to_be_bytes()].concat()
}

fn written(plan: &Plan) -> Result<Vec<u8>, CustodyError> {
    serde_json::to_vec(plan).map_err(|error| CustodyError::invalid(format!("budgets cannot be written: {error}")))
}

/// What an approval of a raise is bound to: this engagement, this revision, this plan.
fn plan_digest(engagement: &Engagement, revision: u64, plan: &Plan) -> Result<[u8; 32], CustodyError> {
    let place = place(engagement, revision);
    Ok(attest::sha256(&[b"cofferdam/budget/v1", &place, &written(plan)?]))
}

fn budgeted(engagement: &Engagement, revision: u64, plan: &Plan) -> Budgeted {
    Budgeted { engagement: engagement.name.clone(), revision, budgets: plan.budgets().to_vec() }
}

fn uses(per: Per, reader: &str, usage: Vec<Usage>) -> Vec<ReaderUse> {
    let row = |usage: Usage| ReaderUse {
        per,
        reader: reader.to_owned(),
        window_seconds: usage.budget.window_seconds,
        people: usage.people,
        bytes: usage.bytes,
        objects: usage.objects,
    };
    usage.into_iter().map(row).collect()
}

fn named<Id>(per: Per, readers: Vec<(Id, Vec<Usage>)>, name: impl Fn(Id) -> String) -> Vec<ReaderUse> {
    readers.into_iter().flat_map(|(id, usage)| uses(per, &name(id), usage)).collect()
}
