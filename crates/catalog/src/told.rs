//! What contracts tell of people: whose key they name, and where they live.
//!
//! Sets of ordinals, kept in stretches. Nobody is ever taken out of one: a contract that says something else of the same person
//! adds to what is known, and whoever asks sees both.

use std::collections::BTreeMap;

use base::Residence;
use base::id::EngagementId;
use roaring::RoaringBitmap;

use crate::catalog::Catalog;
use crate::error::CatalogError;
use crate::row::Reader;
use crate::sql::{Sql, each, one, write};

const TOLD: &str = "told";

/// The mark of people whose key a contract names. No code of a residence has small letters.
const KEY: &str = "key";

/// A stretch has as many ordinals as two bytes tell apart.
const STRETCH_BITS: u32 = 16;

/// Sets that one change adds to.
#[derive(Default)]
pub(crate) struct Telling {
    sets: BTreeMap<(Mark, u32), RoaringBitmap>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    Key,
    Lives(Residence),
}

impl Mark {
    fn word(&self) -> &str {
        match self {
            Self::Key => KEY,
            Self::Lives(residence) => residence.as_str(),
        }
    }
}

impl Telling {
    /// A contract names the person's key.
    pub(crate) fn key(&mut self, person: u32) {
        self.add(Mark::Key, person);
    }

    /// The person lives there.
    pub(crate) fn lives(&mut self, person: u32, residence: Residence) {
        self.add(Mark::Lives(residence), person);
    }

    fn add(&mut self, mark: Mark, person: u32) {
        self.sets.entry((mark, person.wrapping_shr(STRETCH_BITS))).or_default().insert(person);
    }

    /// Writes what was added.
    pub(crate) fn finish(self, sql: &mut dyn Sql, engagement: EngagementId) -> Result<(), CatalogError> {
        for ((mark, stretch), mut people) in self.sets {
            let key = [engagement.as_bytes().into(), mark.word().into(), stretch.into()];
            let text = "SELECT people FROM told WHERE engagement = $1 AND mark = $2 AND stretch = $3";
            if let Some(known) = one(sql, TOLD, text, &key, read)? {
                if people.is_subset(&known) {
                    continue;
                }
                people |= known;
            }
            let mut set = Vec::with_capacity(people.serialized_size());
            // Writing to memory does not fail.
            let _ = people.serialize_into(&mut set);
            let text = "INSERT INTO told (engagement, mark, stretch, people) VALUES ($1, $2, $3, $4)
                ON CONFLICT (engagement, mark, stretch) DO UPDATE SET people = excluded.people";
            let [engagement, mark, stretch] = key;
            write(sql, TOLD, text, &[engagement, mark, stretch, (&set).into()])?;
        }
        Ok(())
    }
}

fn read(row: &mut Reader<'_>) -> Result<RoaringBitmap, CatalogError> {
    RoaringBitmap::deserialize_from(row.bytes()?).map_err(|_| row.corrupt("a set of people that does not read"))
}

impl Catalog {
    /// The people of an engagement whom a contract tells apart by a key: any two of them are two.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn keyed_people(&self, engagement: EngagementId) -> Result<RoaringBitmap, CatalogError> {
        let mut people = RoaringBitmap::new();
        let text = "SELECT people FROM told WHERE engagement = $1 AND mark = $2 ORDER BY stretch";
        self.read(|sql| {
            each(sql, TOLD, text, &[engagement.as_bytes().into(), KEY.into()], |row| {
                people |= read(row)?;
                Ok(())
            })
        })?;
        Ok(people)
    }

    /// The people of an engagement by where they live, as contracts say. Somebody of whom data says two places is in both sets;
    /// somebody in none lives nobody knows where.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn residences(&self, engagement: EngagementId) -> Result<BTreeMap<Residence, RoaringBitmap>, CatalogError> {
        let mut all: BTreeMap<Residence, RoaringBitmap> = BTreeMap::new();
        let text = "SELECT mark, people FROM told WHERE engagement = $1 AND mark <> $2 ORDER BY mark, stretch";
        self.read(|sql| {
            each(sql, TOLD, text, &[engagement.as_bytes().into(), KEY.into()], |row| {
                let mark = row.word()?;
                *all.entry(mark).or_default() |= read(row)?;
                Ok(())
            })
        })?;
        Ok(all)
    }
}
