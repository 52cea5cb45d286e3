//! Myna, an embedded BGP speaker.

mod builder;
pub mod cli;
pub mod clock;
pub mod config;
pub mod control;
pub mod fib;
mod handle;
pub mod host;
pub mod origin;
pub mod sockopt;
pub mod view;

pub use builder::{Builder, Speaker, StartError};
pub use handle::{Applied, Handle, RouteFilter, RouteListing, RouteTable, Shutdown, Stopped};
