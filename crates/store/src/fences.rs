//! The fence file: the second register of every engagement's state, beside the catalog.
//!
//! A pause must be held even when the database does not answer, so its state goes to one slot of a file that was laid out in
//! advance: one write of 32 bytes in place and one flush, no allocation, no rename, no other component.
//!
//! A slot has two halves. The first says whose it is and is written once, before anything is held in the second. The second
//! says the state; torn by a crash or damaged, it fails its checksum and reads as *paused* at epoch 0. A slot that holds a
//! state and no longer says whose is `Corrupt`: somebody is paused, and we cannot say who.
//!
//! ```text
//!  0  "CFF1", zeros                 32  state: 1 active, 2 paused, 3 closed, zeros
//!  8  engagement id, 16 bytes       40  epoch, big endian, zeros
//! 24  FNV-1a of bytes 0 to 23       56  FNV-1a of bytes 0 to 55
//! ```
//!
//! # Threats
//! The checksums find accidents. Whoever can write the folder can write slots; that is why resuming needs both registers.

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

/// Bytes of each half.
const HALF_BYTES: usize = 32;

const MAGIC: &[u8; 8] = b"CFF1\0\0\0\0";

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
    /// `Unavailable`, or `Corrupt` when a slot no longer says whose it is.
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
            if let Some((engagement, _, epoch)) = read_slot(slot)? {
                held.slots.insert(engagement, (number, epoch));
                held.taken = number.saturating_add(1);
            }
        }
        Ok(Self { disk, path: path.to_owned(), held: Mutex::new(held) })
    }
}

impl PauseRegister for FenceFile {
    fn read_all(&self) -> Result<Vec<(EngagementId, State, u64)>, Fault> {
        let bytes = self.disk.read(&self.path).map_err(during("reading the fence file"))?;
        let read: Result<Vec<_>, StoreError> = slots(&bytes).filter_map(|slot| read_slot(slot).transpose()).collect();
        Ok(read?)
    }

    /// May be repeated after a failure. `Conflict` when a later epoch is held.
    fn write(&self, engagement: EngagementId, state: State, epoch: u64) -> Result<(), Fault> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = match held.slots.get(&engagement) {
            // INVARIANT: a slow resume never overwrites the pause that came after it.
            Some((_, stored)) if *stored > epoch => {
                let why = format!("the fence of `{engagement}` stands at epoch {stored}, not before {epoch}");
                return Err(StoreError::Backwards(why).into());
            }
            Some((slot, _)) => *slot,
            None => held.name_slot(engagement)?,
        };
        // From here on the epoch is this one at least, whatever becomes of the write.
        held.slots.insert(engagement, (slot, epoch));
        let state = state_half(&name_half(engagement), state, epoch);
        let attempt = format!("writing the fence of `{engagement}`");
        // DURABLE: the state is held when this returns. A crash before leaves the old state, the new one, or a torn one,
        // which reads as paused.
        Ok(held.put(slot, HALF_BYTES, &state).map_err(during(attempt))?)
    }
}

impl Held {
    /// Gives an engagement the next slot.
    fn name_slot(&mut self, engagement: EngagementId) -> Result<usize, StoreError> {
        let slot = self.taken;
        if slot >= self.laid_out {
            // Repeated at the same place if it failed halfway.
            let more = vec![0; SLOTS.saturating_mul(SLOT_BYTES)];
            self.put(slot, 0, &more).map_err(during("laying out more of the fence file"))?;
            self.laid_out = self.laid_out.saturating_add(SLOTS);
        }
        // DURABLE: the slot says whose it is before it holds a state, so no crash can leave a state that is nobody's. A crash
        // before leaves a torn name without a state, and the slot is free again.
        let attempt = format!("giving `{engagement}` a slot of the fence file");
        self.put(slot, 0, &name_half(engagement)).map_err(during(attempt))?;
        self.taken = slot.saturating_add(1);
        Ok(slot)
    }

    fn put(&self, slot: usize, from: usize, bytes: &[u8]) -> std::io::Result<()> {
        let offset = slot.saturating_mul(SLOT_BYTES).saturating_add(from);
        self.file.write_at(u64::try_from(offset).unwrap_or(u64::MAX), bytes)?;
        self.file.sync()
    }
}

/// Whole slots; a part of one at the end was being laid out when the machine stopped.
fn slots(bytes: &[u8]) -> impl Iterator<Item = &[u8; SLOT_BYTES]> {
    bytes.as_chunks::<SLOT_BYTES>().0.iter()
}

fn name_half(engagement: EngagementId) -> [u8; HALF_BYTES] {
    half(&[MAGIC.as_slice(), engagement.as_bytes()].concat(), &[])
}

