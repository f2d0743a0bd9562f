//! After the breach: what left, who may resume, and what can be proved.

use base::{Bytes, Kind, Millis, Timestamp};
use serde_json::{Value, json};

use super::{Story, World};
use crate::client::{ScopeAsked, SelectorText};
use crate::drill::cast::ROBBED;
use crate::drill::measure::compare;
use crate::drill::proof::{Checker, forgeries, packs};
use crate::drill::pulse::Whose;
use crate::drill::reader::Taken;
use crate::drill::report::Scoped;
use crate::drill::seat::Seat;
use crate::drill::traffic::Worker;
use crate::drill::{reopen, residue};
use crate::error::Error;

/// What an answer about the scope must be faster than. SPEC: design §1, "in under a second".
const PROMISED: Millis = Millis(1000);

impl Story<'_> {
    pub(super) async fn scope(
        &mut self,
        world: &World,
        thieves: &[Seat],
        taken: &[Taken],
        from: Timestamp,
    ) -> Result<(), Error> {
        let mut page = self.diary.begin("What left, about whom: the answer, against the truth");
        let credential = |thief: &Seat| SelectorText { kind: "credential".to_owned(), value: thief.access_key.clone() };
        let selectors = thieves.iter().map(credential).collect();
        let asked = ScopeAsked { selectors, from, to: self.clock.now().plus_seconds(1), engagement: None };
        let began = self.clock.tick();
        let scope = world.cast.security.scope(&asked).await?;
        let took = Millis(self.clock.tick().micros_since(began).div_ceil(1000));
        page.promise("The answer is there in under a second.", took <= PROMISED, took.to_string());

        let mut compared = Vec::new();
        for (thief, taken) in thieves.iter().zip(taken) {
            let said = thief.about.said;
            let part = scope.engagements.iter().find(|part| part.name == thief.about.engagement);
            page.promise(format!("{said} is in the answer."), part.is_some(), format!("`{}`", thief.about.engagement));
            let Some(part) = part else { continue };
            let (figures, promises) = compare(said, part, taken, world.truth(thief.place)?);
            compared.push(figures);
            page.promises(promises);
        }
        let others = scope.engagements.iter().map(|part| part.name.as_str());
        let others: Vec<&str> =
            others.filter(|name| thieves.iter().all(|thief| thief.about.engagement != *name)).collect();
        page.promise(
            "No other engagement is in the answer.",
            others.is_empty(),
            if others.is_empty() {
                format!("{} engagements in it", scope.engagements.len())
            } else {
                others.join(", ")
            },
        );

        // Asked for whole hours, the answer comes from the index and not from the ledger's entries.
        let hours = ScopeAsked {
            from: Timestamp::from_seconds(asked.from.hour().saturating_mul(3600)),
            to: Timestamp::from_seconds(asked.to.hour().saturating_add(1).saturating_mul(3600)),
            ..asked
        };
        let again = world.cast.security.scope(&hours).await?;
        page.promise(
            "Asked for the minutes of the theft and for whole hours, the answer is the same.",
            json!(again.engagements) == json!(scope.engagements),
            "once folded from the ledger's entries, once taken from the index",
        );
        let sum = |of: fn(&crate::drill::Compared) -> u64| compared.iter().map(of).sum::<u64>();
        let (least, most) = (sum(|part| part.people.sent), sum(|part| part.people.authorised));
        let objects = scope.versions.authorised;
        self.diary.end(page, format!("{least} to {most} people, {objects} objects, answered in {took}"));
        self.told.scope = Some(Scoped::new(&scope, took, compared));
        Ok(())
    }

    /// The first of the robbed engagements is resumed; the others stay paused.
    pub(super) async fn resume(&mut self, world: &World, thieves: &[Seat]) -> Result<(), Error> {
        let mut page = self.diary.begin("Resuming takes two people");
        let Some((first, others)) = thieves.split_first() else { return Ok(()) };
        if let Some(lane) = self.lane_of(first.place, Whose::Ordinary) {
            reopen::resume(&world.cast, &world.wires, first, world.truth(first.place)?, &lane, &mut page).await?;
            self.event(self.clock.tick(), first.place, "resumed");
        }
        for other in others {
            reopen::still_paused(other, world.truth(other.place)?, &mut page).await?;
        }
        self.diary.end(page, "refused to one, granted to two; only new sessions work");
        Ok(())
    }

    pub(super) async fn work_ends(&mut self, workers: Vec<Worker>) -> Result<(), Error> {
        let mut page = self.diary.begin("Ordinary work comes to its end");
        let mut read = 0u64;
        for worker in workers {
            let (seat, progress) = worker.stop().await?;
            let robbed = ROBBED.works_in.contains(&seat.place);
            let how = if robbed { "was stopped by the pause" } else { "was never stopped" };
            page.promise(
                format!("Work for {} {how}, and read nothing wrong.", seat.about.said),
                (progress.stopped > 0) == robbed && progress.wrong == 0,
                format!("{} objects read, {} of them wrong", progress.right, progress.wrong),
            );
            read = read.saturating_add(progress.right);
        }
        self.diary.end(page, format!("{read} objects read in all"));
        Ok(())
    }

    /// Returns one of the packs, to be falsified.
    pub(super) async fn evidence(&mut self, world: &World) -> Result<Vec<u8>, Error> {
        let mut page = self.diary.begin("Each partner fetches its evidence, and checks it offline");
        let checker = Checker::new(&world.cast.log_key, &self.options.program)?;
        if !checker.stands_alone() {
            let limit = "the stand-alone verifier does not lie beside this program, so packs were checked with the library it is made of";
            self.told.limits.push(limit.to_owned());
        }
        let mut packs = packs(&world.cast, &checker, &self.options.report, &mut page).await?;
        let entries: u64 = packs.iter().map(|(proven, _)| proven.entries).sum();
        self.diary.end(page, format!("{} packs with {entries} entries", packs.len()));
        let first = packs.first_mut().map(|(_, pack)| std::mem::take(pack)).unwrap_or_default();
        self.told.packs = packs.into_iter().map(|(proven, _)| proven).collect();
        self.told.log_key = world.cast.log_key.clone();
        Ok(first)
    }

    pub(super) async fn forge(&mut self, world: &World, pack: &[u8]) -> Result<(), Error> {
        let mut page = self.diary.begin("Copies are falsified in three ways");
        let checker = Checker::new(&world.cast.log_key, &self.options.program)?;
        let forged = forgeries(&checker, &self.options.report, pack, &mut page).await?;
        let found = forged.iter().filter(|forged| forged.found).count();
        self.diary.end(page, format!("{found} of {} found", forged.len()));
        self.told.forgeries = forged;
        Ok(())
    }

    pub(super) async fn records(&mut self, world: &World) -> Result<(), Error> {
        let mut page = self.diary.begin("The ledger is audited, the disk is searched");
        let audited = world.cast.security.verify().await;
        let entries =
            audited.as_ref().ok().and_then(|answer| answer.get("entries")).and_then(Value::as_u64).unwrap_or(0);
        page.promise(
            "Every entry agrees with its commitment, its chain and the published tree.",
            entries > 0,
            audited.err().map_or_else(|| format!("{entries} entries"), |error| error.to_string()),
        );
        let Some(stage) = &mut self.stage else { return Ok(()) };
        let (data, markers) = (stage.data.clone(), world.markers.clone());
        let searching = tokio::task::spawn_blocking(move || residue::search(&data, &markers)).await;
        let searched = searching.map_err(|error| Error::part("searching the disk", Kind::Bug, error))??;
        let (files, bytes) = (searched.files, Bytes(searched.bytes));
        page.promise(
            "Nothing of what was stored can be read in the files of the deployment.",
            searched.found == 0 && searched.bytes > 0 && !world.markers.is_empty(),
            format!(
                "{} stretches of plaintext looked for in {files} files, {bytes}; found {} times",
                world.markers.len(),
                searched.found
            ),
        );
        let died = stage.died();
        page.promise("The program is still running.", died.is_none(), died.unwrap_or_else(|| "it is".to_owned()));
        self.note_complaints();
        self.diary.end(page, format!("{entries} entries, {bytes} of files"));
        Ok(())
    }
}
