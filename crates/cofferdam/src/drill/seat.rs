//! One session at work: its credential, its place, its line to the program, and what it took.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use base::time::Clock;
use custody::sessions::Issued;

use crate::client::{Credentials, S3Client};
use crate::drill::cast::Compartment;
use crate::drill::pulse::Lane;
use crate::drill::reader::{Reader, Taken};
use crate::drill::tap::Tap;
use crate::error::Error;

/// There is one region.
const REGION: &str = "us-east-1";

/// A session at work.
pub(super) struct Seat {
    /// In which compartment, by its place in the cast.
    pub(super) place: usize,
    pub(super) about: &'static Compartment,
    pub(super) access_key: String,
    /// Reads as fast as it can.
    pub(super) reader: Reader,
    pub(super) client: S3Client,
    pub(super) taps: Vec<Tap>,
    credentials: Credentials,
    taken: Arc<Mutex<Taken>>,
}

/// Where the program is, and how time is told.
#[derive(Clone)]
pub(super) struct Wires {
    pub(super) server: SocketAddr,
    pub(super) clock: Arc<dyn Clock>,
}

impl Seat {
    /// Sits down with a session that was issued, at `source`.
    pub(super) async fn take(
        wires: &Wires,
        issued: &Issued,
        source: Ipv4Addr,
        (place, about): (usize, &'static Compartment),
        lane: &Arc<Lane>,
    ) -> Result<Self, Error> {
        let credentials = Credentials::from(issued);
        let taken = Arc::new(Mutex::new(Taken::default()));
        let tap = Tap::open(wires.server, source, None, Arc::clone(lane), Arc::clone(&wires.clock)).await?;
        let client = S3Client::new(tap.address(), credentials.clone(), REGION);
        Ok(Self {
            place,
            about,
            access_key: issued.access_key.clone(),
            reader: Reader::new(client.clone(), Arc::clone(&taken)),
            client,
            taps: vec![tap],
            credentials,
            taken,
        })
    }

    /// A second line for the same credential, no faster than `pace`. What it takes is counted with the rest.
    pub(super) async fn paced(
        &mut self,
        wires: &Wires,
        source: Ipv4Addr,
        pace_bytes_per_second: u64,
        lane: &Arc<Lane>,
    ) -> Result<Reader, Error> {
        let pace = Some(pace_bytes_per_second);
        let tap = Tap::open(wires.server, source, pace, Arc::clone(lane), Arc::clone(&wires.clock)).await?;
        let client = S3Client::new(tap.address(), self.credentials.clone(), REGION);
        self.taps.push(tap);
        Ok(Reader::new(client, Arc::clone(&self.taken)))
    }

    /// The same credential, tried from somewhere else. What it takes is counted apart: it should be nothing.
    pub(super) async fn elsewhere(
        &self,
        wires: &Wires,
        source: Ipv4Addr,
        lane: &Arc<Lane>,
    ) -> Result<(Tap, Reader), Error> {
        let tap = Tap::open(wires.server, source, None, Arc::clone(lane), Arc::clone(&wires.clock)).await?;
        let client = S3Client::new(tap.address(), self.credentials.clone(), REGION);
        Ok((tap, Reader::new(client, Arc::default())))
    }
}
