//! The plan: which budgets an engagement has, how they are changed, and which change is a raise.
//!
//! Every engagement has a plan: until somebody sets budgets, the one that is shipped. A budget is named by whom it counts for and
//! by its window; there is at most one of a name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The shortest window: below a minute a budget is a speed limit, which this is not.
const SHORTEST_SECONDS: u64 = 60;

/// The longest window. At every start, as much of the ledger is read again as the longest window covers.
const LONGEST_SECONDS: u64 = 7 * 86_400;

/// How many budgets an engagement may have: each is looked at on every read.
pub(crate) const MOST_BUDGETS: usize = 9;

/// The window of the budgets that are shipped: a day.
const SHIPPED_WINDOW_SECONDS: u64 = 86_400;

/// At how many hundredths of a hard budget the alarm is raised, unless something else is set.
const SHIPPED_SOFT_PERCENT: u8 = 80;

const GIB: u64 = 1024 * 1024 * 1024;

/// Whose reading a budget adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Per {
    /// Each session by itself.
    Session,
    /// Each person or workload, over all its sessions.
    Principal,
    /// Everybody together.
    Engagement,
}

/// What a budget counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Different people whose data was released. Mentions that no identifier tells apart count as one person each.
    People,
    /// Bytes released, what is read twice counted twice.
    Bytes,
    /// Different versions of objects of which bytes were released.
    Objects,
}

/// What may leave within a window. Nothing where there is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Whose reading it adds up.
    pub per: Per,
    /// How far back it looks.
    pub window_seconds: u64,
    /// People.
    pub people: Option<u64>,
    /// Bytes.
    pub bytes: Option<u64>,
    /// Objects.
    pub objects: Option<u64>,
    /// At how many hundredths of a limit the alarm is raised.
    pub soft_percent: u8,
}

/// The budgets of an engagement, sorted by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Budget>", into = "Vec<Budget>")]
pub struct Plan {
    budgets: Vec<Budget>,
}

/// A change of one budget; what is not named stays. `Some(None)` takes a limit away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whose reading.
    pub per: Per,
    /// Over which window.
    pub window_seconds: u64,
    /// People.
    pub people: Option<Option<u64>>,
    /// Bytes.
    pub bytes: Option<Option<u64>>,
    /// Objects.
    pub objects: Option<Option<u64>>,
    /// At how many hundredths the alarm is raised.
    pub soft_percent: Option<u8>,
}

/// Why something is no plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAPlan {
    /// A window is shorter than a minute or longer than a week.
    Window,
    /// The alarm is not between 1 and 100 hundredths.
    Soft,
    /// There are too many budgets.
    Many,
    /// Two budgets have one name.
    Twice,
    /// The change changes nothing.
    Nothing,
}

impl Measure {
    /// Every measure, in the order in which a refusal names them.
    pub const ALL: [Self; 3] = [Self::People, Self::Bytes, Self::Objects];

    /// The text form.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Bytes => "bytes",
            Self::Objects => "objects",
        }
    }
}

impl Per {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Session, Self::Principal, Self::Engagement];

    /// The text form.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Principal => "principal",
            Self::Engagement => "engagement",
        }
    }
}

impl fmt::Display for Per {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for Per {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|per| per.word() == text)
            .ok_or("a budget is per `session`, `principal` or `engagement`")
    }
}

impl Budget {
    /// The limit of a measure.
    #[must_use]
    pub const fn hard(&self, measure: Measure) -> Option<u64> {
        match measure {
            Measure::People => self.people,
            Measure::Bytes => self.bytes,
            Measure::Objects => self.objects,
        }
    }

    /// From which count on the alarm is raised.
    #[must_use]
    pub fn soft(&self, measure: Measure) -> Option<u64> {
        let soft = |hard: u64| {
            let hundredths = u128::from(hard).saturating_mul(u128::from(self.soft_percent));
            u64::try_from(hundredths.div_ceil(100)).unwrap_or(u64::MAX).max(1)
        };
        self.hard(measure).map(soft)
    }

