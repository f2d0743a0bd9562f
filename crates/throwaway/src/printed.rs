//! What whoever started the server reads: where it is, and who may ask it for what.

use std::fmt::Write as _;

use cofferdam::config::Config;
use cofferdam::run_file::RunFile;
use serde::Serialize;

use crate::accounts::Account;
use crate::stage::{self, Stage};

/// The version of the JSON.
const SCHEMA: &str = "cofferdam.throwaway/1";

/// Any region will do; this is the one that clients have by default.
const REGION: &str = "us-east-1";

/// How it is written.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Form {
    /// One line of JSON.
    Json,
    /// The configuration file of suites written for boto3.
    Ini,
}

/// The server and its accounts.
#[derive(Serialize)]
pub(crate) struct Printed<'a> {
    schema: &'static str,
    endpoint: String,
    host: String,
    port: u16,
    secure: bool,
    /// The file of the authority that vouches for the server, over https.
    ca: Option<String>,
    region: &'static str,
    admin: String,
    data: String,
    /// Whose identity files pause and resume: the first person's, and that of who approves.
    identities: [String; 2],
    accounts: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    display_name: &'a str,
    id: String,
    email: &'a str,
    engagement: &'a str,
    access_key: &'a str,
    secret_key: &'a str,
}

impl<'a> Printed<'a> {
    pub(crate) fn new(running: &RunFile, config: &Config, stage: &Stage, accounts: &'a [Account]) -> Self {
        let rows = accounts.iter().zip(&stage.engagements).map(|(account, engagement)| Row {
            name: &account.name,
            display_name: &account.name,
            id: engagement.to_string(),
            email: &account.email,
            engagement: &account.name,
            access_key: &account.access_key,
            secret_key: &account.secret_key,
        });
        let identities = [cofferdam::init::identity_path(config, stage::OWNER), stage::second_identity(config)];
        Self {
            schema: SCHEMA,
            endpoint: running.endpoint(),
            host: running.s3.ip().to_string(),
            port: running.s3.port(),
            secure: running.tls,
            ca: crate::tls::authority(config).map(|path| path.display().to_string()),
            region: REGION,
            admin: format!("http://{}", running.admin),
            data: config.data.display().to_string(),
            identities: identities.map(|path| path.display().to_string()),
            accounts: rows.collect(),
        }
    }

    pub(crate) fn text(&self, form: Form) -> String {
        match form {
            // Plain structs of strings cannot fail to be written.
            Form::Json => serde_json::to_string(self).unwrap_or_default() + "\n",
            Form::Ini => self.ini(),
        }
    }

    /// As the best known suite for S3 gateways reads it.
    fn ini(&self) -> String {
        let title = |secure| if secure { "True" } else { "False" };
        let mut text = format!(
            "[DEFAULT]\nhost = {}\nport = {}\nis_secure = {}\nssl_verify = False\n\n\
             [fixtures]\nbucket prefix = throwaway-{{random}}-\niam name prefix = throwaway-\niam path prefix = /throwaway/\n",
            self.host,
            self.port,
            title(self.secure)
        );
        for row in &self.accounts {
            let section = match row.name {
                "iam" => "iam".to_owned(),
                "iam-root" => "iam root".to_owned(),
                "iam-alt-root" => "iam alt root".to_owned(),
                name => format!("s3 {name}"),
            };
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "\n[{section}]\ndisplay_name = {}\nuser_id = {}\nemail = {}\napi_name =\ntenant = {}\naccess_key = {}\nsecret_key = {}\n",
                row.display_name, row.id, row.email, row.name, row.access_key, row.secret_key
            );
        }
        text
    }
}
