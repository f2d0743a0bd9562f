//! Configuration: what `cofferdam.toml` in the data folder says, and the few environment variables there are.
//!
//! This is the only file that reads the environment. Configuration says where a secret lies, never the secret.
//!
//! ```toml
//! [listen]
//! s3 = "127.0.0.1:8333"        # a loopback address, until TLS is configured
//! admin = "127.0.0.1:8334"     # plain text on a loopback address, TLS elsewhere
//!
//! [tls]                        # with this, S3 is spoken over TLS, wherever it is spoken
//! certificate = "tls/chain.pem"
//! key = "tls/key.pem"          # its owner's alone
//! check_seconds = 30           # how often the files are looked at; SIGHUP has them read at once
//!
//! [s3]
//! domains = ["s3.example.org"] # `bucket.s3.example.org` is answered too
//!
//! [limits]
//! connections = 4096
//! connections_per_address = 1024
//! uncounted = ["127.0.0.0/8", "::1"]   # not counted by address: this machine, and proxies
//!
//! [root_key]
//! file = "keys/root.key"       # relative to the data folder
//! passphrase_file = "/run/credentials/cofferdam/passphrase"
//!
//! [intake]
//! unscannable_readable = false   # whether Parquet, images and so on may be read in buckets that S3 clients create
//!
//! [log]
//! level = "info"               # error, warn, info, debug, trace
//! format = "text"              # or "json"
//! ```
//!
//! # Threats
//! Whoever edits the file steers the program; it lies in the data folder, which is its owner's alone. A misspelt key would
//! silently mean a default, so unknown keys are refused by name.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use custody::place::{Network, NotANetwork};
use gateway::wire::Security;
use serde::Deserialize;

use crate::error::Error;

/// The name of the file in the data folder.
pub const FILE: &str = "cofferdam.toml";

/// Where S3 is spoken, unless configured otherwise.
pub const S3_ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8333);

/// Where the admin API is spoken, unless configured otherwise.
pub const ADMIN_ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8334);

/// The configuration of one deployment on this machine.
#[derive(Clone, Debug)]
pub struct Config {
    /// The data folder.
    pub data: PathBuf,
    /// Where to listen.
    pub listen: Listen,
    /// Where the certificate for TLS lies; without it, plain text is spoken, on this machine alone.
    pub tls: Option<TlsFiles>,
    /// How S3 is addressed.
    pub s3: S3,
    /// What connections may take.
    pub limits: Limits,
    /// Where the root key lies.
    pub root_key: RootKey,
    /// What intake does with what arrives.
    pub intake: Intake,
    /// How to log.
    pub log: Log,
}

/// Where to listen. Port 0 takes a free one; `run.json` in the data folder says which.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Listen {
    /// For S3.
    pub s3: SocketAddr,
    /// For the admin API.
    pub admin: SocketAddr,
}

/// Where the certificate for TLS and its private key lie, in PEM.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// The certificate, and those between it and its authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// How often to look whether they have changed.
    #[serde(default = "check_seconds")]
    pub check_seconds: u32,
}

/// How S3 is addressed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct S3 {
    /// Names under which buckets have names of their own.
    pub domains: Vec<String>,
}

/// What the connections of a listener may take. Everything else is bounded by constants.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// How many there may be.
    pub connections: usize,
    /// How many of them may come from one address.
    pub connections_per_address: usize,
    /// Networks that are not counted by address.
    pub uncounted: Vec<String>,
}

/// Where the root key lies.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RootKey {
    /// Its file.
    pub file: PathBuf,
    /// A file that holds the passphrase it is sealed with, if it is.
    pub passphrase_file: Option<PathBuf>,
}

/// What intake does with what arrives.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Intake {
    /// Whether what no detector can read may be read in buckets that S3 clients create. People who create a dataset with
    /// `cofferdam dataset create` say so themselves.
    pub unscannable_readable: bool,
}

/// How to log.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// From which level on.
    pub level: Level,
    /// In which form.
    pub format: LogFormat,
}

/// A log level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// What needs somebody's attention now.
    Error,
    /// What may need it.
    Warn,
    /// What a day's log should show.
    #[default]
    Info,
    /// For finding out why.
    Debug,
    /// For finding out everything.
    Trace,
}

/// A form of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    listen: Listen,
    tls: Option<TlsFiles>,
    s3: S3,
    limits: Limits,
    root_key: RootKey,
    intake: Intake,
    log: Log,
}

/// Half a minute: a certificate that is replaced days before the old one expires can wait that long.
const fn check_seconds() -> u32 {
    30
}

