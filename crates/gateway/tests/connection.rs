//! Connections: what a cut stops, what is settled, how a server ends.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod speech;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};

use base::Plain;
use base::id::EngagementId;
use gateway::body::{Outgoing, Source, Step};
use gateway::inbound::Inbound;
use gateway::register::Register;
use gateway::server::{Front, listen, serve};
use gateway::wire::Wire;
use http::{Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use speech::{Line, Speech};

const SEGMENT: usize = 64 * 1024;

fn engagement(path: &str) -> EngagementId {
    EngagementId::from_bytes([path.len() as u8; 16])
}

/// A window of the stand-in, in bytes. An answer of [`HUGE`] is one window, so that it can be cut at any time: what is cut
/// while a window is being earned does not settle at all.
const WINDOW: u64 = 4 * SEGMENT as u64;

/// Gives zeros; says what was settled.
struct Zeros {
    left: u64,
    window: u64,
    settled: mpsc::UnboundedSender<u64>,
    given: Arc<AtomicU64>,
    gate: Option<Arc<Barrier>>,
}

impl Source for Zeros {
    type Error = std::io::Error;

    fn step(&mut self) -> Step<std::io::Error> {
        if self.left == 0 {
            return Step::End;
        }
        if self.window == 0 {
            return Step::Earn;
        }
        if self.given.load(Ordering::SeqCst) > GATED_AFTER
            && let Some(gate) = self.gate.take()
        {
            gate.wait();
            gate.wait();
        }
        let size = self.left.min(self.window).min(SEGMENT as u64);
        self.left -= size;
        self.window -= size;
        self.given.fetch_add(size, Ordering::SeqCst);
        Step::Segment(Plain::new(vec![0; size as usize]))
    }

    async fn earn(&mut self) -> Result<(), std::io::Error> {
        tokio::task::yield_now().await;
        self.window = WINDOW;
        Ok(())
    }

    fn settle(&mut self, sent: u64) {
        let _ = self.settled.send(sent);
    }
}

/// Answers `/size` with that many zeros; the engagement is told by the path's length.
struct ZeroFront {
    register: Arc<Register>,
    settled: mpsc::UnboundedSender<u64>,
    given: Arc<AtomicU64>,
    gate: Arc<Barrier>,
}

impl Front for ZeroFront {
    type Body = Outgoing<Zeros>;

    async fn answer(&self, request: Request<Inbound>, wire: Arc<Wire>) -> Response<Self::Body> {
        let path = request.uri().path().trim_start_matches('/');
        self.register.enter(&wire, engagement(path));
        let length = path.parse().unwrap();
        let window = if length >= HUGE { length } else { WINDOW };
        let gate = (length == GATED).then(|| Arc::clone(&self.gate));
        let (settled, given) = (self.settled.clone(), Arc::clone(&self.given));
        let source = Zeros { left: length, window, settled, given, gate };
        Response::new(Outgoing::new(source, length, wire))
    }
}

struct World {
    speech: Speech,
    address: SocketAddr,
    register: Arc<Register>,
    settled: mpsc::UnboundedReceiver<u64>,
    given: Arc<AtomicU64>,
    gate: Arc<Barrier>,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
}

async fn world(speech: Speech) -> World {
    let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let register = Arc::new(Register::default());
    let (tell, settled) = mpsc::unbounded_channel();
    let given = Arc::new(AtomicU64::new(0));
    let gate = Arc::new(Barrier::new(2));
    let front = ZeroFront {
        register: Arc::clone(&register),
        settled: tell,
        given: Arc::clone(&given),
        gate: Arc::clone(&gate),
    };
    let (stop, stopped) = watch::channel(false);
    let server = tokio::spawn(serve(listener, Arc::new(front), Arc::clone(&register), speech.rules(), stopped));
    World { speech, address, register, settled, given, gate, stop, server }
}

impl World {
    async fn ask(&self, size: u64) -> Box<dyn Line> {
        let mut stream = self.speech.connect(self.address).await;
        stream.write_all(format!("GET /{size} HTTP/1.1\r\nhost: h\r\n\r\n").as_bytes()).await.unwrap();
        stream
    }
}

async fn read_head(stream: &mut dyn Line) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
}

/// Reads until nothing more can be got; returns how much and how it ended.
async fn read_rest(stream: &mut dyn Line) -> (u64, Option<ErrorKind>) {
    let (mut total, mut buffer) = (0, vec![0; SEGMENT]);
    loop {
        match stream.read(&mut buffer).await {
            Ok(0) => return (total, None),
            Ok(count) => total += count as u64,
            Err(error) => return (total, Some(error.kind())),
        }
    }
}

