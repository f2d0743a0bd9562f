//! Load from one thread: connections that ask again as soon as they were answered, for a while.

use std::cell::Cell;
use std::rc::Rc;

use base::Clock as _;
use bytes::Bytes;
use cofferdam::clock::SystemClock;
use tokio::task::LocalSet;

use crate::Outcome;
use crate::figures::Micros;
use crate::peers::Peer;
use crate::wire::since;

/// Requests that were signed before the clock runs, and the body that each sends.
pub(crate) struct Requests {
    pub(crate) heads: Vec<String>,
    pub(crate) body: Bytes,
}

/// What a peer did in the time it was given.
#[derive(Default)]
pub(crate) struct Done {
    /// What each request took.
    pub(crate) taken: Micros,
    /// Bytes of bodies, both ways.
    pub(crate) bytes: u64,
    /// How long it really was, in microseconds.
    pub(crate) micros: u64,
}

impl Done {
    /// Requests a second.
    pub(crate) fn requests_a_second(&self) -> f64 {
        self.taken.count() as f64 * 1e6 / self.micros.max(1) as f64
    }

    /// Megabytes a second.
    pub(crate) fn megabytes_a_second(&self) -> f64 {
        self.bytes as f64 / self.micros.max(1) as f64
    }
}

/// Runs `connections` for `micros`; each request that was begun is finished, and the time it takes counts.
pub(crate) async fn run(peer: &Peer, requests: Requests, connections: usize, micros: u64) -> Outcome<Done> {
    let requests = Rc::new(requests);
    let next = Rc::new(Cell::new(0usize));
    let tasks = LocalSet::new();
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(peer.connect().await?);
    }
    let began = SystemClock.tick();
    let mut running = Vec::new();
    for mut connection in open {
        let (requests, next) = (Rc::clone(&requests), Rc::clone(&next));
        running.push(tasks.spawn_local(async move {
            let (mut taken, mut bytes) = (Micros::default(), 0u64);
            while since(began, &SystemClock) < micros {
                let number = next.replace(next.get().wrapping_add(1));
                let place = number.checked_rem(requests.heads.len());
                let Some(head) = place.and_then(|place| requests.heads.get(place)) else { break };
                let before = SystemClock.tick();
                let answered = connection.send(head, &requests.body).await?;
                taken.push(since(before, &SystemClock));
                bytes = bytes.saturating_add(answered).saturating_add(requests.body.len() as u64);
            }
            Outcome::Ok((taken, bytes))
        }));
    }
    tasks.await;
    let mut done = Done { micros: since(began, &SystemClock), ..Done::default() };
    for connection in running {
        let (taken, bytes) = connection.await??;
        done.taken.extend(taken);
        done.bytes = done.bytes.saturating_add(bytes);
    }
    Ok(done)
}
