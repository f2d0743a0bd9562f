//! The fence file: the second register of every engagement's state, beside the catalog.
//!
//! A pause must be held even when the database does not answer, so its state goes to one slot of a file that was laid out in
//! advance: one write of 64 bytes in place and one flush, no allocation, no rename, no other component. A slot that was torn
//! by a crash fails its checksum and reads as *paused*. An engagement that has no slot was never written: whoever reads the
//! fences must take it for paused too.
//!
//! ```text
//!  0  "CFF1"                        magic
//!  4  state: 1 active, 2 paused, 3 closed
//!  5  zeros
//!  8  engagement id, 16 bytes
//! 24  epoch, big endian
//! 32  zeros
//! 56  FNV-1a of the 56 bytes before, big endian
//! ```
//!
//! # Threats
//! The checksum finds accidents. Whoever can write the folder can write slots; that is why resuming needs both registers.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use base::Fault;
use base::id::EngagementId;
use base::ports::PauseRegister;
use base::word::State;

use crate::durable::{Disk, DiskFile, remove, replace};
use crate::error::{StoreError, during};

/// Bytes of a slot. A sector holds eight, so a slot never spans two.
const SLOT_BYTES: usize = 64;

/// Slots laid out at a time. A deployment has tens of engagements; a file of these is 64 KiB.
const SLOTS: usize = 1024;

const MAGIC: &[u8; 4] = b"CFF1";
const CHECKED_BYTES: usize = 56;

/// State and epoch of each engagement in a file of fixed slots.
pub struct FenceFile {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    held: Mutex<Held>,
}

struct Held {
    file: Box<dyn DiskFile>,
    /// The slot and epoch of each engagement.
    slots: BTreeMap<EngagementId, (usize, u64)>,
    /// How many slots are taken; the next engagement gets the one after.
    taken: usize,
    /// How many are laid out.
    laid_out: usize,
}

impl FenceFile {
    /// Opens a fence file, laying it out when it is not there.
    ///
    /// # Errors
    /// `Unavailable`.
    pub fn open(disk: Arc<dyn Disk>, path: &Path) -> Result<Self, StoreError> {
        let attempt = "opening the fence file";
        let fresh = path.with_extension("new");
        // Left over from a crash while the file was laid out; nothing was ever held in it.
        remove(&*disk, &fresh).map_err(during(attempt))?;
        let bytes = match disk.read(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let empty = vec![0; SLOTS.saturating_mul(SLOT_BYTES)];
                replace(&*disk, &fresh, path, &empty).map_err(during("laying out the fence file"))?;
                empty
            }
            other => other.map_err(during(attempt))?,
        };
        let file = disk.open(path).map_err(during(attempt))?;
        let mut held = Held { file, slots: BTreeMap::new(), taken: 0, laid_out: bytes.len() / SLOT_BYTES };
        for (number, slot) in slots(&bytes).enumerate() {
            if let Some((engagement, _, epoch)) = read_slot(slot) {
                held.slots.insert(engagement, (number, epoch));
                held.taken = number.saturating_add(1);
            }
        }
        Ok(Self { disk, path: path.to_owned(), held: Mutex::new(held) })
    }

    /// State and epoch of every engagement that was ever written, read from the disk. A torn slot reads as paused at epoch 0.
    ///
    /// # Errors
    /// `Unavailable`.
    pub fn read_all(&self) -> Result<Vec<(EngagementId, State, u64)>, StoreError> {
        let bytes = self.disk.read(&self.path).map_err(during("reading the fence file"))?;
        Ok(slots(&bytes).filter_map(read_slot).collect())
    }

    /// Writes the state and epoch of one engagement durably. May be repeated after a failure.
    ///
    /// # Errors
    /// `Unavailable`, and the slot then holds the old, the new, or reads as paused; `Conflict` when a later epoch is held.
    pub fn write(&self, engagement: EngagementId, state: State, epoch: u64) -> Result<(), StoreError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = match held.slots.get(&engagement) {
            // INVARIANT: a slow resume never overwrites the pause that came after it.
            Some((_, stored)) if *stored > epoch => {
                let why = format!("the fence of `{engagement}` stands at epoch {stored}, not before {epoch}");
                return Err(StoreError::Backwards(why));
            }
            Some((slot, _)) => *slot,
            None => held.next_slot()?,
        };
        // From here on the slot is this engagement's, whatever becomes of the write.
        held.slots.insert(engagement, (slot, epoch));
        let attempt = format!("writing the fence of `{engagement}`");
        let bytes = write_slot(engagement, state, epoch);
        let offset = u64::try_from(slot.saturating_mul(SLOT_BYTES)).unwrap_or(u64::MAX);
        held.file.write_at(offset, &bytes).map_err(during(attempt.as_str()))?;
        // DURABLE: the state is held from here on. A crash before leaves the old slot, the new one, or a torn one that reads
        // as paused.
        held.file.sync().map_err(during(attempt))
    }
}

