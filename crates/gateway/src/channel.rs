//! A connection as the HTTP layer reads and writes it: its socket, or TLS on its socket.
//!
//! What counts for the record is said here, not in the socket: bytes are flushed once neither HTTP nor TLS holds any of them,
//! and the other end has spoken once something of its own came through, not when its TLS did.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::server::TlsStream;

use crate::wire::{Socket, Wire};

/// What HTTP is spoken on.
pub(crate) enum Channel {
    /// The socket itself.
    Plain(Socket),
    /// TLS on it, the handshake done.
    Secured(Box<TlsStream<Socket>>),
}

impl Channel {
    fn wire(&self) -> &Wire {
        match self {
            Self::Plain(socket) => &socket.0,
            Self::Secured(stream) => &stream.get_ref().0.0,
        }
    }
}

impl AsyncRead for Channel {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = match &mut *self {
            Self::Plain(socket) => ready!(Pin::new(socket).poll_read(cx, buffer)),
            Self::Secured(stream) => ready!(Pin::new(stream).poll_read(cx, buffer)),
        };
        match read {
            Ok(()) => {
                if buffer.filled().len() > before {
                    self.wire().heard();
                }
                Poll::Ready(Ok(()))
            }
            // Many clients close without TLS's farewell. HTTP knows by itself where its messages end, so nothing that was cut
            // short passes for whole.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Poll::Ready(Ok(())),
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

impl AsyncWrite for Channel {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Plain(socket) => Pin::new(socket).poll_write(cx, bytes),
            Self::Secured(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Plain(socket) => Pin::new(socket).poll_write_vectored(cx, buffers),
            Self::Secured(stream) => Pin::new(stream).poll_write_vectored(cx, buffers),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    // INVARIANT: TLS is flushed once all its records are in the kernel, and hyper flushes only when its own buffer is empty: all
    // that was handed over was written.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(socket) => ready!(Pin::new(socket).poll_flush(cx)),
            Self::Secured(stream) => ready!(Pin::new(stream).poll_flush(cx)),
        }?;
        self.wire().flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Self::Secured(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
