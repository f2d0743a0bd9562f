//! A lean S3 client: keeps its connection, counts what it is given and keeps nothing.
//!
//! The program's own client derives its signing key anew for each request; under load that would measure the client. Every peer
//! is measured with this one.

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
use crate::secure::Secure;

/// SHA-256 of no bytes: what a request without a body declares.
const NO_BODY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// How much is read at a time.
const PIECE_BYTES: usize = 256 * 1024;

/// The longest head of an answer.
const LONGEST_HEAD_BYTES: usize = 16 * 1024;

/// Who signs: access key and secret, and the token of a session if there is one.
pub(crate) struct Keys {
    pub(crate) access_key: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
}

impl From<&Credentials> for Keys {
    fn from(credentials: &Credentials) -> Self {
        Self {
            access_key: credentials.access_key.clone(),
            secret: credentials.secret.clone(),
            token: Some(credentials.token.clone()),
        }
    }
}

/// Signs requests of one identity, with the signing key kept.
pub(crate) struct Signer {
    host: String,
    keys: Keys,
    scope: String,
    key: SigningKey,
}

/// The payload hash of a body that is covered by a checksum instead.
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

impl Signer {
    /// For the day of `clock`.
    pub(crate) fn new(server: SocketAddr, keys: Keys, clock: &dyn Clock) -> Outcome<Self> {
        let at = clock.now().to_amz();
        let date = at.get(..8).unwrap_or_default();
        let secret: Result<[u8; 40], _> = keys.secret.as_bytes().try_into();
        let mut secret = secret.map_err(|_| "a secret has 40 characters")?;
        let key = SigningKey::derive(&Secret::take(&mut secret), date, REGION, "s3");
        Ok(Self { host: server.to_string(), keys, scope: format!("{date}/{REGION}/s3/aws4_request"), key })
    }

    /// A signed GET for `key`, which needs no percent-encoding.
    pub(crate) fn get(&self, key: &str, clock: &dyn Clock) -> String {
        self.request("GET", &format!("/{BUCKET}/{key}"), NO_BODY, "", clock)
    }

    /// A signed GET for the bytes `from` to `last`, both included.
    pub(crate) fn range(&self, key: &str, from: u64, last: u64, clock: &dyn Clock) -> String {
        let range = format!("range: bytes={from}-{last}\r\n");
        self.request("GET", &format!("/{BUCKET}/{key}"), NO_BODY, &range, clock)
    }

    /// The head of a PUT of `length` bytes with their CRC-32 in base64, the payload itself unsigned.
    pub(crate) fn put(&self, key: &str, length: usize, crc: &str, clock: &dyn Clock) -> String {
        let more = format!("content-length: {length}\r\nx-amz-checksum-crc32: {crc}\r\n");
        self.request("PUT", &format!("/{BUCKET}/{key}"), UNSIGNED, &more, clock)
    }

    /// A signed PUT that makes the bucket.
    pub(crate) fn make_bucket(&self, clock: &dyn Clock) -> String {
        self.request("PUT", &format!("/{BUCKET}"), NO_BODY, "content-length: 0\r\n", clock)
    }

    /// `more` are further header lines; of these, the ones of Amazon's are signed.
    fn request(&self, method: &str, path: &str, payload: &str, more: &str, clock: &dyn Clock) -> String {
        let at = clock.now().to_amz();
        let mut signed = vec![format!("host:{}", self.host)];
        signed.extend(more.lines().filter(|line| line.starts_with("x-amz-")).map(|line| line.replace(": ", ":")));
        signed.push(format!("x-amz-content-sha256:{payload}"));
        signed.push(format!("x-amz-date:{at}"));
        signed.extend(self.keys.token.iter().map(|token| format!("x-amz-security-token:{token}")));
        let names: Vec<&str> = signed.iter().filter_map(|line| line.split(':').next()).collect();
        let names = names.join(";");
        let canonical = format!("{method}\n{path}\n\n{}\n\n{names}\n{payload}", signed.join("\n"));
        let digest = attest::digest::hex(&attest::sha256(&[canonical.as_bytes()]));
        let signature = self.key.sign(&format!("AWS4-HMAC-SHA256\n{at}\n{}\n{digest}", self.scope));
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n{more}", self.host);
        // Writing to a string cannot fail.
        if let Some(token) = &self.keys.token {
            let _ = write!(request, "x-amz-security-token: {token}\r\n");
        }
        let _ = write!(
            request,
            "x-amz-content-sha256: {payload}\r\nx-amz-date: {at}\r\n\
             authorization: AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={names}, Signature={signature}\r\n\r\n",
            self.keys.access_key, self.scope
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

    pub(crate) async fn take(&self, piece: &mut [u8]) -> io::Result<usize> {
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

    pub(crate) async fn give(&self, mut bytes: &[u8]) -> io::Result<()> {
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
    secure: Option<Secure>,
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
        Ok(Self { line, secure: None, piece: vec![0; PIECE_BYTES] })
    }

    /// Opens one over TLS.
    pub(crate) async fn open_secure(server: SocketAddr) -> Outcome<Self> {
        let mut connection = Self::open(server).await?;
        connection.secure = Some(Secure::agree(&connection.line).await?);
        Ok(connection)
    }

    async fn give(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.secure {
            None => self.line.give(bytes).await,
            Some(secure) => secure.give(&self.line, bytes).await,
        }
    }

    /// Its socket.
    pub(crate) fn line(&self) -> Rc<Line> {
        Rc::clone(&self.line)
    }

    /// Sends a request and reads the head of its answer.
    pub(crate) async fn ask(&mut self, request: &str) -> io::Result<Head> {
        self.give(request.as_bytes()).await?;
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
        match &mut self.secure {
            None => self.line.take(&mut self.piece).await,
            Some(secure) => secure.take(&self.line, &mut self.piece).await,
        }
    }

    /// Sends a request and reads its whole answer. Returns how many bytes its body had.
    pub(crate) async fn fetch(&mut self, request: &str) -> Outcome<u64> {
        let mut head = self.ask(request).await?;
        if !matches!(head.status, 200 | 206) {
            return Err(format!("a request was answered {}", head.status).into());
        }
        while head.arrived < head.length {
            match self.some().await? {
                0 => return Err("a body was cut short".into()),
                count => head.arrived = head.arrived.saturating_add(count as u64),
            }
        }
        Ok(head.length)
    }

    /// Sends a request with its body and reads the whole answer.
    pub(crate) async fn send(&mut self, request: &str, body: &[u8]) -> Outcome<u64> {
        self.give(request.as_bytes()).await?;
        self.give(body).await?;
        self.fetch("").await
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
        (Some(status), length) => Ok(Head { status, length: length.unwrap_or(0), arrived }),
        (None, _) => Err(io::Error::other("the answer's head has no status")),
    }
}

/// Microseconds since `began`.
pub(crate) fn since(began: Tick, clock: &dyn Clock) -> u64 {
    clock.tick().micros_since(began)
}
