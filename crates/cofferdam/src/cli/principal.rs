//! `cofferdam principal`.
//!
//! A person's key pair is made here and its private half never leaves this machine: the server is sent the public one. The
//! identity file is written first, so that nobody is registered whose key was lost; a server that refuses leaves no file.

use std::path::PathBuf;

use base::word::{PrincipalKind, Role};
use clap::{Subcommand, ValueEnum};
use custody::office::NewPrincipal;
use store::LocalDisk;

use super::Context;
use crate::chance::SystemEntropy;
use crate::client::Identity;
use crate::error::Error;
use crate::exit::Exit;
use crate::{files, init};

/// People and workloads
#[derive(Subcommand)]
pub(super) enum Principal {
    /// Create a principal; a person gets a private key on this machine
    Create {
        /// Its name
        name: String,
        /// Person or workload
        #[arg(long, value_enum, hide_possible_values = true, value_name = "person|workload")]
        kind: KindOption,
        /// What it is trusted with; repeat for more: administrator, security, data-engineer, labeler, privacy-officer,
        /// auditor, partner-security, partner-researcher, workload [default for a workload: workload]
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<Role>,
        /// The partner it belongs to [default: the operator's own]
        #[arg(long)]
        partner: Option<String>,
        /// A person's public key in base64, when the person has made their own; no identity is written then
        #[arg(long, value_name = "BASE64")]
        public_key: Option<String>,
        /// Where to write the identity [default: identities/<name>.key in the data folder]
        #[arg(long, value_name = "FILE", conflicts_with = "public_key")]
        out: Option<PathBuf>,
    },
    /// List principals
    List,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum KindOption {
    /// A human being with a key pair
    Person,
    /// A program with sessions
    Workload,
}

impl Principal {
    pub(super) async fn run(self, context: &Context) -> Result<Exit, Error> {
        match self {
            Self::Create { name, kind: KindOption::Person, roles, partner, public_key, out } => {
                let new = NewPrincipal { name, kind: PrincipalKind::Person, partner, roles, public_key };
                create_person(context, new, out).await?;
            }
            Self::Create { name, kind: KindOption::Workload, mut roles, partner, public_key, out } => {
                if public_key.is_some() || out.is_some() {
                    return Err(Error::Misuse("a workload has sessions, not a key".to_owned()));
                }
                if roles.is_empty() {
                    roles.push(Role::Workload);
                }
                let new = NewPrincipal { name, kind: PrincipalKind::Workload, partner, roles, public_key: None };
                let created = context.client()?.create_principal(&new).await?;
                context.created("principal", &created)?;
            }
            Self::List => {
                let rows = context.client()?.list("principals").await?;
                let columns =
                    [("NAME", "name"), ("KIND", "kind"), ("PARTNER", "partner"), ("ROLES", "roles"), ("ID", "id")];
                context.output.list("principals", &columns, &rows)?;
            }
        }
        Ok(Exit::Done)
    }
}

async fn create_person(context: &Context, mut new: NewPrincipal, out: Option<PathBuf>) -> Result<(), Error> {
    let client = context.client()?;
    if new.public_key.is_some() {
        return context.created("principal", &client.create_principal(&new).await?);
    }
    // The name becomes part of a path.
    base::word::check_name(&new.name)
        .map_err(|error| Error::Misuse(format!("`{}` is {error}", new.name.escape_debug())))?;
    let config = context.config()?;
    let path = out.unwrap_or_else(|| init::identity_path(&config, &new.name));
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        files::ensure_folder(&LocalDisk, folder)?;
    }
    let (identity, line) = Identity::generate(&new.name, &SystemEntropy::default())?;
    files::create(&LocalDisk, &path, line.as_bytes())?;
    new.public_key = Some(identity.public_key());
    match client.create_principal(&new).await {
        Ok(created) => {
            context.created("principal", &created)?;
            context.output.say(&format!("the private key is in `{}`; hand it to nobody else", path.display()));
            Ok(())
        }
        // The server said no: the key is nobody's. Whether it took one it did not answer is not known, so that key stays.
        Err(error @ Error::Problem(_)) => {
            files::remove(&LocalDisk, &path)?;
            Err(error)
        }
        Err(error) => Err(error),
    }
}
