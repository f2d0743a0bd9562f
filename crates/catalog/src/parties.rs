//! Partners, engagements, datasets and principals.

use base::id::{DatasetId, EngagementId, PartnerId, PrincipalId};
use base::word::{PrincipalKind, Purpose, Role, State};

use crate::catalog::Catalog;
use crate::error::{CatalogError, conflict, missing};
use crate::model::{DatasetRow, EngagementRow, PartnerRow, PrincipalRow, SealedName};
use crate::row::{Reader, join};
use crate::sql::{Sql, Value, one, rows, write};
use crate::uploads;

const PARTNERS: &str = "partners";
const ENGAGEMENTS: &str = "engagements";
const DATASETS: &str = "datasets";
const PRINCIPALS: &str = "principals";

pub(crate) fn add_partner(sql: &mut dyn Sql, row: &PartnerRow) -> Result<(), CatalogError> {
    let text = "INSERT INTO partners (id, name_digest, name, created) VALUES ($1, $2, $3, $4)";
    let values = [row.id.as_bytes().into(), (&row.name.digest).into(), (&row.name.sealed).into(), row.created.into()];
    write(sql, PARTNERS, text, &values).map(|_| ())
}

pub(crate) fn add_engagement(sql: &mut dyn Sql, row: &EngagementRow) -> Result<(), CatalogError> {
    let text = "INSERT INTO engagements (id, partner, name_digest, name, state, epoch, ordinal, purposes, created)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let purposes = join(row.purposes.iter().map(Purpose::as_str))?;
    let values = [
        row.id.as_bytes().into(),
        row.partner.as_bytes().into(),
        (&row.name.digest).into(),
        (&row.name.sealed).into(),
        row.state.word().into(),
        row.epoch.into(),
        row.ordinal.into(),
        purposes.as_str().into(),
        row.created.into(),
    ];
    write(sql, ENGAGEMENTS, text, &values).map(|_| ())
}

pub(crate) fn set_state(
    sql: &mut dyn Sql,
    engagement: EngagementId,
    state: State,
    epoch: u64,
) -> Result<(), CatalogError> {
    let id: Value<'_> = engagement.as_bytes().into();
    let text = "UPDATE engagements SET state = $2, epoch = $3 WHERE id = $1 AND epoch < $3";
    if write(sql, ENGAGEMENTS, text, &[id, state.word().into(), epoch.into()])? > 0 {
        return Ok(());
    }
    match one(sql, ENGAGEMENTS, "SELECT epoch FROM engagements WHERE id = $1", &[id], |row| row.number::<u64>())? {
        Some(stored) => Err(conflict(format!("moving engagement `{engagement}` from epoch {stored} to {epoch}"))),
        None => Err(missing(format!("no engagement `{engagement}`"))),
    }
}

pub(crate) fn add_dataset(sql: &mut dyn Sql, row: &DatasetRow) -> Result<(), CatalogError> {
    let text =
        "INSERT INTO datasets (id, engagement, bucket, purposes, unscannable_readable, created, settings, revision)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let purposes = join(row.purposes.iter().map(Purpose::as_str))?;
    let values = [
        row.id.as_bytes().into(),
        row.engagement.as_bytes().into(),
        row.bucket.as_str().into(),
        purposes.as_str().into(),
        Value::Integer(i64::from(row.unscannable_readable)),
        row.created.into(),
        row.settings.as_ref().into(),
        row.revision.into(),
    ];
    write(sql, DATASETS, text, &values).map(|_| ())
}

pub(crate) fn set_settings(
    sql: &mut dyn Sql,
    dataset: DatasetId,
    settings: &[u8],
    revision: u64,
) -> Result<(), CatalogError> {
    let id: Value<'_> = dataset.as_bytes().into();
    let text = "UPDATE datasets SET settings = $2, revision = $3 WHERE id = $1 AND revision + 1 = $3";
    if write(sql, DATASETS, text, &[id, settings.into(), revision.into()])? > 0 {
        return Ok(());
    }
    match one(sql, DATASETS, "SELECT revision FROM datasets WHERE id = $1", &[id], |row| row.number::<u64>())? {
        Some(stored) => Err(conflict(format!("moving dataset `{dataset}` from revision {stored} to {revision}"))),
        None => Err(missing(format!("no dataset `{dataset}`"))),
    }
}

