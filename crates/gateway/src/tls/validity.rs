//! When a certificate is valid: the one thing of it that we tell people, read from its bytes.
//!
//! Clients judge certificates; this only finds the two times, so that an expiry is told before clients find out.
//!
//! SPEC: RFC 5280 §4.1: `Certificate` begins with `tbsCertificate`: version, serial number, signature algorithm, issuer, validity.

use base::Timestamp;

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xA0;

/// From when until when, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// Not before.
    pub from: Timestamp,
    /// Not after.
    pub until: Timestamp,
}

impl Validity {
    /// Reads it from a certificate in DER.
    #[must_use]
    pub fn read(certificate: &[u8]) -> Option<Self> {
        let (certificate, _) = element(certificate, SEQUENCE)?;
        let (signed, _) = element(certificate, SEQUENCE)?;
        let signed = element(signed, VERSION).map_or(signed, |(_, rest)| rest);
        let (_serial, rest) = element(signed, INTEGER)?;
        let (_algorithm, rest) = element(rest, SEQUENCE)?;
        let (_issuer, rest) = element(rest, SEQUENCE)?;
        let (validity, _) = element(rest, SEQUENCE)?;
        let (from, rest) = time(validity)?;
        let (until, _) = time(rest)?;
        Some(Self { from, until })
    }
}

/// The content of the element at the beginning, which must bear `tag`, and what follows it.
// SPEC: X.690 §8.1.3: a length of one byte, or of as many as the first one says.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (_, rest) = bytes.split_first().filter(|(first, _)| **first == tag)?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7F => (usize::from(*first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x0F))?;
            (
                digits
                    .iter()
                    .try_fold(0usize, |length, digit| length.checked_mul(256)?.checked_add(usize::from(*digit)))?,
                rest,
            )
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

// SPEC: RFC 5280 §4.1.2.5: two digits of a year below 50 are of this century; both forms end in seconds and `Z`.
fn time(bytes: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (century, text, rest) = match element(bytes, GENERALIZED_TIME) {
        Some((text, rest)) => ("", text, rest),
        None => {
            let (text, rest) = element(bytes, UTC_TIME)?;
            (if text.first()? < &b'5' { "20" } else { "19" }, text, rest)
        }
    };
    let text = format!("{century}{}", std::str::from_utf8(text).ok()?);
    let (day, hour) = text.split_at_checked(8)?;
    Some((Timestamp::from_amz(&format!("{day}T{hour}"))?, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;
    use testkit::certificates::{FIRST, FIRST_EXPIRES, SECOND, SECOND_EXPIRES};

    use super::*;

    /// The first expires after 2049 and so has a `GeneralizedTime`, the second has none.
    #[test]
    fn both_forms_of_time_are_read() {
        for (files, expires) in [(FIRST, FIRST_EXPIRES), (SECOND, SECOND_EXPIRES)] {
            let certificate = CertificateDer::from_pem_slice(files.chain.as_bytes()).unwrap();
            let validity = Validity::read(&certificate).unwrap();
            assert_eq!(validity.from.to_string(), "2024-01-01T00:00:00.000000Z");
            assert_eq!(validity.until.to_string(), expires);
        }
    }

    proptest! {
        #[test]
        fn anything_may_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Validity::read(&bytes);
        }

        /// A certificate that was cut short says nothing.
        #[test]
        fn a_part_of_a_certificate_is_none(keep in 0.0..1.0) {
            let certificate = CertificateDer::from_pem_slice(FIRST.chain.as_bytes()).unwrap();
            let kept = (certificate.len() as f64 * keep) as usize;
            prop_assert_eq!(Validity::read(&certificate[..kept]), None);
        }
    }
}
