//! Opening single segments of a sealed stream, in any order.
//!
//! # Threats
//! The ciphertext comes from a store that an attacker may write. Nothing is given out before its tag has verified, and a
//! segment verifies only at its own place in its own stream: index, end of stream, header, main key and associated data all go
//! into key and nonce.

use aws_lc_rs::aead::Aad;
use base::Secret;

use crate::error::{SealError, Unauthentic};
use crate::layout::Segment;
use crate::stream::{Parameters, StreamKey, split_header};
use crate::wrap::{KEY_BYTES, TAG_BYTES};

/// The derived key of one stream. It opens that stream's segments and no other's.
pub struct SegmentOpener(StreamKey);

/// Why no opener came of a header.
#[derive(Debug)]
pub enum NoOpener {
    /// The header has the wrong form.
    Header,
    /// The cryptographic provider failed.
    Provider(SealError),
}

impl SegmentOpener {
    /// Derives the key of the stream that begins with `header`.
    ///
    /// A changed salt or prefix is not noticed here; it makes every segment fail.
    ///
    /// # Errors
    /// [`NoOpener::Header`] when it cannot be the header of a stream with these parameters.
    pub fn derive(
        parameters: &Parameters,
        main: &Secret<KEY_BYTES>,
        associated: &[u8],
        header: &[u8],
    ) -> Result<Self, NoOpener> {
        let (salt, prefix) = split_header(parameters, header).ok_or(NoOpener::Header)?;
        StreamKey::derive(parameters, main, salt, prefix, associated).map(Self).map_err(NoOpener::Provider)
    }

    /// Opens `segment`, whose ciphertext and tag are `sealed`, into a buffer of its own.
    ///
    /// # Errors
    /// [`Unauthentic`].
    pub fn open(&self, segment: &Segment, sealed: &[u8]) -> Result<Vec<u8>, Unauthentic> {
        let (body, tag) = sealed.split_last_chunk::<TAG_BYTES>().ok_or(Unauthentic)?;
        let mut plain = vec![0; body.len()];
        let nonce = self.0.nonce(segment.index, segment.last);
        self.0.key().open_separate_gather(nonce, Aad::empty(), body, tag, &mut plain)?;
        Ok(plain)
    }

    /// Opens `segment` in place: `buffer` holds its ciphertext and tag from `lead` on, and its plaintext afterwards.
    ///
    /// # Errors
    /// [`Unauthentic`]; the buffer holds nothing of worth then.
    pub fn open_in_place(&self, segment: &Segment, buffer: &mut Vec<u8>, lead: usize) -> Result<(), Unauthentic> {
        let nonce = self.0.nonce(segment.index, segment.last);
        let length = self.0.key().open_within(nonce, Aad::empty(), buffer, lead..)?.len();
        buffer.truncate(length);
        Ok(())
    }
}
