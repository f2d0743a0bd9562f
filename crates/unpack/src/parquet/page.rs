//! One page of a column: levels and values.

use zeroize::Zeroizing;

use super::packed::{Delta, Hybrid};
use super::schema::{Leaf, Physical};
use crate::error::Stop;
use crate::limits::Budget;
use crate::report::Why;

/// The longest value that differences make. Each is built anew from the one before it.
const LONGEST_GROWN_BYTES: usize = 16 << 20;

/// A value of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Bytes(&'a [u8]),
    Integer(i64),
    Float(f64),
    /// The value of the dictionary at this place.
    Known(u32),
}

/// What stands for one place of a column: a value, or none.
pub(super) struct Place<'a> {
    /// A new row begins here.
    pub(super) row: bool,
    /// A new element of the row's outermost list begins here.
    pub(super) element: bool,
    pub(super) value: Option<Value<'a>>,
}

/// How a page is written.
pub(super) struct Written {
    pub(super) values: u64,
    pub(super) encoding: i64,
    /// Bytes of the levels, where they are said and stand before the values; otherwise each says its own length.
    pub(super) levels: Option<(usize, usize)>,
}

/// A page that is open.
pub(super) struct Page {
    bytes: Zeroizing<Vec<u8>>,
    left: u64,
    repetition: Hybrid,
    definition: Hybrid,
    repeated: u32,
    defined: u32,
    values: Values,
}

impl Page {
    /// Opens a page of `leaf`.
    pub(super) fn open(bytes: Zeroizing<Vec<u8>>, written: &Written, leaf: &Leaf) -> Result<Self, Stop> {
        let mut at = 0_usize;
        let mut level = |most: u32, len: Option<usize>| {
            if most == 0 {
                at = len.and_then(|len| at.checked_add(len)).unwrap_or(at);
                return Some(Hybrid::zero());
            }
            let len = match len {
                Some(len) => len,
                None => {
                    let head = bytes.get(at..)?.first_chunk::<4>()?;
                    at = at.checked_add(4)?;
                    usize::try_from(u32::from_le_bytes(*head)).ok()?
                }
            };
            let from = at;
            at = at.checked_add(len).filter(|end| *end <= bytes.len())?;
            Some(Hybrid::new(from, at, u32::BITS.saturating_sub(most.leading_zeros())))
        };
        let levels = written.levels;
        let cut = || Stop::broken("levels that go beyond their page");
        let repetition = level(leaf.repeated, levels.map(|(repetition, _)| repetition)).ok_or_else(cut)?;
        let definition = level(leaf.defined, levels.map(|(_, definition)| definition)).ok_or_else(cut)?;
        let values = Values::open(&bytes, at, written, leaf.physical)?;
        let (repeated, defined) = (leaf.repeated, leaf.defined);
        Ok(Self { bytes, left: written.values, repetition, definition, repeated, defined, values })
    }

    /// How many bytes it holds.
    pub(super) fn held(&self) -> usize {
        self.bytes.len()
    }

    /// Whether a new row begins with what comes next. `None` at the end.
    pub(super) fn at_row(&self) -> Option<bool> {
        (self.left > 0).then(|| self.repeated == 0 || self.repetition.clone().next(&self.bytes) == Some(0))
    }

    /// What comes next; `None` at the end.
    pub(super) fn next(&mut self, budget: &Budget) -> Result<Option<Place<'_>>, Stop> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left = self.left.saturating_sub(1);
        let cut = || Stop::broken("a page with fewer values than it says");
        let repetition = self.repetition.next(&self.bytes).ok_or_else(cut)?;
        let definition = if self.defined == 0 { 0 } else { self.definition.next(&self.bytes).ok_or_else(cut)? };
        let value = if definition == self.defined {
            Some(self.values.next(&self.bytes, budget)?.ok_or_else(cut)?)
        } else {
            None
        };
        Ok(Some(Place { row: repetition == 0, element: repetition <= 1, value }))
    }
}

