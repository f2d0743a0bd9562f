//! The root key in a file on this machine.
//!
//! The file is text, so that a person can tell what it is and that it belongs to this deployment:
//!
//! ```text
//! cofferdam root key v1 dep_3vwqg2mlf6c4tq7k5s2y4xjzqe
//! protection argon2id m=65536 t=3 p=1 salt=<32 hex digits>
//! key <nonce, sealed key and tag, or the bare key, in hex>
//! check <HMAC-SHA256 under the key of all lines above, in hex>
//! ```
//!
//! Without a passphrase the second line is `protection none`. The check value tells a damaged or edited file from a good one.
//!
//! Files are read and written by the program's wiring, durably and through `store`; this file deals in bytes.
//! [`check_file`] is what the wiring asks before it believes them.
//!
//! # Threats
//! Another user of the machine reads the file (mode), puts a link in its place (kind), or gives us a file that asks for all
//! memory (bounds). A thief of a backup guesses the passphrase: Argon2id makes each guess cost 64 MiB.

use std::os::unix::fs::PermissionsExt as _;
use std::str::FromStr;
use std::sync::Arc;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::hmac;
use base::id::{DeploymentId, KeyId};
use base::{Entropy, Fault, Kind, Plain, Secret};
use data_encoding::HEXLOWER;
use zeroize::{Zeroize, Zeroizing};

use crate::error::RootFileProblem as Problem;
use crate::error::SealError;
use crate::root::{RootDescription, RootKey};
use crate::wrap::{WrappingKey, fresh_key};

const TITLE: &str = "cofferdam root key v1";
/// Longer than any file [`LocalRoot::create`] writes.
const LONGEST_FILE_BYTES: usize = 1024;
/// SPEC: RFC 9106 §4, the second recommended option: 64 MiB, three passes; one lane, since nothing else waits at start.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 1;
/// What a file may ask of us at most: room to raise the cost later, not to take the machine down.
const MOST_MEMORY_KIB: u32 = 1024 * 1024;
const MOST_PASSES: u32 = 16;
const MOST_LANES: u32 = 8;
const SALT_BYTES: usize = 16;

/// A root key that was read from a file.
pub struct LocalRoot {
    id: KeyId,
    key: WrappingKey,
    protection: Protection,
    entropy: Arc<dyn Entropy>,
}

/// How the key is kept in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protection {
    None,
    Argon2id { memory_kib: u32, passes: u32, lanes: u32, salt: [u8; SALT_BYTES] },
}

/// Whether a file may be believed to hold a root key: a plain file that only its owner can use.
///
/// `metadata` must be that of the open file, or come from `symlink_metadata`, which does not follow links.
///
/// LIMIT: whose the file is cannot be asked without unsafe code; a file of another user with mode 0600 is unreadable to us
/// unless we are the superuser.
///
/// # Errors
/// [`SealError::RootFile`].
pub fn check_file(metadata: &std::fs::Metadata) -> Result<(), SealError> {
    let mode = metadata.permissions().mode() & 0o7777;
    if !metadata.file_type().is_file() {
        Err(SealError::RootFile(Problem::NotAFile))
    } else if mode & 0o077 != 0 {
        Err(SealError::RootFile(Problem::Exposed(mode)))
    } else if metadata.len() > LONGEST_FILE_BYTES as u64 {
        Err(SealError::RootFile(Problem::TooLong))
    } else {
        Ok(())
    }
}

