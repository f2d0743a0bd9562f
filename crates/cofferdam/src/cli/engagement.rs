//! `cofferdam engagement`.

use base::word::Purpose;
use clap::Subcommand;

use super::Context;
use crate::error::Error;
use crate::exit::Exit;

/// Pieces of work with one partner: compartments
#[derive(Subcommand)]
pub(super) enum Engagement {
    /// Create an engagement with its own keys
    Create {
        /// Its name
        name: String,
        /// The partner it is for
        #[arg(long)]
        partner: String,
        /// A purpose its contract allows; repeat for more
        #[arg(long = "purpose", value_name = "PURPOSE", required = true)]
        purposes: Vec<Purpose>,
    },
    /// List engagements
    List,
    /// Show one engagement
    Show {
        /// Its name
        name: String,
    },
}

impl Engagement {
    pub(super) async fn run(self, context: &Context) -> Result<Exit, Error> {
        let client = context.client()?;
        match self {
            Self::Create { name, partner, purposes } => {
                let created = client.create_engagement(&partner, &name, &purposes).await?;
                context.created("engagement", &created)?;
            }
            Self::List => {
                let rows = client.list("engagements").await?;
                let columns = [
                    ("NAME", "name"),
                    ("PARTNER", "partner"),
                    ("STATE", "state"),
                    ("PURPOSES", "purposes"),
                    ("ID", "id"),
                ];
                context.output.list("engagements", &columns, &rows)?;
            }
            Self::Show { name } => {
                let shown = client.show("engagements", &name).await?;
                context.shown("engagement", &shown)?;
            }
        }
        Ok(Exit::Done)
    }
}
