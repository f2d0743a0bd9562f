//! The books, written anew from the record at every start.
//!
//! Receipts are durable before a byte leaves, so the releases of the longest window are the whole truth. What was released is
//! charged by the facts that hold now: a scan that found more people since then makes the book say more.
//!
//! LIMIT: a start reads every entry of the longest window, some hundred thousand a second.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base::Timestamp;
use base::id::{EngagementId, PrincipalId, SessionId};
use base::word::{Form, Verb};
use budget::{SLICES, Who};
use ledger::Opened;
use serde::Deserialize;

use crate::budgets::{Kept, content, lock};
use crate::custody::Custody;
use crate::entries::kind;
use crate::error::CustodyError;

/// How far entries may stand out of the order of their times, as in `reach`.
const DISORDER_SECONDS: i64 = ledger::OLDEST_PERMIT_SECONDS * 2;

/// How many versions are remembered while the record is read: what is read often is looked up once.
const REMEMBERED: usize = 4_096;

/// What a `release` entry says, as far as a budget needs it.
#[derive(Deserialize)]
struct Released {
    at: Timestamp,
    principal: PrincipalId,
    session: Option<SessionId>,
    verb: Verb,
    form: Form,
    ordinal: Option<u64>,
    #[serde(default)]
    from: u64,
    #[serde(default)]
    to: u64,
}

/// What a `settlement` entry says, as far as a budget needs it.
#[derive(Deserialize)]
struct Settled {
    #[serde(default)]
    returned: Vec<(u64, u64)>,
}

/// A release that counts: where, whose, when.
struct Counted {
    engagement: EngagementId,
    who: Who,
    at: Timestamp,
    released: Released,
}

impl Custody {
    /// Opens every plan that was set and charges what the record says.
    ///
    /// # Errors
    /// `Corrupt` if a plan or an entry cannot be read: no read is served then.
    pub(crate) fn open_budgets(&self) -> Result<(), CustodyError> {
        for (id, revision, sealed) in self.catalog.budgets()? {
            let missing = || CustodyError::Corrupt(format!("budgets of an engagement `{id}` that is not there"));
            let engagement = self.directory.engagement(id).ok_or_else(missing)?;
            let plan = crate::budget_office::open_plan(&engagement, revision, &sealed)?;
            self.budgets.set(id, revision, plan);
        }
        let longest = |id| lock(&self.budgets.book(id)).book.plan().longest_seconds();
        let longest = self.directory.engagements().iter().map(|engagement| longest(engagement.id)).max();
        let Some(longest) = longest else { return Ok(()) };
        let slice = longest.checked_div(SLICES.unsigned_abs()).unwrap_or_default();
        let back = i64::try_from(longest.saturating_add(slice)).unwrap_or(i64::MAX).saturating_add(DISORDER_SECONDS);
        let size = *self.queue.size().borrow();
        let mut next = self.index_at(self.budgets.now().plus_seconds(back.saturating_neg()), size)?;
        let mut versions = HashMap::new();
        while next < size {
            let page = self.reader.page(next)?;
            if page.is_empty() {
                break;
            }
            for entry in page {
                next = entry.index.saturating_add(1);
                self.recharge(&entry, &mut versions)?;
            }
        }
        Ok(())
    }

    fn recharge(&self, entry: &Opened, versions: &mut HashMap<u64, Arc<VersionFacts>>) -> Result<(), CustodyError> {
        if entry.kind == kind::SETTLEMENT {
            let settled: Settled = read(entry)?;
            for (seq, bytes) in settled.returned {
                let release = self.reader.at(entry.payload.link.chain, seq)?;
                if let Some(Counted { engagement, who, at, .. }) = self.counted(&release)? {
                    lock(&self.budgets.book(engagement)).book.give_back(who, at, bytes);
                }
            }
            return Ok(());
        }
        let Some(Counted { engagement, who, at, released }) = self.counted(entry)? else { return Ok(()) };
        let Some(ordinal) = released.ordinal else { return Ok(()) };
        if versions.len() >= REMEMBERED {
            versions.clear();
        }
        let facts = match versions.get(&ordinal) {
            Some(facts) => Arc::clone(facts),
            None => {
                let facts = Arc::new(self.version_facts(engagement, ordinal)?);
                versions.insert(ordinal, Arc::clone(&facts));
                facts
            }
        };
        let window = released.from..released.to;
        let book: Arc<Mutex<Kept>> = self.budgets.book(engagement);
        let here = content(&self.catalog, (engagement, ordinal, facts.generation), facts.scan, &window)?;
        lock(&book).book.record(who, at, ordinal, &window, &here);
        Ok(())
    }

    /// A release of bytes that counts in budgets.
    fn counted(&self, entry: &Opened) -> Result<Option<Counted>, CustodyError> {
        let Some(engagement) = entry.payload.link.chain.engagement().filter(|_| entry.kind == ledger::RELEASE) else {
            return Ok(None);
        };
        let released: Released = read(entry)?;
        let counts = released.verb == Verb::Read && matches!(released.form, Form::Raw | Form::View);
        let who = Who { principal: released.principal, session: released.session };
        // What the record says was released later than now counts as released now.
        let at = released.at.min(self.budgets.now());
        Ok(counts.then_some(Counted { engagement, who, at, released }))
    }

    fn version_facts(&self, engagement: EngagementId, ordinal: u64) -> Result<VersionFacts, CustodyError> {
        let found = self.catalog.versions_by_ordinals(&[ordinal])?;
        match found.first() {
            Some(brief) if brief.engagement == engagement => {
                Ok(VersionFacts { scan: brief.scan, generation: brief.generation })
            }
            _ => Err(CustodyError::Corrupt(format!("the record names a version {ordinal} of another engagement"))),
        }
    }
}

/// Which facts hold of a version.
struct VersionFacts {
    scan: base::word::ScanState,
    generation: u32,
}

fn read<'a, T: Deserialize<'a>>(entry: &'a Opened) -> Result<T, CustodyError> {
    serde_json::from_slice(&entry.payload.entry)
        .map_err(|_| CustodyError::Corrupt(format!("entry {} of kind `{}` cannot be read", entry.index, entry.kind)))
}
