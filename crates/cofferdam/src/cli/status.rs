//! `cofferdam status`.

use clap::Args;

use super::Context;
use crate::error::Error;
use crate::exit::Exit;

/// How the server is, and what it holds
#[derive(Args)]
pub(super) struct Status {}

impl Status {
    pub(super) async fn run(self, context: &Context) -> Result<Exit, Error> {
        let status = context.client()?.status().await?;
        context.shown("status", &status)?;
        Ok(Exit::Done)
    }
}
