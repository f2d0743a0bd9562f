//! Reading a window of a sealed version, segment by segment.
//!
//! The record is verified before anything else, by opening the object's key with it. From then on every length comes from the
//! record: the store is asked for exactly the bytes that must be there, so a shorter blob is an error and a longer one does
//! not matter.
//!
//! This is the way to plaintext without a receipt, so it does not leave this crate: [`crate::Opener`] is its one user.

use std::sync::Arc;

use base::object::{Body, Part, SealedObject};
use base::ports::{BlobReader, Blobs};
use base::{Plain, Secret};
use policy::Window;

use crate::binding::{self, Identity};
use crate::epoch::Epoch;
use crate::error::SealError;
use crate::layout::Segment;
use crate::object::{object_key, total};
use crate::ring::KeyRing;
use crate::segment::{NoOpener, SegmentOpener};
use crate::stream::{HEADER_BYTES, Parameters};
use crate::wrap::KEY_BYTES;

/// A window of plaintext being read.
pub(crate) struct Reader {
    ring: Arc<KeyRing>,
    blobs: Arc<dyn Blobs>,
    object: Arc<SealedObject>,
    parameters: Parameters,
    epoch: Arc<Epoch>,
    key: Secret<KEY_BYTES>,
    /// Next byte of the version to give out, and where the window ends.
    window: Window,
    part: Current,
    failed: bool,
}

/// The part that is being read.
struct Current {
    /// Its place in the list.
    index: usize,
    /// Where it begins in the version.
    start: u64,
    /// Its stream's key, once needed.
    stream: Option<Arc<SegmentOpener>>,
    /// Whether that key was derived here and has opened nothing yet.
    unproven: bool,
    /// Its blob, once needed: kept open from segment to segment.
    blob: Option<Box<dyn BlobReader>>,
}

impl Current {
    const fn new(index: usize, start: u64) -> Self {
        Self { index, start, stream: None, unproven: false, blob: None }
    }
}

impl Reader {
    /// Verifies the record of `object` and stands at the beginning of `window`. Reads nothing from the store yet.
    pub(crate) fn new(
        ring: &Arc<KeyRing>,
        blobs: &Arc<dyn Blobs>,
        object: Arc<SealedObject>,
        window: Window,
    ) -> Result<Self, SealError> {
        let (epoch, key) = object_key(ring, &object)?;
        // The record is as it was sealed; what follows can only fail if it was sealed wrongly.
        if total(&object.parts) != Ok(object.size) {
            return Err(SealError::Record(object.version));
        }
        if window.from > window.to || window.to > object.size {
            return Err(SealError::Window(object.version));
        }
        let parameters = Parameters::new(object.segment_size)?;
        let (ring, blobs) = (Arc::clone(ring), Arc::clone(blobs));
        Ok(Self { ring, blobs, object, parameters, epoch, key, window, part: Current::new(0, 0), failed: false })
    }

    /// Bytes still to be given out.
    pub(crate) const fn remaining(&self) -> u64 {
        self.window.len()
    }

    /// The object's key and parameters, for an export.
    pub(crate) const fn stream_key(&self) -> (&Parameters, &Secret<KEY_BYTES>) {
        (&self.parameters, &self.key)
    }

    fn step(&mut self) -> Result<Plain, SealError> {
        if self.epoch.ended() {
            return Err(SealError::NoEpoch(self.epoch.id()));
        }
        let object = Arc::clone(&self.object);
        let part = self.find_part(&object)?;
        let corrupt = SealError::Record(object.version);
        let offset = self.window.from.saturating_sub(self.part.start);
        let segment = self.parameters.layout().segment_of(part.size, offset).ok_or(corrupt)?;
        let mut plain = match &part.body {
            Body::Inline(sealed) => self.open_inline(part, &segment, sealed)?,
            Body::Blob(_) => self.open_blob(part, &segment)?,
        };
        if let (true, Some(stream)) = (std::mem::take(&mut self.part.unproven), &self.part.stream) {
            // Only now: a key derived from a header that somebody changed must not be what later readers find.
            self.ring.streams().keep(object.version, part.number, &self.epoch, stream);
        }
        // Trim to the window. All of it fits `usize`: it lies within a buffer.
        let wanted = segment.plain.end.min(self.window.to.saturating_sub(self.part.start));
        let within = |offset: u64| usize::try_from(offset.saturating_sub(segment.plain.start)).unwrap_or(usize::MAX);
        plain.truncate(within(wanted));
        drop(plain.drain(..within(offset).min(plain.len())));
        self.window.from = self.window.from.saturating_add(plain.len() as u64);
        Ok(Plain::new(plain))
    }

