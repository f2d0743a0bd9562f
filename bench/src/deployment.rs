//! A fresh deployment of the release build on core 0, with one engagement to measure in.

use std::fs::{File, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base::Clock;
use base::word::{PrincipalKind, Purpose, Role, Verb};
use cofferdam::chance::SystemEntropy;
use cofferdam::client::{AdminClient, Credentials, Identity, S3Client};
use cofferdam::clock::SystemClock;
use cofferdam::run_file::RunFile;
use custody::office::{NewGrant, NewPrincipal};
use custody::sessions::NewSession;
use testkit::certificates::FIRST;

use crate::Outcome;

/// The program that is measured, built by the entry point.
const PROGRAM: &str = "target/release/cofferdam";

/// Where the server runs; the clients run elsewhere.
pub(crate) const SERVER_CORE: &str = "0";

const ENGAGEMENT: &str = "measured";
const WORKLOAD: &str = "loader";

/// The bucket everything lies in.
pub(crate) const BUCKET: &str = "measured-data";

/// The region in signatures.
pub(crate) const REGION: &str = "us-east-1";

/// How long sessions and grants live: longer than any measurement.
const SECONDS: u64 = 3600;

/// How long a server may take to start.
const START_SECONDS: u64 = 20;

/// What S3 is spoken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Security {
    /// Plain TCP.
    Plain,
    /// TLS, with a certificate of the tests.
    Tls,
}

/// A running server, its people and its data folder.
pub(crate) struct Deployment {
    folder: PathBuf,
    server: Server,
    /// Where S3 is spoken.
    pub(crate) s3: SocketAddr,
    administrator: AdminClient,
    /// Asks for pauses and resumes.
    pub(crate) security: AdminClient,
    /// Approves resumes.
    pub(crate) second: AdminClient,
}

impl Deployment {
    /// Founds a deployment in `folder`, starts its server on these cores and sets everybody up.
    pub(crate) async fn found(folder: &Path, cores: &str, security: Security) -> Outcome<Self> {
        std::fs::create_dir_all(folder)?;
        let data = folder.join("data");
        std::fs::create_dir(&data)?;
        let mut config = "[listen]\ns3 = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n".to_owned();
        if security == Security::Tls {
            // Beside the data: `init` takes no folder that holds what it does not know.
            let (chain, key) = (folder.join("chain.pem"), folder.join("key.pem"));
            std::fs::write(&chain, FIRST.chain)?;
            std::fs::write(&key, FIRST.key)?;
            std::fs::set_permissions(&key, Permissions::from_mode(0o600))?;
            config.push_str(&format!("[tls]\ncertificate = {chain:?}\nkey = {key:?}\n"));
        }
        std::fs::write(data.join("cofferdam.toml"), config)?;
        let log = File::create(folder.join("init.log"))?;
        let founded =
            Command::new(PROGRAM).arg("init").arg("--data").arg(&data).stdout(log.try_clone()?).stderr(log).status()?;
        if !founded.success() {
            return Err(format!("`cofferdam init` failed\nsee {}", folder.join("init.log").display()).into());
        }
        let log = File::create(folder.join("server.log"))?;
        let server = Command::new("taskset")
            .args(["--cpu-list", cores, PROGRAM, "serve", "--data"])
            .arg(&data)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let server = Server(server);
        let run = started(&data).await?;
        let identity = data.join("identities/owner.key");
        let administrator = AdminClient::new(run.admin, Identity::read(&identity)?);
        let security = person(&administrator, run.admin, "security-lead").await?;
        let second = person(&administrator, run.admin, "security-second").await?;
        set_up(&administrator).await?;
        Ok(Self { folder: folder.to_owned(), server, s3: run.s3, administrator, security, second })
    }

    /// A session for the workload.
    pub(crate) async fn session(&self) -> Outcome<Credentials> {
        let new = NewSession {
            principal: WORKLOAD.to_owned(),
            engagement: ENGAGEMENT.to_owned(),
            purpose: purpose()?,
            places: Vec::new(),
            seconds: SECONDS,
        };
        Ok(Credentials::from(&self.administrator.create_session(&new).await?))
    }

    /// A client for filling buckets.
    pub(crate) fn client(&self, credentials: &Credentials) -> S3Client {
        S3Client::new(self.s3, credentials.clone(), REGION)
    }

    /// Pauses the engagement.
    pub(crate) async fn pause(&self) -> Outcome<()> {
        self.security.pause(ENGAGEMENT).await?;
        Ok(())
    }

    /// Resumes it, as two people.
    pub(crate) async fn resume(&self) -> Outcome<()> {
        if self.security.resume(ENGAGEMENT).await.is_ok() {
            return Err("a resume took one person".into());
        }
        for approval in self.second.approvals().await? {
            self.second.approve(approval.id).await?;
        }
        self.security.resume(ENGAGEMENT).await?;
        Ok(())
    }

    /// The disk that is measured.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Stops the server and removes everything. Without this the folder stays, with what the server said.
    pub(crate) fn remove(self) -> Outcome<()> {
        drop(self.server);
        std::fs::remove_dir_all(&self.folder)?;
        Ok(())
    }
}

/// The server's process; dropping it kills it.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn started(data: &Path) -> Outcome<RunFile> {
    let waiting = async {
        loop {
            if let Some(run) = RunFile::read(data)? {
                return Ok(run);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(START_SECONDS), waiting).await?
}

async fn person(administrator: &AdminClient, server: SocketAddr, name: &str) -> Outcome<AdminClient> {
    let (identity, _line) = Identity::generate(name, &SystemEntropy::default())?;
    let new = NewPrincipal {
        name: name.to_owned(),
        kind: PrincipalKind::Person,
        partner: None,
        roles: vec![Role::Security],
        public_key: Some(identity.public_key()),
    };
    administrator.create_principal(&new).await?;
    Ok(AdminClient::new(server, identity))
}

async fn set_up(administrator: &AdminClient) -> Outcome<()> {
    administrator.create_partner("partner").await?;
    administrator.create_engagement("partner", ENGAGEMENT, &[purpose()?]).await?;
    administrator.create_dataset(ENGAGEMENT, BUCKET, &[], true).await?;
    let workload = NewPrincipal {
        name: WORKLOAD.to_owned(),
        kind: PrincipalKind::Workload,
        partner: None,
        roles: vec![Role::Workload],
        public_key: None,
    };
    administrator.create_principal(&workload).await?;
    let grant = NewGrant {
        principal: WORKLOAD.to_owned(),
        engagement: ENGAGEMENT.to_owned(),
        bucket: None,
        verbs: vec![Verb::Read, Verb::Head, Verb::List, Verb::Write],
        purposes: vec![purpose()?],
        expires: SystemClock.now().plus_seconds(SECONDS.cast_signed()),
    };
    administrator.create_grant(&grant).await?;
    Ok(())
}

fn purpose() -> Outcome<Purpose> {
    "model-training".parse().map_err(|error: base::word::NotAName| error.to_string().into())
}
