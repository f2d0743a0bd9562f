//! `cofferdam dataset`.

use base::word::Purpose;
use clap::Subcommand;

use super::Context;
use crate::error::Error;
use crate::exit::Exit;

/// Named collections in an engagement: S3 buckets
#[derive(Subcommand)]
pub(super) enum Dataset {
    /// Create a dataset
    Create {
        /// The bucket's name
        bucket: String,
        /// The engagement it belongs to
        #[arg(long)]
        engagement: String,
        /// A purpose it was given for; repeat for more [default: all of the engagement's]
        #[arg(long = "purpose", value_name = "PURPOSE")]
        purposes: Vec<Purpose>,
        /// Let versions be read that no detector can read
        #[arg(long)]
        unscannable_readable: bool,
    },
    /// List datasets
    List,
}

impl Dataset {
    pub(super) async fn run(self, context: &Context) -> Result<Exit, Error> {
        let client = context.client()?;
        match self {
            Self::Create { bucket, engagement, purposes, unscannable_readable } => {
                let created = client.create_dataset(&engagement, &bucket, &purposes, unscannable_readable).await?;
                context.created("dataset", &created)?;
            }
            Self::List => {
                let rows = client.list("datasets").await?;
                let columns =
                    [("BUCKET", "bucket"), ("ENGAGEMENT", "engagement"), ("PURPOSES", "purposes"), ("ID", "id")];
                context.output.list("datasets", &columns, &rows)?;
            }
        }
        Ok(Exit::Done)
    }
}
