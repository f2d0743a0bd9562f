//! The body of a request as it comes in, from somebody who must not take for ever.
//!
//! # Threats
//! A client that has authenticated announces a large body and sends a byte a minute, on as many connections as it may have:
//! each holds what intake needs for an upload. Only the time in which we wait for the client counts against it; while we
//! store what it sent, it may not be able to send.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep};

/// How slowly a body may come: of every `span` of waiting, at least `bytes`.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// See the type.
    pub span: Duration,
    /// See the type.
    pub bytes: u64,
}

/// What is left of a client's time.
struct Patience {
    pace: Pace,
    /// How long we have waited since the pace was last kept, and how much came meanwhile.
    waited: Duration,
    came: u64,
}

impl Patience {
    fn arrived(&mut self, after: Duration, bytes: u64) {
        self.waited = self.waited.saturating_add(after);
        self.came = self.came.saturating_add(bytes);
        if self.came >= self.pace.bytes {
            (self.waited, self.came) = (Duration::ZERO, 0);
        }
    }

    fn left(&self) -> Duration {
        self.pace.span.saturating_sub(self.waited)
    }
}

/// A body whose sender is held to a pace.
pub struct Inbound {
    body: Incoming,
    patience: Patience,
    /// Since when we wait for the client now.
    waiting: Option<Instant>,
    /// The alarm of the last wait, kept so that it need not be made anew.
    alarm: Option<Pin<Box<Sleep>>>,
}

/// Why a body broke off.
#[derive(Debug)]
pub enum Broken {
    /// The client did not keep the pace.
    Slow,
    /// The connection ended, or what came was not HTTP.
    Cut(hyper::Error),
}

impl Inbound {
    pub(crate) fn new(body: Incoming, pace: Pace) -> Self {
        Self { body, patience: Patience { pace, waited: Duration::ZERO, came: 0 }, waiting: None, alarm: None }
    }

    /// Whether the client has had its time.
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let left = self.patience.left();
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep(left)));
        if self.waiting.is_none() {
            let since = Instant::now();
            self.waiting = Some(since);
            if let Some(at) = since.checked_add(left) {
                alarm.as_mut().reset(at);
            }
        }
        alarm.as_mut().poll(cx)
    }
}

impl Body for Inbound {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                let after = self.waiting.take().map_or(Duration::ZERO, |since| since.elapsed());
                let bytes = frame.data_ref().map_or(0, Bytes::len) as u64;
                self.patience.arrived(after, bytes);
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(Broken::Cut(error)))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => self.poll_patience(cx).map(|()| Some(Err(Broken::Slow))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Slow => "the body came too slowly",
            Self::Cut(_) => "the body could not be read to its end",
        })
    }
}

impl std::error::Error for Broken {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Slow => None,
            Self::Cut(error) => Some(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const MINUTE: Duration = Duration::from_secs(60);

    fn patience() -> Patience {
        Patience { pace: Pace { span: MINUTE, bytes: 60_000 }, waited: Duration::ZERO, came: 0 }
    }

    #[test]
    fn who_keeps_the_pace_is_never_out_of_time() {
        let mut patience = patience();
        for _ in 0..100 {
            patience.arrived(MINUTE.saturating_sub(SECOND), 60_000);
            assert_eq!(patience.left(), MINUTE);
        }
        // Bytes that were there already cost no time.
        patience.arrived(Duration::ZERO, 10);
        assert_eq!(patience.left(), MINUTE);
    }

    #[test]
    fn who_dribbles_runs_out_of_time_whatever_was_sent_before() {
        let mut patience = patience();
        patience.arrived(SECOND, 1 << 40);
        for left in (0..60).rev() {
            patience.arrived(SECOND, 999);
            assert_eq!(patience.left(), Duration::from_secs(left));
        }
    }
}
