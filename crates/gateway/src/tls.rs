//! TLS: the certificate that connections are begun with, replaced while others go on.
//!
//! A [`Pair`] is a certificate chain and the private key that belongs to it, read and found to be good at once: whoever holds one
//! can serve with it. [`Tls`] holds the pair in use. Connections keep the pair they began with.
//!
//! # Threats
//! Strangers shake hands and go no further: the handshake has a time of its own, takes a place like any connection, and nothing
//! is remembered of it. Who records traffic today to open it with a quantum computer finds a hybrid key exchange, wherever
//! the client speaks it.

mod validity;

use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use base::Timestamp;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::NoServerSessionStorage;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

pub use validity::Validity;

use crate::error::Error;
use crate::wire::Socket;

/// How many sealed bytes a connection holds before they are handed to the kernel: as many as a call is worth, few enough to be in
/// the processor's cache still. It is what is sealed at once, so a thousand connections that stall hold a quarter of a gibibyte.
const SEALED_BYTES: usize = 256 * 1024;

/// A certificate chain and its private key, good to serve with.
pub struct Pair {
    server: Arc<ServerConfig>,
    validity: Validity,
}

/// The pair that connections begin with.
pub struct Tls(RwLock<State>);

struct State {
    server: Arc<ServerConfig>,
    certificate: CertificateState,
}

/// How the certificate in use is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateState {
    /// When it, or a certificate above it in its chain, expires.
    pub expires: Timestamp,
    /// Why a newer one is not in use.
    pub problem: Option<String>,
}

impl Pair {
    /// Reads a chain, the server's certificate first, and its private key, both in PEM.
    ///
    /// # Errors
    /// [`Error::Certificate`] when one is missing, malformed, of another pair, or out of its time at `now`.
    pub fn read(chain: &[u8], key: &[u8], now: Timestamp) -> Result<Self, Error> {
        let bad = |what: &'static str| {
            move |source: rustls::pki_types::pem::Error| Error::Certificate { what, source: Some(source.into()) }
        };
        let chain = CertificateDer::pem_slice_iter(chain).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(bad("the certificate file is not PEM"))?;
        if chain.is_empty() {
            return Err(Error::certificate("the certificate file holds no certificate"));
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(bad("the key file holds no private key in PEM"))?;
        let validity = validity_of(&chain, now)?;
        let builder =
            ServerConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions();
        let server = builder.and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key));
        let mut server = server.map_err(|source| Error::Certificate {
            what: "the certificate and the private key cannot be used together",
            source: Some(source.into()),
        })?;
        server.alpn_protocols = vec![b"http/1.1".to_vec()];
        // A request in the first flight could be replayed by whoever captured it.
        server.max_early_data_size = 0;
        // Nothing is kept for resuming: SDKs keep their connections, and what is not kept cannot be stolen to open a recording.
        server.send_tls13_tickets = 0;
        server.session_storage = Arc::new(NoServerSessionStorage {});
        Ok(Self { server: Arc::new(server), validity })
    }
}

/// The time in which every certificate of a chain is valid.
fn validity_of(chain: &[CertificateDer<'_>], now: Timestamp) -> Result<Validity, Error> {
    let read = |certificate: &CertificateDer<'_>| {
        let validity = Validity::read(certificate);
        validity.ok_or_else(|| Error::certificate("the certificate's time of validity cannot be read"))
    };
    let mut all = chain.iter().map(read);
    let first = all.next().ok_or_else(|| Error::certificate("the certificate file holds no certificate"))??;
    let validity = all.try_fold(first, |common, one| {
        let one = one?;
        Ok::<_, Error>(Validity { from: common.from.max(one.from), until: common.until.min(one.until) })
    })?;
    if now < validity.from {
        return Err(Error::CertificateTime { what: "the certificate is not valid before", at: validity.from });
    }
    if now > validity.until {
        return Err(Error::CertificateTime { what: "the certificate has expired at", at: validity.until });
    }
    Ok(validity)
}

