//! Budgets on the way out: how far a window may reach, before its receipt is asked for.
//!
//! A read is judged with its standing as a fact, charged, and recorded, in this order. The charge comes before the entry and is
//! never undone but for bytes that were not opened: what is charged is always at least what the record says. The lines that it
//! crosses are entered, and the alarm raised, in the same transaction as the access that crossed them.
//!
//! What the scanner reads never leaves the process. It is on record by the scanner's name, and counts in no budget; so do names.
//!
//! # Threats
//! A thief with a good credential reads as fast as it can, over many connections. All of them share one book under one lock, so
//! they have the budget once. Closing early frees no budget: bytes that were opened count, whether the wire took them or not. A
//! moved clock frees none either: the book's time is the wall's at start and then the machine's own. LIMIT: at a start the wall is
//! believed.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use base::fence::Guarded;
use base::id::{AlarmId, EngagementId, RequestId};
use base::time::Tick;
use base::word::{AlarmKind, BudgetState, Form, ScanState, Severity, Verb};
use base::{Clock, Timestamp};
use budget::{
    ANYWHERE, BLOCK_BYTES, Book, Content, Crossing, Grade, Granted, Here, Measure, Per, Plan, Spent, Standing,
};
use catalog::Catalog;
use catalog::model::Change;
use ledger::{Draft, LedgerError, Receipt};
use policy::Window;
use serde::Serialize;

use crate::alarms::{Details, Raising};
use crate::custody::{Custody, Matter};
use crate::directory::Engagement;
use crate::entries::kind;
use crate::error::CustodyError;
use crate::identity::Caller;
use crate::settings::Dataset;
use crate::version::Version;

/// Versions up to this size keep their content with them on the shelf: four blocks.
const KEPT_BYTES: u64 = 4 * BLOCK_BYTES;

/// Which policies refuse because of a budget, and no other reason.
const BUDGET_POLICIES: [&str; 2] = ["budget-spent", "floor-budget"];

/// The books of all engagements.
pub(crate) struct Budgets {
    books: RwLock<HashMap<EngagementId, Arc<Mutex<Kept>>>>,
    clock: Arc<dyn Clock>,
    began: (Timestamp, Tick),
    /// Set when the record does not say what was read: then nothing more is.
    closed: AtomicBool,
}

/// A book, and which revision of the plan it keeps to: 0 is the plan that is shipped.
pub(crate) struct Kept {
    pub(crate) book: Book,
    pub(crate) revision: u64,
}

/// A charge that a receipt paid for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Charged {
    pub(crate) who: budget::Who,
    pub(crate) at: Timestamp,
}

/// What a refusal says of a budget, to those who may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overdrawn {
    /// Whose reading it adds up.
    pub per: Per,
    /// Of what there is no more.
    pub measure: Measure,
    /// How much there was.
    pub limit: u64,
    /// Within how long.
    pub window_seconds: u64,
}

/// `budget.soft` and `budget.spent`: a reader crossed a line of a budget.
#[derive(Serialize)]
struct Crossed<'a> {
    per: Per,
    measure: Measure,
    used: u64,
    limit: Option<u64>,
    window_seconds: u64,
    /// The purpose of the session that crossed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<&'a base::word::Purpose>,
}

/// Bytes that are asked for, and by whom.
pub(crate) struct Asked<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) request: RequestId,
    pub(crate) engagement: &'a Engagement,
    pub(crate) dataset: &'a Dataset,
    pub(crate) version: &'a Version,
    pub(crate) verb: Verb,
}

/// What was earned: the receipt, the bytes it is for, and what they were charged to.
pub(crate) struct Earned {
    pub(crate) receipt: Receipt,
    pub(crate) window: Window,
    pub(crate) charged: Option<Charged>,
}

impl Budgets {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let began = (clock.now(), clock.tick());
        Self { books: RwLock::default(), clock, began, closed: AtomicBool::new(false) }
    }

    /// The time of the books: it passes as the machine's own does, whatever becomes of the wall's.
    pub(crate) fn now(&self) -> Timestamp {
        let (wall, tick) = self.began;
        let passed = self.clock.tick().micros_since(tick);
        Timestamp(wall.0.saturating_add(i64::try_from(passed).unwrap_or(i64::MAX)))
    }

    /// Refuses every further read, until the program is opened on a record that can be counted.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// The book of an engagement.
    pub(crate) fn book(&self, engagement: EngagementId) -> Arc<Mutex<Kept>> {
        if let Some(book) = self.books.read().unwrap_or_else(PoisonError::into_inner).get(&engagement) {
            return Arc::clone(book);
        }
        let mut books = self.books.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(books.entry(engagement).or_default())
    }

    /// Opens a plan that was set.
    pub(crate) fn set(&self, engagement: EngagementId, revision: u64, plan: Plan) {
        let (book, now) = (self.book(engagement), self.now());
        let mut kept = lock(&book);
        kept.book.replan(plan, now);
        kept.revision = revision;
    }
}

