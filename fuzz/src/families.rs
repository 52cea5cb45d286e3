//! Every family as a type: those that have one, and one opaque family for each way to say the length
//! of an NLRI.
use bgp_wire::{
    AddressFamily, BgpLs, Evpn, Family, Ipv4Flowspec, Ipv4Labeled, Ipv4Multicast, Ipv4Unicast,
    Ipv6Flowspec, Ipv6Labeled, Ipv6Multicast, Ipv6Unicast, Opaque, RouteTargetConstraint, Vpnv4,
    Vpnv4Flowspec, Vpnv6, Vpnv6Flowspec,
};

/// What is to be done with a family.
pub(crate) trait Visitor {
    fn visit<F: AddressFamily>(&mut self);
}

macro_rules! families {
    ($($family:ty),* $(,)?) => {
        /// All of them.
        pub(crate) const ALL: &[Family] = &[$(<$family as AddressFamily>::FAMILY),*];

        /// Visits every family.
        pub(crate) fn each(visitor: &mut impl Visitor) {
            $(visitor.visit::<$family>();)*
        }

        /// Visits the family that a number chooses.
        pub(crate) fn choose(number: u8, visitor: &mut impl Visitor) {
            let visits = [$(|visitor: &mut _| Visitor::visit::<$family>(visitor)),*];
            visits[usize::from(number) % visits.len()](visitor);
        }
    };
}

families! {
    Ipv4Unicast,
    Ipv6Unicast,
    Ipv4Multicast,
    Ipv6Multicast,
    Ipv4Labeled,
    Ipv6Labeled,
    Vpnv4,
    Vpnv6,
    Evpn,
    Ipv4Flowspec,
    Ipv6Flowspec,
    Vpnv4Flowspec,
    Vpnv6Flowspec,
    RouteTargetConstraint,
    BgpLs,
    // VPLS
    Opaque<25, 65>,
    // MVPN
    Opaque<1, 5>,
    // SR policy
    Opaque<2, 73>,
    // color-aware routing
    Opaque<1, 83>,
    // mobile user plane
    Opaque<2, 85>,
    // multicast in VPNs
    Opaque<1, 129>,
    // service function chaining
    Opaque<31, 9>,
    // flowspec of layer 2 VPNs
    Opaque<25, 134>,
    // nobody knows
    Opaque<99, 7>,
}
