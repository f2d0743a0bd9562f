//! Fills the three engagements: with files from a folder, spread over them, or with data that is made up; and always with an
//! archive each, which is large enough to be cut in the middle.

use std::path::{Path, PathBuf};

use tokio::task::JoinSet;

use crate::drill::cast::COMPARTMENTS;
use crate::drill::plant::{Made, Planter, Size};
use crate::drill::reader;
use crate::drill::seat::Seat;
use crate::drill::truth::{Content, Place, Truth};
use crate::drill::witness::Witness;
use crate::error::Error;

/// How many objects of one engagement are uploaded at once. With files of unknown people it is one after the other: who is
/// who can depend on who was seen first.
const UPLOADS_AT_ONCE: usize = 4;

/// The largest file that is taken from a folder; uploads are held in memory.
const LARGEST_FILE_BYTES: u64 = 256 << 20;

/// How many bytes a marker has: long enough not to occur by chance.
const MARKER_BYTES: usize = 24;

/// How many markers are kept of an engagement.
const MARKERS: usize = 12;

/// What lies in one engagement now.
#[derive(Default)]
pub(super) struct Filled {
    pub(super) truth: Truth,
    /// Stretches of plaintext that must not be found on disk.
    pub(super) markers: Vec<Vec<u8>>,
    /// Files that were left out, and why.
    pub(super) left_out: Vec<String>,
}

impl Filled {
    pub(super) fn bytes(&self) -> u64 {
        self.truth.values().map(|content| content.size).sum()
    }

    fn add(&mut self, place: Place, bytes: &[u8], content: Content) {
        // After 0, 1, 2, 4, 8 and so on: from all over the engagement.
        let due = 1_usize.checked_shl(u32::try_from(self.markers.len()).unwrap_or(u32::MAX)).unwrap_or(usize::MAX);
        if self.markers.len() < MARKERS && self.truth.len() >= due.div_euclid(2) {
            self.markers.extend(marker(bytes));
        }
        self.truth.insert(place, content);
    }
}

/// Fills one engagement.
pub(super) async fn fill(
    seat: Seat,
    seed: u64,
    size: Size,
    files: Option<Vec<(String, PathBuf)>>,
) -> Result<Filled, Error> {
    let mut planter = Planter::new(seed, size, seat.about.holds.to_vec());
    let mut filled = Filled::default();
    if let Some(files) = files {
        bring_in(&seat, files, planter, &mut filled).await?;
        return Ok(filled);
    }
    while let Some(cohort) = planter.cohort() {
        upload(&seat, cohort, &mut filled).await?;
    }
    upload(&seat, planter.archives(), &mut filled).await?;
    Ok(filled)
}

/// Brings in files, one after the other, and an archive after them.
async fn bring_in(
    seat: &Seat,
    files: Vec<(String, PathBuf)>,
    mut planter: Planter,
    filled: &mut Filled,
) -> Result<(), Error> {
    let mut witness = Witness::default();
    let [bucket, _] = seat.about.buckets;
    for (key, path) in files {
        let Some(bytes) = read(&path)? else {
            filled.left_out.push(format!("`{key}` is larger than {}", base::Bytes(LARGEST_FILE_BYTES)));
            continue;
        };
        let place = (bucket.to_owned(), key);
        filled.add(place.clone(), &bytes, witness.content(&place.1, &bytes));
        reader::put(&seat.client, &place, bytes).await?;
    }
    while planter.cohort().is_some() {}
    for Made { key, bytes, .. } in planter.archives() {
        let place = (bucket.to_owned(), key);
        filled.add(place.clone(), &bytes, witness.content(&place.1, &bytes));
        reader::put(&seat.client, &place, bytes).await?;
    }
    Ok(())
}

