//! One connection, from its handshake to the last byte its client fetched.
//!
//! Everything here happens on the connection's own task: a handshake that takes its time keeps nobody from connecting.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::channel::Channel;
use crate::inbound::{Inbound, Pace};
use crate::limits::{BUFFER_BYTES, Limits, MAX_HEADERS};
use crate::register::Register;
use crate::server::{Front, Rules, stopped};
use crate::tls::Tls;
use crate::wire::{Security, Socket, Wire};

/// How often within the time for a stall one looks whether there is one.
const LOOKS: u32 = 4;

/// What every connection of a listener is served with.
pub(crate) struct Host<F> {
    front: Arc<F>,
    register: Arc<Register>,
    limits: Limits,
    tls: Option<Arc<Tls>>,
}

/// How the exchange of requests and answers ended.
enum Ended {
    /// Both sides have nothing more to say.
    InOrder,
    /// So it was, because the program stops and nothing was asked for.
    Idle,
    /// It broke off, was cut, or took too long.
    Broken,
}

/// A connection's place in the register, given up however its task ends.
struct Seat {
    wire: Arc<Wire>,
    register: Arc<Register>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.register.leave(&self.wire);
    }
}

impl<F: Front> Host<F> {
    pub(crate) fn new(front: Arc<F>, register: Arc<Register>, rules: Rules) -> Self {
        Self { front, register, limits: rules.limits, tls: rules.tls }
    }

    /// Serves one connection to its end.
    pub(crate) async fn serve(&self, stream: TcpStream, peer: SocketAddr, mut stop: watch::Receiver<bool>) {
        let security = if self.tls.is_some() { Security::Tls } else { Security::Plain };
        let seat = match Wire::new(stream, peer, self.register.next_serial(), security) {
            Ok(wire) => Seat { wire, register: Arc::clone(&self.register) },
            Err(error) => {
                // The peer may be gone already.
                tracing::debug!(%error, "a connection could not be set up");
                return;
            }
        };
        let wire = &seat.wire;
        let channel = tokio::select! {
            channel = self.channel(wire) => channel,
            () = stopped(&mut stop) => None,
        };
        let Some(channel) = channel else { return };
        let patience = match self.exchange(wire, channel, stop).await {
            Ended::Broken => return,
            Ended::Idle => self.limits.idle_drain,
            Ended::InOrder if wire.tags().is_empty() => self.limits.stranger_drain,
            Ended::InOrder => self.limits.drain,
        };
        // INVARIANT: a connection that served an engagement can be cut until the client has everything, or the socket is
        // reset: it lingers for zero seconds, so dropping it discards what was not fetched.
        tokio::select! {
            _ = timeout(patience, wire.drain()) => {}
            () = wire.until_cut() => {}
        }
    }

    /// What HTTP is spoken on, once the handshake is done; nothing when it failed.
    async fn channel(&self, wire: &Arc<Wire>) -> Option<Channel> {
        let socket = Socket(Arc::clone(wire));
        let Some(tls) = &self.tls else { return Some(Channel::Plain(socket)) };
        match timeout(self.limits.handshake, tls.accept(socket)).await {
            Ok(Ok(stream)) => Some(Channel::Secured(Box::new(stream))),
            Ok(Err(error)) => {
                tracing::debug!(%error, "a handshake failed");
                None
            }
            Err(_) => {
                tracing::debug!("a handshake took too long");
                None
            }
        }
    }

    /// Answers requests until the connection ends.
    async fn exchange(&self, wire: &Arc<Wire>, channel: Channel, mut stop: watch::Receiver<bool>) -> Ended {
        let asked = AtomicBool::new(false);
        let service = service_fn(|request| {
            asked.store(true, Ordering::Relaxed);
            self.answer(request, wire)
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(self.limits.head);
        http.max_buf_size(BUFFER_BYTES).max_headers(MAX_HEADERS);
        let mut exchange = pin!(http.serve_connection(TokioIo::new(channel), service));
        let mut first_head = pin!(sleep(self.limits.first_head));
        let mut look = interval(self.limits.stall.checked_div(LOOKS).unwrap_or(self.limits.stall));
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut last, mut unchanged, mut stopping, mut new) = (None, 0u32, false, true);
        let ended = |ended: hyper::Result<()>| match ended {
            Ok(()) if !wire.is_cut() => Ended::InOrder,
            _ => Ended::Broken,
        };
        loop {
            tokio::select! {
                result = exchange.as_mut() => return ended(result),
                () = wire.until_cut() => return Ended::Broken,
                () = stopped(&mut stop), if !stopping => {
                    stopping = true;
                    exchange.as_mut().graceful_shutdown();
                    // What ends at once was waiting for a request.
                    if let Poll::Ready(result) = poll_fn(|cx| Poll::Ready(exchange.as_mut().poll(cx))).await {
                        return if result.is_ok() { Ended::Idle } else { Ended::Broken };
                    }
                }
                () = first_head.as_mut(), if new => {
                    if !asked.load(Ordering::Relaxed) {
                        return Ended::Broken;
                    }
                    new = false;
                }
                _ = look.tick() => {
                    let progress = Some(wire.progress());
                    unchanged = if progress == last { unchanged.saturating_add(1) } else { 0 };
                    if unchanged >= LOOKS {
                        return Ended::Broken;
                    }
                    last = progress;
                }
            }
        }
    }

    /// Answers one request, unless the answer does not begin within its time while no byte moves. Then the connection ends
    /// without one: what does not come may be the entry that has to go before any answer.
    async fn answer(&self, request: Request<Incoming>, wire: &Arc<Wire>) -> io::Result<Response<F::Body>> {
        let pace = Pace { span: self.limits.upload_span, bytes: self.limits.upload_bytes };
        let request = request.map(|body| Inbound::new(body, pace));
        let mut answer = pin!(self.front.answer(request, Arc::clone(wire)));
        let mut before = wire.progress();
        loop {
            match timeout(self.limits.answer, answer.as_mut()).await {
                Ok(answer) => return Ok(answer),
                Err(_) if wire.progress() != before => before = wire.progress(),
                Err(elapsed) => {
                    tracing::warn!(serial = wire.serial(), "an answer was given up: it took too long");
                    return Err(elapsed.into());
                }
            }
        }
    }
}
