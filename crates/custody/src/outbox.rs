//! The outbox: what receivers are still to be told, kept in the catalog until each of them has it.
//!
//! Each receiver is told by a task of its own, one alarm at a time, oldest first. One that does not answer delays its own alarms and
//! nobody else's: no data, no pause, no other receiver. Telling exactly once is not possible; the id of an alarm is the same in
//! every attempt, so that a receiver can drop what it has.

use std::collections::{BTreeMap, HashSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use base::Timestamp;
use base::id::ReceiverId;
use catalog::model::{Change, OutboxRow};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::alarms::Alarm;
use crate::custody::Custody;
use crate::error::CustodyError;
use crate::receivers::Receiver;

/// The wait after the first attempt that failed; each further one waits twice as long.
const FIRST_WAIT_SECONDS: i64 = 5;

/// The longest wait between two attempts.
const LONGEST_WAIT_SECONDS: i64 = 3600;

/// How often one alarm is told to one receiver before it is given up: with the waits, for about a day.
const MOST_ATTEMPTS: u32 = 32;

/// How long to sleep when nothing is due. Most alarms ring; this is for clocks that were set, and for alarms raised in a
/// transaction whose owner does not ring.
const IDLE: Duration = Duration::from_secs(2);

/// How long to wait when the catalog cannot be read.
const UNREADABLE: Duration = Duration::from_secs(5);

/// What came of an attempt: nothing, or a few words of ours.
pub type Delivered = Result<(), String>;

/// Carries letters. Implemented by the program, which has the sockets. Bounded by its implementation: an attempt ends.
pub trait Courier: Send + Sync {
    /// Tells a receiver of an alarm.
    fn deliver(&self, to: Arc<Receiver>, letter: Letter) -> Pin<Box<dyn Future<Output = Delivered> + Send>>;
}

/// What a receiver is told.
pub struct Letter {
    /// The alarm.
    pub alarm: Alarm,
    /// The log of this deployment.
    pub origin: String,
    /// When this attempt is made.
    pub at: Timestamp,
}

/// Who is told, and the bell of those who tell.
#[derive(Default)]
pub(crate) struct Outbox {
    some: Notify,
    receivers: RwLock<BTreeMap<ReceiverId, Arc<Receiver>>>,
}

impl Outbox {
    pub(crate) fn of(receivers: impl IntoIterator<Item = Receiver>) -> Self {
        let receivers = receivers.into_iter().map(|receiver| (receiver.id, Arc::new(receiver))).collect();
        Self { some: Notify::new(), receivers: RwLock::new(receivers) }
    }

    /// Says that there is something to tell.
    pub(crate) fn ring(&self) {
        self.some.notify_one();
    }

    pub(crate) fn add(&self, receiver: Arc<Receiver>) {
        self.receivers.write().unwrap_or_else(PoisonError::into_inner).insert(receiver.id, receiver);
    }

    pub(crate) fn remove(&self, receiver: ReceiverId) {
        self.receivers.write().unwrap_or_else(PoisonError::into_inner).remove(&receiver);
    }

    pub(crate) fn receiver(&self, receiver: ReceiverId) -> Option<Arc<Receiver>> {
        self.receivers.read().unwrap_or_else(PoisonError::into_inner).get(&receiver).cloned()
    }

    /// All, in the order they were added.
    pub(crate) fn receivers(&self) -> Vec<Arc<Receiver>> {
        let receivers = self.receivers.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<Arc<Receiver>> = receivers.values().cloned().collect();
        all.sort_by_key(|receiver| (receiver.added, receiver.id));
        all
    }

    /// How a receiver is listed; one that is no more by its id.
    pub(crate) fn receiver_name(&self, receiver: ReceiverId) -> String {
        self.receiver(receiver).map_or_else(|| receiver.to_string(), |receiver| receiver.name())
    }
}

impl Custody {
    /// Tells receivers what they are to be told; runs until the program stops.
    pub async fn deliver_forever(self: Arc<Self>, courier: Arc<dyn Courier>) {
        let mut telling: JoinSet<ReceiverId> = JoinSet::new();
        let mut busy: HashSet<ReceiverId> = HashSet::new();
        loop {
            let wait = match self.begin_telling(&courier, &mut telling, &mut busy) {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::error!(error = base::error::chain(&error), "what is to be told cannot be read");
                    UNREADABLE
                }
            };
            tokio::select! {
                () = self.outbox.some.notified() => {}
                () = tokio::time::sleep(wait) => {}
                Some(told) = telling.join_next() => match told {
                    Ok(receiver) => _ = busy.remove(&receiver),
                    // One task that panicked must not keep its receiver from being told ever again.
                    Err(error) => {
                        tracing::error!(%error, "telling a receiver failed inside");
                        telling.abort_all();
                        busy.clear();
                    }
                },
            }
        }
    }

    /// Begins to tell every receiver that is due and not being told; answers how long until the next is.
    fn begin_telling(
        self: &Arc<Self>,
        courier: &Arc<dyn Courier>,
        telling: &mut JoinSet<ReceiverId>,
        busy: &mut HashSet<ReceiverId>,
    ) -> Result<Duration, CustodyError> {
        let now = self.clock.now();
        let mut wait = IDLE;
        for receiver in self.outbox.receivers() {
            if busy.contains(&receiver.id) {
                continue;
            }
            let Some(line) = self.catalog.outbox_of(receiver.id, 1)?.pop() else { continue };
            if line.due > now {
                let micros = u64::try_from(line.due.0.saturating_sub(now.0)).unwrap_or(0);
                wait = wait.min(Duration::from_micros(micros));
                continue;
            }
            busy.insert(receiver.id);
            let (custody, courier) = (Arc::clone(self), Arc::clone(courier));
            telling.spawn(async move {
                let id = receiver.id;
                if let Err(error) = custody.tell(courier.as_ref(), receiver, line).await {
                    tracing::error!(error = base::error::chain(&error), receiver = %id, "an alarm was not told");
                    // It is due still; not again at once.
                    tokio::time::sleep(UNREADABLE).await;
                }
                id
            });
        }
        Ok(wait)
    }

    /// Tells one receiver of one alarm, and keeps what came of it.
    async fn tell(&self, courier: &dyn Courier, receiver: Arc<Receiver>, line: OutboxRow) -> Result<(), CustodyError> {
        let alarm = self.shown_alarm(line.alarm)?;
        let letter = Letter { alarm, origin: self.origin.clone(), at: self.clock.now() };
        let delivered = courier.deliver(receiver, letter).await;
        let line = after_attempt(line, &delivered, self.clock.now());
        if let Err(why) = &delivered {
            tracing::warn!(alarm = %line.alarm, receiver = %line.receiver, why, "an alarm did not arrive");
        }
        // DURABLE: before this the receiver may have it and is told again; its id says that it is the same.
        self.queue.record(vec![Change::Told(line)], Vec::new()).await?;
        Ok(())
    }
}

