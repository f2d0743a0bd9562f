//! Receivers that listen on real sockets, and misbehave.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use base::Timestamp;
use courier::{MailRoute, Trust, Undelivered, Webhook, WebhookSecret, send_mail, send_webhook, signature};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

const AT: Timestamp = Timestamp(1_700_000_000_000_000);

async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Reads a request as far as its body goes.
async fn request(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let mut body = vec![0; header(&head, "content-length").parse().unwrap()];
    stream.read_exact(&mut body).await.unwrap();
    (head, body)
}

fn header<'h>(head: &'h str, name: &str) -> &'h str {
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")));
    line.unwrap_or_else(|| panic!("no {name} in {head}")).split_once(':').unwrap().1.trim()
}

async fn send(port: u16) -> Result<(), Undelivered> {
    let secret = WebhookSecret::read(&WebhookSecret::write(&[7; 32])).unwrap();
    let url = format!("http://127.0.0.1:{port}/hook?x=1");
    let to = Webhook { url: &url, trust: &Trust::System, secret: &secret };
    send_webhook(&to, "alm_1", AT, b"{\"class_uid\":2004}".to_vec()).await
}

/// Answers one request with `answer`, and hands on what it was.
async fn answering(answer: &'static [u8]) -> (u16, tokio::task::JoinHandle<(String, Vec<u8>)>) {
    let (listener, port) = listener().await;
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let received = request(&mut stream).await;
        // A client that has heard enough may hang up.
        let _ = stream.write_all(answer).await;
        received
    });
    (port, served)
}

#[tokio::test]
async fn a_webhook_arrives_signed() {
    let (port, served) = answering(b"HTTP/1.1 204 No Content\r\n\r\n").await;
    send(port).await.unwrap();
    let (head, body) = served.await.unwrap();
    assert!(head.starts_with("POST /hook?x=1 HTTP/1.1\r\n"), "{head}");
    assert_eq!(header(&head, "webhook-id"), "alm_1");
    assert_eq!(header(&head, "webhook-timestamp"), "1700000000");
    let secret = WebhookSecret::read(&WebhookSecret::write(&[7; 32])).unwrap();
    assert_eq!(header(&head, "webhook-signature"), signature(&secret, "alm_1", AT, &body));
}

#[tokio::test]
async fn redirects_are_refusals() {
    let answer = b"HTTP/1.1 307 Temporary Redirect\r\nlocation: http://169.254.169.254/latest/meta-data/\r\ncontent-length: 0\r\n\r\n";
    let (port, served) = answering(answer).await;
    assert!(matches!(send(port).await, Err(Undelivered::Refused(307))));
    served.await.unwrap();
}

#[tokio::test]
async fn an_answer_without_end_is_read_as_far_as_its_status() {
    let (listener, port) = listener().await;
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10000000000\r\n\r\n").await.unwrap();
        let junk = vec![b'x'; 64 * 1024];
        let mut written = 0u64;
        while stream.write_all(&junk).await.is_ok() {
            written += junk.len() as u64;
        }
        written
    });
    send(port).await.unwrap();
    let written = served.await.unwrap();
    assert!(written < 100 << 20, "the sender was let go on for {written} bytes");
}

#[tokio::test]
async fn a_head_without_end_is_given_up() {
    let (listener, port) = listener().await;
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nx: ").await.unwrap();
        let junk = vec![b'x'; 64 * 1024];
        while stream.write_all(&junk).await.is_ok() {}
    });
    assert!(matches!(send(port).await, Err(Undelivered::Garbled(_))));
    served.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn silence_is_given_up_in_time() {
    let (_listener, port) = listener().await;
    let began = tokio::time::Instant::now();
    // The clock of the runtime runs ahead while nothing happens: ten seconds pass at once.
    assert!(matches!(send(port).await, Err(Undelivered::Late)));
    assert_eq!(began.elapsed().as_secs(), courier::LONGEST_ATTEMPT.as_secs());
}

#[tokio::test]
async fn nobody_there_is_said() {
    let (listener, port) = listener().await;
    drop(listener);
    assert!(matches!(send(port).await, Err(Undelivered::Unreachable(_))));
}

#[tokio::test]
async fn mail_arrives_as_it_was_written() {
    let (listener, port) = listener().await;
    let served = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        stream.write_all(b"220 relay ready\r\n").await.unwrap();
        let mut said = Vec::new();
        let mut data = false;
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.unwrap();
            let line = line.trim_end().to_owned();
            let reply: &[u8] = match line.as_str() {
                "." => {
                    data = false;
                    b"250 taken\r\n"
                }
                _ if data => b"",
                "DATA" => {
                    data = true;
                    b"354 go on\r\n"
                }
                "QUIT" => b"221 bye\r\n",
                line if line.starts_with("EHLO") => b"250-relay\r\n250 8BITMIME\r\n",
                _ => b"250 fine\r\n",
            };
            said.push(line.clone());
            stream.write_all(reply).await.unwrap();
            if line == "QUIT" {
                return said;
            }
        }
    });
    let trust = Trust::System;
    let route = MailRoute {
        host: "127.0.0.1",
        port,
        plain: true,
        trust: &trust,
        login: None,
        from: "custody@example.org",
        to: "guard@example.org",
    };
    send_mail(&route, "alm_1", AT, "[critical] a decoy was used", "see `cofferdam alarm show alm_1`").await.unwrap();
    let said = served.await.unwrap();
    assert!(said.contains(&"RCPT TO:<guard@example.org>".to_owned()), "{said:?}");
    assert!(said.contains(&"Subject: [critical] a decoy was used".to_owned()));
    // A password is for TLS alone.
    let login = MailRoute { login: Some(("user", "password")), ..route };
    let (listener, port) = self::listener().await;
    let greeted = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"220 relay\r\n250 fine\r\n").await.unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).await.unwrap();
        said
    });
    assert!(send_mail(&MailRoute { port, ..login }, "alm_1", AT, "s", "t").await.is_err());
    assert!(!greeted.await.unwrap().contains("AUTH"));
}
