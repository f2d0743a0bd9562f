//! A set of data types.

use base::word::DataType;

/// Which types of data occur, as bits in the order of [`DataType::ALL`]. The bits are never kept: on disk types are words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeSet(u64);

// INVARIANT: every type has a bit.
const _: () = assert!(DataType::ALL.len() <= 64);

impl TypeSet {
    /// The set of one type.
    #[must_use]
    pub const fn one(data_type: DataType) -> Self {
        // A vocabulary's words are numbered from 0; see the assertion above.
        Self(1 << data_type as u32)
    }

    /// With another one's types.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a type is in it.
    #[must_use]
    pub const fn has(self, data_type: DataType) -> bool {
        self.0 & Self::one(data_type).0 != 0
    }

    /// Whether nothing is in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its types, in the order of the vocabulary.
    pub fn types(self) -> impl Iterator<Item = DataType> {
        DataType::ALL.iter().copied().filter(move |data_type| self.has(*data_type))
    }
}

impl FromIterator<DataType> for TypeSet {
    fn from_iter<I: IntoIterator<Item = DataType>>(types: I) -> Self {
        types.into_iter().fold(Self::default(), |set, data_type| set.with(Self::one(data_type)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_bit_of_its_own() {
        let all: TypeSet = DataType::ALL.iter().copied().collect();
        assert!(all.types().eq(DataType::ALL.iter().copied()));
        for data_type in DataType::ALL {
            assert!(TypeSet::one(*data_type).types().eq([*data_type]));
        }
        assert!(TypeSet::default().is_empty() && !all.is_empty());
    }
}