impl PauseRegister for FenceFile {
    fn read_all(&self) -> Result<Vec<(EngagementId, State, u64)>, Fault> {
        Ok(Self::read_all(self)?)
    }

    fn write(&self, engagement: EngagementId, state: State, epoch: u64) -> Result<(), Fault> {
        Ok(Self::write(self, engagement, state, epoch)?)
    }
}

impl Held {
    fn next_slot(&mut self) -> Result<usize, StoreError> {
        if self.taken >= self.laid_out {
            // Writing in place at the end lays out more, and again, at the same place, if it failed halfway.
            let more = vec![0; SLOTS.saturating_mul(SLOT_BYTES)];
            let end = u64::try_from(self.laid_out.saturating_mul(SLOT_BYTES)).unwrap_or(u64::MAX);
            let written = self.file.write_at(end, &more).and_then(|()| self.file.sync());
            written.map_err(during("laying out more of the fence file"))?;
            self.laid_out = self.laid_out.saturating_add(SLOTS);
        }
        let slot = self.taken;
        self.taken = self.taken.saturating_add(1);
        Ok(slot)
    }
}

/// Whole slots; a part of one at the end was being laid out when the machine stopped.
fn slots(bytes: &[u8]) -> impl Iterator<Item = &[u8; SLOT_BYTES]> {
    bytes.as_chunks::<SLOT_BYTES>().0.iter()
}

fn write_slot(engagement: EngagementId, state: State, epoch: u64) -> [u8; SLOT_BYTES] {
    let state = match state {
        State::Active => 1,
        State::Paused => 2,
        State::Closed => 3,
    };
    let zeros = [0; 24];
    let front = [MAGIC.as_slice(), &[state, 0, 0, 0], engagement.as_bytes(), &epoch.to_be_bytes(), &zeros].concat();
    let mut slot = [0; SLOT_BYTES];
    for (to, from) in slot.iter_mut().zip(front.iter().chain(&checksum(&front))) {
        *to = *from;
    }
    slot
}

/// `None` for a slot that was never written.
fn read_slot(slot: &[u8; SLOT_BYTES]) -> Option<(EngagementId, State, u64)> {
    if slot.iter().all(|byte| *byte == 0) {
        return None;
    }
    let (front, sum) = slot.split_at(CHECKED_BYTES);
    let engagement = EngagementId::from_slice(front.get(8..24)?)?;
    let torn = Some((engagement, State::Paused, 0));
    if checksum(front) != *sum || !front.starts_with(MAGIC) {
        return torn;
    }
    let state = match front.get(4) {
        Some(1) => State::Active,
        Some(3) => State::Closed,
        // In doubt, paused.
        _ => State::Paused,
    };
    let epoch = front.get(24..32).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes);
    Some((engagement, state, epoch))
}

/// FNV-1a, 64 bits: enough to tell a slot that was written from one that was torn.
fn checksum(bytes: &[u8]) -> [u8; 8] {
    let step = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, step).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGAGEMENT: EngagementId = EngagementId::from_bytes([7; 16]);

    #[test]
    fn a_slot_reads_back_or_reads_as_paused() {
        for state in State::ALL {
            let slot = write_slot(ENGAGEMENT, *state, 9);
            assert_eq!(read_slot(&slot), Some((ENGAGEMENT, *state, 9)));
        }
        assert_eq!(read_slot(&[0; SLOT_BYTES]), None);
        let active = write_slot(ENGAGEMENT, State::Active, 9);
        for byte in 0..SLOT_BYTES {
            for bit in 0..8 {
                let mut torn = active;
                torn[byte] ^= 1 << bit;
                let (_, state, epoch) = read_slot(&torn).unwrap();
                assert_eq!((state, epoch), (State::Paused, 0), "bit {bit} of byte {byte}");
            }
        }
    }

    #[test]
    fn a_slot_torn_between_two_states_reads_as_paused() {
        let (before, after) = (write_slot(ENGAGEMENT, State::Active, 9), write_slot(ENGAGEMENT, State::Active, 11));
        for cut in 0..=SLOT_BYTES {
            let mut torn = after;
            torn[cut..].copy_from_slice(&before[cut..]);
            let (engagement, state, _) = read_slot(&torn).unwrap();
            assert_eq!(engagement, ENGAGEMENT);
            assert!(torn == before || torn == after || state == State::Paused, "cut at {cut}");
        }
    }
}
