//! How many connections each address has, so that one stranger cannot take the places of all.
//!
//! # Threats
//! Whoever has an IPv6 network has more addresses than there are places: addresses count by /64, the least that is given to
//! one customer. LIMIT: many addresses together still can fill every place; that takes a firewall.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use custody::place::Network;

/// Everybody who is connected to one listener.
pub(crate) struct Crowd {
    most: usize,
    uncounted: Vec<Network>,
    counts: Mutex<HashMap<IpAddr, usize>>,
}

/// A place among the connections of one address; given back when it is dropped.
pub(crate) struct Place {
    crowd: Arc<Crowd>,
    source: Option<IpAddr>,
}

impl Crowd {
    pub(crate) fn new(most: usize, uncounted: Vec<Network>) -> Arc<Self> {
        Arc::new(Self { most, uncounted, counts: Mutex::default() })
    }

    /// A place for a connection from `address`; none when it has all it may have.
    pub(crate) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        if self.uncounted.iter().any(|network| network.contains(address)) {
            return Some(Place { crowd: Arc::clone(self), source: None });
        }
        let source = source(address);
        let mut counts = self.lock();
        let count = counts.entry(source).or_default();
        if *count >= self.most {
            return None;
        }
        *count = count.saturating_add(1);
        Some(Place { crowd: Arc::clone(self), source: Some(source) })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(source) = self.source else { return };
        let mut counts = self.crowd.lock();
        if let Some(count) = counts.get_mut(&source) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(&source);
            }
        }
    }
}

/// What counts as one address.
fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_places_and_no_more() {
        let crowd = Crowd::new(2, vec!["127.0.0.0/8".parse().unwrap()]);
        let admit = |address: &str| crowd.admit(address.parse().unwrap());
        let (first, _second) = (admit("192.0.2.1").unwrap(), admit("::ffff:192.0.2.1").unwrap());
        assert!(admit("192.0.2.1").is_none());
        assert!(admit("192.0.2.2").is_some(), "others are not kept out");
        drop(first);
        let _third = admit("192.0.2.1").unwrap();
        assert!(admit("192.0.2.1").is_none());

        let network = [admit("2001:db8::1").unwrap(), admit("2001:db8::2:3").unwrap()];
        assert!(admit("2001:db8::4").is_none());
        drop(network);
        let local: Vec<_> = (0..10).map(|_| admit("127.0.0.1").unwrap()).collect();
        drop(local);
        assert_eq!(crowd.lock().len(), 1, "who has left is forgotten");
    }
}
