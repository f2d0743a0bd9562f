//! What a client says about an upload's content: checksums in headers or in the trailer, and `Content-MD5`.
//!
//! They are read and cross-checked here; the content is measured by intake, which refuses to commit when they differ.

use custody::digests::Algorithm;
use http::request::Parts;
use http::{HeaderMap, Method};

use s3wire::{Code, Refusal};

/// The header or trailer that carries a checksum's value.
#[must_use]
pub const fn header_of(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Crc32 => "x-amz-checksum-crc32",
        Algorithm::Crc32c => "x-amz-checksum-crc32c",
        Algorithm::Crc64Nvme => "x-amz-checksum-crc64nvme",
        Algorithm::Sha1 => "x-amz-checksum-sha1",
        Algorithm::Sha256 => "x-amz-checksum-sha256",
    }
}

const fn bytes_of(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::Crc32 | Algorithm::Crc32c => 4,
        Algorithm::Crc64Nvme => 8,
        Algorithm::Sha1 => 20,
        Algorithm::Sha256 => 32,
    }
}

fn algorithm_of(header: &str) -> Option<Algorithm> {
    Algorithm::ALL.into_iter().find(|algorithm| header_of(*algorithm) == header)
}

/// A checksum as claimed: base64 of the algorithm's length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum {
    /// How it was made.
    pub algorithm: Algorithm,
    /// Its value.
    pub value: String,
}

impl Checksum {
    /// Reads a value as headers and trailers carry it.
    ///
    /// # Errors
    /// `InvalidRequest` when it is not base64 of the algorithm's length.
    pub fn read(algorithm: Algorithm, text: &str) -> Result<Self, Refusal> {
        let bytes = data_encoding::BASE64.decode(text.as_bytes()).ok();
        if bytes.is_none_or(|bytes| bytes.len() != bytes_of(algorithm)) {
            let why = format!("value for {} header is invalid", header_of(algorithm));
            return Err(Refusal::new(Code::InvalidRequest, why));
        }
        Ok(Self { algorithm, value: text.to_owned() })
    }

    /// Reads the trailer `name: text`.
    ///
    /// # Errors
    /// `InvalidRequest` when it is not a checksum.
    pub fn of_trailer(name: &str, text: &str) -> Result<Self, Refusal> {
        Self::read(algorithm_of(name).ok_or_else(|| unsupported(name))?, text)
    }
}

/// What the head of a request claims about its content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claimed {
    /// `Content-MD5`.
    pub md5: Option<[u8; 16]>,
    /// The checksum, when it is in a header.
    pub checksum: Option<Checksum>,
    /// The algorithm of the checksum that the trailer will bring.
    pub trailer: Option<Algorithm>,
    /// To complete a multipart upload: checksums of the whole object, as written.
    pub object: Vec<(Algorithm, String)>,
}

impl Claimed {
    /// Reads the claims of a request about its body.
    ///
    /// # Errors
    /// `InvalidRequest` or `InvalidDigest` when they are malformed or contradict each other.
    pub fn read(request: &Parts) -> Result<Self, Refusal> {
        let completes =
            request.method == Method::POST && request.uri.query().is_some_and(|query| query.contains("uploadId="));
        if completes { Self::of_completion(&request.headers) } else { Self::of_headers(&request.headers) }
    }

    // SPEC: S3 CompleteMultipartUpload: its checksum headers speak of the object, not of the body; composite ones end in `-N`.
    fn of_completion(headers: &HeaderMap) -> Result<Self, Refusal> {
        let mut object = Vec::new();
        for name in headers.keys().filter(|name| is_checksum(name.as_str())) {
            let algorithm = algorithm_of(name.as_str()).ok_or_else(|| unsupported(name.as_str()))?;
            object.push((algorithm, text(headers, name.as_str())?.unwrap_or_default().to_owned()));
        }
        Ok(Self { md5: read_md5(headers)?, object, ..Self::default() })
    }

