//! Accepts connections and keeps each within its limits.
//!
//! # Threats
//! Strangers connect and say nothing, or very little very slowly, or very much at once; every limit below stops one of them.
//! None of them needs a credential, so none of them may cost more than a bounded amount of memory and time.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::error::Error;
use crate::register::Register;
use crate::wire::{Socket, Wire};

/// How many connections are served at once; more wait in the kernel's backlog. Each may hold [`BUFFER_BYTES`] twice and a
/// send buffer, so this bounds memory to a few GiB. Where the system allows fewer file descriptors, accepting waits for one.
pub const MAX_CONNECTIONS: usize = 4096;

/// How many bytes the HTTP layer buffers in each direction: four segments a write, and the most a request's head may take.
pub const BUFFER_BYTES: usize = 256 * 1024;

/// How many header fields a request may have. S3 clients send under thirty; user metadata is limited to 2 KB.
pub const MAX_HEADERS: usize = 100;

/// How long a request's head may take, counted from the end of the answer before. So it also ends idle connections; clients
/// keep them for less than a minute.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a connection may make no progress in either direction while a request is served. Commits to a slow store take
/// seconds; two minutes of nothing is a peer that is gone.
pub const STALL_TIMEOUT: Duration = Duration::from_secs(120);

/// How long the last bytes of an answer may take to be fetched after we have closed our side: the kernel's buffer at some
/// ten kilobytes a second.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(60);

/// The same for those who served no engagement: refused strangers, whose answer is a few hundred bytes. Without it a client
/// that is still sending would see a reset instead of the refusal.
pub const STRANGER_DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// How long answers under way may take after the program was asked to stop.
pub const GRACE: Duration = Duration::from_secs(20);

/// How long to wait when the system has no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Answers requests.
pub trait Front: Send + Sync + 'static {
    /// The body of its answers.
    type Body: http_body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static;

    /// Answers one request that came in on `wire`. Failures are answers too.
    fn answer(&self, request: Request<Incoming>, wire: Arc<Wire>) -> impl Future<Output = Response<Self::Body>> + Send;
}

/// Binds a listener.
///
/// # Errors
/// [`Error::Listen`] when the address cannot be had.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.map_err(|source| Error::Listen { address, source })
}

/// Serves connections until `stop` turns true, then lets answers under way finish within [`GRACE`].
pub async fn serve<F: Front>(
    listener: TcpListener,
    front: Arc<F>,
    register: Arc<Register>,
    mut stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stopped(&mut stop) => break,
            Some(ended) = connections.join_next() => report(ended),
            accepted = accept(&listener, &places) => match accepted {
                Ok((stream, peer, place)) => {
                    let connection = connection(stream, peer, Arc::clone(&front), Arc::clone(&register), stop.clone());
                    connections.spawn(async move {
                        connection.await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "no connection can be accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    let all_ended = async {
        while let Some(ended) = connections.join_next().await {
            report(ended);
        }
    };
    if timeout(GRACE, all_ended).await.is_err() {
        tracing::warn!("answers were still under way when the program stopped");
    }
}

/// Waits for a place first, so that connections we cannot serve stay in the kernel.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, place))
}

/// Serves one connection to its end.
async fn connection<F: Front>(
    stream: TcpStream,
    peer: SocketAddr,
    front: Arc<F>,
    register: Arc<Register>,
    stop: watch::Receiver<bool>,
) {
    let seat = match Wire::new(stream, peer, register.next_serial()) {
        Ok(wire) => Seat { wire, register },
        Err(error) => {
            // The peer may be gone already.
            tracing::debug!(%error, "a connection could not be set up");
            return;
        }
    };
    let wire = &seat.wire;
    let served_to_the_end = exchange(wire, &front, stop).await;
    // INVARIANT: a connection that served an engagement can be cut until the client has everything, or the socket is reset:
    // it lingers for zero seconds, so dropping it discards what was not fetched.
    if served_to_the_end {
        let patience = if wire.tags().is_empty() { STRANGER_DRAIN_TIMEOUT } else { DRAIN_TIMEOUT };
        tokio::select! {
            _ = timeout(patience, wire.drain()) => {}
            () = wire.until_cut() => {}
        }
    }
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

/// Answers requests until the connection ends; whether it ended in good order.
async fn exchange<F: Front>(wire: &Arc<Wire>, front: &Arc<F>, mut stop: watch::Receiver<bool>) -> bool {
    let service = service_fn(|request| {
        let (front, wire) = (Arc::clone(front), Arc::clone(wire));
        async move { Ok::<_, Infallible>(front.answer(request, wire).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(BUFFER_BYTES).max_headers(MAX_HEADERS);
    let mut exchange = Box::pin(http.serve_connection(TokioIo::new(Socket(Arc::clone(wire))), service));
    let mut stall = interval(STALL_TIMEOUT);
    stall.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = None;
    let mut stopping = false;
    loop {
        tokio::select! {
            ended = exchange.as_mut() => return ended.is_ok() && !wire.is_cut(),
            () = wire.until_cut() => return false,
            () = stopped(&mut stop), if !stopping => {
                stopping = true;
                exchange.as_mut().graceful_shutdown();
            }
            _ = stall.tick() => {
                let progress = Some(wire.progress());
                if progress == last {
                    return false;
                }
                last = progress;
            }
        }
    }
}

/// Resolves once the program is asked to stop.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A sender that is gone cannot ask any more; that counts as having asked.
    let _ = stop.wait_for(|stop| *stop).await;
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection's task failed");
    }
}
