//! The body of an authenticated request, as data: framing removed, every signature and hash checked before it ends.
//!
//! Whoever reads an [`Upload`] to its end without an error has exactly the bytes that the client signed or checksummed.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use base::secret::same_bytes;
use bytes::Bytes;
use custody::digests::{Algorithm, Digests};
use http_body::{Body, Frame, SizeHint};

use crate::claimed::{Checksum, Claimed};
use crate::inbound;
use s3wire::chunked::Decoder;
use s3wire::digest::Sha256;
use s3wire::{Code, Refusal};

/// Where the trailer's checksum is left once the body has ended.
#[derive(Clone, Default)]
pub struct TrailerSlot(Arc<OnceLock<Checksum>>);

impl TrailerSlot {
    /// The checksum that the trailer brought; `None` before the end of the body, and when there was no trailer.
    #[must_use]
    pub fn checksum(&self) -> Option<&Checksum> {
        self.0.get()
    }
}

/// How the body is covered and framed.
enum Coverage {
    /// Nothing but its length.
    Length,
    /// One hash over the whole.
    Hash { hash: Sha256, claimed: [u8; 32] },
    /// `aws-chunked`.
    Chunked { decoder: Box<Decoder>, pending: Bytes, slot: TrailerSlot },
    /// A check failed; the body never ends well any more.
    Broken,
}

/// A request body that yields data and ends in an error unless all of it was what the client vouched for.
// INVARIANT: `None` is returned only after every check passed; a reader that commits on `None` alone cannot commit less.
pub struct Upload<B> {
    inner: B,
    coverage: Option<Coverage>,
    /// Data still to come, where it is known.
    remaining: Option<u64>,
    checks: Option<Checks>,
}

/// Checksums that are compared here. Those of object data are compared by intake, which measures it anyway.
struct Checks {
    digests: Digests,
    claimed: Claimed,
    trailer: TrailerSlot,
}

impl<B> Upload<B> {
    /// A body covered by nothing but its length, if it has one.
    pub fn plain(inner: B, length: Option<u64>) -> Self {
        Self { inner, coverage: Some(Coverage::Length), remaining: length, checks: None }
    }

    /// A body whose SHA-256 must be `claimed`.
    pub fn hashed(inner: B, length: Option<u64>, claimed: [u8; 32]) -> Self {
        Self { inner, coverage: Some(Coverage::Hash { hash: Sha256::new(), claimed }), remaining: length, checks: None }
    }

    /// A body in `aws-chunked` framing that holds `length` bytes of data. The trailer's checksum goes to `slot`.
    pub fn chunked(inner: B, length: u64, decoder: Decoder, slot: TrailerSlot) -> Self {
        let coverage = Coverage::Chunked { decoder: Box::new(decoder), pending: Bytes::new(), slot };
        Self { inner, coverage: Some(coverage), remaining: Some(length), checks: None }
    }

    /// Compares the body with `Content-MD5` and checksums as well; a checksum in the trailer is expected in `trailer`.
    #[must_use]
    pub fn checked(mut self, claimed: Claimed, trailer: TrailerSlot) -> Self {
        let algorithm = claimed.checksum.as_ref().map(|checksum| checksum.algorithm).or(claimed.trailer);
        let algorithms: Vec<Algorithm> = algorithm.into_iter().collect();
        self.checks = Some(Checks { digests: Digests::new(&algorithms, false), claimed, trailer });
        self
    }

    /// How many bytes of data are still to come, where it is known.
    #[must_use]
    pub const fn length(&self) -> Option<u64> {
        self.remaining
    }

    /// Counts data against the length that was announced, and into the checksums.
    fn count(&mut self, data: &Bytes) -> Result<(), Refusal> {
        if let Some(remaining) = &mut self.remaining {
            *remaining = remaining
                .checked_sub(data.len() as u64)
                .ok_or_else(|| Refusal::new(Code::IncompleteBody, "the body is longer than announced"))?;
        }
        if let Some(checks) = &mut self.checks {
            checks.digests.update(data);
        }
        Ok(())
    }

