//! A version as something that can be read at offsets, and where what is found in it goes.
//!
//! What must be unpacked is read here and there, by code that knows no tasks: it runs on a thread for such work, and each stretch
//! it reads is judged, recorded and opened as every read is.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use base::Plain;
use base::id::RequestId;
use base::word::Verb;
use catalog::model::JobRow;
use policy::Window;
use tokio::runtime::Handle;
use unpack::{Source, UnpackError};

use crate::custody::Custody;
use crate::delivery::{Delivery, Step};
use crate::directory::Engagement;
use crate::error::CustodyError;
use crate::identity::Caller;
use crate::settings::Dataset;
use crate::version::Version;

/// A version whose bytes the scanner reads, from any offset.
pub(crate) struct Reading {
    custody: Arc<Custody>,
    engagement: Arc<Engagement>,
    dataset: Arc<Dataset>,
    version: Arc<Version>,
    job: JobRow,
    request: RequestId,
    caller: Arc<Caller>,
    handle: Handle,
    at: Mutex<At>,
}

/// How far the version was read, in order, since the last jump.
#[derive(Default)]
pub(crate) struct At {
    delivery: Option<Delivery>,
    /// Where the segment that is held begins.
    from: u64,
    held: Option<Plain>,
    /// How many bytes were opened so far, what was read twice counted twice.
    opened: u64,
}

impl Source for Reading {
    fn len(&self) -> u64 {
        self.version.row.size
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        if offset >= self.len() || into.is_empty() {
            return Ok(0);
        }
        let mut at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        if !at.holds(offset) {
            self.advance(&mut at, offset).map_err(io::Error::other)?;
        }
        Ok(at.copy(offset, into))
    }
}

impl Reading {
    pub(crate) fn new(
        custody: Arc<Custody>,
        engagement: &Arc<Engagement>,
        dataset: Arc<Dataset>,
        version: Arc<Version>,
        job: &JobRow,
        handle: Handle,
    ) -> Self {
        let (request, caller) = (custody.request(), Arc::new(Caller::scanner(custody.scanner)));
        let (engagement, job, at) = (Arc::clone(engagement), job.clone(), Mutex::default());
        Self { custody, engagement, dataset, version, job, request, caller, handle, at }
    }

    /// The key it lies under.
    pub(crate) fn key(&self) -> &[u8] {
        &self.version.row.key
    }

    /// The content type it was written with.
    pub(crate) fn content_type(&self) -> Option<&str> {
        self.version.meta.headers.get("content-type").map(String::as_str)
    }

    /// Holds the segment with the byte at `offset`: the next one where it is read in order, else the first of a new stretch.
    fn advance(&self, at: &mut At, offset: u64) -> Result<(), CustodyError> {
        let next = at.next();
        if at.delivery.is_none() || next != offset {
            let window = Window { from: offset, to: self.len() };
            let mut delivery = Delivery::new(
                Arc::clone(&self.custody),
                Arc::clone(&self.caller),
                self.request,
                Arc::clone(&self.engagement),
                Arc::clone(&self.dataset),
                Arc::clone(&self.version),
                window,
                Verb::Scan,
            );
            self.earn(at, &mut delivery)?;
            at.delivery = Some(delivery);
        }
        loop {
            let Some(mut delivery) = at.delivery.take() else { return Err(self.ended()) };
            match delivery.step() {
                Step::Segment(plain) => {
                    at.from = offset;
                    at.opened = at.opened.saturating_add(plain.expose(<[u8]>::len) as u64);
                    at.held = Some(plain);
                    at.delivery = Some(delivery);
                    return Ok(());
                }
                Step::Earn => {
                    self.earn(at, &mut delivery)?;
                    at.delivery = Some(delivery);
                }
                Step::End => return Err(self.ended()),
                Step::Broken(error) => return Err(error),
            }
        }
    }

    /// Earns the next window, and says that this worker lives.
    fn earn(&self, at: &At, delivery: &mut Delivery) -> Result<(), CustodyError> {
        self.handle.block_on(async {
            self.custody.progress(&self.job, at.opened).await?;
            delivery.earn().await
        })
    }

    fn ended(&self) -> CustodyError {
        CustodyError::Corrupt(format!("version `{}` is shorter than its row says", self.version.row.version))
    }
}

/// Why a version could not be read: what reading it answered.
pub(crate) fn failure(error: UnpackError) -> CustodyError {
    let UnpackError { offset, source } = error;
    match source.into_inner().map(|inner| inner.downcast::<CustodyError>()) {
        Some(Ok(error)) => *error,
        _ => CustodyError::Corrupt(format!("a version that ends at byte {offset}, before its end")),
    }
}

impl At {
    /// Where the next segment begins.
    fn next(&self) -> u64 {
        self.from.saturating_add(self.len())
    }

    fn len(&self) -> u64 {
        self.held.as_ref().map_or(0, |plain| plain.expose(<[u8]>::len) as u64)
    }

    fn holds(&self, offset: u64) -> bool {
        self.from <= offset && offset < self.next()
    }

    /// Copies what is held from `offset` on.
    fn copy(&self, offset: u64, into: &mut [u8]) -> usize {
        let skip = usize::try_from(offset.saturating_sub(self.from)).unwrap_or(usize::MAX);
        self.held.as_ref().map_or(0, |plain| {
            plain.expose(|bytes| {
                let rest = bytes.get(skip..).unwrap_or_default();
                into.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
                rest.len().min(into.len())
            })
        })
    }
}
