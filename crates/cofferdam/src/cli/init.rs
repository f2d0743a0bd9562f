//! `cofferdam init`.

use clap::Args;
use serde_json::json;

use super::Context;
use crate::error::Error;
use crate::exit::Exit;
use crate::init;

/// Found a deployment in the data folder, with its first person
///
/// The person gets the roles administrator and security, and a private key in the folder `identities`. Acts that need two
/// people need a second one: make them with `cofferdam principal create`.
#[derive(Args)]
pub(super) struct Init {
    /// The first person's name
    #[arg(long, default_value = "owner")]
    person: String,

    /// The ledger's name to strangers, such as `example.com/custody` [default: made from the deployment's id]
    #[arg(long, value_name = "NAME")]
    log: Option<String>,
}

impl Init {
    pub(super) async fn run(self, context: &Context) -> Result<Exit, Error> {
        let founded = init::found(&context.config()?, &self.person, self.log.as_deref()).await?;
        let log = founded.deployment.custody.ledger_state().await;
        founded.deployment.close().await;
        let (data, identity) = (context.data.display().to_string(), founded.identity.display().to_string());
        let thing = json!({ "data": data, "identity": identity, "log": log.origin, "log_key": log.key });
        let lines = [
            ("data folder", data.clone()),
            ("identity", identity),
            ("log", log.origin.clone()),
            ("log key", log.key.clone()),
        ];
        context.output.one("init", &thing, &lines)?;
        context.output.say(&format!("start the server with `cofferdam serve --data {data}`"));
        context.output.say("give partners the log key over another way than the packs they will verify with it");
        Ok(Exit::Done)
    }
}
