//! `cofferdam partner`.

use clap::Subcommand;

use super::Context;
use crate::error::Error;
use crate::exit::Exit;

/// Organisations the operator works for
#[derive(Subcommand)]
pub(super) enum Partner {
    /// Create a partner
    Create {
        /// Its name
        name: String,
    },
    /// List partners
    List,
}

impl Partner {
    pub(super) async fn run(self, context: &Context) -> Result<Exit, Error> {
        let client = context.client()?;
        match self {
            Self::Create { name } => {
                let created = client.create_partner(&name).await?;
                context.created("partner", &created)?;
            }
            Self::List => {
                let rows = client.list("partners").await?;
                context.output.list("partners", &[("NAME", "name"), ("ID", "id"), ("CREATED", "created")], &rows)?;
            }
        }
        Ok(Exit::Done)
    }
}
