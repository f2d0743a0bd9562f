//! Policies of HTML forms, and forms held against them.
#![no_main]

use base::Timestamp;
use libfuzzer_sys::fuzz_target;
use s3wire::form::Fields;
use s3wire::post_policy::PostPolicy;

fuzz_target!(|input: (&[u8], Vec<(&str, &str)>)| {
    let (document, fields) = input;
    // The encoding is a library's; the document is what is read here.
    let Ok(policy) = PostPolicy::read(&data_encoding::BASE64.encode(document)) else { return };
    if let Some((least, most)) = policy.length {
        assert!(least <= most);
    }
    let mut form = Fields::default();
    for (name, value) in fields {
        form.set(&name.to_ascii_lowercase(), value.to_owned());
    }
    let now = Timestamp::from_seconds(1_700_000_000);
    if policy.check(&form, now).is_ok() {
        form.set("a field that no policy names", String::new());
        assert!(policy.check(&form, now).is_err() || document.windows(7).any(|word| word == b"a field"));
    }
    let _ = s3wire::sigv4::form::read(&form, now);
});