impl LocalRoot {
    /// Makes a fresh root key and answers the file that holds it. Write it durably, with mode 0600, once: a second root key
    /// would open nothing that the first one sealed.
    ///
    /// With a passphrase this takes 64 MiB and a noticeable fraction of a second.
    ///
    /// # Errors
    /// [`SealError::Provider`] when the provider fails.
    pub fn create(
        entropy: &dyn Entropy,
        deployment: DeploymentId,
        passphrase: Option<&[u8]>,
    ) -> Result<Plain, SealError> {
        let key = fresh_key(entropy);
        let protection = match passphrase {
            None => Protection::None,
            Some(_) => {
                Protection::Argon2id { memory_kib: MEMORY_KIB, passes: PASSES, lanes: LANES, salt: entropy.bytes() }
            }
        };
        // INVARIANT: the text never outgrows its first allocation, so no copy of a bare key is left behind.
        let mut text = Zeroizing::new(String::with_capacity(LONGEST_FILE_BYTES));
        text.push_str(&first_lines(deployment, protection));
        let binding = text.clone();
        text.push_str("key ");
        match passphrase {
            None => key.expose(|key| HEXLOWER.encode_append(key, &mut text)),
            Some(passphrase) => {
                let above = protection.stretch(passphrase)?;
                HEXLOWER.encode_append(&above.wrap(&key, binding.as_bytes(), entropy)?, &mut text);
            }
        }
        text.push('\n');
        let check = check_value(&key, text.as_bytes());
        text.push_str("check ");
        HEXLOWER.encode_append(check.as_ref(), &mut text);
        text.push('\n');
        Ok(Plain::new(std::mem::take(&mut *text).into_bytes()))
    }

    /// Reads what [`Self::create`] made.
    ///
    /// # Errors
    /// [`SealError::RootFile`], saying what is wrong with the file or the passphrase.
    pub fn read(
        bytes: &[u8],
        deployment: DeploymentId,
        passphrase: Option<&[u8]>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, SealError> {
        Self::parse(bytes, deployment, passphrase, entropy).map_err(|problem| match problem {
            Unreadable::File(problem) => SealError::RootFile(problem),
            Unreadable::Provider(error) => error,
        })
    }

    fn parse(
        bytes: &[u8],
        deployment: DeploymentId,
        passphrase: Option<&[u8]>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, Unreadable> {
        if bytes.len() > LONGEST_FILE_BYTES {
            return Err(Problem::TooLong.into());
        }
        let text = std::str::from_utf8(bytes).map_err(|_| Problem::Malformed)?;
        let mut lines = text.split_inclusive('\n');
        let mut line = |word: &str| {
            let line = lines.next()?.strip_suffix('\n')?;
            line.strip_prefix(word)?.strip_prefix(' ')
        };
        let owner = line(TITLE).and_then(|owner| DeploymentId::from_str(owner).ok()).ok_or(Problem::Malformed)?;
        let protection = line("protection").and_then(Protection::parse).ok_or(Problem::Malformed)?;
        let held = line("key").and_then(unhex).ok_or(Problem::Malformed)?;
        let check = line("check").and_then(unhex).ok_or(Problem::Malformed)?;
        if lines.next().is_some() {
            return Err(Problem::Malformed.into());
        }
        if owner != deployment {
            return Err(Problem::OtherDeployment.into());
        }
        let binding = first_lines(owner, protection);
        let key = match (protection, passphrase) {
            (Protection::None, None) => bare_key(&held).ok_or(Problem::Malformed)?,
            (Protection::None, Some(_)) => return Err(Problem::PassphraseUnused.into()),
            (Protection::Argon2id { .. }, None) => return Err(Problem::PassphraseMissing.into()),
            (Protection::Argon2id { memory_kib, passes, lanes, .. }, Some(passphrase)) => {
                if memory_kib > MOST_MEMORY_KIB || passes > MOST_PASSES || lanes > MOST_LANES {
                    return Err(Problem::TooCostly.into());
                }
                let above = protection.stretch(passphrase)?;
                above.unwrap(&held, binding.as_bytes()).map_err(|_| Problem::DoesNotOpen)?
            }
        };
        let checked = text.rfind("check ").and_then(|end| text.get(..end)).ok_or(Problem::Malformed)?;
        if !base::secret::same_bytes(check_value(&key, checked.as_bytes()).as_ref(), &check) {
            return Err(Problem::Check.into());
        }
        Ok(Self { id: key_id(&key), key: WrappingKey::new(&key)?, protection, entropy })
    }
}

/// What stopped [`LocalRoot::parse`].
enum Unreadable {
    File(Problem),
    Provider(SealError),
}

impl From<Problem> for Unreadable {
    fn from(problem: Problem) -> Self {
        Self::File(problem)
    }
}

impl From<SealError> for Unreadable {
    fn from(error: SealError) -> Self {
        Self::Provider(error)
    }
}

impl RootKey for LocalRoot {
    fn wrap(&self, key: &Secret<32>, binding: &[u8]) -> Result<Vec<u8>, Fault> {
        Ok(self.key.wrap(key, binding, &*self.entropy)?)
    }

    fn unwrap(&self, wrapped: &[u8], binding: &[u8]) -> Result<Secret<32>, Fault> {
        let attempt = || Fault::new(Kind::Corrupt, "opening a key under the local root key");
        self.key.unwrap(wrapped, binding).map_err(|unauthentic| attempt().because(unauthentic))
    }

    fn describe(&self) -> RootDescription {
        let protection = match self.protection {
            Protection::None => "file mode alone",
            Protection::Argon2id { .. } => "passphrase (Argon2id)",
        };
        RootDescription { key: self.id, provider: "local file", protection }
    }

    fn health(&self) -> Result<(), Fault> {
        Ok(())
    }
}

impl Protection {
    /// Reads what follows `protection `.
    fn parse(text: &str) -> Option<Self> {
        if text == "none" {
            return Some(Self::None);
        }
        let mut words = text.split(' ');
        let mut value = |name: &str| words.next()?.strip_prefix(name);
        value("argon2id")?;
        let memory_kib = value("m=")?.parse().ok()?;
        let passes = value("t=")?.parse().ok()?;
        let lanes = value("p=")?.parse().ok()?;
        let salt = unhex(value("salt=")?)?.as_slice().try_into().ok()?;
        let read = Self::Argon2id { memory_kib, passes, lanes, salt };
        // One spelling only: what is written back is what was read.
        (read.to_string() == text).then_some(read)
    }

    /// The key that a passphrase gives.
    fn stretch(self, passphrase: &[u8]) -> Result<WrappingKey, SealError> {
        let failed = SealError::Provider("stretching the passphrase");
        let Self::Argon2id { memory_kib, passes, lanes, salt } = self else { return Err(failed) };
        let Ok(params) = Params::new(memory_kib, passes, lanes, Some(32)) else { return Err(failed) };
        let mut memory = vec![Block::default(); params.block_count()];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let key = Secret::make(|key| argon2.hash_password_into_with_memory(passphrase, &salt, key, &mut memory));
        memory.iter_mut().for_each(Zeroize::zeroize);
        WrappingKey::new(&key.map_err(|_| failed)?)
    }
}

impl std::fmt::Display for Protection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Argon2id { memory_kib, passes, lanes, salt } => {
                write!(f, "argon2id m={memory_kib} t={passes} p={lanes} salt={}", HEXLOWER.encode(salt))
            }
        }
    }
}

