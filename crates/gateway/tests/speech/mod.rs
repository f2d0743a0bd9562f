//! Both ways in which a listener is spoken to: in plain text, and over TLS as a client with the tests' authority speaks it.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::net::SocketAddr;
use std::sync::Arc;

use base::Timestamp;
use gateway::server::Rules;
use gateway::tls::{Pair, Tls};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use testkit::certificates::{AUTHORITY, FIRST, Files};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speech {
    Plain,
    Tls,
}

/// A client's end of a connection.
pub(crate) trait Line: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Line for T {}

/// The same for a client that blocks its thread.
pub(crate) trait BlockingLine: std::io::Read + std::io::Write {}

impl<T: std::io::Read + std::io::Write> BlockingLine for T {}

impl Speech {
    pub(crate) fn rules(self) -> Rules {
        let tls = (self == Self::Tls).then(|| Arc::new(Tls::new(pair(&FIRST))));
        Rules { tls, ..Rules::default() }
    }

    pub(crate) async fn connect(self, address: SocketAddr) -> Box<dyn Line> {
        let stream = TcpStream::connect(address).await.unwrap();
        match self {
            Self::Plain => Box::new(stream),
            Self::Tls => Box::new(secure(stream).await),
        }
    }

    pub(crate) fn connect_blocking(self, stream: std::net::TcpStream) -> Box<dyn BlockingLine> {
        match self {
            Self::Plain => Box::new(stream),
            Self::Tls => {
                let connection = ClientConnection::new(trusting(), ServerName::try_from("localhost").unwrap()).unwrap();
                Box::new(StreamOwned::new(connection, stream))
            }
        }
    }
}

pub(crate) async fn secure(stream: TcpStream) -> tokio_rustls::client::TlsStream<TcpStream> {
    TlsConnector::from(trusting()).connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap()
}

pub(crate) fn pair(files: &Files) -> Pair {
    let now = Timestamp::from_rfc3339("2026-11-24T00:00:00.000000Z").unwrap();
    Pair::read(files.chain.as_bytes(), files.key.as_bytes(), now).unwrap()
}

fn trusting() -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(AUTHORITY.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
}
