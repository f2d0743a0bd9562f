//! Facts: which people occur with which types of data in which block of which version.
//!
//! People are ordinals within their engagement, given in the order in which they are first seen, so that those of one object
//! lie close together. Nothing here says who they are.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use base::Timestamp;
use base::id::{EngagementId, VersionId};
use base::word::DataType;
use roaring::RoaringTreemap;

use crate::catalog::Catalog;
use crate::codec::{read_set, write_set};
use crate::error::{CatalogError, conflict, refused};
use crate::model::{Digest, FactRow, MentionRow};
use crate::row::Reader;
use crate::sql::{Sql, Value, each, one, write};
use crate::told::Telling;
use crate::{packs, scans, versions};

const FACTS: &str = "facts";
const STAGED: &str = "staged_facts";
const SUBJECTS: &str = "subjects";
const COUNTS: &str = "subject_counts";
const LINKS: &str = "subject_links";

/// Ordinals of versions that lie no farther apart than this are read with one scan: passing over a few rows of others costs
/// less than a new descent.
const NEAR: u64 = 32;

/// Adds facts to those that a scan of the version has made.
pub(crate) fn add(
    sql: &mut dyn Sql,
    engagement: EngagementId,
    version: VersionId,
    generation: u32,
    mentions: &[MentionRow],
) -> Result<(), CatalogError> {
    let ordinal = home(sql, engagement, version)?;
    let found = resolve(sql, engagement, mentions)?;
    for (place, mut here) in found {
        let (block, data_type) = place;
        let id = engagement.as_bytes();
        let key = [id.into(), ordinal.into(), generation.into(), block.into(), data_type.word().into()];
        let text = "SELECT block, subjects, unresolved FROM facts
            WHERE engagement = $1 AND ordinal = $2 AND generation = $3 AND block = $4 AND data_type = $5";
        here.merge(one(sql, FACTS, text, &key, Here::read)?);
        let set = here.set();
        let text = "INSERT INTO facts (engagement, ordinal, generation, block, data_type, subjects, unresolved)
            VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (engagement, ordinal, generation, block, data_type)
            DO UPDATE SET subjects = excluded.subjects, unresolved = excluded.unresolved";
        let [engagement, ordinal, generation, block, data_type] = key;
        let values = [engagement, ordinal, generation, block, data_type, (&set).into(), here.unresolved.into()];
        write(sql, FACTS, text, &values)?;
    }
    packs::changed(sql, engagement, ordinal)
}

/// Keeps facts of a version that is not visible yet.
pub(crate) fn stage(
    sql: &mut dyn Sql,
    engagement: EngagementId,
    version: VersionId,
    at: Timestamp,
    mentions: &[MentionRow],
) -> Result<(), CatalogError> {
    for ((block, data_type), mut here) in resolve(sql, engagement, mentions)? {
        let key = [version.as_bytes().into(), block.into(), data_type.word().into()];
        let text = "SELECT block, subjects, unresolved FROM staged_facts
            WHERE version = $1 AND block = $2 AND data_type = $3";
        here.merge(one(sql, STAGED, text, &key, Here::read)?);
        let set = here.set();
        let text = "INSERT INTO staged_facts (version, block, data_type, subjects, unresolved, at)
            VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (version, block, data_type)
            DO UPDATE SET subjects = excluded.subjects, unresolved = excluded.unresolved, at = excluded.at";
        let [version, block, data_type] = key;
        write(sql, STAGED, text, &[version, block, data_type, (&set).into(), here.unresolved.into(), at.into()])?;
    }
    Ok(())
}

/// Moves some of the facts that were kept for a version, now that it is there. Measured at 35 microseconds a row of six hundred
/// bytes.
pub(crate) fn unstage(
    sql: &mut dyn Sql,
    engagement: EngagementId,
    version: VersionId,
    rows: u64,
) -> Result<(), CatalogError> {
    let ordinal = home(sql, engagement, version)?;
    let text = "INSERT INTO facts (engagement, ordinal, generation, block, data_type, subjects, unresolved)
        SELECT $1, $2, 0, block, data_type, subjects, unresolved FROM staged_facts WHERE version = $3
        ORDER BY block, data_type LIMIT $4";
    let values = [engagement.as_bytes().into(), ordinal.into(), version.as_bytes().into(), rows.into()];
    write(sql, FACTS, text, &values)?;
    packs::changed(sql, engagement, ordinal)?;
    let text = "DELETE FROM staged_facts WHERE version = $1 AND (block, data_type) IN
        (SELECT block, data_type FROM staged_facts WHERE version = $1 ORDER BY block, data_type LIMIT $2)";
    write(sql, STAGED, text, &[version.as_bytes().into(), rows.into()]).map(|_| ())
}