pub(crate) fn drop_dataset(sql: &mut dyn Sql, dataset: DatasetId) -> Result<(), CatalogError> {
    let id: [Value<'_>; 1] = [dataset.as_bytes().into()];
    let held = "SELECT dataset FROM versions WHERE dataset = $1 AND gone IS NULL LIMIT 1";
    if one(sql, DATASETS, held, &id, |row| row.vec())?.is_some() {
        return Err(conflict(format!("dataset `{dataset}` is not empty")));
    }
    uploads::abort_all(sql, dataset)?;
    match write(sql, DATASETS, "DELETE FROM datasets WHERE id = $1", &id)? {
        0 => Err(missing(format!("no dataset `{dataset}`"))),
        _ => Ok(()),
    }
}

/// That a dataset exists and lies in the engagement. Answers the revision of its settings.
pub(crate) fn check_dataset(
    sql: &mut dyn Sql,
    dataset: DatasetId,
    engagement: EngagementId,
) -> Result<u64, CatalogError> {
    let text = "SELECT engagement, revision FROM datasets WHERE id = $1";
    let found = one(sql, DATASETS, text, &[dataset.as_bytes().into()], |row| {
        Ok((row.id(EngagementId::from_slice)?, row.number()?))
    })?;
    match found {
        Some((found, revision)) if found == engagement => Ok(revision),
        // INVARIANT: an object lies in the compartment of its dataset.
        Some(_) => Err(conflict(format!("dataset `{dataset}` is not of engagement `{engagement}`"))),
        None => Err(missing(format!("no dataset `{dataset}`"))),
    }
}

pub(crate) fn add_principal(sql: &mut dyn Sql, row: &PrincipalRow) -> Result<(), CatalogError> {
    let text = "INSERT INTO principals (id, name_digest, name, kind, partner, roles, public_key, created)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let roles = join(row.roles.iter().map(|role| role.word()))?;
    let values = [
        row.id.as_bytes().into(),
        (&row.name.digest).into(),
        (&row.name.sealed).into(),
        row.kind.word().into(),
        row.partner.as_ref().map(PartnerId::as_bytes).into(),
        roles.as_str().into(),
        row.public_key.as_ref().into(),
        row.created.into(),
    ];
    write(sql, PRINCIPALS, text, &values).map(|_| ())
}

macro_rules! dataset_columns {
    () => {
        "SELECT id, engagement, bucket, purposes, unscannable_readable, created, settings, revision FROM datasets"
    };
}

fn dataset(row: &mut Reader<'_>) -> Result<DatasetRow, CatalogError> {
    Ok(DatasetRow {
        id: row.id(DatasetId::from_slice)?,
        engagement: row.id(EngagementId::from_slice)?,
        bucket: row.text()?.to_owned(),
        purposes: row.words::<Purpose>()?,
        unscannable_readable: row.truth()?,
        created: row.time()?,
        settings: row.maybe(Reader::vec)?,
        revision: row.number()?,
    })
}

fn name(row: &mut Reader<'_>) -> Result<SealedName, CatalogError> {
    Ok(SealedName { digest: row.array()?, sealed: row.vec()? })
}

impl Catalog {
    /// Every partner.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn partners(&self) -> Result<Vec<PartnerRow>, CatalogError> {
        let text = "SELECT id, name_digest, name, created FROM partners ORDER BY created, id";
        self.read(|sql| {
            rows(sql, PARTNERS, text, &[], |row| {
                Ok(PartnerRow { id: row.id(PartnerId::from_slice)?, name: name(row)?, created: row.time()? })
            })
        })
    }

    /// Every engagement, by ordinal.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn engagements(&self) -> Result<Vec<EngagementRow>, CatalogError> {
        let text = "SELECT id, partner, name_digest, name, state, epoch, ordinal, purposes, created
            FROM engagements ORDER BY ordinal";
        self.read(|sql| {
            rows(sql, ENGAGEMENTS, text, &[], |row| {
                Ok(EngagementRow {
                    id: row.id(EngagementId::from_slice)?,
                    partner: row.id(PartnerId::from_slice)?,
                    name: name(row)?,
                    state: row.word::<State>()?,
                    epoch: row.number()?,
                    ordinal: row.number()?,
                    purposes: row.words::<Purpose>()?,
                    created: row.time()?,
                })
            })
        })
    }

    /// Every dataset.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn datasets(&self) -> Result<Vec<DatasetRow>, CatalogError> {
        self.read(|sql| rows(sql, DATASETS, concat!(dataset_columns!(), " ORDER BY bucket"), &[], dataset))
    }

    /// One dataset.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn dataset(&self, id: DatasetId) -> Result<Option<DatasetRow>, CatalogError> {
        let text = concat!(dataset_columns!(), " WHERE id = $1");
        self.read(|sql| one(sql, DATASETS, text, &[id.as_bytes().into()], dataset))
    }

    /// Every principal.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn principals(&self) -> Result<Vec<PrincipalRow>, CatalogError> {
        let text = "SELECT id, name_digest, name, kind, partner, roles, public_key, created
            FROM principals ORDER BY created, id";
        self.read(|sql| {
            rows(sql, PRINCIPALS, text, &[], |row| {
                Ok(PrincipalRow {
                    id: row.id(PrincipalId::from_slice)?,
                    name: name(row)?,
                    kind: row.word::<PrincipalKind>()?,
                    partner: row.maybe(|row| row.id(PartnerId::from_slice))?,
                    roles: row.words::<Role>()?,
                    public_key: row.maybe(Reader::array)?,
                    created: row.time()?,
                })
            })
        })
    }
}
