//! The story, from the first step to the last. What each step does is in the file of its name.

mod after;
mod before;
mod breach;

use std::sync::Arc;

use base::time::{Clock, Tick};
use base::{Millis, Timestamp};

use crate::drill::Options;
use crate::drill::cast::{COMPARTMENTS, Cast, Compartment};
use crate::drill::diary::{Diary, Voice};
use crate::drill::pulse::{Lane, Whose};
use crate::drill::report::{Report, Told};
use crate::drill::seat::Wires;
use crate::drill::stage::Stage;
use crate::drill::timeline::Event;
use crate::drill::truth::Truth;
use crate::error::Error;

/// A drill under way.
pub(super) struct Story<'a> {
    options: &'a Options,
    seed: u64,
    clock: Arc<dyn Clock>,
    began: Timestamp,
    since: Tick,
    diary: Diary<'a>,
    stage: Option<Stage>,
    told: Told,
    lanes: Vec<Arc<Lane>>,
}

/// Everything that is there once the stage is set and the data is in.
struct World {
    cast: Cast,
    wires: Wires,
    /// What lies in each compartment.
    truths: Vec<Arc<Truth>>,
    markers: Vec<Vec<u8>>,
}

impl World {
    /// The compartments with what lies in them.
    fn compartments(&self) -> impl Iterator<Item = (usize, &'static Compartment, &Arc<Truth>)> {
        COMPARTMENTS.iter().zip(&self.truths).enumerate().map(|(place, (about, truth))| (place, about, truth))
    }

    /// What lies in one.
    fn truth(&self, place: usize) -> Result<&Arc<Truth>, Error> {
        self.truths.get(place).ok_or_else(|| Error::Answer(format!("compartment {place} was not filled")))
    }
}

impl<'a> Story<'a> {
    pub(super) fn new(options: &'a Options, seed: u64, clock: Arc<dyn Clock>, voice: &'a mut dyn Voice) -> Self {
        Self {
            options,
            seed,
            began: clock.now(),
            since: clock.tick(),
            diary: Diary::new(Arc::clone(&clock), voice),
            clock,
            stage: None,
            told: Told::default(),
            lanes: Vec::new(),
        }
    }

    /// Plays it all.
    pub(super) async fn play(&mut self) -> Result<(), Error> {
        let mut world = self.set_up().await?;
        self.fill(&mut world).await?;
        let mut workers = self.ordinary_work(&world).await?;

        let (mut thieves, from) = self.theft(&world).await?;
        let taken = self.pause(&world, &mut thieves, &mut workers).await?;
        self.dead(&world, &thieves).await?;

        self.scope(&world, &thieves, &taken, from).await?;
        self.resume(&world, &thieves).await?;
        self.work_ends(workers).await?;
        let pack = self.evidence(&world).await?;
        self.forge(&world, &pack).await?;
        self.records(&world).await
    }

    /// Ends the child process and removes its folder.
    pub(super) async fn strike(&mut self) {
        if let Some(stage) = self.stage.take() {
            stage.strike().await;
        }
    }

    /// Notes that the drill could not go on.
    pub(super) fn broke_off(&mut self, why: &str) {
        let mut page = self.diary.begin("The drill broke off");
        let died = self.stage.as_mut().and_then(Stage::died);
        let seen: Vec<String> = [why.to_owned()].into_iter().chain(died).collect();
        page.promise("The drill comes to its end.", false, seen.join("; "));
        self.note_complaints();
        self.diary.end(page, why);
    }

    /// What there is to report.
    pub(super) fn report(self) -> Report {
        let took = Millis(self.clock.tick().micros_since(self.since).div_ceil(1000));
        let mut lanes = self.lanes;
        lanes.sort_by_key(|lane| (lane.compartment, lane.whose));
        let rows = lanes.iter().map(|lane| lane.as_ref().into()).collect();
        self.told.report(self.options, self.seed, self.began, took, self.diary.steps(), rows)
    }

    fn note_complaints(&mut self) {
        let complaints = self.stage.as_ref().map(Stage::complaints).unwrap_or_default();
        self.told.limits.extend(complaints.into_iter().map(|line| format!("the program said: {line}")));
    }

    /// A new row of the picture.
    fn lane(&mut self, label: &str, place: usize, whose: Whose) -> Arc<Lane> {
        let lane = Arc::new(Lane::new(label, place, whose, self.since));
        self.lanes.push(Arc::clone(&lane));
        lane
    }

    /// A row of the picture that is there.
    fn lane_of(&self, place: usize, whose: Whose) -> Option<Arc<Lane>> {
        self.lanes.iter().find(|lane| lane.compartment == place && lane.whose == whose).cloned()
    }

    fn event(&mut self, at: Tick, place: usize, what: &str) {
        let at_micros = at.micros_since(self.since);
        self.told.events.push(Event { at_micros, compartment: place, what: what.to_owned() });
    }
}
