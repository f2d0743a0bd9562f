//! `cofferdam serve`.

use clap::Args;

use super::Context;
use crate::error::Error;
use crate::exit::Exit;
use crate::{logging, serve};

/// How many threads digest, scan, seal and flush what is uploaded. More than there are cores, since some of them wait for the disk;
/// few, since the allocator keeps for each thread what it last worked with: with one for every lane of every upload, that was
/// most of the memory. A pause has threads of its own.
const BLOCKING_THREADS: usize = 12;

/// Serve the data folder: S3 for data, the admin API for people
///
/// Runs until it is told to stop (SIGTERM or SIGINT); answers under way may finish then.
#[derive(Args)]
pub(super) struct Serve {}

impl Serve {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Error> {
        let config = context.config()?;
        logging::start(config.log);
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let built = builder.max_blocking_threads(BLOCKING_THREADS).enable_all().build();
        let runtime =
            built.map_err(|source| Error::Broken { attempt: "starting the runtime", source: source.into() })?;
        runtime.block_on(serve::run(&config, &context.output))?;
        Ok(Exit::Done)
    }
}
