//! The body of an answer: plaintext on its way from custody to the socket, decrypted where it is polled.
//!
//! One segment a poll: the HTTP layer asks for the next when it has room, so nothing is decrypted ahead of the client, and a
//! pause is seen between any two segments. Segments come from the page cache; handing each to another thread and back costs
//! more than opening it here.
//!
//! When the body ends it settles: it tells custody how many bytes were certainly written to the socket.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use base::Plain;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::wire::Wire;

/// Where a body takes its bytes from: custody's delivery, and stand-ins in tests.
pub trait Source: Send + 'static {
    /// Why it breaks off.
    type Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send;

    /// The next step. Opens at most one segment; does not wait.
    fn step(&mut self) -> Step<Self::Error>;

    /// Earns the next window.
    fn earn(&mut self) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Ends it; `sent` bytes are known to have been written.
    fn settle(&mut self, sent: u64);
}

/// What a source has to give next.
pub enum Step<E> {
    /// The next bytes.
    Segment(Plain),
    /// The next window must be earned first.
    Earn,
    /// Everything was given.
    End,
    /// It breaks off here.
    Broken(E),
}

type Earning<S> = Pin<Box<dyn Future<Output = (S, Result<(), <S as Source>::Error>)> + Send>>;

enum State<S: Source> {
    /// Ready for the next step.
    Ready(S),
    /// Waiting for the next receipt.
    Earning(Earning<S>),
    /// Settled, or broken off.
    Over,
}

/// A body of known length.
pub struct Outgoing<S: Source> {
    state: State<S>,
    wire: Arc<Wire>,
    /// Where the wire's count of handed bytes stood when this body began.
    from: u64,
    given: u64,
    length: u64,
}

impl<S: Source> Outgoing<S> {
    /// A body of `length` bytes. The wire must have been entered in the register under the bytes' engagement.
    #[must_use]
    pub fn new(source: S, length: u64, wire: Arc<Wire>) -> Self {
        Self { state: State::Ready(source), from: wire.handed(), wire, given: 0, length }
    }

    /// Ends the body; only what was flushed to the kernel and has left its buffer counts as sent.
    fn break_off(&mut self) {
        // LIMIT: while a receipt is being earned the source is with the ledger; what was sent before then counts as unsent in
        // the minimum. It is still within what was authorised.
        if let State::Ready(mut source) = std::mem::replace(&mut self.state, State::Over) {
            source.settle(self.wire.certainly_sent(self.from, self.given));
        }
    }

    /// Ends a body that was given whole: it settles in full once the client is known to have it.
    fn complete(&mut self) {
        if let State::Ready(mut source) = std::mem::replace(&mut self.state, State::Over) {
            self.wire.settle_when_heard(self.from, self.given, Box::new(move |sent| source.settle(sent)));
        }
    }
}

impl<S: Source + Unpin> Body for Outgoing<S> {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        loop {
            match &mut self.state {
                State::Over => return Poll::Ready(None),
                State::Earning(earning) => {
                    let (source, outcome) = ready!(earning.as_mut().poll(cx));
                    self.state = State::Ready(source);
                    if let Err(error) = outcome {
                        self.break_off();
                        return Poll::Ready(Some(Err(error.into())));
                    }
                }
                State::Ready(source) => match source.step() {
                    Step::Segment(plain) => {
                        let count = plain.len() as u64;
                        self.given = self.given.saturating_add(count);
                        self.wire.hand_over(count);
                        return Poll::Ready(Some(Ok(Frame::data(plain.into_body()))));
                    }
                    Step::Earn => {
                        if let State::Ready(mut source) = std::mem::replace(&mut self.state, State::Over) {
                            self.state = State::Earning(Box::pin(async move {
                                let outcome = source.earn().await;
                                (source, outcome)
                            }));
                        }
                    }
                    Step::End => {
                        self.complete();
                        return Poll::Ready(None);
                    }
                    Step::Broken(error) => {
                        self.break_off();
                        return Poll::Ready(Some(Err(error.into())));
                    }
                },
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.state, State::Over)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length.saturating_sub(self.given))
    }
}

impl<S: Source> Drop for Outgoing<S> {
    /// The HTTP layer drops a body once it has its full length, without asking whether more follows.
    fn drop(&mut self) {
        if self.given == self.length { self.complete() } else { self.break_off() }
    }
}
