//! Packs: what scope needs to know of versions, by groups of 1,024 consecutive ones. Derived from rows, behind the write path.
//!
//! Whatever changes what a pack says of a version puts the version among those that are *unpacked*, in the same transaction.
//! A query reads packs, and of unpacked versions the rows: an answer does not depend on what was packed when.

use std::collections::{BTreeMap, BTreeSet};

use base::id::{DatasetId, EngagementId};
use base::word::ScanState;
use roaring::RoaringTreemap;
use scope::pack::{self, Fact};
use scope::people::Needs;
use scope::{Directory, Gatherer, Held, Pack, Pair, Reach, Summary, Touches};

use crate::catalog::Catalog;
use crate::error::{CatalogError, conflict};
use crate::model::PackRow;
use crate::sql::{Sql, Value, limit, one, rows, write};

const PACKS: &str = "packs";
const UNPACKED: &str = "unpacked";

/// How many versions are read from their rows at a time.
const ROWS_AT_ONCE: usize = 1024;

/// How often a pack is read again that was replaced between its directory and the rest.
const TRIES: usize = 8;

/// How many bytes of facts' rows of one version are looked at before it is known to be too large for a pack. A row's list is
/// about as long as in a pack, where the lists of one person's types become one.
const ROW_BYTES: usize = 1 << 20;

/// Says that no pack has this version as it is now.
pub(crate) fn changed(sql: &mut dyn Sql, engagement: EngagementId, ordinal: u64) -> Result<(), CatalogError> {
    let text = "INSERT INTO unpacked (engagement, ordinal, stamp) VALUES ($1, $2, 1)
        ON CONFLICT (engagement, ordinal) DO UPDATE SET stamp = unpacked.stamp + 1";
    write(sql, UNPACKED, text, &[engagement.as_bytes().into(), ordinal.into()]).map(|_| ())
}

pub(crate) fn replace(sql: &mut dyn Sql, row: &PackRow) -> Result<(), CatalogError> {
    let id = row.engagement.as_bytes();
    // INVARIANT: a pack is replaced by one that was made from what it said: two packers cannot undo each other's work.
    if revision(sql, row.engagement, row.number)? != row.was {
        return Err(conflict(format!("pack {} of engagement `{}` is not what it was", row.number, row.engagement)));
    }
    let text =
        "INSERT INTO packs (engagement, number, revision, directory, unions, lists) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (engagement, number) DO UPDATE SET revision = excluded.revision, directory = excluded.directory,
            unions = excluded.unions, lists = excluded.lists";
    let Pack { directory, unions, lists } = &row.pack;
    let values =
        [id.into(), row.number.into(), row.was.saturating_add(1).into(), directory.into(), unions.into(), lists.into()];
    write(sql, PACKS, text, &values)?;
    for (ordinal, stamp) in &row.taken {
        // One that has changed since it was read stays unpacked.
        let text = "DELETE FROM unpacked WHERE engagement = $1 AND ordinal = $2 AND stamp = $3";
        write(sql, UNPACKED, text, &[id.into(), Value::Unsigned(*ordinal), Value::Unsigned(*stamp)])?;
    }
    Ok(())
}

fn revision(sql: &mut dyn Sql, engagement: EngagementId, number: u64) -> Result<u64, CatalogError> {
    let text = "SELECT revision FROM packs WHERE engagement = $1 AND number = $2";
    one(sql, PACKS, text, &[engagement.as_bytes().into(), number.into()], |row| row.number())
        .map(Option::unwrap_or_default)
}

/// Versions of an engagement that are unpacked, from `first` to `last`, with their stamps.
fn unpacked(
    sql: &mut dyn Sql,
    engagement: EngagementId,
    first: u64,
    last: u64,
) -> Result<Vec<(u64, u64)>, CatalogError> {
    let text = "SELECT ordinal, stamp FROM unpacked WHERE engagement = $1 AND ordinal >= $2 AND ordinal <= $3
        ORDER BY ordinal";
    let last = i64::try_from(last).unwrap_or(i64::MAX);
    let values = [engagement.as_bytes().into(), Value::Unsigned(first), Value::Integer(last)];
    rows(sql, UNPACKED, text, &values, |row| Ok((row.number()?, row.number()?)))
}

