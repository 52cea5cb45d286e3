//! Myna, an embedded BGP speaker.

pub mod cli;
pub mod clock;
pub mod config;
pub mod control;
pub mod fib;
mod handle;
pub mod host;
pub mod origin;
pub mod view;

pub use handle::{Applied, Handle, RouteFilter, RouteListing, Shutdown, Stopped};
