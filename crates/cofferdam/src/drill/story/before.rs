//! Before: a deployment, its people, its data, and the work of an ordinary hour.

use std::sync::Arc;

use base::{Bytes, Kind};
use tokio::task::JoinSet;

use super::{Story, World};
use crate::chance::SystemEntropy;
use crate::drill::cast::{COMPARTMENTS, Cast, HONEST, LOADER};
use crate::drill::fill::{Filled, deal, fill};
use crate::drill::plant::Size;
use crate::drill::pulse::{Lane, Whose};
use crate::drill::seat::{Seat, Wires};
use crate::drill::stage::Stage;
use crate::drill::traffic::Worker;
use crate::error::Error;

/// How many objects every honest machine reads before the theft, and the one that goes on reads during the pause.
pub(super) const ORDINARY_READS: u64 = 10;

impl Story<'_> {
    pub(super) async fn set_up(&mut self) -> Result<World, Error> {
        let page = self.diary.begin("A deployment is founded, three partners come");
        let stage = Stage::set(&self.options.program, &self.options.report, self.options.keep).await?;
        let stage = self.stage.insert(stage);
        let wires = Wires { server: stage.run.s3, clock: Arc::clone(&self.clock) };
        let (administrator, admin) = (stage.administrator()?, stage.run.admin);
        let entropy = SystemEntropy::default();
        let cast = Cast::assemble(admin, administrator, &entropy, self.clock.as_ref()).await?;
        self.diary.end(page, "6 people with keys of their own, 3 partners, 3 engagements, 6 buckets, 5 machines");
        Ok(World { cast, wires, truths: Vec::new(), markers: Vec::new() })
    }

    pub(super) async fn fill(&mut self, world: &mut World) -> Result<(), Error> {
        let made_up = self.options.input.is_none();
        let mut page =
            self.diary.begin(if made_up { "Their data is made up and brought in" } else { "Their data is brought in" });
        let mut hands = match &self.options.input {
            Some(folder) => deal(folder)?.into_iter().map(Some).collect(),
            None => vec![None; COMPARTMENTS.len()],
        };
        if !made_up {
            // Whatever the files hold, the drill is about who reaches it.
            world.cast.let_secrets_be().await?;
        }
        let mut fills = JoinSet::new();
        for ((place, about), files) in COMPARTMENTS.iter().enumerate().zip(&mut hands) {
            let issued = world.cast.session(&LOADER, about).await?;
            let lane = Arc::new(Lane::new(LOADER.name, place, Whose::Ordinary, self.since));
            let seat = Seat::take(&world.wires, &issued, LOADER.address, (place, about), &lane).await?;
            let (files, size) = (files.take(), Size::percent(self.options.percent));
            let seed = self.seed ^ (place as u64).rotate_left(48);
            fills.spawn(async move { (place, fill(seat, seed, size, files).await) });
        }
        let mut all: Vec<Filled> = std::iter::repeat_with(Filled::default).take(COMPARTMENTS.len()).collect();
        while let Some(ended) = fills.join_next().await {
            let (place, filled) = ended.map_err(|error| Error::part("filling", Kind::Bug, error))?;
            if let Some(mine) = all.get_mut(place) {
                *mine = filled?;
            }
        }
        world.cast.wait_for_scans().await?;
        let objects: usize = all.iter().map(|filled| filled.truth.len()).sum();
        let seen = format!("{objects} objects, {}", Bytes(all.iter().map(Filled::bytes).sum()));
        page.promise("Everything that is put is acknowledged.", objects > 0, seen.clone());
        for filled in all {
            self.told
                .limits
                .extend(filled.left_out.iter().map(|left| format!("{left}, and was left out of the drill")));
            world.truths.push(Arc::new(filled.truth));
            world.markers.extend(filled.markers);
        }
        self.diary.end(page, seen);
        Ok(())
    }

    pub(super) async fn ordinary_work(&mut self, world: &World) -> Result<Vec<Worker>, Error> {
        let mut page = self.diary.begin("Ordinary work goes on");
        let mut workers = Vec::new();
        for host in &HONEST {
            for (place, about, truth) in world.compartments().filter(|(place, ..)| host.works_in.contains(place)) {
                let issued = world.cast.session(host, about).await?;
                let lane = self.lane(&format!("{}: {}", about.said, host.name), place, Whose::Ordinary);
                let seat = Seat::take(&world.wires, &issued, host.address, (place, about), &lane).await?;
                workers.push(Worker::start(seat, Arc::clone(truth), self.seed ^ (place as u64)));
            }
        }
        let mut read = 0u64;
        for worker in &mut workers {
            let progress = worker.get_on(ORDINARY_READS).await;
            page.promise(
                format!("Work for {} reads back what was stored, byte for byte.", worker.seat.about.said),
                progress.right >= ORDINARY_READS && progress.wrong == 0 && progress.stopped == 0,
                format!("{} objects read, {} of them wrong", progress.right, progress.wrong),
            );
            read = read.saturating_add(progress.right);
        }
        self.diary.end(page, format!("{} machines at work, {read} objects read so far", workers.len()));
        Ok(workers)
    }
}
