//! The limit of a GET: hyper sending a file from the page cache, nothing checked, nothing recorded, nothing sealed.
//!
//! As good as it can be in safe code: the file is open, pieces are read into buffers that are used again, no byte is copied
//! between that and the socket.

use std::convert::Infallible;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::Outcome;

/// How much is read and handed over at once.
const PIECE_BYTES: usize = 128 * 1024;

type Pool = Arc<Mutex<Vec<Vec<u8>>>>;

/// Serves the file on a port of this machine, whatever is asked for, until the process ends.
pub(crate) async fn serve(path: &Path, port: &str) -> Outcome<()> {
    let file = Arc::new(File::open(path)?);
    let length = file.metadata()?.len();
    let pool = Pool::default();
    let listener = TcpListener::bind(("127.0.0.1", port.parse()?)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (file, pool) = (Arc::clone(&file), Arc::clone(&pool));
        let service = service_fn(move |_: Request<Incoming>| {
            let body = FileBody { file: Arc::clone(&file), pool: Arc::clone(&pool), at: 0, length };
            async move { Ok::<_, Infallible>(Response::new(body)) }
        });
        tokio::spawn(async move {
            // A client that goes away ends its connection; nothing is to be done about it.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

struct FileBody {
    file: Arc<File>,
    pool: Pool,
    at: u64,
    length: u64,
}

/// A buffer that goes back to the pool.
struct Lent(Vec<u8>, Pool);

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.1.lock().unwrap_or_else(PoisonError::into_inner).push(std::mem::take(&mut self.0));
    }
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let left = self.length.saturating_sub(self.at);
        if left == 0 {
            return Poll::Ready(None);
        }
        let room = self.pool.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut room = room.unwrap_or_else(|| vec![0; PIECE_BYTES]);
        room.resize(usize::try_from(left).unwrap_or(usize::MAX).min(PIECE_BYTES), 0);
        let read = self.file.read_exact_at(&mut room, self.at);
        self.at = self.at.saturating_add(room.len() as u64);
        Poll::Ready(Some(read.map(|()| Frame::data(Bytes::from_owner(Lent(room, Arc::clone(&self.pool)))))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length.saturating_sub(self.at))
    }
}
