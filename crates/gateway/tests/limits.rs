//! Each limit bites, and bites nobody else.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod speech;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use gateway::inbound::{Broken, Inbound};
use gateway::limits::Limits;
use gateway::server::{Front, Rules, listen, serve};
use gateway::wire::Wire;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use speech::Speech;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{interval, timeout};

/// Short enough for a test, long enough for a busy machine to do what is to be done within it.
const SHORT: Duration = Duration::from_millis(300);

/// Nothing here may take this long: what was to end did not.
const LONG: Duration = Duration::from_secs(30);

/// `/never` has no answer, `/upload` tells how its body ended, `/huge` has no end, all else is answered `ok`.
struct Plays;

enum Answer {
    Whole(Option<Bytes>),
    Endless,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(match &mut *self {
            Self::Whole(bytes) => bytes.take().map(|bytes| Ok(Frame::data(bytes))),
            Self::Endless => Some(Ok(Frame::data(Bytes::from_static(&[0; 65_536])))),
        })
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Endless => SizeHint::default(),
        }
    }
}

fn said(text: &'static str) -> Response<Answer> {
    Response::new(Answer::Whole(Some(Bytes::from_static(text.as_bytes()))))
}

impl Front for Plays {
    type Body = Answer;

    async fn answer(&self, request: Request<Inbound>, _wire: Arc<Wire>) -> Response<Answer> {
        match request.uri().path() {
            "/never" => std::future::pending().await,
            "/huge" => Response::new(Answer::Endless),
            "/upload" => match request.into_body().collect().await {
                Ok(_) => said("whole"),
                Err(Broken::Slow) => said("slow"),
                Err(Broken::Cut(_)) => said("cut"),
            },
            _ => said("ok"),
        }
    }
}

/// A server under `limits`; it ends with the sender.
async fn server(speech: Speech, limits: Limits) -> (SocketAddr, watch::Sender<bool>) {
    let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    let rules = Rules { limits, ..speech.rules() };
    tokio::spawn(serve(listener, Arc::new(Plays), Arc::default(), rules, stopped));
    (address, stop)
}

async fn ask(stream: &mut (impl AsyncWriteExt + Unpin), head: &str) {
    stream.write_all(format!("{head}\r\nhost: h\r\n\r\n").as_bytes()).await.unwrap();
}

/// Everything until the server closes, in order or not.
async fn rest(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut all = Vec::new();
    let ended = timeout(LONG, stream.read_to_end(&mut all)).await;
    assert!(ended.is_ok(), "the server kept the connection");
    String::from_utf8_lossy(&all).into_owned()
}

/// One answer on a connection that stays open.
async fn answer(stream: &mut (impl AsyncReadExt + Unpin), ending: &str) -> String {
    let mut all = Vec::new();
    while !all.ends_with(ending.as_bytes()) {
        all.push(timeout(LONG, stream.read_u8()).await.unwrap().unwrap());
    }
    String::from_utf8(all).unwrap()
}

#[tokio::test]
async fn who_says_nothing_is_let_go() {
    let (address, _stop) = server(Speech::Plain, Limits { first_head: SHORT, ..Limits::default() }).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    assert_eq!(rest(&mut stream).await, "");
}

/// The time for the first head is over while the request goes on.
#[tokio::test]
async fn who_has_asked_may_take_longer() {
    let (address, _stop) = server(Speech::Plain, Limits { first_head: SHORT, ..Limits::default() }).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"PUT /upload HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\n").await.unwrap();
    let mut every = interval(SHORT);
    for _ in 0..5 {
        every.tick().await;
        stream.write_all(b"x").await.unwrap();
    }
    answer(&mut stream, "whole").await;
}