impl Tls {
    /// Serves with `pair`.
    #[must_use]
    pub fn new(pair: Pair) -> Self {
        Self(RwLock::new(State::of(pair)))
    }

    /// Begins new connections with `pair`; those that are open keep theirs.
    pub fn replace(&self, pair: Pair) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = State::of(pair);
    }

    /// Notes why a newer pair was not taken into use.
    pub fn keep_because(&self, problem: String) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).certificate.problem = Some(problem);
    }

    /// How the certificate in use is.
    #[must_use]
    pub fn certificate(&self) -> CertificateState {
        self.0.read().unwrap_or_else(PoisonError::into_inner).certificate.clone()
    }

    /// Shakes hands on a fresh connection.
    pub(crate) async fn accept(&self, socket: Socket) -> io::Result<TlsStream<Socket>> {
        let server = Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner).server);
        let mut stream = TlsAcceptor::from(server).accept(socket).await?;
        stream.get_mut().1.set_buffer_limit(Some(SEALED_BYTES));
        Ok(stream)
    }
}

impl State {
    fn of(pair: Pair) -> Self {
        let certificate = CertificateState { expires: pair.validity.until, problem: None };
        Self { server: pair.server, certificate }
    }
}

#[cfg(test)]
mod tests {
    use base::Kind;
    use testkit::certificates::{AUTHORITY, FIRST, SECOND, SECOND_EXPIRES};

    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_rfc3339("2026-11-24T00:00:00.000000Z").unwrap()
    }

    fn refused(chain: &str, key: &str, now: Timestamp) -> String {
        let error = Pair::read(chain.as_bytes(), key.as_bytes(), now).err().unwrap();
        assert_eq!(error.kind(), Kind::Invalid);
        error.to_string()
    }

    #[test]
    fn a_pair_must_belong_together_and_be_in_its_time() {
        assert!(Pair::read(FIRST.chain.as_bytes(), FIRST.key.as_bytes(), now()).is_ok());
        assert!(refused(FIRST.chain, SECOND.key, now()).contains("cannot be used together"));
        assert!(refused("", FIRST.key, now()).contains("holds no certificate"));
        assert!(refused(FIRST.chain, "", now()).contains("holds no private key"));
        assert!(refused(FIRST.key, FIRST.key, now()).contains("holds no certificate"));
        assert!(refused(&FIRST.chain[..200], FIRST.key, now()).contains("not PEM"));
        let late = Timestamp::from_rfc3339("2049-06-01T00:00:01.000000Z").unwrap();
        assert!(refused(SECOND.chain, SECOND.key, late).contains("has expired at `2049-06-01T00:00:00"));
        let early = Timestamp::from_seconds(0);
        assert!(refused(SECOND.chain, SECOND.key, early).contains("is not valid before `2024-01-01T00:00:00"));
    }

    #[test]
    fn the_chain_is_as_good_as_its_weakest_certificate() {
        let chain = format!("{}{}", FIRST.chain, SECOND.chain);
        let pair = Pair::read(chain.as_bytes(), FIRST.key.as_bytes(), now()).unwrap();
        assert_eq!(pair.validity.until.to_string(), SECOND_EXPIRES);
        assert!(AUTHORITY.starts_with("-----BEGIN CERTIFICATE"));
    }

    #[test]
    fn a_refused_replacement_leaves_the_old_pair_and_its_reason() {
        let pair =
            |files: &testkit::certificates::Files| Pair::read(files.chain.as_bytes(), files.key.as_bytes(), now());
        let tls = Tls::new(pair(&FIRST).unwrap());
        let before = tls.certificate();
        tls.keep_because("key new, certificate old".to_owned());
        assert_eq!(tls.certificate().expires, before.expires);
        assert_eq!(tls.certificate().problem.as_deref(), Some("key new, certificate old"));
        tls.replace(pair(&SECOND).unwrap());
        assert_eq!(tls.certificate().expires.to_string(), SECOND_EXPIRES);
        assert_eq!(tls.certificate().problem, None);
    }
}
