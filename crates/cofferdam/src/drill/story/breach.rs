//! The breach, and how it is stopped.

use std::sync::Arc;

use base::{Bytes, Kind, Timestamp};
use futures_util::future::try_join_all;
use tokio::task::JoinSet;

use super::before::ORDINARY_READS;
use super::{Story, World};
use crate::drill::cast::ROBBED;
use crate::drill::halt::{self, SLOW_BYTES_PER_SECOND, STREAM_BYTES_PER_SECOND, millis};
use crate::drill::pulse::Whose;
use crate::drill::reader::Taken;
use crate::drill::seat::Seat;
use crate::drill::tap::Tap;
use crate::drill::traffic::Worker;
use crate::drill::{reopen, theft};
use crate::error::Error;

impl Story<'_> {
    /// The intruder lists and reads with the two sessions. Returns them, and when it began.
    pub(super) async fn theft(&mut self, world: &World) -> Result<(Vec<Seat>, Timestamp), Error> {
        let mut page = self.diary.begin("Two sessions are stolen from etl-07 and used");
        let from = self.clock.now();
        let mut thieves = Vec::new();
        for (place, about, truth) in world.compartments().filter(|(place, ..)| ROBBED.works_in.contains(place)) {
            let issued = world.cast.session(&ROBBED, about).await?;
            let lane = self.lane(&format!("{}: the intruder", about.said), place, Whose::Intruder);
            let seat = Seat::take(&world.wires, &issued, ROBBED.address, (place, about), &lane).await?;
            if thieves.is_empty() {
                theft::from_elsewhere(&seat, &world.wires, &lane, truth, &mut page).await?;
            }
            thieves.push(seat);
        }
        let mut thefts = JoinSet::new();
        for thief in &thieves {
            let (reader, about, truth) = (thief.reader.clone(), thief.about, Arc::clone(world.truth(thief.place)?));
            thefts.spawn(async move { theft::steal(&reader, about, &truth).await });
        }
        let (mut whole, mut wrong) = (0u64, 0u64);
        while let Some(ended) = thefts.join_next().await {
            let loot = ended.map_err(|error| Error::part("stealing", Kind::Bug, error))??;
            whole = whole.saturating_add(loot.whole);
            wrong = wrong.saturating_add(loot.wrong);
        }
        page.promise(
            "What is served is what was stored, also to a thief whose credential is good.",
            whole > 0 && wrong == 0,
            format!("{whole} reads, {wrong} of them wrong"),
        );
        let bytes: u64 = thieves.iter().map(|thief| thief.reader.taken().bytes()).sum();
        self.told.theft_began = Some(from);
        self.told.reads = whole;
        self.diary.end(page, format!("{whole} reads, {}; listed, in bulk, and by ranges", Bytes(bytes)));
        Ok((thieves, from))
    }

    /// The pause of both engagements, while the intruder reads on. Returns what the intruder has in the end.
    pub(super) async fn pause(
        &mut self,
        world: &World,
        thieves: &mut [Seat],
        workers: &mut [Worker],
    ) -> Result<Vec<Taken>, Error> {
        let mut page = self.diary.begin("The pause, while the intruder reads on");
        let (mut streams, mut readers) = (Vec::new(), Vec::new());
        let before: Vec<u64> = thieves.iter().map(|thief| thief.reader.taken().bytes()).collect();
        for thief in thieves.iter_mut() {
            let Some(lane) = self.lane_of(thief.place, Whose::Intruder) else { continue };
            let paced = thief.paced(&world.wires, ROBBED.address, STREAM_BYTES_PER_SECOND, &lane).await?;
            let slow = thief.paced(&world.wires, ROBBED.address, SLOW_BYTES_PER_SECOND, &lane).await?;
            let truth = world.truth(thief.place)?;
            streams.push(halt::stream(&paced, &slow, &thief.reader, thief.about, truth, &self.clock));
            readers.push(paced);
        }
        halt::until_under_way(&readers, &before).await?;

        let undisturbed = workers.iter().position(|worker| !ROBBED.works_in.contains(&worker.seat.place));
        let calm = undisturbed.and_then(|place| workers.get(place)).map(Worker::progress).unwrap_or_default();
        let (security, clock) = (&world.cast.security, &self.clock);
        let asked = clock.tick();
        let answers = try_join_all(thieves.iter().map(|thief| {
            let taps = taps(thief.place, thieves, workers);
            async move { halt::pause(security, thief.about, &taps, clock).await }
        }));
        let answers = answers.await?;
        let mut said = Vec::new();
        for ((thief, answered), streams) in thieves.iter().zip(answers).zip(streams) {
            let ends = halt::ended(streams).await?;
            let halted = halt::judge(thief.about.said, &answered, &ends, self.since, &mut page);
            said.push(format!("{} after {}", halted.partner, millis(halted.answered_after_micros)));
            self.event(asked, thief.place, "paused");
            self.told.pauses.push(halted);
        }
        if let Some(worker) = undisturbed.and_then(|place| workers.get_mut(place)) {
            let after = worker.get_on(ORDINARY_READS).await;
            page.promise(
                format!("Work for {} goes on undisturbed.", worker.seat.about.said),
                after.right >= calm.right.saturating_add(ORDINARY_READS) && after.wrong == 0 && after.stopped == 0,
                format!("{} objects read since the pause was asked for", after.right.saturating_sub(calm.right)),
            );
        }
        self.told.theft_ended = Some(self.clock.now());
        self.diary.end(page, format!("nothing moves any more: {}", said.join(", ")));
        Ok(thieves.iter().map(|thief| thief.reader.taken()).collect())
    }

    pub(super) async fn dead(&mut self, world: &World, thieves: &[Seat]) -> Result<(), Error> {
        let mut page = self.diary.begin("The stolen sessions are dead");
        reopen::dead(&world.cast, thieves, &world.truths, &mut page).await?;
        self.diary.end(page, "every request is refused, and no new session is issued");
        Ok(())
    }
}

/// Every tap on lines of one compartment, the intruder's and the honest ones.
fn taps<'t>(place: usize, thieves: &'t [Seat], workers: &'t [Worker]) -> Vec<&'t Tap> {
    let seats = thieves.iter().chain(workers.iter().map(|worker| &worker.seat));
    seats.filter(|seat| seat.place == place).flat_map(|seat| &seat.taps).collect()
}