/// The first column of the answer is the ordinal.
fn held(sql: &mut dyn Sql, engagement: EngagementId, first: u64, last: u64) -> Result<Vec<Held>, CatalogError> {
    let text = "SELECT ordinal, engagement, dataset, size, scan FROM versions
        WHERE ordinal >= $1 AND ordinal <= $2 AND marker = 0 ORDER BY ordinal";
    let read = rows(sql, "versions", text, &[Value::Unsigned(first), Value::Unsigned(last)], |row| {
        let ordinal = row.number()?;
        let home = row.id(EngagementId::from_slice)?;
        let dataset = row.id(DatasetId::from_slice)?;
        let size = row.number()?;
        let scanned = row.word::<ScanState>()? == ScanState::Scanned;
        Ok((home == engagement).then_some(Held { ordinal, dataset, size, scanned, loose: false, facts: Vec::new() }))
    })?;
    Ok(read.into_iter().flatten().collect())
}

impl Catalog {
    /// Groups that hold versions which are unpacked, those with the most first.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn unpacked_groups(&self, count: usize) -> Result<Vec<(EngagementId, u64)>, CatalogError> {
        let text = "SELECT engagement, ordinal / $1, COUNT(*) FROM unpacked GROUP BY engagement, ordinal / $1
            ORDER BY 3 DESC, 1, 2 LIMIT $2";
        self.read(|sql| {
            rows(sql, UNPACKED, text, &[pack::GROUP.into(), limit(count)], |row| {
                Ok((row.id(EngagementId::from_slice)?, row.number()?))
            })
        })
    }

    /// Packs a group anew from its rows. Costs about a microsecond a row of facts.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn pack(&self, engagement: EngagementId, number: u64) -> Result<PackRow, CatalogError> {
        let range = pack::range(number);
        let last = range.end.saturating_sub(1);
        // The stamps are read first: what changes after this keeps its version unpacked.
        let (was, taken, mut versions) = self.read(|sql| {
            let was = revision(sql, engagement, number)?;
            let taken = unpacked(sql, engagement, range.start, last)?;
            Ok((was, taken, held(sql, engagement, range.start, last)?))
        })?;
        self.add_facts(engagement, &mut versions)?;
        Ok(PackRow { engagement, number, was, pack: Pack::of(number, &versions), taken })
    }

    /// Who is in what was touched, of one engagement.
    ///
    /// # Errors
    /// `Corrupt` also when touches name versions that do not exist: an answer is never silently smaller. `Unavailable`.
    pub fn summary(&self, engagement: EngagementId, touches: &Pair<Touches>) -> Result<Summary, CatalogError> {
        // These are read first: a version that is packed after this is read from its rows all the same.
        let newer = self.read(|sql| unpacked(sql, engagement, 0, u64::MAX))?;
        let newer: RoaringTreemap = newer.into_iter().map(|(ordinal, _)| ordinal).collect();
        let mut gatherer = Gatherer::new(touches);
        let mut loose = RoaringTreemap::new();
        for (number, reach) in Reach::of(touches) {
            self.gather(engagement, number, &reach, &newer, &mut gatherer, &mut loose)?;
        }
        let mut touched = touches.authorised.ordinals();
        touched |= touches.sent.ordinals();
        let count = touched.len();
        touched &= newer;
        let rows: Vec<u64> = touched.iter().collect();
        for some in rows.chunks(ROWS_AT_ONCE) {
            let [first, .., last] = some else {
                let one = some.first().copied().unwrap_or_default();
                self.gather_rows(engagement, &BTreeSet::from([one]), one, one, &mut gatherer)?;
                continue;
            };
            self.gather_rows(engagement, &some.iter().copied().collect(), *first, *last, &mut gatherer)?;
        }
        self.facts(engagement, &loose, |row| {
            gatherer.fact(row.ordinal, row.block, row.data_type, &row.subjects, row.unresolved);
        })?;
        let summary = gatherer.finish();
        if summary.found != count {
            let missing = count.saturating_sub(summary.found).to_string();
            let what = "the touch index names so many versions that do not exist";
            return Err(CatalogError::Corrupt { table: "versions", key: missing, what });
        }
        Ok(summary)
    }

    fn gather(
        &self,
        engagement: EngagementId,
        number: u64,
        reach: &Reach,
        newer: &RoaringTreemap,
        gatherer: &mut Gatherer<'_>,
        loose: &mut RoaringTreemap,
    ) -> Result<(), CatalogError> {
        let corrupt = |what| CatalogError::Corrupt { table: PACKS, key: format!("{engagement} {number}"), what };
        let key = [engagement.as_bytes().into(), Value::Unsigned(number)];
        for _ in 0..TRIES {
            let text = "SELECT number, revision, directory FROM packs WHERE engagement = $1 AND number = $2";
            let found = self.read(|sql| {
                one(sql, PACKS, text, &key, |row| {
                    row.integer()?;
                    let revision: u64 = row.number()?;
                    let directory = Pack::directory(row.bytes()?, number);
                    Ok((revision, directory.ok_or_else(|| row.corrupt("a directory that does not read"))?))
                })
            })?;
            let Some((revision, directory)) = found else { return Ok(()) };
            let needs = gatherer.needs(reach, &directory, newer);
            let text = match needs {
                Needs::Unions => "SELECT unions FROM packs WHERE engagement = $1 AND number = $2 AND revision = $3",
                Needs::Nothing | Needs::Lists => {
                    "SELECT lists FROM packs WHERE engagement = $1 AND number = $2 AND revision = $3"
                }
            };
            if needs != Needs::Nothing {
                let [id, number] = key;
                let gathered = self.read(|sql| {
                    one(sql, PACKS, text, &[id, number, revision.into()], |row| {
                        let bytes = row.bytes()?;
                        Ok(match needs {
                            Needs::Unions => gatherer.unions(reach, &directory, bytes),
                            Needs::Nothing | Needs::Lists => gatherer.lists(reach, &directory, bytes, newer),
                        })
                    })
                })?;
                match gathered {
                    // Replaced meanwhile: nothing was taken of it.
                    None => continue,
                    Some(None) => return Err(corrupt("a pack that does not read")),
                    Some(Some(())) => {}
                }
            }
            gatherer.weigh(reach, &directory, newer);
            loose.extend(loose_of(&directory, newer));
            return Ok(());
        }
        Err(conflict(format!("pack {number} of engagement `{engagement}` is replaced again and again\nask again")))
    }

    fn gather_rows(
        &self,
        engagement: EngagementId,
        meant: &BTreeSet<u64>,
        first: u64,
        last: u64,
        gatherer: &mut Gatherer<'_>,
    ) -> Result<(), CatalogError> {
        let mut versions = self.read(|sql| held(sql, engagement, first, last))?;
        versions.retain(|one| meant.contains(&one.ordinal));
        // Facts go by as they are read: a version's may be many.
        let ordinals: RoaringTreemap = versions.iter().map(|one| one.ordinal).collect();
        versions.drain(..).for_each(|one| gatherer.version(&one));
        self.facts(engagement, &ordinals, |row| {
            gatherer.fact(row.ordinal, row.block, row.data_type, &row.subjects, row.unresolved);
        })
    }

    /// Adds their facts to versions; those that have too many for a pack become loose.
    fn add_facts(&self, engagement: EngagementId, versions: &mut [Held]) -> Result<(), CatalogError> {
        let ordinals: RoaringTreemap = versions.iter().map(|one| one.ordinal).collect();
        let mut all: BTreeMap<u64, (&mut Held, usize)> =
            versions.iter_mut().map(|one| (one.ordinal, (one, 0))).collect();
        self.facts(engagement, &ordinals, |row| {
            let Some((one, bytes)) = all.get_mut(&row.ordinal) else { return };
            *bytes = bytes.saturating_add(row.subjects.len()).saturating_add(size_of::<Fact>());
            one.loose |= *bytes > ROW_BYTES;
            if one.loose {
                one.facts = Vec::new();
            } else {
                let (block, data_type, unresolved) = (row.block, row.data_type, row.unresolved);
                one.facts.push(Fact { block, data_type, subjects: row.subjects, unresolved });
            }
        })
    }
}

fn loose_of(directory: &Directory, newer: &RoaringTreemap) -> impl Iterator<Item = u64> {
    let loose = directory.members.iter().filter(|member| member.loose && !newer.contains(member.ordinal));
    loose.map(|member| member.ordinal)
}