fn state_half(name: &[u8; HALF_BYTES], state: State, epoch: u64) -> [u8; HALF_BYTES] {
    let state = match state {
        State::Active => 1,
        State::Paused => 2,
        State::Closed => 3,
    };
    half(&[[state, 0, 0, 0, 0, 0, 0, 0], epoch.to_be_bytes(), [0; 8]].concat(), name)
}

/// 24 bytes and the checksum of what comes before them and of themselves.
fn half(front: &[u8], before: &[u8]) -> [u8; HALF_BYTES] {
    let mut half = [0; HALF_BYTES];
    for (to, from) in half.iter_mut().zip(front.iter().chain(&checksum(&[before, front].concat()))) {
        *to = *from;
    }
    half
}

/// What a slot holds; `None` if it was never given to anybody.
fn read_slot(slot: &[u8; SLOT_BYTES]) -> Result<Option<(EngagementId, State, u64)>, StoreError> {
    let (name, state) = slot.split_at(HALF_BYTES);
    let id = name.get(MAGIC.len()..).and_then(|rest| rest.get(..base::id::ID_BYTES));
    let named = id.and_then(EngagementId::from_slice).filter(|engagement| name_half(*engagement) == *name);
    match named {
        Some(engagement) => {
            let (held, epoch) = read_state(slot, state).unwrap_or((State::Paused, 0));
            Ok(Some((engagement, held, epoch)))
        }
        None if state.iter().all(|byte| *byte == 0) => Ok(None),
        None => Err(StoreError::Corrupt(
            "a slot of the fence file holds a state and does not say whose\n\
             see that every engagement that must not move is paused in the catalog, then remove the fence file"
                .to_owned(),
        )),
    }
}

fn read_state(slot: &[u8; SLOT_BYTES], state: &[u8]) -> Option<(State, u64)> {
    let (front, sum) = slot.split_last_chunk::<8>()?;
    if checksum(front) != *sum {
        return None;
    }
    let (held, rest) = state.split_first()?;
    let epoch = rest.get(7..15)?.try_into().ok().map(u64::from_be_bytes)?;
    match held {
        1 => Some((State::Active, epoch)),
        2 => Some((State::Paused, epoch)),
        3 => Some((State::Closed, epoch)),
        _ => None,
    }
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

    fn slot(state: State, epoch: u64) -> [u8; SLOT_BYTES] {
        let name = name_half(ENGAGEMENT);
        [name, state_half(&name, state, epoch)].concat().try_into().unwrap()
    }

    #[test]
    fn a_slot_reads_back() {
        for state in State::ALL {
            assert_eq!(read_slot(&slot(*state, u64::MAX)).unwrap(), Some((ENGAGEMENT, *state, u64::MAX)));
        }
        assert_eq!(read_slot(&[0; SLOT_BYTES]).unwrap(), None);
    }

    /// No single flipped bit turns a slot into another state, another engagement's, or nobody's.
    #[test]
    fn a_damaged_slot_is_paused_or_corrupt() {
        let active = slot(State::Active, 9);
        for byte in 0..SLOT_BYTES {
            for bit in 0..8 {
                let mut damaged = active;
                damaged[byte] ^= 1 << bit;
                match read_slot(&damaged) {
                    Ok(read) => assert_eq!(read, Some((ENGAGEMENT, State::Paused, 0)), "bit {bit} of byte {byte}"),
                    Err(error) => assert!(byte < HALF_BYTES && error.kind() == base::Kind::Corrupt),
                }
            }
        }
    }

    #[test]
    fn a_torn_slot_is_as_before_as_asked_or_paused() {
        let (before, after) = (slot(State::Active, 9), slot(State::Active, 1 << 40));
        for cut in 0..=SLOT_BYTES {
            let mut torn = after;
            torn[cut..].copy_from_slice(&before[cut..]);
            let (engagement, state, _) = read_slot(&torn).unwrap().unwrap();
            assert_eq!(engagement, ENGAGEMENT);
            assert!(torn == before || torn == after || state == State::Paused, "cut at {cut}");
        }
    }

    #[test]
    fn a_torn_name_leaves_the_slot_free_and_a_name_alone_is_paused() {
        let name = name_half(ENGAGEMENT);
        for cut in 0..=HALF_BYTES {
            let mut torn = [0; SLOT_BYTES];
            torn[..cut].copy_from_slice(&name[..cut]);
            let expected = (cut == HALF_BYTES).then_some((ENGAGEMENT, State::Paused, 0));
            assert_eq!(read_slot(&torn).unwrap(), expected, "cut at {cut}");
        }
    }
}
