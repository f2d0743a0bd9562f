//! The other end of the wire: clients of this program's own two interfaces.
//!
//! The command line speaks to a running server through [`AdminClient`]; the drill and the tests move data through
//! [`S3Client`], as a stranger's SDK would.

mod admin;
mod endpoint;
mod http;
mod identity;
mod problem;
mod s3;
mod watch;

pub use admin::{AdminClient, Created, ScopeAsked, SelectorText};
pub use endpoint::Endpoint;
pub use http::{Http, Response};
pub use identity::Identity;
pub use problem::Problem;
pub use s3::{Credentials, REGION, S3Client};
pub use watch::Rehearsed;
