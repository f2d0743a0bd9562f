//! A disk in memory that forgets what was not synced, fills up, and fails to order.
//!
//! It keeps two states: what a running system sees, and what is on the platter. A file's bytes reach the platter when the
//! file is synced, a name when its folder is, each without the other. After [`FaultyDisk::power_loss`] only the platter is
//! left, with whatever else the test lets survive: a real disk may have written any part of what was not synced.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use store::durable::{Disk, DiskEntry, DiskFile, DiskReader};

use crate::faults::Faults;
use crate::locked;

/// What survives a power loss of that which was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survives {
    /// Nothing.
    Nothing,
    /// The first half of every file's unsynced change, and no name.
    Half,
    /// Everything: the disk happened to be quick.
    Everything,
}

/// All of them, for loops.
pub const ALL_SURVIVALS: [Survives; 3] = [Survives::Nothing, Survives::Half, Survives::Everything];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    Folder,
    File(usize),
}

impl Node {
    const fn content(self) -> Option<usize> {
        match self {
            Self::Folder => None,
            Self::File(content) => Some(content),
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Content {
    seen: Vec<u8>,
    synced: Vec<u8>,
}

#[derive(Debug, Default)]
struct State {
    seen: BTreeMap<PathBuf, Node>,
    synced: BTreeMap<PathBuf, Node>,
    contents: Vec<Content>,
    locks: BTreeSet<PathBuf>,
    full: bool,
}

/// The disk. Cloning shares it; every call of [`Disk`] and [`DiskFile`] counts.
#[derive(Clone, Debug)]
pub struct FaultyDisk {
    state: Arc<Mutex<State>>,
    faults: Arc<Mutex<Faults>>,
}

impl FaultyDisk {
    /// An empty disk whose one folder is `root`.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        let mut state = State::default();
        state.seen.insert(root.to_owned(), Node::Folder);
        state.synced.insert(root.to_owned(), Node::Folder);
        Self { state: Arc::new(Mutex::new(state)), faults: Arc::new(Mutex::new(Faults::none())) }
    }

    /// Fails as ordered from now on.
    pub fn order(&self, faults: Faults) {
        *locked(&self.faults) = faults;
    }

    /// Fills the disk, or makes room again. On a full disk nothing grows: half of what is added fits, then it fails.
    pub fn set_full(&self, full: bool) {
        locked(&self.state).full = full;
    }

    /// The machine loses power and comes back. Handles and locks from before are dead.
    pub fn power_loss(&self, survives: Survives) {
        let mut state = locked(&self.state);
        if survives == Survives::Everything {
            state.synced = state.seen.clone();
        }
        for content in &mut state.contents {
            content.synced = match survives {
                Survives::Nothing => std::mem::take(&mut content.synced),
                Survives::Half => half(&content.synced, &content.seen),
                Survives::Everything => std::mem::take(&mut content.seen),
            };
            content.seen = content.synced.clone();
        }
        // A name whose folder is gone leads nowhere.
        let mut kept = BTreeMap::new();
        for (path, node) in &state.synced {
            let anchored = path.parent().is_none_or(|parent| kept.contains_key(parent) || kept.is_empty());
            if anchored {
                kept.insert(path.clone(), *node);
            }
        }
        // Nor does a file without a name come back; what its blocks held is the file system's to reuse.
        let named: BTreeSet<usize> = kept.values().filter_map(|node| node.content()).collect();
        for (number, content) in state.contents.iter_mut().enumerate() {
            if !named.contains(&number) {
                *content = Content::default();
            }
        }
        state.seen = kept.clone();
        state.synced = kept;
        state.locks.clear();
    }

    /// Whether any file, even one without a name, holds these bytes where a thief of the disk would find them.
    #[must_use]
    pub fn holds(&self, needle: &[u8]) -> bool {
        let state = locked(&self.state);
        let found = |bytes: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        state.contents.iter().any(|content| found(&content.synced) || found(&content.seen))
    }

    /// The names of all files.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let state = locked(&self.state);
        state.seen.iter().filter(|(_, node)| **node != Node::Folder).map(|(path, _)| path.clone()).collect()
    }

    fn run<T>(&self, call: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        let faults = locked(&self.faults).clone();
        faults.run(|| io::Error::other("failure ordered by the test"), || call(&mut locked(&self.state)))
    }

    fn handle(&self, content: usize) -> Box<dyn DiskFile> {
        Box::new(FaultyFile { disk: self.clone(), content })
    }
}

/// What was synced, with the first half of what was changed since.
fn half(synced: &[u8], seen: &[u8]) -> Vec<u8> {
    let differs = |index: &usize| synced.get(*index) != seen.get(*index);
    let changed: Vec<usize> = (0..synced.len().max(seen.len())).filter(differs).collect();
    let kept = changed.get(changed.len() / 2).copied().unwrap_or(seen.len());
    let mut bytes: Vec<u8> = seen.iter().take(kept).copied().collect();
    bytes.extend(synced.iter().skip(bytes.len()));
    bytes
}

fn missing() -> io::Error {
    ErrorKind::NotFound.into()
}

impl State {
    fn folder(&self, path: &Path) -> io::Result<()> {
        if self.seen.get(path) == Some(&Node::Folder) { Ok(()) } else { Err(missing()) }
    }