/// How the values of a page are written, and how far they were read.
enum Values {
    Bytes { at: usize },
    Fixed { at: usize, width: usize },
    Integer32 { at: usize },
    Integer64 { at: usize },
    Float64 { at: usize },
    Known(Hybrid),
    Delta(Delta, Physical),
    Lengths { lengths: Delta, at: usize },
    Grown { prefixes: Delta, lengths: Delta, at: usize, last: Zeroizing<Vec<u8>> },
    Split { at: usize, stride: usize, nth: usize, physical: Physical, value: Vec<u8> },
}

impl Values {
    // SPEC: `Encoding` of parquet.thrift.
    fn open(bytes: &[u8], at: usize, written: &Written, physical: Physical) -> Result<Self, Stop> {
        let delta = |at: usize| {
            Delta::new(bytes, at)
                .filter(|delta| delta.left <= written.values)
                .ok_or_else(|| Stop::broken("differences that cannot be read"))
        };
        let end = |delta: &Delta| delta.end(bytes).ok_or_else(|| Stop::broken("differences without an end"));
        Ok(match (written.encoding, physical) {
            (0, Physical::Bytes) => Self::Bytes { at },
            (0, Physical::Fixed(width)) => Self::Fixed { at, width },
            (0, Physical::Integer32) => Self::Integer32 { at },
            (0, Physical::Integer64) => Self::Integer64 { at },
            (0, Physical::Float64) => Self::Float64 { at },
            (2 | 8, _) => match bytes.get(at) {
                Some(width) if *width <= 32 => {
                    Self::Known(Hybrid::new(at.saturating_add(1), bytes.len(), u32::from(*width)))
                }
                // A page without a single value has nothing here.
                None => Self::Known(Hybrid::new(0, 0, 0)),
                Some(_) => return Err(Stop::broken("places in a dictionary of more bits than a place can have")),
            },
            (5, Physical::Integer32 | Physical::Integer64) => match at == bytes.len() {
                true => Self::Integer64 { at },
                false => Self::Delta(delta(at)?, physical),
            },
            (6 | 7, Physical::Bytes | Physical::Fixed(_)) if at == bytes.len() => Self::Bytes { at },
            (6, Physical::Bytes) => {
                let lengths = delta(at)?;
                Self::Lengths { at: end(&lengths)?, lengths }
            }
            (7, Physical::Bytes | Physical::Fixed(_)) => {
                let prefixes = delta(at)?;
                let lengths = delta(end(&prefixes)?)?;
                let at = end(&lengths)?;
                Self::Grown { prefixes, lengths, at, last: Zeroizing::new(Vec::new()) }
            }
            (9, _) => {
                let width = width(physical).ok_or(Why::Unsupported("bytes of values kept apart"))?;
                let stride = bytes.len().saturating_sub(at).checked_div(width).unwrap_or(0);
                Self::Split { at, stride, nth: 0, physical, value: Vec::new() }
            }
            _ => return Err(Why::Unsupported("an encoding of a column").into()),
        })
    }

    fn next<'a>(&'a mut self, bytes: &'a [u8], budget: &Budget) -> Result<Option<Value<'a>>, Stop> {
        Ok(match self {
            Self::Bytes { at } => bytes_value(bytes, at).map(Value::Bytes),
            Self::Fixed { at, width } => take(bytes, at, *width).map(Value::Bytes),
            Self::Integer32 { at } => take(bytes, at, 4).and_then(|value| number(value, Physical::Integer32)),
            Self::Integer64 { at } => take(bytes, at, 8).and_then(|value| number(value, Physical::Integer64)),
            Self::Float64 { at } => take(bytes, at, 8).and_then(|value| number(value, Physical::Float64)),
            Self::Known(places) => places.next(bytes).map(Value::Known),
            Self::Delta(delta, physical) => delta.next(bytes).map(|value| {
                // Differences of short numbers wrap round at their own width.
                Value::Integer(if *physical == Physical::Integer32 { i64::from(value as i32) } else { value })
            }),
            Self::Lengths { lengths, at } => {
                let len = lengths.next(bytes).and_then(|len| usize::try_from(len).ok());
                len.and_then(|len| take(bytes, at, len)).map(Value::Bytes)
            }
            Self::Grown { prefixes, lengths, at, last } => {
                let prefix = prefixes.next(bytes).and_then(|len| usize::try_from(len).ok());
                let len = lengths.next(bytes).and_then(|len| usize::try_from(len).ok());
                let (Some(prefix), Some(len)) = (prefix, len) else { return Ok(None) };
                let Some(suffix) = take(bytes, at, len).filter(|_| prefix <= last.len()) else { return Ok(None) };
                let grown = prefix.saturating_add(len);
                if grown > LONGEST_GROWN_BYTES {
                    return Err(Why::TooLargeToHold.into());
                }
                // What is said once and read often is unpacked each time.
                budget.unpack(prefix)?;
                let mut value = Zeroizing::new(Vec::with_capacity(grown));
                value.extend_from_slice(last.get(..prefix).unwrap_or_default());
                value.extend_from_slice(suffix);
                *last = value;
                Some(Value::Bytes(last))
            }
            Self::Split { at, stride, nth, physical, value } => {
                let Some(width) = width(*physical).filter(|_| *nth < *stride) else { return Ok(None) };
                value.clear();
                for byte in 0..width {
                    let place = stride.saturating_mul(byte).saturating_add(*nth).saturating_add(*at);
                    value.extend(bytes.get(place));
                }
                *nth = nth.saturating_add(1);
                match physical {
                    Physical::Fixed(_) => Some(Value::Bytes(value)),
                    _ => number(value, *physical),
                }
            }
        })
    }
}

