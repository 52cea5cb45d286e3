//! One file for each crate.
pub mod bgpkit;
pub mod netgauze;
pub mod ours;
pub mod routecore;
pub mod rustbgpd;
pub mod zettabgp;