/// Forgets the facts that were kept for a version which did not become visible.
pub(crate) fn drop_staged(sql: &mut dyn Sql, version: VersionId) -> Result<(), CatalogError> {
    let text = "DELETE FROM staged_facts WHERE version = $1";
    write(sql, STAGED, text, &[version.as_bytes().into()]).map(|_| ())
}

/// Forgets the facts that were kept for versions and not added to since `before`.
pub(crate) fn drop_staged_before(sql: &mut dyn Sql, before: Timestamp) -> Result<(), CatalogError> {
    write(sql, STAGED, "DELETE FROM staged_facts WHERE at < $1", &[before.into()]).map(|_| ())
}

/// Forgets what a scan of the version has made that did not come to its end.
pub(crate) fn clear(
    sql: &mut dyn Sql,
    engagement: EngagementId,
    version: VersionId,
    generation: u32,
) -> Result<(), CatalogError> {
    let ordinal = home(sql, engagement, version)?;
    // INVARIANT: the facts of a scan that came to its end are never changed.
    if scans::is_reported(sql, ordinal, generation)? {
        return Err(conflict(format!("scan {generation} of version `{version}` is reported")));
    }
    let text = "DELETE FROM facts WHERE engagement = $1 AND ordinal = $2 AND generation = $3";
    write(sql, FACTS, text, &[engagement.as_bytes().into(), ordinal.into(), generation.into()])?;
    packs::changed(sql, engagement, ordinal)
}

/// The ordinal of a version, which must lie in the engagement.
fn home(sql: &mut dyn Sql, engagement: EngagementId, version: VersionId) -> Result<u64, CatalogError> {
    let (ordinal, home) = versions::place(sql, version)?;
    if home != engagement {
        return Err(conflict(format!("version `{version}` is not of engagement `{engagement}`")));
    }
    Ok(ordinal)
}

/// Who occurs in a block with a type: the people who are known, and how many more are named there.
#[derive(Default)]
struct Here {
    subjects: BTreeSet<u32>,
    unresolved: u64,
}

impl Here {
    fn read(row: &mut Reader<'_>) -> Result<Self, CatalogError> {
        row.integer()?;
        Ok(Self { subjects: subjects_of(row)?.into_iter().collect(), unresolved: row.number()? })
    }

    fn merge(&mut self, known: Option<Self>) {
        if let Some(known) = known {
            self.subjects.extend(known.subjects);
            self.unresolved = self.unresolved.saturating_add(known.unresolved);
        }
    }

    fn set(&self) -> Vec<u8> {
        write_set(&self.subjects.iter().copied().collect::<Vec<u32>>())
    }
}

/// Turns mentions into sets of people, by block and type.
fn resolve(
    sql: &mut dyn Sql,
    engagement: EngagementId,
    mentions: &[MentionRow],
) -> Result<BTreeMap<(u32, DataType), Here>, CatalogError> {
    let mut people = People::of(sql, engagement)?;
    let mut found: BTreeMap<(u32, DataType), Here> = BTreeMap::new();
    for mention in mentions {
        let subject = people.resolve(sql, &mention.identities)?;
        if let Some(person) = subject {
            if mention.keyed {
                people.telling.key(person);
            }
            mention.residences.iter().for_each(|residence| people.telling.lives(person, *residence));
        }
        for (at, place) in mention.places.iter().enumerate() {
            // A mention of nobody in particular still says that the type occurs here.
            let here = found.entry(*place).or_default();
            here.subjects.extend(subject);
            if at == 0 {
                // They are counted once, where they are first named.
                here.unresolved = here.unresolved.saturating_add(mention.unresolved.into());
            }
        }
    }
    people.finish(sql)?;
    Ok(found)
}

fn subjects_of(row: &mut Reader<'_>) -> Result<Vec<u32>, CatalogError> {
    read_set(row.bytes()?).ok_or_else(|| row.corrupt("a set of subjects that does not read"))
}

/// Turns identities into subject ordinals, within one change.
struct People {
    engagement: EngagementId,
    /// How many ordinals were given; they begin at 1.
    count: u32,
    count_before: u32,
    seen: BTreeMap<Digest, u32>,
    /// What contracts tell of them.
    telling: Telling,
}

