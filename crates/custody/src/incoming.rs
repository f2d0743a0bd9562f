//! A body on its way in, an object's or a part's: pushed piece by piece, held against what the client said, or given up.

use std::sync::Arc;

use base::id::RequestId;
use base::word::Verb;
use bytes::Bytes;

use crate::custody::Custody;
use crate::digests::{Algorithm, Digested};
use crate::directory::Engagement;
use crate::error::CustodyError;
use crate::facts::Inspection;
use crate::identity::Caller;
use crate::intake::{LARGEST_PUT_BYTES, Whole};
use crate::settings::Dataset;
use crate::sink::{Sink, Sunk};

/// What a client said its body would come to; checked before anything becomes visible.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// The signed SHA-256.
    pub sha256: Option<[u8; 32]>,
    /// `Content-MD5`.
    pub md5: Option<[u8; 16]>,
    /// Checksums in base64, from headers or trailers.
    pub checksums: Vec<(Algorithm, String)>,
    /// How many bytes.
    pub length: Option<u64>,
}

/// How a body differs from what the client said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// Another SHA-256 than was signed.
    Sha256,
    /// Another MD5.
    Md5,
    /// Another checksum.
    Checksum(Algorithm),
    /// Another length.
    Length,
}

/// The answer to a finished body.
pub enum Finished<T> {
    /// It is durable.
    Stored(T),
    /// It is not what the client said; nothing was kept.
    Mismatch(Mismatch),
}

/// A body under way, and what it will become.
pub struct Incoming<Of = Whole> {
    custody: Arc<Custody>,
    caller: Arc<Caller>,
    request: RequestId,
    engagement: Arc<Engagement>,
    dataset: Arc<Dataset>,
    sink: Sink,
    of: Of,
}

/// A body that is durable and came to what the client said.
pub(crate) struct Ended<Of> {
    pub(crate) custody: Arc<Custody>,
    pub(crate) caller: Arc<Caller>,
    pub(crate) request: RequestId,
    pub(crate) engagement: Arc<Engagement>,
    pub(crate) dataset: Arc<Dataset>,
    pub(crate) sunk: Sunk,
    pub(crate) of: Of,
}

impl<Of> Incoming<Of> {
    pub(crate) const fn begin(
        custody: Arc<Custody>,
        caller: Arc<Caller>,
        request: RequestId,
        engagement: Arc<Engagement>,
        dataset: Arc<Dataset>,
        sink: Sink,
        of: Of,
    ) -> Self {
        Self { custody, caller, request, engagement, dataset, sink, of }
    }

    /// Takes the next bytes of the body.
    ///
    /// # Errors
    /// `Paused` at once when the engagement is; `TooLarge`; what the store answers. The body is over then.
    pub async fn push(&mut self, bytes: &Bytes) -> Result<(), CustodyError> {
        if !Custody::is_open(&self.engagement) {
            return Err(CustodyError::Paused);
        }
        if self.sink.taken().saturating_add(bytes.len() as u64) > LARGEST_PUT_BYTES {
            return Err(CustodyError::TooLarge);
        }
        self.sink.push(bytes).await
    }

    /// Gives the body up, for example because it broke off.
    pub async fn abandon(self) {
        self.sink.abandon().await;
    }

    /// Ends the body and holds it against what the client said. A body that differs is forgotten, and that it came is entered.
    pub(crate) async fn end(self, expected: &Expected) -> Result<Result<Ended<Of>, Mismatch>, CustodyError> {
        let Self { custody, caller, request, engagement, dataset, sink, of } = self;
        let sunk = sink.finish().await?;
        if let Some(mismatch) = expected.compare(&sunk.digested) {
            custody.forget(sunk.intents).await;
            if let Some(version) = sunk.inspection.as_ref().and_then(Inspection::staged) {
                custody.forget_staged(version).await;
            }
            custody.failed(&caller, request, engagement.id, Verb::Write, Some(&dataset), "mismatch").await?;
            return Ok(Err(mismatch));
        }
        Ok(Ok(Ended { custody, caller, request, engagement, dataset, sunk, of }))
    }
}

impl Expected {
    fn compare(&self, found: &Digested) -> Option<Mismatch> {
        if self.length.is_some_and(|length| length != found.length) {
            return Some(Mismatch::Length);
        }
        if self.sha256.is_some() && self.sha256 != found.sha256 {
            return Some(Mismatch::Sha256);
        }
        if self.md5.is_some_and(|md5| md5 != found.md5) {
            return Some(Mismatch::Md5);
        }
        let differs = |(algorithm, value): &&(Algorithm, String)| found.checksums.get(algorithm.name()) != Some(value);
        self.checksums.iter().find(differs).map(|(algorithm, _)| Mismatch::Checksum(*algorithm))
    }
}
