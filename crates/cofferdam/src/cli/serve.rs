//! `cofferdam serve`.

use clap::Args;

use super::Context;
use crate::error::Error;
use crate::exit::Exit;
use crate::{logging, serve};

/// Serve the data folder: S3 for data, the admin API for people
///
/// Runs until it is told to stop (SIGTERM or SIGINT); answers under way may finish then.
#[derive(Args)]
pub(super) struct Serve {}

impl Serve {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Error> {
        let config = context.config()?;
        logging::start(config.log);
        let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime =
            built.map_err(|source| Error::Broken { attempt: "starting the runtime", source: source.into() })?;
        runtime.block_on(serve::run(&config, &context.output))?;
        Ok(Exit::Done)
    }
}
