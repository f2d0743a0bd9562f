//! Alarms, who is told of them, and what is still to be told.
//!
//! An alarm is raised in the transaction of what raised it, and so is a line in the outbox for every receiver there is: once it
//! is durable, nobody has to remember to tell of it.

use base::Timestamp;
use base::id::{AlarmId, PrincipalId, ReceiverId};
use base::word::{AlarmKind, Severity};

use crate::catalog::Catalog;
use crate::error::{CatalogError, conflict, missing};
use crate::model::{AlarmRow, OutboxRow, ReceiverRow};
use crate::row::Reader;
use crate::sql::{Sql, Value, limit, one, rows, write};

const ALARMS: &str = "alarms";
const RECEIVERS: &str = "receivers";
const OUTBOX: &str = "outbox";

/// Raises an alarm, or counts it with the open one of the same subject, which was told already.
pub(crate) fn raise(sql: &mut dyn Sql, row: &AlarmRow) -> Result<(), CatalogError> {
    let text = "UPDATE alarms SET count = count + $2, latest = $3 WHERE subject = $1 AND acknowledged IS NULL";
    if write(sql, ALARMS, text, &[(&row.subject).into(), row.count.into(), row.latest.into()])? > 0 {
        return Ok(());
    }
    let text =
        "INSERT INTO alarms (id, subject, kind, severity, raised, latest, count, acknowledged, acknowledger, details)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = [
        row.id.as_bytes().into(),
        (&row.subject).into(),
        row.kind.word().into(),
        row.severity.word().into(),
        row.raised.into(),
        row.latest.into(),
        row.count.into(),
        row.acknowledged.into(),
        row.acknowledger.as_ref().map(PrincipalId::as_bytes).into(),
        (&row.details).into(),
    ];
    write(sql, ALARMS, text, &values)?;
    let text = "INSERT INTO outbox (alarm, receiver, due, attempts) SELECT $1, id, $2, 0 FROM receivers";
    write(sql, OUTBOX, text, &[row.id.as_bytes().into(), row.raised.into()]).map(|_| ())
}

pub(crate) fn acknowledge(
    sql: &mut dyn Sql,
    alarm: AlarmId,
    by: PrincipalId,
    at: Timestamp,
) -> Result<(), CatalogError> {
    let id: Value<'_> = alarm.as_bytes().into();
    let text = "UPDATE alarms SET acknowledged = $2, acknowledger = $3 WHERE id = $1 AND acknowledged IS NULL";
    if write(sql, ALARMS, text, &[id, at.into(), by.as_bytes().into()])? > 0 {
        return Ok(());
    }
    match one(sql, ALARMS, "SELECT id FROM alarms WHERE id = $1", &[id], |row| row.vec())? {
        Some(_) => Err(conflict(format!("alarm `{alarm}` is acknowledged"))),
        None => Err(missing(format!("no alarm `{alarm}`"))),
    }
}

pub(crate) fn add_receiver(sql: &mut dyn Sql, row: &ReceiverRow) -> Result<(), CatalogError> {
    let text = "INSERT INTO receivers (id, added, sealed) VALUES ($1, $2, $3)";
    write(sql, RECEIVERS, text, &[row.id.as_bytes().into(), row.added.into(), (&row.sealed).into()]).map(|_| ())
}

/// Forgets a receiver, and what it was still to be told.
pub(crate) fn drop_receiver(sql: &mut dyn Sql, receiver: ReceiverId) -> Result<(), CatalogError> {
    let id: Value<'_> = receiver.as_bytes().into();
    if write(sql, RECEIVERS, "DELETE FROM receivers WHERE id = $1", &[id])? == 0 {
        return Err(missing(format!("no receiver `{receiver}`")));
    }
    write(sql, OUTBOX, "DELETE FROM outbox WHERE receiver = $1 AND settled IS NULL", &[id]).map(|_| ())
}