#[tokio::test]
async fn a_head_that_dribbles_is_let_go() {
    let (address, _stop) = server(Speech::Plain, Limits { first_head: SHORT, ..Limits::default() }).await;
    let (mut read, mut write) = TcpStream::connect(address).await.unwrap().into_split();
    write.write_all(b"GET / HTTP/1.1\r\nx: ").await.unwrap();
    let dribble = async {
        let mut every = interval(SHORT / 10);
        loop {
            every.tick().await;
            if write.write_all(b"x").await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        said = rest(&mut read) => assert_eq!(said, ""),
        () = dribble => {}
    }
}

#[tokio::test]
async fn an_idle_connection_is_let_go() {
    let (address, _stop) = server(Speech::Plain, Limits { head: SHORT, ..Limits::default() }).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    ask(&mut stream, "GET /ok HTTP/1.1").await;
    answer(&mut stream, "ok").await;
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn a_handshake_that_stops_is_let_go_and_keeps_nobody_waiting() {
    let (address, _stop) = server(Speech::Tls, Limits { handshake: SHORT, ..Limits::default() }).await;
    let mut stuck = TcpStream::connect(address).await.unwrap();
    // The beginning of a handshake record that does not go on.
    stuck.write_all(&[22, 3, 1, 2, 0, 1]).await.unwrap();
    let mut other = Speech::Tls.connect(address).await;
    ask(&mut other, "GET /ok HTTP/1.1").await;
    answer(&mut other, "ok").await;
    assert_eq!(rest(&mut stuck).await, "");
}

#[tokio::test]
async fn plain_text_is_not_understood_where_tls_is_spoken() {
    let (address, _stop) = server(Speech::Tls, Limits::default()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    ask(&mut stream, "GET /ok HTTP/1.1").await;
    assert!(!rest(&mut stream).await.contains("HTTP"));
}

#[tokio::test]
async fn a_body_that_dribbles_is_refused() {
    let limits = Limits { upload_span: SHORT, upload_bytes: 10_000, ..Limits::default() };
    let (address, _stop) = server(Speech::Plain, limits).await;
    let (mut read, mut write) = TcpStream::connect(address).await.unwrap().into_split();
    write.write_all(b"PUT /upload HTTP/1.1\r\nhost: h\r\ncontent-length: 1000000\r\n\r\n").await.unwrap();
    let dribble = async {
        let mut every = interval(SHORT / 10);
        loop {
            every.tick().await;
            if write.write_all(b"0123456789").await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        said = answer(&mut read, "slow") => assert!(said.starts_with("HTTP/1.1 200"), "{said}"),
        () = dribble => {}
    }
}

#[tokio::test]
async fn a_body_may_come_as_slowly_as_we_read_it() {
    let limits = Limits { upload_span: SHORT, upload_bytes: 1000, ..Limits::default() };
    let (address, _stop) = server(Speech::Plain, limits).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"PUT /upload HTTP/1.1\r\nhost: h\r\ncontent-length: 30000000\r\n\r\n").await.unwrap();
    stream.write_all(&vec![0; 30_000_000]).await.unwrap();
    answer(&mut stream, "whole").await;
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_given_up() {
    let (address, _stop) = server(Speech::Plain, Limits { answer: SHORT, ..Limits::default() }).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    ask(&mut stream, "GET /never HTTP/1.1").await;
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn a_reader_who_takes_nothing_is_cut() {
    for speech in [Speech::Plain, Speech::Tls] {
        let (address, _stop) = server(speech, Limits { stall: SHORT, ..Limits::default() }).await;
        let mut stream = speech.connect(address).await;
        ask(&mut stream, "GET /huge HTTP/1.1").await;
        // The only one who may end this is the server: what it had sent until then can be read.
        answer(&mut stream, "\r\n\r\n").await;
        let mut looking = interval(SHORT);
        let mut piece = vec![0; 1 << 20];
        let ended = async {
            loop {
                // Nothing is taken for longer than the server waits; then it must be gone once its buffers are empty.
                for _ in 0..3 {
                    looking.tick().await;
                }
                for _ in 0..100 {
                    if !matches!(stream.read(&mut piece).await, Ok(1..)) {
                        return;
                    }
                }
            }
        };
        assert!(timeout(LONG, ended).await.is_ok(), "the server kept the connection");
    }
}

#[tokio::test]
async fn one_address_has_its_places_and_no_more() {
    let limits = Limits { connections_per_address: 2, uncounted: Vec::new(), ..Limits::default() };
    let (address, _stop) = server(Speech::Plain, limits).await;
    let mut first = TcpStream::connect(address).await.unwrap();
    let mut second = TcpStream::connect(address).await.unwrap();
    for stream in [&mut first, &mut second] {
        ask(stream, "GET /ok HTTP/1.1").await;
        answer(stream, "ok").await;
    }
    let mut third = TcpStream::connect(address).await.unwrap();
    assert_eq!(rest(&mut third).await, "");
    drop(first);
    // Its place is free once the server has noticed that it left.
    let again = async {
        loop {
            let mut next = TcpStream::connect(address).await.unwrap();
            let _ = next.write_all(b"GET /ok HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").await;
            if rest(&mut next).await.ends_with("ok") {
                return;
            }
        }
    };
    timeout(LONG, again).await.unwrap();
}

#[tokio::test]
async fn those_beyond_the_limit_wait_for_a_place() {
    let (address, _stop) = server(Speech::Plain, Limits { connections: 1, ..Limits::default() }).await;
    let mut first = TcpStream::connect(address).await.unwrap();
    ask(&mut first, "GET /ok HTTP/1.1").await;
    answer(&mut first, "ok").await;
    let mut second = TcpStream::connect(address).await.unwrap();
    ask(&mut second, "GET /ok HTTP/1.1").await;
    assert!(timeout(SHORT, second.read_u8()).await.is_err(), "it was served beyond the limit");
    drop(first);
    answer(&mut second, "ok").await;
}

#[tokio::test]
async fn too_many_fields_are_refused() {
    let (address, _stop) = server(Speech::Plain, Limits::default()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let fields = "x: y\r\n".repeat(gateway::limits::MAX_HEADERS);
    stream.write_all(format!("GET /ok HTTP/1.1\r\nhost: h\r\n{fields}\r\n").as_bytes()).await.unwrap();
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 431"));
}
