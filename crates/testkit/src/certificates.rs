//! Certificates to serve TLS with in tests, for `localhost`, `127.0.0.1`, `s3.localhost` and `*.s3.localhost`.
//!
//! Made by `tests/python/make_certificates.py`; the keys protect nothing.

/// A certificate chain and its private key, in PEM.
#[derive(Clone, Copy)]
pub struct Files {
    /// The certificate.
    pub chain: &'static str,
    /// Its private key.
    pub key: &'static str,
}

/// The certificate of the authority that signed both.
pub const AUTHORITY: &str = include_str!("../content/certificates/authority.pem");

/// A server's certificate.
pub const FIRST: Files = Files {
    chain: include_str!("../content/certificates/first.pem"),
    key: include_str!("../content/certificates/first.key"),
};

/// When the first one expires.
pub const FIRST_EXPIRES: &str = "2124-01-01T00:00:00.000000Z";

/// Another one for the same names.
pub const SECOND: Files = Files {
    chain: include_str!("../content/certificates/second.pem"),
    key: include_str!("../content/certificates/second.key"),
};

/// When the second one expires.
pub const SECOND_EXPIRES: &str = "2049-06-01T00:00:00.000000Z";
