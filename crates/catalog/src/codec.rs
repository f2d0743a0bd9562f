//! The compact forms inside a column: parts of a version, sets of subjects.
//!
//! All are sequences of LEB128 numbers; sorted sequences hold the differences. A form that does not read back exactly, to its
//! last byte, reads as `None`, and the row it came from is corrupt.

use base::id::BlobId;
use base::object::{Body, Part};
use bytes::Bytes;
use scope::number::{put, take};

/// First byte of encoded parts.
const PARTS_VERSION: u8 = 1;

const INLINE: u64 = 0;
const BLOB: u64 = 1;

/// Writes parts. An inline body is not written here but has a column of its own.
pub(crate) fn write_parts(parts: &[Part]) -> Vec<u8> {
    let mut out = vec![PARTS_VERSION];
    for part in parts {
        put(&mut out, u64::from(part.number));
        put(&mut out, part.size);
        match &part.body {
            Body::Inline(_) => put(&mut out, INLINE),
            Body::Blob(blob) => {
                put(&mut out, BLOB);
                out.extend_from_slice(blob.as_bytes());
            }
        }
    }
    out
}

/// Where the body of an inline part is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum InlineBody<'b> {
    /// Beside the parts; `None` if no part is inline.
    Kept(Option<&'b [u8]>),
    /// Erased with the version; it reads as empty.
    Erased,
}

/// Reads parts.
pub(crate) fn read_parts(bytes: &[u8], inline: InlineBody<'_>) -> Option<Vec<Part>> {
    let (version, mut rest) = bytes.split_first()?;
    if *version != PARTS_VERSION {
        return None;
    }
    let (erased, mut body) = match inline {
        InlineBody::Kept(body) => (false, body.map(Bytes::copy_from_slice)),
        InlineBody::Erased => (true, None),
    };
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let number = u32::try_from(take(&mut rest)?).ok()?;
        let size = take(&mut rest)?;
        let body = match take(&mut rest)? {
            INLINE if erased => Body::Inline(Bytes::new()),
            INLINE => Body::Inline(body.take()?),
            BLOB => {
                let (blob, after) = rest.split_first_chunk()?;
                rest = after;
                Body::Blob(BlobId::from_bytes(*blob))
            }
            _ => return None,
        };
        parts.push(Part { number, size, body });
    }
    body.is_none().then_some(parts)
}

/// Writes a sorted set of distinct numbers as differences (about 1.5 bytes each when people cluster).
pub(crate) fn write_set(set: &[u32]) -> Vec<u8> {
    let mut out = Vec::with_capacity(set.len().saturating_mul(2));
    let mut floor = 0;
    for member in set {
        put(&mut out, u64::from(*member).saturating_sub(floor));
        floor = u64::from(*member).saturating_add(1);
    }
    out
}

/// Reads what [`write_set`] wrote. What it reads is sorted and distinct by construction.
pub(crate) fn read_set(mut bytes: &[u8]) -> Option<Vec<u32>> {
    let mut set = Vec::with_capacity(bytes.len());
    let mut floor = 0u64;
    while !bytes.is_empty() {
        let member = floor.checked_add(take(&mut bytes)?)?;
        set.push(u32::try_from(member).ok()?);
        floor = member.checked_add(1)?;
    }
    Some(set)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts() -> impl Strategy<Value = Vec<Part>> {
        let blob = (any::<u32>(), any::<u64>(), any::<[u8; 16]>());
        prop::collection::vec(blob, 0..20).prop_map(|parts| {
            let part = |(number, size, blob)| Part { number, size, body: Body::Blob(BlobId::from_bytes(blob)) };
            parts.into_iter().map(part).collect()
        })
    }

    proptest! {
        #[test]
        fn parts_read_back(parts in parts()) {
            let bytes = write_parts(&parts);
            prop_assert_eq!(read_parts(&bytes, InlineBody::Kept(None)), Some(parts));
        }

        #[test]
        fn sets_read_back(set in prop::collection::btree_set(any::<u32>(), 0..200)) {
            let set: Vec<u32> = set.into_iter().collect();
            prop_assert_eq!(read_set(&write_set(&set)), Some(set));
        }

        #[test]
        fn nonsense_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = (read_parts(&bytes, InlineBody::Kept(None)), read_set(&bytes));
        }
    }

    #[test]
    fn a_truncated_form_does_not_read() {
        let parts = [Part { number: 1, size: 300, body: Body::Inline(Bytes::from_static(b"x")) }];
        let bytes = write_parts(&parts);
        assert_eq!(read_parts(&bytes, InlineBody::Kept(Some(b"x"))).unwrap(), parts);
        assert_eq!(read_parts(&bytes, InlineBody::Kept(None)), None, "the body is gone");
        assert_eq!(read_parts(&[PARTS_VERSION], InlineBody::Kept(Some(b"x"))), None, "a body without its part");
        assert_eq!(read_parts(&bytes[..bytes.len() - 1], InlineBody::Kept(Some(b"x"))), None);
        assert_eq!(read_set(&[0xFF]), None);
        assert_eq!(read_set(&[0xFF, 0xFF, 0xFF, 0xFF, 0x7F]), None, "beyond 32 bits");
    }
}
