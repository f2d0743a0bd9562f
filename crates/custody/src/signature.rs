//! Signature Version 4, the part that needs the secret.
//!
//! The gateway reads the request and builds the text that was signed; the secret is derived here, becomes a signing key at
//! once, and is gone. A key is good for one session, day, region and service, and is kept with the session.
//!
//! SPEC: standards §10.1.

use aws_lc_rs::hmac;
use base::Secret;
use base::secret::same_bytes;

/// The key that signs strings for one scope. No `Debug`: it is as good as the secret for a day.
#[derive(Clone)]
pub struct SigningKey(hmac::Key);

impl SigningKey {
    /// Derives the key of `secret` for a date (`YYYYMMDD`), region and service.
    #[must_use]
    pub fn derive(secret: &Secret<40>, date: &str, region: &str, service: &str) -> Self {
        let first = secret.expose(|secret| {
            let mut seed = Vec::with_capacity(44);
            seed.extend_from_slice(b"AWS4");
            seed.extend_from_slice(secret);
            let tag = mac(&seed, date.as_bytes());
            zeroize::Zeroize::zeroize(&mut seed);
            tag
        });
        let of_region = mac(first.as_ref(), region.as_bytes());
        let of_service = mac(of_region.as_ref(), service.as_bytes());
        Self(hmac::Key::new(hmac::HMAC_SHA256, mac(of_service.as_ref(), b"aws4_request").as_ref()))
    }

    /// The signature of a string, in lower-case hex.
    #[must_use]
    pub fn sign(&self, text: &str) -> String {
        data_encoding::HEXLOWER.encode(hmac::sign(&self.0, text.as_bytes()).as_ref())
    }

    /// Whether `signature` (lower-case hex) is that of `text`. Constant-time.
    #[must_use]
    pub fn accepts(&self, text: &str, signature: &str) -> bool {
        same_bytes(self.sign(text).as_bytes(), signature.as_bytes())
    }
}

fn mac(key: &[u8], text: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the S3 documentation; the string to sign is the gateway's to build.
    #[test]
    fn vector_get_object_20130524() {
        let mut secret = *b"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let key = SigningKey::derive(&Secret::take(&mut secret), "20130524", "us-east-1", "s3");
        let text = "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n\
                    7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972";
        assert!(key.accepts(text, "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"));
        assert!(!key.accepts(text, "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb42"));
    }
}
