//! Where a server is and how it is spoken to: in plain text on this machine, over TLS everywhere else.
//!
//! # Threats
//! Somebody on the network who answers in the server's place. There are no built-in authorities: the operator names the
//! one that signed the server's certificate, and nobody else is believed.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::error::Error;

/// A server.
#[derive(Clone)]
pub struct Endpoint {
    address: SocketAddr,
    authority: String,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl From<SocketAddr> for Endpoint {
    /// In plain text: an address of this machine.
    fn from(address: SocketAddr) -> Self {
        Self { address, authority: address.to_string(), tls: None }
    }
}

impl Endpoint {
    /// Reads `host:port`, or the same behind `http://` or `https://`. The latter needs `ca`, the file with the certificate of the
    /// authority to believe.
    ///
    /// # Errors
    /// [`Error::Misuse`] for what is no address, or lacks an authority; [`Error::Refused`] for plain text that would leave this
    /// machine; [`Error::File`].
    pub fn read(text: &str, ca: Option<&Path>) -> Result<Self, Error> {
        let (secured, authority) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest.trim_end_matches('/')),
            (None, Some(rest)) => (false, rest.trim_end_matches('/')),
            (None, None) => (false, text),
        };
        let resolved = authority.to_socket_addrs().ok().and_then(|mut all| all.next());
        let bad = || {
            let text = text.escape_debug();
            Error::Misuse(format!(
                "`{text}` is no address\nwrite it like `127.0.0.1:8334` or `https://example.org:8334`"
            ))
        };
        let address = resolved.ok_or_else(bad)?;
        if !secured {
            return if address.ip().to_canonical().is_loopback() {
                Ok(Self { address, authority: authority.to_owned(), tls: None })
            } else {
                let why = format!("`{address}` is not on this machine, and plain text must not leave it");
                Err(Error::Refused(format!("{why}\nuse `https://` and name its authority with `--ca`, or a tunnel")))
            };
        }
        let host = authority.rsplit_once(':').map_or(authority, |(host, _port)| host);
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned()).map_err(|_| bad())?;
        let ca = ca.ok_or_else(|| {
            Error::Misuse(format!(
                "nobody vouches for `{authority}`\nname the certificate of its authority with `--ca` or COFFERDAM_CA"
            ))
        })?;
        Ok(Self { address, authority: authority.to_owned(), tls: Some((believing(ca)?, name)) })
    }

    /// What the `Host` header says.
    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Shakes hands on a fresh connection; nothing for plain text.
    pub(super) async fn secure(&self, stream: TcpStream) -> io::Result<Secured> {
        match &self.tls {
            None => Ok(Secured::Plain(stream)),
            Some((connector, name)) => {
                connector.connect(name.clone(), stream).await.map(|tls| Secured::Tls(Box::new(tls)))
            }
        }
    }
}

/// A connection, as it is spoken on.
pub(super) enum Secured {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

fn believing(ca: &Path) -> Result<TlsConnector, Error> {
    let text = std::fs::read(ca).map_err(|source| Error::file("reading the authority's certificate", ca, source))?;
    let bad = || Error::Misuse(format!("`{}` holds no certificate in PEM", ca.display()));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        roots.add(certificate.map_err(|_| bad())?).map_err(|_| bad())?;
    }
    if roots.is_empty() {
        return Err(bad());
    }
    let builder =
        ClientConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| Error::part("preparing TLS", base::Kind::Bug, error))?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use base::Kind;

    use super::*;

    fn refused(text: &str) -> Kind {
        Endpoint::read(text, None).err().unwrap().kind()
    }

    #[test]
    fn plain_text_stays_on_this_machine() {
        for here in ["127.0.0.1:1", "http://127.0.0.1:1", "[::1]:1", "http://127.0.0.1:1/"] {
            assert!(Endpoint::read(here, None).is_ok(), "{here}");
        }
        assert_eq!(refused("192.0.2.1:8334"), Kind::Refused);
        assert_eq!(refused("http://192.0.2.1:8334"), Kind::Refused);
    }

    #[test]
    fn tls_needs_somebody_to_believe() {
        assert_eq!(refused("https://127.0.0.1:1"), Kind::Invalid);
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("ca.pem");
        let read = || Endpoint::read("https://127.0.0.1:1", Some(&ca));
        assert!(read().is_err());
        std::fs::write(&ca, "nonsense").unwrap();
        assert!(read().is_err());
        std::fs::write(&ca, testkit::certificates::AUTHORITY).unwrap();
        assert_eq!(read().unwrap().authority(), "127.0.0.1:1");
    }

    #[test]
    fn nonsense_is_no_address() {
        for bad in ["", "here", "127.0.0.1", "https://", "ftp://127.0.0.1:1"] {
            assert_eq!(refused(bad), Kind::Invalid, "{bad}");
        }
    }
}
