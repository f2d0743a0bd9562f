//! The machine's randomness: the one place where chance comes from.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base::Entropy;

/// The cryptographic provider's generator, seeded by the kernel.
#[derive(Debug, Default)]
pub struct SystemEntropy(SystemRandom);

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        if self.0.fill(bytes).is_err() {
            // A key that can be guessed is worse than no program: nothing may go on from here.
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_differ() {
        let entropy: &dyn Entropy = &SystemEntropy::default();
        assert_ne!(entropy.bytes::<32>(), entropy.bytes::<32>());
    }
}
