//! A meter: what one reader has been given within one sliding window.
//!
//! Time is cut into slices, [`SLICES`] to a window. What was given counts until its whole slice is older than the window: for as
//! long as the window says, and at most one slice longer. The error is on the safe side.
//!
//! Whoever was given twice counts once, in the slice of the last time.

use std::collections::{HashMap, VecDeque};

use base::Timestamp;
use roaring::{RoaringBitmap, RoaringTreemap};

use crate::plan::{Budget, Measure};

/// Into how many slices a window is cut: hours of a day, two and a half minutes of an hour.
pub const SLICES: i64 = 24;

/// Up to how many people of a block are looked up one by one.
const LOOKED_UP: u64 = 64;

const MICROS_PER_SECOND: i64 = 1_000_000;

/// A block with people in it whom nothing tells apart: the version's ordinal, and the block.
type Crowd = (u64, u32);

/// What was given in one slice of time, and not again later.
struct Slice {
    number: i64,
    bytes: u64,
    people: RoaringBitmap,
    objects: RoaringTreemap,
    crowds: Vec<Crowd>,
}

/// See the module's description.
pub(crate) struct Meter {
    pub(crate) budget: Budget,
    /// The oldest first; numbers ascend.
    slices: VecDeque<Slice>,
    bytes: u64,
    people: RoaringBitmap,
    objects: RoaringTreemap,
    /// The slice that each crowd was given in last, and how many it counts.
    crowds: HashMap<Crowd, (i64, u64)>,
    strangers: u64,
    /// Which alarms were raised and are not over.
    pub(crate) soft: [bool; Measure::ALL.len()],
    pub(crate) hard: [bool; Measure::ALL.len()],
}

impl Meter {
    pub(crate) fn new(budget: Budget) -> Self {
        Self {
            budget,
            slices: VecDeque::new(),
            bytes: 0,
            people: RoaringBitmap::new(),
            objects: RoaringTreemap::new(),
            crowds: HashMap::new(),
            strangers: 0,
            soft: [false; Measure::ALL.len()],
            hard: [false; Measure::ALL.len()],
        }
    }

    /// A meter of another window for the same reader, which begins with what this one remembers. Each slice counts as given at
    /// its end.
    pub(crate) fn reseeded(&self, budget: Budget, now: Timestamp) -> Self {
        let mut seeded = Self::new(budget);
        for slice in &self.slices {
            let end = slice.number.saturating_add(1).saturating_mul(self.slice_micros()).saturating_sub(1);
            let at = Timestamp(end.min(now.0));
            seeded.add_bytes(at, slice.bytes);
            seeded.add_people(at, &slice.people);
            slice.objects.iter().for_each(|ordinal| seeded.add_object(at, ordinal));
            for crowd in &slice.crowds {
                let strangers = self.crowds.get(crowd).map_or(0, |(_, strangers)| *strangers);
                seeded.add_crowd(at, *crowd, strangers);
            }
        }
        seeded.advance(now);
        seeded
    }

