//! Where everything lies in a sealed stream: pure arithmetic, nothing secret.
//!
//! ```text
//! header | segment 0 | segment 1 | .. | last segment
//! ```
//!
//! Header and segment 0 together fill one segment's room, every further segment fills another, the last may be shorter. A
//! segment is its plaintext's ciphertext and a 16-byte tag. There is no empty segment at the end, except that an empty stream
//! is one segment holding only a tag.
//!
//! All of it follows from the plaintext's size, which a reader takes from the authenticated record and never from the store:
//! so a stream that was cut at a segment's edge is noticed whichever part of it is read.

use std::ops::Range;

use crate::wrap::TAG_BYTES;

/// Bytes of a tag, as the arithmetic below wants them.
const TAG: u64 = TAG_BYTES as u64;

/// The shape of a stream: bytes of its header and of its sealed segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    segment: u64,
    header: u64,
}

/// One segment of a stream of known size. Offsets count from the stream's start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Which, from 0; part of its nonce.
    pub index: u32,
    /// Whether it is the last; part of its nonce.
    pub last: bool,
    /// The plaintext it holds.
    pub plain: Range<u64>,
    /// Where its ciphertext and tag lie.
    pub sealed: Range<u64>,
}

impl Layout {
    /// A layout with sealed segments of `segment_size` bytes behind a header of `header` bytes; `None` when the first segment
    /// could hold nothing.
    #[must_use]
    pub fn new(segment_size: u32, header: u8) -> Option<Self> {
        let layout = Self { segment: u64::from(segment_size), header: u64::from(header) };
        // SPEC: Tink, AES-GCM-HKDF streaming AEAD, parameters. With derived keys of 32 bytes the smallest segment has 57.
        (layout.segment > layout.header.checked_add(TAG)?).then_some(layout)
    }

    /// Bytes of the header.
    #[must_use]
    pub const fn header(self) -> u64 {
        self.header
    }

    /// Plaintext bytes that fill segment `index`.
    #[must_use]
    pub const fn capacity(self, index: u32) -> u64 {
        let room = self.segment.saturating_sub(TAG);
        if index == 0 { room.saturating_sub(self.header) } else { room }
    }

    /// Bytes of the whole sealed stream of `plain` bytes; `None` beyond what a stream can hold.
    #[must_use]
    pub fn sealed_len(self, plain: u64) -> Option<u64> {
        let tags = TAG.checked_mul(u64::from(self.segments(plain)?))?;
        plain.checked_add(self.header)?.checked_add(tags)
    }

    /// Plaintext bytes of a sealed stream of `sealed` bytes; `None` when no stream has that length.
    #[must_use]
    pub fn plain_len(self, sealed: u64) -> Option<u64> {
        let tags = TAG.checked_mul(sealed.div_ceil(self.segment))?;
        let plain = sealed.checked_sub(self.header)?.checked_sub(tags)?;
        (self.sealed_len(plain)? == sealed).then_some(plain)
    }

    /// How many segments a stream of `plain` bytes has; `None` beyond what can be numbered.
    #[must_use]
    pub fn segments(self, plain: u64) -> Option<u32> {
        let filled = plain.checked_add(self.header)?.div_ceil(self.segment.checked_sub(TAG)?);
        // INVARIANT: the index of every segment fits its four bytes in the nonce, so no nonce repeats in a stream.
        u32::try_from(filled.max(1)).ok()
    }

    /// The segment that holds the plaintext byte at `offset`. At the stream's end, the last segment.
    #[must_use]
    pub fn segment_of(self, plain: u64, offset: u64) -> Option<Segment> {
        let index = offset.checked_add(self.header)?.checked_div(self.segment.checked_sub(TAG)?)?;
        let last = self.segments(plain)?.checked_sub(1)?;
        self.segment(plain, u32::try_from(index).unwrap_or(u32::MAX).min(last))
    }

    /// Segment `index` of a stream of `plain` bytes; `None` when it has no such segment.
    #[must_use]
    pub fn segment(self, plain: u64, index: u32) -> Option<Segment> {
        let last = self.segments(plain)?.checked_sub(1)?;
        if index > last {
            return None;
        }
        let before = u64::from(index);
        let (plain_start, sealed_start) = match index {
            0 => (0, self.header),
            _ => {
                let room = self.segment.checked_sub(TAG)?;
                (before.checked_mul(room)?.checked_sub(self.header)?, before.checked_mul(self.segment)?)
            }
        };
        let plain_end = plain_start.checked_add(self.capacity(index))?.min(plain);
        let sealed_end = sealed_start.checked_add(plain_end.checked_sub(plain_start)?)?.checked_add(TAG)?;
        Some(Segment { index, last: index == last, plain: plain_start..plain_end, sealed: sealed_start..sealed_end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plaintext and sealed lengths of `tests/vectors/tink.csv`, and the two smallest segments.
    #[test]
    fn lengths_are_those_of_tink() {
        let cases = [
            (256, 40, 0, 56, 1),
            (256, 40, 5, 61, 1),
            (256, 40, 199, 255, 1),
            (256, 40, 200, 256, 1),
            (256, 40, 201, 273, 2),
            (256, 40, 440, 512, 2),
            (256, 40, 441, 529, 3),
            (4096, 40, 10_000, 10_088, 3),
            (1 << 20, 40, 3_000_000, 3_000_088, 3),
            (256, 24, 300, 356, 2),
            (57, 40, 1, 57, 1),
            (57, 40, 2, 74, 2),
        ];
        for (segment, header, plain, sealed, segments) in cases {
            let layout = Layout::new(segment, header).unwrap();
            assert_eq!(layout.sealed_len(plain), Some(sealed), "{segment} {plain}");
            assert_eq!(layout.plain_len(sealed), Some(plain), "{segment} {sealed}");
            assert_eq!(layout.segments(plain), Some(segments), "{segment} {plain}");
        }
        assert_eq!(Layout::new(56, 40), None);
        assert_eq!(Layout::new(0, 40), None);
    }

    #[test]
    fn lengths_no_stream_has_are_refused() {
        let layout = Layout::new(256, 40).unwrap();
        let possible: Vec<u64> = (0..1000).filter_map(|plain| layout.sealed_len(plain)).collect();
        for sealed in 0..1000 {
            assert_eq!(layout.plain_len(sealed).is_some(), possible.contains(&sealed), "{sealed}");
        }
        assert_eq!(layout.sealed_len(u64::MAX), None);
        assert_eq!(layout.segments(240 * (u64::from(u32::MAX) + 1)), None);
    }

    /// The segments of a stream lie end to end, cover plaintext and sealed bytes exactly, and only the last is marked.
    #[test]
    fn segments_cover_the_stream() {
        let layout = Layout::new(64, 40).unwrap();
        for plain in 0..400 {
            let count = layout.segments(plain).unwrap();
            let (mut plain_at, mut sealed_at) = (0, layout.header());
            for index in 0..count {
                let segment = layout.segment(plain, index).unwrap();
                assert_eq!((segment.plain.start, segment.sealed.start), (plain_at, sealed_at), "{plain} {index}");
                assert_eq!(segment.last, index == count - 1);
                for offset in segment.plain.clone() {
                    assert_eq!(layout.segment_of(plain, offset).as_ref(), Some(&segment));
                }
                (plain_at, sealed_at) = (segment.plain.end, segment.sealed.end);
            }
            assert_eq!((plain_at, Some(sealed_at)), (plain, layout.sealed_len(plain)));
            assert_eq!(layout.segment(plain, count), None);
            assert!(layout.segment_of(plain, plain).unwrap().last);
        }
    }
}
