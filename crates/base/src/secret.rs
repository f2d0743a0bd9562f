//! Values that must not leak: key material ([`Secret`]) and customers' plaintext ([`Plain`]).
//!
//! Both are erased on drop. Neither has `Debug`, `Display`, `Clone` or `Serialize`, so a struct that holds one cannot be
//! printed, copied or written out by a derive, and the compiler says so. Equality of secrets is constant-time.

use zeroize::Zeroize;

/// `N` bytes of key material, erased on drop.
///
/// The bytes live on the heap: moving the value moves a pointer and leaves no copy behind.
#[must_use]
pub struct Secret<const N: usize>(Box<[u8; N]>);

impl<const N: usize> Secret<N> {
    /// Takes key material; the caller's own copy is erased.
    pub fn take(bytes: &mut [u8; N]) -> Self {
        let held = Box::new(*bytes);
        bytes.zeroize();
        Self(held)
    }

    /// Makes key material in place, for example by filling it from a key derivation.
    ///
    /// # Errors
    /// Whatever `fill` returns; what was filled so far is erased.
    pub fn make<E>(fill: impl FnOnce(&mut [u8; N]) -> Result<(), E>) -> Result<Self, E> {
        let mut secret = Self(Box::new([0; N]));
        fill(&mut secret.0)?;
        Ok(secret)
    }

    /// Shows the bytes to `use_them`. For `seal` and the signature check only.
    pub fn expose<R>(&self, use_them: impl FnOnce(&[u8; N]) -> R) -> R {
        use_them(&self.0)
    }

    /// Constant-time equality.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        same_bytes(self.0.as_slice(), other.0.as_slice())
    }
}

impl<const N: usize> Drop for Secret<N> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Plaintext of a customer, erased on drop.
#[must_use]
pub struct Plain(Vec<u8>);

impl Plain {
    /// Wraps plaintext.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// How many bytes are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Shows the bytes to `use_them`.
    pub fn expose<R>(&self, use_them: impl FnOnce(&[u8]) -> R) -> R {
        use_them(&self.0)
    }

    /// Hands the plaintext to the wire: the buffer is erased when the last slice of it has been written.
    #[must_use]
    pub fn into_body(self) -> bytes::Bytes {
        bytes::Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Plain {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        // As slices, which are erased at memory speed; as a vector, each byte would be erased by itself. What was trimmed off
        // lies in the spare room.
        self.0.spare_capacity_mut().zeroize();
        self.0.as_mut_slice().zeroize();
    }
}

/// Compares without revealing where two strings of bytes differ. Their lengths are not hidden.
#[must_use]
pub fn same_bytes(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let difference = left.iter().zip(right).fold(0u8, |acc, (l, r)| acc | (l ^ r));
    std::hint::black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taking_a_secret_erases_the_source() {
        let mut source = [7u8; 32];
        let secret = Secret::take(&mut source);
        assert_eq!(source, [0; 32]);
        assert!(secret.expose(|bytes| bytes.iter().all(|byte| *byte == 7)));
    }

    #[test]
    fn equality_needs_every_byte() {
        assert!(same_bytes(b"abc", b"abc"));
        assert!(!same_bytes(b"abc", b"abd"));
        assert!(!same_bytes(b"abc", b"ab"));
    }
}
