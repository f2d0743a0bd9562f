//! Flatbuffers, as far as Arrow needs them: tables whose fields are found through a table of offsets.
//!
//! SPEC: flatbuffers' internals: offsets of four bytes count from where they stand; a table begins with the distance
//! back to its offsets. Every step is checked where it is taken, and there are no loops to run in: a caller asks for
//! one field after the other.

/// A table.
#[derive(Clone, Copy)]
pub(crate) struct Table<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// A list.
#[derive(Clone, Copy)]
pub(crate) struct List<'a> {
    bytes: &'a [u8],
    at: usize,
    len: usize,
}

impl<'a> Table<'a> {
    /// The outermost table.
    pub(crate) fn root(bytes: &'a [u8]) -> Option<Self> {
        Self::behind(bytes, 0)
    }

    /// The table that the offset at `at` leads to.
    fn behind(bytes: &'a [u8], at: usize) -> Option<Self> {
        let at = follow(bytes, at)?;
        bytes.get(at..)?.first_chunk::<4>()?;
        Some(Self { bytes, at })
    }

    /// Where the field `slot` stands; `None` when it has its default value.
    fn field(&self, slot: usize) -> Option<usize> {
        let back = i32::from_le_bytes(array(self.bytes, self.at)?);
        let offsets = (self.at as i64).checked_sub(i64::from(back)).and_then(|at| usize::try_from(at).ok())?;
        let len = usize::from(u16::from_le_bytes(array(self.bytes, offsets)?));
        let entry = slot.checked_mul(2)?.checked_add(4)?;
        if entry.checked_add(2)? > len {
            return None;
        }
        match u16::from_le_bytes(array(self.bytes, offsets.checked_add(entry)?)?) {
            0 => None,
            offset => self.at.checked_add(usize::from(offset)),
        }
    }

    fn value<const N: usize>(&self, slot: usize) -> Option<[u8; N]> {
        array(self.bytes, self.field(slot)?)
    }

    pub(crate) fn byte(&self, slot: usize) -> u8 {
        self.value::<1>(slot).map_or(0, |[byte]| byte)
    }

    pub(crate) fn short(&self, slot: usize) -> i16 {
        self.value(slot).map_or(0, i16::from_le_bytes)
    }

    pub(crate) fn int(&self, slot: usize) -> i32 {
        self.value(slot).map_or(0, i32::from_le_bytes)
    }

    pub(crate) fn long(&self, slot: usize) -> i64 {
        self.value(slot).map_or(0, i64::from_le_bytes)
    }

    pub(crate) fn table(&self, slot: usize) -> Option<Self> {
        Self::behind(self.bytes, self.field(slot)?)
    }

    /// The list in a field; one that is not there is empty.
    pub(crate) fn list(&self, slot: usize) -> List<'a> {
        let list = self.field(slot).and_then(|at| {
            let at = follow(self.bytes, at)?;
            let len = usize::try_from(u32::from_le_bytes(array(self.bytes, at)?)).ok()?;
            Some(List { bytes: self.bytes, at: at.checked_add(4)?, len })
        });
        list.unwrap_or(List { bytes: self.bytes, at: 0, len: 0 })
    }

    /// The text in a field.
    pub(crate) fn text(&self, slot: usize) -> &'a [u8] {
        let list = self.list(slot);
        let end = list.at.saturating_add(list.len);
        list.bytes.get(list.at..end).unwrap_or_default()
    }
}

impl<'a> List<'a> {
    /// The tables in it. They end where one is broken.
    pub(crate) fn tables(self) -> impl Iterator<Item = Table<'a>> {
        (0..self.len).map_while(move |nth| Table::behind(self.bytes, self.at.checked_add(nth.checked_mul(4)?)?))
    }

    /// The pieces of `N` bytes in it. They end where the bytes do.
    pub(crate) fn pieces<const N: usize>(self) -> impl Iterator<Item = [u8; N]> {
        (0..self.len).map_while(move |nth| array(self.bytes, self.at.checked_add(nth.checked_mul(N)?)?))
    }
}

/// The place that the offset at `at` leads to.
fn follow(bytes: &[u8], at: usize) -> Option<usize> {
    let offset = u32::from_le_bytes(array(bytes, at)?);
    at.checked_add(usize::try_from(offset).ok()?)
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk::<N>().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_and_lies_lead_nowhere() {
        // A table at 12 with offsets at 4: a byte field at 4 of the table, nothing in the second slot.
        let mut bytes = vec![12, 0, 0, 0, 8, 0, 8, 0, 4, 0, 0, 0, 8, 0, 0, 0, 7, 0, 0, 0];
        let table = Table::root(&bytes).unwrap();
        assert_eq!((table.byte(0), table.byte(1), table.byte(9)), (7, 0, 0));
        assert!(table.table(1).is_none());
        bytes[12] = 0xff;
        bytes[15] = 0x7f;
        assert_eq!(Table::root(&bytes).unwrap().byte(0), 0);
        bytes[0] = 0xff;
        assert!(Table::root(&bytes).is_none());
        assert!(Table::root(&[]).is_none());
    }
}
