//! Tests of sealing objects: uploads that pause, parts that cannot be, keys that move.

use base::Kind;
use base::id::{DatasetId, VersionId};
use base::object::Body;

use super::*;
use crate::testing::{DAY, World};

const UPLOAD: UploadId = UploadId::from_bytes([9; 16]);

fn parts(numbers_and_sizes: &[(u32, u64)]) -> Vec<Part> {
    let body = Body::Inline(bytes::Bytes::new());
    numbers_and_sizes.iter().map(|(number, size)| Part { number: *number, size: *size, body: body.clone() }).collect()
}

#[test]
fn parts_that_cannot_make_an_object_are_refused() {
    assert_eq!(total(&parts(&[(1, 5), (3, 6)])), Ok(11));
    for impossible in
        [&[][..], &[(0, 1)], &[(2, 1), (2, 1)], &[(2, 1), (1, 1)], &[(10_001, 1)], &[(1, u64::MAX), (2, 1)]]
    {
        assert!(total(&parts(impossible)).is_err(), "{impossible:?}");
    }
    let sealer = |world: &World| ObjectSealer::begin(&world.ring, world.identity(), DAY).unwrap();
    let world = World::new(61);
    assert_eq!(sealer(&world).finish(&[]).err().unwrap().kind(), Kind::Invalid);
    assert!(sealer(&world).part(0).is_err());
    assert!(sealer(&world).part(10_001).is_err());
}

#[test]
fn an_upload_goes_on_in_another_process() {
    let world = World::new(62);
    let identity = world.identity();
    let begun = ObjectSealer::begin(&world.ring, identity, DAY).unwrap();
    let resting = begun.suspend(UPLOAD).unwrap();
    let ring = Arc::new(world.reopen());
    let resumed = ObjectSealer::resume(&ring, identity, UPLOAD, &resting).unwrap();
    assert!(resumed.key.same(&begun.key));
    let list = parts(&[(1, 3)]);
    let wrapped = resumed.finish(&list).unwrap();
    let binding = binding::record(&identity, 3, DEFAULT_SEGMENT_SIZE, &list);
    assert!(begun.epoch.unwrap(&wrapped.bytes, &binding).unwrap().same(&begun.key));
}

#[test]
fn an_uploads_key_fits_its_upload_alone() {
    let world = World::new(63);
    let identity = world.identity();
    let resting = ObjectSealer::begin(&world.ring, identity, DAY).unwrap().suspend(UPLOAD).unwrap();
    let resume = |identity, upload, key: &WrappedKey| {
        ObjectSealer::resume(&world.ring, identity, upload, key).err().map(|error| error.kind())
    };
    assert_eq!(resume(identity, UPLOAD, &resting), None);
    assert_eq!(resume(identity, UploadId::from_bytes([8; 16]), &resting), Some(Kind::Corrupt));
    let other_version = Identity { version: VersionId::from_bytes([1; 16]), ..identity };
    assert_eq!(resume(other_version, UPLOAD, &resting), Some(Kind::Corrupt));
    let other_dataset = Identity { dataset: DatasetId::from_bytes([1; 16]), ..identity };
    assert_eq!(resume(other_dataset, UPLOAD, &resting), Some(Kind::Corrupt));
    let elsewhere = Identity { engagement: world.another_engagement(), ..identity };
    assert_eq!(resume(elsewhere, UPLOAD, &resting), Some(Kind::Corrupt));
    // The key of a finished version is not that of an upload.
    let finished = ObjectSealer::begin(&world.ring, identity, DAY).unwrap().finish(&parts(&[(1, 3)])).unwrap();
    assert_eq!(resume(identity, UPLOAD, &finished), Some(Kind::Corrupt));
}

#[test]
fn a_rewrapped_version_outlives_its_old_epoch() {
    let world = World::new(64);
    let sealed = world.put(&[(1, b"plaintext")]);
    let moved = SealedObject { key: rewrap(&world.ring, &sealed, DAY + 1).unwrap(), ..sealed.clone() };
    assert_ne!(moved.key.under, sealed.key.under);
    world.ring.destroy_epoch(sealed.key.under).unwrap();
    assert_eq!(object_key(&world.ring, &sealed).err().unwrap().kind(), Kind::Missing);
    assert!(object_key(&world.ring, &moved).is_ok());
    let lied = SealedObject { size: 8, ..moved };
    assert_eq!(rewrap(&world.ring, &lied, DAY + 1).err().unwrap().kind(), Kind::Corrupt);
}