impl People {
    fn of(sql: &mut dyn Sql, engagement: EngagementId) -> Result<Self, CatalogError> {
        let count = count(sql, engagement)?;
        Ok(Self { engagement, count, count_before: count, seen: BTreeMap::new(), telling: Telling::default() })
    }

    /// The person whom these identities name, strongest first: whoever the strongest names, or somebody new.
    ///
    /// A weaker identity that is known already decides nothing: people share telephones, and two must not count as one. That it
    /// was met beside another person is linked; sets written before stay true.
    fn resolve(&mut self, sql: &mut dyn Sql, identities: &[Digest]) -> Result<Option<u32>, CatalogError> {
        let Some((strongest, weaker)) = identities.split_first() else { return Ok(None) };
        let subject = match self.look_up(sql, strongest)? {
            Some(subject) => subject,
            None => {
                let subject = self.next()?;
                self.name(sql, strongest, subject)?;
                subject
            }
        };
        for identity in weaker {
            match self.look_up(sql, identity)? {
                None => self.name(sql, identity, subject)?,
                Some(other) if other == subject => {}
                Some(other) => {
                    let text =
                        "INSERT INTO subject_links (engagement, a, b) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
                    let (first, second) = (subject.min(other), subject.max(other));
                    write(sql, LINKS, text, &[self.engagement.as_bytes().into(), first.into(), second.into()])?;
                }
            }
        }
        Ok(Some(subject))
    }

    fn name(&mut self, sql: &mut dyn Sql, identity: &Digest, subject: u32) -> Result<(), CatalogError> {
        let text = "INSERT INTO subjects (engagement, digest, ordinal) VALUES ($1, $2, $3)";
        write(sql, SUBJECTS, text, &[self.engagement.as_bytes().into(), identity.into(), subject.into()])?;
        self.seen.insert(*identity, subject);
        Ok(())
    }

    fn look_up(&mut self, sql: &mut dyn Sql, identity: &Digest) -> Result<Option<u32>, CatalogError> {
        if let Some(subject) = self.seen.get(identity) {
            return Ok(Some(*subject));
        }
        let text = "SELECT ordinal FROM subjects WHERE engagement = $1 AND digest = $2";
        let found =
            one(sql, SUBJECTS, text, &[self.engagement.as_bytes().into(), identity.into()], |row| row.number())?;
        if let Some(subject) = found {
            self.seen.insert(*identity, subject);
        }
        Ok(found)
    }

    fn next(&mut self) -> Result<u32, CatalogError> {
        let next = self.count.checked_add(1);
        self.count = next.ok_or_else(|| refused("an engagement holds at most 4,294,967,295 people"))?;
        Ok(self.count)
    }

    fn finish(self, sql: &mut dyn Sql) -> Result<(), CatalogError> {
        self.telling.finish(sql, self.engagement)?;
        if self.count == self.count_before {
            return Ok(());
        }
        let text = "INSERT INTO subject_counts (engagement, subjects) VALUES ($1, $2)
            ON CONFLICT (engagement) DO UPDATE SET subjects = excluded.subjects";
        write(sql, COUNTS, text, &[self.engagement.as_bytes().into(), self.count.into()]).map(|_| ())
    }
}

fn count(sql: &mut dyn Sql, engagement: EngagementId) -> Result<u32, CatalogError> {
    let text = "SELECT subjects FROM subject_counts WHERE engagement = $1";
    one(sql, COUNTS, text, &[engagement.as_bytes().into()], |row| row.number()).map(Option::unwrap_or_default)
}

