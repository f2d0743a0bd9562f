//! What every `Documents` does.
#![expect(clippy::unwrap_used, reason = "a suite is test code")]

use base::Kind;
use base::ports::Documents;

/// The contract of [`Documents`].
pub fn documents(fresh: &dyn Fn() -> Box<dyn Documents>) {
    a_document_is_replaced_whole(&*fresh());
    removing_is_idempotent(&*fresh());
    listing_is_by_whole_segments_and_sorted(&*fresh());
    names_cannot_climb(&*fresh());
}

fn a_document_is_replaced_whole(documents: &dyn Documents) {
    assert_eq!(documents.read("checkpoint").unwrap(), None);
    for bytes in [b"a long first version".as_slice(), b"short", b""] {
        documents.replace("checkpoint", bytes).unwrap();
        assert_eq!(documents.read("checkpoint").unwrap().as_deref(), Some(bytes));
    }
    documents.replace("tile/0/x001/000", b"deep").unwrap();
    assert_eq!(documents.read("tile/0/x001/000").unwrap().as_deref(), Some(b"deep".as_slice()));
    assert_eq!(documents.read("tile/0/x001/001").unwrap(), None);
}

fn removing_is_idempotent(documents: &dyn Documents) {
    documents.remove("a/b").unwrap();
    documents.replace("a/b", b"x").unwrap();
    documents.remove("a/b").unwrap();
    documents.remove("a/b").unwrap();
    assert_eq!(documents.read("a/b").unwrap(), None);
    assert_eq!(documents.list("a").unwrap(), Vec::<String>::new());
}

fn listing_is_by_whole_segments_and_sorted(documents: &dyn Documents) {
    assert_eq!(documents.list("keys").unwrap(), Vec::<String>::new());
    for name in ["keys/b", "keys/a", "keys/c/d", "keys2/z", "other"] {
        documents.replace(name, b"x").unwrap();
    }
    assert_eq!(documents.list("keys").unwrap(), ["keys/a", "keys/b", "keys/c/d"]);
    assert_eq!(documents.list("keys/c").unwrap(), ["keys/c/d"]);
}

fn names_cannot_climb(documents: &dyn Documents) {
    for bad in ["", "/etc/passwd", "../x", "a/../../x", "a//b", "Upper", ".hidden", "a/.new"] {
        assert_eq!(documents.read(bad).unwrap_err().kind(), Kind::Invalid, "{bad}");
        assert_eq!(documents.replace(bad, b"").unwrap_err().kind(), Kind::Invalid, "{bad}");
        assert_eq!(documents.remove(bad).unwrap_err().kind(), Kind::Invalid, "{bad}");
        assert_eq!(documents.list(bad).unwrap_err().kind(), Kind::Invalid, "{bad}");
    }
}
