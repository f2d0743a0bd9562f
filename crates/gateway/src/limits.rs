//! What a connection may cost, and how long it may take over it.
//!
//! One connection holds at most [`BUFFER_BYTES`] in each direction, one segment on its way out and, under TLS, the records
//! being written; a body that is stored adds what intake buffers. None of it grows with the object: `docs/limits.md` has the
//! sum, and tests that hold it.

use std::time::Duration;

use custody::place::Network;

/// How many bytes the HTTP layer buffers in each direction, and the most a request's head may take: eight segments a write. Each
/// write wakes whoever waits at the other end, which costs as much as copying some of them; more would not stay in the cache.
pub const BUFFER_BYTES: usize = 512 * 1024;

/// How many header fields a request may have. S3 clients send under thirty; user metadata is limited to 2 KB.
pub const MAX_HEADERS: usize = 100;

/// The limits of one listener. The defaults say why they are what they are; tests use tighter ones.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How many connections are served at once; more wait in the kernel's backlog. Where the system allows fewer file
    /// descriptors, accepting waits for one. 4096 bound the memory to a few GiB.
    pub connections: usize,
    /// How many of them may come from one address. A quarter: one stranger cannot keep the others out, and a rack behind one
    /// address still has room.
    pub connections_per_address: usize,
    /// Networks that are not counted by address: this machine, and proxies that carry many clients.
    pub uncounted: Vec<Network>,
    /// How long the TLS handshake may take: a few round trips on the slowest link.
    pub handshake: Duration,
    /// How long the first request's head may take. Nobody connects without something to ask.
    pub first_head: Duration,
    /// How long every later head may take, counted from the end of the answer before. So it also ends idle connections;
    /// clients keep them for less than a minute.
    pub head: Duration,
    /// Of the time spent waiting for a request's body, every such span must bring at least [`Self::upload_bytes`]. Time in
    /// which we are the ones who are busy does not count.
    pub upload_span: Duration,
    /// See [`Self::upload_span`]. With the defaults a kilobyte a second: less than a modem, and no use to anybody but those
    /// who mean to occupy us.
    pub upload_bytes: u64,
    /// How long the head of an answer may take while no byte moves. The longest are those that walk a ledger or copy an object
    /// of 5 GiB within the server.
    pub answer: Duration,
    /// How long a connection may make no progress in either direction. A training job reads slowly on purpose: it takes
    /// nothing while it evaluates or writes a checkpoint, and an answer that is cut then ends the job, because SDKs do not
    /// take up a stream again. So there is no rate for readers: each costs its bounded buffers and a place among those
    /// of its address, had to authenticate, and is cut by a pause like any other.
    pub stall: Duration,
    /// How long the last bytes of an answer may take to be fetched after we have closed our side: the kernel's buffer at some
    /// ten kilobytes a second.
    pub drain: Duration,
    /// The same for those who served no engagement: refused strangers, whose answer is a few hundred bytes. Without it a
    /// client that is still sending would see a reset instead of the refusal.
    pub stranger_drain: Duration,
    /// The same for connections that are idle when the program is asked to stop: their answers have been out for a while, and
    /// clients that pool connections do not look.
    pub idle_drain: Duration,
    /// How long answers under way may take after the program was asked to stop.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let local = ["127.0.0.0/8", "::1"].into_iter().filter_map(|network| network.parse().ok());
        Self {
            connections: 4096,
            connections_per_address: 1024,
            uncounted: local.collect(),
            handshake: Duration::from_secs(10),
            first_head: Duration::from_secs(20),
            head: Duration::from_secs(60),
            upload_span: Duration::from_secs(60),
            upload_bytes: 60 * 1024,
            answer: Duration::from_secs(240),
            stall: Duration::from_secs(600),
            drain: Duration::from_secs(60),
            stranger_drain: Duration::from_secs(5),
            idle_drain: Duration::from_secs(1),
            grace: Duration::from_secs(20),
        }
    }
}
