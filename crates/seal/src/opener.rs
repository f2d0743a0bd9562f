//! Receipts are spent here: the one way from sealed bytes to plaintext.
//!
//! [`Opener::open`] takes a receipt and nothing else, so what is opened is what was recorded. It promises that every byte it
//! gives out has verified, that memory stays within two segments, and that nothing comes after an error.
//!
//! ```
//! fn once(opener: &seal::Opener, receipt: ledger::Receipt) -> Result<seal::Opened, seal::SealError> {
//!     opener.open(receipt)
//! }
//! ```
//!
//! A receipt opens once:
//!
//! ```compile_fail,E0382
//! fn twice(opener: &seal::Opener, receipt: ledger::Receipt) {
//!     let _first = opener.open(receipt);
//!     let _second = opener.open(receipt);
//! }
//! ```
//!
//! Nothing else opens:
//!
//! ```compile_fail,E0308
//! fn unpaid(opener: &seal::Opener, access: policy::Access) {
//!     let _opened = opener.open(access);
//! }
//! ```
//!
//! Neither the handle nor what it opened can be copied, and plaintext cannot be printed:
//!
//! ```compile_fail,E0599
//! fn copied(opener: &seal::Opener) -> seal::Opener {
//!     opener.clone()
//! }
//! ```
//!
//! ```compile_fail,E0277
//! fn printed(mut opened: seal::Opened) {
//!     println!("{:?}", opened.next());
//! }
//! ```

use std::sync::Arc;

use base::Plain;
use base::ports::Blobs;
use base::word::Form;
use ledger::Receipt;
use policy::{Access, Target, Window};

use crate::error::SealError;
use crate::reader::Reader;
use crate::ring::KeyRing;

/// Opens what receipts paid for. Made once, in the program's wiring, and moved to its one owner; it cannot be cloned.
pub struct Opener {
    ring: Arc<KeyRing>,
    blobs: Arc<dyn Blobs>,
}

/// Plaintext that a receipt paid for, as an iterator over its segments.
///
/// Holds the receipt until the end: what was written to the socket is settled against [`Opened::index`].
#[must_use = "the receipt is spent; what is not read counts as authorised and unsent"]
pub struct Opened {
    receipt: Receipt,
    reader: Reader,
}

impl Opener {
    /// An opener for what `ring` has keys for and `blobs` holds.
    #[must_use]
    pub fn new(ring: Arc<KeyRing>, blobs: Arc<dyn Blobs>) -> Self {
        Self { ring, blobs }
    }

    /// Opens the window that `receipt` covers. Nothing is read from the store before the first segment is asked for.
    ///
    /// # Errors
    /// [`SealError::NotRaw`] and [`SealError::NoBytes`] for receipts of other kinds of access, [`SealError::Record`] when
    /// the version's record was changed, [`SealError::NoEpoch`] or [`SealError::DataDestroyed`] when its keys are gone.
    pub fn open(&self, receipt: Receipt) -> Result<Opened, SealError> {
        let reader = self.reader(receipt.access())?.0;
        Ok(Opened { receipt, reader })
    }

    /// The reader for an access, and the window's place in the version.
    pub(crate) fn reader(&self, access: &Access) -> Result<(Reader, Window), SealError> {
        // LIMIT: de-identified views are not made here yet; until they are, a receipt for one opens nothing.
        if access.form != Form::Raw {
            return Err(SealError::NotRaw(access.form));
        }
        let Target::Bytes { object, window } = &access.target else { return Err(SealError::NoBytes) };
        if object.engagement != access.engagement {
            return Err(SealError::OtherCompartment(object.version));
        }
        Ok((Reader::new(&self.ring, &self.blobs, Arc::clone(object), *window)?, *window))
    }
}

impl Opened {
    /// What was recorded.
    #[must_use]
    pub const fn access(&self) -> &Access {
        self.receipt.access()
    }

    /// The entry's index in the log: what a settlement names.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.receipt.index()
    }

    /// Plaintext bytes that have not been given out yet. After an error it stays above zero.
    #[must_use]
    pub const fn remaining(&self) -> u64 {
        self.reader.remaining()
    }
}

impl Iterator for Opened {
    type Item = Result<Plain, SealError>;

    /// The next piece, at most one segment; verified whole before a byte of it is given out.
    fn next(&mut self) -> Option<Self::Item> {
        self.reader.next()
    }
}
