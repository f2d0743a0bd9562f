//! Sessions: short credentials of a principal, for one engagement, one purpose, one place, until they expire.
//!
//! Issuing is a row and an entry. The secret is derived from the engagement's token key and the session's id: it is shown once
//! and stored nowhere, and nobody can use a session that was not issued.

use base::Timestamp;
use base::fence::Ticket;
use base::id::{PrincipalId, RequestId, SessionId};
use base::word::{PrincipalKind, Purpose, Verb};
use catalog::model::{Change, SessionRow};
use serde::{Deserialize, Serialize};

use crate::custody::Custody;
use crate::entries::{SessionActed, kind};
use crate::error::{CustodyError, Thing};
use crate::identity::Caller;
use crate::place::Network;

/// The longest a session of a workload may live. SPEC: practice, CF-ID-01.
pub const LONGEST_WORKLOAD_SESSION_SECONDS: u64 = 3600;

/// The longest a session of a person may live. SPEC: practice, CF-ID-01.
pub const LONGEST_PERSON_SESSION_SECONDS: u64 = 12 * 3600;

/// A session to issue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewSession {
    /// For whom, by name.
    pub principal: String,
    /// In which engagement, by name.
    pub engagement: String,
    /// For what.
    pub purpose: Purpose,
    /// From where; from anywhere without.
    #[serde(default)]
    pub places: Vec<String>,
    /// For how long.
    pub seconds: u64,
}

/// What a session's holder needs. The one time the secret is shown. No `Debug`.
#[derive(Serialize, Deserialize)]
pub struct Issued {
    /// The session.
    pub session: SessionId,
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret: String,
    /// `AWS_SESSION_TOKEN`.
    pub token: String,
    /// When it ends.
    pub expires: Timestamp,
}

/// What the sealed session token says. The row in the catalog must agree, so that a writer of the database cannot lengthen
/// a session, or move it to another place, purpose or holder.
#[derive(Serialize)]
pub(crate) struct TokenClaims<'a> {
    session: SessionId,
    principal: PrincipalId,
    purpose: &'a Purpose,
    places: &'a [String],
    expires: Timestamp,
}

impl TokenClaims<'_> {
    /// The claims of a row, as they are sealed.
    pub(crate) fn of(row: &SessionRow) -> Vec<u8> {
        let SessionRow { id, principal, purpose, places, expires, .. } = row;
        let claims = TokenClaims { session: *id, principal: *principal, purpose, places, expires: *expires };
        // Plain structs of strings cannot fail to be written.
        serde_json::to_vec(&claims).unwrap_or_default()
    }
}

impl Custody {
    /// Issues a session. Its secret is derived, shown once, and stored nowhere.
    ///
    /// # Errors
    /// `Denied`; `Missing`; `Invalid` if no grant covers the purpose or it would live too long; `Paused`.
    pub async fn create_session(
        &self,
        caller: &Caller,
        request: RequestId,
        new: &NewSession,
    ) -> Result<Issued, CustodyError> {
        self.may_administer(caller, request, Verb::IssueSession).await?;
        let _turn = self.desk.lock().await;
        let principal = self.principal_named(&new.principal)?;
        let engagement = self.engagement_named(&new.engagement)?;
        // Before the state is read: a pause from here on voids what is issued.
        let pause = engagement.fence.ticket();
        if !Self::is_open(&engagement) {
            return Err(CustodyError::Paused);
        }
        let now = self.clock.now();
        let longest = match principal.row.kind {
            PrincipalKind::Workload => LONGEST_WORKLOAD_SESSION_SECONDS,
            PrincipalKind::Person => LONGEST_PERSON_SESSION_SECONDS,
        };
        if new.seconds == 0 || new.seconds > longest {
            return Err(CustodyError::invalid(format!(
                "a session of a {} lives 1 to {longest} seconds",
                principal.row.kind
            )));
        }
        if let Some(bad) = new.places.iter().find(|place| place.parse::<Network>().is_err()) {
            return Err(CustodyError::invalid(format!("`{bad}` is {}", crate::place::NotANetwork)));
        }
        let covered = self.directory.grants().iter().any(|grant| {
            grant.principal == principal.row.id
                && grant.engagement == engagement.id
                && grant.expires > now
                && grant.purposes.contains(&new.purpose)
        });
        if !covered {
            return Err(CustodyError::invalid(format!(
                "no live grant lets `{}` work on `{}` for `{}`\nmake one with `cofferdam grant create`",
                new.principal, new.engagement, new.purpose
            )));
        }
        let row = SessionRow {
            id: SessionId::fresh(self.entropy.as_ref()),
            access_key: access_key(self.entropy.as_ref()),
            principal: principal.row.id,
            engagement: engagement.id,
            purpose: new.purpose.clone(),
            places: new.places.clone(),
            issued: now,
            expires: now.plus_seconds(i64::try_from(new.seconds).unwrap_or(0)),
            ended: None,
        };
        self.issue(caller, request, row, pause).await
    }

