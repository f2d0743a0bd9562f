//! `run.json`: where the server that runs on a data folder listens.
//!
//! The server writes it once it listens and removes it when it ends; commands read it to find the server. After a crash an
//! old one is left: the address in it then answers nobody, or, at worst, a stranger, who learns a signed request and can do
//! nothing with it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use store::LocalDisk;

use crate::error::Error;
use crate::files;

/// The version of the file.
const SCHEMA: &str = "cofferdam.run/1";

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFile {
    /// `cofferdam.run/1`.
    pub schema: String,
    /// The server's process.
    pub process: u32,
    /// Where it speaks S3.
    pub s3: SocketAddr,
    /// Where it speaks the admin API.
    pub admin: SocketAddr,
    /// Whether it speaks S3 over TLS; and the admin API, unless that stays on this machine.
    #[serde(default)]
    pub tls: bool,
}

impl RunFile {
    /// For this process.
    #[must_use]
    pub fn new(s3: SocketAddr, admin: SocketAddr, tls: bool) -> Self {
        Self { schema: SCHEMA.to_owned(), process: std::process::id(), s3, admin, tls }
    }

    /// Where it speaks S3, as clients name it.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("{}://{}", if self.tls { "https" } else { "http" }, self.s3)
    }

    /// Where it lies.
    #[must_use]
    pub fn path(data: &Path) -> PathBuf {
        data.join("run.json")
    }

    /// Writes it.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn write(&self, data: &Path) -> Result<(), Error> {
        let text = serde_json::to_vec_pretty(self).unwrap_or_default();
        files::replace(&LocalDisk, &Self::path(data), &text)
    }

    /// Reads it; nothing if there is none, or none that this program understands.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn read(data: &Path) -> Result<Option<Self>, Error> {
        let text = files::read_text(&Self::path(data))?;
        Ok(text.and_then(|text| serde_json::from_str::<Self>(&text).ok()).filter(|file| file.schema == SCHEMA))
    }

    /// Removes it.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn remove(data: &Path) -> Result<(), Error> {
        files::remove(&LocalDisk, &Self::path(data))
    }
}
