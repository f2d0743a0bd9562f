//! What sealed things are bound to: the byte strings given to AES-GCM, HKDF and HMAC as associated data.
//!
//! Each begins with its own domain, then fixed-width numbers and length-prefixed fields, so that no two different statements
//! have the same bytes. These encodings are part of the stored format: changing one makes what was sealed before unreadable.
//!
//! LIMIT: the place of a body is not bound. If a part is uploaded twice with the same size before the upload is completed,
//! whoever writes both the catalog and the store can bring the replaced body back; nobody can bring any other.

use base::id::{ChainId, DatasetId, DeploymentId, EngagementId, KeyId, ObjectId, UploadId, VersionId};
use base::object::{Part, SealedObject};
use base::word::KeyPurpose;

/// Which version of which object in which compartment: what never changes about it, whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The compartment.
    pub engagement: EngagementId,
    /// The dataset it is written into.
    pub dataset: DatasetId,
    /// The object.
    pub object: ObjectId,
    /// The version.
    pub version: VersionId,
}

impl Identity {
    /// The identity of a version in the catalog.
    #[must_use]
    pub const fn of(sealed: &SealedObject) -> Self {
        Self { engagement: sealed.engagement, dataset: sealed.dataset, object: sealed.object, version: sealed.version }
    }
}

/// A canonical byte string under construction.
pub(crate) struct Binding(Vec<u8>);

impl Binding {
    /// Begins with `domain`, which says what kind of statement follows.
    pub(crate) fn of(domain: &str) -> Self {
        // The shorter statements fit without growing.
        let mut bytes = Vec::with_capacity(192);
        bytes.extend_from_slice(domain.as_bytes());
        Self(bytes)
    }

    /// Adds a field: u32be length, then its bytes.
    pub(crate) fn field(self, bytes: &[u8]) -> Self {
        // A field of 4 GiB exists nowhere; were there one, a length that saturates would still bind all its bytes.
        let mut this = self.number(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        this.0.extend_from_slice(bytes);
        this
    }

    /// Adds a u32be.
    pub(crate) fn number(mut self, number: u32) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    /// Adds a u64be.
    pub(crate) fn wide(mut self, number: u64) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    /// The finished bytes.
    pub(crate) fn done(self) -> Vec<u8> {
        self.0
    }
}

/// The associated data of one part's stream; with the keyset, all that a stranger's Tink needs to decrypt it.
#[must_use]
pub fn part(identity: &Identity, number: u32) -> Vec<u8> {
    // SPEC: design §5, "Data format".
    Binding::of("cofferdam/v1")
        .field(identity.engagement.as_bytes())
        .field(identity.object.as_bytes())
        .field(identity.version.as_bytes())
        .number(number)
        .done()
}

/// What an object's key is bound to once the object is complete: everything a reader relies on.
pub(crate) fn record(identity: &Identity, size: u64, segment_size: u32, parts: &[Part]) -> Vec<u8> {
    // SPEC: design §5, "The object record is bound as AAD of the wrapped key".
    let begun = identified("cofferdam/record/v1", identity)
        .wide(size)
        .number(segment_size)
        .number(u32::try_from(parts.len()).unwrap_or(u32::MAX));
    parts.iter().fold(begun, |binding, part| binding.number(part.number).wide(part.size)).done()
}

/// What an object's key is bound to while its parts are still coming.
pub(crate) fn upload(identity: &Identity, upload: UploadId, segment_size: u32) -> Vec<u8> {
    identified("cofferdam/upload/v1", identity).field(upload.as_bytes()).number(segment_size).done()
}

fn identified(domain: &str, identity: &Identity) -> Binding {
    Binding::of(domain)
        .field(identity.engagement.as_bytes())
        .field(identity.dataset.as_bytes())
        .field(identity.object.as_bytes())
        .field(identity.version.as_bytes())
}

/// A place in the key hierarchy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyPlace {
    /// The key itself.
    pub(crate) own: KeyId,
    /// The key that wraps it.
    pub(crate) parent: KeyId,
    /// Whose key it is.
    pub(crate) chain: ChainId,
    /// What it is for.
    pub(crate) purpose: KeyPurpose,
    /// Dataset and day (since 1970 UTC) of an epoch key.
    pub(crate) epoch: Option<(DatasetId, i64)>,
}

