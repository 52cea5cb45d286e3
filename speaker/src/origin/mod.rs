//! Where local routes come from.
use crate::{config::Connected, host::Host};
use ipnet::IpNet;
use std::collections::BTreeMap;

/// The connected prefixes of `host` that may become routes, each with the name of (one of) its interfaces.
/// Never: 127/8, ::1, link-local, tentative or duplicate addresses, links that are down.
pub fn connected(_host: &Host, _config: &Connected) -> BTreeMap<IpNet, String> {
    todo!()
}
