//! What every `Keys` does.
#![expect(clippy::unwrap_used, reason = "a suite is test code")]

use base::Kind;
use base::id::KeyId;
use base::ports::Keys;

const ONE: KeyId = KeyId::from_bytes([1; 16]);
const TWO: KeyId = KeyId::from_bytes([2; 16]);

/// The contract of [`Keys`].
pub fn keys(fresh: &dyn Fn() -> Box<dyn Keys>) {
    let keys = fresh();
    assert_eq!(keys.list().unwrap(), []);
    assert_eq!(keys.get(ONE).unwrap_err().kind(), Kind::Missing);
    keys.put(ONE, b"wrapped").unwrap();
    keys.put(TWO, b"other").unwrap();
    assert_eq!(keys.get(ONE).unwrap(), b"wrapped");
    let mut listed = keys.list().unwrap();
    listed.sort_unstable();
    assert_eq!(listed, [ONE, TWO]);

    assert_eq!(keys.put(ONE, b"usurper").unwrap_err().kind(), Kind::Conflict);
    assert_eq!(keys.get(ONE).unwrap(), b"wrapped", "a key is never replaced");

    keys.destroy(ONE).unwrap();
    keys.destroy(ONE).unwrap();
    assert_eq!(keys.get(ONE).unwrap_err().kind(), Kind::Missing);
    assert_eq!(keys.list().unwrap(), [TWO]);
    assert_eq!(keys.get(TWO).unwrap(), b"other");
}
