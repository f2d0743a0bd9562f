//! Handing out an object's key, so that anybody can check with Google's Tink that the sealed bytes are what we say.
//!
//! A key opens the whole version for ever, so an export costs a receipt that covers every byte of it: in the ledger it is a
//! release of the plaintext, which it is.

use base::{Plain, Secret};
use data_encoding::BASE64;
use ledger::Receipt;
use zeroize::Zeroizing;

use crate::binding::{self, Identity};
use crate::error::SealError;
use crate::opener::Opener;
use crate::stream::{Hash, Parameters};
use crate::wrap::KEY_BYTES;
use policy::Target;

/// All that Tink needs besides the sealed bytes of each part.
pub struct Export {
    /// A keyset in Tink's JSON. Whoever has it can read the version.
    pub keyset: Plain,
    /// Part numbers with the associated data of their streams.
    pub parts: Vec<(u32, Vec<u8>)>,
}

impl Opener {
    /// The key of a version as a Tink keyset.
    ///
    /// LIMIT: a receipt covers one window, so a version larger than the largest window cannot be exported.
    ///
    /// # Errors
    /// [`SealError::NotWhole`] when the receipt covers less than the whole version; otherwise as [`Opener::open`].
    pub fn export(&self, receipt: Receipt) -> Result<Export, SealError> {
        let (reader, window) = self.reader(receipt.access())?;
        let Target::Bytes { object, .. } = &receipt.access().target else { return Err(SealError::NoBytes) };
        if (window.from, window.to) != (0, object.size) {
            return Err(SealError::NotWhole(object.version));
        }
        let (parameters, key) = reader.stream_key();
        let identity = Identity::of(object);
        let parts = object.parts.iter().map(|part| (part.number, binding::part(&identity, part.number)));
        Ok(Export { keyset: json(parameters, key), parts: parts.collect() })
    }
}

/// A Tink keyset of one key. For callers who have the key already.
///
/// SPEC: Tink, JSON keysets; `google.crypto.tink.AesGcmHkdfStreamingKey`, output prefix RAW.
pub fn json(parameters: &Parameters, key: &Secret<KEY_BYTES>) -> Plain {
    let hash = match parameters.hash() {
        Hash::Sha1 => 1,
        Hash::Sha256 => 3,
        Hash::Sha512 => 4,
    };
    // Field numbers and wire types of the two messages; every value but the segment size is below 128, one byte.
    let mut inner = vec![0x08];
    varint(parameters.segment_size(), &mut inner);
    inner.extend_from_slice(&[0x10, parameters.derived().bytes(), 0x18, hash]);
    let inner_length = u32::try_from(inner.len()).unwrap_or(u32::MAX);
    // INVARIANT: room for all, so that no copy of the key is left behind by growing.
    let mut proto = Zeroizing::new(Vec::with_capacity(128));
    proto.push(0x12);
    varint(inner_length, &mut proto);
    proto.extend_from_slice(&inner);
    proto.push(0x1a);
    varint(KEY_BYTES as u32, &mut proto);
    key.expose(|key| proto.extend_from_slice(key));
    let mut text = String::with_capacity(512);
    text.push_str(r#"{"primaryKeyId":1,"key":[{"keyData":{"typeUrl":"#);
    text.push_str(r#""type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey","value":""#);
    BASE64.encode_append(&proto, &mut text);
    text.push_str(r#"","keyMaterialType":"SYMMETRIC"},"status":"ENABLED","keyId":1,"outputPrefixType":"RAW"}]}"#);
    Plain::new(text.into_bytes())
}

/// Appends a protocol-buffer varint: seven bits a byte, lowest first.
fn varint(mut value: u32, out: &mut Vec<u8>) {
    while let Ok(low) = u8::try_from(value & 0x7f) {
        value >>= 7;
        if value == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made and read back by `tink` 1.16.1 for a segment size of 256 and the key 00 01 .. 1f.
    #[test]
    fn tink_keyset_value() {
        let mut key: [u8; 32] = std::array::from_fn(|i| u8::try_from(i).unwrap());
        let keyset = json(&Parameters::new(256).unwrap(), &Secret::take(&mut key));
        let text = keyset.expose(|bytes| String::from_utf8(bytes.to_vec()).unwrap());
        assert!(text.contains(r#""value":"EgcIgAIQIBgDGiAAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHw==""#), "{text}");
    }

    #[test]
    fn varints_are_those_of_protocol_buffers() {
        for (value, expected) in
            [(0, vec![0]), (127, vec![127]), (128, vec![128, 1]), (u32::MAX, vec![255, 255, 255, 255, 15])]
        {
            let mut out = Vec::new();
            varint(value, &mut out);
            assert_eq!(out, expected);
        }
    }
}
