//! The book of an engagement: what each reader has been given, and how far the next window may reach.
//!
//! One look and one charge a window. A charge walks the window block by block and stops before the block that no budget has room
//! for; what it has walked is charged in the same breath, so that two readers who share a budget never both have the last of it.
//!
//! INVARIANT: a block is charged to a meter only while the meter's count is below its limit. So what a budget lets out is at most
//! its limit and the rest of the one block that crossed it; of a version in which people lie nobody knows where, of these too. Bytes and objects are cut exactly.
//!
//! Memory: a meter remembers two to four bytes for a person or an object that counts, and about forty for a block with strangers. Limits bound
//! all of them; a limit that is taken away leaves the number of people in the engagement.

use std::collections::HashMap;
use std::ops::Range;

use base::Timestamp;
use base::id::{PrincipalId, SessionId};
use base::word::BudgetState;

use crate::content::Content;
use crate::meter::Meter;
use crate::plan::{Budget, Measure, Per, Plan};

/// How much of a limit of people one window takes at the most, as a divisor: who asks for a whole object and closes after its first
/// bytes has not spent the budget.
const STEPS: u64 = 16;

/// How often readers who were given nothing within their windows are forgotten.
const SWEEP_MICROS: u64 = 3_600_000_000;

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Who {
    /// The person or workload.
    pub principal: PrincipalId,
    /// The session, if there is one.
    pub session: Option<SessionId>,
}

/// A budget that has no room for what is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// The budget.
    pub budget: Budget,
    /// Of what it has no room.
    pub measure: Measure,
}

/// How a reader stands before a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Below every alarm.
    Within,
    /// Past an alarm, and there is room.
    Soft,
    /// There is no room for the window's first byte.
    Spent(Spent),
}

/// Which line was crossed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// The alarm's.
    Soft,
    /// The limit itself.
    Hard,
}

/// A line that a charge has crossed. Each is told of once, until the count was below it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crossing {
    /// The budget.
    pub budget: Budget,
    /// Of what.
    pub measure: Measure,
    /// Which line.
    pub grade: Grade,
    /// What counts now.
    pub used: u64,
}

/// How far a window may reach.
#[derive(Debug, PartialEq, Eq)]
pub struct Granted {
    /// One past the last byte that was charged.
    pub to: u64,
    /// The lines it crossed.
    pub crossings: Vec<Crossing>,
}

/// What counts for one reader in one budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The budget.
    pub budget: Budget,
    /// People.
    pub people: u64,
    /// Bytes.
    pub bytes: u64,
    /// Objects.
    pub objects: u64,
}

/// One reader's meters, in the order of the plan.
#[derive(Default)]
struct Account {
    meters: Vec<Meter>,
}

/// See the module's description.
pub struct Book {
    plan: Plan,
    engagement: Account,
    principals: HashMap<PrincipalId, Account>,
    sessions: HashMap<SessionId, Account>,
    swept: Timestamp,
}

impl Standing {
    /// As policies see it.
    #[must_use]
    pub const fn state(&self) -> BudgetState {
        match self {
            Self::Within => BudgetState::Within,
            Self::Soft => BudgetState::Soft,
            Self::Spent(_) => BudgetState::Spent,
        }
    }
}

