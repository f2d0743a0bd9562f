//! Session secrets and session tokens.
//!
//! A session's SigV4 secret is derived from its engagement's token key and the session's id, so none is ever stored, and a
//! stolen catalog holds no working credential. The session token carries what the issuer wants to read back, sealed.

use std::sync::Arc;

use base::id::SessionId;
use base::{Entropy, Plain, Secret};
use data_encoding::{BASE64, BASE64URL_NOPAD};

use crate::binding::Binding;
use crate::chain::ChainKeys;
use crate::error::SealError;
use crate::wrap::derive;

/// Characters of a session secret: as many as AWS's.
pub const SECRET_CHARACTERS: usize = 40;
/// The longest token that is looked at; S3 clients send it in a header with every request.
const LONGEST_TOKEN_CHARACTERS: usize = 4096;

/// Session secrets and tokens of one chain.
pub struct Tokens {
    keys: Arc<ChainKeys>,
    entropy: Arc<dyn Entropy>,
}

impl Tokens {
    pub(crate) const fn new(keys: Arc<ChainKeys>, entropy: Arc<dyn Entropy>) -> Self {
        Self { keys, entropy }
    }

    /// The secret of a session, in base64. Whether the session was ever issued is not asked here.
    ///
    /// # Errors
    /// [`SealError::Provider`] when the provider fails.
    pub fn secret(&self, session: SessionId) -> Result<Secret<SECRET_CHARACTERS>, SealError> {
        let derived: Secret<30> = derive(&self.keys.sessions, &[b"cofferdam/session/v1", session.as_bytes()])?;
        Secret::make(|text| {
            derived.expose(|bytes| BASE64.encode_mut(bytes, text));
            Ok(())
        })
    }

    /// Seals `contents` into a token that only this session of this chain can present.
    ///
    /// # Errors
    /// [`SealError::Provider`] when the provider fails.
    pub fn seal(&self, session: SessionId, contents: &[u8]) -> Result<String, SealError> {
        let sealed = self.keys.tokens.seal(&self.binding(session), contents, &*self.entropy)?;
        Ok(BASE64URL_NOPAD.encode(&sealed))
    }

    /// The contents of a token that was sealed for `session`.
    ///
    /// # Errors
    /// [`SealError::Token`] for anything else.
    pub fn open(&self, session: SessionId, token: &str) -> Result<Plain, SealError> {
        if token.len() > LONGEST_TOKEN_CHARACTERS {
            return Err(SealError::Token);
        }
        let sealed = BASE64URL_NOPAD.decode(token.as_bytes()).map_err(|_| SealError::Token)?;
        let opened = self.keys.tokens.open(&self.binding(session), &sealed);
        opened.map(Plain::new).map_err(|_| SealError::Token)
    }

    fn binding(&self, session: SessionId) -> Vec<u8> {
        let chain = self.keys.chain;
        Binding::of("cofferdam/session-token/v1").field(chain.as_bytes()).field(session.as_bytes()).done()
    }
}

#[cfg(test)]
mod tests {
    use base::id::ChainId;

    use super::*;
    use crate::testing::World;

    const SESSION: SessionId = SessionId::from_bytes([1; 16]);
    const OTHER: SessionId = SessionId::from_bytes([2; 16]);

    #[test]
    fn a_secret_is_the_same_each_time_and_like_no_other() {
        let world = World::new(41);
        let tokens = world.ring.tokens(world.engagement.into()).unwrap();
        let secret = tokens.secret(SESSION).unwrap();
        assert!(secret.expose(|text| BASE64.decode(text).unwrap().len() == 30));
        let reopened = world.reopen().tokens(world.engagement.into()).unwrap();
        assert!(secret.same(&reopened.secret(SESSION).unwrap()));
        assert!(!secret.same(&tokens.secret(OTHER).unwrap()));
        let system = world.ring.tokens(ChainId::SYSTEM).unwrap();
        assert!(!secret.same(&system.secret(SESSION).unwrap()));
    }

    #[test]
    fn a_token_opens_for_its_session_alone() {
        let world = World::new(42);
        let tokens = world.ring.tokens(world.engagement.into()).unwrap();
        let token = tokens.seal(SESSION, b"contents").unwrap();
        assert!(tokens.open(SESSION, &token).unwrap().expose(|plain| plain == b"contents"));
        assert!(tokens.open(OTHER, &token).is_err());
        assert!(world.ring.tokens(ChainId::SYSTEM).unwrap().open(SESSION, &token).is_err());
        for wrong in ["", "====", &token[1..], &format!("{token}A"), &"A".repeat(5000)] {
            assert!(tokens.open(SESSION, wrong).is_err(), "{wrong}");
        }
    }
}