impl Default for Limits {
    fn default() -> Self {
        let limits = gateway::limits::Limits::default();
        let uncounted = limits.uncounted.iter().map(ToString::to_string).collect();
        Self { connections: limits.connections, connections_per_address: limits.connections_per_address, uncounted }
    }
}

impl Default for Listen {
    fn default() -> Self {
        Self { s3: S3_ADDRESS, admin: ADMIN_ADDRESS }
    }
}

impl Default for RootKey {
    fn default() -> Self {
        Self { file: PathBuf::from("keys/root.key"), passphrase_file: None }
    }
}

impl Config {
    /// Reads the configuration of a data folder; without a file, everything is as the defaults say.
    ///
    /// # Errors
    /// [`Error::Config`], naming the key that is wrong; [`Error::File`].
    pub fn read(data: &Path) -> Result<Self, Error> {
        let path = data.join(FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(data, &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::parse(data, ""),
            Err(error) => Err(Error::file("reading the configuration", &path, error)),
        }
    }

    fn parse(data: &Path, text: &str) -> Result<Self, Error> {
        let config = |why: String| Error::Config { path: data.join(FILE), why };
        let file: File = toml::from_str(text).map_err(|error| config(explain(&error, text)))?;
        file.check().map_err(config)?;
        Ok(Self {
            data: data.to_owned(),
            listen: file.listen,
            tls: file.tls.map(|tls| TlsFiles {
                certificate: data.join(tls.certificate),
                key: data.join(tls.key),
                check_seconds: tls.check_seconds,
            }),
            s3: file.s3,
            limits: file.limits,
            root_key: RootKey {
                file: data.join(file.root_key.file),
                passphrase_file: file.root_key.passphrase_file.map(|file| data.join(file)),
            },
            intake: file.intake,
            log: file.log,
        })
    }

    /// What protects the admin API: on a loopback address it needs no certificate.
    #[must_use]
    pub fn admin_security(&self) -> Security {
        if self.listen.admin.ip().to_canonical().is_loopback() { Security::Plain } else { Security::Tls }
    }

    /// What protects S3.
    #[must_use]
    pub const fn s3_security(&self) -> Security {
        if self.tls.is_some() { Security::Tls } else { Security::Plain }
    }

    /// Where S3 is spoken, as clients name it.
    #[must_use]
    pub fn endpoint(&self) -> String {
        let port = self.listen.s3.port();
        match (self.s3_security(), self.s3.domains.first()) {
            (Security::Plain, _) => format!("http://{}", self.listen.s3),
            (Security::Tls, None) => format!("https://{}", self.listen.s3),
            (Security::Tls, Some(name)) => format!("https://{name}:{port}"),
        }
    }

    /// The limits of a listener.
    #[must_use]
    pub fn listener_limits(&self) -> gateway::limits::Limits {
        gateway::limits::Limits {
            connections: self.limits.connections,
            connections_per_address: self.limits.connections_per_address,
            // They were read when the configuration was.
            uncounted: self.limits.uncounted.iter().filter_map(|network| network.parse().ok()).collect(),
            ..gateway::limits::Limits::default()
        }
    }

    /// Where people's private keys lie on this machine.
    #[must_use]
    pub fn identities(&self) -> PathBuf {
        self.data.join("identities")
    }
}

impl File {
    fn check(&self) -> Result<(), String> {
        for (key, address) in [("listen.s3", self.listen.s3), ("listen.admin", self.listen.admin)] {
            if self.tls.is_none() && !address.ip().to_canonical().is_loopback() {
                return Err(format!(
                    "`{key}` is `{address}`, where plain text would leave this machine\n\
                     name a certificate under `[tls]`, or use a loopback address such as `127.0.0.1:{}`",
                    address.port()
                ));
            }
        }
        if self.tls.as_ref().is_some_and(|tls| tls.check_seconds == 0) {
            return Err("`tls.check_seconds` is 0\nuse at least 1".to_owned());
        }
        if self.limits.connections == 0 || self.limits.connections_per_address == 0 {
            return Err("a limit of 0 connections lets nobody in\nuse at least 1".to_owned());
        }
        if let Some(bad) = self.limits.uncounted.iter().find(|network| network.parse::<Network>().is_err()) {
            return Err(format!("`limits.uncounted` holds `{}`, which is {NotANetwork}", bad.escape_debug()));
        }
        let name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
        if let Some(bad) = self.s3.domains.iter().find(|domain| domain.is_empty() || !domain.bytes().all(name)) {
            return Err(format!(
                "`s3.domains` holds `{}`, which is no name\nwrite it in lower case, like `s3.example.org`",
                bad.escape_debug()
            ));
        }
        Ok(())
    }
}

/// What is wrong, on one line that names the place; the known keys or values on the next.
fn explain(error: &toml::de::Error, text: &str) -> String {
    let line = error
        .span()
        .and_then(|span| text.get(..span.start))
        .map(|before| before.matches('\n').count().saturating_add(1));
    let message = error.message();
    let (what, known) = message.split_once(", ").unwrap_or((message, ""));
    let place = line.map_or_else(String::new, |line| format!("line {line}: "));
    if known.is_empty() { format!("{place}{what}") } else { format!("{place}{what}\n{known}") }
}

/// What the environment says. Options on the command line go before it.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `COFFERDAM_DATA`: the data folder.
    pub data: Option<PathBuf>,
    /// `COFFERDAM_IDENTITY`: the identity file.
    pub identity: Option<PathBuf>,
    /// `COFFERDAM_ADMIN`: the admin address of a running server.
    pub admin: Option<String>,
    /// `COFFERDAM_CA`: the certificate of the authority to believe.
    pub authority: Option<PathBuf>,
    /// `NO_COLOR`: whether output must stay plain.
    pub plain: bool,
}

