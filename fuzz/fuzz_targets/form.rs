//! Uploads by HTML form, as strangers send them, cut into pieces anywhere.
#![no_main]

use libfuzzer_sys::fuzz_target;
use s3wire::form::Reader;

fuzz_target!(|input: (u8, &str, &[u8])| {
    let (piece, boundary, body) = input;
    let Ok(mut reader) = Reader::new(&format!("multipart/form-data; boundary=\"{boundary}\"")) else { return };
    let (mut form, mut file) = (None, Vec::new());
    for piece in body.chunks(usize::from(piece).max(1)) {
        reader.push(piece);
        if form.is_none() {
            match reader.head() {
                Ok(head) => form = head,
                Err(_) => return,
            }
        }
        loop {
            match reader.data() {
                Ok(Some(data)) => file.extend_from_slice(&data),
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
    let delimiter = format!("\r\n--{boundary}");
    let holds = !delimiter.is_empty() && file.windows(delimiter.len()).any(|window| window == delimiter.as_bytes());
    assert!(!holds, "a boundary was taken for content");
    if reader.finish().is_ok() {
        assert!(form.is_some(), "a form ended well without a file");
    }
});
