//! Compression of blocks whose size is known: pages of columns, blocks of rows.
//!
//! A stated size is what the output may have and not what is allocated on its word alone: the budget of the whole
//! object is asked first, and [`LARGEST_BLOCK_BYTES`] is the most.

use std::io::Read;

use zeroize::Zeroizing;

use crate::error::Stop;
use crate::limits::Budget;
use crate::report::Why;

/// The largest block that is held. Writers cut pages at one mebibyte, but look only after a thousand values, so long
/// documents make long pages.
pub(crate) const LARGEST_BLOCK_BYTES: u64 = 64 << 20;

/// How much a block of unknown size grows at once.
const GROWN_BYTES: usize = 16 << 10;

/// A way of compressing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    Plain,
    Snappy,
    /// Gzip, or zlib.
    Gzip,
    /// Deflate without a head.
    Deflate,
    Zstd,
    /// A bare block of LZ4.
    Lz4,
    /// LZ4 as Hadoop writes it: blocks with their lengths, big end first.
    HadoopLz4,
    /// A frame of LZ4.
    Lz4Frame,
}

/// Unpacks `packed`, which gives `bytes` bytes.
pub(crate) fn unpack(codec: Codec, packed: &[u8], bytes: u64, budget: &Budget) -> Result<Zeroizing<Vec<u8>>, Stop> {
    let wanted = usize::try_from(bytes).ok().filter(|_| bytes <= LARGEST_BLOCK_BYTES).ok_or(Why::TooLargeToHold)?;
    budget.unpack(wanted)?;
    match codec {
        Codec::Plain => Ok(Zeroizing::new(packed.to_vec())),
        Codec::Snappy => {
            if snap::raw::decompress_len(packed).ok() != Some(wanted) {
                return Err(Stop::broken("a block that says two different sizes"));
            }
            let mut out = Zeroizing::new(vec![0; wanted]);
            match snap::raw::Decoder::new().decompress(packed, &mut out) {
                Ok(len) if len == wanted => Ok(out),
                _ => Err(Stop::broken("a block of Snappy that does not unpack")),
            }
        }
        Codec::Lz4 => lz4(packed, wanted),
        Codec::HadoopLz4 => hadoop_lz4(packed, wanted).or_else(|_| lz4(packed, wanted)),
        Codec::Gzip => match packed {
            [0x1f, 0x8b, ..] => all(flate2::read::MultiGzDecoder::new(packed), wanted),
            _ => all(flate2::read::ZlibDecoder::new(packed), wanted),
        },
        Codec::Lz4Frame => all(lz4_flex::frame::FrameDecoder::new(packed), wanted),
        Codec::Deflate => all(flate2::read::DeflateDecoder::new(packed), wanted),
        Codec::Zstd => {
            let decoder = zstd::stream::read::Decoder::with_buffer(packed);
            all(decoder.map_err(|_| Stop::broken("a block of Zstandard that does not unpack"))?, wanted)
        }
    }
}

/// Unpacks a block that does not say how large it is.
pub(crate) fn unpack_all(codec: Codec, packed: &[u8], budget: &Budget) -> Result<Zeroizing<Vec<u8>>, Stop> {
    match codec {
        Codec::Plain => unpack(codec, packed, packed.len() as u64, budget),
        Codec::Snappy => {
            let bytes =
                snap::raw::decompress_len(packed).map_err(|_| Stop::broken("a block of Snappy without a size"))?;
            unpack(codec, packed, bytes as u64, budget)
        }
        Codec::Deflate => grow(flate2::read::DeflateDecoder::new(packed), budget),
        Codec::Zstd => {
            let decoder = zstd::stream::read::Decoder::with_buffer(packed);
            grow(decoder.map_err(|_| Stop::broken("a block of Zstandard that does not unpack"))?, budget)
        }
        _ => Err(Why::Unsupported("a block compressed in this way").into()),
    }
}

/// Reads to the end, as far as the budget and the largest block allow.
fn grow(mut reader: impl Read, budget: &Budget) -> Result<Zeroizing<Vec<u8>>, Stop> {
    let mut out = Zeroizing::new(Vec::new());
    let mut chunk = Zeroizing::new([0; GROWN_BYTES]);
    loop {
        let read = reader.read(chunk.as_mut_slice()).map_err(|_| Stop::broken("a block that does not unpack"))?;
        if read == 0 {
            return Ok(out);
        }
        budget.unpack(read)?;
        let needed = out.len().saturating_add(read);
        if needed as u64 > LARGEST_BLOCK_BYTES {
            return Err(Why::TooLargeToHold.into());
        }
        if needed > out.capacity() {
            // A vector that grew by itself would leave its old bytes behind; the one replaced here is erased.
            let mut wider = Zeroizing::new(Vec::with_capacity(needed.next_power_of_two()));
            wider.extend_from_slice(&out);
            out = wider;
        }
        out.extend_from_slice(chunk.get(..read).unwrap_or_default());
    }
}