impl Book {
    /// A book in which nothing is charged.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        let engagement = Account::of(&plan, Per::Engagement);
        let (principals, sessions) = (HashMap::new(), HashMap::new());
        Self { plan, engagement, principals, sessions, swept: Timestamp(0) }
    }

    /// The plan that is kept to.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Keeps to another plan from now on. What was charged stays charged; a budget whose window is new begins with what the longest
    /// window of the same reader remembers.
    pub fn replan(&mut self, plan: Plan, now: Timestamp) {
        self.engagement.replan(&plan, Per::Engagement, now);
        self.principals.values_mut().for_each(|account| account.replan(&plan, Per::Principal, now));
        self.sessions.values_mut().for_each(|account| account.replan(&plan, Per::Session, now));
        self.plan = plan;
    }

    /// How a reader stands before a window of the version at `ordinal`. Charges nothing.
    pub fn look(&mut self, who: Who, now: Timestamp, ordinal: u64, window: &Range<u64>, content: &Content) -> Standing {
        let mut soft = false;
        for meter in self.meters(who, now) {
            for measure in Measure::ALL {
                let count = meter.count(measure);
                soft |= meter.budget.soft(measure).is_some_and(|line| count >= line);
            }
        }
        // Below every alarm there is room for a block: what crosses a limit in one step is cut by the charge.
        if !soft {
            return Standing::Within;
        }
        match self.room(who, ordinal, window) {
            Ok(end) => match self.first(who, ordinal, &(window.start..end), content) {
                Some(spent) => Standing::Spent(spent),
                None => Standing::Soft,
            },
            Err(spent) => Standing::Spent(spent),
        }
    }

    /// Charges as much of a window as there is room for, and says how far that is.
    ///
    /// # Errors
    /// [`Spent`] if there is no room for its first byte; nothing is charged then.
    pub fn charge(
        &mut self,
        who: Who,
        now: Timestamp,
        ordinal: u64,
        window: &Range<u64>,
        content: &Content,
    ) -> Result<Granted, Spent> {
        self.sweep(now);
        self.meters(who, now).for_each(drop);
        let end = self.room(who, ordinal, window)?;
        let to = self.walk(who, now, ordinal, &(window.start..end), content)?;
        let mut crossings = Vec::new();
        for meter in self.meters(who, now) {
            meter.add_object(now, ordinal);
            meter.add_bytes(now, to.saturating_sub(window.start));
            cross(meter, &mut crossings);
        }
        Ok(Granted { to, crossings })
    }

    /// Charges what the ledger says was released, whatever the plan says of it.
    pub fn record(&mut self, who: Who, at: Timestamp, ordinal: u64, window: &Range<u64>, content: &Content) {
        for meter in self.meters(who, at) {
            for piece in content.pieces(window) {
                if let Some(people) = piece.people {
                    meter.add_people(at, people);
                }
                meter.add_crowd(at, (ordinal, piece.key), piece.strangers);
            }
            meter.add_object(at, ordinal);
            meter.add_bytes(at, window.end.saturating_sub(window.start));
            cross(meter, &mut Vec::new());
        }
    }

    /// Takes back bytes that were charged at `at` and never opened. People and objects stay charged: others may have been let pass
    /// because they were.
    pub fn give_back(&mut self, who: Who, at: Timestamp, bytes: u64) {
        for meter in self.existing(who) {
            meter.take_back(at, bytes);
            meter.calm();
        }
    }

    /// What counts for everybody together.
    pub fn usage(&mut self, now: Timestamp) -> Vec<Usage> {
        self.engagement.usage(now)
    }

    /// What counts for each principal.
    pub fn principals(&mut self, now: Timestamp) -> Vec<(PrincipalId, Vec<Usage>)> {
        self.principals.iter_mut().map(|(id, account)| (*id, account.usage(now))).collect()
    }

    /// What counts for each session.
    pub fn sessions(&mut self, now: Timestamp) -> Vec<(SessionId, Vec<Usage>)> {
        self.sessions.iter_mut().map(|(id, account)| (*id, account.usage(now))).collect()
    }

    /// How far a window may reach by the budgets of bytes and objects.
    fn room(&mut self, who: Who, ordinal: u64, window: &Range<u64>) -> Result<u64, Spent> {
        let mut end = window.end;
        for meter in self.existing(who) {
            let budget = meter.budget;
            if let Some(hard) = budget.objects
                && meter.count(Measure::Objects) >= hard
                && !meter.has_object(ordinal)
            {
                return Err(Spent { budget, measure: Measure::Objects });
            }
            if let Some(hard) = budget.bytes {
                let left = hard.saturating_sub(meter.count(Measure::Bytes));
                if left == 0 && !window.is_empty() {
                    return Err(Spent { budget, measure: Measure::Bytes });
                }
                end = end.min(window.start.saturating_add(left));
            }
        }
        Ok(end)
    }

    /// Charges the people of a window, block by block, while there is room; says where it stopped. What begins with the window's
    /// first byte goes together or not at all.
    fn walk(
        &mut self,
        who: Who,
        now: Timestamp,
        ordinal: u64,
        window: &Range<u64>,
        content: &Content,
    ) -> Result<u64, Spent> {
        // A plan has no more budgets than that, and a reader no more meters.
        if let Some(spent) = self.first(who, ordinal, window, content) {
            return Err(spent);
        }
        let mut taken = [0u64; crate::plan::MOST_BUDGETS];
        for piece in content.pieces(window) {
            let crowd = (ordinal, piece.key);
            if piece.from > window.start {
                if self.full(who, ordinal, &piece).is_some() {
                    return Ok(piece.from);
                }
                let takes_much = self.existing(who).zip(&taken).any(|(meter, taken)| {
                    let fresh = meter.fresh(piece.people, crowd, piece.strangers);
                    fresh > 0
                        && meter.budget.people.is_some_and(|hard| taken.saturating_add(fresh) > hard.div_ceil(STEPS))
                });
                if takes_much {
                    return Ok(piece.from);
                }
            }
            for (meter, taken) in self.existing(who).zip(&mut taken) {
                *taken = taken.saturating_add(meter.fresh(piece.people, crowd, piece.strangers));
                if let Some(people) = piece.people {
                    meter.add_people(now, people);
                }
                meter.add_crowd(now, crowd, piece.strangers);
            }
        }
        Ok(window.end)
    }

    /// The budget of people that is used up and that the window's first block, with what lies anywhere in the version, would add to.
    fn first(&mut self, who: Who, ordinal: u64, window: &Range<u64>, content: &Content) -> Option<Spent> {
        let mut first = content.pieces(window).take_while(|piece| piece.from == window.start);
        first.find_map(|piece| self.full(who, ordinal, &piece))
    }

    /// The budget of people that is used up and that a block would add to.
    fn full(&mut self, who: Who, ordinal: u64, piece: &crate::content::Piece<'_>) -> Option<Spent> {
        let full = self.existing(who).find(|meter| {
            meter.budget.people.is_some_and(|hard| meter.count(Measure::People) >= hard)
                && meter.fresh(piece.people, (ordinal, piece.key), piece.strangers) > 0
        });
        full.map(|meter| Spent { budget: meter.budget, measure: Measure::People })
    }

    /// The meters a read counts in, up to date; made where there are none.
    fn meters(&mut self, who: Who, now: Timestamp) -> impl Iterator<Item = &mut Meter> {
        let Self { plan, engagement, principals, sessions, .. } = self;
        let principal = principals.entry(who.principal).or_insert_with(|| Account::of(plan, Per::Principal));
        let session = who.session.map(|id| sessions.entry(id).or_insert_with(|| Account::of(plan, Per::Session)));
        let session = session.into_iter().flat_map(|account| account.meters.iter_mut());
        let all = session.chain(&mut principal.meters).chain(&mut engagement.meters);
        all.map(move |meter| meter.advanced(now))
    }

    /// The same, as they are.
    fn existing(&mut self, who: Who) -> impl Iterator<Item = &mut Meter> {
        let session = who.session.and_then(|id| self.sessions.get_mut(&id));
        let principal = self.principals.get_mut(&who.principal);
        let accounts = session.into_iter().chain(principal).chain([&mut self.engagement]);
        accounts.flat_map(|account| account.meters.iter_mut())
    }

    /// Forgets readers who were given nothing within their windows.
    fn sweep(&mut self, now: Timestamp) {
        if now.micros_since(self.swept) < SWEEP_MICROS {
            return;
        }
        self.swept = now;
        self.principals.retain(|_, account| account.counts(now));
        self.sessions.retain(|_, account| account.counts(now));
    }
}

