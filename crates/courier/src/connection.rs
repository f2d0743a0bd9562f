//! A connection to a receiver, in plain text or over TLS.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::error::Undelivered;

/// Where systems keep the certificates of the authorities they believe: Debian and its kin, Red Hat's, SUSE, Alpine.
const SYSTEM_BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Whom to believe about a receiver's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The authorities that this system believes.
    System,
    /// The authorities of these certificates alone, in PEM.
    Authorities(String),
}

/// What letters are spoken on.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// Connects to the first address of a name that may be one of a receiver's.
pub(crate) async fn connect(host: &str, port: u16) -> Result<TcpStream, Undelivered> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let found: Vec<SocketAddr> =
        tokio::net::lookup_host((bare, port)).await.map_err(Undelivered::Unreachable)?.collect();
    let mut failed = Undelivered::Forbidden;
    for address in found.into_iter().filter(|address| may_receive(address.ip())) {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Letters are short: what is written goes at once.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => failed = Undelivered::Unreachable(error),
        }
    }
    Err(failed)
}

/// Whether a receiver may have this address. Relays of this machine and of the operator's own networks may; what stands for no
/// receiver may not, and of link-local addresses one is the cloud's, with this machine's credentials.
fn may_receive(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => !(v4.is_link_local() || v4.is_unspecified() || v4.is_multicast() || v4.is_broadcast()),
        IpAddr::V6(v6) => !(v6.is_unicast_link_local() || v6.is_unspecified() || v6.is_multicast()),
    }
}

/// Speaks TLS with the server of a name.
pub(crate) async fn secure(stream: TcpStream, host: &str, trust: &Trust) -> Result<Box<dyn Wire>, Undelivered> {
    let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(bare)
        .map_err(|_| Undelivered::Address("its name is none that a certificate could have"))?;
    let stream = connector(trust)?.connect(name, stream).await.map_err(Undelivered::Tls)?;
    Ok(Box::new(stream))
}

fn connector(trust: &Trust) -> Result<TlsConnector, Undelivered> {
    let mut roots = RootCertStore::empty();
    match trust {
        Trust::Authorities(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let bad = Undelivered::Address("the certificate of its authority cannot be read");
                let Ok(certificate) = certificate else { return Err(bad) };
                roots.add(certificate).map_err(|_| bad)?;
            }
        }
        Trust::System => {
            let bundle = SYSTEM_BUNDLES.iter().find_map(|path| std::fs::read(path).ok()).unwrap_or_default();
            // Bundles hold some that are too old to be read; the others count.
            roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&bundle).flatten());
        }
    }
    if roots.is_empty() {
        return Err(Undelivered::Address(
            "nobody vouches for it: this system has no list of authorities; name one with --ca",
        ));
    }
    let builder =
        ClientConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions();
    let builder = builder.map_err(|_| Undelivered::Garbled("TLS cannot be prepared"))?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = Vec::new();
    Ok(TlsConnector::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_services_are_no_receivers() {
        for (address, may) in [
            ("169.254.169.254", false),
            ("::ffff:169.254.169.254", false),
            ("fe80::1", false),
            ("0.0.0.0", false),
            ("224.0.0.1", false),
            ("127.0.0.1", true),
            ("10.1.2.3", true),
            ("203.0.113.9", true),
            ("2001:db8::1", true),
        ] {
            assert_eq!(may_receive(address.parse().unwrap()), may, "{address}");
        }
    }
}
