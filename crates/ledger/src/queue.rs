//! The commit queue: one thread, one writer, no timer.
//!
//! A batch is what queued while the last one flushed. A lone caller pays one flush; a thousand concurrent ones share one.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::thread::JoinHandle;

use attest::heads::{HeadsEntry, HeadsTree};
use base::fence::Ticket;
use base::id::ChainId;
use base::ports::{ChainHead, Committer, EntrySealer, LedgerRows};
use base::{Clock, Entropy, Fault, Kind};
use policy::Permit;
use tokio::sync::{oneshot, watch};

use crate::draft::Draft;
use crate::error::LedgerError;
use crate::recent::{Recent, Rows};
use crate::releaser::Releaser;
use crate::sequencer::{Act, Recorded, Sequencer};

/// How many acts may wait for the writer. A full queue is back-pressure: callers get `NotDurable` and a client retries.
/// Sixteen full batches, so that a burst of every connection the gateway allows fits.
const WAITING_ACTS: usize = 16_384;

/// How many acts one transaction takes. Bounds how long a caller can wait behind others: at 10 µs an act, 10 ms.
const BATCH_ACTS: usize = 1024;

/// An act and where its answer goes.
enum Job<Change, Applied> {
    Record(Act<Change>, oneshot::Sender<Result<Recorded<Applied>, LedgerError>>),
    Publish(oneshot::Sender<Result<Cut, LedgerError>>),
    Stop,
}

/// A point at which a checkpoint can be made: the heads entry is the last leaf.
#[derive(Clone, Debug)]
pub struct Cut {
    /// How many leaves the tree has there.
    pub size: u64,
    /// Every chain's head as the heads entry has it.
    pub heads: Vec<ChainHead>,
}

/// A handle to the queue. Cloning shares it.
pub struct Queue<Change, Applied> {
    jobs: SyncSender<Job<Change, Applied>>,
    size: watch::Receiver<u64>,
    recent: Recent,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl<Change, Applied> Clone for Queue<Change, Applied> {
    fn clone(&self) -> Self {
        Self {
            jobs: self.jobs.clone(),
            size: self.size.clone(),
            recent: self.recent.clone(),
            clock: Arc::clone(&self.clock),
            entropy: Arc::clone(&self.entropy),
        }
    }
}

/// The thread behind the queue; joined when the program ends.
pub struct Writer<Change, Applied> {
    jobs: SyncSender<Job<Change, Applied>>,
    thread: Option<JoinHandle<()>>,
}

/// Opens the log and starts its writer.
///
/// # Errors
/// What is durable could not be read, or contradicts itself.
pub fn start<C: Committer + 'static>(
    committer: C,
    sealer: Arc<dyn EntrySealer>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Result<Started<C>, LedgerError> {
    let sequencer = Sequencer::open(committer, sealer)?;
    let (jobs, inbox) = sync_channel(WAITING_ACTS);
    let (announce, size) = watch::channel(sequencer.size());
    let recent = sequencer.recent().clone();
    let shop = Shop { sequencer, announce, clock: Arc::clone(&clock), entropy: Arc::clone(&entropy) };
    let thread = std::thread::Builder::new()
        .name("commit-queue".to_owned())
        .spawn(move || shop.serve(&inbox))
        .map_err(|error| LedgerError::Reading(Fault::new(Kind::Unavailable, "starting the writer").because(error)))?;
    let queue = Queue { jobs: jobs.clone(), size, recent, clock, entropy };
    let releaser = Releaser::over(queue.clone());
    Ok((queue, releaser, Writer { jobs, thread: Some(thread) }))
}

/// What starting the queue gives: the handle, the one releaser, and the thread.
pub type Started<C> = (
    Queue<<C as Committer>::Change, <C as Committer>::Applied>,
    Releaser<<C as Committer>::Change, <C as Committer>::Applied>,
    Writer<<C as Committer>::Change, <C as Committer>::Applied>,
);

impl<Change, Applied> Queue<Change, Applied> {
    /// Records an act that no permit stands for: an act of the system itself, or of a person on the system.
    ///
    /// The changes and the entries become durable together, or not at all.
    ///
    /// # Errors
    /// `Rejected` when the catalog refuses the change; `NotDurable` when the outcome is a failure or unknown.
    pub async fn record(&self, changes: Vec<Change>, drafts: Vec<Draft>) -> Result<Recorded<Applied>, LedgerError> {
        self.submit(Act { tickets: Vec::new(), changes, drafts }).await
    }

    /// Records an act that is good only while these tickets hold.
    ///
    /// # Errors
    /// As [`Self::record`], and `Moved` when a fence has moved.
    pub async fn record_while(
        &self,
        tickets: Vec<Ticket>,
        changes: Vec<Change>,
        drafts: Vec<Draft>,
    ) -> Result<Recorded<Applied>, LedgerError> {
        self.submit(Act { tickets, changes, drafts }).await
    }

