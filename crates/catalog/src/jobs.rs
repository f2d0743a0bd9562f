//! The queue of scans that are to be made. It outlives the program: an attempt is counted before it begins, so that a version
//! which ends the program is not tried for ever.

use base::Timestamp;
use base::id::{DatasetId, VersionId};

use crate::catalog::Catalog;
use crate::error::{CatalogError, conflict};
use crate::model::{JobRow, VersionRow};
use crate::row::Reader;
use crate::sql::{Sql, Value, limit, one, rows, write};
use crate::versions;

const JOBS: &str = "jobs";

/// Queues a version that became visible and is pending.
pub(crate) fn queue_pending(sql: &mut dyn Sql, row: &VersionRow, ordinal: u64) -> Result<(), CatalogError> {
    let text = "INSERT INTO jobs (ordinal, generation, dataset, queued, due, attempts, done)
        VALUES ($1, $2, $3, $4, $4, 0, 0)";
    let values = [ordinal.into(), row.generation.into(), row.dataset.as_bytes().into(), row.modified.into()];
    write(sql, JOBS, text, &values).map(|_| ())
}

/// Queues another scan of the kept versions of a dataset with these ordinals. Those that wait already go on waiting.
pub(crate) fn queue_again(
    sql: &mut dyn Sql,
    dataset: DatasetId,
    ordinals: (u64, u64),
    at: Timestamp,
) -> Result<(), CatalogError> {
    let text = "INSERT INTO jobs (ordinal, generation, dataset, queued, due, attempts, done)
        SELECT ordinal, generation + 1, dataset, $4, $4, 0, 0 FROM versions
        WHERE ordinal >= $2 AND ordinal <= $3 AND dataset = $1 AND gone IS NULL AND marker = 0 AND scan <> 'pending'
        ON CONFLICT (ordinal) DO NOTHING";
    let values = [dataset.as_bytes().into(), ordinals.0.into(), ordinals.1.into(), at.into()];
    write(sql, JOBS, text, &values).map(|_| ())
}

/// Queues another scan of one version.
pub(crate) fn queue_one(sql: &mut dyn Sql, version: VersionId, at: Timestamp) -> Result<(), CatalogError> {
    let text = "INSERT INTO jobs (ordinal, generation, dataset, queued, due, attempts, done)
        SELECT ordinal, generation + 1, dataset, $2, $2, 0, 0 FROM versions
        WHERE version = $1 AND gone IS NULL AND marker = 0 ON CONFLICT (ordinal) DO NOTHING";
    write(sql, JOBS, text, &[version.as_bytes().into(), at.into()]).map(|_| ())
}

/// Counts an attempt and keeps others from the job until `due`.
pub(crate) fn begin(sql: &mut dyn Sql, job: &JobRow, due: Timestamp) -> Result<(), CatalogError> {
    let text = "UPDATE jobs SET attempts = attempts + 1, done = 0, due = $4
        WHERE ordinal = $1 AND generation = $2 AND attempts = $3";
    let values = [job.ordinal.into(), job.generation.into(), job.attempts.into(), due.into()];
    changed(write(sql, JOBS, text, &values)?, job.ordinal)
}

/// Keeps workers from the job of a version until `due`.
pub(crate) fn hold(sql: &mut dyn Sql, version: VersionId, due: Timestamp) -> Result<(), CatalogError> {
    let (ordinal, _) = versions::place(sql, version)?;
    write(sql, JOBS, "UPDATE jobs SET due = $2 WHERE ordinal = $1", &[ordinal.into(), due.into()]).map(|_| ())
}

/// Says how far an attempt came, and when the job is due should nothing more be heard.
pub(crate) fn progress(sql: &mut dyn Sql, ordinal: u64, done: u64, due: Timestamp) -> Result<(), CatalogError> {
    let text = "UPDATE jobs SET done = $2, due = $3 WHERE ordinal = $1";
    write(sql, JOBS, text, &[ordinal.into(), done.into(), due.into()]).map(|_| ())
}

