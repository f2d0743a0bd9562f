//! A body on its way to the row or the store: digested, scanned and sealed in one pass over the buffers it was received in.
//!
//! ```text
//! body ──▶ batches ──┬─▶ fingerprint   MD5, the slowest
//!                    ├─▶ inspection    checksums, scan
//!                    └─▶ sealing       AES-GCM, file
//! ```
//!
//! Each lane takes one batch at a time, on a thread for such work, while the next batch gathers; so the lanes run beside each
//! other where there are cores, and no thread waits with an idle client. What fits a row is worked on where it stands.
//!
//! # Memory
//! A body holds at most two batches, one piece sealed, the scanner's window, and the people whom the last batch names; those
//! of the batches before wait in the catalog. Under 6 MiB, whatever its size, and 5 MiB more where every few letters name
//! somebody.

use std::sync::Arc;

use base::id::{BlobId, RequestId};
use base::object::Body;
use base::ports::BlobWriter;
use bytes::Bytes;
use catalog::model::Change;
use seal::StreamSealer;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::custody::Custody;
use crate::digests::{Digested, Digests, Fingerprint, Sums};
use crate::error::CustodyError;
use crate::facts::Inspection;
use crate::intake::joined;

/// Sealed bytes up to which a body lives in the catalog row. SPEC: design §5.
const INLINE_BYTES: usize = 16 * 1024;

/// How much is worked on at once: much more than handing it over costs, little enough to stay in a processor's cache.
const BATCH_BYTES: usize = 1024 * 1024;

/// How many pieces a batch has at most. Each keeps the buffer alive that it was received in, which may be longer.
const BATCH_PIECES: usize = 32;

/// Bodies up to this long are worked on where they stand: a tenth of a millisecond.
const SMALL_BYTES: usize = 64 * 1024;

/// Pieces of a body, in order. Cloning shares them.
type Batch = Arc<[Bytes]>;

/// A body being taken in.
pub(crate) struct Sink {
    custody: Arc<Custody>,
    request: RequestId,
    may_inline: bool,
    gathered: Vec<Bytes>,
    gathered_bytes: usize,
    taken: u64,
    blob: Option<BlobId>,
    fingerprint: Lane<Fingerprint>,
    inspection: Lane<(Sums, Option<Inspection>)>,
    sealing: Lane<Sealing>,
}

/// A body that was sealed and is durable, if it went to the store.
pub(crate) struct Sunk {
    pub(crate) body: Body,
    pub(crate) digested: Digested,
    /// The scan, if there was to be one; it has seen everything.
    pub(crate) inspection: Option<Inspection>,
    pub(crate) intents: Vec<BlobId>,
}

impl Sink {
    pub(crate) fn new(
        custody: Arc<Custody>,
        request: RequestId,
        sealer: StreamSealer,
        digests: Digests,
        inspection: Option<Inspection>,
        may_inline: bool,
    ) -> Self {
        let (fingerprint, sums) = digests.split();
        Self {
            custody,
            request,
            may_inline,
            gathered: Vec::new(),
            gathered_bytes: 0,
            taken: 0,
            blob: None,
            fingerprint: Lane::Here(fingerprint),
            inspection: Lane::Here((sums, inspection)),
            sealing: Lane::Here(Sealing { sealer, sealed: Sealed::default() }),
        }
    }

    /// How many bytes were taken.
    pub(crate) const fn taken(&self) -> u64 {
        self.taken
    }

    /// Takes the next plaintext bytes. Waits while the lanes are two batches behind.
    pub(crate) async fn push(&mut self, bytes: &Bytes) -> Result<(), CustodyError> {
        self.taken = self.taken.saturating_add(bytes.len() as u64);
        self.gathered_bytes = self.gathered_bytes.saturating_add(bytes.len());
        self.gathered.push(bytes.clone());
        if self.gathered_bytes >= BATCH_BYTES || self.gathered.len() >= BATCH_PIECES {
            self.hand_over().await?;
        }
        Ok(())
    }

    fn batch(&mut self) -> Batch {
        self.gathered_bytes = 0;
        std::mem::take(&mut self.gathered).into()
    }

    /// Hands what has gathered to the lanes; each takes it once it is done with what came before.
    async fn hand_over(&mut self) -> Result<(), CustodyError> {
        if self.blob.is_none() {
            let writer = self.begin_blob().await?;
            let mut sealing = self.sealing.back().await?;
            sealing.sealed.writer = Some(writer);
            self.sealing = Lane::Here(sealing);
        }
        let batch = self.batch();
        self.sealing.send(&batch, Sealing::take).await?;
        self.fingerprint.send(&batch, fingerprint).await?;
        self.stage().await?;
        self.inspection.send(&batch, inspect).await
    }

    /// Keeps what the scan has made of the batches before in the catalog, where it is much.
    async fn stage(&mut self) -> Result<(), CustodyError> {
        let (sums, mut inspection) = self.inspection.back().await?;
        if let Some(inspection) = &mut inspection {
            self.custody.stage(inspection).await?;
        }
        self.inspection = Lane::Here((sums, inspection));
        Ok(())
    }

    async fn begin_blob(&mut self) -> Result<Box<dyn BlobWriter>, CustodyError> {
        let name = BlobId::fresh(self.custody.entropy.as_ref());
        let intend = Change::Intend { blobs: vec![name], request: self.request, at: self.custody.clock.now() };
        // DURABLE: the intent precedes the blob's first byte, so that the sweep finds whatever a crash leaves.
        self.custody.queue.record(vec![intend], Vec::new()).await?;
        self.blob = Some(name);
        Ok(self.custody.blobs.create(name)?)
    }

