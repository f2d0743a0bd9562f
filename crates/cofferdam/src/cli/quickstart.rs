//! `cofferdam quickstart`: from nothing to a session in one command.

use base::word::{PrincipalKind, Purpose, Role, Verb};
use clap::Args;
use custody::office::{NewGrant, NewPrincipal};
use custody::sessions::{Issued, NewSession};
use custody::{Caller, CustodyError};

use super::{Context, session};
use crate::error::Error;
use crate::exit::Exit;
use crate::init;
use crate::wiring::Deployment;

/// How long the first grant lives: long enough to try things out.
const GRANT_SECONDS: i64 = 30 * 24 * 3600;

/// How long the first session lives: as long as a workload's may.
const SESSION_SECONDS: u64 = custody::sessions::LONGEST_WORKLOAD_SESSION_SECONDS;

/// Found a deployment and set up one of everything, to try it out
///
/// A partner, an engagement, a bucket, a workload, a grant and a session whose credentials are printed.
#[derive(Args)]
pub(super) struct Quickstart {
    /// The first person's name
    #[arg(long, default_value = "owner")]
    person: String,
    /// The partner's name
    #[arg(long, default_value = "acme")]
    partner: String,
    /// The engagement's name
    #[arg(long, default_value = "demo")]
    engagement: String,
    /// The bucket's name
    #[arg(long, default_value = "demo-data")]
    bucket: String,
    /// The workload's name
    #[arg(long, default_value = "loader")]
    workload: String,
    /// What the data is for
    #[arg(long, default_value = "model-training")]
    purpose: Purpose,
    /// Let versions be read that no detector can read, such as images
    #[arg(long)]
    unscannable_readable: bool,
}

impl Quickstart {
    pub(super) async fn run(self, context: &Context) -> Result<Exit, Error> {
        let config = context.config()?;
        let founded = init::found(&config, &self.person, None).await?;
        let set_up = self.set_up(&founded.deployment).await;
        founded.deployment.close().await;
        let issued = set_up.map_err(|error| Error::custody("setting up", error))?;
        session::print_issued(context, &issued, &config.endpoint())?;
        let data = context.data.display();
        context.output.say(&format!(
            "next:\n  cofferdam serve --data {data} &\n  aws s3 cp FILE s3://{}/\n  cofferdam scope --data {data} --engagement {}",
            self.bucket, self.engagement
        ));
        Ok(Exit::Done)
    }

    async fn set_up(&self, deployment: &Deployment) -> Result<Issued, CustodyError> {
        let custody = &deployment.custody;
        let owner: Caller = custody.local_person(&self.person)?;
        let purposes = || vec![self.purpose.clone()];
        custody.create_partner(&owner, custody.request(), &self.partner).await?;
        custody.create_engagement(&owner, custody.request(), &self.partner, &self.engagement, purposes()).await?;
        custody
            .create_dataset(
                &owner,
                custody.request(),
                &self.engagement,
                &self.bucket,
                Vec::new(),
                self.unscannable_readable,
            )
            .await?;
        let workload = NewPrincipal {
            name: self.workload.clone(),
            kind: PrincipalKind::Workload,
            partner: None,
            roles: vec![Role::Workload],
            public_key: None,
        };
        custody.create_principal(&owner, custody.request(), &workload).await?;
        let grant = NewGrant {
            principal: self.workload.clone(),
            engagement: self.engagement.clone(),
            bucket: None,
            verbs: vec![
                Verb::Read,
                Verb::Head,
                Verb::List,
                Verb::Write,
                Verb::Delete,
                Verb::CreateDataset,
                Verb::DeleteDataset,
                Verb::ConfigureDataset,
            ],
            purposes: purposes(),
            expires: deployment.clock.now().plus_seconds(GRANT_SECONDS),
        };
        custody.create_grant(&owner, custody.request(), &grant).await?;
        let new = NewSession {
            principal: self.workload.clone(),
            engagement: self.engagement.clone(),
            purpose: self.purpose.clone(),
            places: vec!["127.0.0.0/8".to_owned(), "::1".to_owned()],
            seconds: SESSION_SECONDS,
        };
        custody.create_session(&owner, custody.request(), &new).await
    }
}