    const fn named(&self, per: Per, window_seconds: u64) -> bool {
        self.per as u8 == per as u8 && self.window_seconds == window_seconds
    }
}

impl Plan {
    /// The budgets.
    #[must_use]
    pub fn budgets(&self) -> &[Budget] {
        &self.budgets
    }

    /// The longest window.
    #[must_use]
    pub fn longest_seconds(&self) -> u64 {
        self.budgets.iter().map(|budget| budget.window_seconds).max().unwrap_or_default()
    }

    /// This plan with one budget changed. One that was not there begins without limits.
    ///
    /// # Errors
    /// [`NotAPlan`] if what comes out is none, or nothing changes.
    pub fn with(&self, change: &Change) -> Result<Self, NotAPlan> {
        let mut budgets = self.budgets.clone();
        let known = budgets.iter().position(|budget| budget.named(change.per, change.window_seconds));
        let place = known.unwrap_or_else(|| {
            budgets.push(Budget {
                per: change.per,
                window_seconds: change.window_seconds,
                people: None,
                bytes: None,
                objects: None,
                soft_percent: SHIPPED_SOFT_PERCENT,
            });
            budgets.len().saturating_sub(1)
        });
        if let Some(budget) = budgets.get_mut(place) {
            budget.people = change.people.unwrap_or(budget.people);
            budget.bytes = change.bytes.unwrap_or(budget.bytes);
            budget.objects = change.objects.unwrap_or(budget.objects);
            budget.soft_percent = change.soft_percent.unwrap_or(budget.soft_percent);
        }
        let plan = Self::try_from(budgets)?;
        if plan == *self { Err(NotAPlan::Nothing) } else { Ok(plan) }
    }

    /// Whether this plan lets more leave than `before` did. That takes two people.
    #[must_use]
    pub fn raises(&self, before: &Self) -> bool {
        let limit = |plan: &Self, of: &Budget, measure| {
            let found = plan.budgets.iter().find(|budget| budget.named(of.per, of.window_seconds));
            found.and_then(|budget| budget.hard(measure)).unwrap_or(u64::MAX)
        };
        let raised =
            |of: &Budget| Measure::ALL.into_iter().any(|measure| limit(self, of, measure) > limit(before, of, measure));
        before.budgets.iter().any(raised)
    }
}

/// What is shipped: far above what one session reads in a day's work with records, far below what makes a theft worthwhile. A run
/// that reads a whole dataset of more people than this is told so in advance, by two people.
impl Default for Plan {
    fn default() -> Self {
        let shipped = |per, people, gibibytes: u64, objects| Budget {
            per,
            window_seconds: SHIPPED_WINDOW_SECONDS,
            people: Some(people),
            bytes: Some(gibibytes.saturating_mul(GIB)),
            objects: Some(objects),
            soft_percent: SHIPPED_SOFT_PERCENT,
        };
        Self {
            budgets: vec![
                shipped(Per::Session, 10_000, 1_024, 1_000_000),
                shipped(Per::Principal, 25_000, 4_096, 2_500_000),
                shipped(Per::Engagement, 100_000, 16_384, 10_000_000),
            ],
        }
    }
}

impl TryFrom<Vec<Budget>> for Plan {
    type Error = NotAPlan;

    fn try_from(mut budgets: Vec<Budget>) -> Result<Self, NotAPlan> {
        budgets.sort_by_key(|budget| (budget.per, budget.window_seconds));
        if budgets.len() > MOST_BUDGETS {
            return Err(NotAPlan::Many);
        }
        if budgets.iter().any(|budget| !(SHORTEST_SECONDS..=LONGEST_SECONDS).contains(&budget.window_seconds)) {
            return Err(NotAPlan::Window);
        }
        if budgets.iter().any(|budget| !(1..=100).contains(&budget.soft_percent)) {
            return Err(NotAPlan::Soft);
        }
        let twice = |(one, next): (&Budget, &Budget)| next.named(one.per, one.window_seconds);
        if budgets.iter().zip(budgets.iter().skip(1)).any(twice) {
            return Err(NotAPlan::Twice);
        }
        Ok(Self { budgets })
    }
}