    /// Ends the body and makes it durable.
    pub(crate) async fn finish(mut self) -> Result<Sunk, CustodyError> {
        if self.blob.is_some() || self.gathered_bytes > SMALL_BYTES {
            self.hand_over().await?;
        }
        // All of a small body, nothing of a larger one.
        let rest = self.batch();
        let mut sealing = self.sealing.back().await?;
        sealing.take(&rest)?;
        let mut sealed = sealing.end()?;
        let mut flushed = None;
        if self.blob.is_some() || !self.may_inline || sealed.bytes.len() > INLINE_BYTES {
            if self.blob.is_none() {
                sealed.writer = Some(self.begin_blob().await?);
            }
            // Flushing waits for the disk: not on a thread that others' requests run on.
            let bytes = std::mem::take(&mut sealed.bytes);
            flushed = sealed.writer.map(|writer| spawn_blocking(move || flush(writer, &bytes)));
        }
        let mut md5 = self.fingerprint.back().await?;
        fingerprint(&mut md5, &rest)?;
        let mut inspection = self.inspection.back().await?;
        inspect(&mut inspection, &rest)?;
        if let Some(flushed) = flushed {
            flushed.await.map_err(joined)??;
        }
        let body = self.blob.map_or_else(|| Body::Inline(sealed.bytes.into()), Body::Blob);
        let (sums, mut inspection) = inspection;
        // Facts that wait in the catalog are younger than the blob's intent, without which the put will not be: whoever sweeps
        // one away has swept the other. A body without a blob is too short to name more people than one act carries well.
        if let (Some(inspection), Body::Blob(_)) = (&mut inspection, &body) {
            self.custody.stage(inspection).await?;
        }
        Ok(Sunk { body, digested: Digested::of(md5, sums), inspection, intents: self.blob.into_iter().collect() })
    }

    /// Gives the body up: its intent dies and its blob becomes garbage.
    pub(crate) async fn abandon(mut self) {
        if let Some(name) = self.blob {
            // Whoever is still writing is done first; the writer ends here.
            drop(self.sealing.back().await);
            self.custody.forget(vec![name]).await;
        }
        let inspection = self.inspection.back().await.ok().and_then(|(_, inspection)| inspection);
        if let Some(version) = inspection.and_then(|inspection| inspection.staged()) {
            self.custody.forget_staged(version).await;
        }
    }
}

/// One strand of the work: its state, here or on another thread with a batch.
enum Lane<T> {
    Here(T),
    Away(JoinHandle<Result<T, CustodyError>>),
    /// The last batch failed, and so will the body.
    Gone,
}

impl<T: Send + 'static> Lane<T> {
    /// The state, once it is done with its batch. Whoever takes it puts it back, or the lane is over.
    async fn back(&mut self) -> Result<T, CustodyError> {
        match std::mem::replace(self, Self::Gone) {
            Self::Here(state) => Ok(state),
            Self::Away(task) => task.await.map_err(joined)?,
            Self::Gone => Err(base::Fault::new(base::Kind::Bug, "a body went on after it had failed").into()),
        }
    }

    /// Works on a batch, once it is done with the one before.
    async fn send(
        &mut self,
        batch: &Batch,
        work: fn(&mut T, &[Bytes]) -> Result<(), CustodyError>,
    ) -> Result<(), CustodyError> {
        let (mut state, batch) = (self.back().await?, Arc::clone(batch));
        *self = Self::Away(spawn_blocking(move || work(&mut state, &batch).map(|()| state)));
        Ok(())
    }
}

fn fingerprint(md5: &mut Fingerprint, batch: &[Bytes]) -> Result<(), CustodyError> {
    batch.iter().for_each(|piece| md5.update(piece));
    Ok(())
}

fn inspect((sums, inspection): &mut (Sums, Option<Inspection>), batch: &[Bytes]) -> Result<(), CustodyError> {
    for piece in batch {
        sums.update(piece);
        if let Some(inspection) = inspection {
            inspection.push(piece);
        }
    }
    Ok(())
}

/// The lane that seals, and writes what is sealed once the body has a blob.
struct Sealing {
    sealer: StreamSealer,
    sealed: Sealed,
}

/// Sealed bytes, and where they go if they do not stay in the row.
#[derive(Default)]
struct Sealed {
    bytes: Vec<u8>,
    writer: Option<Box<dyn BlobWriter>>,
}

impl Sealing {
    fn take(&mut self, batch: &[Bytes]) -> Result<(), CustodyError> {
        let Sealed { bytes, writer } = &mut self.sealed;
        for piece in batch {
            self.sealer.push(piece, bytes)?;
            if let Some(writer) = writer {
                writer.append(bytes)?;
                bytes.clear();
            }
        }
        Ok(())
    }

    /// Ends the stream.
    fn end(mut self) -> Result<Sealed, CustodyError> {
        self.sealer.finish(&mut self.sealed.bytes)?;
        Ok(self.sealed)
    }
}

fn flush(mut writer: Box<dyn BlobWriter>, rest: &[u8]) -> Result<(), CustodyError> {
    writer.append(rest)?;
    Ok(writer.finish()?)
}
