//! Reading rows: every column is checked, and whatever does not fit is `Corrupt` with its table and key.
//!
//! # Threats
//! Whoever can write the database wants us to misread it: a short id, an unknown state, a negative size. Nothing is coerced,
//! defaulted or skipped here; a row is what its type says or it is an error.

use std::fmt::Write as _;
use std::str::FromStr;

use base::Timestamp;

use crate::error::{CatalogError, refused};
use crate::sql::{Columns, Value};

/// Reads the columns of one row from left to right.
pub(crate) struct Reader<'r> {
    columns: &'r dyn Columns,
    table: &'static str,
    next: usize,
}

impl<'r> Reader<'r> {
    pub(crate) const fn new(columns: &'r dyn Columns, table: &'static str) -> Self {
        Self { columns, table, next: 0 }
    }

    /// The error for this row, which the first column names.
    pub(crate) fn corrupt(&self, what: &'static str) -> CatalogError {
        let key = match self.columns.value(0) {
            Some(Value::Integer(number)) => number.to_string(),
            Some(Value::Unsigned(number)) => number.to_string(),
            Some(Value::Text(text)) => text.escape_debug().to_string(),
            Some(Value::Bytes(bytes)) => hex(bytes),
            Some(Value::Null) | None => "?".to_owned(),
        };
        CatalogError::Corrupt { table: self.table, key, what }
    }

    fn value(&mut self) -> Result<Value<'r>, CatalogError> {
        let value = self.columns.value(self.next).ok_or_else(|| self.corrupt("a column of an unknown type"))?;
        self.next = self.next.saturating_add(1);
        Ok(value)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'r [u8], CatalogError> {
        match self.value()? {
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err(self.corrupt("bytes expected")),
        }
    }

    pub(crate) fn vec(&mut self) -> Result<Vec<u8>, CatalogError> {
        self.bytes().map(<[u8]>::to_vec)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], CatalogError> {
        self.bytes()?.try_into().map_err(|_| self.corrupt("bytes of the wrong length"))
    }

    /// An id, for example `reader.id(EngagementId::from_slice)`.
    pub(crate) fn id<T>(&mut self, make: fn(&[u8]) -> Option<T>) -> Result<T, CatalogError> {
        make(self.bytes()?).ok_or_else(|| self.corrupt("an id of the wrong length"))
    }

    pub(crate) fn integer(&mut self) -> Result<i64, CatalogError> {
        match self.value()? {
            Value::Integer(number) => Ok(number),
            _ => Err(self.corrupt("a number expected")),
        }
    }

    /// A number that cannot be negative.
    pub(crate) fn number<T: TryFrom<i64>>(&mut self) -> Result<T, CatalogError> {
        let number = self.integer()?;
        T::try_from(number).map_err(|_| self.corrupt("a number out of range"))
    }

    /// 0 or 1.
    pub(crate) fn truth(&mut self) -> Result<bool, CatalogError> {
        match self.integer()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.corrupt("neither 0 nor 1")),
        }
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp, CatalogError> {
        self.integer().map(Timestamp)
    }

    pub(crate) fn text(&mut self) -> Result<&'r str, CatalogError> {
        match self.value()? {
            Value::Text(text) => Ok(text),
            _ => Err(self.corrupt("text expected")),
        }
    }

    /// A word of a vocabulary.
    pub(crate) fn word<T: FromStr>(&mut self) -> Result<T, CatalogError> {
        self.text()?.parse().map_err(|_| self.corrupt("an unknown word"))
    }

    /// Words that [`join`] joined.
    pub(crate) fn words<T: FromStr>(&mut self) -> Result<Vec<T>, CatalogError> {
        let text = self.text()?;
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let words: Result<Vec<T>, T::Err> = text.split(SEPARATOR).map(str::parse).collect();
        words.map_err(|_| self.corrupt("an unknown word"))
    }

    /// A column that may be null.
    pub(crate) fn maybe<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, CatalogError>,
    ) -> Result<Option<T>, CatalogError> {
        if self.columns.value(self.next) == Some(Value::Null) {
            self.next = self.next.saturating_add(1);
            return Ok(None);
        }
        read(self).map(Some)
    }
}

/// Between the words of a list. No vocabulary, name or network contains it.
const SEPARATOR: char = ',';

/// Writes a list of words as one text.
///
/// # Errors
/// `Refused` if a word is empty or contains the separator: it would not read back as it was.
pub(crate) fn join<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<String, CatalogError> {
    let mut joined = String::new();
    for word in words {
        if word.is_empty() || word.contains(SEPARATOR) {
            return Err(refused(format!("a list cannot hold `{}`", word.escape_debug())));
        }
        if !joined.is_empty() {
            joined.push(SEPARATOR);
        }
        joined.push_str(word);
    }
    Ok(joined)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use base::Kind;
    use base::id::EngagementId;
    use base::word::State;

    use super::*;

    struct Row(Vec<Value<'static>>);

    impl Columns for Row {
        fn value(&self, column: usize) -> Option<Value<'_>> {
            self.0.get(column).copied()
        }
    }

    #[test]
    fn what_does_not_fit_is_corrupt_and_named() {
        let row = Row(vec![Value::Bytes(b"\x01\xab"), Value::Text("pausd"), Value::Integer(-1)]);
        let mut reader = Reader::new(&row, "engagements");
        let errors = [
            reader.id(EngagementId::from_slice).unwrap_err(),
            reader.word::<State>().unwrap_err(),
            reader.number::<u64>().unwrap_err(),
            reader.integer().unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), Kind::Corrupt);
            assert!(error.to_string().starts_with("corrupt row `01ab` in `engagements`: "), "{error}");
        }
    }

    #[test]
    fn lists_read_back_or_are_refused() {
        let joined = join(["10.0.0.0/8", "fd00::/8"]).unwrap();
        let row = Row(vec![Value::Text(Box::leak(joined.into_boxed_str())), Value::Text("")]);
        let mut reader = Reader::new(&row, "sessions");
        assert_eq!(reader.words::<String>().unwrap(), ["10.0.0.0/8", "fd00::/8"]);
        assert_eq!(reader.words::<String>().unwrap(), Vec::<String>::new());
        assert_eq!(join(["a,b"]).unwrap_err().kind(), Kind::Refused);
        assert_eq!(join([""]).unwrap_err().kind(), Kind::Refused);
    }
}
