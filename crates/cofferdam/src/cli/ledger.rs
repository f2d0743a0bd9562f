//! `cofferdam ledger`.

use std::path::PathBuf;

use clap::Subcommand;
use store::LocalDisk;

use super::Context;
use crate::error::Error;
use crate::exit::Exit;
use crate::files;

/// The append-only record
#[derive(Subcommand)]
pub(super) enum Ledger {
    /// Let the server audit its whole ledger: every entry, every chain, the tree
    Verify,
    /// Print the last checkpoint, as any transparency-log tool reads it
    Checkpoint,
    /// Write the evidence pack of an engagement, which `cofferdam-verify` checks offline
    Pack {
        /// The engagement's name or id
        engagement: String,
        /// The file to write; it must not exist
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

impl Ledger {
    pub(super) async fn run(self, context: &Context) -> Result<Exit, Error> {
        let client = context.client()?;
        match self {
            Self::Verify => {
                let audited = client.verify().await?;
                context.shown("ledger-audit", &audited)?;
                context.output.say("every entry agrees with its commitment, its chain and the published tree");
            }
            Self::Checkpoint => {
                let state = client.ledger().await?;
                if context.output.format == crate::output::Format::Json {
                    context.output.one("ledger", &state, &[])?;
                } else {
                    context.output.raw(&state.checkpoint)?;
                    context.output.say(&format!("it verifies under `{}`", state.key));
                    context.output.say(&format!("{} of {} entries are published", state.published, state.entries));
                }
            }
            Self::Pack { engagement, out } => {
                if out.exists() {
                    return Err(Error::Misuse(format!("`{}` exists already\nname another file", out.display())));
                }
                let pack = client.pack(&engagement).await?;
                files::create(&LocalDisk, &out, &pack)?;
                let bytes = base::Bytes(pack.len() as u64);
                let thing = serde_json::json!({ "engagement": engagement, "file": out, "bytes": bytes });
                let lines = [("pack", out.display().to_string()), ("size", bytes.to_string())];
                context.output.one("pack", &thing, &lines)?;
                context.output.say(&format!("check it with `cofferdam-verify {}`", out.display()));
            }
        }
        Ok(Exit::Done)
    }
}
