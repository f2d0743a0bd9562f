//! Grants, sessions and approvals: what principals may ask for, with which credential, and with whose consent.

use base::Timestamp;
use base::id::{ApprovalId, DatasetId, EngagementId, GrantId, PrincipalId, SessionId};
use base::word::{Purpose, Verb};

use crate::catalog::Catalog;
use crate::error::{CatalogError, conflict, missing, refused};
use crate::model::{ApprovalRow, GrantRow, SessionRow};
use crate::row::{Reader, join};
use crate::sql::{Sql, Value, one, rows, write};

const GRANTS: &str = "grants";
const SESSIONS: &str = "sessions";
const APPROVALS: &str = "approvals";
const APPROVERS: &str = "approvers";

pub(crate) fn add_grant(sql: &mut dyn Sql, row: &GrantRow) -> Result<(), CatalogError> {
    let text = "INSERT INTO grants (id, principal, engagement, dataset, verbs, purposes, expires)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let verbs = join(row.verbs.iter().map(|verb| verb.word()))?;
    let purposes = join(row.purposes.iter().map(Purpose::as_str))?;
    let values = [
        row.id.as_bytes().into(),
        row.principal.as_bytes().into(),
        row.engagement.as_bytes().into(),
        row.dataset.as_ref().map(DatasetId::as_bytes).into(),
        verbs.as_str().into(),
        purposes.as_str().into(),
        row.expires.into(),
    ];
    write(sql, GRANTS, text, &values).map(|_| ())
}

pub(crate) fn drop_grant(sql: &mut dyn Sql, grant: GrantId) -> Result<(), CatalogError> {
    match write(sql, GRANTS, "DELETE FROM grants WHERE id = $1", &[grant.as_bytes().into()])? {
        0 => Err(missing(format!("no grant `{grant}`"))),
        _ => Ok(()),
    }
}

pub(crate) fn add_session(sql: &mut dyn Sql, row: &SessionRow) -> Result<(), CatalogError> {
    let text = "INSERT INTO sessions (id, access_key, principal, engagement, purpose, places, issued, expires, ended)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let places = join(row.places.iter().map(String::as_str))?;
    let values = [
        row.id.as_bytes().into(),
        row.access_key.as_str().into(),
        row.principal.as_bytes().into(),
        row.engagement.as_bytes().into(),
        row.purpose.as_str().into(),
        places.as_str().into(),
        row.issued.into(),
        row.expires.into(),
        row.ended.into(),
    ];
    write(sql, SESSIONS, text, &values).map(|_| ())
}

/// Ends a session. One that has ended keeps the instant at which it first did.
pub(crate) fn end_session(sql: &mut dyn Sql, session: SessionId, at: Timestamp) -> Result<(), CatalogError> {
    let text = "UPDATE sessions SET ended = COALESCE(ended, $2) WHERE id = $1";
    match write(sql, SESSIONS, text, &[session.as_bytes().into(), at.into()])? {
        0 => Err(missing(format!("no session `{session}`"))),
        _ => Ok(()),
    }
}

pub(crate) fn end_sessions(sql: &mut dyn Sql, engagement: EngagementId, at: Timestamp) -> Result<(), CatalogError> {
    let text = "UPDATE sessions SET ended = $2 WHERE engagement = $1 AND ended IS NULL";
    write(sql, SESSIONS, text, &[engagement.as_bytes().into(), at.into()]).map(|_| ())
}

pub(crate) fn add_approval(sql: &mut dyn Sql, row: &ApprovalRow) -> Result<(), CatalogError> {
    let text = "INSERT INTO approvals (id, verb, engagement, request_digest, requester, asked, expires, used)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = [
        row.id.as_bytes().into(),
        row.verb.word().into(),
        row.engagement.as_bytes().into(),
        (&row.request_digest).into(),
        row.requester.as_bytes().into(),
        row.asked.into(),
        row.expires.into(),
        row.used.into(),
    ];
    write(sql, APPROVALS, text, &values)?;
    row.approvers.iter().try_for_each(|(approver, signature)| approve(sql, row.id, *approver, signature))
}

pub(crate) fn approve(
    sql: &mut dyn Sql,
    approval: ApprovalId,
    approver: PrincipalId,
    signature: &[u8],
) -> Result<(), CatalogError> {
    let text = "SELECT id, requester, used FROM approvals WHERE id = $1";
    let found = one(sql, APPROVALS, text, &[approval.as_bytes().into()], |row| {
        row.id(ApprovalId::from_slice)?;
        Ok((row.id(PrincipalId::from_slice)?, row.maybe(Reader::time)?))
    })?;
    match found {
        None => return Err(missing(format!("no approval `{approval}`"))),
        // INVARIANT: nobody approves their own request.
        Some((requester, _)) if requester == approver => {
            return Err(refused(format!("`{approver}` asked for `{approval}` and cannot approve it")));
        }
        Some((_, Some(_))) => return Err(conflict(format!("approval `{approval}` is used"))),
        Some((_, None)) => {}
    }
    // The primary key refuses a second approval by the same person.
    let text = "INSERT INTO approvers (approval, approver, signature) VALUES ($1, $2, $3)";
    let values = [approval.as_bytes().into(), approver.as_bytes().into(), signature.into()];
    write(sql, APPROVERS, text, &values).map(|_| ())
}