impl Account {
    fn of(plan: &Plan, per: Per) -> Self {
        let mine = plan.budgets().iter().filter(|budget| budget.per == per);
        Self { meters: mine.map(|budget| Meter::new(*budget)).collect() }
    }

    fn replan(&mut self, plan: &Plan, per: Per, now: Timestamp) {
        self.meters.iter_mut().for_each(|meter| meter.advance(now));
        let mut old = std::mem::take(&mut self.meters);
        let mine = plan.budgets().iter().filter(|budget| budget.per == per);
        let mut seeded: Vec<Meter> = Vec::new();
        let mut kept: Vec<Budget> = Vec::new();
        for budget in mine {
            if old.iter().any(|meter| meter.budget.window_seconds == budget.window_seconds) {
                kept.push(*budget);
            } else if let Some(longest) = old.iter().max_by_key(|meter| meter.budget.window_seconds) {
                seeded.push(longest.reseeded(*budget, now));
            } else {
                seeded.push(Meter::new(*budget));
            }
        }
        for budget in kept {
            if let Some(place) = old.iter().position(|meter| meter.budget.window_seconds == budget.window_seconds) {
                let mut meter = old.swap_remove(place);
                meter.budget = budget;
                meter.calm();
                seeded.push(meter);
            }
        }
        seeded.sort_by_key(|meter| meter.budget.window_seconds);
        self.meters = seeded;
    }

    fn counts(&mut self, now: Timestamp) -> bool {
        self.meters.iter_mut().any(|meter| {
            meter.advance(now);
            !meter.is_empty()
        })
    }

    fn usage(&mut self, now: Timestamp) -> Vec<Usage> {
        let usage = |meter: &mut Meter| {
            meter.advance(now);
            Usage {
                budget: meter.budget,
                people: meter.count(Measure::People),
                bytes: meter.count(Measure::Bytes),
                objects: meter.count(Measure::Objects),
            }
        };
        self.meters.iter_mut().map(usage).collect()
    }
}

/// Tells of the lines that a meter has crossed and not told of.
fn cross(meter: &mut Meter, crossings: &mut Vec<Crossing>) {
    let budget = meter.budget;
    for (place, measure) in Measure::ALL.into_iter().enumerate() {
        let used = meter.count(measure);
        let mut told = |line: Option<u64>, raised: Option<&mut bool>, grade| {
            if let Some(raised) = raised.filter(|raised| !**raised && line.is_some_and(|line| used >= line)) {
                *raised = true;
                crossings.push(Crossing { budget, measure, grade, used });
            }
        };
        told(budget.soft(measure), meter.soft.get_mut(place), Grade::Soft);
        told(budget.hard(measure), meter.hard.get_mut(place), Grade::Hard);
    }
}

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;
