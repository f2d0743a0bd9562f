//! SHA-256 over parts, and the two text forms of bytes that the formats use.

use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::{BASE64, HEXLOWER};

/// A SHA-256 digest: a leaf, a node, a root or a commitment.
pub type Hash = [u8; 32];

/// SHA-256 of the parts, one after the other. Where parts vary in length, the caller writes lengths between them.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// Standard padded base64.
#[must_use]
pub fn base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// Reads standard padded base64; there is exactly one text for given bytes.
#[must_use]
pub fn decode_base64(text: &str) -> Option<Vec<u8>> {
    // The decoder takes padding in the middle, as of texts that were joined; only what it would write itself is taken here.
    BASE64.decode(text.as_bytes()).ok().filter(|bytes| BASE64.encode(bytes) == text)
}

/// Reads `N` bytes of standard padded base64; there is exactly one text for given bytes.
#[must_use]
pub fn read_base64<const N: usize>(text: &str) -> Option<[u8; N]> {
    decode_base64(text)?.try_into().ok()
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// Reads `N` bytes of lower-case hexadecimal.
#[must_use]
pub fn read_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

/// A decimal as the C2SP formats write it: digits only, no leading zero.
pub(crate) fn read_decimal(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let plain = text == "0" || !text.starts_with('0');
    if digits && plain { text.parse().ok() } else { None }
}

/// Serde form of a [`Hash`] or salt: base64.
pub(crate) mod as_base64 {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Hash;

    pub(crate) fn serialize<S: Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&super::BASE64.encode_display(hash))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        super::read_base64(&text).ok_or_else(|| serde::de::Error::custom("expected 32 bytes in base64"))
    }
}

/// Serde form of a proof: a list of base64 hashes.
pub(crate) mod as_base64_list {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Hash;

    #[derive(Serialize, Deserialize)]
    #[serde(transparent)]
    struct One(#[serde(with = "super::as_base64")] Hash);

    pub(crate) fn serialize<S: Serializer>(hashes: &[Hash], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(hashes.iter().copied().map(One))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Hash>, D::Error> {
        Ok(Vec::<One>::deserialize(deserializer)?.into_iter().map(|One(hash)| hash).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_hash_like_their_concatenation() {
        assert_eq!(sha256(&[b"ab", b"", b"c"]), sha256(&[b"abc"]));
        assert_eq!(hex(&sha256(&[])), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn decimals_have_one_form() {
        assert_eq!(read_decimal("0"), Some(0));
        assert_eq!(read_decimal("18446744073709551615"), Some(u64::MAX));
        for text in ["", "00", "01", "+1", "-1", " 1", "1_0", "18446744073709551616"] {
            assert_eq!(read_decimal(text), None, "{text}");
        }
    }

    #[test]
    fn base64_with_stray_bits_is_not_read() {
        assert_eq!(read_base64::<1>("QQ=="), Some([0x41]));
        assert_eq!(read_base64::<1>("QR=="), None);
        assert_eq!(read_base64::<1>("QQ"), None);
    }
}
