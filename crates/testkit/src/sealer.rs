//! A sealer that seals nothing.

use base::id::ChainId;
use base::ports::EntrySealer;
use base::{Fault, Kind};

/// Frames entries in the clear, bound to their place by plain comparison. It keeps no secret; it lets a ledger be tested
/// without keys, and notices a row that was moved or changed.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainSealer;

/// Marks the frames of this sealer: chain, place and checksum follow, then the entry as it is.
const MAGIC: &[u8; 6] = b"plain\0";

fn header(chain: ChainId, seq: u64, plain: &[u8]) -> Vec<u8> {
    // FNV-1a: enough to notice a damaged test row.
    let sum = plain
        .iter()
        .fold(0xCBF2_9CE4_8422_2325_u64, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3));
    [MAGIC.as_slice(), chain.as_bytes(), &seq.to_be_bytes(), &sum.to_be_bytes()].concat()
}

impl EntrySealer for PlainSealer {
    fn seal(&self, chain: ChainId, seq: u64, plain: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut sealed = header(chain, seq, plain);
        sealed.extend_from_slice(plain);
        Ok(sealed)
    }

    fn open(&self, chain: ChainId, seq: u64, sealed: &[u8]) -> Result<Vec<u8>, Fault> {
        let corrupt = || Fault::new(Kind::Corrupt, format!("opening entry {seq} of chain `{chain}`"));
        let length = header(chain, seq, &[]).len();
        let (front, plain) = sealed.split_at_checked(length).ok_or_else(corrupt)?;
        if front == header(chain, seq, plain) { Ok(plain.to_vec()) } else { Err(corrupt()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moved_or_damaged_entry_does_not_open() {
        let mut sealed = PlainSealer.seal(ChainId::SYSTEM, 4, b"entry").unwrap();
        assert_eq!(PlainSealer.open(ChainId::SYSTEM, 4, &sealed).unwrap(), b"entry");
        assert_eq!(PlainSealer.open(ChainId::SYSTEM, 5, &sealed).unwrap_err().kind(), Kind::Corrupt);
        *sealed.last_mut().unwrap() ^= 1;
        assert_eq!(PlainSealer.open(ChainId::SYSTEM, 4, &sealed).unwrap_err().kind(), Kind::Corrupt);
    }
}
