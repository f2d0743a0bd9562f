//! The portable layer over SQLite.
//!
//! One file, its write-ahead log beside it. A commit is on stable storage when it returns. Readers never wait for the writer,
//! nor it for them.

use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql, ffi};

use crate::error::CatalogError;
use crate::sql::{Columns, Sql, SqlError, SqlFailure, TakeRow, Value};

/// How long to wait for the write lock. One process writes, through one connection; only a checkpoint or an operator's own
/// tool can hold it, briefly.
const BUSY_WAIT: Duration = Duration::from_secs(5);

/// More than the catalog has statements, so that each is prepared once per connection.
const STATEMENTS: usize = 160;

/// Pages in the log at which a commit moves them to the file itself: 64 MiB. `Catalog::checkpoint` does so long before,
/// beside the commits; this bounds the log when nobody calls it.
const LOG_PAGES: u32 = 16_384;

/// What is left of the log file after a checkpoint that emptied it.
const LOG_BYTES: u32 = 67_108_864;

/// Page cache of one connection, negative because SQLite reads that as KiB: the upper levels of every tree and a hot set.
const CACHE_KIB: i64 = -16_384;

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    Write,
    Read,
}

/// A connection to the catalog's file.
pub(crate) struct Sqlite {
    connection: Connection,
}

impl Sqlite {
    /// Opens the file, creating an empty one if there is none. It and its log are for its owner alone.
    pub(crate) fn open(path: &Path, purpose: Use) -> Result<Self, CatalogError> {
        let attempt = "opening the catalog's file";
        let mut options = std::fs::OpenOptions::new();
        // SQLite gives its log and index files the mode that the database file has.
        if let Err(error) = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path) {
            return Err(SqlError::new(SqlFailure::Unavailable, error).during(attempt));
        }
        let flags =
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let connection = Connection::open_with_flags(path, flags).map_err(|error| failed(error).during(attempt))?;
        Self::prepare(&connection, purpose).map_err(|error| failed(error).during(attempt))?;
        Ok(Self { connection })
    }

    fn prepare(connection: &Connection, purpose: Use) -> rusqlite::Result<()> {
        connection.busy_timeout(BUSY_WAIT)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // DURABLE: in WAL mode with synchronous=FULL a commit returns after its frames are flushed; recovery at the next
        // open replays whole transactions and drops a torn last one.
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", "on")?;
        connection.pragma_update(None, "trusted_schema", "off")?;
        connection.pragma_update(None, "cell_size_check", "on")?;
        connection.pragma_update(None, "temp_store", "memory")?;
        // Erased keys and rows are overwritten. LIMIT: copies remain in the log until it is emptied, see `Self::empty_log`.
        connection.pragma_update(None, "secure_delete", "on")?;
        connection.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
        connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
        connection.pragma_update(None, "cache_size", CACHE_KIB)?;
        connection.pragma_update(None, "query_only", purpose == Use::Read)
    }

    /// Moves what the log holds into the file, as far as no reader needs it. Blocks neither readers nor the writer.
    pub(crate) fn checkpoint(&mut self) -> Result<(), SqlError> {
        self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).map_err(failed)
    }

    /// Moves everything and empties the log, so that erased rows are gone from it too. Answers whether it could: a reader
    /// that still needs the log prevents it.
    pub(crate) fn empty_log(&mut self) -> Result<bool, SqlError> {
        let busy: i64 =
            self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).map_err(failed)?;
        Ok(busy == 0)
    }

    fn plain(&self, text: &str) -> Result<(), SqlError> {
        self.connection.prepare_cached(text).and_then(|mut prepared| prepared.execute([])).map(|_| ()).map_err(failed)
    }
}

/// `$n` in the portable texts is a *name* to SQLite; `?n` is the number that is meant. No text has a `$` elsewhere.
fn numbered(text: &str) -> String {
    text.replace('$', "?")
}

/// The schema in SQLite's own words: rows kept in the order of a compound key, and row numbers that are the key itself.
fn native(schema: &str) -> String {
    schema.replace("/* clustered */", "WITHOUT ROWID").replace("BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY")
}

