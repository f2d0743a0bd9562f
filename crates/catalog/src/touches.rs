//! The touch index: which versions were touched, by whom, in which hour and form.
//!
//! It is built from the ledger behind the write path. Its mark says up to which entry; a query reads the tail beyond it.

use std::ops::Range;
use std::str::FromStr;

use base::id::EngagementId;
use base::word::Form;
use roaring::RoaringTreemap;

use crate::catalog::Catalog;
use crate::codec::{merged, read_ranges, write_ranges};
use crate::error::{CatalogError, conflict};
use crate::model::{Digest, Level, SelectorKind, TouchKey, Touches};
use crate::row::Reader;
use crate::sql::{Sql, Value, one, rows, write};

const TOUCHES: &str = "touches";
const MARKS: &str = "marks";
const INDEXED: &str = "indexed";

impl SelectorKind {
    /// The text form.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Credential => "credential",
            Self::Session => "session",
            Self::Principal => "principal",
            Self::Address => "address",
            Self::Engagement => "engagement",
        }
    }
}

impl Level {
    /// The text form.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Authorised => "authorised",
            Self::Sent => "sent",
        }
    }
}

impl FromStr for Level {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Authorised, Self::Sent].into_iter().find(|level| level.word() == text).ok_or(())
    }
}

impl Touches {
    /// Adds what another row of the same key says. Counts add up; what is touched is a union.
    fn merge(&mut self, other: &Self) {
        self.whole |= &other.whole;
        for (ordinal, ranges) in &other.partial {
            let held = self.partial.entry(*ordinal).or_default();
            held.extend(ranges.iter().cloned());
            *held = merged(std::mem::take(held));
        }
        self.events = self.events.saturating_add(other.events);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

pub(crate) fn add(sql: &mut dyn Sql, indexed: u64, rows: &[(TouchKey, Touches)]) -> Result<(), CatalogError> {
    let before = mark(sql)?;
    // INVARIANT: an entry is indexed once; a batch that comes twice is rejected as a whole.
    if indexed <= before {
        return Err(conflict(format!("indexing entries up to {indexed}, which reaches {before} already")));
    }
    for (key, touches) in rows {
        let mut merged = stored(sql, key)?.unwrap_or_default();
        merged.merge(touches);
        store(sql, key, &merged)?;
    }
    let text = "INSERT INTO marks (name, value) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    write(sql, MARKS, text, &[INDEXED.into(), indexed.into()]).map(|_| ())
}

fn key_values(key: &TouchKey) -> [Value<'_>; 6] {
    [
        key.kind.word().into(),
        (&key.selector).into(),
        Value::Integer(key.hour),
        key.engagement.as_bytes().into(),
        key.form.word().into(),
        key.level.word().into(),
    ]
}

fn stored(sql: &mut dyn Sql, key: &TouchKey) -> Result<Option<Touches>, CatalogError> {
    let text = "SELECT selector, events, bytes, whole, partial FROM touches
        WHERE kind = $1 AND selector = $2 AND hour = $3 AND engagement = $4 AND form = $5 AND level = $6";
    one(sql, TOUCHES, text, &key_values(key), |row| {
        row.bytes()?;
        read(row)
    })
}

fn store(sql: &mut dyn Sql, key: &TouchKey, touches: &Touches) -> Result<(), CatalogError> {
    let text = "INSERT INTO touches (kind, selector, hour, engagement, form, level, events, bytes, whole, partial)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (kind, selector, hour, engagement, form, level) DO UPDATE SET
            events = excluded.events, bytes = excluded.bytes, whole = excluded.whole, partial = excluded.partial";
    let mut whole = Vec::with_capacity(touches.whole.serialized_size());
    touches.whole.serialize_into(&mut whole).map_err(|_| conflict("a bitmap that cannot be written"))?;
    let partial = write_ranges(&touches.partial);
    let [kind, selector, hour, engagement, form, level] = key_values(key);
    let values = [
        kind,
        selector,
        hour,
        engagement,
        form,
        level,
        touches.events.into(),
        touches.bytes.into(),
        (&whole).into(),
        (&partial).into(),
    ];
    write(sql, TOUCHES, text, &values).map(|_| ())
}

fn read(row: &mut Reader<'_>) -> Result<Touches, CatalogError> {
    let events = row.number()?;
    let bytes = row.number()?;
    let mut bitmap = row.bytes()?;
    let whole =
        RoaringTreemap::deserialize_from(&mut bitmap).map_err(|_| row.corrupt("a bitmap that does not read"))?;
    if !bitmap.is_empty() {
        return Err(row.corrupt("bytes after a bitmap"));
    }
    let partial = read_ranges(row.bytes()?).ok_or_else(|| row.corrupt("ranges that do not read"))?;
    Ok(Touches { whole, partial, events, bytes })
}

fn mark(sql: &mut dyn Sql) -> Result<u64, CatalogError> {
    let text = "SELECT value FROM marks WHERE name = $1";
    one(sql, MARKS, text, &[INDEXED.into()], |row| row.number()).map(Option::unwrap_or_default)
}

impl Catalog {
    /// Everything one selector touched in a span of hours.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn touches(
        &self,
        kind: SelectorKind,
        selector: Digest,
        hours: Range<i64>,
    ) -> Result<Vec<(TouchKey, Touches)>, CatalogError> {
        let text = "SELECT selector, hour, engagement, form, level, events, bytes, whole, partial FROM touches
            WHERE kind = $1 AND selector = $2 AND hour >= $3 AND hour < $4 ORDER BY hour, engagement, form, level";
        let values = [kind.word().into(), (&selector).into(), Value::Integer(hours.start), Value::Integer(hours.end)];
        self.read(|sql| {
            rows(sql, TOUCHES, text, &values, |row| {
                let key = TouchKey {
                    kind,
                    selector: row.array()?,
                    hour: row.integer()?,
                    engagement: row.id(EngagementId::from_slice)?,
                    form: row.word::<Form>()?,
                    level: row.word::<Level>()?,
                };
                Ok((key, read(row)?))
            })
        })
    }

    /// Up to which entry the touch index reaches: entries below this are in it.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn indexed(&self) -> Result<u64, CatalogError> {
        self.read(mark)
    }
}