/// The values of a dictionary: where each stands in the page.
pub(super) struct Dictionary {
    bytes: Zeroizing<Vec<u8>>,
    physical: Physical,
    /// Where values of different lengths begin.
    starts: Vec<u32>,
}

impl Dictionary {
    /// Opens the page of a dictionary.
    pub(super) fn open(bytes: Zeroizing<Vec<u8>>, physical: Physical) -> Self {
        let mut starts = Vec::new();
        if physical == Physical::Bytes {
            let mut at = 0;
            let mut start = 0;
            while bytes_value(&bytes, &mut at).is_some() {
                starts.push(u32::try_from(start).unwrap_or(u32::MAX));
                start = at;
            }
        }
        Self { bytes, physical, starts }
    }

    /// How many bytes it holds.
    pub(super) fn held(&self) -> usize {
        self.bytes.len().saturating_add(self.starts.len().saturating_mul(4))
    }

    /// The value at a place.
    pub(super) fn value(&self, place: u32) -> Option<Value<'_>> {
        if self.physical == Physical::Bytes {
            let mut at = *self.starts.get(place as usize)? as usize;
            return bytes_value(&self.bytes, &mut at).map(Value::Bytes);
        }
        let width = width(self.physical)?;
        let mut at = (place as usize).checked_mul(width)?;
        let value = take(&self.bytes, &mut at, width)?;
        match self.physical {
            Physical::Fixed(_) => Some(Value::Bytes(value)),
            physical => number(value, physical),
        }
    }
}

const fn width(physical: Physical) -> Option<usize> {
    match physical {
        Physical::Fixed(width) => Some(width),
        Physical::Integer32 => Some(4),
        Physical::Integer64 | Physical::Float64 => Some(8),
        Physical::Bytes | Physical::Passed => None,
    }
}

fn number(value: &[u8], physical: Physical) -> Option<Value<'static>> {
    Some(match physical {
        Physical::Integer32 => Value::Integer(i64::from(i32::from_le_bytes(value.try_into().ok()?))),
        Physical::Float64 => Value::Float(f64::from_le_bytes(value.try_into().ok()?)),
        _ => Value::Integer(i64::from_le_bytes(value.try_into().ok()?)),
    })
}

/// Bytes with their length before them, at `at`, which moves behind them.
fn bytes_value<'a>(bytes: &'a [u8], at: &mut usize) -> Option<&'a [u8]> {
    let head = bytes.get(*at..)?.first_chunk::<4>()?;
    let from = at.checked_add(4)?;
    let end = from.checked_add(u32::from_le_bytes(*head) as usize)?;
    let value = bytes.get(from..end)?;
    *at = end;
    Some(value)
}

fn take<'a>(bytes: &'a [u8], at: &mut usize, len: usize) -> Option<&'a [u8]> {
    let end = at.checked_add(len)?;
    let value = bytes.get(*at..end)?;
    *at = end;
    Some(value)
}
