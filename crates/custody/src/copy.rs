//! Copies: a read and a write under one caller and one request, each judged and recorded as such.
//!
//! The source is opened by receipt and sealed anew under the copy's own key, a segment at a time. Its bytes never leave the
//! process: the receipts count as authorised and as not sent.

use crate::delivery::{Delivery, Step};
use crate::error::CustodyError;
use crate::incoming::Incoming;

impl<Of> Incoming<Of> {
    /// Takes the whole of a delivery as this body.
    ///
    /// # Errors
    /// As the read and [`Self::push`] answer. The body is over then.
    pub async fn fill(&mut self, mut source: Box<Delivery>) -> Result<(), CustodyError> {
        let taken = self.take(&mut source).await;
        source.settle(0);
        taken
    }

    async fn take(&mut self, source: &mut Delivery) -> Result<(), CustodyError> {
        loop {
            match source.step() {
                Step::Segment(plain) => self.push(&plain.into_body()).await?,
                Step::Earn => source.earn().await?,
                Step::End => return Ok(()),
                Step::Broken(error) => return Err(error),
            }
            // A copy is work; others' requests get their turn between segments.
            tokio::task::yield_now().await;
        }
    }
}
