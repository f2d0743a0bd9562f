//! The admin API: `/api/v1`, JSON over HTTP, for the command line.
//!
//! Every request but `health` is signed by a person's own key (RFC 9421). A handler parses, calls custody and renders; it
//! decides nothing. The routes are a table, so that what exists can be read, printed and checked in one place.
//!
//! # Threats
//! Whoever reaches the listener. Plain text is spoken on loopback only, and answers nobody else; bodies are bounded before they
//! are read; an unsigned request learns nothing but that it is unsigned.

mod budgets;
mod handlers;
mod incidents;
mod intake;
mod problem;
mod routes;
mod signed;
mod view;
mod watch;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use custody::touch::Selector;
use custody::{Caller, Custody, CustodyError};
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use tokio::net::TcpListener;

pub use problem::Problem;
pub use routes::{Access, ROUTES, Route};
pub use signed::Signed;

use crate::error::Error;
use crate::inbound::Inbound;
use crate::server::{self, Front};
use crate::tls::Tls;
use crate::wire::{Security, Wire};
use routes::{Call, Found};

/// How large a request's body may be. The largest, a scope question with hundreds of selectors, has some tens of KiB.
pub const LARGEST_BODY_BYTES: usize = 1024 * 1024;

/// Puts what came over HTTP into custody's words, where those words belong to layers that the gateway does not know.
/// Implemented by the program's wiring.
pub trait Interpreter: Send + Sync + 'static {
    /// Establishes the person who signed a request.
    ///
    /// # Errors
    /// As `custody::Identity::person`.
    fn person(&self, signed: &Signed<'_>) -> Result<Caller, CustodyError>;

    /// A selector of a scope question: `credential`, `session`, `principal`, `address` or `engagement`, and its value.
    fn selector(&self, kind: &str, value: &str) -> Option<Selector>;
}

/// Binds the listener of the admin API.
///
/// # Errors
/// [`Error::PlainTextOffLoopback`] when plain text could be read on other machines; [`Error::Listen`].
pub async fn listen(address: SocketAddr, security: Security) -> Result<TcpListener, Error> {
    if security == Security::Plain && !address.ip().is_loopback() {
        return Err(Error::PlainTextOffLoopback { address });
    }
    server::listen(address).await
}

/// Serves the admin API over one custody.
pub struct AdminFront {
    custody: Arc<Custody>,
    interpreter: Arc<dyn Interpreter>,
    tls: Option<Arc<Tls>>,
}

impl AdminFront {
    /// A front for `custody`, of a program that serves with the certificate in `tls`.
    #[must_use]
    pub fn new(custody: Arc<Custody>, interpreter: Arc<dyn Interpreter>, tls: Option<Arc<Tls>>) -> Self {
        Self { custody, interpreter, tls }
    }

    async fn try_answer(
        &self,
        request: Request<Inbound>,
        wire: &Wire,
        id: base::id::RequestId,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let (parts, body) = request.into_parts();
        let address = wire.peer().ip();
        // INVARIANT: however the listener was bound, plain text goes to this machine alone.
        if wire.security() == Security::Plain && !address.to_canonical().is_loopback() {
            return Err(Problem::refused("the admin API answers plain text on loopback only"));
        }
        let found = routes::find(&parts.method, parts.uri.path())?;
        let Found { route, captured } = found;
        if route.access == Access::Open {
            return Ok(handlers::health());
        }
        let body = Limited::new(body, LARGEST_BODY_BYTES).collect().await;
        let body =
            body.map_err(|_| Problem::invalid("the body could not be read, or is larger than 1 MiB"))?.to_bytes();
        let digest = s3wire::digest::sha256(&body);
        let caller = Signed::read(&parts, &digest, address)
            .and_then(|signed| self.interpreter.person(&signed).map_err(|error| Problem::of(id, &error)));
        let caller = caller.inspect_err(|_| self.custody.count_noise(address))?;
        let call = Call {
            custody: Arc::clone(&self.custody),
            interpreter: Arc::clone(&self.interpreter),
            certificate: self.tls.as_ref().map(|tls| tls.certificate()),
            caller: Arc::new(caller),
            request: id,
            captured,
            body,
        };
        (route.handler)(call).await
    }
}

impl Front for AdminFront {
    type Body = Full<Bytes>;

    async fn answer(&self, request: Request<Inbound>, wire: Arc<Wire>) -> Response<Full<Bytes>> {
        let id = self.custody.request();
        let mut response = match self.try_answer(request, &wire, id).await {
            Ok(response) => response,
            Err(problem) => problem.render(id),
        };
        if let Ok(value) = http::HeaderValue::from_str(&id.to_string()) {
            response.headers_mut().insert("x-request-id", value);
        }
        response
    }
}