    /// Records an act that a permit allows. The permit is spent.
    ///
    /// # Errors
    /// As [`Self::record`], and `Moved` when a fence has moved since the decision.
    pub async fn record_permitted(
        &self,
        permit: Permit,
        changes: Vec<Change>,
        drafts: Vec<Draft>,
    ) -> Result<Recorded<Applied>, LedgerError> {
        let (_access, _policies, tickets) = permit.spend();
        self.submit(Act { tickets, changes, drafts }).await
    }

    /// How many entries are durable; changes whenever a batch commits.
    #[must_use]
    pub fn size(&self) -> watch::Receiver<u64> {
        self.size.clone()
    }

    /// The catalog's rows, with those that were just committed from memory: whoever follows the log need not read them back.
    #[must_use]
    pub fn rows(&self, catalog: Arc<dyn LedgerRows>) -> Arc<dyn LedgerRows> {
        Arc::new(Rows { recent: self.recent.clone(), catalog })
    }

    /// Appends a heads entry and says where a checkpoint can be made.
    ///
    /// # Errors
    /// As [`Self::record`].
    pub async fn cut(&self) -> Result<Cut, LedgerError> {
        let (answer, answered) = oneshot::channel();
        self.send(Job::Publish(answer))?;
        answered.await.map_err(|_| LedgerError::Stopped)?
    }

    /// The clock entries are dated by.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The entropy that salts entries.
    #[must_use]
    pub fn entropy(&self) -> &Arc<dyn Entropy> {
        &self.entropy
    }

    pub(crate) async fn submit(&self, act: Act<Change>) -> Result<Recorded<Applied>, LedgerError> {
        let (answer, answered) = oneshot::channel();
        self.send(Job::Record(act, answer))?;
        answered.await.map_err(|_| LedgerError::Stopped)?
    }

    fn send(&self, job: Job<Change, Applied>) -> Result<(), LedgerError> {
        self.jobs.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => LedgerError::NotDurable(Fault::new(Kind::Unavailable, "the commit queue is full")),
            TrySendError::Disconnected(_) => LedgerError::Stopped,
        })
    }
}

impl<Change, Applied> Writer<Change, Applied> {
    /// Lets the writer finish what is queued and waits for it.
    pub fn stop(mut self) {
        let _ = self.jobs.send(Job::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The state of the writer's thread.
struct Shop<C: Committer> {
    sequencer: Sequencer<C>,
    announce: watch::Sender<u64>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

type Waiting<Applied> = oneshot::Sender<Result<Recorded<Applied>, LedgerError>>;

impl<C: Committer> Shop<C> {
    fn serve(mut self, inbox: &Receiver<Job<C::Change, C::Applied>>) {
        while let Ok(first) = inbox.recv() {
            // Where the writer shares a core with those who fill the queue, they get their turn first: more acts share the flush.
            // A lone caller waits for its answer, so nobody else is ready and this costs nothing.
            std::thread::yield_now();
            let mut acts = Vec::new();
            let mut waiting = Vec::new();
            let mut cut = None;
            let mut stop = false;
            let mut next = Ok(first);
            loop {
                match next {
                    Ok(Job::Record(act, answer)) => {
                        acts.push(act);
                        waiting.push(answer);
                    }
                    Ok(Job::Publish(answer)) => cut = Some(answer),
                    Ok(Job::Stop) => stop = true,
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
                }
                // The heads entry must be the last leaf of its checkpoint, so a cut ends the batch.
                if stop || cut.is_some() || acts.len() >= BATCH_ACTS {
                    break;
                }
                next = inbox.try_recv();
            }
            self.flush(acts, waiting);
            if let Some(answer) = cut {
                let _ = answer.send(self.cut());
            }
            if stop {
                break;
            }
        }
    }

    fn flush(&mut self, acts: Vec<Act<C::Change>>, waiting: Vec<Waiting<C::Applied>>) {
        if acts.is_empty() {
            return;
        }
        let answers = self.sequencer.run(acts);
        // Announced before it is answered: whoever has an answer finds its entry below the announced size.
        self.announce.send_replace(self.sequencer.size());
        // A caller that went away has its entry all the same: the record says more than was sent, never less.
        for (answer, waiter) in answers.into_iter().zip(waiting) {
            let _ = waiter.send(answer);
        }
    }

    fn cut(&mut self) -> Result<Cut, LedgerError> {
        let heads = self.sequencer.heads().to_vec();
        let draft = self.heads_entry(&heads).map_err(|error| {
            LedgerError::Publishing(Fault::new(error.kind(), "writing a heads entry").because(error))
        })?;
        let act = Act { tickets: Vec::new(), changes: Vec::new(), drafts: vec![draft] };
        let answer = self.sequencer.run(vec![act]).pop().unwrap_or(Err(LedgerError::Stopped))?;
        self.announce.send_replace(self.sequencer.size());
        let size = answer.places.first().map_or(0, |place| place.index.saturating_add(1));
        Ok(Cut { size, heads })
    }

    fn heads_entry(&self, heads: &[ChainHead]) -> Result<Draft, attest::Error> {
        let tree = HeadsTree::of(heads)?;
        let entry = HeadsEntry { at: self.clock.now(), chains: tree.chains(), root: tree.root()? };
        Ok(Draft::written(ChainId::SYSTEM, entry.write()?, self.entropy.as_ref()))
    }
}
