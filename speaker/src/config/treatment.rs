//! How a neighbor's routes are treated on the way in and out, policies aside.
use bgp_wire::Role;
use rib::{LongLivedExport, NextHopRule, PathCount, PrivateAs};

/// Keys of `[[neighbor]]` that only the tables look at. A reload changes them without a new
/// session, but for the role and ADD-PATH.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Treatment {
    /// Our role toward it (RFC 9234).
    pub role: Option<Role>,
    /// An internal neighbor that we reflect routes to and from (RFC 4456).
    pub reflector_client: bool,
    /// We are a route server toward it (RFC 7947).
    pub route_server_client: bool,
    /// What it is told as next hop.
    pub next_hop: NextHopRule,
    /// What becomes of private AS numbers toward it.
    pub private_as: PrivateAs,
    /// How often our own AS may stand in the paths that it sends.
    pub allow_own_as: u8,
    /// Its AS must stand first in the paths that it sends.
    pub enforce_first_as: bool,
    /// The session is about to be shut down (RFC 8326).
    pub graceful_shutdown: bool,
    /// Whether it is told long-lived stale routes although it lacks the capability (RFC 9494).
    pub long_lived_stale: LongLivedExport,
    /// Several paths of a prefix (RFC 7911), in all families of the session.
    pub add_path: AddPath,
    /// How many of them it is told.
    pub paths: PathCount,
}

/// Which way several paths of a prefix go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct AddPath {
    /// We take several.
    pub receive: bool,
    /// We tell several.
    pub send: bool,
}

impl Default for Treatment {
    fn default() -> Self {
        Self {
            role: None,
            reflector_client: false,
            route_server_client: false,
            next_hop: NextHopRule::default(),
            private_as: PrivateAs::default(),
            allow_own_as: 0,
            enforce_first_as: true,
            graceful_shutdown: false,
            long_lived_stale: LongLivedExport::default(),
            add_path: AddPath::default(),
            paths: PathCount::default(),
        }
    }
}