/// Reads exactly `wanted` bytes; more or fewer are a lie.
fn all(mut reader: impl Read, wanted: usize) -> Result<Zeroizing<Vec<u8>>, Stop> {
    let mut out = Zeroizing::new(vec![0; wanted]);
    let whole = reader.read_exact(&mut out).is_ok() && reader.read(&mut [0]).is_ok_and(|more| more == 0);
    if whole { Ok(out) } else { Err(Stop::broken("a block that does not unpack to the size it says")) }
}

fn lz4(packed: &[u8], wanted: usize) -> Result<Zeroizing<Vec<u8>>, Stop> {
    let mut out = Zeroizing::new(vec![0; wanted]);
    match lz4_flex::block::decompress_into(packed, &mut out) {
        Ok(len) if len == wanted => Ok(out),
        _ => Err(Stop::broken("a block of LZ4 that does not unpack")),
    }
}

fn hadoop_lz4(packed: &[u8], wanted: usize) -> Result<Zeroizing<Vec<u8>>, Stop> {
    let broken = || Stop::broken("a block of LZ4 that does not unpack");
    let mut out = Zeroizing::new(Vec::with_capacity(wanted));
    let mut rest = packed;
    while let Some((lengths, behind)) = rest.split_first_chunk::<8>() {
        let [a, b, c, d, e, f, g, h] = *lengths;
        let (unpacked, len) = (u32::from_be_bytes([a, b, c, d]) as usize, u32::from_be_bytes([e, f, g, h]) as usize);
        let (block, next) = behind.split_at_checked(len).ok_or_else(broken)?;
        if out.len().saturating_add(unpacked) > wanted {
            return Err(broken());
        }
        out.extend_from_slice(&lz4(block, unpacked)?);
        rest = next;
    }
    if out.len() == wanted && rest.is_empty() { Ok(out) } else { Err(broken()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    fn unpacked(codec: Codec, packed: &[u8], bytes: u64) -> Option<Vec<u8>> {
        let budget = Budget::new(Limits::default(), 1 << 20);
        unpack(codec, packed, bytes, &budget).ok().map(|out| out.to_vec())
    }

    #[test]
    fn blocks_unpack_to_what_they_say_or_not_at_all() {
        let text = b"a block of text, a block of text, a block of text".repeat(20);
        let len = text.len() as u64;
        let snappy = snap::raw::Encoder::new().compress_vec(&text).unwrap();
        let lz4 = lz4_flex::block::compress(&text);
        let mut hadoop = (text.len() as u32).to_be_bytes().to_vec();
        hadoop.extend((lz4.len() as u32).to_be_bytes());
        hadoop.extend(&lz4);
        for (codec, packed) in [
            (Codec::Plain, &text),
            (Codec::Snappy, &snappy),
            (Codec::Lz4, &lz4),
            (Codec::HadoopLz4, &hadoop),
            (Codec::HadoopLz4, &lz4),
        ] {
            assert_eq!(unpacked(codec, packed, len).as_ref(), Some(&text), "{codec:?}");
            if codec != Codec::Plain {
                assert_eq!(unpacked(codec, packed, len - 1), None, "{codec:?}");
                assert_eq!(unpacked(codec, packed, u64::MAX), None, "{codec:?}");
                assert_eq!(unpacked(codec, &packed[..packed.len() / 2], len), None, "{codec:?}");
            }
        }
    }

    #[test]
    fn a_block_that_says_too_much_is_not_unpacked() {
        // A size of 4 GiB, and nothing behind it.
        assert_eq!(unpacked(Codec::Snappy, &[0xff, 0xff, 0xff, 0xff, 0x0f], u64::from(u32::MAX)), None);
        let budget = Budget::new(Limits { always_bytes: 10, ratio: 1, ..Limits::default() }, 10);
        assert!(unpack(Codec::Plain, &[0; 100], 100, &budget).is_err());
    }
}
