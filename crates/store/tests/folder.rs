//! The folder: one process, one deployment, its owner alone.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::Kind;
use base::id::{BlobId, DeploymentId, EngagementId, KeyId};
use base::ports::{Blobs, Documents, Keys, PauseRegister};
use base::word::State;
use store::{Disk, FenceFile, LocalDisk, Store, StoreError};
use testkit::FaultyDisk;

const OURS: DeploymentId = DeploymentId::from_bytes([1; 16]);
const THEIRS: DeploymentId = DeploymentId::from_bytes([2; 16]);

fn open(root: &Path, deployment: DeploymentId) -> Result<Store, StoreError> {
    Store::open(Arc::new(LocalDisk), root, deployment)
}

fn write_one_of_each(store: &Store) {
    let mut writer = store.blobs().create(BlobId::from_bytes([3; 16])).unwrap();
    writer.append(b"sealed").unwrap();
    writer.finish().unwrap();
    store.documents().replace("tile/0/x001/000", b"tile").unwrap();
    store.keys().put(KeyId::from_bytes([4; 16]), b"wrapped").unwrap();
    store.fences().unwrap().write(EngagementId::from_bytes([5; 16]), State::Active, 1).unwrap();
}

#[test]
fn another_deployments_store_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("store");
    drop(open(&root, OURS).unwrap());
    let error = open(&root, THEIRS).err().unwrap();
    assert_eq!(error.kind(), Kind::Invalid);
    assert_eq!(
        error.to_string(),
        format!(
            "this store belongs to deployment `{OURS}`, this program serves `{THEIRS}`\npoint the configuration at the store of this deployment"
        )
    );
    open(&root, OURS).unwrap();
}

#[test]
fn a_store_that_lost_its_mark_is_not_claimed() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("store");
    write_one_of_each(&open(&root, OURS).unwrap());
    std::fs::remove_file(root.join("documents/deployment")).unwrap();
    assert_eq!(open(&root, OURS).err().unwrap().kind(), Kind::Invalid);
    std::fs::write(root.join("documents/deployment"), "dep_nonsense").unwrap();
    assert_eq!(open(&root, OURS).err().unwrap().kind(), Kind::Corrupt);
}

#[test]
fn a_folder_is_served_once_until_its_last_part_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("store");
    let store = open(&root, OURS).unwrap();
    let blobs = store.blobs();
    assert!(matches!(open(&root, OURS).err().unwrap(), StoreError::InUse));
    drop(store);
    assert!(matches!(open(&root, OURS).err().unwrap(), StoreError::InUse));
    drop(blobs);
    open(&root, OURS).unwrap();
}

fn walk(path: &Path, all: &mut Vec<PathBuf>) {
    all.push(path.to_owned());
    if path.is_dir() {
        std::fs::read_dir(path).unwrap().for_each(|entry| walk(&entry.unwrap().path(), all));
    }
}

#[test]
fn everything_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("store");
    write_one_of_each(&open(&root, OURS).unwrap());
    let mut all = Vec::new();
    walk(&root, &mut all);
    assert!(all.len() > 12, "{all:?}");
    for path in all {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{path:?}");
    }
}

#[test]
fn what_a_crash_left_on_its_way_is_erased_at_the_next_opening() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("store");
    drop(open(&root, OURS).unwrap());
    std::fs::write(root.join("new/17"), "half a key").unwrap();
    drop(open(&root, OURS).unwrap());
    assert_eq!(std::fs::read_dir(root.join("new")).unwrap().count(), 0);
}

