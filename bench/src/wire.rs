//! A lean S3 reader: signs every request, keeps its connection, counts what it is given and keeps nothing.
//!
//! The program's own client derives its signing key anew for each request; under load that would measure the client.

use std::cell::Cell;
use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use base::time::Tick;
use base::{Clock, Secret};
use cofferdam::client::Credentials;
use cofferdam::clock::SystemClock;
use custody::signature::SigningKey;
use tokio::net::TcpStream;

use crate::Outcome;
use crate::deployment::{BUCKET, REGION};

/// SHA-256 of no bytes: what a request without a body declares.
const NO_BODY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// How much is read at a time.
const PIECE_BYTES: usize = 64 * 1024;

/// The longest head of an answer.
const LONGEST_HEAD_BYTES: usize = 16 * 1024;

/// Signs GET requests of one session, with the signing key kept.
pub(crate) struct Signer {
    host: String,
    access_key: String,
    token: String,
    scope: String,
    key: SigningKey,
}

impl Signer {
    /// For the day of `clock`.
    pub(crate) fn new(server: SocketAddr, credentials: &Credentials, clock: &dyn Clock) -> Outcome<Self> {
        let at = clock.now().to_amz();
        let date = at.get(..8).unwrap_or_default();
        let secret: Result<[u8; 40], _> = credentials.secret.as_bytes().try_into();
        let mut secret = secret.map_err(|_| "a session's secret has 40 characters")?;
        Ok(Self {
            host: server.to_string(),
            access_key: credentials.access_key.clone(),
            token: credentials.token.clone(),
            scope: format!("{date}/{REGION}/s3/aws4_request"),
            key: SigningKey::derive(&Secret::take(&mut secret), date, REGION, "s3"),
        })
    }

    /// A signed GET for `key`, which needs no percent-encoding.
    pub(crate) fn get(&self, key: &str, clock: &dyn Clock) -> String {
        let at = clock.now().to_amz();
        let names = "host;x-amz-content-sha256;x-amz-date;x-amz-security-token";
        let canonical = format!(
            "GET\n/{BUCKET}/{key}\n\nhost:{}\nx-amz-content-sha256:{NO_BODY}\nx-amz-date:{at}\nx-amz-security-token:{}\n\n{names}\n{NO_BODY}",
            self.host, self.token
        );
        let digest = attest::digest::hex(&attest::sha256(&[canonical.as_bytes()]));
        let signature = self.key.sign(&format!("AWS4-HMAC-SHA256\n{at}\n{}\n{digest}", self.scope));
        let mut request = format!("GET /{BUCKET}/{key} HTTP/1.1\r\nhost: {}\r\n", self.host);
        // Writing to a string cannot fail.
        let _ = write!(
            request,
            "x-amz-content-sha256: {NO_BODY}\r\nx-amz-date: {at}\r\nx-amz-security-token: {}\r\n\
             authorization: AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={names}, Signature={signature}\r\n\r\n",
            self.token, self.access_key, self.scope
        );
        request
    }
}

/// A connection's socket, and what was taken from it so far. Shared with whoever measures.
pub(crate) struct Line {
    stream: TcpStream,
    taken: Cell<u64>,
    last: Cell<Option<Tick>>,
}

impl Line {
    /// Bytes that have arrived: those that were taken, and those that lie in the kernel's queue.
    pub(crate) fn arrived(&self) -> u64 {
        self.taken.get().saturating_add(rustix::io::ioctl_fionread(&self.stream).unwrap_or(0))
    }

    /// Bytes that were taken.
    pub(crate) fn taken(&self) -> u64 {
        self.taken.get()
    }

    /// When the last of them was.
    pub(crate) fn last(&self) -> Option<Tick> {
        self.last.get()
    }

    async fn take(&self, piece: &mut [u8]) -> io::Result<usize> {
        loop {
            self.stream.readable().await?;
            match self.stream.try_read(piece) {
                Ok(count) => {
                    self.taken.set(self.taken.get().saturating_add(count as u64));
                    if count > 0 {
                        self.last.set(Some(SystemClock.tick()));
                    }
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn give(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.stream.writable().await?;
            match self.stream.try_write(bytes) {
                Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// One connection.
pub(crate) struct Connection {
    line: Rc<Line>,
    piece: Vec<u8>,
}

/// The head of an answer, and how much of the body came along with it.
pub(crate) struct Head {
    /// The status.
    pub(crate) status: u16,
    length: u64,
    arrived: u64,
}

impl Connection {
    /// Opens one.
    pub(crate) async fn open(server: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        let line = Rc::new(Line { stream, taken: Cell::new(0), last: Cell::new(None) });
        Ok(Self { line, piece: vec![0; PIECE_BYTES] })
    }

    /// Its socket.
    pub(crate) fn line(&self) -> Rc<Line> {
        Rc::clone(&self.line)
    }

    /// Sends a request and reads the head of its answer.
    pub(crate) async fn ask(&mut self, request: &str) -> io::Result<Head> {
        self.line.give(request.as_bytes()).await?;
        let mut head = Vec::new();
        loop {
            let count = self.some().await?;
            head.extend_from_slice(self.piece.get(..count).unwrap_or_default());
            if let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") {
                let body = head.split_off(end.saturating_add(4));
                return read_head(&head, body.len() as u64);
            }
            if count == 0 || head.len() > LONGEST_HEAD_BYTES {
                return Err(io::Error::other("the answer has no head"));
            }
        }
    }

    /// Takes what has arrived of a body; 0 at the end of the connection.
    pub(crate) async fn some(&mut self) -> io::Result<usize> {
        self.line.take(&mut self.piece).await
    }

    /// Sends a request and reads its whole answer.
    pub(crate) async fn fetch(&mut self, request: &str) -> Outcome<()> {
        let mut head = self.ask(request).await?;
        if head.status != 200 {
            return Err(format!("a read was answered {}", head.status).into());
        }
        while head.arrived < head.length {
            match self.some().await? {
                0 => return Err("a body was cut short".into()),
                count => head.arrived = head.arrived.saturating_add(count as u64),
            }
        }
        Ok(())
    }
}

fn read_head(head: &[u8], arrived: u64) -> io::Result<Head> {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    match (status, length) {
        (Some(status), Some(length)) => Ok(Head { status, length, arrived }),
        _ => Err(io::Error::other("the answer's head has no status or no length")),
    }
}

/// Microseconds since `began`.
pub(crate) fn since(began: Tick, clock: &dyn Clock) -> u64 {
    clock.tick().micros_since(began)
}
