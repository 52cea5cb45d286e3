//! Myna, an embedded BGP speaker.

mod builder;
pub mod cli;
pub mod clock;
pub mod config;
pub mod control;
pub mod daemon;
pub mod decode;
pub mod demo;
mod engine;
mod event;
pub mod fib;
mod handle;
pub mod host;
pub mod logging;
mod netlink;
pub mod origin;
mod session;
pub mod sockopt;
mod supervisor;
pub mod view;

pub use builder::{Builder, Speaker, StartError};
pub use event::Event;
pub use handle::{
    Applied, Handle, NeighborAction, Neighbors, Refresh, RouteFilter, RouteListing, RouteTable,
    Shutdown, Stopped,
};
