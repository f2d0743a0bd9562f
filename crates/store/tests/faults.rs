//! Every call to the disk fails in both ways, with and without a power loss after it; then the folder is reopened.
//!
//! What was acknowledged must be there exactly. What failed may be as before or as asked, never a mixture.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::Fault;
use base::id::{BlobId, DeploymentId, EngagementId, KeyId};
use base::ports::{Blobs, Documents, Keys, PauseRegister};
use base::word::State;
use store::Store;
use testkit::disk::ALL_SURVIVALS;
use testkit::faults::{BOTH_WAYS, Faults};
use testkit::{FaultyDisk, Survives};

const OURS: DeploymentId = DeploymentId::from_bytes([1; 16]);
const ENGAGEMENT: EngagementId = EngagementId::from_bytes([5; 16]);
const SECRET: &[u8] = b"a wrapped key nobody may find";

fn blob(number: u8) -> BlobId {
    BlobId::from_bytes([number; 16])
}

fn key() -> KeyId {
    KeyId::from_bytes([4; 16])
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Blob(u8),
    DeleteBlob(u8),
    Document(&'static str, &'static [u8]),
    RemoveDocument(&'static str),
    Key,
    DestroyKey,
    Fence(State, u64),
}

const STORY: &[Act] = &[
    Act::Blob(1),
    Act::Document("checkpoint", b"first"),
    Act::Document("tile/0/x001/000", b"tile"),
    Act::Fence(State::Active, 1),
    Act::Key,
    Act::Blob(2),
    Act::Document("checkpoint", b"second, and longer"),
    Act::Fence(State::Paused, 2),
    Act::DeleteBlob(1),
    Act::DestroyKey,
    Act::RemoveDocument("tile/0/x001/000"),
    Act::Fence(State::Active, 3),
    Act::Document("checkpoint", b"3"),
];

/// What a subject may hold. Fences are written as text to be compared alike.
type Allowed = BTreeMap<String, Vec<Option<Vec<u8>>>>;

impl Act {
    fn subject(self) -> String {
        match self {
            Self::Blob(number) | Self::DeleteBlob(number) => format!("blob {number}"),
            Self::Document(name, _) | Self::RemoveDocument(name) => name.to_owned(),
            Self::Key | Self::DestroyKey => "key".to_owned(),
            Self::Fence(..) => "fence".to_owned(),
        }
    }

    fn result(self) -> Option<Vec<u8>> {
        match self {
            Self::Blob(number) => Some(vec![number; 300]),
            Self::Document(_, bytes) => Some(bytes.to_vec()),
            Self::Key => Some(SECRET.to_vec()),
            Self::Fence(state, epoch) => Some(fence(state, epoch)),
            Self::DeleteBlob(_) | Self::RemoveDocument(_) | Self::DestroyKey => None,
        }
    }

    fn run(self, store: &Store) -> Result<(), Fault> {
        match self {
            Self::Blob(number) => {
                let mut writer = store.blobs().create(blob(number))?;
                writer.append(&[number; 100])?;
                writer.append(&[number; 200])?;
                writer.finish()
            }
            Self::DeleteBlob(number) => store.blobs().delete(blob(number)),
            Self::Document(name, bytes) => store.documents().replace(name, bytes),
            Self::RemoveDocument(name) => store.documents().remove(name),
            Self::Key => store.keys().put(key(), SECRET),
            Self::DestroyKey => store.keys().destroy(key()),
            Self::Fence(state, epoch) => store.fences()?.write(ENGAGEMENT, state, epoch),
        }
    }
}

fn fence(state: State, epoch: u64) -> Vec<u8> {
    format!("{state} {epoch}").into_bytes()
}

fn store_root() -> (FaultyDisk, PathBuf) {
    let root = Path::new("/disk");
    (FaultyDisk::new(root), root.join("store"))
}

/// Runs the story until something fails; answers what each subject may hold then.
fn story(disk: &FaultyDisk, root: &Path) -> (Allowed, Result<(), Fault>) {
    let mut allowed = Allowed::new();
    let store = match Store::open(Arc::new(disk.clone()), root, OURS) {
        Ok(store) => store,
        Err(error) => return (allowed, Err(error.into())),
    };
    for act in STORY {
        let holds = allowed.entry(act.subject()).or_insert_with(|| vec![None]);
        match act.run(&store) {
            Ok(()) => *holds = vec![act.result()],
            Err(fault) => {
                holds.push(act.result());
                return (allowed, Err(fault));
            }
        }
    }
    (allowed, Ok(()))
}

fn held(store: &Store, subject: &str) -> Option<Vec<u8>> {
    match subject {
        "blob 1" | "blob 2" => {
            let number = subject.as_bytes()[5] - b'0';
            let mut buffer = Vec::new();
            // A blob that was not finished may be there in part; nobody relies on it.
            store.blobs().open(blob(number)).ok()?.read_at(0, 300, &mut buffer).ok().map(|()| buffer)
        }
        "key" => store.keys().get(key()).ok(),
        "fence" => {
            let all = store.fences().unwrap().read_all().unwrap();
            all.first().map(|(engagement, state, epoch)| {
                assert_eq!(*engagement, ENGAGEMENT);
                fence(*state, *epoch)
            })
        }
        document => store.documents().read(document).unwrap(),
    }
}

fn check(disk: &FaultyDisk, root: &Path, allowed: &Allowed, told: &str) {
    disk.order(Faults::none());
    let store = Store::open(Arc::new(disk.clone()), root, OURS).unwrap();
    for (subject, allowed) in allowed {
        let found = held(&store, subject);
        let torn_fence = subject == "fence" && allowed.len() > 1 && found.as_deref() == Some(b"paused 0");
        let unfinished_blob = subject.starts_with("blob") && allowed.len() > 1;
        let fine = allowed.contains(&found) || torn_fence || unfinished_blob;
        assert!(fine, "{told}: {subject} holds {found:?}, allowed {allowed:?}");
    }
    // Whatever happened, the rest of the story can be told again, and leaves nothing on its way.
    for act in STORY {
        match act {
            Act::Blob(number) => store.blobs().delete(blob(*number)).unwrap(),
            Act::Key => store.keys().destroy(key()).unwrap(),
            Act::Fence(..) => continue,
            _ => {}
        }
        act.run(&store).unwrap_or_else(|fault| panic!("{told}: {act:?}: {}", base::error::chain(&fault)));
    }
    assert!(!disk.files().iter().any(|path| path.starts_with(root.join("new"))), "{told}");
    assert!(!disk.holds(SECRET), "{told}: a destroyed key is still on the disk");
}

fn calls() -> u64 {
    let (disk, root) = store_root();
    let counting = Faults::none();
    disk.order(counting.clone());
    let (allowed, outcome) = story(&disk, &root);
    outcome.unwrap();
    check(&disk, &root, &allowed, "without failures");
    counting.calls()
}

#[test]
fn every_call_fails_in_both_ways() {
    for call in 0..calls() {
        for way in BOTH_WAYS {
            let (disk, root) = store_root();
            let faults = Faults::at(call, way);
            disk.order(faults.clone());
            let (allowed, _) = story(&disk, &root);
            assert!(faults.struck(), "call {call} {way:?}");
            check(&disk, &root, &allowed, &format!("call {call} failed {way:?}"));
        }
    }
}

#[test]
fn power_is_lost_at_every_call() {
    for call in 0..calls() {
        for way in BOTH_WAYS {
            for survives in ALL_SURVIVALS {
                let (disk, root) = store_root();
                disk.order(Faults::at(call, way));
                let (allowed, _) = story(&disk, &root);
                disk.power_loss(survives);
                check(&disk, &root, &allowed, &format!("call {call} failed {way:?}, {survives:?} survived"));
            }
        }
    }
}

#[test]
fn what_was_acknowledged_survives_a_power_loss_at_the_end() {
    for survives in [Survives::Nothing, Survives::Half, Survives::Everything] {
        let (disk, root) = store_root();
        let (allowed, outcome) = story(&disk, &root);
        outcome.unwrap();
        assert!(allowed.values().all(|allowed| allowed.len() == 1));
        disk.power_loss(survives);
        check(&disk, &root, &allowed, "at the end");
    }
}

#[test]
fn what_failed_can_be_asked_again_without_reopening() {
    for call in 0..calls() {
        for way in BOTH_WAYS {
            let told = format!("call {call} failed {way:?}");
            let (disk, root) = store_root();
            let open = || Store::open(Arc::new(disk.clone()), &root, OURS);
            let faults = Faults::at(call, way);
            disk.order(faults.clone());
            let store = open().or_else(|_| open()).unwrap_or_else(|error| panic!("{told}: {error}"));
            for act in STORY {
                if act.run(&store).is_err() {
                    match act {
                        // A blob or key that failed is given up, and a fresh id taken; here the old one is removed.
                        Act::Blob(number) => store.blobs().delete(blob(*number)).unwrap(),
                        Act::Key => store.keys().destroy(key()).unwrap(),
                        _ => {}
                    }
                    act.run(&store).unwrap_or_else(|fault| panic!("{told}: {act:?}: {}", base::error::chain(&fault)));
                }
                disk.order(Faults::none());
                assert_eq!(held(&store, &act.subject()), act.result(), "{told}: {act:?}");
                disk.order(faults.clone());
            }
            assert!(!disk.holds(SECRET), "{told}: a destroyed key is still on the disk");
        }
    }
}
