//! HTTP: S3 and the admin API.
//!
//! ```text
//! server → connection → wire → front ── sigv4, chunked, upload ──→ s3 ──→ custody ──→ body → wire
//!                 admin ── a person's signature ────────────→ custody
//! ```
//!
//! A request comes in on a [`wire`], is authenticated by its signature ([`s3wire::sigv4`]), loses everything that only the signature
//! needed, and is handed on with the caller that custody established. The S3 dialect itself (routing, documents) is spoken
//! by `s3s`, which never sees a signature. Answers leave on the same wire, which a pause cuts through the [`register`].

mod acl;
pub mod admin;
mod asked;
pub mod body;
pub mod callers;
mod channel;
pub mod claimed;
mod connection;
mod cors;
mod crowd;
pub mod error;
mod errors;
mod form;
pub mod front;
mod headers;
mod hosts;
pub mod inbound;
pub mod limits;
pub mod operations;
pub mod register;
mod s3;
pub mod server;
mod tags;
pub mod tls;
pub mod upload;
pub mod wire;

pub use callers::Callers;
pub use error::Error;
pub use front::S3Front;
pub use hosts::Domains;
pub use s3wire::{Code, Refusal};

/// Log targets that must stay silent whatever the configuration says: at low levels they print whole requests.
pub const QUIET_TARGETS: [&str; 1] = ["s3s"];