impl From<Plan> for Vec<Budget> {
    fn from(plan: Plan) -> Self {
        plan.budgets
    }
}

impl fmt::Display for NotAPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Window => "a budget's window is from a minute to seven days",
            Self::Soft => "the alarm of a budget is at 1 to 100 per cent of it",
            Self::Many => "an engagement has at most 9 budgets\nchange one that is there",
            Self::Twice => "two budgets count for the same over the same window",
            Self::Nothing => "the budget is so already",
        })
    }
}

impl std::error::Error for NotAPlan {}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(per: Per, window_seconds: u64) -> Change {
        Change { per, window_seconds, people: None, bytes: None, objects: None, soft_percent: None }
    }

    #[test]
    fn only_more_is_a_raise() {
        let plan = Plan::default();
        let day = change(Per::Session, 86_400);
        let lower = plan.with(&Change { people: Some(Some(1_000)), ..day }).unwrap();
        assert!(!lower.raises(&plan));
        assert!(plan.raises(&lower));
        let mixed = plan.with(&Change { people: Some(Some(1)), bytes: Some(None), ..day }).unwrap();
        assert!(mixed.raises(&plan), "one limit is gone");
        let added = plan.with(&Change { people: Some(Some(5)), ..change(Per::Session, 3_600) }).unwrap();
        assert!(!added.raises(&plan));
        assert_eq!(added.budgets().len(), 4);
        let gone = added.with(&Change { people: Some(None), ..change(Per::Session, 3_600) }).unwrap();
        assert!(gone.raises(&added));
        let louder = plan.with(&Change { soft_percent: Some(50), ..day }).unwrap();
        assert!(!louder.raises(&plan) && !plan.raises(&louder));
    }

    #[test]
    fn what_is_no_plan_is_refused() {
        let plan = Plan::default();
        for (wrong, why) in [
            (change(Per::Session, 59), NotAPlan::Window),
            (change(Per::Session, 604_801), NotAPlan::Window),
            (Change { soft_percent: Some(0), ..change(Per::Session, 86_400) }, NotAPlan::Soft),
            (Change { soft_percent: Some(101), ..change(Per::Session, 86_400) }, NotAPlan::Soft),
            (change(Per::Principal, 86_400), NotAPlan::Nothing),
        ] {
            assert_eq!(plan.with(&wrong), Err(why), "{wrong:?}");
        }
        let many = (1..=10u64).try_fold(plan, |plan, hours| plan.with(&change(Per::Session, hours * 3_600)));
        assert_eq!(many, Err(NotAPlan::Many));
    }

    #[test]
    fn a_plan_reads_back_and_a_double_one_does_not() {
        let text = serde_json::to_string(&Plan::default()).unwrap();
        assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), Plan::default());
        let budget = serde_json::to_string(&Plan::default().budgets()[0]).unwrap();
        assert!(serde_json::from_str::<Plan>(&format!("[{budget},{budget}]")).is_err());
    }

    #[test]
    fn the_alarm_comes_before_the_end_and_never_at_nothing() {
        let budget =
            |people, soft_percent| Budget { people: Some(people), soft_percent, ..Plan::default().budgets()[0] };
        assert_eq!(budget(1_000, 80).soft(Measure::People), Some(800));
        assert_eq!(budget(3, 50).soft(Measure::People), Some(2));
        assert_eq!(budget(0, 80).soft(Measure::People), Some(1));
        assert_eq!(budget(u64::MAX, 100).soft(Measure::People), Some(u64::MAX));
    }
}