    /// What counts now, of a measure.
    pub(crate) fn count(&self, measure: Measure) -> u64 {
        match measure {
            Measure::People => self.people.len().saturating_add(self.strangers),
            Measure::Bytes => self.bytes,
            Measure::Objects => self.objects.len(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.slices.is_empty()
    }

    pub(crate) fn has_object(&self, ordinal: u64) -> bool {
        self.objects.contains(ordinal)
    }

    /// How many of these people and strangers would count anew.
    pub(crate) fn fresh(&self, people: Option<&RoaringBitmap>, crowd: Crowd, strangers: u64) -> u64 {
        let known = people.map_or(0, |people| missing(people, &self.people));
        let strange = if strangers == 0 || self.crowds.contains_key(&crowd) { 0 } else { strangers };
        known.saturating_add(strange)
    }

    pub(crate) fn add_bytes(&mut self, now: Timestamp, bytes: u64) {
        let Some(slice) = self.newest(now) else { return };
        slice.bytes = slice.bytes.saturating_add(bytes);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Takes bytes back that were added at `at`, if they count still.
    pub(crate) fn take_back(&mut self, at: Timestamp, bytes: u64) {
        let number = self.number(at);
        // What came late is in another slice, and stays there.
        let Some(slice) = self.slices.iter_mut().find(|slice| slice.number == number) else { return };
        let back = bytes.min(slice.bytes);
        slice.bytes = slice.bytes.saturating_sub(back);
        self.bytes = self.bytes.saturating_sub(back);
    }

    pub(crate) fn add_object(&mut self, now: Timestamp, ordinal: u64) {
        let Some(slice) = self.newest(now) else { return };
        if slice.objects.insert(ordinal) && !self.objects.insert(ordinal) {
            self.older(|slice| {
                slice.objects.remove(ordinal);
            });
        }
    }

    #[expect(clippy::arithmetic_side_effects, reason = "differences and unions of sets")]
    pub(crate) fn add_people(&mut self, now: Timestamp, people: &RoaringBitmap) {
        let Some(slice) = self.newest(now) else { return };
        if missing(people, &slice.people) == 0 {
            return;
        }
        slice.people |= people;
        if missing(people, &self.people) < people.len() {
            self.older(|slice| slice.people -= people);
        }
        self.people |= people;
    }

    pub(crate) fn add_crowd(&mut self, now: Timestamp, crowd: Crowd, strangers: u64) {
        if strangers == 0 {
            return;
        }
        let Some(slice) = self.newest(now) else { return };
        let number = slice.number;
        match self.crowds.insert(crowd, (number, strangers)) {
            // A later scan may find another number of them in the same place.
            Some((before, count)) => {
                self.strangers = self.strangers.saturating_sub(count).saturating_add(strangers);
                if before == number {
                    return;
                }
            }
            None => self.strangers = self.strangers.saturating_add(strangers),
        }
        // It stays in the list of its older slice, which is passed over when that slice ends.
        if let Some(slice) = self.slices.back_mut() {
            slice.crowds.push(crowd);
        }
    }

    /// Forgets what is older than the window, and alarms that are over.
    #[expect(clippy::arithmetic_side_effects, reason = "differences of sets")]
    pub(crate) fn advance(&mut self, now: Timestamp) {
        let oldest = self.number(now).saturating_sub(SLICES);
        let mut ended = false;
        while let Some(slice) = self.slices.pop_front_if(|slice| slice.number < oldest) {
            ended = true;
            self.bytes = self.bytes.saturating_sub(slice.bytes);
            self.people -= &slice.people;
            self.objects -= &slice.objects;
            for crowd in slice.crowds {
                if self.crowds.get(&crowd).is_some_and(|(number, _)| *number == slice.number)
                    && let Some((_, strangers)) = self.crowds.remove(&crowd)
                {
                    self.strangers = self.strangers.saturating_sub(strangers);
                }
            }
        }
        if ended {
            self.calm();
        }
    }

    /// This meter, with nothing in it that is older than the window.
    pub(crate) fn advanced(&mut self, now: Timestamp) -> &mut Self {
        self.advance(now);
        self
    }

    /// An alarm is over once the count is below it again.
    pub(crate) fn calm(&mut self) {
        for (place, measure) in Measure::ALL.into_iter().enumerate() {
            let count = self.count(measure);
            let below = |limit: Option<u64>| limit.is_none_or(|limit| count < limit);
            let (soft, hard) = (below(self.budget.soft(measure)), below(self.budget.hard(measure)));
            if let Some(raised) = self.soft.get_mut(place) {
                *raised &= !soft;
            }
            if let Some(raised) = self.hard.get_mut(place) {
                *raised &= !hard;
            }
        }
    }

    fn slice_micros(&self) -> i64 {
        let window = i64::try_from(self.budget.window_seconds).unwrap_or(i64::MAX);
        window.saturating_mul(MICROS_PER_SECOND).checked_div(SLICES).unwrap_or(1).max(1)
    }

    fn number(&self, at: Timestamp) -> i64 {
        at.0.div_euclid(self.slice_micros())
    }

    /// The slice that is written to: that of `now`, or of the latest time that was seen.
    fn newest(&mut self, now: Timestamp) -> Option<&mut Slice> {
        let number = self.number(now);
        if self.slices.back().is_none_or(|slice| slice.number < number) {
            self.slices.push_back(Slice {
                number,
                bytes: 0,
                people: RoaringBitmap::new(),
                objects: RoaringTreemap::new(),
                crowds: Vec::new(),
            });
        }
        self.slices.back_mut()
    }

    /// Every slice but the newest.
    fn older(&mut self, change: impl FnMut(&mut Slice)) {
        let older = self.slices.len().saturating_sub(1);
        self.slices.iter_mut().take(older).for_each(change);
    }
}

/// How many of a few are not among many. Few are looked up one by one: an operation on sets walks through both.
fn missing(few: &RoaringBitmap, many: &RoaringBitmap) -> u64 {
    if few.len() <= LOOKED_UP {
        few.iter().filter(|one| !many.contains(*one)).count() as u64
    } else {
        few.len().saturating_sub(few.intersection_len(many))
    }
}
