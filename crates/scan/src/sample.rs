//! A masked sample: what a person who reads a report sees of a value, so that they can tell one kind of hit from another.
//!
//! The form of the value stays, its letters and digits do not, save the few that its type allows. A sample is ASCII, so
//! that it can stand in any report without steering a terminal.

use std::fmt;

use base::word::DataType;

/// The longest sample. What is longer ends in [`CUT`].
const SAMPLE_BYTES: usize = 24;

/// What stands for a letter or digit.
const MASK: u8 = b'*';

/// What stands for the rest of a longer value.
const CUT: u8 = b'~';

/// The shortest secret of which anything is shown: four of twenty characters leave more than anybody can guess.
const SHORTEST_SHOWN_SECRET: usize = 20;

/// How much is shown of a secret's beginning, and of a card's end. Providers' prefixes (`ghp_`) are public, and the last
/// four digits of a card are what receipts print.
const SHOWN: usize = 4;

/// The masked form of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    bytes: [u8; SAMPLE_BYTES],
    len: usize,
}

impl Sample {
    /// Masks a value.
    #[must_use]
    pub fn of(data_type: DataType, value: &[u8]) -> Self {
        let mut sample = Self { bytes: [0; SAMPLE_BYTES], len: 0 };
        let text = String::from_utf8_lossy(value.get(..value.len().min(LOOKED_AT_BYTES)).unwrap_or_default());
        let whole = value.len() <= LOOKED_AT_BYTES;
        let count = text.chars().filter(|character| character.is_alphanumeric()).count();
        let dot = text.rfind('.').unwrap_or(text.len());
        let mut seen = 0_usize;
        let mut before = ' ';
        for (at, character) in text.char_indices() {
            let shown = match data_type {
                DataType::Card | DataType::Iban => whole && count > SHOWN && seen >= count.saturating_sub(SHOWN),
                DataType::Secret => whole && count >= SHORTEST_SHOWN_SECRET && at < SHOWN,
                DataType::Email => at == 0 || at > dot,
                DataType::Name => !before.is_alphanumeric(),
                _ => false,
            };
            let form = character.is_ascii() && !character.is_alphanumeric() && !character.is_ascii_control();
            seen = seen.saturating_add(usize::from(character.is_alphanumeric()));
            before = character;
            let byte = if form || (shown && character.is_ascii_graphic()) { character as u32 } else { u32::from(MASK) };
            if !sample.push(u8::try_from(byte).unwrap_or(MASK)) {
                break;
            }
        }
        sample
    }

    /// The sample as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.bytes.get(..self.len).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    /// Adds a character; `false` when there is no room for more.
    fn push(&mut self, byte: u8) -> bool {
        let Some(place) = self.bytes.get_mut(self.len) else {
            if let Some(last) = self.bytes.last_mut() {
                *last = CUT;
            }
            return false;
        };
        *place = byte;
        self.len = self.len.saturating_add(1);
        true
    }
}

/// How much of a value is looked at: enough for every type but keys and certificates, whose end is not shown.
const LOOKED_AT_BYTES: usize = 320;

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_shown_and_the_value_is_not() {
        let masked = |data_type, value: &str| Sample::of(data_type, value.as_bytes()).to_string();
        assert_eq!(masked(DataType::Email, "ada.l@example.org"), "a**.*@*******.org");
        assert_eq!(masked(DataType::Card, "4111 1111 1111 1234"), "**** **** **** 1234");
        assert_eq!(masked(DataType::Ssn, "219-09-9999"), "***-**-****");
        assert_eq!(masked(DataType::Name, "Ada Löwe"), "A** L***");
        assert_eq!(masked(DataType::Name, "Ängström"), "********");
        assert_eq!(masked(DataType::Secret, "hunter2!"), "*******!");
        assert_eq!(masked(DataType::Secret, "ghp_0123456789abcdefghij"), "ghp_********************");
    }

    #[test]
    fn a_sample_is_short_and_steers_nothing() {
        let long = Sample::of(DataType::Secret, &b"k\x1b[2J"[..].repeat(100));
        assert!(long.as_str().len() == SAMPLE_BYTES && long.as_str().ends_with('~'), "{long}");
        assert!(long.as_str().bytes().all(|byte| byte.is_ascii_graphic()), "{long}");
        assert_eq!(Sample::of(DataType::Phone, b"\xff1\x002").to_string(), "****");
        assert_eq!(Sample::of(DataType::Card, b"1234").to_string(), "****");
    }
}
