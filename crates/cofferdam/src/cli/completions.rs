//! `cofferdam completions`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Context};
use crate::error::Error;
use crate::exit::Exit;

/// Print completions for a shell
#[derive(Args)]
pub(super) struct Completions {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Error> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "cofferdam", &mut script);
        context.output.raw(&String::from_utf8_lossy(&script))?;
        Ok(Exit::Done)
    }
}
