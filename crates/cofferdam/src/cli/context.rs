//! What every command is given: the options that all share, and how to reach a server.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

use serde_json::Value;

use crate::client::{AdminClient, Created, Identity};
use crate::config::{Config, Environment};
use crate::error::Error;
use crate::output::Output;
use crate::run_file::RunFile;

/// The data folder, unless another is named.
const DATA: &str = "cofferdam-data";

/// Options that all commands share. The command line goes before the environment.
pub struct Context {
    /// The data folder.
    pub data: PathBuf,
    /// Where to print.
    pub output: Output,
    identity: Option<PathBuf>,
    admin: Option<String>,
}

impl Context {
    pub(super) fn new(
        data: Option<PathBuf>,
        identity: Option<PathBuf>,
        admin: Option<String>,
        environment: Environment,
        output: Output,
    ) -> Self {
        Self {
            data: data.or(environment.data).unwrap_or_else(|| PathBuf::from(DATA)),
            identity: identity.or(environment.identity),
            admin: admin.or(environment.admin),
            output,
        }
    }

    /// The configuration in the data folder.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn config(&self) -> Result<Config, Error> {
        Config::read(&self.data)
    }

    /// A client of the running server, for the person whose identity is at hand.
    ///
    /// # Errors
    /// No identity, or no address.
    pub fn client(&self) -> Result<AdminClient, Error> {
        Ok(AdminClient::new(self.admin_address()?, Identity::read(&self.identity_file()?)?))
    }

    /// The S3 endpoint of the data folder's server, as clients name it.
    ///
    /// # Errors
    /// The configuration cannot be read.
    pub fn endpoint(&self) -> Result<String, Error> {
        let address = match RunFile::read(&self.data)? {
            Some(running) => running.s3,
            None => self.config()?.listen.s3,
        };
        Ok(format!("http://{address}"))
    }

    /// Prints the id of what was created.
    ///
    /// # Errors
    /// Standard output is gone.
    pub fn created(&self, noun: &str, created: &Created) -> Result<(), Error> {
        self.output.one(noun, created, &[("id", created.id.clone())])
    }

    /// Prints what the server says about one thing, each member on its line.
    ///
    /// # Errors
    /// Standard output is gone.
    pub fn shown(&self, noun: &str, thing: &Value) -> Result<(), Error> {
        let lines = crate::output::members(thing);
        let lines: Vec<(&str, String)> = lines.iter().map(|(label, value)| (label.as_str(), value.clone())).collect();
        self.output.one(noun, thing, &lines)
    }

    fn admin_address(&self) -> Result<SocketAddr, Error> {
        if let Some(named) = &self.admin {
            let resolved = named.to_socket_addrs().ok().and_then(|mut all| all.next());
            let bad =
                || Error::Misuse(format!("`{}` is no address\nwrite it like `127.0.0.1:8334`", named.escape_debug()));
            let address = resolved.ok_or_else(bad)?;
            if !address.ip().to_canonical().is_loopback() {
                return Err(Error::Refused(format!(
                    "`{address}` is not on this machine, and the admin API speaks plain text\nuse a tunnel to its machine"
                )));
            }
            return Ok(address);
        }
        match RunFile::read(&self.data)? {
            Some(running) => Ok(running.admin),
            None => Ok(self.config()?.listen.admin),
        }
    }

    /// The identity file: the one that was named, or the only founder's in the data folder.
    fn identity_file(&self) -> Result<PathBuf, Error> {
        if let Some(named) = &self.identity {
            return Ok(named.clone());
        }
        let config = self.config()?;
        let first = crate::init::first_identity(&config)?;
        first.ok_or_else(|| {
            Error::Misuse(format!(
                "there is no identity to sign with in `{}`\nname one with `--identity` or COFFERDAM_IDENTITY",
                config.identities().display()
            ))
        })
    }
}
