//! The signature of an approver: this person agrees to exactly this request.
//!
//! `message = "cofferdam/approval/v1\n" || approval id || "\n" || SHA-256 of the request in lower-case hexadecimal`

use base::id::ApprovalId;

use crate::digest::{Hash, hex};
use crate::key::{PublicKey, Signature, SigningKey};

/// Approves the request with this digest.
#[must_use]
pub fn approve(key: &SigningKey, approval: ApprovalId, request: &Hash) -> Signature {
    key.sign(message(approval, request).as_bytes())
}

/// Whether `key` approved exactly this request under exactly this approval.
#[must_use]
pub fn approved(key: &PublicKey, approval: ApprovalId, request: &Hash, signature: &[u8]) -> bool {
    key.accepts(message(approval, request).as_bytes(), signature)
}

fn message(approval: ApprovalId, request: &Hash) -> String {
    format!("cofferdam/approval/v1\n{approval}\n{}", hex(request))
}

#[cfg(test)]
mod tests {
    use base::Secret;

    use super::*;

    #[test]
    fn an_approval_is_of_one_request_only() {
        let key = SigningKey::from_seed(&Secret::take(&mut [3; 32])).unwrap();
        let id = ApprovalId::from_bytes([1; 16]);
        let signature = approve(&key, id, &[2; 32]);
        assert!(approved(&key.public(), id, &[2; 32], &signature));
        assert!(!approved(&key.public(), id, &[3; 32], &signature));
        assert!(!approved(&key.public(), ApprovalId::from_bytes([2; 16]), &[2; 32], &signature));
        assert_eq!(message(id, &[0; 32]).lines().count(), 3);
    }
}