/// Lets the server run until it has filled every buffer on the way to a client that does not read.
async fn until_stuck(given: &AtomicU64) {
    let (mut last, mut still) = (0, 0);
    while still < 2000 {
        tokio::task::yield_now().await;
        let now = given.load(Ordering::SeqCst);
        still = if now == last && now > 0 { still + 1 } else { 0 };
        last = now;
    }
}

const HUGE: u64 = 1 << 40;

/// An answer whose source blocks its thread once it has given a little.
const GATED: u64 = HUGE + 1;
const GATED_AFTER: u64 = 300_000;

async fn a_whole_answer_settles_whole(mut world: World) {
    for size in [0, 1, 65_536, 1_000_000, 5_000_000] {
        let mut stream = world.ask(size).await;
        read_head(&mut *stream).await;
        let mut body = vec![0; size as usize];
        stream.read_exact(&mut body).await.unwrap();
        drop(stream);
        assert_eq!(world.settled.recv().await, Some(size));
    }
}

async fn a_connection_answers_again(mut world: World) {
    let mut stream = world.ask(100_000).await;
    for _ in 0..3 {
        read_head(&mut *stream).await;
        stream.read_exact(&mut vec![0; 100_000]).await.unwrap();
        assert!(world.settled.try_recv().is_err(), "nobody knows yet whether it arrived");
        stream.write_all(b"GET /100000 HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
        assert_eq!(world.settled.recv().await, Some(100_000), "who asks again has read the answer");
    }
}

async fn a_cut_discards_what_the_kernel_holds(mut world: World) {
    let mut stream = world.ask(HUGE).await;
    read_head(&mut *stream).await;
    until_stuck(&world.given).await;

    assert_eq!(world.register.cut(engagement(&HUGE.to_string())), 1);
    let (received, end) = read_rest(&mut *stream).await;
    assert_eq!(end, Some(ErrorKind::ConnectionReset));
    // The source had given more than ever arrived: the rest was in buffers on our side and is gone.
    let given = world.given.load(Ordering::SeqCst);
    assert!(received + 128 * 1024 < given, "received {received} of {given}");
    let settled = world.settled.recv().await.unwrap();
    assert!(settled <= received, "settled {settled}, received {received}");
}

/// Lets the stuck task go on, also when the test has failed.
struct OpenAtLast(Arc<Barrier>);

impl Drop for OpenAtLast {
    fn drop(&mut self) {
        self.0.wait();
    }
}

/// The bytes stop while the task that sends them is stuck, for example in a slow disk read. The client has a thread of its
/// own: a runtime with a stuck worker may wake nobody.
async fn a_cut_does_not_wait_for_a_stuck_task(speech: Speech) {
    let World { address, register, given, gate, stop, .. } = world(speech).await;
    let client = move || {
        let stream = std::net::TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(10))).unwrap();
        let mut stream = speech.connect_blocking(stream);
        std::io::Write::write_all(&mut stream, format!("GET /{GATED} HTTP/1.1\r\nhost: h\r\n\r\n").as_bytes()).unwrap();
        gate.wait();
        let _open = OpenAtLast(gate);
        assert_eq!(register.cut(engagement(&GATED.to_string())), 1);
        let mut received = Vec::new();
        let end = std::io::Read::read_to_end(&mut stream, &mut received);
        assert_eq!(end.map_err(|error| error.kind()), Err(ErrorKind::ConnectionReset));
        // Some was still in our own buffers, or had not left the kernel: it is gone.
        assert!((received.len() as u64) < given.load(Ordering::SeqCst));
    };
    tokio::task::spawn_blocking(client).await.unwrap();
    drop(stop);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_does_not_wait_for_the_task() {
    a_cut_does_not_wait_for_a_stuck_task(Speech::Plain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_does_not_wait_for_the_task_over_tls() {
    a_cut_does_not_wait_for_a_stuck_task(Speech::Tls).await;
}

async fn a_cut_leaves_other_engagements_alone(mut world: World) {
    let (short, long) = (50_000_000, 150_000_000);
    let mut paused = world.ask(short).await;
    let mut other = world.ask(long).await;
    read_head(&mut *paused).await;
    read_head(&mut *other).await;
    assert_eq!(world.register.cut(engagement("50000000")), 1);
    assert_eq!(world.register.cut(engagement("50000000")), 0);
    assert_eq!(read_rest(&mut *paused).await.1, Some(ErrorKind::ConnectionReset));
    other.read_exact(&mut vec![0; long as usize]).await.unwrap();
    drop(other);
    // The one that was cut may have settled first, for less than it was.
    let settled = world.settled.recv().await.unwrap();
    let settled = if settled < short { world.settled.recv().await.unwrap() } else { settled };
    assert_eq!(settled, long);
}

async fn an_idle_connection_is_cut_too(mut world: World) {
    let mut stream = world.ask(10).await;
    read_head(&mut *stream).await;
    stream.read_exact(&mut [0; 10]).await.unwrap();
    assert_eq!(world.register.cut(engagement("10")), 1);
    assert_eq!(world.settled.recv().await, Some(0), "it may have lain in the kernel still");
    assert_eq!(read_rest(&mut *stream).await, (0, Some(ErrorKind::ConnectionReset)));
}

async fn a_client_that_leaves_is_not_said_to_have_received(mut world: World) {
    let mut stream = world.ask(HUGE).await;
    read_head(&mut *stream).await;
    let mut buffer = vec![0; 3_000_000];
    stream.read_exact(&mut buffer).await.unwrap();
    drop(stream);
    let settled = world.settled.recv().await.unwrap();
    assert!(settled < HUGE);
    assert!(world.register.cut(engagement(&HUGE.to_string())) <= 1);
}

async fn stopping_lets_an_answer_finish(mut world: World) {
    let mut stream = world.ask(30_000_000).await;
    read_head(&mut *stream).await;
    world.stop.send(true).unwrap();
    let (received, end) = read_rest(&mut *stream).await;
    assert_eq!((received, end), (30_000_000, None));
    drop(stream);
    assert_eq!(world.settled.recv().await, Some(30_000_000));
    world.server.await.unwrap();
    assert_eq!(
        TcpStream::connect(world.address).await.err().map(|error| error.kind()),
        Some(ErrorKind::ConnectionRefused)
    );
}

async fn a_close_after_the_answer_loses_nothing(mut world: World) {
    let mut stream = world.speech.connect(world.address).await;
    stream.write_all(b"GET /2000000 HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").await.unwrap();
    read_head(&mut *stream).await;
    assert_eq!(read_rest(&mut *stream).await, (2_000_000, None));
    drop(stream);
    assert_eq!(world.settled.recv().await, Some(2_000_000));
}

async fn an_oversized_head_is_refused(world: World) {
    let mut stream = world.speech.connect(world.address).await;
    let head = format!("GET /1 HTTP/1.1\r\nhost: h\r\nx: {}\r\n\r\n", "a".repeat(2 * gateway::limits::BUFFER_BYTES));
    // The server may close before it has read all of it.
    let _ = stream.write_all(head.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"), "{:?}", String::from_utf8_lossy(&answer));
    assert_eq!(world.given.load(Ordering::SeqCst), 0);
}

/// Idle connections do not hold up the end of the program: pools of clients keep them and do not look.
async fn stopping_does_not_wait_for_idle_connections(mut world: World) {
    let mut stream = world.ask(10).await;
    read_head(&mut *stream).await;
    stream.read_exact(&mut [0; 10]).await.unwrap();
    world.stop.send(true).unwrap();
    tokio::time::timeout(std::time::Duration::from_secs(10), &mut world.server).await.unwrap().unwrap();
    assert_eq!(world.settled.recv().await, Some(0), "nobody knows whether it arrived");
}

/// Runs each of the above in plain text and over TLS.
macro_rules! both {
    ($($name:ident)*) => {
        both!(plain Plain: $($name)*);
        both!(tls Tls: $($name)*);
    };
    ($module:ident $speech:ident: $($name:ident)*) => {
        mod $module {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::world(super::Speech::$speech).await).await;
            })*
        }
    };
}

both! {
    a_whole_answer_settles_whole
    a_connection_answers_again
    a_cut_discards_what_the_kernel_holds
    a_cut_leaves_other_engagements_alone
    an_idle_connection_is_cut_too
    a_client_that_leaves_is_not_said_to_have_received
    stopping_lets_an_answer_finish
    a_close_after_the_answer_loses_nothing
    an_oversized_head_is_refused
    stopping_does_not_wait_for_idle_connections
}
