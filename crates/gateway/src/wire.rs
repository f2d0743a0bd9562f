//! One connection's socket: counted, bounded, and cut from outside in an instant.
//!
//! Everything that leaves goes through `Socket`, TLS on it or not; the [`Wire`] beside it is shared with the bodies that are being sent and
//! with the [`Register`](crate::register::Register) that cuts them.
//!
//! # How a cut stops bytes
//! Closing a socket sends what the kernel still holds, and only the task that owns it can close it; `shutdown` sends it too.
//! A `connect` to no address does neither: for TCP it aborts the connection where it stands, discards the send queue, sends
//! a reset and wakes the task, and any thread may call it. When it has returned, the kernel sends nothing more.
//! A socket that has carried bytes of an engagement also lingers for zero seconds, so that when the process dies its kernel
//! buffer dies with it.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use base::id::EngagementId;
use bytes::BufMut;
use rustix::net::{Shutdown, sockopt};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// How many bytes the kernel may hold for a connection. Enough to keep a fast link busy across a scheduling delay; little
/// enough that what a cut leaves uncertain is small. Linux keeps twice as much for its own accounting.
pub const SEND_BUFFER_BYTES: usize = 512 * 1024;

/// How much is read at a time. The HTTP layer doubles its buffer whenever a read fills it, and what it hands on keeps the whole
/// buffer alive: one byte less than a power of two is where it stops growing with its buffers full.
const READ_BYTES: usize = 128 * 1024 - 1;

/// The largest record of TLS: none of it can be read before its end has arrived.
// SPEC: RFC 8446 §5.1: at most 2^14 bytes of plaintext.
const RECORD_BYTES: u64 = 16 * 1024;

/// What protects the bytes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Nothing: it must not leave this machine.
    Plain,
    /// TLS.
    Tls,
}

/// A connection, as everybody but its own task sees it.
pub struct Wire {
    stream: TcpStream,
    peer: SocketAddr,
    serial: u64,
    security: Security,
    /// How many of the flushed bytes may still be out of the client's reach: what the kernel may hold, as it says itself, and
    /// under TLS the rest of a record whose end it holds.
    in_flight: u64,
    read: AtomicU64,
    written: AtomicU64,
    /// Body bytes handed to the HTTP layer.
    handed: AtomicU64,
    /// Of these, how many are certainly in the kernel.
    flushed: AtomicU64,
    cut: AtomicBool,
    alarm: Notify,
    tags: Mutex<Vec<EngagementId>>,
    unsettled: Mutex<Vec<Unsettled>>,
}

/// A body that was handed over whole and may still be on its way.
struct Unsettled {
    from: u64,
    length: u64,
    settle: Settle,
}

/// Called once with the number of body bytes that were certainly written.
pub(crate) type Settle = Box<dyn FnOnce(u64) + Send>;

impl Wire {
    /// Takes a fresh connection: no delay for small answers, a bounded send buffer.
    pub(crate) fn new(stream: TcpStream, peer: SocketAddr, serial: u64, security: Security) -> io::Result<Arc<Self>> {
        stream.set_nodelay(true)?;
        sockopt::set_socket_send_buffer_size(&stream, SEND_BUFFER_BYTES)?;
        let send_buffer = sockopt::socket_send_buffer_size(&stream)? as u64;
        let in_flight = match security {
            Security::Plain => send_buffer,
            Security::Tls => send_buffer.saturating_add(RECORD_BYTES),
        };
        Ok(Arc::new(Self {
            stream,
            peer,
            serial,
            security,
            in_flight,
            read: AtomicU64::new(0),
            written: AtomicU64::new(0),
            handed: AtomicU64::new(0),
            flushed: AtomicU64::new(0),
            cut: AtomicBool::new(false),
            alarm: Notify::new(),
            tags: Mutex::default(),
            unsettled: Mutex::default(),
        }))
    }

    /// Who is at the other end.
    #[must_use]
    pub const fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// What protects its bytes.
    #[must_use]
    pub const fn security(&self) -> Security {
        self.security
    }

    /// Bytes read and written so far: a connection on which this does not grow makes no progress.
    pub(crate) fn progress(&self) -> (u64, u64) {
        (self.read.load(Ordering::Relaxed), self.written.load(Ordering::Relaxed))
    }

    /// Where it stands among the connections of this process.
    pub(crate) const fn serial(&self) -> u64 {
        self.serial
    }

    /// Notes that the connection serves an engagement. Returns whether that is new.
    pub(crate) fn tag(&self, engagement: EngagementId) -> bool {
        let mut tags = lock(&self.tags);
        if tags.contains(&engagement) {
            return false;
        }
        if tags.is_empty() {
            self.linger(Some(Duration::ZERO));
        }
        tags.push(engagement);
        true
    }

    /// The engagements it has served.
    pub(crate) fn tags(&self) -> Vec<EngagementId> {
        lock(&self.tags).clone()
    }