    async fn issue(
        &self,
        caller: &Caller,
        request: RequestId,
        row: SessionRow,
        pause: Ticket,
    ) -> Result<Issued, CustodyError> {
        let issued = self.issued(&row)?;
        let draft = self.draft(caller, request, row.engagement.into(), kind::SESSION, session_acted(&row))?;
        self.queue.record_while(vec![pause.clone()], vec![Change::Session(row.clone())], vec![draft]).await?;
        let (id, at) = (row.id, row.issued);
        self.directory.add_session(row)?;
        // A pause between the record and this line ended the sessions it found; this one was not among them.
        if !pause.holds() {
            self.directory.end_sessions(at, |row| row.id == id);
            self.queue.record(vec![Change::EndSession { session: id, at }], Vec::new()).await?;
            return Err(CustodyError::Paused);
        }
        Ok(issued)
    }

    /// What the holder of a session needs. The secret is derived anew each time, and stored nowhere.
    pub(crate) fn issued(&self, row: &SessionRow) -> Result<Issued, CustodyError> {
        let tokens = self.ring.tokens(row.engagement.into())?;
        let token = tokens.seal(row.id, &TokenClaims::of(row))?;
        let secret = tokens.secret(row.id)?;
        Ok(Issued {
            session: row.id,
            access_key: row.access_key.clone(),
            secret: secret.expose(|bytes| String::from_utf8_lossy(bytes).into_owned()),
            token,
            expires: row.expires,
        })
    }

    /// Ends a session. Requests under way end at their next window.
    ///
    /// # Errors
    /// `Denied`; `Missing` if it is not live.
    pub async fn end_session(
        &self,
        caller: &Caller,
        request: RequestId,
        session: SessionId,
    ) -> Result<(), CustodyError> {
        self.may_administer(caller, request, Verb::IssueSession).await?;
        let _turn = self.desk.lock().await;
        let live = self.directory.session_by_id(session).filter(|held| held.is_live());
        let held = live.ok_or_else(|| CustodyError::missing(Thing::Session, session))?;
        let at = self.clock.now();
        let draft =
            self.draft(caller, request, held.row.engagement.into(), kind::SESSION_END, session_acted(&held.row))?;
        self.commit(vec![Change::EndSession { session, at }], draft).await?;
        self.directory.end_sessions(at, |row| row.id == session);
        Ok(())
    }
}

/// A fresh access key id: 20 characters, as AWS's temporary ones are.
pub(crate) fn access_key(entropy: &dyn base::Entropy) -> String {
    let bytes: [u8; 10] = entropy.bytes();
    format!("CDAM{}", data_encoding::BASE32_NOPAD.encode(&bytes))
}

pub(crate) fn session_acted(row: &SessionRow) -> SessionActed<'_> {
    SessionActed {
        issued: row.id,
        access_key: &row.access_key,
        holder: row.principal,
        purpose: &row.purpose,
        places: &row.places,
        expires: row.expires,
    }
}
