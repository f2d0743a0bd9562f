//! Fields and rows of the catalog: sealed, checked, found.
//!
//! ETags, user metadata, key names and people's names rest sealed. What steers policy or scope and must stay readable to the
//! database (name mappings, scan states, facts) carries a check value. Sealed names are found through a keyed digest.
//!
//! Every call names a *context*, a constant of the caller such as `version.etag`, and the id of the row: a field opens only
//! as what it was sealed as, and where.

use std::sync::Arc;

use aws_lc_rs::hmac;
use base::{Entropy, Plain};

use crate::binding;
use crate::chain::ChainKeys;
use crate::error::SealError;

/// Seals, checks and finds for one chain.
pub struct Fields {
    keys: Arc<ChainKeys>,
    entropy: Arc<dyn Entropy>,
}

/// The keyed digest of a row or a name.
pub type Digest = [u8; 32];

impl Fields {
    pub(crate) const fn new(keys: Arc<ChainKeys>, entropy: Arc<dyn Entropy>) -> Self {
        Self { keys, entropy }
    }

    /// Seals a field.
    ///
    /// # Errors
    /// [`SealError::Provider`] when the provider fails.
    pub fn seal(&self, context: &str, id: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
        self.keys.fields.seal(&binding::field(context, id), plain, &*self.entropy)
    }

    /// Opens what [`Self::seal`] made for the same context and id.
    ///
    /// # Errors
    /// [`SealError::Field`].
    pub fn open(&self, context: &str, id: &[u8], sealed: &[u8]) -> Result<Plain, SealError> {
        let opened = self.keys.fields.open(&binding::field(context, id), sealed);
        opened.map(Plain::new).map_err(|_| SealError::Field(self.keys.chain))
    }

    /// The check value of a row, of its canonical bytes including its id.
    #[must_use]
    pub fn mac(&self, context: &str, row: &[u8]) -> Digest {
        digest(&self.keys.rows, context, row)
    }

    /// Whether `mac` is the check value of the row.
    ///
    /// # Errors
    /// [`SealError::Field`] when the row was changed.
    pub fn check(&self, context: &str, row: &[u8], mac: &[u8]) -> Result<(), SealError> {
        let verified = hmac::verify(&self.keys.rows, &binding::field(context, row), mac);
        verified.map_err(|_| SealError::Field(self.keys.chain))
    }

    /// What a sealed name is found by. Equal names of a chain have equal digests in one context; nothing else shows.
    #[must_use]
    pub fn index(&self, context: &str, name: &[u8]) -> Digest {
        digest(&self.keys.names, context, name)
    }
}

fn digest(key: &hmac::Key, context: &str, bytes: &[u8]) -> Digest {
    let tag = hmac::sign(key, &binding::field(context, bytes));
    let mut digest = Digest::default();
    for (to, from) in digest.iter_mut().zip(tag.as_ref()) {
        *to = *from;
    }
    digest
}

#[cfg(test)]
mod tests {
    use base::id::ChainId;

    use crate::testing::World;

    #[test]
    fn a_field_opens_only_as_what_and_where_it_was_sealed() {
        let world = World::new(31);
        let fields = world.ring.fields(world.engagement.into()).unwrap();
        let sealed = fields.seal("etag", b"v1", b"abc").unwrap();
        assert!(fields.open("etag", b"v1", &sealed).unwrap().expose(|plain| plain == b"abc"));
        assert!(fields.open("name", b"v1", &sealed).is_err());
        assert!(fields.open("etag", b"v2", &sealed).is_err());
        // The border between context and id is part of the statement.
        assert!(fields.open("etagv", b"1", &sealed).is_err());
        let others = world.ring.fields(ChainId::SYSTEM).unwrap();
        assert!(others.open("etag", b"v1", &sealed).is_err());
    }

    #[test]
    fn a_changed_row_is_noticed() {
        let world = World::new(32);
        let fields = world.ring.fields(world.engagement.into()).unwrap();
        let mac = fields.mac("scan", b"v1 scanned");
        assert!(fields.check("scan", b"v1 scanned", &mac).is_ok());
        assert!(fields.check("scan", b"v2 scanned", &mac).is_err());
        assert!(fields.check("name", b"v1 scanned", &mac).is_err());
        assert!(fields.check("scan", b"v1 scanned", &mac[..16]).is_err());
    }

    #[test]
    fn names_are_found_within_their_compartment_alone() {
        let world = World::new(33);
        let fields = |chain| world.ring.fields(chain).unwrap();
        let (ours, other) = (ChainId::from(world.engagement), world.another_engagement().into());
        assert_eq!(fields(ours).index("name", b"a/b"), fields(ours).index("name", b"a/b"));
        assert_ne!(fields(ours).index("name", b"a/b"), fields(other).index("name", b"a/b"));
        assert_ne!(fields(ours).index("name", b"a/b"), fields(ours).mac("name", b"a/b"));
    }
}