    // SPEC: S3: at most one checksum; not both a header and a trailer; x-amz-sdk-checksum-algorithm must agree.
    fn of_headers(headers: &HeaderMap) -> Result<Self, Refusal> {
        let mut checksum = None;
        for name in headers.keys().filter(|name| is_checksum(name.as_str())) {
            let algorithm = algorithm_of(name.as_str()).ok_or_else(|| unsupported(name.as_str()))?;
            let value = Checksum::read(algorithm, text(headers, name.as_str())?.unwrap_or_default())?;
            if checksum.replace(value).is_some() {
                return Err(Refusal::new(Code::InvalidRequest, "expecting a single x-amz-checksum- header"));
            }
        }
        let trailer = match text(headers, "x-amz-trailer")? {
            Some(_) if checksum.is_some() => {
                return Err(Refusal::new(Code::InvalidRequest, "expecting a single x-amz-checksum- header"));
            }
            Some(name) => {
                let name = name.trim().to_ascii_lowercase();
                Some(algorithm_of(&name).ok_or_else(|| unsupported(&name))?)
            }
            None => None,
        };
        let announced = checksum.as_ref().map(|checksum| checksum.algorithm).or(trailer);
        if let (Some(named), Some(announced)) = (text(headers, "x-amz-sdk-checksum-algorithm")?, announced)
            && !named.eq_ignore_ascii_case(announced.name())
        {
            return Err(Refusal::new(Code::InvalidRequest, "value for x-amz-sdk-checksum-algorithm header is invalid"));
        }
        Ok(Self { md5: read_md5(headers)?, checksum, trailer, object: Vec::new() })
    }
}

fn read_md5(headers: &HeaderMap) -> Result<Option<[u8; 16]>, Refusal> {
    let Some(text) = text(headers, "content-md5")? else { return Ok(None) };
    let value = data_encoding::BASE64.decode(text.as_bytes()).ok().and_then(|value| value.try_into().ok());
    value.map(Some).ok_or_else(|| Refusal::new(Code::InvalidDigest, "the Content-MD5 you specified is not valid"))
}

/// Whether a header claims a checksum's value, by an algorithm we know or not.
fn is_checksum(name: &str) -> bool {
    name.strip_prefix("x-amz-checksum-").is_some_and(|rest| !matches!(rest, "mode" | "algorithm" | "type"))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let (first, second) = (values.next(), values.next());
    match (first.map(|value| value.to_str()), second) {
        (None, _) => Ok(None),
        (Some(Ok(value)), None) => Ok(Some(value)),
        _ => Err(Refusal::new(Code::InvalidRequest, format!("the header `{name}` is repeated or not text"))),
    }
}

fn unsupported(name: &str) -> Refusal {
    Refusal::new(
        Code::InvalidRequest,
        format!("the checksum `{name}` is not supported: use crc32, crc32c, crc64nvme, sha1 or sha256"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claimed(headers: &[(&'static str, &'static str)]) -> Result<Claimed, Code> {
        let map = headers.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect();
        Claimed::of_headers(&map).map_err(|refusal| refusal.code())
    }

    #[test]
    fn header_and_trailer_are_alternatives() {
        let header = ("x-amz-checksum-crc32", "y/Q5Jg==");
        let trailer = ("x-amz-trailer", "x-amz-checksum-crc32c");
        assert_eq!(claimed(&[header]).unwrap().checksum.unwrap().value, "y/Q5Jg==");
        assert_eq!(claimed(&[trailer]).unwrap().trailer, Some(Algorithm::Crc32c));
        assert_eq!(claimed(&[header, trailer]), Err(Code::InvalidRequest));
        assert_eq!(claimed(&[header, ("x-amz-checksum-sha1", "")]), Err(Code::InvalidRequest));
    }

    #[test]
    fn values_must_fit_their_algorithm() {
        assert_eq!(claimed(&[("x-amz-checksum-crc32", "rosUhgp5mIg=")]), Err(Code::InvalidRequest));
        assert_eq!(claimed(&[("x-amz-checksum-crc32", "!!!!")]), Err(Code::InvalidRequest));
        assert_eq!(claimed(&[("x-amz-checksum-xxhash64", "rosUhgp5mIg=")]), Err(Code::InvalidRequest));
        assert_eq!(claimed(&[("content-md5", "short")]), Err(Code::InvalidDigest));
        assert_eq!(claimed(&[("x-amz-checksum-mode", "ENABLED")]), Ok(Claimed::default()));
    }

    #[test]
    fn the_named_algorithm_must_agree() {
        let named = ("x-amz-sdk-checksum-algorithm", "CRC32");
        assert!(claimed(&[named, ("x-amz-checksum-crc32", "y/Q5Jg==")]).is_ok());
        assert_eq!(claimed(&[named, ("x-amz-trailer", "x-amz-checksum-sha256")]), Err(Code::InvalidRequest));
    }
}
