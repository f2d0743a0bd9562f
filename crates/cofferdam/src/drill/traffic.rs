//! Ordinary work: other machines read the same data in the same hour, so that an answer about one credential has something
//! to be told apart from; and one of them goes on through the pause of the others.

use std::sync::Arc;
use std::time::Duration;

use base::Kind;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::drill::plant::Dice;
use crate::drill::reader::{Ended, Reader};
use crate::drill::seat::Seat;
use crate::drill::truth::{Place, Truth};
use crate::error::Error;

/// How long a worker thinks between two reads.
const THINKS: Duration = Duration::from_millis(20);

/// How long the drill waits for a worker to get on, before it says that it was disturbed.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a worker fares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// Objects read whole, byte for byte as they were stored.
    pub(super) right: u64,
    /// Objects that came out different.
    pub(super) wrong: u64,
    /// Reads that were broken off or refused. The first one ends the work.
    pub(super) stopped: u64,
}

/// A machine at work until it is told to stop, or refused.
pub(super) struct Worker {
    pub(super) seat: Seat,
    progress: watch::Receiver<Progress>,
    stop: watch::Sender<bool>,
    task: JoinHandle<Result<(), Error>>,
}

impl Worker {
    /// Sets a session to work on what lies in its engagement.
    pub(super) fn start(seat: Seat, truth: Arc<Truth>, seed: u64) -> Self {
        let (telling, progress) = watch::channel(Progress::default());
        let (stop, stopping) = watch::channel(false);
        let task = tokio::spawn(work(seat.reader.clone(), truth, Dice(seed), telling, stopping));
        Self { seat, progress, stop, task }
    }

    /// How it fares.
    pub(super) fn progress(&self) -> Progress {
        *self.progress.borrow()
    }

    /// Waits until it has read `more` objects, or stopped, or nothing happened for too long.
    pub(super) async fn get_on(&mut self, more: u64) -> Progress {
        let goal = self.progress().right.saturating_add(more);
        let enough = |progress: &Progress| progress.right >= goal || progress.stopped > 0;
        // However the wait ends, what counts is how it fares then.
        let _ = tokio::time::timeout(PATIENCE, self.progress.wait_for(enough)).await;
        self.progress()
    }

    /// Sends it home.
    pub(super) async fn stop(self) -> Result<(Seat, Progress), Error> {
        // A worker that has stopped by itself does not listen any more.
        let _ = self.stop.send(true);
        self.task.await.map_err(|error| Error::part("waiting for a worker", Kind::Bug, error))??;
        let progress = *self.progress.borrow();
        Ok((self.seat, progress))
    }
}

async fn work(
    reader: Reader,
    truth: Arc<Truth>,
    mut dice: Dice,
    telling: watch::Sender<Progress>,
    mut stopping: watch::Receiver<bool>,
) -> Result<(), Error> {
    // What no detector can read is not served, so the work is on objects in which people were found.
    let readable = truth.iter().filter(|(_, content)| !content.marks.is_empty());
    let places: Vec<&Place> = readable.map(|(place, _)| place).collect();
    loop {
        let Some(place) = places.get(dice.below(places.len())) else { return Ok(()) };
        let Some(content) = truth.get(*place) else { return Ok(()) };
        let ended = reader.read(place, None, content.size).await?;
        telling.send_modify(|progress| {
            let count = match &ended {
                Ended::Whole(digest) if *digest == content.digest => &mut progress.right,
                Ended::Whole(_) => &mut progress.wrong,
                Ended::Cut(_) | Ended::Refused(..) => &mut progress.stopped,
            };
            *count = count.saturating_add(1);
        });
        if !matches!(ended, Ended::Whole(_)) {
            return Ok(());
        }
        if tokio::time::timeout(THINKS, stopping.wait_for(|stop| *stop)).await.is_ok() {
            return Ok(());
        }
    }
}