/// Puts a job back, with the number of attempts that count.
pub(crate) fn put_back(
    sql: &mut dyn Sql,
    ordinal: u64,
    attempts: u32,
    due: Timestamp,
    failure: &str,
) -> Result<(), CatalogError> {
    let text = "UPDATE jobs SET attempts = $2, due = $3, failure = $4 WHERE ordinal = $1";
    write(sql, JOBS, text, &[ordinal.into(), attempts.into(), due.into(), failure.into()]).map(|_| ())
}

/// Takes a job off the queue.
pub(crate) fn end(sql: &mut dyn Sql, ordinal: u64, generation: u32) -> Result<(), CatalogError> {
    let text = "DELETE FROM jobs WHERE ordinal = $1 AND generation = $2";
    changed(write(sql, JOBS, text, &[ordinal.into(), generation.into()])?, ordinal)
}

/// Takes the job of a version that is gone off the queue, if it had one.
pub(crate) fn drop_of(sql: &mut dyn Sql, ordinal: u64) -> Result<(), CatalogError> {
    write(sql, JOBS, "DELETE FROM jobs WHERE ordinal = $1", &[ordinal.into()]).map(|_| ())
}

/// Lets every job that was worked on be begun at once: the workers of before are no more.
pub(crate) fn release(sql: &mut dyn Sql, now: Timestamp) -> Result<(), CatalogError> {
    write(sql, JOBS, "UPDATE jobs SET due = $1 WHERE due > $1", &[now.into()]).map(|_| ())
}

fn changed(rows: u64, ordinal: u64) -> Result<(), CatalogError> {
    if rows > 0 { Ok(()) } else { Err(conflict(format!("the job of version {ordinal} is another's, or done"))) }
}

fn read(row: &mut Reader<'_>) -> Result<JobRow, CatalogError> {
    Ok(JobRow {
        ordinal: row.number()?,
        generation: row.number()?,
        dataset: row.id(DatasetId::from_slice)?,
        queued: row.time()?,
        due: row.time()?,
        attempts: row.number()?,
        done: row.number()?,
        failure: row.maybe(Reader::text)?.map(str::to_owned),
    })
}

macro_rules! job_columns {
    () => {
        "SELECT ordinal, generation, dataset, queued, due, attempts, done, failure FROM jobs "
    };
}

impl Catalog {
    /// Up to `count` jobs that are due, those first that have waited longest.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn jobs_due(&self, now: Timestamp, count: usize) -> Result<Vec<JobRow>, CatalogError> {
        let text = concat!(job_columns!(), "WHERE due <= $1 ORDER BY due, ordinal LIMIT $2");
        self.read(|sql| rows(sql, JOBS, text, &[now.into(), limit(count)], read))
    }

    /// The job of a version, by its ordinal, if it has one.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn job(&self, ordinal: u64) -> Result<Option<JobRow>, CatalogError> {
        let text = concat!(job_columns!(), "WHERE ordinal = $1");
        self.read(|sql| one(sql, JOBS, text, &[ordinal.into()], read))
    }

    /// Up to `count` jobs of a dataset with ordinals above `after`.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn jobs_of(&self, dataset: DatasetId, after: u64, count: usize) -> Result<Vec<JobRow>, CatalogError> {
        let text = concat!(job_columns!(), "WHERE dataset = $1 AND ordinal > $2 ORDER BY ordinal LIMIT $3");
        let values = [dataset.as_bytes().into(), Value::Unsigned(after), limit(count)];
        self.read(|sql| rows(sql, JOBS, text, &values, read))
    }

    /// How many jobs a dataset has.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn jobs_waiting(&self, dataset: DatasetId) -> Result<u64, CatalogError> {
        let text = "SELECT COUNT(*) FROM jobs WHERE dataset = $1";
        self.read(|sql| one(sql, JOBS, text, &[dataset.as_bytes().into()], |row| row.number()))
            .map(Option::unwrap_or_default)
    }

    /// The ordinal of the newest version of the deployment; 0 if there is none.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn newest_ordinal(&self) -> Result<u64, CatalogError> {
        let text = "SELECT COALESCE(MAX(ordinal), 0) FROM versions";
        self.read(|sql| one(sql, JOBS, text, &[], |row| row.number())).map(Option::unwrap_or_default)
    }
}