impl Environment {
    /// Reads the environment. An empty variable counts as none.
    #[must_use]
    pub fn read() -> Self {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        Self {
            data: variable("COFFERDAM_DATA").map(PathBuf::from),
            identity: variable("COFFERDAM_IDENTITY").map(PathBuf::from),
            admin: variable("COFFERDAM_ADMIN").map(|value| value.to_string_lossy().into_owned()),
            authority: variable("COFFERDAM_CA").map(PathBuf::from),
            plain: variable("NO_COLOR").is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(Path::new("/data"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn an_empty_file_means_the_defaults() {
        let config = parse("").unwrap();
        assert_eq!((config.listen.s3, config.listen.admin), (S3_ADDRESS, ADMIN_ADDRESS));
        assert_eq!(config.root_key.file, Path::new("/data/keys/root.key"));
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let why = parse("[listen]\ns4 = \"127.0.0.1:1\"\n").unwrap_err();
        assert!(why.contains("cofferdam.toml"), "{why}");
        assert!(why.contains("line 2: unknown field `s4`"), "{why}");
        assert!(why.contains("\nexpected `s3` or `admin`"), "{why}");
        assert!(parse("[listne]\n").unwrap_err().contains("`listne`"));
        assert!(parse("[log]\nlevel = \"loud\"\n").unwrap_err().contains("`loud`"));
    }

    #[test]
    fn plain_text_stays_on_this_machine() {
        let why = parse("[listen]\nadmin = \"0.0.0.0:8334\"\n").unwrap_err();
        assert!(why.contains("`listen.admin` is `0.0.0.0:8334`"), "{why}");
        assert!(parse("[listen]\ns3 = \"[::1]:8333\"\n").is_ok());
        let tls = "[tls]\ncertificate = \"c.pem\"\nkey = \"/k.pem\"\n";
        let config = parse(&format!("{tls}[listen]\ns3 = \"0.0.0.0:8333\"\n")).unwrap();
        assert_eq!((config.s3_security(), config.admin_security()), (Security::Tls, Security::Plain));
        let tls = config.tls.unwrap();
        assert_eq!((tls.certificate.as_path(), tls.key.as_path()), (Path::new("/data/c.pem"), Path::new("/k.pem")));
        let config = parse("[tls]\ncertificate = \"c\"\nkey = \"k\"\n[listen]\nadmin = \"[::]:1\"\n").unwrap();
        assert_eq!(config.admin_security(), Security::Tls);
    }

    #[test]
    fn limits_and_names_must_make_sense() {
        let limits = parse("[limits]\nuncounted = [\"10.0.0.0/8\"]\nconnections = 9\n").unwrap().listener_limits();
        assert_eq!((limits.connections, limits.connections_per_address, limits.uncounted.len()), (9, 1024, 1));
        assert_eq!(parse("").unwrap().listener_limits().uncounted.len(), 2);
        for bad in [
            "[limits]\nconnections = 0\n",
            "[limits]\nuncounted = [\"here\"]\n",
            "[s3]\ndomains = [\"S3.example.org\"]\n",
            "[s3]\ndomains = [\"\"]\n",
            "[tls]\ncertificate = \"c\"\nkey = \"k\"\ncheck_seconds = 0\n",
            "[tls]\nkey = \"k\"\n",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn secrets_have_no_place_here() {
        assert!(parse("[root_key]\npassphrase = \"x\"\n").unwrap_err().contains("unknown field `passphrase`"));
    }
}
