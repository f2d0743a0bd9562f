//! Founding a deployment with its first person, on a folder that no server runs on.
//!
//! Every step can be repeated: a crash anywhere leaves something that the same command completes. The private key is written
//! before the person is recorded, so that nobody is recorded whose key was lost.

use std::path::PathBuf;
use std::sync::Arc;

use base::Entropy;
use base::word::{PrincipalKind, Role};
use custody::office::NewPrincipal;
use store::LocalDisk;

use crate::chance::SystemEntropy;
use crate::client::Identity;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::error::Error;
use crate::files;
use crate::run_file::RunFile;
use crate::wiring::Deployment;

/// The file in the identities folder that names the first person.
const FIRST: &str = "first";

/// A deployment that was just founded.
pub struct Founded {
    /// Open and to be closed.
    pub deployment: Deployment,
    /// The first person's identity file.
    pub identity: PathBuf,
}

/// Founds a deployment whose first person is `person`: administrator and security.
///
/// # Errors
/// [`Error::Refused`] when it was founded already or a server runs on the folder; as [`Deployment::found`].
pub async fn found(config: &Config, person: &str, log: Option<&str>) -> Result<Founded, Error> {
    base::word::check_name(person).map_err(|error| Error::Misuse(format!("`{}` is {error}", person.escape_debug())))?;
    let clock = Arc::new(SystemClock);
    let deployment = Deployment::found(config, clock, log).await.map_err(|error| explain(config, error))?;
    let identity = write_identity(config, person, &SystemEntropy::default())?;
    let public_key = Some(Identity::read(&identity)?.public_key());
    let new = NewPrincipal {
        name: person.to_owned(),
        kind: PrincipalKind::Person,
        partner: None,
        roles: vec![Role::Administrator, Role::Security],
        public_key,
    };
    let request = deployment.custody.request();
    match deployment.custody.found_person(request, &new).await {
        Ok(_) => Ok(Founded { deployment, identity }),
        Err(error) => {
            deployment.close().await;
            match error {
                custody::CustodyError::Conflict(custody::Clash::Already) => Err(Error::Refused(format!(
                    "there is a deployment in `{0}` already\nserve it with `cofferdam serve --data {0}`",
                    config.data.display()
                ))),
                error => Err(Error::custody("recording the first person", error)),
            }
        }
    }
}

/// The identity file of the first person, if there is one on this machine.
///
/// # Errors
/// [`Error::File`].
pub fn first_identity(config: &Config) -> Result<Option<PathBuf>, Error> {
    let name = files::read_text(&config.identities().join(FIRST))?;
    Ok(name.map(|name| identity_path(config, name.trim())))
}

/// Where a person's identity file lies.
#[must_use]
pub fn identity_path(config: &Config, name: &str) -> PathBuf {
    config.identities().join(format!("{name}.key"))
}

/// Writes an identity file for the first person, or keeps the one that an interrupted founding left.
fn write_identity(config: &Config, person: &str, entropy: &dyn Entropy) -> Result<PathBuf, Error> {
    let path = identity_path(config, person);
    files::ensure_folder(&LocalDisk, &config.identities())?;
    if !path.exists() {
        let (_, line) = Identity::generate(person, entropy)?;
        files::create(&LocalDisk, &path, line.as_bytes())?;
    }
    let first = config.identities().join(FIRST);
    if !first.exists() {
        files::create(&LocalDisk, &first, format!("{person}\n").as_bytes())?;
    }
    Ok(path)
}

/// A folder that is in use is in use by a server, most likely the one that `run.json` names.
fn explain(config: &Config, error: Error) -> Error {
    match (RunFile::read(&config.data), error.kind()) {
        (Ok(Some(running)), base::Kind::Unavailable) => Error::Refused(format!(
            "a server runs on `{}` as process {}: it was founded already\nset it up with `cofferdam partner create` and so on",
            config.data.display(),
            running.process
        )),
        _ => error,
    }
}