impl KeyPlace {
    /// What the wrapped key is bound to.
    pub(crate) fn binding(&self, deployment: DeploymentId) -> Vec<u8> {
        let place = Binding::of("cofferdam/key/v1")
            .field(deployment.as_bytes())
            .field(self.chain.as_bytes())
            .field(self.purpose.word().as_bytes())
            .field(self.parent.as_bytes())
            .field(self.own.as_bytes());
        match self.epoch {
            Some((dataset, day)) => place.field(dataset.as_bytes()).field(&day.to_be_bytes()).done(),
            None => place.done(),
        }
    }
}

/// What the id of a chain's key is the digest of.
pub(crate) fn chain_key_id(deployment: DeploymentId, chain: ChainId, purpose: KeyPurpose) -> Vec<u8> {
    Binding::of("cofferdam/key-id/v1")
        .field(deployment.as_bytes())
        .field(chain.as_bytes())
        .field(purpose.word().as_bytes())
        .done()
}

/// What a sealed ledger entry is bound to.
pub(crate) fn entry(chain: ChainId, seq: u64) -> [u8; 24] {
    let mut bytes = [0; 24];
    for (to, from) in bytes.iter_mut().zip(chain.as_bytes().iter().chain(&seq.to_be_bytes())) {
        *to = *from;
    }
    bytes
}

/// What a sealed field, the check value of a row or the digest of a sealed name is bound to.
pub(crate) fn field(context: &str, id: &[u8]) -> Vec<u8> {
    Binding::of("cofferdam/field/v1").field(context.as_bytes()).field(id).done()
}

#[cfg(test)]
mod tests {
    use base::object::Body;

    use super::*;

    fn identity() -> Identity {
        Identity {
            engagement: EngagementId::from_bytes([1; 16]),
            dataset: DatasetId::from_bytes([2; 16]),
            object: ObjectId::from_bytes([3; 16]),
            version: VersionId::from_bytes([4; 16]),
        }
    }

    #[test]
    fn the_part_binding_is_as_published() {
        let mut expected = b"cofferdam/v1".to_vec();
        for id in [[1; 16], [3; 16], [4; 16]] {
            expected.extend_from_slice(&[0, 0, 0, 16]);
            expected.extend_from_slice(&id);
        }
        expected.extend_from_slice(&[0, 0, 0x27, 0x10]);
        assert_eq!(part(&identity(), 10_000), expected);
    }

    #[test]
    fn every_word_of_the_record_counts() {
        let part = |number, size| Part { number, size, body: Body::Inline(bytes::Bytes::new()) };
        let parts = [part(1, 5), part(2, 6)];
        let original = record(&identity(), 11, 64, &parts);
        let other_dataset = Identity { dataset: DatasetId::from_bytes([9; 16]), ..identity() };
        let changed = [
            record(&other_dataset, 11, 64, &parts),
            record(&identity(), 12, 64, &parts),
            record(&identity(), 11, 65, &parts),
            record(&identity(), 11, 64, &parts[..1]),
            record(&identity(), 11, 64, &[part(2, 6), part(1, 5)]),
            record(&identity(), 11, 64, &[part(1, 6), part(2, 5)]),
            record(&identity(), 11, 64, &[part(1, 5), part(3, 6)]),
        ];
        for binding in changed {
            assert_ne!(binding, original);
        }
    }

    #[test]
    fn the_place_of_a_body_does_not_count() {
        let at = |body| record(&identity(), 5, 64, &[Part { number: 1, size: 5, body }]);
        let inline = at(Body::Inline(bytes::Bytes::from_static(b"x")));
        assert_eq!(inline, at(Body::Blob(base::id::BlobId::from_bytes([7; 16]))));
    }

    #[test]
    fn an_entry_is_bound_to_chain_and_place() {
        let chain = ChainId::from(EngagementId::from_bytes([5; 16]));
        let bytes = entry(chain, 258);
        assert_eq!(bytes[..16], [5; 16]);
        assert_eq!(bytes[16..], [0, 0, 0, 0, 0, 0, 1, 2]);
    }
}
