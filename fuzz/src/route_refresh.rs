//! ROUTE-REFRESH: read and written.
use crate::message::{check_fault, check_sendable, whole};
use bgp_wire::RouteRefresh;

/// The octets are a ROUTE-REFRESH, or its body.
///
/// # Panics
/// When a promise of `bgp_wire::RouteRefresh` is broken.
pub fn route_refresh(input: &[u8]) {
    let message = whole(5, input);
    match RouteRefresh::parse(&message) {
        Ok(refresh) => {
            let mut octets = Vec::new();
            refresh.encode(&mut octets);
            check_sendable(&octets);
            assert_eq!(RouteRefresh::parse(&octets), Ok(refresh));
        }
        Err(fault) => check_fault(&fault, &message),
    }
}