#[test]
fn strangers_in_the_folder_are_not_listed() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("store");
    let store = open(&root, OURS).unwrap();
    write_one_of_each(&store);
    std::fs::write(root.join("blobs/README"), "x").unwrap();
    std::fs::create_dir(root.join("blobs/zz")).unwrap();
    std::fs::write(root.join("blobs/zz/.hidden"), "x").unwrap();
    std::fs::write(root.join("documents/tile/0/.hidden"), "x").unwrap();
    assert_eq!(store.blobs().list().unwrap(), [BlobId::from_bytes([3; 16])]);
    assert_eq!(store.documents().list("tile").unwrap(), ["tile/0/x001/000"]);
    std::fs::write(root.join("documents/keys/stranger"), "x").unwrap();
    assert_eq!(store.keys().list().unwrap_err().kind(), Kind::Corrupt);
}

#[test]
fn a_full_disk_is_unavailable_and_says_what_was_attempted() {
    let root = PathBuf::from("/disk");
    let disk = FaultyDisk::new(&root);
    let store = Store::open(Arc::new(disk.clone()), &root.join("store"), OURS).unwrap();
    store.documents().replace("checkpoint", b"old").unwrap();
    let fences = store.fences().unwrap();
    fences.write(EngagementId::from_bytes([5; 16]), State::Active, 1).unwrap();
    let mut writer = store.blobs().create(BlobId::from_bytes([3; 16])).unwrap();
    disk.set_full(true);
    for error in [
        writer.append(b"sealed").unwrap_err(),
        store.blobs().create(BlobId::from_bytes([4; 16])).err().unwrap(),
        store.documents().replace("checkpoint", b"new").unwrap_err(),
        store.keys().put(KeyId::from_bytes([4; 16]), b"wrapped").unwrap_err(),
    ] {
        assert_eq!(error.kind(), Kind::Unavailable);
        assert!(!base::error::chain(&error).contains("/disk"), "{error} names a path");
    }
    assert_eq!(store.documents().read("checkpoint").unwrap().unwrap(), b"old");
    // What must work on a full disk does: a pause, and destroying a key.
    fences.write(EngagementId::from_bytes([5; 16]), State::Paused, 2).unwrap();
    store.documents().remove("checkpoint").unwrap();
    disk.set_full(false);
    store.documents().replace("checkpoint", b"new").unwrap();
}

#[test]
fn fences_are_kept_for_many_engagements_and_only_move_forward() {
    let path = PathBuf::from("/disk/fences");
    let disk: Arc<dyn Disk> = Arc::new(FaultyDisk::new(Path::new("/disk")));
    let engagement = |number: u16| {
        let mut bytes = [9; 16];
        bytes[..2].copy_from_slice(&number.to_be_bytes());
        EngagementId::from_bytes(bytes)
    };
    let fences = FenceFile::open(Arc::clone(&disk), &path).unwrap();
    assert_eq!(fences.read_all().unwrap(), []);
    let count = 1100;
    for number in 0..count {
        fences.write(engagement(number), State::Active, 1).unwrap();
    }
    fences.write(engagement(7), State::Paused, 2).unwrap();
    drop(fences);
    let fences = FenceFile::open(Arc::clone(&disk), &path).unwrap();
    let all = fences.read_all().unwrap();
    assert_eq!(all.len(), usize::from(count));
    assert_eq!(all[7], (engagement(7), State::Paused, 2));
    assert_eq!(all[1099], (engagement(1099), State::Active, 1));
    assert_eq!(fences.write(engagement(7), State::Active, 1).unwrap_err().kind(), Kind::Conflict);
    fences.write(engagement(7), State::Closed, 3).unwrap();
    fences.write(engagement(count), State::Paused, 1).unwrap();
    assert_eq!(fences.read_all().unwrap().len(), usize::from(count) + 1);
    assert_eq!(fences.read_all().unwrap()[7], (engagement(7), State::Closed, 3));

    // A name that was damaged beside a state: somebody is paused, and nobody can say who.
    disk.open(&path).unwrap().write_at(7 * 64 + 10, &[0xFF]).unwrap();
    assert_eq!(fences.read_all().unwrap_err().kind(), Kind::Corrupt);
    assert_eq!(FenceFile::open(disk, &path).err().unwrap().kind(), Kind::Corrupt);
}
