//! Who is asking. The only maker of a [`Caller`].
//!
//! # Threats
//! Whoever reaches the socket sends what they like. A workload proves itself by a SigV4 signature under a secret that is
//! derived from the engagement's token key and the session's id, so nobody can use a session that was not issued; a person
//! proves itself by an HTTP message signature under its own key. Place is the socket's peer, never a header.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use base::fence::Ticket;
use base::id::{EngagementId, PrincipalId, SessionId};
use base::word::{PrincipalKind, Purpose, Role, State, Verb};
use base::{Clock, Timestamp};
use policy::Who;
use seal::KeyRing;

use crate::decoys::{Credential, Decoys, Hook};
use crate::directory::{Directory, Principal, Session};
use crate::error::{CustodyError, Unknown};
use crate::noise::Lapsed;
use crate::record::Entered;
use crate::sessions::TokenClaims;
use crate::signature::SigningKey;
use crate::tripwire::{Trip, Tripwire};

/// How far a request's clock may be from ours. What S3 allows; presigned requests carry their own expiry.
const CLOCK_SKEW_SECONDS: i64 = 15 * 60;

/// How old a person's signed request may be. Nonces are remembered for twice as long.
const PERSON_SKEW_SECONDS: i64 = 5 * 60;

/// How many nonces of one person are remembered. More requests than this within ten minutes are refused, not let through
/// twice; nobody can use up another's.
const REMEMBERED_NONCES: usize = 20_000;

/// How many signing keys are kept: one for each live session and day that is in use.
const KEPT_SIGNING_KEYS: usize = 10_000;

/// We know who asks.
///
/// Minted in this file alone, from a claim that was verified. It is a proof of a state, so it is borrowed, not spent; it
/// carries the fences behind which that state was read.
#[must_use]
pub struct Caller {
    who: Arc<Who>,
    engagement: Option<EngagementId>,
    tickets: Vec<Ticket>,
    entered: Entered,
}

impl Caller {
    /// Who it is.
    #[must_use]
    pub const fn who(&self) -> &Arc<Who> {
        &self.who
    }

    /// The compartment a session is bound to; `None` for people who sign with their own key.
    #[must_use]
    pub const fn engagement(&self) -> Option<EngagementId> {
        self.engagement
    }

    /// Whether the ledger durably holds an entry of this caller's request under one of `verbs`.
    #[must_use]
    pub fn has_entered(&self, verbs: &[Verb]) -> bool {
        self.entered.any_of(verbs)
    }

    pub(crate) const fn entered(&self) -> &Entered {
        &self.entered
    }

    pub(crate) fn tickets(&self) -> &[Ticket] {
        &self.tickets
    }

    /// The scanner of this deployment, reading what was just written in one engagement. It never leaves the process.
    pub(crate) fn scanner(principal: PrincipalId) -> Self {
        let who = Who {
            principal,
            kind: PrincipalKind::Workload,
            partner: None,
            roles: vec![Role::Workload],
            session: None,
            credential: SCANNER.to_owned(),
            purpose: SCANNER.parse::<Purpose>().ok(),
            address: IpAddr::from([0, 0, 0, 0]),
        };
        Self { who: Arc::new(who), engagement: None, tickets: Vec::new(), entered: Entered::default() }
    }

    /// The wire that decoys hang on, pausing what their holder may have reached.
    pub(crate) fn tripwire(principal: PrincipalId) -> Self {
        let who = Who { credential: TRIPWIRE.to_owned(), purpose: None, ..Who::clone(&Self::scanner(principal).who) };
        Self { who: Arc::new(who), engagement: None, tickets: Vec::new(), entered: Entered::default() }
    }

    /// The person who sets the deployment up, before there is anybody to authenticate.
    pub(crate) fn founder(principal: &Principal) -> Self {
        let who = Arc::new(who_is(principal, IpAddr::from([127, 0, 0, 1])));
        Self { who, engagement: None, tickets: Vec::new(), entered: Entered::default() }
    }
}

/// The name and purpose of the built-in scanner.
pub(crate) const SCANNER: &str = "intake-scanner";

/// The name of the wire that decoys hang on.
const TRIPWIRE: &str = "tripwire";

/// A signed S3 request as the gateway read it.
pub struct S3Claim<'a> {
    /// The access key id.
    pub access_key: &'a str,
    /// The session token, from the header or the query.
    pub token: Option<&'a str>,
    /// The credential scope's date, `YYYYMMDD`.
    pub date: &'a str,
    /// The credential scope's region.
    pub region: &'a str,
    /// The credential scope's service.
    pub service: &'a str,
    /// When the request says it was signed.
    pub signed_at: Timestamp,
    /// For a presigned request: how long it is good for.
    pub good_for_seconds: Option<u32>,
    /// The text that was signed.
    pub string_to_sign: &'a str,
    /// The signature, in lower-case hex.
    pub signature: &'a str,
    /// The socket's peer.
    pub address: IpAddr,
}