/// What a sealed key is bound to: owner and protection cannot be changed without the passphrase.
fn first_lines(deployment: DeploymentId, protection: Protection) -> String {
    format!("{TITLE} {deployment}\nprotection {protection}\n")
}

fn check_value(key: &Secret<32>, above: &[u8]) -> hmac::Tag {
    labelled(key, "cofferdam/root/check/v1", above)
}

/// The id of a root key follows from the key, so that no file can claim to be another.
fn key_id(key: &Secret<32>) -> KeyId {
    let tag = labelled(key, "cofferdam/root/id/v1", &[]);
    let mut id = [0; 16];
    for (to, from) in id.iter_mut().zip(tag.as_ref()) {
        *to = *from;
    }
    KeyId::from_bytes(id)
}

fn labelled(key: &Secret<32>, label: &str, bytes: &[u8]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(&key.expose(|key| hmac::Key::new(hmac::HMAC_SHA256, key)));
    context.update(label.as_bytes());
    context.update(bytes);
    context.sign()
}

fn unhex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    HEXLOWER.decode(text.as_bytes()).ok().map(Zeroizing::new)
}

fn bare_key(bytes: &[u8]) -> Option<Secret<32>> {
    let mut key = Zeroizing::new(<[u8; 32]>::try_from(bytes).ok()?);
    Some(Secret::take(&mut key))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use testkit::SeededEntropy;

    use super::*;

    const DEPLOYMENT: DeploymentId = DeploymentId::from_bytes([7; 16]);

    fn made(passphrase: Option<&[u8]>) -> Vec<u8> {
        LocalRoot::create(&SeededEntropy::new(3), DEPLOYMENT, passphrase).unwrap().expose(<[u8]>::to_vec)
    }

    fn read(bytes: &[u8], passphrase: Option<&[u8]>) -> Result<LocalRoot, Problem> {
        read_for(bytes, DEPLOYMENT, passphrase)
    }

    fn read_for(bytes: &[u8], deployment: DeploymentId, passphrase: Option<&[u8]>) -> Result<LocalRoot, Problem> {
        LocalRoot::read(bytes, deployment, passphrase, Arc::new(SeededEntropy::new(4))).map_err(|error| match error {
            SealError::RootFile(problem) => problem,
            other => panic!("{other}"),
        })
    }

    #[test]
    fn a_bare_file_reads_back_and_any_change_is_noticed() {
        let file = made(None);
        let root = read(&file, None).unwrap();
        let key = fresh_key(&SeededEntropy::new(5));
        let wrapped = root.wrap(&key, b"place").unwrap();
        let again = read(&file, None).unwrap();
        assert!(again.unwrap(&wrapped, b"place").unwrap().same(&key));
        assert_eq!(again.unwrap(&wrapped, b"other").err().unwrap().kind(), Kind::Corrupt);
        assert_eq!(again.describe(), root.describe());
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert!(read(&changed, None).is_err(), "byte {at}");
            assert!(read(&file[..at], None).is_err(), "length {at}");
        }
        assert_eq!(read(&[file.as_slice(), b"\n"].concat(), None).err(), Some(Problem::Malformed));
    }

    #[test]
    fn a_sealed_file_needs_its_passphrase() {
        let file = made(Some(b"correct horse"));
        let root = read(&file, Some(b"correct horse")).unwrap();
        assert_eq!(root.describe().protection, "passphrase (Argon2id)");
        assert_eq!(read(&file, Some(b"wrong horse")).err(), Some(Problem::DoesNotOpen));
        assert_eq!(read(&file, None).err(), Some(Problem::PassphraseMissing));
        let text = String::from_utf8(file).unwrap();
        assert!(text.contains("argon2id m=65536 t=3 p=1 salt="));
        let cheaper = text.replace("t=3", "t=1");
        assert_eq!(read(cheaper.as_bytes(), Some(b"correct horse")).err(), Some(Problem::DoesNotOpen));
        let costly = text.replace("m=65536", "m=4000000000");
        assert_eq!(read(costly.as_bytes(), Some(b"correct horse")).err(), Some(Problem::TooCostly));
    }

    #[test]
    fn a_file_serves_one_deployment_and_says_how_it_is_kept() {
        let file = made(None);
        let other = DeploymentId::from_bytes([8; 16]);
        assert_eq!(read_for(&file, other, None).err(), Some(Problem::OtherDeployment));
        assert_eq!(read(&file, Some(b"unneeded")).err(), Some(Problem::PassphraseUnused));
        assert_eq!(read(&vec![b'x'; 2000], None).err(), Some(Problem::TooLong));
        let edited = String::from_utf8(file).unwrap().replace(&DEPLOYMENT.to_string(), &other.to_string());
        assert_eq!(read_for(edited.as_bytes(), other, None).err(), Some(Problem::Check));
    }

    #[test]
    fn only_a_plain_private_file_is_believed() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("root"), folder.path().join("link"));
        std::fs::write(&file, made(None)).unwrap();
        symlink(&file, &link).unwrap();
        let verdict = |path: &std::path::Path, mode| {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            check_file(&std::fs::symlink_metadata(path).unwrap()).map_err(|error| error.to_string())
        };
        assert_eq!(verdict(&file, 0o600), Ok(()));
        assert_eq!(verdict(&file, 0o400), Ok(()));
        for mode in [0o640, 0o604, 0o660, 0o644, 0o601] {
            assert!(verdict(&file, mode).unwrap_err().contains(&format!("{mode:04o}")));
        }
        assert!(verdict(&link, 0o600).unwrap_err().contains("not a plain file"));
        assert!(verdict(folder.path(), 0o600).unwrap_err().contains("not a plain file"));
    }
}