impl Catalog {
    /// How many people an engagement's data is about; their ordinals are 1 to this.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn subject_count(&self, engagement: EngagementId) -> Result<u32, CatalogError> {
        self.read(|sql| count(sql, engagement))
    }

    /// Pairs of ordinals of an engagement that turned out to be one person, the smaller first.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn subject_links(&self, engagement: EngagementId) -> Result<Vec<(u32, u32)>, CatalogError> {
        let text = "SELECT a, b FROM subject_links WHERE engagement = $1 ORDER BY a, b";
        self.read(|sql| {
            crate::sql::rows(sql, LINKS, text, &[engagement.as_bytes().into()], |row| {
                Ok((row.number()?, row.number()?))
            })
        })
    }

    /// How many rows of facts wait for versions that are not visible yet.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn staged_facts(&self) -> Result<u64, CatalogError> {
        let text = "SELECT COUNT(*) FROM staged_facts";
        self.read(|sql| one(sql, STAGED, text, &[], |row| row.number())).map(Option::unwrap_or_default)
    }

    /// How many rows of facts wait for a version.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn staged_facts_of(&self, version: VersionId) -> Result<u64, CatalogError> {
        let text = "SELECT COUNT(*) FROM staged_facts WHERE version = $1";
        self.read(|sql| one(sql, STAGED, text, &[version.as_bytes().into()], |row| row.number()))
            .map(Option::unwrap_or_default)
    }

    /// Hands every fact of these versions' last scans to `take`, by version, block and type. Costs about a microsecond a row.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`; rows already taken must then be thrown away.
    pub fn facts(
        &self,
        engagement: EngagementId,
        ordinals: &RoaringTreemap,
        mut take: impl FnMut(FactRow),
    ) -> Result<(), CatalogError> {
        let text = "SELECT ordinal, generation, block, data_type, subjects, unresolved FROM facts
            WHERE engagement = $1 AND ordinal >= $2 AND ordinal <= $3 ORDER BY ordinal, generation, block, data_type";
        self.read(|sql| {
            for (first, last) in clusters(ordinals) {
                let holds = generations(sql, first, last)?;
                let values = [engagement.as_bytes().into(), Value::Unsigned(first), Value::Unsigned(last)];
                each(sql, FACTS, text, &values, |row| {
                    let (ordinal, generation): (u64, u32) = (row.number()?, row.number()?);
                    if ordinals.contains(ordinal) && generation == holds.get(&ordinal).copied().unwrap_or(0) {
                        let block = row.number()?;
                        let data_type = row.word()?;
                        let subjects = subjects_of(row)?;
                        take(FactRow { ordinal, block, data_type, subjects, unresolved: row.number()? });
                    }
                    Ok(())
                })?;
            }
            Ok(())
        })
    }
}

impl Catalog {
    /// Hands the facts of some blocks of one version to `take`, by block and type: those of one scan, and those of what lies
    /// nobody knows where (`anywhere`). Costs about a microsecond a row.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`; rows already taken must then be thrown away.
    pub fn facts_of_blocks(
        &self,
        engagement: EngagementId,
        (ordinal, generation): (u64, u32),
        blocks: Range<u32>,
        anywhere: u32,
        mut take: impl FnMut(u32, &[u32], u64),
    ) -> Result<(), CatalogError> {
        let text = "SELECT block, subjects, unresolved FROM facts
            WHERE engagement = $1 AND ordinal = $2 AND generation = $3 AND block >= $4 AND block < $5
            ORDER BY block, data_type";
        self.read(|sql| {
            for span in [blocks.clone(), anywhere..anywhere.saturating_add(1)] {
                let end = if span.start == anywhere { u64::from(anywhere).saturating_add(1) } else { span.end.into() };
                let values = [
                    engagement.as_bytes().into(),
                    Value::Unsigned(ordinal),
                    generation.into(),
                    span.start.into(),
                    Value::Unsigned(end),
                ];
                each(sql, FACTS, text, &values, |row| {
                    let block = row.number()?;
                    let subjects = subjects_of(row)?;
                    take(block, &subjects, row.number()?);
                    Ok(())
                })?;
            }
            Ok(())
        })
    }
}

/// Which scan's facts hold of the versions in a run of ordinals, where it is not the first one's.
fn generations(sql: &mut dyn Sql, first: u64, last: u64) -> Result<BTreeMap<u64, u32>, CatalogError> {
    let text = "SELECT ordinal, generation FROM versions WHERE generation > 0 AND ordinal >= $1 AND ordinal <= $2";
    let mut holds = BTreeMap::new();
    each(sql, FACTS, text, &[Value::Unsigned(first), Value::Unsigned(last)], |row| {
        holds.insert(row.number()?, row.number()?);
        Ok(())
    })?;
    Ok(holds)
}

/// Runs of ordinals that lie near each other, first and last.
fn clusters(ordinals: &RoaringTreemap) -> impl Iterator<Item = (u64, u64)> {
    let mut ordinals = ordinals.iter().peekable();
    std::iter::from_fn(move || {
        let first = ordinals.next()?;
        let mut last = first;
        while let Some(next) = ordinals.next_if(|next| next.saturating_sub(last) <= NEAR) {
            last = next;
        }
        Some((first, last))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_ordinals_are_read_together() {
        let ordinals = RoaringTreemap::from_iter([1, 2, 2 + NEAR, 3 + 2 * NEAR, 1 << 40]);
        assert_eq!(clusters(&ordinals).collect::<Vec<_>>(), [(1, 34), (67, 67), (1 << 40, 1 << 40)]);
        assert_eq!(clusters(&RoaringTreemap::new()).count(), 0);
    }
}