impl Sql for Sqlite {
    fn execute(&mut self, text: &str, parameters: &[Value<'_>]) -> Result<u64, SqlError> {
        let mut prepared = self.connection.prepare_cached(&numbered(text)).map_err(failed)?;
        let changed = prepared.execute(rusqlite::params_from_iter(parameters.iter().map(Bound))).map_err(failed)?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    fn query(&mut self, text: &str, parameters: &[Value<'_>], take: &mut TakeRow<'_>) -> Result<(), SqlError> {
        let mut prepared = self.connection.prepare_cached(&numbered(text)).map_err(failed)?;
        let mut rows = prepared.query(rusqlite::params_from_iter(parameters.iter().map(Bound))).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            if !take(&Row(row)) {
                break;
            }
        }
        Ok(())
    }

    fn script(&mut self, text: &str) -> Result<(), SqlError> {
        self.connection.execute_batch(&native(text)).map_err(failed)
    }

    fn tables(&mut self) -> Result<Vec<String>, SqlError> {
        let mut names = Vec::new();
        let text = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
        self.query(text, &[], &mut |columns| {
            if let Some(Value::Text(name)) = columns.value(0) {
                names.push(name.to_owned());
            }
            true
        })?;
        Ok(names)
    }

    fn begin(&mut self) -> Result<(), SqlError> {
        self.plain("BEGIN IMMEDIATE")
    }

    fn commit(&mut self) -> Result<(), SqlError> {
        self.plain("COMMIT")
    }

    fn rollback(&mut self) -> Result<(), SqlError> {
        if self.connection.is_autocommit() { Ok(()) } else { self.plain("ROLLBACK") }
    }

    fn savepoint(&mut self) -> Result<(), SqlError> {
        self.plain("SAVEPOINT act")
    }

    fn release(&mut self) -> Result<(), SqlError> {
        self.plain("RELEASE act")
    }

    fn undo(&mut self) -> Result<(), SqlError> {
        self.plain("ROLLBACK TO act")?;
        self.plain("RELEASE act")
    }
}

struct Bound<'v, 'a>(&'v Value<'a>);

impl ToSql for Bound<'_, '_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self.0 {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(number),
            Value::Unsigned(number) => ValueRef::Integer(
                i64::try_from(number).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?,
            ),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

struct Row<'r, 's>(&'r rusqlite::Row<'s>);

impl Columns for Row<'_, '_> {
    fn value(&self, column: usize) -> Option<Value<'_>> {
        match self.0.get_ref(column).ok()? {
            ValueRef::Null => Some(Value::Null),
            ValueRef::Integer(number) => Some(Value::Integer(number)),
            ValueRef::Text(text) => std::str::from_utf8(text).ok().map(Value::Text),
            ValueRef::Blob(bytes) => Some(Value::Bytes(bytes)),
            ValueRef::Real(_) => None,
        }
    }
}

fn failed(error: rusqlite::Error) -> SqlError {
    let failure = match &error {
        rusqlite::Error::SqliteFailure(cause, _) => match (cause.code, cause.extended_code) {
            (_, ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID) => {
                SqlFailure::Taken
            }
            (_, ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => SqlFailure::Dangling,
            (ErrorCode::TooBig, _) => SqlFailure::Unrepresentable,
            (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _) => SqlFailure::Damaged,
            (ErrorCode::ConstraintViolation | ErrorCode::ApiMisuse | ErrorCode::ParameterOutOfRange, _) => {
                SqlFailure::Misuse
            }
            // SQLITE_ERROR: a text it does not understand.
            (ErrorCode::Unknown, ffi::SQLITE_ERROR) => SqlFailure::Misuse,
            _ => SqlFailure::Unavailable,
        },
        rusqlite::Error::ToSqlConversionFailure(_) => SqlFailure::Unrepresentable,
        _ => SqlFailure::Misuse,
    };
    SqlError::new(failure, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_and_failures_have_names() {
        let folder = tempfile::tempdir().unwrap();
        let mut sql = Sqlite::open(&folder.path().join("catalog"), Use::Write).unwrap();
        sql.script("CREATE TABLE t (a BIGINT PRIMARY KEY, b BYTEA, c TEXT, d BIGINT REFERENCES t (a));").unwrap();
        let row = [Value::Bytes(b"two"), Value::Integer(i64::MAX), Value::Text("three"), Value::Null];
        let insert = "INSERT INTO t (a, b, c, d) VALUES ($2, $1, $3, $4)";
        assert_eq!(sql.execute(insert, &row).unwrap(), 1);
        let mut seen = Vec::new();
        sql.query("SELECT a, b, c, d FROM t WHERE b = $1 AND a > $2", &[row[0], Value::Unsigned(7)], &mut |columns| {
            seen.extend((0..5).map(|column| format!("{:?}", columns.value(column))));
            true
        })
        .unwrap();
        assert_eq!(seen[0], "Some(Integer(9223372036854775807))");
        assert_eq!(seen[4], "None");

        assert_eq!(sql.execute(insert, &row).unwrap_err().failure(), SqlFailure::Taken);
        let dangling = [Value::Null, Value::Integer(1), Value::Null, Value::Integer(2)];
        assert_eq!(sql.execute(insert, &dangling).unwrap_err().failure(), SqlFailure::Dangling);
        let huge = [Value::Null, Value::Unsigned(u64::MAX), Value::Null, Value::Null];
        assert_eq!(sql.execute(insert, &huge).unwrap_err().failure(), SqlFailure::Unrepresentable);
        assert_eq!(sql.execute("SELEKT", &[]).unwrap_err().failure(), SqlFailure::Misuse);

        let mut reader = Sqlite::open(&folder.path().join("catalog"), Use::Read).unwrap();
        assert!(reader.execute("DELETE FROM t", &[]).is_err());
    }

    #[test]
    fn the_file_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mut sql = Sqlite::open(&folder.path().join("catalog"), Use::Write).unwrap();
        sql.script("CREATE TABLE t (a BIGINT);").unwrap();
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let entry = entry.unwrap();
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.file_name());
        }
    }
}
