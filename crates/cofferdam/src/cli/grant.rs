//! `cofferdam grant`.

use base::id::GrantId;
use base::time::Clock;
use base::word::{Purpose, Verb};
use clap::Subcommand;
use custody::office::NewGrant;

use super::Context;
use crate::clock::SystemClock;
use crate::error::Error;
use crate::exit::Exit;
use crate::when;

/// What principals may ask for
#[derive(Subcommand)]
pub(super) enum Grant {
    /// Make a grant
    Create {
        /// To whom
        #[arg(long)]
        principal: String,
        /// In which engagement
        #[arg(long)]
        engagement: String,
        /// On which bucket [default: all of the engagement's]
        #[arg(long)]
        bucket: Option<String>,
        /// What may be done; repeat for more: read, head, list, write, delete, create-dataset,
        /// delete-dataset, configure-dataset, bypass-governance
        #[arg(long = "verb", value_name = "VERB", required = true)]
        verbs: Vec<Verb>,
        /// For which purpose; repeat for more
        #[arg(long = "purpose", value_name = "PURPOSE", required = true)]
        purposes: Vec<Purpose>,
        /// For how long, such as `12h` or `30d`
        #[arg(long = "for", value_name = "SPAN", default_value = "30d", value_parser = when::read_span_seconds)]
        seconds: u64,
    },
    /// List grants
    List,
    /// Withdraw a grant; decisions made under it are void at once
    Delete {
        /// Its id
        id: GrantId,
    },
}

impl Grant {
    pub(super) async fn run(self, context: &Context) -> Result<Exit, Error> {
        let client = context.client()?;
        match self {
            Self::Create { principal, engagement, bucket, verbs, purposes, seconds } => {
                let expires = SystemClock.now().plus_seconds(i64::try_from(seconds).unwrap_or(i64::MAX));
                let new = NewGrant { principal, engagement, bucket, verbs, purposes, expires };
                let created = client.create_grant(&new).await?;
                context.created("grant", &created)?;
            }
            Self::List => {
                let rows = client.list("grants").await?;
                let columns = [
                    ("ID", "id"),
                    ("PRINCIPAL", "principal"),
                    ("ENGAGEMENT", "engagement"),
                    ("BUCKET", "bucket"),
                    ("VERBS", "verbs"),
                    ("PURPOSES", "purposes"),
                    ("EXPIRES", "expires"),
                ];
                context.output.list("grants", &columns, &rows)?;
            }
            Self::Delete { id } => {
                client.delete_grant(id).await?;
                context.output.say(&format!("grant `{id}` is withdrawn"));
            }
        }
        Ok(Exit::Done)
    }
}
