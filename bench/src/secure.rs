//! TLS for the client: rustls over the bytes of a line.

use std::io::{self, Read as _, Write as _};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use testkit::certificates::AUTHORITY;

use crate::Outcome;
use crate::wire::Line;

/// How much is taken from the line at a time.
const SEALED_BYTES: usize = 256 * 1024;

/// A session over one line.
pub(crate) struct Secure {
    session: ClientConnection,
    sealed: Vec<u8>,
    /// What of it was not read yet.
    unread: std::ops::Range<usize>,
}

impl Secure {
    /// Agrees on keys with a server whose certificate is for `localhost`.
    pub(crate) async fn agree(line: &Line) -> Outcome<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(AUTHORITY.as_bytes())?)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let config = config.with_root_certificates(roots).with_no_client_auth();
        let session = ClientConnection::new(Arc::new(config), ServerName::try_from("localhost")?)?;
        let mut secure = Self { session, sealed: vec![0; SEALED_BYTES], unread: 0..0 };
        while secure.session.is_handshaking() {
            secure.flush(line).await?;
            secure.read(line).await?;
        }
        secure.flush(line).await?;
        Ok(secure)
    }

    /// Sends bytes.
    pub(crate) async fn give(&mut self, line: &Line, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let count = self.session.writer().write(bytes)?;
            bytes = bytes.get(count..).unwrap_or_default();
            self.flush(line).await?;
        }
        Ok(())
    }

    /// Takes what has arrived; 0 at the end of the connection.
    pub(crate) async fn take(&mut self, line: &Line, piece: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.session.reader().read(piece) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.read(line).await?,
                taken => return taken,
            }
        }
    }

    /// Opens some of what has arrived, waiting for it.
    async fn read(&mut self, line: &Line) -> io::Result<()> {
        if self.unread.is_empty() {
            self.unread = 0..line.take(&mut self.sealed).await?;
        }
        let mut sealed = self.sealed.get(self.unread.clone()).unwrap_or_default();
        let count = self.session.read_tls(&mut sealed)?;
        self.unread.start = self.unread.start.saturating_add(count);
        self.session.process_new_packets().map_err(io::Error::other)?;
        self.flush(line).await
    }

    async fn flush(&mut self, line: &Line) -> io::Result<()> {
        let mut sealed = Vec::new();
        while self.session.wants_write() {
            self.session.write_tls(&mut sealed)?;
        }
        line.give(&sealed).await
    }
}
