//! Entries of the ledger and the heads of its chains.

use base::Fault;
use base::id::ChainId;
use base::ports::{ChainHead, LedgerRow, LedgerRows, Tail};

use crate::catalog::Catalog;
use crate::error::{CatalogError, conflict};
use crate::row::Reader;
use crate::sql::{Sql, limit, one, rows, write};

const ENTRIES: &str = "entries";
const HEADS: &str = "heads";

/// How many entries there are.
pub(crate) fn size(sql: &mut dyn Sql) -> Result<u64, CatalogError> {
    let text = "SELECT COALESCE(MAX(leaf) + 1, 0) FROM entries";
    one(sql, ENTRIES, text, &[], |row| row.number()).map(Option::unwrap_or_default)
}

/// What is durable now. Heads and entries must agree on how many entries there are.
pub(crate) fn tail(sql: &mut dyn Sql) -> Result<Tail, CatalogError> {
    let size = size(sql)?;
    let text = "SELECT chain, ordinal, length, data FROM heads ORDER BY ordinal";
    let heads = rows(sql, HEADS, text, &[], |row| {
        Ok(ChainHead {
            chain: row.id(ChainId::from_slice)?,
            ordinal: row.number()?,
            length: row.number()?,
            data: row.array()?,
        })
    })?;
    let counted = heads.iter().fold(0, |sum: u64, head| sum.saturating_add(head.length));
    if counted != size {
        let what = "the chains together do not have as many entries as the log";
        return Err(CatalogError::Corrupt { table: HEADS, key: size.to_string(), what });
    }
    Ok(Tail { size, heads })
}

/// Adds one entry.
pub(crate) fn add(sql: &mut dyn Sql, row: &LedgerRow) -> Result<(), CatalogError> {
    let text = "INSERT INTO entries (leaf, chain, seq, data, sealed) VALUES ($1, $2, $3, $4, $5)";
    let values =
        [row.index.into(), row.chain.as_bytes().into(), row.seq.into(), (&row.data).into(), (&row.sealed).into()];
    write(sql, ENTRIES, text, &values).map(|_| ())
}

/// Moves the head of a chain forward, or begins a chain.
pub(crate) fn move_head(sql: &mut dyn Sql, head: &ChainHead) -> Result<(), CatalogError> {
    let text = "INSERT INTO heads (chain, ordinal, length, data) VALUES ($1, $2, $3, $4)
        ON CONFLICT (chain) DO UPDATE SET length = excluded.length, data = excluded.data
        WHERE heads.length < excluded.length AND heads.ordinal = excluded.ordinal";
    let values = [head.chain.as_bytes().into(), head.ordinal.into(), head.length.into(), (&head.data).into()];
    match write(sql, HEADS, text, &values)? {
        // INVARIANT: a chain only grows, and keeps its place in the tree of heads.
        0 => Err(conflict(format!("moving the head of chain `{}` backwards", head.chain))),
        _ => Ok(()),
    }
}

const COLUMNS: &str = "leaf, chain, seq, data, sealed";

fn read(row: &mut Reader<'_>) -> Result<LedgerRow, CatalogError> {
    Ok(LedgerRow {
        index: row.number()?,
        chain: row.id(ChainId::from_slice)?,
        seq: row.number()?,
        data: row.array()?,
        sealed: row.vec()?,
    })
}

/// That places follow `from` without a gap, and that none of the `size` there are is missing at the end.
fn check_places(
    places: impl ExactSizeIterator<Item = u64>,
    from: u64,
    size: u64,
    limit: usize,
) -> Result<(), CatalogError> {
    let gap = |place: u64| {
        let what = "an entry is missing or out of place";
        Err(CatalogError::Corrupt { table: ENTRIES, key: place.to_string(), what })
    };
    let found = u64::try_from(places.len()).unwrap_or(u64::MAX);
    let wanted = u64::try_from(limit).unwrap_or(u64::MAX).min(size.saturating_sub(from));
    for (place, expected) in places.zip(from..) {
        if place != expected {
            return gap(expected);
        }
    }
    if found < wanted { gap(from.saturating_add(found)) } else { Ok(()) }
}

impl LedgerRows for Catalog {
    fn rows(&self, index: u64, count: usize) -> Result<Vec<LedgerRow>, Fault> {
        let text = format!("SELECT {COLUMNS} FROM entries WHERE leaf >= $1 ORDER BY leaf LIMIT $2");
        let read = self.read(|sql| {
            // The size is read first: entries added meanwhile can only add rows.
            let size = size(sql)?;
            let found = rows(sql, ENTRIES, &text, &[index.into(), limit(count)], read)?;
            check_places(found.iter().map(|row| row.index), index, size, count)?;
            Ok(found)
        });
        Ok(read?)
    }

    fn chain_rows(&self, chain: ChainId, seq: u64, count: usize) -> Result<Vec<LedgerRow>, Fault> {
        let text = format!("SELECT {COLUMNS} FROM entries WHERE chain = $1 AND seq >= $2 ORDER BY seq LIMIT $3");
        let read = self.read(|sql| {
            let chain = chain.as_bytes();
            let head = "SELECT length FROM heads WHERE chain = $1";
            let length = one(sql, HEADS, head, &[chain.into()], |row| row.number())?.unwrap_or(0);
            let found = rows(sql, ENTRIES, &text, &[chain.into(), seq.into(), limit(count)], read)?;
            check_places(found.iter().map(|row| row.seq), seq, length, count)?;
            Ok(found)
        });
        Ok(read?)
    }

    fn commitments(&self, index: u64, count: usize) -> Result<Vec<[u8; 32]>, Fault> {
        let text = "SELECT leaf, data FROM entries WHERE leaf >= $1 ORDER BY leaf LIMIT $2";
        let read = self.read(|sql| {
            let size = size(sql)?;
            let pair = |row: &mut Reader<'_>| Ok((row.number()?, row.array()?));
            let found: Vec<(u64, [u8; 32])> = rows(sql, ENTRIES, text, &[index.into(), limit(count)], pair)?;
            check_places(found.iter().map(|(index, _)| *index), index, size, count)?;
            Ok(found.into_iter().map(|(_, data)| data).collect())
        });
        Ok(read?)
    }
}
