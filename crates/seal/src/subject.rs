//! Digests of people.
//!
//! A person is known by a keyed digest of an identifier (an e-mail address, a telephone number). The key is the engagement's
//! subject key: the same person in two engagements has two digests that nobody can link without both keys.

use std::sync::Arc;

use aws_lc_rs::hmac;
use base::word::DataType;

use crate::binding::Binding;
use crate::chain::ChainKeys;

/// Bytes of a digest: a collision among a billion people has a chance below 2^-68.
pub const DIGEST_BYTES: usize = 16;

/// Digests people for one chain.
pub struct SubjectDigest {
    keys: Arc<ChainKeys>,
}

impl SubjectDigest {
    pub(crate) const fn new(keys: Arc<ChainKeys>) -> Self {
        Self { keys }
    }

    /// The digest of an identifier of type `data_type` in its one canonical spelling: HMAC-SHA256, cut to 16 bytes.
    #[must_use]
    pub fn digest(&self, data_type: DataType, canonical: &[u8]) -> [u8; DIGEST_BYTES] {
        let statement = Binding::of("cofferdam/person/v1").field(data_type.word().as_bytes()).field(canonical).done();
        let tag = hmac::sign(&self.keys.people, &statement);
        let mut digest = [0; DIGEST_BYTES];
        for (to, from) in digest.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        digest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::World;

    #[test]
    fn a_person_has_one_digest_in_each_engagement() {
        let world = World::new(51);
        let here = world.ring.subjects(world.engagement.into()).unwrap();
        let there = world.ring.subjects(world.another_engagement().into()).unwrap();
        let digest = here.digest(DataType::Email, b"a@example.org");
        let later = world.reopen().subjects(world.engagement.into()).unwrap();
        assert_eq!(later.digest(DataType::Email, b"a@example.org"), digest);
        assert_ne!(there.digest(DataType::Email, b"a@example.org"), digest);
        assert_ne!(here.digest(DataType::Phone, b"a@example.org"), digest);
        assert_ne!(here.digest(DataType::Email, b"b@example.org"), digest);
    }
}