/// What an attempt makes of a line of the outbox.
fn after_attempt(line: OutboxRow, delivered: &Delivered, now: Timestamp) -> OutboxRow {
    let attempts = line.attempts.saturating_add(1);
    let outcome = match delivered {
        Ok(()) => "arrived".to_owned(),
        Err(why) if attempts < MOST_ATTEMPTS => why.clone(),
        Err(why) => format!("given up: {why}"),
    };
    let settled = (delivered.is_ok() || attempts >= MOST_ATTEMPTS).then_some(now);
    let wait = 1i64.checked_shl(attempts.saturating_sub(1).min(32)).unwrap_or(i64::MAX);
    let wait = FIRST_WAIT_SECONDS.saturating_mul(wait).min(LONGEST_WAIT_SECONDS);
    OutboxRow { attempts, due: now.plus_seconds(wait), settled, outcome: Some(outcome), ..line }
}

#[cfg(test)]
mod tests {
    use base::id::AlarmId;

    use super::*;

    #[test]
    fn attempts_become_rare_and_end() {
        let (alarm, receiver) = (AlarmId::from_bytes([1; 16]), ReceiverId::from_bytes([2; 16]));
        let start = Timestamp(0);
        let mut line = OutboxRow { alarm, receiver, due: start, attempts: 0, settled: None, outcome: None };
        let mut waits = Vec::new();
        while line.settled.is_none() {
            let now = line.due;
            line = after_attempt(line, &Err("no answer in time".to_owned()), now);
            waits.push(line.due.seconds() - now.seconds());
        }
        assert_eq!(waits[..4], [5, 10, 20, 40]);
        assert_eq!(waits.iter().max(), Some(&LONGEST_WAIT_SECONDS));
        assert_eq!(line.attempts, MOST_ATTEMPTS);
        assert_eq!(line.outcome.as_deref(), Some("given up: no answer in time"));
        let day = line.due.seconds() / 3600;
        assert!((20..30).contains(&day), "{day} hours");
        let line = after_attempt(OutboxRow { attempts: 3, settled: None, ..line }, &Ok(()), start);
        assert_eq!((line.settled, line.outcome.as_deref()), (Some(start), Some("arrived")));
    }
}
