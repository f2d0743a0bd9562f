//! The `aws-chunked` framing of uploads, taken apart as it streams.
//!
//! Three forms: chunks each signed, the same with a signed trailer, and unsigned chunks with a checksum in a trailer. The
//! decoder is a state machine over pieces of any size; it keeps at most one line.
//!
//! # Threats
//! Whoever sits between client and gateway wants to add, drop, move or change chunks; the chain of signatures shows it. A
//! client wants to make us buffer without end: lines are bounded, data is never held back, and the declared length ends it.

use bytes::{Buf, Bytes};

use crate::digest::{Sha256, read_hex, sha256};
use crate::refusal::{Code, Refusal};
use crate::sigv4::{ChunkKey, ChunkStrings};

/// The longest line of the framing. A signed chunk header is at most 98 bytes, a checksum trailer 120.
const LONGEST_LINE_BYTES: usize = 512;

/// The least size of a signed chunk that another one follows.
// SPEC: S3: every chunk but the last must be at least 8192 bytes.
const LEAST_CHUNK_BYTES: u64 = 8192;

const SIGNATURE_EXTENSION: &str = "chunk-signature=";
const TRAILER_SIGNATURE: &str = "x-amz-trailer-signature";

/// What signed chunks are checked with.
pub struct Signatures {
    /// Builds the texts.
    pub strings: ChunkStrings,
    /// Judges the signatures.
    pub key: Box<dyn ChunkKey>,
    /// The signature of the request's head.
    pub seed: [u8; 32],
}

/// What the request's head announces about the body.
pub struct Announced {
    /// Bytes of data, without framing.
    pub length: u64,
    /// The one trailer, in lower case.
    pub trailer: Option<String>,
    /// For the signed forms.
    pub signatures: Option<Signatures>,
}

/// Takes one body apart.
///
/// Data is handed on before its chunk's signature was checked: a chunk may be as large as the object.
// INVARIANT: the decoder ends in `finish` only when every signature, the length and the trailer fit. Whoever takes data from
// it must not commit anything before that.
pub struct Decoder {
    state: State,
    line: Vec<u8>,
    remaining: u64,
    signed: Option<Signed>,
    announced_trailer: Option<String>,
    trailer: Option<(String, String)>,
}

struct Signed {
    strings: ChunkStrings,
    key: Box<dyn ChunkKey>,
    previous: [u8; 32],
    /// A chunk below the least size has been seen: it must be the last.
    short: bool,
}

enum State {
    /// Before a chunk's size.
    Size,
    /// Inside a chunk's data.
    Data { left: u64, check: Option<(Sha256, [u8; 32])> },
    /// Before the line end after a chunk's data.
    DataEnd { check: Option<(Sha256, [u8; 32])> },
    /// Before the trailer.
    Trailer,
    /// Before the trailer's signature.
    TrailerSignature,
    /// Before the empty line that ends the body.
    End,
    /// Complete.
    Complete,
}

impl Decoder {
    /// A decoder for a body as announced.
    #[must_use]
    pub fn new(announced: Announced) -> Self {
        let signed = announced.signatures.map(|signatures| Signed {
            strings: signatures.strings,
            key: signatures.key,
            previous: signatures.seed,
            short: false,
        });
        Self {
            state: State::Size,
            line: Vec::new(),
            remaining: announced.length,
            signed,
            announced_trailer: announced.trailer,
            trailer: None,
        }
    }

    /// Takes the next piece of data out of `input`; `None` when `input` is used up.
    ///
    /// # Errors
    /// A [`Refusal`] at the first byte that does not fit. The decoder must not be used after that.
    pub fn next(&mut self, input: &mut Bytes) -> Result<Option<Bytes>, Refusal> {
        while input.has_remaining() {
            if let State::Data { left, check } = &mut self.state {
                let take = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                let data = input.split_to(take);
                *left = left.saturating_sub(data.len() as u64);
                if let Some((hash, _)) = check {
                    hash.update(&data);
                }
                if *left == 0 {
                    self.state = State::DataEnd { check: check.take() };
                }
                return Ok(Some(data));
            }
            if let Some(line) = self.take_line(input)? {
                self.read_line(&line)?;
            }
        }
        Ok(None)
    }

    /// Ends the body; returns the trailer's name and value.
    ///
    /// # Errors
    /// `IncompleteBody` when the body is not complete.
    pub fn finish(&mut self) -> Result<Option<(String, String)>, Refusal> {
        match self.state {
            State::Complete => Ok(self.trailer.take()),
            _ => Err(incomplete("the body ended before its last chunk")),
        }
    }

    /// Collects a line that may come in several pieces; `None` until its end was seen.
    fn take_line(&mut self, input: &mut Bytes) -> Result<Option<String>, Refusal> {
        if matches!(self.state, State::Complete) {
            return Err(incomplete("there are bytes after the last chunk"));
        }
        let end = input.iter().position(|byte| *byte == b'\n');
        let piece = input.split_to(end.map_or(input.len(), |end| end.saturating_add(1)));
        if self.line.len().saturating_add(piece.len()) > LONGEST_LINE_BYTES {
            return Err(incomplete("a line of the chunk framing is too long"));
        }
        self.line.extend_from_slice(&piece);
        if end.is_none() {
            return Ok(None);
        }
        let line = std::mem::take(&mut self.line);
        let text = line.strip_suffix(b"\r\n").and_then(|line| std::str::from_utf8(line).ok());
        text.map(|text| Some(text.to_owned())).ok_or_else(|| incomplete("a line of the chunk framing is malformed"))
    }

