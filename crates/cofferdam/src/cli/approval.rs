//! `cofferdam approval`.

use base::id::ApprovalId;
use clap::Subcommand;
use serde_json::json;

use super::Context;
use crate::error::Error;
use crate::exit::Exit;

/// Acts that wait for a second person
#[derive(Subcommand)]
pub(super) enum Approval {
    /// List what waits
    List,
    /// Approve, with a signature over exactly this act
    Grant {
        /// Its id
        id: ApprovalId,
    },
}

impl Approval {
    pub(super) async fn run(self, context: &Context) -> Result<Exit, Error> {
        let client = context.client()?;
        match self {
            Self::List => {
                let rows: Vec<_> = client.approvals().await?.iter().map(|row| json!(row)).collect();
                let columns = [
                    ("ID", "id"),
                    ("ACT", "verb"),
                    ("ENGAGEMENT", "engagement"),
                    ("ASKED BY", "requester"),
                    ("APPROVED BY", "approvers"),
                    ("EXPIRES", "expires"),
                ];
                context.output.list("approvals", &columns, &rows)?;
            }
            Self::Grant { id } => {
                let approved = client.approve(id).await?;
                let lines = [
                    ("approval", approved.id.to_string()),
                    ("act", format!("{} {}", approved.verb, approved.engagement)),
                    ("asked by", approved.requester.clone()),
                    ("approved by", approved.approvers.join(", ")),
                    ("good until", approved.expires.to_string()),
                ];
                context.output.one("approval", &approved, &lines)?;
                context.output.say(&format!("now `{}` can do it", approved.requester));
            }
        }
        Ok(Exit::Done)
    }
}
