//! What every `Blobs` does.
#![expect(clippy::unwrap_used, reason = "a suite is test code")]

use base::Kind;
use base::id::BlobId;
use base::ports::Blobs;

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

fn what_was_written_reads_back(blobs: &dyn Blobs) {
    write(blobs, ONE, &[b"sealed ", b"", b"bytes"]);
    write(blobs, TWO, &[]);
    for (offset, expected) in [(0, b"sealed bytes".as_slice()), (7, b"bytes"), (12, b""), (3, b"l")] {
        let mut buffer = vec![0; expected.len()];
        blobs.read_at(ONE, offset, &mut buffer).unwrap();
        assert_eq!(buffer, expected, "from {offset}");
    }
    blobs.read_at(TWO, 0, &mut []).unwrap();
}

fn a_name_is_taken_once(blobs: &dyn Blobs) {
    write(blobs, ONE, &[b"first"]);
    assert_eq!(blobs.create(ONE).err().unwrap().kind(), Kind::Conflict);
    let mut buffer = [0; 5];
    blobs.read_at(ONE, 0, &mut buffer).unwrap();
    assert_eq!(&buffer, b"first", "the second writer changed nothing");
}

fn a_truncated_blob_is_corrupt(blobs: &dyn Blobs) {
    write(blobs, ONE, &[b"short"]);
    assert_eq!(blobs.read_at(ONE, 0, &mut [0; 6]).unwrap_err().kind(), Kind::Corrupt);
    assert_eq!(blobs.read_at(ONE, 5, &mut [0; 1]).unwrap_err().kind(), Kind::Corrupt);
    assert_eq!(blobs.read_at(ONE, u64::MAX, &mut [0; 1]).unwrap_err().kind(), Kind::Corrupt);
    assert_eq!(blobs.read_at(TWO, 0, &mut [0; 1]).unwrap_err().kind(), Kind::Missing);
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
    assert_eq!(blobs.read_at(ONE, 0, &mut [0; 1]).unwrap_err().kind(), Kind::Missing);
    write(blobs, ONE, &[b"again"]);
}
