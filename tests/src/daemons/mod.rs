//! Each make's configuration, written from a [`Router`](crate::Router), and its answers, read into
//! the words of [`Daemon`](crate::Daemon).
//!
//! Every file knows one make, and says in its opening what is peculiar about it. They run as
//! Debian's packages have them, with sockets and files in a directory of the test's own.
mod bird;
mod exabgp;
mod frr;
mod gobgp;
mod myna;
mod openbgpd;
mod program;

pub use bird::BirdRouter;
pub use exabgp::ExaBgp;
pub use frr::{BGPD as FRR_BGPD, Frr};
pub use gobgp::GoBgp;
pub use myna::{Extra, MynaRouter};
pub use openbgpd::{BGPD as OPENBGPD, OpenBgpd};
