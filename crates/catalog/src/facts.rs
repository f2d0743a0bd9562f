//! Facts: which people occur with which types of data in which block of which version.
//!
//! People are ordinals within their engagement, given in the order in which they are first seen, so that those of one object
//! lie close together. Nothing here says who they are.

use std::collections::{BTreeMap, BTreeSet};

use base::id::{EngagementId, VersionId};
use base::word::DataType;
use roaring::RoaringTreemap;

use crate::catalog::Catalog;
use crate::codec::{read_set, write_set};
use crate::error::{CatalogError, conflict, refused};
use crate::model::{Digest, FactRow, MentionRow};
use crate::row::Reader;
use crate::sql::{Sql, Value, each, one, write};
use crate::versions;

const FACTS: &str = "facts";
const SUBJECTS: &str = "subjects";
const COUNTS: &str = "subject_counts";
const LINKS: &str = "subject_links";

/// Ordinals of versions that lie no farther apart than this are read with one scan: passing over a few rows of others costs
/// less than a new descent.
const NEAR: u64 = 32;

/// Adds facts to those the version has.
pub(crate) fn add(
    sql: &mut dyn Sql,
    engagement: EngagementId,
    version: VersionId,
    mentions: &[MentionRow],
) -> Result<(), CatalogError> {
    let (ordinal, home) = versions::place(sql, version)?;
    if home != engagement {
        return Err(conflict(format!("version `{version}` is not of engagement `{engagement}`")));
    }
    let mut people = People::of(sql, engagement)?;
    let mut found: BTreeMap<(u32, DataType), BTreeSet<u32>> = BTreeMap::new();
    for mention in mentions {
        let subject = people.resolve(sql, &mention.identities)?;
        for place in &mention.places {
            // A mention of nobody in particular still says that the type occurs here.
            found.entry(*place).or_default().extend(subject);
        }
    }
    people.finish(sql)?;
    found.into_iter().try_for_each(|(place, subjects)| merge(sql, engagement, ordinal, place, subjects))
}

fn merge(
    sql: &mut dyn Sql,
    engagement: EngagementId,
    ordinal: u64,
    (block, data_type): (u32, DataType),
    mut subjects: BTreeSet<u32>,
) -> Result<(), CatalogError> {
    let key = [engagement.as_bytes().into(), ordinal.into(), block.into(), data_type.word().into()];
    let text = "SELECT ordinal, subjects FROM facts
        WHERE engagement = $1 AND ordinal = $2 AND block = $3 AND data_type = $4";
    let known = one(sql, FACTS, text, &key, |row| {
        row.integer()?;
        subjects_of(row)
    })?;
    subjects.extend(known.into_iter().flatten());
    let set = write_set(&subjects.into_iter().collect::<Vec<u32>>());
    let text = "INSERT INTO facts (engagement, ordinal, block, data_type, subjects) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (engagement, ordinal, block, data_type) DO UPDATE SET subjects = excluded.subjects";
    let [engagement, ordinal, block, data_type] = key;
    write(sql, FACTS, text, &[engagement, ordinal, block, data_type, (&set).into()]).map(|_| ())
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
}

impl People {
    fn of(sql: &mut dyn Sql, engagement: EngagementId) -> Result<Self, CatalogError> {
        let count = count(sql, engagement)?;
        Ok(Self { engagement, count, count_before: count, seen: BTreeMap::new() })
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

    /// Hands every fact of these versions to `take`, by version, block and type. Costs about a microsecond a row.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`; rows already taken must then be thrown away.
    pub fn facts(
        &self,
        engagement: EngagementId,
        ordinals: &RoaringTreemap,
        mut take: impl FnMut(FactRow),
    ) -> Result<(), CatalogError> {
        let text = "SELECT ordinal, block, data_type, subjects FROM facts
            WHERE engagement = $1 AND ordinal >= $2 AND ordinal <= $3 ORDER BY ordinal, block, data_type";
        self.read(|sql| {
            for (first, last) in clusters(ordinals) {
                let values = [engagement.as_bytes().into(), Value::Unsigned(first), Value::Unsigned(last)];
                each(sql, FACTS, text, &values, |row| {
                    let ordinal = row.number()?;
                    if ordinals.contains(ordinal) {
                        let block = row.number()?;
                        let data_type = row.word()?;
                        take(FactRow { ordinal, block, data_type, subjects: subjects_of(row)? });
                    }
                    Ok(())
                })?;
            }
            Ok(())
        })
    }
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
