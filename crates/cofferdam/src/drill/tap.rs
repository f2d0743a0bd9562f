//! A tap on the line between a client and the program: it forwards everything and counts what arrives.
//!
//! Whether a pause stopped the bytes is not asked of the program, nor of the client's HTTP library. It is measured on the
//! connection, byte by byte, the kernel's receive queue included.
//!
//! A tap also gives its client an address of its own (`127.0.0.x`), and, where asked to, a line that is no faster than the
//! given pace, so that a stream is under way when the pause comes.
//!
//! LIMIT: everything after the first 127 in a loopback address is ours to choose on Linux alone.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use base::time::Clock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::drill::pulse::Lane;
use crate::error::Error;

/// How much is forwarded at a time.
const PIECE_BYTES: usize = 64 * 1024;

/// How much a paced line's receive queue holds. Without this the kernel would take in whole objects ahead of their reader.
const PACED_QUEUE_BYTES: u32 = 64 * 1024;

/// A tap. Dropping it closes its connections.
pub(super) struct Tap {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

struct Shared {
    server: SocketAddr,
    source: Ipv4Addr,
    pace_bytes_per_second: Option<u64>,
    /// Set when what has arrived is to be passed on without further waiting.
    hurry: watch::Sender<bool>,
    lane: Arc<Lane>,
    clock: Arc<dyn Clock>,
    lines: Mutex<Vec<Weak<Line>>>,
}

/// One connection to the program.
struct Line {
    stream: TcpStream,
    /// How many bytes of answers were read.
    read: Arc<Mutex<u64>>,
    shared: Arc<Shared>,
}

/// The lines that were open at one instant, and how much had arrived on each.
pub(super) struct Mark {
    lines: Vec<Marked>,
}

struct Marked {
    line: Weak<Line>,
    read: Arc<Mutex<u64>>,
    arrived: u64,
}

impl Tap {
    /// A tap in front of `server`, for a client at `source`.
    pub(super) async fn open(
        server: SocketAddr,
        source: Ipv4Addr,
        pace_bytes_per_second: Option<u64>,
        lane: Arc<Lane>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let failed = |source| Error::Broken { attempt: "opening a tap", source: Box::new(source) };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let hurry = watch::Sender::new(false);
        let shared =
            Arc::new(Shared { server, source, pace_bytes_per_second, hurry, lane, clock, lines: Mutex::default() });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, accepting })
    }

    /// Where the client connects.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends the pace: what lies in the kernel is passed on at once.
    pub(super) fn hurry(&self) {
        self.shared.hurry.send_replace(true);
    }

    /// The lines that are open now, and what has arrived on each, the kernel's queue included.
    pub(super) fn mark(&self) -> Mark {
        let open = lock(&self.shared.lines).clone();
        let lines = open.iter().filter_map(Weak::upgrade).map(|line| Marked {
            read: Arc::clone(&line.read),
            arrived: line.arrived(),
            line: Arc::downgrade(&line),
        });
        Mark { lines: lines.collect() }
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Mark {
    /// How many lines there are.
    pub(super) fn lines(&self) -> u64 {
        self.lines.len() as u64
    }

    /// How much has arrived on these lines by now.
    pub(super) fn total(&self) -> u64 {
        self.lines.iter().map(Marked::now).sum()
    }

    /// The same lines, as they are now.
    pub(super) fn again(&self) -> Self {
        let marked = |old: &Marked| Marked { line: old.line.clone(), read: Arc::clone(&old.read), arrived: old.now() };
        Self { lines: self.lines.iter().map(marked).collect() }
    }

    /// How many bytes have arrived on these lines since.
    pub(super) fn since(&self) -> u64 {
        self.lines.iter().map(|marked| marked.now().saturating_sub(marked.arrived)).sum()
    }
}

impl Marked {
    /// A line that is gone was read to its end.
    fn now(&self) -> u64 {
        self.line.upgrade().map_or_else(|| *lock(&self.read), |line| line.arrived())
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut lines = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => _ = lines.spawn(forward(client, Arc::clone(&shared))),
                Err(_) => return,
            },
            Some(_) = lines.join_next() => {}
        }
    }
}

