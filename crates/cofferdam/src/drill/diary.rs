//! What the drill did: its steps, how long each took, what each promised and what was seen.

use std::sync::Arc;

use base::time::{Clock, Tick};
use base::{Millis, Timestamp};
use serde::Serialize;

/// Something that must hold, and what was seen.
#[derive(Clone, Debug, Serialize)]
pub struct Promise {
    /// What must hold.
    pub promise: String,
    /// Whether it does.
    pub held: bool,
    /// What was seen.
    pub seen: String,
}

/// One step.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// From 1.
    pub number: u64,
    /// What was done.
    pub title: String,
    /// When it began.
    pub began: Timestamp,
    /// How long it took.
    pub took: Millis,
    /// What came of it, in a line.
    pub seen: String,
    /// What it promised.
    pub promises: Vec<Promise>,
}

/// A step under way.
#[must_use = "a step that is not ended is not told"]
pub(super) struct Page {
    title: String,
    began: Timestamp,
    since: Tick,
    promises: Vec<Promise>,
}

/// Hears of each step as it begins and as it ends.
pub trait Voice: Send {
    /// A step begins.
    fn begins(&mut self, title: &str);
    /// A step has ended.
    fn ended(&mut self, step: &Step);
}

/// The steps so far.
pub(super) struct Diary<'a> {
    clock: Arc<dyn Clock>,
    voice: &'a mut dyn Voice,
    steps: Vec<Step>,
}

impl<'a> Diary<'a> {
    pub(super) fn new(clock: Arc<dyn Clock>, voice: &'a mut dyn Voice) -> Self {
        Self { clock, voice, steps: Vec::new() }
    }

    /// Begins a step.
    pub(super) fn begin(&mut self, title: &str) -> Page {
        self.voice.begins(title);
        Page { title: title.to_owned(), began: self.clock.now(), since: self.clock.tick(), promises: Vec::new() }
    }

    /// Ends a step with what came of it.
    pub(super) fn end(&mut self, page: Page, seen: impl Into<String>) {
        let took = Millis(self.clock.tick().micros_since(page.since).div_ceil(1000));
        let number = (self.steps.len() as u64).saturating_add(1);
        let step =
            Step { number, title: page.title, began: page.began, took, seen: seen.into(), promises: page.promises };
        self.voice.ended(&step);
        self.steps.push(step);
    }

    /// Every step, in order.
    pub(super) fn steps(self) -> Vec<Step> {
        self.steps
    }
}

impl Page {
    /// Notes whether something held that was promised.
    pub(super) fn promise(&mut self, promise: impl Into<String>, held: bool, seen: impl Into<String>) {
        self.promises.push(Promise { promise: promise.into(), held, seen: seen.into() });
    }

    /// Notes several.
    pub(super) fn promises(&mut self, promises: Vec<Promise>) {
        self.promises.extend(promises);
    }
}

impl Step {
    /// How many of its promises held.
    #[must_use]
    pub fn held(&self) -> usize {
        self.promises.iter().filter(|promise| promise.held).count()
    }
}