    fn read_line(&mut self, line: &str) -> Result<(), Refusal> {
        let state = std::mem::replace(&mut self.state, State::Complete);
        self.state = match state {
            State::Size => self.read_size(line)?,
            State::DataEnd { check } => self.end_chunk(line, check)?,
            State::Trailer => self.read_trailer(line)?,
            State::TrailerSignature => self.read_trailer_signature(line)?,
            State::End if line.is_empty() => State::Complete,
            State::End => {
                return Err(Refusal::new(Code::MalformedTrailerError, "the body has a trailer that was not announced"));
            }
            State::Data { .. } | State::Complete => return Err(incomplete("the chunk framing is malformed")),
        };
        Ok(())
    }

    // SPEC: aws-chunked: `hex-size[;chunk-signature=hex]`.
    fn read_size(&mut self, line: &str) -> Result<State, Refusal> {
        let (digits, extension) = line.split_once(';').map_or((line, None), |(digits, rest)| (digits, Some(rest)));
        let plain = (1..=16).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let size = u64::from_str_radix(digits, 16).ok().filter(|_| plain);
        let size = size.ok_or_else(|| incomplete("a chunk's size is malformed"))?;
        let claimed = match (&mut self.signed, extension) {
            (None, None) => None,
            (Some(signed), Some(extension)) => {
                if signed.short && size > 0 {
                    return Err(Refusal::new(
                        Code::InvalidChunkSizeError,
                        "only the last chunk is allowed to have a size less than 8192 bytes",
                    ));
                }
                signed.short |= size < LEAST_CHUNK_BYTES;
                let signature = extension.strip_prefix(SIGNATURE_EXTENSION).and_then(read_hex);
                Some(signature.ok_or_else(|| incomplete("a chunk's signature is malformed"))?)
            }
            (Some(_), None) => return Err(incomplete("a chunk is not signed")),
            (None, Some(_)) => return Err(incomplete("a chunk of an unsigned body has an extension")),
        };
        self.remaining =
            self.remaining.checked_sub(size).ok_or_else(|| incomplete("the body is longer than announced"))?;
        if size > 0 {
            return Ok(State::Data { left: size, check: claimed.map(|claimed| (Sha256::new(), claimed)) });
        }
        if self.remaining > 0 {
            return Err(incomplete("the body is shorter than announced"));
        }
        if let Some(claimed) = claimed {
            self.check_chunk(&sha256(b""), claimed)?;
        }
        Ok(if self.announced_trailer.is_some() { State::Trailer } else { State::End })
    }

    fn end_chunk(&mut self, line: &str, check: Option<(Sha256, [u8; 32])>) -> Result<State, Refusal> {
        if !line.is_empty() {
            return Err(incomplete("a chunk is longer than its size"));
        }
        if let Some((hash, claimed)) = check {
            self.check_chunk(&hash.finish(), claimed)?;
        }
        Ok(State::Size)
    }

    fn check_chunk(&mut self, data: &[u8; 32], claimed: [u8; 32]) -> Result<(), Refusal> {
        let Some(signed) = &mut self.signed else { return Ok(()) };
        let text = signed.strings.chunk(&signed.previous, data);
        signed.advance(&text, claimed)
    }

    // SPEC: aws-chunked: `name:value`; it must be the one that x-amz-trailer announced.
    fn read_trailer(&mut self, line: &str) -> Result<State, Refusal> {
        let announced = self.announced_trailer.as_deref().unwrap_or_default();
        let read =
            line.split_once(':').map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        let (name, value) = read.filter(|(name, _)| name == announced).ok_or_else(|| {
            Refusal::new(
                Code::MalformedTrailerError,
                format!("the trailer `{announced}` was announced and is not there"),
            )
        })?;
        self.trailer = Some((name, value));
        Ok(if self.signed.is_some() { State::TrailerSignature } else { State::End })
    }

    fn read_trailer_signature(&mut self, line: &str) -> Result<State, Refusal> {
        let read = line.split_once(':').filter(|(name, _)| name.trim().eq_ignore_ascii_case(TRAILER_SIGNATURE));
        let claimed = read.and_then(|(_, value)| read_hex(value.trim()));
        let claimed = claimed.ok_or_else(|| Refusal::new(Code::MalformedTrailerError, "the trailer is not signed"))?;
        if let (Some(signed), Some((name, value))) = (&mut self.signed, &self.trailer) {
            let text = signed.strings.trailer(&signed.previous, &format!("{name}:{value}\n"));
            signed.advance(&text, claimed)?;
        }
        Ok(State::End)
    }
}

impl Signed {
    /// Checks a signature and makes it the one that the next must cover.
    fn advance(&mut self, text: &str, claimed: [u8; 32]) -> Result<(), Refusal> {
        if !self.key.signs(text, &claimed) {
            return Err(Refusal::new(Code::SignatureDoesNotMatch, "a signature inside the body does not match"));
        }
        self.previous = claimed;
        Ok(())
    }
}

fn incomplete(what: &'static str) -> Refusal {
    Refusal::new(Code::IncompleteBody, what)
}
