//! Certificates for https: those that the tests have, written where the program reads its own.
//!
//! # Threats
//! Everybody knows the key, as everybody knows the accounts' keys.

use std::path::{Path, PathBuf};

use cofferdam::config::{Config, TlsFiles};
use cofferdam::{Error, files};
use store::LocalDisk;
use testkit::certificates::{AUTHORITY, FIRST};

/// The files never change, so they need no looking at.
const CHECK_SECONDS: u32 = 3600;

/// Where the certificate of the authority lies, which clients are told to believe.
pub(crate) fn authority(config: &Config) -> Option<PathBuf> {
    config.tls.as_ref().map(|_| folder(&config.data).join("authority.pem"))
}

/// Writes the files into a founded data folder; the configuration that names them.
///
/// # Errors
/// [`Error::File`].
pub(crate) fn write(data: &Path) -> Result<TlsFiles, Error> {
    let folder = folder(data);
    files::ensure_folder(&LocalDisk, &folder)?;
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        files::create(&LocalDisk, &path, text.as_bytes()).map(|()| path)
    };
    write("authority.pem", AUTHORITY)?;
    Ok(TlsFiles {
        certificate: write("chain.pem", FIRST.chain)?,
        key: write("key.pem", FIRST.key)?,
        check_seconds: CHECK_SECONDS,
    })
}

fn folder(data: &Path) -> PathBuf {
    data.join("tls")
}
