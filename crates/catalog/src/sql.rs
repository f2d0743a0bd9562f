//! The one portable SQL layer.
//!
//! Every statement of the catalog is written once, in the subset that SQLite and PostgreSQL share: `$1` parameters, `BIGINT`,
//! `BYTEA`, `TEXT`, `ON CONFLICT`, `RETURNING`, partial indexes, row values; no `BOOLEAN`, no dates, no arrays, sums cast to
//! `BIGINT`. Instants are microseconds since 1970, words are their text form, ids are 16 bytes. A database is a [`Sql`]; the
//! rest of the crate does not know which.

use std::fmt;

use crate::error::CatalogError;
use crate::row::Reader;

/// A parameter, or a column of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Nothing.
    Null,
    /// A signed number.
    Integer(i64),
    /// A number that is never negative. Stored as `BIGINT`; one beyond its range is not stored but fails.
    Unsigned(u64),
    /// Text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
}

impl From<u64> for Value<'_> {
    fn from(number: u64) -> Self {
        Self::Unsigned(number)
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Self::Unsigned(u64::from(number))
    }
}

impl From<base::Timestamp> for Value<'_> {
    fn from(instant: base::Timestamp) -> Self {
        Self::Integer(instant.0)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a> From<&'a Vec<u8>> for Value<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// One row of an answer.
pub trait Columns {
    /// The value of a column, from 0; `None` if there is no such column or it has a type that no column of ours has.
    fn value(&self, column: usize) -> Option<Value<'_>>;
}

/// Takes one row of an answer; `false` ends the query.
pub type TakeRow<'t> = dyn FnMut(&dyn Columns) -> bool + 't;

/// A connection to a database.
pub trait Sql: Send {
    /// Runs a statement; answers how many rows it changed.
    ///
    /// # Errors
    /// See [`SqlFailure`].
    fn execute(&mut self, text: &str, parameters: &[Value<'_>]) -> Result<u64, SqlError>;

    /// Runs a query and hands each row to `take`.
    ///
    /// # Errors
    /// See [`SqlFailure`].
    fn query(&mut self, text: &str, parameters: &[Value<'_>], take: &mut TakeRow<'_>) -> Result<(), SqlError>;

    /// Runs a script without parameters: a migration.
    ///
    /// # Errors
    /// See [`SqlFailure`].
    fn script(&mut self, text: &str) -> Result<(), SqlError>;

    /// The names of the tables that exist, whoever made them.
    ///
    /// # Errors
    /// See [`SqlFailure`].
    fn tables(&mut self) -> Result<Vec<String>, SqlError>;

    /// Begins a transaction that will write.
    ///
    /// # Errors
    /// See [`SqlFailure`].
    fn begin(&mut self) -> Result<(), SqlError>;

    /// Makes the transaction durable. After an error its outcome is unknown.
    ///
    /// # Errors
    /// See [`SqlFailure`].
    fn commit(&mut self) -> Result<(), SqlError>;

    /// Undoes the transaction, if one is open.
    ///
    /// # Errors
    /// See [`SqlFailure`].
    fn rollback(&mut self) -> Result<(), SqlError>;

    /// Marks a place in the transaction.
    ///
    /// # Errors
    /// See [`SqlFailure`].
    fn savepoint(&mut self) -> Result<(), SqlError>;

    /// Forgets the mark and keeps what was done since.
    ///
    /// # Errors
    /// See [`SqlFailure`].
    fn release(&mut self) -> Result<(), SqlError>;

    /// Undoes what was done since the mark, and forgets it.
    ///
    /// # Errors
    /// See [`SqlFailure`].
    fn undo(&mut self) -> Result<(), SqlError>;
}

/// What went wrong in a database, as far as we act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqlFailure {
    /// A unique key is taken.
    Taken,
    /// A row that is referred to does not exist, or one that is referred to was to be removed.
    Dangling,
    /// A number beyond `BIGINT`.
    Unrepresentable,
    /// The database says that it is damaged or is no database.
    Damaged,
    /// A statement of ours is wrong.
    Misuse,
    /// Anything else: busy, full, unreachable.
    Unavailable,
}

/// A failure of a database.
#[derive(Debug)]
pub struct SqlError {
    failure: SqlFailure,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl SqlError {
    /// A failure and its cause.
    #[must_use]
    pub fn new(failure: SqlFailure, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { failure, source: source.into() }
    }

    /// What went wrong.
    #[must_use]
    pub const fn failure(&self) -> SqlFailure {
        self.failure
    }

    /// The same, saying what was attempted.
    pub(crate) fn during(self, attempt: impl Into<String>) -> CatalogError {
        CatalogError::Sql { attempt: attempt.into(), source: self }
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.source, f)
    }
}

impl std::error::Error for SqlError {}

/// Changes `table`; answers how many rows.
pub(crate) fn write(sql: &mut dyn Sql, table: &str, text: &str, values: &[Value<'_>]) -> Result<u64, CatalogError> {
    sql.execute(text, values).map_err(|error| error.during(format!("writing {table}")))
}

/// Reads rows of `table` one by one. The first column must be the row's key, which errors name.
pub(crate) fn each(
    sql: &mut dyn Sql,
    table: &'static str,
    text: &str,
    values: &[Value<'_>],
    mut take: impl FnMut(&mut Reader<'_>) -> Result<(), CatalogError>,
) -> Result<(), CatalogError> {
    let mut outcome = Ok(());
    let asked = sql.query(text, values, &mut |columns| {
        outcome = take(&mut Reader::new(columns, table));
        outcome.is_ok()
    });
    asked.map_err(|error| error.during(format!("reading {table}")))?;
    outcome
}

/// Reads all rows of an answer.
pub(crate) fn rows<T>(
    sql: &mut dyn Sql,
    table: &'static str,
    text: &str,
    values: &[Value<'_>],
    mut read: impl FnMut(&mut Reader<'_>) -> Result<T, CatalogError>,
) -> Result<Vec<T>, CatalogError> {
    let mut all = Vec::new();
    each(sql, table, text, values, |reader| {
        all.push(read(reader)?);
        Ok(())
    })?;
    Ok(all)
}

/// Reads the one row of an answer, if there is one.
pub(crate) fn one<T>(
    sql: &mut dyn Sql,
    table: &'static str,
    text: &str,
    values: &[Value<'_>],
    mut read: impl FnMut(&mut Reader<'_>) -> Result<T, CatalogError>,
) -> Result<Option<T>, CatalogError> {
    let mut found = None;
    each(sql, table, text, values, |reader| {
        found = Some(read(reader)?);
        Ok(())
    })?;
    Ok(found)
}

/// A limit as the database takes it.
pub(crate) fn limit(rows: usize) -> Value<'static> {
    Value::Integer(i64::try_from(rows).unwrap_or(i64::MAX))
}
