//! The certificate for TLS: read at the start, and again whenever its files change, while the program runs.
//!
//! Certificates are replaced by programs that write one file after the other. What is read in between does not belong together
//! and is refused; the pair in use stays, `cofferdam status` says why, and the next look finds the second file changed.
//!
//! # Threats
//! Whoever can write the files decides whom clients believe; who can read the key can be the server. A key that others may
//! read is refused. Links are followed, because that is how such programs replace files, to a file that must be private.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base::Clock;
use base::error::chain;
use gateway::tls::{Pair, Tls};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};

use crate::config::TlsFiles;
use crate::error::Error;
use crate::files;

/// The files of a certificate, and the pair they held when they were last good.
pub struct Certificates {
    files: TlsFiles,
    tls: Arc<Tls>,
    clock: Arc<dyn Clock>,
    seen: [Option<Stamp>; 2],
}

/// What differs once a file was written or replaced.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    place: (u64, u64),
    bytes: u64,
    written: (i64, i64),
}

impl Certificates {
    /// Reads the files.
    ///
    /// # Errors
    /// [`Error::File`]; [`Error::Part`] for a certificate or key that cannot be served with, and for a key that others can
    /// read.
    pub fn open(files: &TlsFiles, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let seen = stamps(files);
        let tls = Arc::new(Tls::new(read(files, clock.as_ref())?));
        Ok(Self { files: files.clone(), tls, clock, seen })
    }

    /// The pair in use.
    #[must_use]
    pub fn tls(&self) -> Arc<Tls> {
        Arc::clone(&self.tls)
    }

    /// Has the files read at every hangup signal, and looks now and then whether they have changed.
    ///
    /// # Errors
    /// [`Error::Broken`] when the program cannot listen for signals.
    pub fn watch(self) -> Result<impl Future<Output = ()> + Send + 'static, Error> {
        let hangup = signal(SignalKind::hangup());
        let failed = |source: std::io::Error| Error::Broken { attempt: "listening for signals", source: source.into() };
        Ok(self.watch_forever(hangup.map_err(failed)?))
    }

    async fn watch_forever(mut self, mut hangup: Signal) {
        let mut every = interval(Duration::from_secs(u64::from(self.files.check_seconds)));
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = every.tick() => self.look(),
                _ = hangup.recv() => self.reload(),
            }
        }
    }

    /// Reads the files if they have changed.
    fn look(&mut self) {
        if stamps(&self.files) != self.seen {
            self.reload();
        }
    }

    fn reload(&mut self) {
        // Before they are read: what is written while we read is read again.
        self.seen = stamps(&self.files);
        match read(&self.files, self.clock.as_ref()) {
            Ok(pair) => {
                self.tls.replace(pair);
                tracing::info!(expires = %self.tls.certificate().expires, "a new certificate is in use");
            }
            Err(error) => {
                let why = chain(&error);
                tracing::error!(error = why, "the certificate's files cannot be used; the one before stays in use");
                self.tls.keep_because(why);
            }
        }
    }
}

fn read(files: &TlsFiles, clock: &dyn Clock) -> Result<Pair, Error> {
    let path = &files.certificate;
    let chain = std::fs::read(path).map_err(|source| Error::file("reading the certificate", path, source))?;
    let path = files.key.canonicalize().map_err(|source| Error::file("reading the key", &files.key, source))?;
    let key = files::read_secret("the certificate's key", &path)?;
    let pair = key.expose(|key| Pair::read(&chain, key, clock.now()));
    pair.map_err(|error| Error::part(format!("taking `{}` into use", files.certificate.display()), error.kind(), error))
}

fn stamps(files: &TlsFiles) -> [Option<Stamp>; 2] {
    [&files.certificate, &files.key].map(|path| stamp(path))
}

/// Nothing for a file that is not there.
fn stamp(path: &Path) -> Option<Stamp> {
    let of = |file: Metadata| Stamp {
        place: (file.dev(), file.ino()),
        bytes: file.len(),
        written: (file.mtime(), file.mtime_nsec()),
    };
    std::fs::metadata(path).ok().map(of)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use base::Kind;
    use testkit::ManualClock;
    use testkit::certificates::{FIRST, FIRST_EXPIRES, SECOND, SECOND_EXPIRES};

    use super::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn files(&self) -> TlsFiles {
            TlsFiles { certificate: self.0.path().join("chain"), key: self.0.path().join("key"), check_seconds: 1 }
        }

        /// As certificate programs do it: a new file takes the name.
        fn put(&self, name: &str, text: &str) {
            let fresh = self.0.path().join("fresh");
            std::fs::write(&fresh, text).unwrap();
            std::fs::set_permissions(&fresh, PermissionsExt::from_mode(0o600)).unwrap();
            std::fs::rename(fresh, self.0.path().join(name)).unwrap();
        }
    }

    fn folder() -> (Folder, Arc<ManualClock>) {
        let folder = Folder(tempfile::tempdir().unwrap());
        folder.put("chain", FIRST.chain);
        folder.put("key", FIRST.key);
        (folder, Arc::default())
    }

    fn state(certificates: &Certificates) -> (String, bool) {
        let state = certificates.tls.certificate();
        (state.expires.to_string(), state.problem.is_some())
    }

    #[test]
    fn a_pair_that_is_replaced_half_way_stays_until_the_other_half_comes() {
        let (folder, clock) = folder();
        let mut certificates = Certificates::open(&folder.files(), clock).unwrap();
        folder.put("key", SECOND.key);
        certificates.look();
        assert_eq!(state(&certificates), (FIRST_EXPIRES.to_owned(), true));
        folder.put("chain", SECOND.chain);
        certificates.look();
        assert_eq!(state(&certificates), (SECOND_EXPIRES.to_owned(), false));
    }

    #[test]
    fn files_that_are_gone_or_spoilt_change_nothing_but_what_is_said() {
        let (folder, clock) = folder();
        let mut certificates = Certificates::open(&folder.files(), clock).unwrap();
        for spoil in [None, Some("nonsense")] {
            match spoil {
                None => std::fs::remove_file(folder.files().certificate).unwrap(),
                Some(text) => folder.put("chain", text),
            }
            certificates.look();
            assert_eq!(state(&certificates), (FIRST_EXPIRES.to_owned(), true));
        }
        folder.put("chain", FIRST.chain);
        certificates.look();
        assert_eq!(state(&certificates), (FIRST_EXPIRES.to_owned(), false));
    }

    #[test]
    fn a_certificate_that_has_expired_is_refused_by_the_clock() {
        let (folder, clock) = folder();
        folder.put("chain", SECOND.chain);
        folder.put("key", SECOND.key);
        clock.set_wall(base::Timestamp::from_rfc3339("2049-06-02T00:00:00.000000Z").unwrap());
        let error = Certificates::open(&folder.files(), clock).err().unwrap();
        assert!(crate::error::told(&error).contains("the certificate has expired at `2049-06-01T00:00:00"));
    }

    #[test]
    fn a_key_that_others_can_read_is_refused_and_a_link_to_a_private_one_is_not() {
        let (folder, clock) = folder();
        let key = folder.files().key;
        std::fs::set_permissions(&key, PermissionsExt::from_mode(0o644)).unwrap();
        let error = Certificates::open(&folder.files(), Arc::clone(&clock) as _).err().unwrap();
        assert_eq!(error.kind(), Kind::Refused);
        std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
        let real = folder.0.path().join("key.1");
        std::fs::rename(&key, &real).unwrap();
        std::os::unix::fs::symlink(&real, &key).unwrap();
        assert!(Certificates::open(&folder.files(), clock).is_ok());
    }
}