pub(crate) fn use_approval(sql: &mut dyn Sql, approval: ApprovalId, at: Timestamp) -> Result<(), CatalogError> {
    let id: Value<'_> = approval.as_bytes().into();
    // INVARIANT: an approval is good once.
    let text = "UPDATE approvals SET used = $2 WHERE id = $1 AND used IS NULL";
    if write(sql, APPROVALS, text, &[id, at.into()])? > 0 {
        return Ok(());
    }
    match one(sql, APPROVALS, "SELECT id FROM approvals WHERE id = $1", &[id], |row| row.vec())? {
        Some(_) => Err(conflict(format!("approval `{approval}` is used"))),
        None => Err(missing(format!("no approval `{approval}`"))),
    }
}

macro_rules! session_columns {
    () => {
        "SELECT id, access_key, principal, engagement, purpose, places, issued, expires, ended FROM sessions "
    };
}

fn read_session(row: &mut Reader<'_>) -> Result<SessionRow, CatalogError> {
    Ok(SessionRow {
        id: row.id(SessionId::from_slice)?,
        access_key: row.text()?.to_owned(),
        principal: row.id(PrincipalId::from_slice)?,
        engagement: row.id(EngagementId::from_slice)?,
        purpose: row.word::<Purpose>()?,
        places: row.words::<String>()?,
        issued: row.time()?,
        expires: row.time()?,
        ended: row.maybe(Reader::time)?,
    })
}

macro_rules! approval_columns {
    () => {
        "SELECT id, verb, engagement, request_digest, requester, asked, expires, used FROM approvals "
    };
}

fn read_approval(row: &mut Reader<'_>) -> Result<ApprovalRow, CatalogError> {
    Ok(ApprovalRow {
        id: row.id(ApprovalId::from_slice)?,
        verb: row.word::<Verb>()?,
        engagement: row.id(EngagementId::from_slice)?,
        request_digest: row.array()?,
        requester: row.id(PrincipalId::from_slice)?,
        asked: row.time()?,
        expires: row.time()?,
        approvers: Vec::new(),
        used: row.maybe(Reader::time)?,
    })
}

fn approvers(sql: &mut dyn Sql, approval: &mut ApprovalRow) -> Result<(), CatalogError> {
    let text = "SELECT approver, signature FROM approvers WHERE approval = $1 ORDER BY approver";
    approval.approvers = rows(sql, APPROVERS, text, &[approval.id.as_bytes().into()], |row| {
        Ok((row.id(PrincipalId::from_slice)?, row.vec()?))
    })?;
    Ok(())
}

impl Catalog {
    /// Every grant.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn grants(&self) -> Result<Vec<GrantRow>, CatalogError> {
        let text = "SELECT id, principal, engagement, dataset, verbs, purposes, expires FROM grants ORDER BY id";
        self.read(|sql| {
            rows(sql, GRANTS, text, &[], |row| {
                Ok(GrantRow {
                    id: row.id(GrantId::from_slice)?,
                    principal: row.id(PrincipalId::from_slice)?,
                    engagement: row.id(EngagementId::from_slice)?,
                    dataset: row.maybe(|row| row.id(DatasetId::from_slice))?,
                    verbs: row.words::<Verb>()?,
                    purposes: row.words::<Purpose>()?,
                    expires: row.time()?,
                })
            })
        })
    }

    /// Every session that has neither ended nor expired.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn sessions_live(&self, now: Timestamp) -> Result<Vec<SessionRow>, CatalogError> {
        let text = concat!(session_columns!(), "WHERE ended IS NULL AND expires > $1 ORDER BY issued, id");
        self.read(|sql| rows(sql, SESSIONS, text, &[now.into()], read_session))
    }

    /// One session, over or not.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn session(&self, id: SessionId) -> Result<Option<SessionRow>, CatalogError> {
        let text = concat!(session_columns!(), "WHERE id = $1");
        self.read(|sql| one(sql, SESSIONS, text, &[id.as_bytes().into()], read_session))
    }

    /// Every approval that is not used, expired ones included, oldest first.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn approvals_open(&self) -> Result<Vec<ApprovalRow>, CatalogError> {
        let text = concat!(approval_columns!(), "WHERE used IS NULL ORDER BY asked, id");
        self.read(|sql| {
            let mut open = rows(sql, APPROVALS, text, &[], read_approval)?;
            open.iter_mut().try_for_each(|approval| approvers(sql, approval))?;
            Ok(open)
        })
    }

    /// One approval.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn approval(&self, id: ApprovalId) -> Result<Option<ApprovalRow>, CatalogError> {
        let text = concat!(approval_columns!(), "WHERE id = $1");
        self.read(|sql| {
            let mut found = one(sql, APPROVALS, text, &[id.as_bytes().into()], read_approval)?;
            found.iter_mut().try_for_each(|approval| approvers(sql, approval))?;
            Ok(found)
        })
    }
}
