//! Files of logs, read whole or not at all.

use std::collections::BTreeSet;
use std::io::Read;

use base::Timestamp;
use flate2::read::MultiGzDecoder;

use crate::cloudtrail::{self, Trail};
use crate::error::LogError;
use crate::row::{Act, Row, Thing};
use crate::server_log;

/// The most that one file may hold once it is decompressed: a store delivers files of some megabytes; what is a hundred times
/// that was built to fill the memory.
pub const MAX_LOG_BYTES: u64 = 512 << 20;

const GZIP: [u8; 2] = [0x1F, 0x8B];

/// What was read of files, each request once.
#[derive(Default)]
pub struct Logs {
    /// The rows, in the order they were read.
    pub rows: Vec<Row>,
    /// The files.
    pub files: Vec<FileRead>,
    seen: BTreeSet<(String, Act, Thing)>,
}

/// What a file held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRead {
    /// Its name.
    pub file: String,
    /// Requests in it.
    pub rows: u64,
    /// Requests that other files or lines told of already.
    pub repeated: u64,
    /// Records of other services.
    pub foreign: u64,
    /// When its first request was.
    pub first: Option<Timestamp>,
    /// When its last request was.
    pub last: Option<Timestamp>,
}

impl Logs {
    /// Reads a file: S3's server access log or CloudTrail's JSON, gzip-compressed or not. Costs memory of its decompressed
    /// size.
    ///
    /// # Errors
    /// A file that does not read to its end leaves everything as it was.
    pub fn read(&mut self, file: &str, bytes: &[u8]) -> Result<(), LogError> {
        let refused = |record: u64, what| LogError { file: file.to_owned(), record, what };
        let plain = decompress(bytes).map_err(|what| refused(0, what))?;
        let text = std::str::from_utf8(&plain).map_err(|_| refused(0, "it is not text"))?;
        let (mut rows, mut foreign) = (Vec::new(), 0_u64);
        if text.trim_start().starts_with('{') {
            let trail: Trail = serde_json::from_str(text)
                .map_err(|_| refused(0, "it begins like CloudTrail's JSON and is not an object with `Records`"))?;
            for (number, record) in (1..).zip(&trail.records) {
                match cloudtrail::read(record).map_err(|what| refused(number, what))? {
                    Some(row) => rows.push(row),
                    None => foreign = foreign.saturating_add(1),
                }
            }
        } else {
            // A file that was cut off in its last line has no line feed at its end.
            if !text.is_empty() && !text.ends_with('\n') {
                return Err(refused(0, "its last line has no end: the file is cut off"));
            }
            for (number, line) in (1..).zip(text.lines()) {
                rows.push(server_log::read(line).map_err(|what| refused(number, what))?);
            }
        }
        let mut read = FileRead {
            file: file.to_owned(),
            rows: rows.len() as u64,
            repeated: 0,
            foreign,
            first: rows.iter().map(|row| row.at).min(),
            last: rows.iter().map(|row| row.at).max(),
        };
        for row in rows {
            if self.seen.insert((row.request.clone(), row.act, row.thing.clone())) {
                self.rows.push(row);
            } else {
                read.repeated = read.repeated.saturating_add(1);
            }
        }
        self.files.push(read);
        Ok(())
    }
}

fn decompress(bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
    if !bytes.starts_with(&GZIP) {
        return if bytes.len() as u64 > MAX_LOG_BYTES { Err("it is longer than 512 MiB") } else { Ok(bytes.to_vec()) };
    }
    let mut plain = Vec::new();
    MultiGzDecoder::new(bytes)
        .take(MAX_LOG_BYTES.saturating_add(1))
        .read_to_end(&mut plain)
        .map_err(|_| "its gzip stream is damaged or cut off")?;
    if plain.len() as u64 > MAX_LOG_BYTES { Err("it is longer than 512 MiB once decompressed") } else { Ok(plain) }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const LINE: &str =
        "o b [24/Nov/2026:05:42:00 +0000] 198.51.100.7 eve R1 REST.GET.OBJECT k \"GET /k HTTP/1.1\" 200 - 9 9 1 1\n";

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_request_counts_once_however_often_it_is_told() {
        let mut logs = Logs::default();
        logs.read("one", LINE.as_bytes()).unwrap();
        logs.read("again", &gzip(LINE.as_bytes())).unwrap();
        let trail = r#"{"Records":[{"eventSource":"s3.amazonaws.com","eventName":"GetObject","eventTime":"2026-11-24T05:42:00Z","requestID":"R1",
            "requestParameters":{"key":"k"}},{"eventSource":"kms.amazonaws.com"}]}"#;
        logs.read("trail", trail.as_bytes()).unwrap();
        assert_eq!(logs.rows.len(), 1);
        assert_eq!(logs.files.iter().map(|file| file.repeated).collect::<Vec<_>>(), [0, 1, 1]);
        assert_eq!(logs.files.last().unwrap().foreign, 1);
    }

    #[test]
    fn half_a_file_is_none() {
        let mut logs = Logs::default();
        let two = LINE.repeat(2).replacen("R1", "R2", 1);
        let whole = gzip(two.as_bytes());
        for cut in [&two.as_bytes()[..two.len() - 1], &two.as_bytes()[..LINE.len() + 20], &whole[..whole.len() - 9]] {
            assert!(logs.read("cut", cut).is_err());
        }
        let broken = format!("{LINE}nonsense\n");
        assert_eq!(logs.read("broken", broken.as_bytes()).unwrap_err().record, 2);
        assert!(logs.read("json", br#"{"Records":[{}]}"#).is_err());
        assert!(logs.read("json", b"{\"Records\":[").is_err());
        assert!(logs.read("binary", &[0xFF, 0xFE]).is_err());
        assert!(logs.rows.is_empty() && logs.files.is_empty());
    }
}
