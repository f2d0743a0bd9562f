//! The compact forms inside a column: parts of a version, sets of subjects, byte ranges.
//!
//! All are sequences of LEB128 numbers; sorted sequences hold the differences. A form that does not read back exactly, to its
//! last byte, reads as `None`, and the row it came from is corrupt.

use std::collections::BTreeMap;
use std::ops::Range;

use base::id::BlobId;
use base::object::{Body, Part};
use bytes::Bytes;

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

/// Writes byte ranges by ordinal: the ordinal, how many ranges, then gap and length of each. Ranges must be [`merged`].
pub(crate) fn write_ranges(ranges: &BTreeMap<u64, Vec<Range<u64>>>) -> Vec<u8> {
    let mut out = Vec::new();
    for (ordinal, ranges) in ranges {
        put(&mut out, *ordinal);
        put(&mut out, u64::try_from(ranges.len()).unwrap_or(u64::MAX));
        let mut end = 0;
        for range in ranges {
            put(&mut out, range.start.saturating_sub(end));
            put(&mut out, range.end.saturating_sub(range.start));
            end = range.end;
        }
    }
    out
}

/// Reads what [`write_ranges`] wrote.
pub(crate) fn read_ranges(mut bytes: &[u8]) -> Option<BTreeMap<u64, Vec<Range<u64>>>> {
    let mut all = BTreeMap::new();
    while !bytes.is_empty() {
        let ordinal = take(&mut bytes)?;
        let mut ranges = Vec::new();
        let mut end = 0u64;
        for _ in 0..take(&mut bytes)? {
            let start = end.checked_add(take(&mut bytes)?)?;
            end = start.checked_add(take(&mut bytes)?)?;
            ranges.push(start..end);
        }
        all.insert(ordinal, ranges).is_none().then_some(())?;
    }
    Some(all)
}

/// Ranges in order, empty ones dropped, overlapping and adjacent ones joined.
pub(crate) fn merged(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<u64>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        // The low seven bits always fit a byte.
        out.push(u8::try_from(number & 0x7F).unwrap_or(0) | 0x80);
        number >>= 7;
    }
    out.push(u8::try_from(number).unwrap_or(0));
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = u64::from(byte & 0x7F);
        // The tenth byte has room for one bit.
        if bits.checked_shl(shift)? >> shift != bits {
            return None;
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
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
        fn ranges_merge_to_the_same_bytes_and_read_back(
            ranges in prop::collection::btree_map(any::<u64>(), prop::collection::vec((0u64..60, 0u64..9), 1..9), 0..5),
        ) {
            let mut all = BTreeMap::new();
            for (ordinal, spans) in ranges {
                let ranges: Vec<Range<u64>> = spans.iter().map(|(start, len)| *start..start.saturating_add(*len)).collect();
                let joined = merged(ranges.clone());
                for byte in 0..80u64 {
                    let before = ranges.iter().any(|range| range.contains(&byte));
                    prop_assert_eq!(before, joined.iter().any(|range| range.contains(&byte)));
                }
                prop_assert!(joined.windows(2).all(|pair| pair[0].end < pair[1].start));
                all.insert(ordinal, joined);
            }
            prop_assert_eq!(read_ranges(&write_ranges(&all)), Some(all));
        }

        #[test]
        fn nonsense_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = (read_parts(&bytes, InlineBody::Kept(None)), read_set(&bytes), read_ranges(&bytes));
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
        assert_eq!(take(&mut [0xFF; 11].as_slice()), None);
        assert_eq!(take(&mut [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02].as_slice()), None);
    }
}
