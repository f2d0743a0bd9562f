//! A person's identity on this machine: a name and the private key that signs their requests.
//!
//! The file has one line, `cofferdam identity v1 <name> <seed in base64>`, and mode 0600. The seed is generated here and
//! never leaves this machine; the server knows the public key alone.
//!
//! # Threats
//! Another user of the machine reads the file: a file that others may read is refused, so that it is noticed. A link or a
//! device in its place is refused too.

use std::path::Path;

use attest::key::SigningKey;
use base::{Entropy, Kind, Secret};
use zeroize::Zeroizing;

use crate::error::Error;

const TITLE: &str = "cofferdam identity v1 ";

/// A person who signs requests. No `Debug`: it holds a key.
pub struct Identity {
    name: String,
    key: SigningKey,
}

impl Identity {
    /// A fresh key pair for `name`, and the line that holds it.
    ///
    /// # Errors
    /// The cryptographic provider fails.
    pub fn generate(name: &str, entropy: &dyn Entropy) -> Result<(Self, Zeroizing<String>), Error> {
        let mut seed = Zeroizing::new(entropy.bytes::<32>());
        let line = Zeroizing::new(format!("{TITLE}{name} {}\n", attest::digest::base64(seed.as_slice())));
        Ok((Self { name: name.to_owned(), key: key(&mut seed)? }, line))
    }

    /// Reads an identity file.
    ///
    /// # Errors
    /// The file cannot be read, is open to others, or is no identity; each with its remedy.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let file = crate::files::read_secret("the identity", path)?;
        let identity = file.expose(|bytes| Self::parse(std::str::from_utf8(bytes).ok()?));
        identity.ok_or_else(|| {
            let path = path.display();
            Error::Misuse(format!("`{path}` is not an identity file\nmake one with `cofferdam principal create`"))
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let (name, seed) = text.strip_prefix(TITLE)?.trim_end().split_once(' ')?;
        let mut seed = Zeroizing::new(attest::digest::read_base64::<32>(seed)?);
        Some(Self { name: name.to_owned(), key: key(&mut seed).ok()? })
    }

    /// Whose it is.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public key in base64, as a server registers it.
    #[must_use]
    pub fn public_key(&self) -> String {
        attest::digest::base64(self.key.public().as_bytes())
    }

    /// The key, to sign with.
    #[must_use]
    pub const fn key(&self) -> &SigningKey {
        &self.key
    }
}

fn key(seed: &mut [u8; 32]) -> Result<SigningKey, Error> {
    SigningKey::from_seed(&Secret::take(seed)).map_err(|error| Error::part("making a key pair", Kind::Bug, error))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::chance::SystemEntropy;

    #[test]
    fn an_identity_reads_back_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ada.key");
        let (made, line) = Identity::generate("ada", &SystemEntropy::default()).unwrap();
        std::fs::write(&path, line.as_bytes()).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        assert_eq!(Identity::read(&path).err().unwrap().kind(), Kind::Refused);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        let read = Identity::read(&path).unwrap();
        assert_eq!((read.name(), read.public_key()), ("ada", made.public_key()));

        let link = folder.path().join("link.key");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(Identity::read(&link).is_err());
    }

    #[test]
    fn nonsense_is_no_identity() {
        for bad in ["", "cofferdam identity v1 ada", "cofferdam identity v1 ada AAAA", "cofferdam identity v2 ada x"] {
            assert!(Identity::parse(bad).is_none(), "{bad}");
        }
    }
}