    fn file(&self, path: &Path) -> io::Result<usize> {
        match self.seen.get(path) {
            Some(Node::File(content)) => Ok(*content),
            Some(Node::Folder) => Err(ErrorKind::IsADirectory.into()),
            None => Err(missing()),
        }
    }

    fn content(&mut self, content: usize) -> io::Result<&mut Content> {
        self.contents.get_mut(content).ok_or_else(missing)
    }

    fn add(&mut self, path: &Path, node: Node) -> io::Result<()> {
        self.folder(path.parent().ok_or_else(missing)?)?;
        if self.seen.contains_key(path) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        self.seen.insert(path.to_owned(), node);
        Ok(())
    }

    fn put(&mut self, content: usize, offset: usize, bytes: &[u8]) -> io::Result<()> {
        let full = self.full;
        let seen = &mut self.content(content)?.seen;
        let end = offset.saturating_add(bytes.len());
        let grows = end > seen.len();
        let fits = if full && grows { bytes.len() / 2 } else { bytes.len() };
        for (place, byte) in (offset..).zip(bytes.iter().take(fits)) {
            if seen.len() <= place {
                seen.resize(place.saturating_add(1), 0);
            }
            if let Some(at) = seen.get_mut(place) {
                *at = *byte;
            }
        }
        if full && grows { Err(ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

fn children<'s>(names: &'s BTreeMap<PathBuf, Node>, folder: &'s Path) -> impl Iterator<Item = (&'s PathBuf, &'s Node)> {
    names.iter().filter(move |(path, _)| path.parent() == Some(folder))
}

impl Disk for FaultyDisk {
    fn make_folder(&self, path: &Path) -> io::Result<()> {
        self.run(|state| state.add(path, Node::Folder))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let content = self.run(|state| {
            if state.full {
                return Err(ErrorKind::StorageFull.into());
            }
            let content = state.contents.len();
            state.add(path, Node::File(content))?;
            state.contents.push(Content::default());
            Ok(content)
        })?;
        Ok(self.handle(content))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let content = self.run(|state| state.file(path))?;
        Ok(self.handle(content))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.run(|state| {
            let content = state.file(path)?;
            Ok(state.content(content)?.seen.clone())
        })
    }

    fn reader(&self, path: &Path) -> io::Result<Box<dyn DiskReader>> {
        let content = self.run(|state| state.file(path))?;
        Ok(Box::new(FaultyFile { disk: self.clone(), content }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.run(|state| {
            let content = state.file(from)?;
            state.folder(to.parent().ok_or_else(missing)?)?;
            if state.seen.get(to) == Some(&Node::Folder) {
                return Err(ErrorKind::IsADirectory.into());
            }
            state.seen.remove(from);
            state.seen.insert(to.to_owned(), Node::File(content));
            Ok(())
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.run(|state| {
            state.file(path)?;
            state.seen.remove(path);
            Ok(())
        })
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.run(|state| {
            state.folder(path)?;
            let gone: Vec<PathBuf> = children(&state.synced, path)
                .filter(|(child, _)| !state.seen.contains_key(*child))
                .map(|(child, _)| child.clone())
                .collect();
            let here: Vec<(PathBuf, Node)> =
                children(&state.seen, path).map(|(child, node)| (child.clone(), *node)).collect();
            gone.iter().for_each(|child| _ = state.synced.remove(child));
            state.synced.extend(here);
            Ok(())
        })
    }

    fn list(&self, path: &Path) -> io::Result<Vec<DiskEntry>> {
        self.run(|state| {
            state.folder(path)?;
            let entry = |(child, node): (&PathBuf, &Node)| DiskEntry {
                name: child.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                folder: *node == Node::Folder,
            };
            Ok(children(&state.seen, path).map(entry).collect())
        })
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Send + Sync>>> {
        self.run(|state| {
            state.folder(path.parent().ok_or_else(missing)?)?;
            let lock =
                || -> Box<dyn Send + Sync> { Box::new(Lock { state: Arc::clone(&self.state), path: path.to_owned() }) };
            Ok(state.locks.insert(path.to_owned()).then(lock))
        })
    }
}

struct Lock {
    state: Arc<Mutex<State>>,
    path: PathBuf,
}

impl Drop for Lock {
    fn drop(&mut self) {
        locked(&self.state).locks.remove(&self.path);
    }
}

struct FaultyFile {
    disk: FaultyDisk,
    content: usize,
}

impl DiskReader for FaultyFile {
    fn read_at(&self, offset: u64, length: usize, buffer: &mut Vec<u8>) -> io::Result<()> {
        self.disk.run(|state| {
            let from = usize::try_from(offset).unwrap_or(usize::MAX);
            let seen = &state.content(self.content)?.seen;
            let bytes = seen.get(from..).and_then(|rest| rest.get(..length));
            buffer.extend_from_slice(bytes.ok_or(ErrorKind::UnexpectedEof)?);
            Ok(())
        })
    }
}

impl DiskFile for FaultyFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.disk.run(|state| {
            let end = state.content(self.content)?.seen.len();
            state.put(self.content, end, bytes)
        })
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.disk.run(|state| state.put(self.content, usize::try_from(offset).unwrap_or(usize::MAX), bytes))
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.run(|state| {
            let content = state.content(self.content)?;
            content.synced = content.seen.clone();
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk() -> (FaultyDisk, PathBuf, PathBuf) {
        let root = PathBuf::from("/disk");
        let disk = FaultyDisk::new(&root);
        (disk, root.clone(), root.join("a"))
    }

    #[test]
    fn bytes_and_names_are_forgotten_apart() {
        for (sync_bytes, sync_name) in [(false, false), (true, false), (false, true), (true, true)] {
            let (disk, root, path) = disk();
            let mut file = disk.create(&path).unwrap();
            file.append(b"12345678").unwrap();
            if sync_bytes {
                file.sync().unwrap();
            }
            if sync_name {
                disk.sync_folder(&root).unwrap();
            }
            disk.power_loss(Survives::Nothing);
            let expected = if sync_bytes { b"12345678".to_vec() } else { vec![] };
            assert_eq!(disk.read(&path).ok(), sync_name.then_some(expected));
        }
    }

    #[test]
    fn half_of_a_write_may_survive() {
        let (disk, root, path) = disk();
        let mut file = disk.create(&path).unwrap();
        file.append(b"12345678").unwrap();
        file.sync().unwrap();
        disk.sync_folder(&root).unwrap();
        file.write_at(2, b"abcd").unwrap();
        disk.power_loss(Survives::Half);
        assert_eq!(disk.read(&path).unwrap(), b"12ab5678");
        file.append(b"90").unwrap();
        disk.power_loss(Survives::Half);
        assert_eq!(disk.read(&path).unwrap(), b"12ab56789");
    }

    #[test]
    fn a_full_disk_takes_half() {
        let (disk, _, path) = disk();
        let mut file = disk.create(&path).unwrap();
        file.append(b"1234").unwrap();
        disk.set_full(true);
        assert_eq!(file.append(b"5678").unwrap_err().kind(), ErrorKind::StorageFull);
        assert_eq!(disk.read(&path).unwrap(), b"123456");
        file.write_at(0, b"ab").unwrap();
    }

    #[test]
    fn a_lock_has_one_holder() {
        let (disk, _, path) = disk();
        let held = disk.lock(&path).unwrap().unwrap();
        assert!(disk.lock(&path).unwrap().is_none());
        assert!(disk.lock(&path).unwrap().is_none());
        drop(held);
        assert!(disk.lock(&path).unwrap().is_some());
    }
}
