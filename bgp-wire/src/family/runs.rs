//! The one place where a family of the wire becomes a type.
use super::opaque::Framing;
use super::{
    AddressFamily, Evpn, Family, Ipv4Flowspec, Ipv4Labeled, Ipv4Multicast, Ipv4Unicast,
    Ipv6Flowspec, Ipv6Labeled, Ipv6Multicast, Ipv6Unicast, RouteTargetConstraint, Vpnv4,
    Vpnv4Flowspec, Vpnv6, Vpnv6Flowspec,
};
use crate::nlri::{NlriRun, RunFault, check};

/// How runs of NLRI of a family are measured and checked, known at run time.
#[derive(Clone, Copy)]
pub(crate) enum Runs {
    /// A family with a type.
    Typed {
        measure: fn(&[u8]) -> Option<usize>,
        check: fn(&[u8], bool, bool) -> Result<(), RunFault>,
    },
    /// Octets.
    Opaque(Framing),
}

fn typed<F: AddressFamily>() -> Runs {
    Runs::Typed {
        measure: F::measure,
        check: NlriRun::<F>::check_run,
    }
}

impl Runs {
    /// Of a family.
    pub(crate) fn of(family: Family) -> Self {
        match family {
            Family::IPV4_UNICAST => typed::<Ipv4Unicast>(),
            Family::IPV6_UNICAST => typed::<Ipv6Unicast>(),
            Family::IPV4_MULTICAST => typed::<Ipv4Multicast>(),
            Family::IPV6_MULTICAST => typed::<Ipv6Multicast>(),
            Family::IPV4_LABELED => typed::<Ipv4Labeled>(),
            Family::IPV6_LABELED => typed::<Ipv6Labeled>(),
            Family::VPNV4 => typed::<Vpnv4>(),
            Family::VPNV6 => typed::<Vpnv6>(),
            Family::EVPN => typed::<Evpn>(),
            Family::IPV4_FLOWSPEC => typed::<Ipv4Flowspec>(),
            Family::IPV6_FLOWSPEC => typed::<Ipv6Flowspec>(),
            Family::VPNV4_FLOWSPEC => typed::<Vpnv4Flowspec>(),
            Family::VPNV6_FLOWSPEC => typed::<Vpnv6Flowspec>(),
            Family::ROUTE_TARGET => typed::<RouteTargetConstraint>(),
            other => Self::Opaque(Framing::of(other)),
        }
    }

    /// Octets of the first NLRI, path identifier not counted.
    pub(crate) fn measure(self, octets: &[u8]) -> Option<usize> {
        match self {
            Self::Typed { measure, .. } => measure(octets),
            Self::Opaque(framing) => framing.measure(octets),
        }
    }

    /// Whether every NLRI of a run can be read.
    pub(crate) fn check(
        self,
        octets: &[u8],
        add_path: bool,
        withdrawn: bool,
    ) -> Result<(), RunFault> {
        match self {
            Self::Typed { check, .. } => check(octets, add_path, withdrawn),
            Self::Opaque(framing) => {
                check(octets, add_path, |body| framing.measure(body), |_| true)
            }
        }
    }
}