/// Forwards in both directions until one side ends. A line that fails ends; its client sees the connection close.
async fn forward(mut client: TcpStream, shared: Arc<Shared>) {
    let Ok(stream) = connect(&shared).await else { return };
    let line = Arc::new(Line { stream, read: Arc::default(), shared: Arc::clone(&shared) });
    lock(&shared.lines).push(Arc::downgrade(&line));
    let (from_client, mut to_client) = client.split();
    {
        let mut answering = std::pin::pin!(answers(&line, &mut to_client));
        tokio::select! {
            // A line that takes no more requests may still hold answers.
            asked = requests(from_client, &line) => if asked.is_err() { _ = answering.await },
            _ = &mut answering => {}
        }
    }
    // Nobody waits for this; a client that is gone does not mind.
    let _ = to_client.shutdown().await;
    lock(&shared.lines).retain(|open| open.upgrade().is_some_and(|open| !Arc::ptr_eq(&open, &line)));
}

async fn connect(shared: &Shared) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if shared.pace_bytes_per_second.is_some() {
        socket.set_recv_buffer_size(PACED_QUEUE_BYTES)?;
    }
    socket.bind(SocketAddr::from((shared.source, 0)))?;
    let stream = socket.connect(shared.server).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn requests(mut client: ReadHalf<'_>, line: &Line) -> io::Result<()> {
    let mut buffer = vec![0; PIECE_BYTES];
    loop {
        let count = client.read(&mut buffer).await?;
        let mut rest = buffer.get(..count).unwrap_or_default();
        if rest.is_empty() {
            return Ok(());
        }
        while !rest.is_empty() {
            line.stream.writable().await?;
            match line.stream.try_write(rest) {
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }
}

async fn answers(line: &Line, client: &mut WriteHalf<'_>) -> io::Result<()> {
    let mut hurry = line.shared.hurry.subscribe();
    let mut buffer = vec![0; PIECE_BYTES];
    loop {
        line.stream.readable().await?;
        let count = match line.take(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error),
        };
        client.write_all(buffer.get(..count).unwrap_or_default()).await?;
        if let Some(pace) = line.shared.pace_bytes_per_second {
            let micros = (count as u64).saturating_mul(1_000_000).checked_div(pace).unwrap_or(0);
            // However this wait ends, it is over.
            let _ = tokio::time::timeout(Duration::from_micros(micros), hurry.wait_for(|hurry| *hurry)).await;
        }
    }
}

impl Line {
    /// What has arrived: what was read, and what the kernel holds for us.
    fn arrived(&self) -> u64 {
        // INVARIANT: with the lock held nobody reads, so the two add up.
        let read = lock(&self.read);
        let queued = rustix::io::ioctl_fionread(&self.stream).unwrap_or(0);
        read.saturating_add(queued)
    }

    /// Takes what has arrived, and counts it.
    fn take(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut read = lock(&self.read);
        let count = self.stream.try_read(buffer)?;
        if count > 0 {
            *read = read.saturating_add(count as u64);
            self.shared.lane.count(self.shared.clock.tick(), count as u64);
        }
        Ok(count)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::drill::pulse::Whose;

    #[tokio::test]
    async fn what_lies_in_the_kernel_has_arrived_and_what_comes_later_has_not() {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let lane = Arc::new(Lane::new("test", 0, Whose::Ordinary, clock.tick()));
        // One byte in a thousand seconds: after its first piece the line reads nothing more.
        let source = Ipv4Addr::new(127, 0, 0, 9);
        let tap = Tap::open(server.local_addr().unwrap(), source, Some(1), lane, clock).await.unwrap();
        let mut client = TcpStream::connect(tap.address()).await.unwrap();
        let (mut at_server, peer) = server.accept().await.unwrap();
        assert_eq!(peer.ip(), source);
        at_server.write_all(b"first").await.unwrap();
        client.read_exact(&mut [0; 5]).await.unwrap();
        at_server.write_all(b"queued").await.unwrap();
        let mark = tap.mark();
        assert_eq!((mark.lines(), mark.total(), mark.since()), (1, 11, 0));
        at_server.write_all(b"late").await.unwrap();
        assert_eq!((mark.total(), mark.since(), mark.again().since()), (15, 4, 0));
    }
}
