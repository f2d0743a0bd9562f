//! What every command is given: the options that all share, and how to reach a server.

use std::path::PathBuf;

use serde_json::Value;

use crate::client::{AdminClient, Created, Endpoint, Identity};
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
    ca: Option<PathBuf>,
}

/// What the command line names.
pub(super) struct Named {
    pub(super) data: Option<PathBuf>,
    pub(super) identity: Option<PathBuf>,
    pub(super) admin: Option<String>,
    pub(super) ca: Option<PathBuf>,
}

impl Context {
    pub(super) fn new(named: Named, environment: Environment, output: Output) -> Self {
        Self {
            data: named.data.or(environment.data).unwrap_or_else(|| PathBuf::from(DATA)),
            identity: named.identity.or(environment.identity),
            admin: named.admin.or(environment.admin),
            ca: named.ca.or(environment.authority),
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
        Ok(AdminClient::new(self.admin()?, Identity::read(&self.identity_file()?)?))
    }

    /// The file with the authority that vouches for the server, if one is named.
    pub(super) fn authority(&self) -> Option<&std::path::Path> {
        self.ca.as_deref()
    }

    /// The S3 endpoint of the data folder's server, as clients name it.
    ///
    /// # Errors
    /// The configuration cannot be read.
    pub fn endpoint(&self) -> Result<String, Error> {
        match RunFile::read(&self.data)? {
            Some(running) => Ok(running.endpoint()),
            None => Ok(self.config()?.endpoint()),
        }
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

    /// Where the admin API is: as named, or where the data folder's server speaks it.
    fn admin(&self) -> Result<Endpoint, Error> {
        if let Some(named) = &self.admin {
            return Endpoint::read(named, self.ca.as_deref());
        }
        let (address, tls) = match RunFile::read(&self.data)? {
            Some(running) => (running.admin, running.tls),
            None => {
                let config = self.config()?;
                (config.listen.admin, config.tls.is_some())
            }
        };
        if tls && !address.ip().to_canonical().is_loopback() {
            return Err(Error::Misuse(format!(
                "the server speaks its admin API on `{address}` over TLS, under a name that is not known here\n\
                 name it with `--admin https://NAME:{}`, and its authority with `--ca`",
                address.port()
            )));
        }
        Ok(Endpoint::from(address))
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