impl Default for Kept {
    fn default() -> Self {
        Self { book: Book::new(Plan::default()), revision: 0 }
    }
}

/// A book is whole between two calls: a panic elsewhere leaves it so.
pub(crate) fn lock(book: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Custody {
    /// Judges, charges and records bytes of a version: as many of the window as every budget has room for.
    ///
    /// # Errors
    /// `Spent` where no budget has room for the first byte and the caller may know; as policy and ledger answer.
    pub(crate) async fn earn(&self, asked: &Asked<'_>, window: Window) -> Result<Earned, CustodyError> {
        if asked.verb != Verb::Read {
            let permit = self.judge(asked.caller, asked.matter(window, None)).await?;
            let receipt = self.release(asked.caller, permit).await?;
            return Ok(Earned { receipt, window, charged: None });
        }
        if self.budgets.closed.load(Ordering::Acquire) {
            let what = "what was read lately cannot be counted, so nothing is: run `cofferdam ledger verify`";
            return Err(CustodyError::Corrupt(what.to_owned()));
        }
        let wanted = window.from..window.to;
        let content = self.content(asked.version, &wanted)?;
        let (ordinal, at) = (asked.version.row.ordinal, self.budgets.now());
        let who = budget::Who { principal: asked.caller.who().principal, session: asked.caller.who().session };
        let book = self.budgets.book(asked.engagement.id);
        let standing = lock(&book).book.look(who, at, ordinal, &wanted, &content);
        let judged = self.judge(asked.caller, asked.matter(window, Some(standing.state()))).await;
        let permit = match (judged, standing) {
            (Err(CustodyError::Denied(denial)), Standing::Spent(spent)) if is_budget(&denial.policy) => {
                return Err(CustodyError::Spent(overdrawn(&spent)));
            }
            (judged, _) => judged?,
        };
        let charged = lock(&book).book.charge(who, at, ordinal, &wanted, &content);
        let Granted { to, crossings } = match charged {
            Ok(granted) => granted,
            Err(spent) => return Err(self.overtaken(asked, window, &spent).await),
        };
        let crossed = crossings.iter().map(|crossing| self.crossed(asked, crossing));
        let (alarms, notes): (Vec<_>, Vec<_>) = crossed.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
        let permit = permit.narrowed(to);
        match self.release_with(asked.caller, permit, alarms, notes).await {
            Ok(receipt) => {
                if !crossings.is_empty() {
                    self.outbox.ring();
                }
                let window = Window { from: window.from, to };
                Ok(Earned { receipt, window, charged: Some(Charged { who, at }) })
            }
            Err(error) => {
                // Nothing was entered: its bytes are given back. Of every other failure nobody knows that.
                if matches!(
                    error,
                    LedgerError::Moved(Guarded::Pause | Guarded::Session | Guarded::Grants | Guarded::Policies)
                ) {
                    lock(&book).book.give_back(who, at, to.saturating_sub(window.from));
                }
                Err(error.into())
            }
        }
    }

    /// Another reader has had the last of a budget since the window was judged: it is judged again, and refused.
    async fn overtaken(&self, asked: &Asked<'_>, window: Window, spent: &Spent) -> CustodyError {
        match self.judge(asked.caller, asked.matter(window, Some(BudgetState::Spent))).await {
            Err(CustodyError::Denied(denial)) if is_budget(&denial.policy) => CustodyError::Spent(overdrawn(spent)),
            Err(error) => error,
            // The floor refuses whatever the policies say, so this is never reached; it refuses all the same.
            Ok(_permit) => CustodyError::Spent(overdrawn(spent)),
        }
    }

    /// The entry and the alarm of a line that was crossed.
    fn crossed(&self, asked: &Asked<'_>, crossing: &Crossing) -> Result<(Change, Draft), CustodyError> {
        let Crossing { budget, measure, grade, used } = crossing;
        let who = asked.caller.who();
        let what = Crossed {
            per: budget.per,
            measure: *measure,
            used: *used,
            limit: budget.hard(*measure),
            window_seconds: budget.window_seconds,
            purpose: who.purpose.as_ref(),
        };
        let (kind, severity, told) = match grade {
            Grade::Soft => (kind::BUDGET_SOFT, Severity::Medium, "is near its end"),
            Grade::Hard => (kind::BUDGET_SPENT, Severity::High, "is used up"),
        };
        let (per, measure) = (budget.per.word(), measure.word());
        let engagement = asked.engagement.id;
        tracing::warn!(%engagement, per, measure, used, "a budget {told}");
        let mut ids = BTreeMap::from([("principal".to_owned(), who.principal.to_string())]);
        ids.extend(who.session.map(|session| ("session".to_owned(), session.to_string())));
        let reader = match budget.per {
            Per::Session => ids.get("session").cloned().unwrap_or_default(),
            Per::Principal => who.principal.to_string(),
            Per::Engagement => String::new(),
        };
        let about = format!("{kind} {engagement} {per} {reader} {measure} {}", budget.window_seconds);
        let alarm = self.raising(&Raising {
            id: AlarmId::fresh(self.entropy.as_ref()),
            kind: AlarmKind::Budget,
            severity,
            about: about.as_bytes(),
            count: 1,
            details: Details {
                summary: format!("the budget of {measure} per {per} {told}: {used} within {} s", budget.window_seconds),
                engagements: vec![engagement],
                ids,
                rehearsal: false,
            },
        })?;
        Ok((alarm, self.draft(asked.caller, asked.request, engagement.into(), kind, what)?))
    }

    /// Who stands where in the part of a version that a window touches.
    fn content(&self, version: &Version, window: &Range<u64>) -> Result<Arc<Content>, CustodyError> {
        if let Some(known) = version.content.get() {
            return Ok(Arc::clone(known));
        }
        let row = &version.row;
        let whole = row.size <= KEPT_BYTES;
        let wanted = if whole { 0..row.size } else { window.clone() };
        let place = (row.engagement, row.ordinal, row.generation);
        let content = Arc::new(content(&self.catalog, place, row.scan, &wanted)?);
        if whole {
            // Two readers may have looked it up: they found the same.
            let _ = version.content.set(Arc::clone(&content));
        }
        Ok(content)
    }
}

/// Looks up who stands where in the part of a version that a window touches.
pub(crate) fn content(
    catalog: &Catalog,
    (engagement, ordinal, generation): (EngagementId, u64, u32),
    scan: ScanState,
    window: &Range<u64>,
) -> Result<Content, CustodyError> {
    if !matches!(scan, ScanState::Scanned | ScanState::Quarantined) {
        return Ok(Content::unread());
    }
    let mut blocks: BTreeMap<u32, Here> = BTreeMap::new();
    let touched = Content::blocks_of(window);
    catalog.facts_of_blocks(engagement, (ordinal, generation), touched, ANYWHERE, |block, people, strangers| {
        let here = blocks.entry(block).or_default();
        here.people.extend(people);
        here.strangers = here.strangers.saturating_add(strangers);
    })?;
    Ok(Content::scanned(blocks))
}

impl<'a> Asked<'a> {
    fn matter(&self, window: Window, budget: Option<BudgetState>) -> Matter<'a> {
        Matter {
            request: self.request,
            verb: self.verb,
            form: Form::Raw,
            engagement: self.engagement,
            dataset: Some(self.dataset),
            bytes: Some((&self.version.row, Arc::clone(&self.version.sealed), window)),
            approvers: Vec::new(),
            budget,
        }
    }
}

impl fmt::Display for Overdrawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { per, measure, limit, window_seconds } = self;
        let hours = window_seconds.div_ceil(3_600);
        let most = match measure {
            Measure::Bytes => base::Bytes(*limit).to_string(),
            Measure::People | Measure::Objects => format!("{limit} {}", measure.word()),
        };
        let within =
            if *window_seconds < 3_600 { format!("{window_seconds} seconds") } else { format!("{hours} hours") };
        write!(
            f,
            "the budget of this {per} is used up: {most} within {within}\nread less, wait, or ask for `cofferdam budget set`"
        )
    }
}

fn is_budget(policy: &str) -> bool {
    BUDGET_POLICIES.contains(&policy)
}

fn overdrawn(spent: &Spent) -> Overdrawn {
    Overdrawn {
        per: spent.budget.per,
        measure: spent.measure,
        limit: spent.budget.hard(spent.measure).unwrap_or_default(),
        window_seconds: spent.budget.window_seconds,
    }
}
