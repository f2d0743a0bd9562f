//! `cofferdam pause`. Never asks: it acts, then reports what it stopped.

use clap::Args;

use super::Context;
use crate::error::Error;
use crate::exit::Exit;

/// Stop an engagement: no further byte of it leaves
///
/// Acts at once and without asking; streams under way are cut, sessions end. Resuming takes two people.
#[derive(Args)]
pub(super) struct Pause {
    /// The engagement's name or id
    engagement: String,
}

impl Pause {
    pub(super) async fn run(self, context: &Context) -> Result<Exit, Error> {
        let paused = context.client()?.pause(&self.engagement).await?;
        let lines = [
            ("engagement", self.engagement.clone()),
            ("asked", paused.asked.to_string()),
            ("last byte before", paused.stopped.to_string()),
            ("held durably after", paused.took.to_string()),
            ("streams cut", paused.streams_cut.to_string()),
            ("sessions ended", paused.sessions_ended.to_string()),
            ("epoch", paused.epoch.to_string()),
        ];
        context.output.one("pause", &paused, &lines)?;
        let name = &self.engagement;
        context.output.say(if paused.already { "it was paused already" } else { "paused: nothing of it moves" });
        context.output.say(&format!("what was reached: `cofferdam scope --engagement {name} --from -1h`"));
        Ok(Exit::Done)
    }
}
