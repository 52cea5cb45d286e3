//! ROUTE-REFRESH: read and written.
use crate::allocation::at_most;
use crate::message::{check_fault, check_sendable, whole};
use bgp_wire::RouteRefresh;

/// The octets are a ROUTE-REFRESH, or its body.
///
/// # Panics
/// When a promise of `bgp_wire::RouteRefresh` is broken.
pub fn route_refresh(input: &[u8]) {
    let message = whole(5, input);
    let parsed = at_most(message.len(), "RouteRefresh::parse", || {
        RouteRefresh::parse(&message)
    });
    match parsed {
        Ok(refresh) => {
            let mut octets = Vec::new();
            refresh.encode(&mut octets);
            check_sendable(&octets);
            assert_eq!(RouteRefresh::parse(&octets).as_ref(), Ok(&refresh));
            filters(&refresh);
        }
        Err(fault) => check_fault(&fault, &message),
    }
}

/// Filters can be sent, and mean the same where they arrive.
fn filters(refresh: &RouteRefresh) {
    // "Remove all" is one octet on the wire, and a value like any other; lists grow by doubling.
    let most = 1_024 + 128 * refresh.filters.len();
    let read = at_most(most, "RouteRefresh::outbound_filters", || {
        refresh.outbound_filters()
    });
    let Some(filters) = read else {
        return;
    };
    let again = RouteRefresh::with_filters(refresh.family, &filters);
    let mut octets = Vec::new();
    again.encode(&mut octets);
    check_sendable(&octets);
    let arrived = RouteRefresh::parse(&octets);
    let arrived = arrived.map(|refresh| refresh.outbound_filters());
    assert_eq!(arrived, Ok(Some(filters)));
}
