//! Keys that never change, standing for sessions that do.
//!
//! A client signs with a fixed key, which is known here. Its signature is verified; then the same text is signed anew under the
//! live session of that account, and custody is asked who it is. So custody establishes the caller as ever, sees a claim
//! it can verify, and records the session. Chunks are signed with the fixed key, so that is the one handed on.
//!
//! Sessions are renewed behind the requests: half-way to their end, and as soon as one turns out to be over, as after a pause.
//!
//! Whoever signs with another key, such as a session of `cofferdam session create`, is custody's to know.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base::{Clock, Secret, Timestamp};
use cofferdam::clock::SystemClock;
use custody::error::Unknown;
use custody::sessions::{Issued, LONGEST_WORKLOAD_SESSION_SECONDS, NewSession};
use custody::signature::SigningKey;
use custody::{Caller, Custody, CustodyError, S3Claim};
use gateway::Callers;
use tokio::sync::Notify;

use crate::accounts::{Account, SECRET_BYTES};
use crate::stage;

/// How often sessions are looked at; far less than the half of one's life that is left then.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// How long to wait before a session that could not be had is asked for again: its engagement may be paused for long.
const TRY_AGAIN: Duration = Duration::from_millis(500);

/// The fixed keys of all accounts.
pub(crate) struct FixedKeys {
    custody: Arc<Custody>,
    clock: Arc<dyn Clock>,
    /// By access key.
    accounts: HashMap<String, Held>,
    /// Told when a session turns out to be over.
    over: Notify,
}

/// One account's keys.
struct Held {
    /// Of the engagement and of its workload.
    name: String,
    secret: Secret<SECRET_BYTES>,
    session: Mutex<Arc<Session>>,
}

/// A live session.
struct Session {
    access_key: String,
    secret: Secret<SECRET_BYTES>,
    token: String,
    renew_at: Timestamp,
    over: AtomicBool,
}

impl FixedKeys {
    /// Issues the first session of every account.
    ///
    /// # Errors
    /// As [`Custody::create_session`].
    pub(crate) async fn issue(custody: Arc<Custody>, accounts: &[Account]) -> Result<Self, CustodyError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let mut held = HashMap::new();
        for account in accounts {
            let session = issue(&custody, clock.as_ref(), &account.name).await?;
            let keys = Held {
                name: account.name.clone(),
                secret: secret(&account.secret_key)?,
                session: Mutex::new(Arc::new(session)),
            };
            held.insert(account.access_key.clone(), keys);
        }
        Ok(Self { custody, clock, accounts: held, over: Notify::new() })
    }

    /// Keeps every account's session alive. A session that cannot be had now is asked for again.
    pub(crate) async fn renew_forever(self: Arc<Self>) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = self.over.notified() => {}
            }
            while !self.renew_due().await {
                tokio::time::sleep(TRY_AGAIN).await;
            }
        }
    }

    /// Renews the sessions that are due; whether all could be.
    async fn renew_due(&self) -> bool {
        let mut all = true;
        for held in self.accounts.values() {
            if !held.session().is_due(self.clock.now()) {
                continue;
            }
            match issue(&self.custody, self.clock.as_ref(), &held.name).await {
                Ok(session) => *held.session.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(session),
                Err(_) => all = false,
            }
        }
        all
    }
}

impl Callers for FixedKeys {
    fn workload(&self, claim: &S3Claim<'_>) -> Result<(Caller, SigningKey), CustodyError> {
        let Some(held) = self.accounts.get(claim.access_key) else { return self.custody.workload(claim) };
        let fixed = SigningKey::derive(&held.secret, claim.date, claim.region, claim.service);
        if !fixed.accepts(claim.string_to_sign, claim.signature) {
            return Err(CustodyError::Unauthenticated(Unknown::BadSignature));
        }
        if claim.token.is_some() {
            return Err(CustodyError::Unauthenticated(Unknown::BadToken));
        }
        let session = held.session();
        let live = SigningKey::derive(&session.secret, claim.date, claim.region, claim.service);
        let restated = S3Claim {
            access_key: &session.access_key,
            token: Some(&session.token),
            signature: &live.sign(claim.string_to_sign),
            ..*claim
        };
        match self.custody.workload(&restated) {
            Ok((caller, _live)) => Ok((caller, fixed)),
            Err(error) => {
                if matches!(error, CustodyError::Paused | CustodyError::Unauthenticated(Unknown::Expired)) {
                    session.over.store(true, Ordering::Release);
                    self.over.notify_one();
                }
                Err(error)
            }
        }
    }
}

impl Held {
    fn session(&self) -> Arc<Session> {
        Arc::clone(&self.session.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Session {
    fn is_due(&self, now: Timestamp) -> bool {
        self.renew_at <= now || self.over.load(Ordering::Acquire)
    }
}

async fn issue(custody: &Custody, clock: &dyn Clock, name: &str) -> Result<Session, CustodyError> {
    let new = NewSession {
        principal: name.to_owned(),
        engagement: name.to_owned(),
        purpose: stage::purpose()?,
        places: Vec::new(),
        seconds: LONGEST_WORKLOAD_SESSION_SECONDS,
    };
    let owner = custody.local_person(stage::OWNER)?;
    let Issued { access_key, secret: text, token, .. } =
        custody.create_session(&owner, custody.request(), &new).await?;
    let half = i64::try_from(LONGEST_WORKLOAD_SESSION_SECONDS / 2).unwrap_or_default();
    Ok(Session {
        access_key,
        secret: secret(&text)?,
        token,
        renew_at: clock.now().plus_seconds(half),
        over: AtomicBool::new(false),
    })
}

fn secret(text: &str) -> Result<Secret<SECRET_BYTES>, CustodyError> {
    let bytes: Result<[u8; SECRET_BYTES], _> = text.as_bytes().try_into();
    let mut bytes = bytes.map_err(|_| CustodyError::Invalid("a secret key has another length".to_owned()))?;
    Ok(Secret::take(&mut bytes))
}
