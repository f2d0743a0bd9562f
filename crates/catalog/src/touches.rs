//! The touch index: which versions were touched, by whom, in which span of time and form.
//!
//! It is built from the ledger behind the write path. Its mark says up to which entry; a query reads the tail beyond it. Rows
//! are hours at first, and become days and months with age. The newest entry below the mark decides about that and no clock
//! does, so an index that was built anew has the same rows, to the byte.

use std::collections::BTreeMap;
use std::ops::Range;
use std::str::FromStr;

use base::id::EngagementId;
use base::word::Form;
use scope::Span;

use crate::catalog::Catalog;
use crate::error::{CatalogError, conflict};
use crate::model::{Digest, Level, SelectorKind, TouchKey, Touches};
use crate::row::Reader;
use crate::sql::{Sql, Value, each, limit, one, rows, write};

const TOUCHES: &str = "touches";
const MARKS: &str = "marks";
const INDEXED: &str = "indexed";

/// The longest row begins so many hours before its last one.
const LONGEST_HOURS: i64 = 31 * 24;

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

impl FromStr for SelectorKind {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let all = [Self::Credential, Self::Session, Self::Principal, Self::Address, Self::Engagement];
        all.into_iter().find(|kind| kind.word() == text).ok_or(())
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

impl TouchKey {
    /// The hours of the row.
    #[must_use]
    pub fn hours(&self) -> Range<i64> {
        self.span.around(self.hour)
    }
}

pub(crate) fn add(
    sql: &mut dyn Sql,
    from: u64,
    indexed: u64,
    rows: &[(TouchKey, Touches)],
) -> Result<(), CatalogError> {
    let before = mark(sql)?;
    // INVARIANT: an entry is indexed once, and none is left out: what does not begin at the mark is rejected as a whole.
    if from != before || indexed <= before {
        return Err(conflict(format!(
            "indexing entries from {from} up to {indexed}, where the index reaches {before}"
        )));
    }
    for (key, touches) in rows {
        merge(sql, key, touches)?;
    }
    set_mark(sql, indexed)
}

/// Makes longer rows of up to `count` that are old enough for it, seen from the hour `newest`.
pub(crate) fn age(sql: &mut dyn Sql, newest: i64, count: usize) -> Result<(), CatalogError> {
    for span in [Span::Day, Span::Month] {
        let text = "SELECT kind, selector, hour, span, engagement, form, level, touched FROM touches
            WHERE span < $1 AND hour < $2 ORDER BY span, hour LIMIT $3";
        let values = [Value::Integer(span.code()), Value::Integer(span.due(newest)), limit(count)];
        let old = rows(sql, TOUCHES, text, &values, |row| Ok((read_key(row)?, read(row)?)))?;
        let mut longer: BTreeMap<TouchKey, Touches> = BTreeMap::new();
        for (key, touches) in old {
            let text = "DELETE FROM touches WHERE kind = $1 AND selector = $2 AND hour = $3 AND span = $4
                AND engagement = $5 AND form = $6 AND level = $7";
            write(sql, TOUCHES, text, &key_values(&key))?;
            let hour = span.around(key.hour).start;
            longer.entry(TouchKey { hour, span, ..key }).or_default().merge(&touches);
        }
        for (key, touches) in &longer {
            merge(sql, key, touches)?;
        }
    }
    Ok(())
}

/// Forgets the index. It is built anew from the ledger.
pub(crate) fn forget(sql: &mut dyn Sql) -> Result<(), CatalogError> {
    write(sql, TOUCHES, "DELETE FROM touches", &[])?;
    set_mark(sql, 0)
}

fn set_mark(sql: &mut dyn Sql, indexed: u64) -> Result<(), CatalogError> {
    let text = "INSERT INTO marks (name, value) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    write(sql, MARKS, text, &[INDEXED.into(), indexed.into()]).map(|_| ())
}

fn key_values(key: &TouchKey) -> [Value<'_>; 7] {
    [
        key.kind.word().into(),
        (&key.selector).into(),
        Value::Integer(key.hour),
        Value::Integer(key.span.code()),
        key.engagement.as_bytes().into(),
        key.form.word().into(),
        key.level.word().into(),
    ]
}

fn merge(sql: &mut dyn Sql, key: &TouchKey, touches: &Touches) -> Result<(), CatalogError> {
    let text = "SELECT selector, touched FROM touches
        WHERE kind = $1 AND selector = $2 AND hour = $3 AND span = $4 AND engagement = $5 AND form = $6 AND level = $7";
    let stored = one(sql, TOUCHES, text, &key_values(key), |row| {
        row.bytes()?;
        read(row)
    })?;
    let mut merged = stored.unwrap_or_default();
    merged.merge(touches);
    let text = "INSERT INTO touches (kind, selector, hour, span, engagement, form, level, touched)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (kind, selector, hour, span, engagement, form, level) DO UPDATE SET touched = excluded.touched";
    let touched = merged.encode();
    let [kind, selector, hour, span, engagement, form, level] = key_values(key);
    let values = [kind, selector, hour, span, engagement, form, level, (&touched).into()];
    write(sql, TOUCHES, text, &values).map(|_| ())
}

fn read(row: &mut Reader<'_>) -> Result<Touches, CatalogError> {
    Touches::decode(row.bytes()?).ok_or_else(|| row.corrupt("touches that do not read"))
}

fn read_key(row: &mut Reader<'_>) -> Result<TouchKey, CatalogError> {
    Ok(TouchKey {
        kind: row.word()?,
        selector: row.array()?,
        hour: row.integer()?,
        span: Span::of_code(row.integer()?).ok_or_else(|| row.corrupt("an unknown span"))?,
        engagement: row.id(EngagementId::from_slice)?,
        form: row.word::<Form>()?,
        level: row.word::<Level>()?,
    })
}

fn mark(sql: &mut dyn Sql) -> Result<u64, CatalogError> {
    let text = "SELECT value FROM marks WHERE name = $1";
    one(sql, MARKS, text, &[INDEXED.into()], |row| row.number()).map(Option::unwrap_or_default)
}

impl Catalog {
    /// Every row of a selector that has an hour in common with these, the earliest first.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn touches(
        &self,
        kind: SelectorKind,
        selector: Digest,
        hours: Range<i64>,
    ) -> Result<Vec<(TouchKey, Touches)>, CatalogError> {
        let text = "SELECT kind, selector, hour, span, engagement, form, level, touched FROM touches
            WHERE kind = $1 AND selector = $2 AND hour >= $3 AND hour < $4
            ORDER BY hour, span, engagement, form, level";
        let first = Value::Integer(hours.start.saturating_sub(LONGEST_HOURS));
        let values = [kind.word().into(), (&selector).into(), first, Value::Integer(hours.end)];
        let mut found = Vec::new();
        self.read(|sql| {
            each(sql, TOUCHES, text, &values, |row| {
                let key = read_key(row)?;
                if key.hours().end > hours.start {
                    found.push((key, read(row)?));
                }
                Ok(())
            })
        })?;
        Ok(found)
    }

    /// Hands every row to `take` as it is kept, in the order of the keys: for whoever compares two indexes. Reads all of it.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn index_bytes(&self, mut take: impl FnMut(TouchKey, &[u8])) -> Result<(), CatalogError> {
        let text = "SELECT kind, selector, hour, span, engagement, form, level, touched FROM touches
            ORDER BY kind, selector, hour, span, engagement, form, level";
        self.read(|sql| {
            each(sql, TOUCHES, text, &[], |row| {
                let key = read_key(row)?;
                take(key, row.bytes()?);
                Ok(())
            })
        })
    }

    /// Whether rows of the touch index are old enough to become longer, seen from the hour `newest`.
    ///
    /// # Errors
    /// `Unavailable`.
    pub fn is_aging(&self, newest: i64) -> Result<bool, CatalogError> {
        let text = "SELECT hour FROM touches WHERE span < $1 AND hour < $2 LIMIT 1";
        self.read(|sql| {
            for span in [Span::Day, Span::Month] {
                let values = [Value::Integer(span.code()), Value::Integer(span.due(newest))];
                if one(sql, TOUCHES, text, &values, |row| row.integer())?.is_some() {
                    return Ok(true);
                }
            }
            Ok(false)
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
