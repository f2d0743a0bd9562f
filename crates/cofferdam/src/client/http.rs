//! One server, a few kept connections, HTTP/1.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base::Bytes as ByteCount;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::client::endpoint::{Endpoint, Secured};
use crate::error::Error;

/// How long a connection may take to come about. Servers are on this machine or one hop away.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the head of an answer may take. The slowest answers (an evidence pack, an audit) walk the whole ledger.
const HEAD_TIMEOUT: Duration = Duration::from_secs(300);

/// How many idle connections are kept.
const KEPT_CONNECTIONS: usize = 64;

/// The largest answer that is gathered in memory; larger ones are read chunk by chunk.
const LARGEST_ANSWER: ByteCount = ByteCount(1 << 30);

type Connection = SendRequest<Full<Bytes>>;

/// A server.
pub struct Http {
    endpoint: Endpoint,
    idle: Mutex<Vec<Connection>>,
}

/// An answer whose body is still on the wire.
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    body: Incoming,
    connection: Option<Connection>,
    server: Arc<Http>,
}

impl Http {
    /// A server; nothing is connected yet.
    #[must_use]
    pub fn new(endpoint: impl Into<Endpoint>) -> Arc<Self> {
        Arc::new(Self { endpoint: endpoint.into(), idle: Mutex::default() })
    }

    /// What the `Host` header says.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.endpoint.authority()
    }

    /// Sends a request over a kept or a fresh connection and waits for the head of the answer.
    ///
    /// A kept connection that the server closed meanwhile is replaced; a request that may have reached the server is never
    /// sent twice.
    ///
    /// # Errors
    /// [`Error::NoServer`], [`Error::Broken`].
    pub async fn send(self: &Arc<Self>, request: Request<Full<Bytes>>) -> Result<Response, Error> {
        let mut request = request;
        while let Some(mut kept) = self.kept() {
            if kept.is_closed() || kept.ready().await.is_err() {
                continue;
            }
            match self.exchange(kept, request).await {
                Ok(response) => return Ok(response),
                Err(Unsent { request: Some(unsent), .. }) => request = *unsent,
                Err(Unsent { request: None, error }) => return Err(error),
            }
        }
        let fresh = self.connect().await?;
        self.exchange(fresh, request).await.map_err(|unsent| unsent.error)
    }

    async fn exchange(
        self: &Arc<Self>,
        mut connection: Connection,
        request: Request<Full<Bytes>>,
    ) -> Result<Response, Unsent> {
        let answer = timeout(HEAD_TIMEOUT, connection.try_send_request(request)).await;
        let answer =
            answer.map_err(|elapsed| Unsent { request: None, error: broken("waiting for an answer", elapsed) })?;
        match answer {
            Ok(answer) => {
                let (head, body) = answer.into_parts();
                let (connection, server) = (Some(connection), Arc::clone(self));
                Ok(Response { status: head.status, headers: head.headers, body, connection, server })
            }
            Err(mut failed) => {
                let request = failed.take_message().map(Box::new);
                Err(Unsent { request, error: broken("sending a request", failed.into_error()) })
            }
        }
    }

    async fn connect(&self) -> Result<Connection, Error> {
        let no_server = |source: Box<dyn std::error::Error + Send + Sync>| Error::NoServer {
            address: self.authority().to_owned(),
            source,
        };
        let stream = match timeout(CONNECT_TIMEOUT, TcpStream::connect(self.endpoint.address())).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(no_server(error.into())),
            Err(elapsed) => return Err(no_server(elapsed.into())),
        };
        stream.set_nodelay(true).map_err(|error| no_server(error.into()))?;
        let secured = match timeout(CONNECT_TIMEOUT, self.endpoint.secure(stream)).await {
            Ok(secured) => secured.map_err(|error| broken("agreeing on TLS with the server", error))?,
            Err(elapsed) => return Err(broken("agreeing on TLS with the server", elapsed)),
        };
        let speaking = match secured {
            Secured::Plain(stream) => speak(stream).await,
            Secured::Tls(stream) => speak(stream).await,
        };
        speaking.map_err(|error| no_server(error.into()))
    }

    fn kept(&self) -> Option<Connection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn keep(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT_CONNECTIONS {
            idle.push(connection);
        }
    }
}

impl Response {
    /// The next bytes of the body; nothing at its end. The connection is kept for the next request then.
    ///
    /// # Errors
    /// [`Error::Broken`] when the body ends early.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        while let Some(frame) = self.body.frame().await {
            let frame = frame.map_err(|error| {
                self.connection = None;
                broken("reading an answer", error)
            })?;
            if let Ok(data) = frame.into_data() {
                return Ok(Some(data));
            }
        }
        if let Some(connection) = self.connection.take() {
            self.server.keep(connection);
        }
        Ok(None)
    }

    /// The whole body.
    ///
    /// # Errors
    /// [`Error::Broken`]; [`Error::Answer`] beyond a GiB.
    pub async fn bytes(mut self) -> Result<Bytes, Error> {
        let mut whole = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            if (whole.len() as u64).saturating_add(chunk.len() as u64) > LARGEST_ANSWER.0 {
                return Err(Error::Answer(format!("the answer is larger than {LARGEST_ANSWER}")));
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    }

    /// A header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Speaks HTTP on a stream. The task that does ends with its connection; why it ended is told to whoever waits for the answer.
async fn speak<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S) -> hyper::Result<Connection> {
    let (connection, driver) = http1::handshake(TokioIo::new(stream)).await?;
    drop(tokio::spawn(driver));
    Ok(connection)
}

/// A request that got no answer; given back when it certainly was not sent.
struct Unsent {
    request: Option<Box<Request<Full<Bytes>>>>,
    error: Error,
}

fn broken(attempt: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Broken { attempt, source: source.into() }
}
