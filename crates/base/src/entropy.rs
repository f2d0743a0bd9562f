//! Chance, injected.
//!
//! Whatever must be unguessable takes its bytes from an [`Entropy`] it was handed. The one real source is made in the
//! program's wiring; a seeded one exists only in `testkit`, which no shipped crate can depend on.

/// A source of unpredictable bytes.
pub trait Entropy: Send + Sync {
    /// Fills `bytes`. Never returns having filled less: a source that cannot deliver must abort the process.
    fn fill(&self, bytes: &mut [u8]);
}

impl dyn Entropy + '_ {
    /// `N` fresh bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }
}