/// What came of trying to tell: told or given up with `settled`, to be tried again at `due` without. A line that is gone or
/// settled stays so.
pub(crate) fn tried(sql: &mut dyn Sql, row: &OutboxRow) -> Result<(), CatalogError> {
    let text = "UPDATE outbox SET due = $3, attempts = $4, settled = $5, outcome = $6
        WHERE alarm = $1 AND receiver = $2 AND settled IS NULL";
    let values = [
        row.alarm.as_bytes().into(),
        row.receiver.as_bytes().into(),
        row.due.into(),
        row.attempts.into(),
        row.settled.into(),
        row.outcome.as_deref().into(),
    ];
    write(sql, OUTBOX, text, &values).map(|_| ())
}

macro_rules! alarm_columns {
    () => {
        "SELECT id, subject, kind, severity, raised, latest, count, acknowledged, acknowledger, details FROM alarms "
    };
}

fn read_alarm(row: &mut Reader<'_>) -> Result<AlarmRow, CatalogError> {
    Ok(AlarmRow {
        id: row.id(AlarmId::from_slice)?,
        subject: row.array()?,
        kind: row.word::<AlarmKind>()?,
        severity: row.word::<Severity>()?,
        raised: row.time()?,
        latest: row.time()?,
        count: row.number()?,
        acknowledged: row.maybe(Reader::time)?,
        acknowledger: row.maybe(|row| row.id(PrincipalId::from_slice))?,
        details: row.vec()?,
    })
}

fn read_line(row: &mut Reader<'_>) -> Result<OutboxRow, CatalogError> {
    Ok(OutboxRow {
        alarm: row.id(AlarmId::from_slice)?,
        receiver: row.id(ReceiverId::from_slice)?,
        due: row.time()?,
        attempts: row.number()?,
        settled: row.maybe(Reader::time)?,
        outcome: row.maybe(|row| row.text().map(str::to_owned))?,
    })
}

impl Catalog {
    /// One alarm.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn alarm(&self, id: AlarmId) -> Result<Option<AlarmRow>, CatalogError> {
        let text = concat!(alarm_columns!(), "WHERE id = $1");
        self.read(|sql| one(sql, ALARMS, text, &[id.as_bytes().into()], read_alarm))
    }

    /// The newest alarms, up to `count`, acknowledged ones included.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn alarms(&self, count: usize) -> Result<Vec<AlarmRow>, CatalogError> {
        let text = concat!(alarm_columns!(), "ORDER BY raised DESC, id LIMIT $1");
        self.read(|sql| rows(sql, ALARMS, text, &[limit(count)], read_alarm))
    }

    /// Every receiver, in the order they were added.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn receivers(&self) -> Result<Vec<ReceiverRow>, CatalogError> {
        let text = "SELECT id, added, sealed FROM receivers ORDER BY added, id";
        self.read(|sql| {
            rows(sql, RECEIVERS, text, &[], |row| {
                Ok(ReceiverRow { id: row.id(ReceiverId::from_slice)?, added: row.time()?, sealed: row.vec()? })
            })
        })
    }

    /// For one receiver, what it is still to be told, the most overdue first, up to `count`.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn outbox_of(&self, receiver: ReceiverId, count: usize) -> Result<Vec<OutboxRow>, CatalogError> {
        let text = "SELECT alarm, receiver, due, attempts, settled, outcome FROM outbox
            WHERE receiver = $1 AND settled IS NULL ORDER BY due, alarm LIMIT $2";
        self.read(|sql| rows(sql, OUTBOX, text, &[receiver.as_bytes().into(), limit(count)], read_line))
    }

    /// Who was told of an alarm, or is still to be.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn told(&self, alarm: AlarmId) -> Result<Vec<OutboxRow>, CatalogError> {
        let text = "SELECT alarm, receiver, due, attempts, settled, outcome FROM outbox
            WHERE alarm = $1 ORDER BY receiver";
        self.read(|sql| rows(sql, OUTBOX, text, &[alarm.as_bytes().into()], read_line))
    }
}
