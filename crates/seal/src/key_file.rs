//! A wrapped key as it rests: its place in the hierarchy in the clear, then the sealed key.
//!
//! ```text
//! "cofferdam key 1\n" || u8 purpose || chain[16] || own id[16] || parent id[16] || dataset[16] || i64be day || sealed key
//! ```
//!
//! Dataset and day are zero but for epoch keys. Nothing of this is believed before the sealed key has opened: its binding
//! says the same things.

use base::id::{ChainId, DatasetId, KeyId};
use base::word::KeyPurpose;

use crate::binding::KeyPlace;

const MAGIC: &[u8; 16] = b"cofferdam key 1\n";

/// The purposes in the order of their numbers, from 1.
const PURPOSES: [KeyPurpose; 5] =
    [KeyPurpose::Data, KeyPurpose::Record, KeyPurpose::Subject, KeyPurpose::Token, KeyPurpose::Epoch];

/// The bytes that rest.
pub(crate) fn write(place: &KeyPlace, wrapped: &[u8]) -> Vec<u8> {
    let (dataset, day) = place.epoch.map_or(([0; 16], 0), |(dataset, day)| (*dataset.as_bytes(), day));
    let number = (1..).zip(PURPOSES).find(|(_, purpose)| *purpose == place.purpose).map_or(0, |(number, _)| number);
    let mut bytes = MAGIC.to_vec();
    bytes.push(number);
    for id in [place.chain.as_bytes(), place.own.as_bytes(), place.parent.as_bytes(), &dataset] {
        bytes.extend_from_slice(id);
    }
    bytes.extend_from_slice(&day.to_be_bytes());
    bytes.extend_from_slice(wrapped);
    bytes
}

/// Place and sealed key; `None` for anything that [`write`] would not have written.
pub(crate) fn read(bytes: &[u8]) -> Option<(KeyPlace, &[u8])> {
    let rest = bytes.strip_prefix(MAGIC.as_slice())?;
    let (number, rest) = rest.split_first()?;
    let (_, purpose) = (1..).zip(PURPOSES).find(|(known, _): &(u8, _)| known == number)?;
    let (chain, rest) = rest.split_first_chunk::<16>()?;
    let (own, rest) = rest.split_first_chunk::<16>()?;
    let (parent, rest) = rest.split_first_chunk::<16>()?;
    let (dataset, rest) = rest.split_first_chunk::<16>()?;
    let (day, wrapped) = rest.split_first_chunk::<8>()?;
    let place = KeyPlace {
        own: KeyId::from_bytes(*own),
        parent: KeyId::from_bytes(*parent),
        chain: ChainId::from_slice(chain)?,
        purpose,
        epoch: (purpose == KeyPurpose::Epoch).then(|| (DatasetId::from_bytes(*dataset), i64::from_be_bytes(*day))),
    };
    (write(&place, wrapped) == bytes).then_some((place, wrapped))
}

#[cfg(test)]
mod tests {
    use base::id::EngagementId;

    use super::*;

    fn place(purpose: KeyPurpose) -> KeyPlace {
        KeyPlace {
            own: KeyId::from_bytes([1; 16]),
            parent: KeyId::from_bytes([2; 16]),
            chain: EngagementId::from_bytes([3; 16]).into(),
            purpose,
            epoch: (purpose == KeyPurpose::Epoch).then_some((DatasetId::from_bytes([4; 16]), -5)),
        }
    }

    #[test]
    fn every_purpose_reads_back() {
        for purpose in KeyPurpose::ALL {
            let bytes = write(&place(*purpose), b"sealed");
            assert_eq!(read(&bytes), Some((place(*purpose), b"sealed".as_slice())));
        }
    }

    #[test]
    fn what_was_not_written_is_not_read() {
        let bytes = write(&place(KeyPurpose::Data), b"");
        for length in 0..bytes.len() {
            assert_eq!(read(&bytes[..length]), None, "{length}");
        }
        let mut stray_day = bytes.clone();
        *stray_day.last_mut().unwrap() = 1;
        assert_eq!(read(&stray_day), None);
        let mut unknown = bytes;
        unknown[MAGIC.len()] = 6;
        assert_eq!(read(&unknown), None);
    }
}
