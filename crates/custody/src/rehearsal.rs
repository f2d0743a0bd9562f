//! Rehearsals: a decoy is touched for real, by somebody who said so before.
//!
//! A decoy credential is rehearsed over the wire: a request under its secret, signed here, good for a minute and for once. It takes
//! the way that a thief's would take, as far as the pause: the decoy is found, its alarm is entered and told, and its answer is
//! the one that a thief would get. That it is a rehearsal is known by the digest of what was signed, so nothing in the request
//! says so. It pauses nothing and spends nothing. What it would pause is what the alarm names, by the code that a trip pauses by.

use std::sync::Arc;

use base::id::{AlarmId, ChainId, DecoyId, EngagementId, RequestId, SessionId};
use base::word::Verb;

use crate::custody::Custody;
use crate::decoys::{Bait, Decoy};
use crate::entries::{DecoyRehearsed, kind};
use crate::error::{CustodyError, Thing};
use crate::identity::Caller;
use crate::sessions::TokenClaims;
use crate::signature::SigningKey;
use crate::tripwire::Trip;

/// What a rehearsal has to send.
pub enum Rehearsal {
    /// One request for each credential.
    Credentials(Vec<Rehearser>),
    /// Nothing: the object was touched already. Reading it for real would take a session of its engagement.
    Done(AlarmId),
}

/// Signs one request of a rehearsal. No `Debug`: it holds what a thief would hold.
pub struct Rehearser {
    custody: Arc<Custody>,
    access_key: String,
    token: String,
    session: SessionId,
    engagement: EngagementId,
}

impl Rehearser {
    /// The access key to name.
    #[must_use]
    pub fn access_key(&self) -> &str {
        &self.access_key
    }

    /// The time that the request is signed at.
    #[must_use]
    pub fn now(&self) -> base::Timestamp {
        self.custody.clock.now()
    }

    /// The session token to send.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Signs the one request that is expected from now on, and says which alarm it will raise.
    ///
    /// # Errors
    /// The key is not at hand.
    pub fn sign(self, date: &str, region: &str, string_to_sign: &str) -> Result<(String, AlarmId), CustodyError> {
        let secret = self.custody.ring.tokens(self.engagement.into())?.secret(self.session)?;
        let signature = SigningKey::derive(&secret, date, region, "s3").sign(string_to_sign);
        let alarm = AlarmId::fresh(self.custody.entropy.as_ref());
        self.custody.tripwire.expect(attest::sha256(&[string_to_sign.as_bytes()]), alarm);
        Ok((signature, alarm))
    }
}

impl Custody {
    /// Begins the rehearsal of a decoy.
    ///
    /// # Errors
    /// `Denied`; `Missing`; `Corrupt` if the row of its session is gone.
    pub async fn rehearse_decoy(
        self: &Arc<Self>,
        caller: &Caller,
        request: RequestId,
        decoy: DecoyId,
    ) -> Result<Rehearsal, CustodyError> {
        self.may_administer(caller, request, Verb::KeepDecoys).await?;
        let held = self.identity.decoys().get(decoy).ok_or_else(|| CustodyError::missing(Thing::Decoy, decoy))?;
        self.enter(caller, request, ChainId::SYSTEM, kind::DECOY_REHEARSE, DecoyRehearsed { decoy }).await?;
        match &held.body.bait {
            Bait::Object { engagement, dataset, .. } => {
                let alarm = AlarmId::fresh(self.entropy.as_ref());
                let trip = Trip {
                    decoy: Arc::clone(&held),
                    session: None,
                    dataset: Some(*dataset),
                    home: *engagement,
                    address: caller.who().address,
                    at: self.clock.now(),
                    rehearsal: Some(alarm),
                };
                self.tripwire.spring(&self.directory, trip);
                Ok(Rehearsal::Done(alarm))
            }
            Bait::Credentials(_) => Ok(Rehearsal::Credentials(self.rehearsers(&held)?)),
        }
    }

    fn rehearsers(self: &Arc<Self>, decoy: &Decoy) -> Result<Vec<Rehearser>, CustodyError> {
        let Bait::Credentials(credentials) = &decoy.body.bait else { return Ok(Vec::new()) };
        let rehearser = |credential: &crate::decoys::Credential| {
            let row = self.catalog.session(credential.session)?;
            let row = row.ok_or_else(|| CustodyError::Corrupt(format!("the session of decoy `{}`", decoy.id)))?;
            let token = self.ring.tokens(row.engagement.into())?.seal(row.id, &TokenClaims::of(&row))?;
            let (access_key, session, engagement) = (row.access_key, row.id, row.engagement);
            Ok(Rehearser { custody: Arc::clone(self), access_key, token, session, engagement })
        };
        credentials.iter().map(rehearser).collect()
    }
}
