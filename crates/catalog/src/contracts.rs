//! The contracts that datasets had. Rows are added and never changed.

use base::Timestamp;
use base::id::DatasetId;

use crate::catalog::Catalog;
use crate::error::{CatalogError, conflict};
use crate::model::ContractRow;
use crate::sql::{Sql, rows, write};

const CONTRACTS: &str = "contracts";

pub(crate) fn add(sql: &mut dyn Sql, row: &ContractRow) -> Result<(), CatalogError> {
    let text = "INSERT INTO contracts (dataset, revision, at, digest, document) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT DO NOTHING";
    let ContractRow { dataset, revision, at, digest, document } = row;
    let values =
        [dataset.as_bytes().into(), (*revision).into(), (*at).into(), digest.as_slice().into(), document.into()];
    match write(sql, CONTRACTS, text, &values)? {
        0 => Err(conflict(format!("contract {revision} of dataset `{dataset}` is there already"))),
        _ => Ok(()),
    }
}

impl Catalog {
    /// The contracts that a dataset had, the last one first.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn contracts(&self, dataset: DatasetId) -> Result<Vec<ContractRow>, CatalogError> {
        let text = "SELECT revision, at, digest, document FROM contracts WHERE dataset = $1 ORDER BY revision DESC";
        self.read(|sql| {
            rows(sql, CONTRACTS, text, &[dataset.as_bytes().into()], |row| {
                let (revision, at): (u64, Timestamp) = (row.number()?, row.time()?);
                let digest = row.vec()?;
                let digest = digest.try_into().map_err(|_| row.corrupt("a digest that is none"))?;
                Ok(ContractRow { dataset, revision, at, digest, document: row.vec()? })
            })
        })
    }
}
