//! Decoys: that there are some, and when each was tripped. What they are is sealed.

use base::Timestamp;
use base::id::DecoyId;

use crate::catalog::Catalog;
use crate::error::{CatalogError, missing};
use crate::model::DecoyRow;
use crate::row::Reader;
use crate::sql::{Sql, rows, write};

const DECOYS: &str = "decoys";

pub(crate) fn add(sql: &mut dyn Sql, row: &DecoyRow) -> Result<(), CatalogError> {
    let text = "INSERT INTO decoys (id, made, tripped, sealed) VALUES ($1, $2, $3, $4)";
    let values = [row.id.as_bytes().into(), row.made.into(), row.tripped.into(), (&row.sealed).into()];
    write(sql, DECOYS, text, &values).map(|_| ())
}

/// Says that a decoy was tripped. The first time stands.
pub(crate) fn trip(sql: &mut dyn Sql, decoy: DecoyId, at: Timestamp) -> Result<(), CatalogError> {
    let text = "UPDATE decoys SET tripped = COALESCE(tripped, $2) WHERE id = $1";
    match write(sql, DECOYS, text, &[decoy.as_bytes().into(), at.into()])? {
        0 => Err(missing(format!("no decoy `{decoy}`"))),
        _ => Ok(()),
    }
}

pub(crate) fn retire(sql: &mut dyn Sql, decoy: DecoyId) -> Result<(), CatalogError> {
    match write(sql, DECOYS, "DELETE FROM decoys WHERE id = $1", &[decoy.as_bytes().into()])? {
        0 => Err(missing(format!("no decoy `{decoy}`"))),
        _ => Ok(()),
    }
}

impl Catalog {
    /// Every decoy, in the order they were made.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn decoys(&self) -> Result<Vec<DecoyRow>, CatalogError> {
        let text = "SELECT id, made, tripped, sealed FROM decoys ORDER BY made, id";
        self.read(|sql| {
            rows(sql, DECOYS, text, &[], |row| {
                Ok(DecoyRow {
                    id: row.id(DecoyId::from_slice)?,
                    made: row.time()?,
                    tripped: row.maybe(Reader::time)?,
                    sealed: row.vec()?,
                })
            })
        })
    }
}
