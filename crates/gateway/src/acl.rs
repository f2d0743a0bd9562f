//! Access control lists, as far as they say nothing: the owner has everything, nobody else has anything.
//!
//! Access is given by grants. A list that says *private* is accepted, since it is true; any other is refused with the code that a
//! bucket answers whose owner is enforced, which tools know to take for "use policies instead".

use http::HeaderMap;
use s3s::dto::{AccessControlPolicy, Grant, Grantee, ObjectCannedACL, Owner, Permission, Type};
use s3wire::{Code, Refusal};

const CANNED: &str = "x-amz-acl";

/// Lists that give nothing to anybody but the owner. `bucket-owner-read` would give the owner of the bucket what it has.
const PRIVATE: [&str; 3] =
    [ObjectCannedACL::PRIVATE, ObjectCannedACL::BUCKET_OWNER_FULL_CONTROL, ObjectCannedACL::BUCKET_OWNER_READ];

const SHARED: [&str; 5] = [
    ObjectCannedACL::PUBLIC_READ,
    ObjectCannedACL::PUBLIC_READ_WRITE,
    ObjectCannedACL::AUTHENTICATED_READ,
    ObjectCannedACL::AWS_EXEC_READ,
    "log-delivery-write",
];

const GRANTS: [&str; 5] = [
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
];

const PERMISSIONS: [&str; 5] =
    [Permission::FULL_CONTROL, Permission::READ, Permission::READ_ACP, Permission::WRITE, Permission::WRITE_ACP];

/// The one list that everything here has.
pub(crate) fn of(owner: &Owner) -> Vec<Grant> {
    let grantee = Grantee {
        display_name: owner.display_name.clone(),
        email_address: None,
        id: owner.id.clone(),
        type_: Type::from_static(Type::CANONICAL_USER),
        uri: None,
    };
    vec![Grant { grantee: Some(grantee), permission: Some(Permission::from_static(Permission::FULL_CONTROL)) }]
}

/// Whether headers speak of access at all.
pub(crate) fn is_in(headers: &HeaderMap) -> bool {
    headers.contains_key(CANNED) || GRANTS.iter().any(|name| headers.contains_key(*name))
}

/// Accepts headers that say *private*.
///
/// # Errors
/// `AccessControlListNotSupported` for those that give anything to others; `InvalidArgument` or `InvalidRequest` for those that
/// cannot be read.
pub(crate) fn check_headers(headers: &HeaderMap, owner: &str) -> Result<(), Refusal> {
    let canned = headers.get(CANNED).map(|value| value.to_str().unwrap_or_default());
    let mut grants = GRANTS.iter().flat_map(|name| headers.get_all(*name)).peekable();
    match canned {
        Some(_) if grants.peek().is_some() => {
            let why = "specifying both canned ACLs and header grants is not allowed";
            return Err(Refusal::new(Code::InvalidRequest, why));
        }
        None => {}
        Some(canned) if PRIVATE.contains(&canned) => {}
        Some(canned) if SHARED.contains(&canned) => return Err(not_supported()),
        Some(_) => return Err(Refusal::new(Code::InvalidArgument, "the canned ACL is not one of S3's")),
    }
    for value in grants {
        for grantee in value.to_str().unwrap_or_default().split(',') {
            let (kind, name) = grantee.trim().split_once('=').ok_or_else(malformed)?;
            if kind != "id" || name.trim_matches('"') != owner {
                return Err(not_supported());
            }
        }
    }
    Ok(())
}

/// Accepts a document that says *private*.
///
/// # Errors
/// As [`check_headers`]; `MalformedACLError` for a document that is none.
pub(crate) fn check_document(document: &AccessControlPolicy, owner: &str) -> Result<(), Refusal> {
    if document.owner.as_ref().and_then(|owner| owner.id.as_deref()).is_some_and(|id| id != owner) {
        return Err(Refusal::new(Code::AccessDenied, "the owner of a bucket cannot be changed"));
    }
    for grant in document.grants.as_ref().ok_or_else(malformed)? {
        let (Some(grantee), Some(permission)) = (&grant.grantee, &grant.permission) else { return Err(malformed()) };
        if !PERMISSIONS.contains(&permission.as_str()) {
            return Err(malformed());
        }
        if grantee.id.as_deref() != Some(owner) {
            return Err(not_supported());
        }
    }
    Ok(())
}

fn malformed() -> Refusal {
    Refusal::new(Code::MalformedACLError, "the ACL is not well-formed or does not follow the schema of S3")
}

fn not_supported() -> Refusal {
    let why = "the bucket does not allow ACLs\ngive access with `cofferdam grant create`";
    Refusal::new(Code::AccessControlListNotSupported, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(of: &[(&'static str, &'static str)]) -> Result<(), Code> {
        let headers = of.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        check_headers(&headers, "eng_1").map_err(|refusal| refusal.code())
    }

    #[test]
    fn what_says_private_is_accepted_and_nothing_else() {
        for canned in PRIVATE {
            assert_eq!(headers(&[(CANNED, canned)]), Ok(()));
        }
        for canned in SHARED {
            assert_eq!(headers(&[(CANNED, canned)]), Err(Code::AccessControlListNotSupported));
        }
        assert_eq!(headers(&[(CANNED, "open")]), Err(Code::InvalidArgument));
        assert_eq!(headers(&[(GRANTS[0], "id=\"eng_1\"")]), Ok(()));
        assert_eq!(headers(&[(GRANTS[1], "id=eng_1, id=eng_2")]), Err(Code::AccessControlListNotSupported));
        assert_eq!(headers(&[(GRANTS[1], "uri=\"eng_1\"")]), Err(Code::AccessControlListNotSupported));
        assert_eq!(headers(&[(GRANTS[1], "everybody")]), Err(Code::MalformedACLError));
        assert_eq!(headers(&[(CANNED, "private"), (GRANTS[1], "id=eng_1")]), Err(Code::InvalidRequest));
    }

    #[test]
    fn a_document_gives_nothing_to_others() {
        let owner = |id: &str| Owner { id: Some(id.to_owned()), display_name: None };
        let check = |owned: &str, granted: &str, permission| {
            let mut grants = of(&owner(granted));
            grants[0].permission = permission;
            let document = AccessControlPolicy { owner: Some(owner(owned)), grants: Some(grants) };
            check_document(&document, "eng_1").map_err(|refusal| refusal.code())
        };
        let read = || Some(Permission::from_static(Permission::READ));
        assert_eq!(check("eng_1", "eng_1", read()), Ok(()));
        assert_eq!(check("eng_1", "eng_2", read()), Err(Code::AccessControlListNotSupported));
        assert_eq!(check("eng_2", "eng_1", read()), Err(Code::AccessDenied));
        assert_eq!(check("eng_1", "eng_1", None), Err(Code::MalformedACLError));
        assert_eq!(check("eng_1", "eng_1", Some(Permission::from_static("ALL"))), Err(Code::MalformedACLError));
    }
}