    /// The checks at the end of the body.
    fn end(&mut self) -> Result<(), Refusal> {
        match self.coverage.take() {
            None | Some(Coverage::Length) => {}
            Some(Coverage::Broken) => return Err(broken()),
            Some(Coverage::Hash { hash, claimed }) => {
                if !same_bytes(&hash.finish(), &claimed) {
                    return Err(Refusal::new(
                        Code::XAmzContentSHA256Mismatch,
                        "the provided 'x-amz-content-sha256' header does not match what was computed",
                    ));
                }
            }
            Some(Coverage::Chunked { mut decoder, slot, .. }) => {
                if let Some((name, value)) = decoder.finish()? {
                    // The slot is filled once: this upload is the only one that holds it, and it ends once.
                    let _ = slot.0.set(Checksum::of_trailer(&name, &value)?);
                }
            }
        }
        if self.remaining.is_some_and(|remaining| remaining > 0) {
            return Err(Refusal::new(Code::IncompleteBody, "the body is shorter than announced"));
        }
        self.checks.take().map_or(Ok(()), Checks::compare)
    }
}

impl Checks {
    fn compare(self) -> Result<(), Refusal> {
        let Self { digests, claimed, trailer } = self;
        let found = digests.finish();
        let checksum = claimed.checksum.as_ref().or(trailer.checksum());
        let same = checksum.is_none_or(|claim| found.checksums.get(claim.algorithm.name()) == Some(&claim.value));
        if same && claimed.md5.is_none_or(|md5| md5 == found.md5) {
            return Ok(());
        }
        Err(Refusal::new(Code::BadDigest, "the checksum you specified did not match what we received"))
    }
}

impl<B> Upload<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::error::Error + 'static,
{
    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Refusal>>> {
        loop {
            match &self.coverage {
                None => return Poll::Ready(None),
                Some(Coverage::Broken) => return Poll::Ready(Some(Err(broken()))),
                Some(_) => {}
            }
            if let Some(Coverage::Chunked { decoder, pending, .. }) = &mut self.coverage
                && let Some(data) = decoder.next(pending)?
            {
                self.count(&data)?;
                return Poll::Ready(Some(Ok(data)));
            }
            let frame = match ready!(Pin::new(&mut self.inner).poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                Some(Err(error)) => return Poll::Ready(Some(Err(cut_short(&error)))),
                None => return Poll::Ready(self.end().err().map(Err)),
            };
            // LIMIT: trailers of HTTP itself are ignored; S3 puts its trailers inside the body.
            let Ok(data) = frame.into_data() else { continue };
            match &mut self.coverage {
                Some(Coverage::Chunked { pending, .. }) => *pending = data,
                Some(Coverage::Hash { hash, .. }) => {
                    hash.update(&data);
                    self.count(&data)?;
                    return Poll::Ready(Some(Ok(data)));
                }
                Some(Coverage::Length | Coverage::Broken) | None => {
                    self.count(&data)?;
                    return Poll::Ready(Some(Ok(data)));
                }
            }
        }
    }
}

impl<B> Body for Upload<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::error::Error + 'static,
{
    type Data = Bytes;
    type Error = Refusal;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Refusal>>> {
        let data = ready!(self.poll_data(cx));
        if matches!(data, Some(Err(_))) {
            self.coverage = Some(Coverage::Broken);
        }
        Poll::Ready(data.map(|result| result.map(Frame::data)))
    }

    /// Never before the checks were made.
    fn is_end_stream(&self) -> bool {
        self.coverage.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.remaining.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

/// Why a body ended badly, when it went through hands that know errors only as errors.
pub(crate) fn refusal_of(error: Box<dyn std::error::Error + Send + Sync>) -> Refusal {
    error.downcast::<Refusal>().map_or_else(|_| broken(), |refusal| *refusal)
}

/// Why a body ended early, as far as it is the client's to know.
fn cut_short(error: &(dyn std::error::Error + 'static)) -> Refusal {
    match error.downcast_ref() {
        Some(inbound::Broken::Slow) => Refusal::new(
            Code::RequestTimeout,
            "your socket connection to the server was not written to within the timeout period",
        ),
        Some(inbound::Broken::Cut(_)) | None => broken(),
    }
}

fn broken() -> Refusal {
    Refusal::new(Code::IncompleteBody, "the body could not be read to its end")
}