/// A person's signed request as the gateway read it.
pub struct PersonClaim<'a> {
    /// The request, as RFC 9421 sees it.
    pub request: attest::person::Request<'a>,
    /// The `Content-Digest` header.
    pub content_digest: &'a str,
    /// The `Signature-Input` header.
    pub signature_input: &'a str,
    /// The `Signature` header.
    pub signature: &'a str,
    /// The socket's peer.
    pub address: IpAddr,
}

/// Establishes callers.
pub struct Identity {
    directory: Arc<Directory>,
    ring: Arc<KeyRing>,
    clock: Arc<dyn Clock>,
    keys: Mutex<HashMap<KeyScope, SigningKey>>,
    accepted_tokens: Mutex<HashMap<SessionId, String>>,
    nonces: Mutex<HashMap<String, HashMap<String, Timestamp>>>,
    lapsed: Lapsed,
    decoys: Decoys,
    tripwire: Arc<Tripwire>,
}

#[derive(PartialEq, Eq, Hash)]
struct KeyScope {
    session: SessionId,
    scope: String,
}

impl Identity {
    /// Over the directory and the keeper of session secrets.
    #[must_use]
    pub fn new(directory: Arc<Directory>, ring: Arc<KeyRing>, clock: Arc<dyn Clock>) -> Self {
        Self {
            directory,
            ring,
            clock,
            keys: Mutex::default(),
            accepted_tokens: Mutex::default(),
            nonces: Mutex::default(),
            lapsed: Lapsed::default(),
            decoys: Decoys::default(),
            tripwire: Arc::default(),
        }
    }

    /// The same, with the decoys there are, and the wire they hang on.
    pub(crate) fn with_decoys(mut self, decoys: Decoys, tripwire: Arc<Tripwire>) -> Self {
        self.decoys = decoys;
        self.tripwire = tripwire;
        self
    }

    /// Establishes the caller of an S3 request, and the key that its chunks must be signed with.
    ///
    /// # Errors
    /// `Unauthenticated`, with the reason that S3 clients can act on.
    pub fn workload(&self, claim: &S3Claim<'_>) -> Result<(Caller, SigningKey), CustodyError> {
        let hook = self.decoys.credential(claim.access_key);
        // INVARIANT: the answer is made before the decoy stops anything, by the code that answers for sessions that are over: it
        // is the answer that any of them would get.
        let answer = self.session_holder(claim, hook.is_some());
        if let Some(hook) = hook {
            self.feel(&hook, claim)?;
        }
        answer
    }

    /// Trips a decoy, if the request is by somebody who holds its secret; whatever else is wrong with the request.
    fn feel(&self, hook: &Hook, claim: &S3Claim<'_>) -> Result<(), CustodyError> {
        let Credential { session, engagement, .. } = hook.credential;
        if self.signing_key(session, engagement, claim)?.accepts(claim.string_to_sign, claim.signature) {
            let trip = Trip {
                decoy: Arc::clone(&hook.decoy),
                session: Some(session),
                dataset: None,
                home: engagement,
                address: claim.address,
                at: self.clock.now(),
                rehearsal: self.tripwire.rehearsal(claim.string_to_sign),
            };
            self.tripwire.spring(&self.directory, trip);
        }
        Ok(())
    }

    /// The holder of a session that lets somebody in. Those of decoys never do.
    fn session_holder(&self, claim: &S3Claim<'_>, decoy: bool) -> Result<(Caller, SigningKey), CustodyError> {
        let now = self.clock.now();
        let session = self.directory.session(claim.access_key).ok_or_else(|| unknown(Unknown::NoSuchKey))?;
        // The tickets come before what they guard is read.
        let mut tickets = vec![session.fence.ticket()];
        tickets.extend(self.directory.grants_ticket(session.row.principal));
        let principal = self.directory.principal(session.row.principal).ok_or_else(|| unknown(Unknown::NoSuchKey))?;

        check_times(claim, now)?;
        let key = self.signing_key(session.row.id, session.row.engagement, claim)?;
        if !key.accepts(claim.string_to_sign, claim.signature) {
            return Err(unknown(Unknown::BadSignature));
        }
        self.check_token(&session, claim.token)?;
        // Only the holder of the secret comes this far, and may know why the session is over.
        let over = !session.is_live() || session.row.expires <= now;
        if over || decoy {
            if over {
                self.lapsed.count(&session, now);
            }
            let paused =
                self.directory.engagement(session.row.engagement).is_some_and(|of| of.state() == State::Paused);
            return Err(if paused { CustodyError::Paused } else { unknown(Unknown::Expired) });
        }
        if !session.places.is_empty() && !session.places.iter().any(|place| place.contains(claim.address)) {
            return Err(unknown(Unknown::Misplaced));
        }
        let mut who = who_is(&principal, claim.address);
        who.session = Some(session.row.id);
        who.credential.clone_from(&session.row.access_key);
        who.purpose = Some(session.row.purpose.clone());
        let engagement = Some(session.row.engagement);
        Ok((Caller { who: Arc::new(who), engagement, tickets, entered: Entered::default() }, key))
    }