    /// Stops the connection where it stands. No further byte leaves once this has returned.
    pub(crate) fn cut(&self) {
        // INVARIANT: the flag comes first, so that the task does not mistake the reset for the client's.
        self.cut.store(true, Ordering::Release);
        if let Err(error) = rustix::net::connect_unspec(&self.stream) {
            // LIMIT: only if the kernel refuses; then the lingering close by the woken task is what stops the bytes.
            tracing::error!(serial = self.serial, error = %io::Error::from(error), "a connection could not be aborted");
        }
        self.alarm.notify_one();
    }

    /// Whether it was cut.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Acquire)
    }

    /// Resolves once it is cut.
    pub(crate) async fn until_cut(&self) {
        self.alarm.notified().await;
    }

    /// Counts body bytes that go to the HTTP layer.
    pub(crate) fn hand_over(&self, bytes: u64) {
        self.handed.fetch_add(bytes, Ordering::AcqRel);
    }

    /// How many body bytes were handed over since the connection began.
    pub(crate) fn handed(&self) -> u64 {
        self.handed.load(Ordering::Acquire)
    }

    /// How many of `length` body bytes, counted from `from`, have certainly left this machine's memory, in a form the client can
    /// read. Under TLS the kernel holds ciphertext, of which there is more than plaintext: what it may hold is an upper bound
    /// for both.
    pub(crate) fn certainly_sent(&self, from: u64, length: u64) -> u64 {
        let flushed = self.flushed.load(Ordering::Acquire).saturating_sub(from);
        flushed.saturating_sub(self.in_flight).min(length)
    }

    /// Keeps a body that was handed over whole until it is known whether it arrived: in full once the other end speaks again or
    /// closes in order, for less if the connection ends otherwise.
    pub(crate) fn settle_when_heard(&self, from: u64, length: u64, settle: Settle) {
        lock(&self.unsettled).push(Unsettled { from, length, settle });
    }

    /// Everything that was handed over has been written to the kernel.
    pub(crate) fn flushed(&self) {
        self.flushed.store(self.handed(), Ordering::Release);
    }

    /// The other end has spoken, or closed: it has what was flushed before. A client that asks again has read the answer; one
    /// that closed with bytes unread would have sent a reset instead.
    // LIMIT: a client that pipelines, or closes only its sending half early, is believed too soon; so is whoever on the network
    // can forge its close.
    pub(crate) fn heard(&self) {
        let flushed = self.flushed.load(Ordering::Acquire);
        let mut unsettled = lock(&self.unsettled);
        if unsettled.is_empty() {
            return;
        }
        let all = std::mem::take(&mut *unsettled);
        let (arrived, waiting) = all.into_iter().partition(|body| body.from.saturating_add(body.length) <= flushed);
        *unsettled = waiting;
        drop(unsettled);
        let arrived: Vec<Unsettled> = arrived;
        for body in arrived {
            (body.settle)(body.length);
        }
    }

    fn linger(&self, time: Option<Duration>) {
        if let Err(error) = sockopt::set_socket_linger(&self.stream, time) {
            tracing::warn!(serial = self.serial, error = %io::Error::from(error), "a socket cannot be made to linger");
        }
    }

    /// Reads and discards until the other end closes: then it has everything.
    pub(crate) async fn drain(&self) {
        let mut sink = [0; 1024];
        while self.stream.readable().await.is_ok() {
            match self.stream.try_read(&mut sink) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return,
                Ok(0) => return self.heard(),
                Ok(_) if self.security == Security::Plain => self.heard(),
                // A farewell or a key update of its TLS says nothing about what the client has read.
                Ok(_) => {}
            }
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        for body in std::mem::take(&mut *lock(&self.unsettled)) {
            let sent = self.certainly_sent(body.from, body.length);
            (body.settle)(sent);
        }
    }
}

/// The socket as the [`Channel`](crate::channel::Channel) on it uses it.
pub(crate) struct Socket(pub(crate) Arc<Wire>);

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wire = &self.0;
        loop {
            ready!(wire.stream.poll_read_ready(cx))?;
            match wire.stream.try_read_buf(&mut (&mut *buffer).limit(READ_BYTES)) {
                Ok(count) => {
                    wire.read.fetch_add(count as u64, Ordering::Relaxed);
                    if count == 0 {
                        wire.heard();
                    }
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl Socket {
    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        mut send: impl FnMut(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let wire = &self.0;
        loop {
            ready!(wire.stream.poll_write_ready(cx))?;
            if wire.is_cut() {
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
            match send(&wire.stream) {
                Ok(count) => {
                    wire.written.fetch_add(count as u64, Ordering::Relaxed);
                    return Poll::Ready(Ok(count));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_send(cx, |stream| stream.try_write(bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_send(cx, |stream| stream.try_write_vectored(buffers))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(match rustix::net::shutdown(&self.0.stream, Shutdown::Write) {
            Ok(()) | Err(rustix::io::Errno::NOTCONN) => Ok(()),
            Err(error) => Err(error.into()),
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
