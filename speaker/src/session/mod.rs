//! Sessions: one task per neighbor that moves octets and time into a [`bgp_fsm::Session`] and
//! carries out what it asks for. No protocol logic lives here.

mod connection;
mod connector;
mod ended;
mod half_open;
mod listener;
mod rare;
mod recording;
mod routing;
mod task;
mod view;

pub(crate) use connector::{Connector, Pace};
pub(crate) use listener::{Entry, Listener};
pub(crate) use routing::{Expected, ExpectedRange, Incoming, Routing};
pub(crate) use task::{Report, SessionCommand, SessionHandle, SessionOptions, reject, spawn};
pub(crate) use view::{SessionView, time_of};