    /// Establishes the person who signed an admin request.
    ///
    /// # Errors
    /// `Unauthenticated`; `Invalid` when the signature headers cannot be read.
    pub fn person(&self, claim: &PersonClaim<'_>) -> Result<Caller, CustodyError> {
        let now = self.clock.now();
        let read = attest::person::read(claim.content_digest, claim.signature_input, claim.signature)
            .map_err(|error| CustodyError::invalid(base::error::chain(&error)))?;
        let principal = self.directory.person(&read.stamp().keyid).ok_or_else(|| unknown(Unknown::NoSuchKey))?;
        let tickets = vec![principal.grants.ticket()];
        let key = principal.row.public_key.map(attest::key::PublicKey::from_bytes);
        let key = key.ok_or_else(|| unknown(Unknown::NoSuchKey))?;
        let stamp = read.verify(&claim.request, &key).map_err(|_| unknown(Unknown::BadSignature))?;
        let age_seconds = now.seconds().saturating_sub(stamp.created.seconds());
        if age_seconds.abs() > PERSON_SKEW_SECONDS {
            return Err(unknown(Unknown::ClockSkew));
        }
        self.remember_nonce(stamp.keyid, stamp.nonce, now)?;
        let who = Arc::new(who_is(&principal, claim.address));
        Ok(Caller { who, engagement: None, tickets, entered: Entered::default() })
    }

    /// Requests that came under sessions after their end.
    pub(crate) const fn lapsed(&self) -> &Lapsed {
        &self.lapsed
    }

    /// The decoys.
    pub(crate) const fn decoys(&self) -> &Decoys {
        &self.decoys
    }

    fn signing_key(
        &self,
        session: SessionId,
        engagement: EngagementId,
        claim: &S3Claim<'_>,
    ) -> Result<SigningKey, CustodyError> {
        let scope = KeyScope { session, scope: format!("{}/{}/{}", claim.date, claim.region, claim.service) };
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = keys.get(&scope) {
            return Ok(key.clone());
        }
        let secret = self.ring.tokens(engagement.into())?.secret(session)?;
        let key = SigningKey::derive(&secret, claim.date, claim.region, claim.service);
        // LIMIT: whoever knows an access key can fill this with made-up regions; it is emptied then, and costs derivations.
        if keys.len() >= KEPT_SIGNING_KEYS {
            keys.clear();
        }
        keys.insert(scope, key.clone());
        Ok(key)
    }

    /// The token must be one that was sealed for exactly this session. One that was accepted is remembered.
    fn check_token(&self, session: &Session, token: Option<&str>) -> Result<(), CustodyError> {
        let token = token.ok_or_else(|| unknown(Unknown::BadToken))?;
        let mut accepted = self.accepted_tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if accepted.get(&session.row.id).is_some_and(|known| known == token) {
            return Ok(());
        }
        let tokens = self.ring.tokens(session.row.engagement.into())?;
        let claims = tokens.open(session.row.id, token).map_err(|_| unknown(Unknown::BadToken))?;
        if claims.expose(|claims| claims != TokenClaims::of(&session.row)) {
            return Err(CustodyError::Corrupt(format!("the row of session `{}`", session.row.id)));
        }
        if accepted.len() >= KEPT_SIGNING_KEYS {
            accepted.clear();
        }
        accepted.insert(session.row.id, token.to_owned());
        Ok(())
    }

    fn remember_nonce(&self, person: String, nonce: String, now: Timestamp) -> Result<(), CustodyError> {
        let oldest = now.plus_seconds(PERSON_SKEW_SECONDS.saturating_mul(-2));
        let mut nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        let theirs = nonces.entry(person).or_default();
        if theirs.len() >= REMEMBERED_NONCES {
            theirs.retain(|_, seen| *seen >= oldest);
        }
        if theirs.len() >= REMEMBERED_NONCES || theirs.insert(nonce, now).is_some() {
            return Err(unknown(Unknown::Replayed));
        }
        Ok(())
    }
}

fn check_times(claim: &S3Claim<'_>, now: Timestamp) -> Result<(), CustodyError> {
    let age_seconds = now.seconds().saturating_sub(claim.signed_at.seconds());
    let fresh = match claim.good_for_seconds {
        None => age_seconds.abs() <= CLOCK_SKEW_SECONDS,
        Some(good_for) if age_seconds > i64::from(good_for) => return Err(unknown(Unknown::Expired)),
        Some(_) => age_seconds >= CLOCK_SKEW_SECONDS.saturating_neg(),
    };
    if fresh { Ok(()) } else { Err(unknown(Unknown::ClockSkew)) }
}

fn who_is(principal: &Principal, address: IpAddr) -> Who {
    let keyid = principal.row.public_key.map(|key| attest::key::PublicKey::from_bytes(key).keyid());
    Who {
        principal: principal.row.id,
        kind: principal.row.kind,
        partner: principal.row.partner,
        roles: principal.row.roles.clone(),
        session: None,
        credential: keyid.unwrap_or_default(),
        purpose: None,
        address: address.to_canonical(),
    }
}

const fn unknown(why: Unknown) -> CustodyError {
    CustodyError::Unauthenticated(why)
}