    /// Moves on to the part that holds the next byte.
    fn find_part<'a>(&mut self, object: &'a SealedObject) -> Result<&'a Part, SealError> {
        loop {
            let part = object.parts.get(self.part.index).ok_or(SealError::Record(object.version))?;
            let end = self.part.start.saturating_add(part.size);
            if self.window.from < end {
                return Ok(part);
            }
            let index = self.part.index.saturating_add(1);
            self.part = Current::new(index, end);
        }
    }

    fn open_inline(&mut self, part: &Part, segment: &Segment, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let unauthentic = || self.unauthentic(part, segment.index);
        if self.parameters.layout().sealed_len(part.size) != Some(sealed.len() as u64) {
            return Err(unauthentic());
        }
        let bounds = usize::try_from(segment.sealed.start).ok().zip(usize::try_from(segment.sealed.end).ok());
        let body = bounds.and_then(|(start, end)| sealed.get(start..end)).ok_or_else(unauthentic)?;
        let header = sealed.get(..HEADER_BYTES).ok_or_else(unauthentic)?;
        let stream = match self.known_stream(part) {
            Some(stream) => stream,
            None => self.derive_stream(part, header)?,
        };
        stream.open(segment, body).map_err(|_| self.unauthentic(part, segment.index))
    }

    fn open_blob(&mut self, part: &Part, segment: &Segment) -> Result<Vec<u8>, SealError> {
        let known = self.known_stream(part);
        // The header lies before the first segment: when both are needed, one read fetches them.
        let lead = if known.is_none() && segment.index == 0 { HEADER_BYTES } else { 0 };
        let start = segment.sealed.start.saturating_sub(lead as u64);
        let length = usize::try_from(segment.sealed.end.saturating_sub(start)).unwrap_or(usize::MAX);
        let mut buffer = Vec::with_capacity(length);
        self.read(part, start, length, &mut buffer)?;
        let stream = match known {
            Some(stream) => stream,
            None if lead > 0 => self.derive_stream(part, buffer.get(..lead).unwrap_or_default())?,
            None => {
                let mut header = Vec::with_capacity(HEADER_BYTES);
                self.read(part, 0, HEADER_BYTES, &mut header)?;
                self.derive_stream(part, &header)?
            }
        };
        stream.open_in_place(segment, &mut buffer, lead).map_err(|_| self.unauthentic(part, segment.index))?;
        Ok(buffer)
    }

    /// Appends `length` bytes of the part's blob to `buffer`.
    fn read(&mut self, part: &Part, offset: u64, length: usize, buffer: &mut Vec<u8>) -> Result<(), SealError> {
        let Body::Blob(name) = part.body else { return Err(SealError::Record(self.object.version)) };
        let fault = |source| SealError::Blob { version: self.object.version, part: part.number, source };
        let blob = match self.part.blob.take() {
            Some(blob) => blob,
            None => self.blobs.open(name).map_err(fault)?,
        };
        self.part.blob.insert(blob).read_at(offset, length, buffer).map_err(fault)
    }

    /// The part's stream key, from this reader or from the cache.
    fn known_stream(&mut self, part: &Part) -> Option<Arc<SegmentOpener>> {
        if self.part.stream.is_none() {
            self.part.stream = self.ring.streams().find(self.object.version, part.number);
        }
        self.part.stream.clone()
    }

    fn derive_stream(&mut self, part: &Part, header: &[u8]) -> Result<Arc<SegmentOpener>, SealError> {
        let associated = binding::part(&Identity::of(&self.object), part.number);
        let derived = SegmentOpener::derive(&self.parameters, &self.key, &associated, header);
        let stream = Arc::new(derived.map_err(|problem| match problem {
            NoOpener::Header => self.unauthentic(part, 0),
            NoOpener::Provider(error) => error,
        })?);
        self.part.stream = Some(Arc::clone(&stream));
        self.part.unproven = true;
        Ok(stream)
    }

    fn unauthentic(&self, part: &Part, segment: u32) -> SealError {
        SealError::Segment { version: self.object.version, part: part.number, segment }
    }
}

impl Iterator for Reader {
    type Item = Result<Plain, SealError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed || self.window.is_empty() {
            return None;
        }
        let step = self.step();
        // INVARIANT: after an error nothing more comes; what is missing shows in `remaining`.
        self.failed = step.is_err();
        Some(step)
    }
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
