//! Accepts connections, each within its limits.
//!
//! # Threats
//! Strangers connect and say nothing, or very little very slowly, or very much at once; each of the [`Limits`] stops one of them.
//! None of them needs a credential, so none of them may cost more than a bounded amount of memory and time.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};

use crate::connection::Host;
use crate::crowd::Crowd;
use crate::error::Error;
use crate::inbound::Inbound;
use crate::limits::Limits;
use crate::register::Register;
use crate::tls::Tls;
use crate::wire::Wire;

/// How long to wait when the system has no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Answers requests.
pub trait Front: Send + Sync + 'static {
    /// The body of its answers.
    type Body: http_body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static;

    /// Answers one request that came in on `wire`. Failures are answers too.
    fn answer(&self, request: Request<Inbound>, wire: Arc<Wire>) -> impl Future<Output = Response<Self::Body>> + Send;
}

/// How a listener is served.
#[derive(Clone, Default)]
pub struct Rules {
    /// What its connections may cost.
    pub limits: Limits,
    /// What it speaks; plain text without.
    pub tls: Option<Arc<Tls>>,
}

/// Binds a listener.
///
/// # Errors
/// [`Error::Listen`] when the address cannot be had.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.map_err(|source| Error::Listen { address, source })
}

/// Serves connections until `stop` turns true, then lets answers under way finish within their grace.
pub async fn serve<F: Front>(
    listener: TcpListener,
    front: Arc<F>,
    register: Arc<Register>,
    rules: Rules,
    mut stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(rules.limits.connections));
    let crowd = Crowd::new(rules.limits.connections_per_address, rules.limits.uncounted.clone());
    let grace = rules.limits.grace;
    let host = Arc::new(Host::new(front, register, rules));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stopped(&mut stop) => break,
            Some(ended) = connections.join_next() => report(ended),
            accepted = accept(&listener, &places) => match accepted {
                Ok((stream, peer, place)) => {
                    let Some(of_address) = crowd.admit(peer.ip()) else {
                        tracing::debug!("a connection was closed: its address has as many as it may");
                        continue;
                    };
                    let (host, stop) = (Arc::clone(&host), stop.clone());
                    connections.spawn(async move {
                        host.serve(stream, peer, stop).await;
                        drop((place, of_address));
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
    if timeout(grace, all_ended).await.is_err() {
        tracing::warn!("answers were still under way when the program stopped");
    }
}

/// Waits for a place first, so that connections we cannot serve stay in the kernel.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, place))
}

/// Resolves once the program is asked to stop.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A sender that is gone cannot ask any more; that counts as having asked.
    let _ = stop.wait_for(|stop| *stop).await;
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection's task failed");
    }
}
