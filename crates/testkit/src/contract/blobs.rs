//! What every `Blobs` does.
#![expect(clippy::unwrap_used, reason = "a suite is test code")]

use base::id::BlobId;
use base::ports::Blobs;
use base::{Fault, Kind};

const ONE: BlobId = BlobId::from_bytes([1; 16]);
const TWO: BlobId = BlobId::from_bytes([2; 16]);

/// The contract of [`Blobs`].
pub fn blobs(fresh: &dyn Fn() -> Box<dyn Blobs>) {
    what_was_written_reads_back(&*fresh());
    a_name_is_taken_once(&*fresh());
    a_truncated_blob_is_corrupt(&*fresh());
    deleting_is_idempotent_and_listing_is_complete(&*fresh());
}

fn write(blobs: &dyn Blobs, name: BlobId, pieces: &[&[u8]]) {
    let mut writer = blobs.create(name).unwrap();
    pieces.iter().for_each(|piece| writer.append(piece).unwrap());
    writer.finish().unwrap();
}

fn read(blobs: &dyn Blobs, name: BlobId, offset: u64, length: usize) -> Result<Vec<u8>, Fault> {
    let mut buffer = Vec::new();
    blobs.open(name)?.read_at(offset, length, &mut buffer).map(|()| buffer)
}

fn what_was_written_reads_back(blobs: &dyn Blobs) {
    write(blobs, ONE, &[b"sealed ", b"", b"bytes"]);
    write(blobs, TWO, &[]);
    for (offset, expected) in [(0, b"sealed bytes".as_slice()), (7, b"bytes"), (12, b""), (3, b"l")] {
        assert_eq!(read(blobs, ONE, offset, expected.len()).unwrap(), expected, "from {offset}");
    }
    assert_eq!(read(blobs, TWO, 0, 0).unwrap(), []);
    let mut buffer = Vec::with_capacity(64);
    let blob = blobs.open(ONE).unwrap();
    blob.read_at(7, 5, &mut buffer).unwrap();
    blob.read_at(0, 7, &mut buffer).unwrap();
    assert_eq!(buffer, b"bytessealed ", "appended, and no more than was asked for");
}

fn a_name_is_taken_once(blobs: &dyn Blobs) {
    write(blobs, ONE, &[b"first"]);
    assert_eq!(blobs.create(ONE).err().unwrap().kind(), Kind::Conflict);
    assert_eq!(read(blobs, ONE, 0, 5).unwrap(), b"first", "the second writer changed nothing");
}

fn a_truncated_blob_is_corrupt(blobs: &dyn Blobs) {
    write(blobs, ONE, &[b"short"]);
    assert_eq!(read(blobs, ONE, 0, 6).unwrap_err().kind(), Kind::Corrupt);
    assert_eq!(read(blobs, ONE, 5, 1).unwrap_err().kind(), Kind::Corrupt);
    assert_eq!(read(blobs, ONE, u64::MAX, 1).unwrap_err().kind(), Kind::Corrupt);
    assert_eq!(read(blobs, TWO, 0, 1).unwrap_err().kind(), Kind::Missing);
}

fn deleting_is_idempotent_and_listing_is_complete(blobs: &dyn Blobs) {
    assert_eq!(blobs.list().unwrap(), []);
    blobs.delete(ONE).unwrap();
    write(blobs, ONE, &[b"1"]);
    write(blobs, TWO, &[b"2"]);
    let mut listed = blobs.list().unwrap();
    listed.sort_unstable();
    assert_eq!(listed, [ONE, TWO]);
    blobs.delete(ONE).unwrap();
    blobs.delete(ONE).unwrap();
    assert_eq!(blobs.list().unwrap(), [TWO]);
    assert_eq!(read(blobs, ONE, 0, 1).unwrap_err().kind(), Kind::Missing);
    write(blobs, ONE, &[b"again"]);
}
