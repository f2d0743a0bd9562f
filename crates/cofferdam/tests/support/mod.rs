//! A deployment in a temporary folder, worked with the real program over real sockets.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;

use bytes::Bytes;
use cofferdam::client::{Credentials, REGION, Response, S3Client};
use cofferdam::run_file::RunFile;
use http::Method;
use serde_json::Value;

/// The configuration of every test: free ports, so that tests run beside each other.
pub const CONFIG: &str = "[listen]\ns3 = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n";

pub struct World {
    folder: tempfile::TempDir,
    server: Option<Server>,
}

struct Server {
    child: Child,
    log: std::thread::JoinHandle<String>,
}

impl World {
    /// A folder with a configuration and nothing else.
    pub fn empty() -> Self {
        let world = Self { folder: tempfile::tempdir().unwrap(), server: None };
        std::fs::create_dir(world.data()).unwrap();
        std::fs::write(world.data().join("cofferdam.toml"), CONFIG).unwrap();
        world
    }

    /// A deployment as `quickstart` leaves it, and the session it printed.
    pub fn quickstart() -> (Self, Value) {
        let world = Self::empty();
        let session = world.json(&["quickstart"]);
        (world, session)
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command of the program on this folder, with an environment of its own.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cofferdam"));
        command.env_clear().arg("--data").arg(self.data()).args(arguments).stdin(Stdio::null());
        command
    }

    pub fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that must end with `code`; what it said on standard error.
    pub fn ends(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        said
    }

    /// Runs a command that must succeed; what it printed.
    pub fn text(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that must succeed; the JSON it printed.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--format", "json"]).collect();
        serde_json::from_str(&self.text(&arguments)).unwrap()
    }

    /// Starts the server and waits until it listens.
    pub fn serve(&mut self) {
        assert!(self.server.is_none(), "it runs already");
        let mut child = self.command(&["serve"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (listens, listening) = mpsc::channel();
        let log = std::thread::spawn(move || {
            let mut log = String::new();
            while let Some(Ok(line)) = lines.next() {
                log.push_str(&line);
                log.push('\n');
                if line.starts_with("serving S3 on") {
                    let _ = listens.send(());
                }
            }
            log
        });
        if listening.recv().is_err() {
            let _ = child.wait();
            panic!("the server did not start:\n{}", log.join().unwrap());
        }
        self.server = Some(Server { child, log });
    }

    /// Kills the server where it stands.
    pub fn kill(&mut self) -> String {
        let mut server = self.server.take().unwrap();
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        server.log.join().unwrap()
    }

    /// Asks the server to stop and waits; its log.
    pub fn stop(&mut self) -> String {
        let mut server = self.server.take().unwrap();
        let process = server.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &process]).status().unwrap().success());
        let ended = server.child.wait().unwrap();
        let log = server.log.join().unwrap();
        assert!(ended.success(), "{log}");
        log
    }

    pub fn running(&self) -> RunFile {
        RunFile::read(&self.data()).unwrap().unwrap()
    }

    pub fn s3_address(&self) -> SocketAddr {
        self.running().s3
    }

    /// An S3 client of a session that was printed as JSON.
    pub fn client(&self, session: &Value) -> S3Client {
        S3Client::new(self.s3_address(), credentials(session), REGION)
    }

    /// Issues a session for the quickstart's workload.
    pub fn session(&self) -> Value {
        self.json(&[
            "session",
            "create",
            "--principal",
            "loader",
            "--engagement",
            "demo",
            "--purpose",
            "model-training",
        ])
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.child.kill();
            let _ = server.child.wait();
            let log = server.log.join().unwrap_or_default();
            if std::thread::panicking() {
                eprintln!("the server's log:\n{log}");
            }
        }
    }
}

pub fn credentials(session: &Value) -> Credentials {
    let text = |name: &str| session[name].as_str().unwrap().to_owned();
    Credentials { access_key: text("access_key"), secret: text("secret"), token: text("token") }
}

pub async fn put(client: &S3Client, key: &str, body: impl Into<Bytes>) -> Response {
    client.request(Method::PUT, "demo-data", key, &[], &[("content-type", "text/plain")], body.into()).await.unwrap()
}

pub async fn get(client: &S3Client, key: &str) -> Response {
    client.request(Method::GET, "demo-data", key, &[], &[], Bytes::new()).await.unwrap()
}

/// Every file below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
            } else {
                all.push(entry.path());
            }
        }
    }
    all
}