async fn upload(seat: &Seat, objects: Vec<Made>, filled: &mut Filled) -> Result<(), Error> {
    let mut uploads = JoinSet::new();
    for Made { bucket, key, bytes, content } in objects {
        let place = (seat.about.buckets.get(bucket).copied().unwrap_or_default().to_owned(), key);
        filled.add(place.clone(), &bytes, content);
        let client = seat.client.clone();
        uploads.spawn(async move { reader::put(&client, &place, bytes).await });
        if uploads.len() >= UPLOADS_AT_ONCE {
            joined(uploads.join_next().await)?;
        }
    }
    while let Some(upload) = uploads.join_next().await {
        joined(Some(upload))?;
    }
    Ok(())
}

fn joined(upload: Option<Result<Result<(), Error>, tokio::task::JoinError>>) -> Result<(), Error> {
    match upload {
        None => Ok(()),
        Some(Ok(outcome)) => outcome,
        Some(Err(error)) => Err(Error::part("waiting for an upload", base::Kind::Bug, error)),
    }
}

/// A stretch from the middle that is not a run of the same few bytes.
fn marker(bytes: &[u8]) -> Option<Vec<u8>> {
    let middle = bytes.len().div_euclid(2);
    let stretch = bytes.get(middle..)?.windows(MARKER_BYTES).find(|stretch| {
        let distinct: std::collections::BTreeSet<u8> = stretch.iter().copied().collect();
        distinct.len() >= MARKER_BYTES.div_euclid(2)
    });
    stretch.map(<[u8]>::to_vec)
}

/// Every file below a folder, by its path in it, in the order of their names, dealt out to the compartments.
///
/// # Errors
/// The folder cannot be read, or there is nothing in it.
pub(super) fn deal(folder: &Path) -> Result<Vec<Vec<(String, PathBuf)>>, Error> {
    let mut files = Vec::new();
    walk(folder, folder, &mut files)?;
    if files.is_empty() {
        return Err(Error::Misuse(format!("there is no file in `{}`\nname a folder with `--input`", folder.display())));
    }
    files.sort();
    let mut hands = vec![Vec::new(); COMPARTMENTS.len()];
    for (place, file) in files.into_iter().enumerate() {
        if let Some(hand) = hands.get_mut(place.checked_rem(COMPARTMENTS.len()).unwrap_or(0)) {
            hand.push(file);
        }
    }
    Ok(hands)
}

/// Links are not followed: they could lead anywhere, or round in circles.
fn walk(root: &Path, folder: &Path, files: &mut Vec<(String, PathBuf)>) -> Result<(), Error> {
    let failed = |source| Error::file("reading the input folder", folder, source);
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(failed)?);
        if kind.is_dir() {
            walk(root, &path, files)?;
        } else if kind.is_file() {
            let key = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            files.push((key, path));
        }
    }
    Ok(())
}

/// The file's bytes, unless there are too many.
fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    let failed = |source| Error::file("reading", path, source);
    if std::fs::metadata(path).map_err(failed)?.len() > LARGEST_FILE_BYTES {
        return Ok(None);
    }
    std::fs::read(path).map(Some).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_telling() {
        assert_eq!(marker(&[b'a'; 1000]), None);
        let text = b"The third case is the interesting one: the clause is silent and the parties disagree.";
        assert_eq!(marker(text).map(|marker| marker.len()), Some(MARKER_BYTES));
    }

    #[test]
    fn files_are_dealt_out_in_turn() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("b")).unwrap();
        for name in ["a.txt", "b/c.csv", "b/d.jsonl", "e.txt"] {
            std::fs::write(folder.path().join(name), name).unwrap();
        }
        let keys = |hand: &Vec<(String, PathBuf)>| hand.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
        let hands = deal(folder.path()).unwrap();
        assert_eq!(
            hands.iter().map(keys).collect::<Vec<_>>(),
            [vec!["a.txt", "e.txt"], vec!["b/c.csv"], vec!["b/d.jsonl"]]
        );
        let empty = tempfile::tempdir().unwrap();
        assert!(deal(empty.path()).is_err());
    }
}
