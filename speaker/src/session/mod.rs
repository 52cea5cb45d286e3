//! Sessions: one task per neighbor that moves octets and time into a [`bgp_fsm::Session`] and
//! carries out what it asks for. No protocol logic lives here.

mod connection;
mod connector;
mod listener;
mod rare;
mod task;
mod view;

pub(crate) use connector::{Connector, Pace};
pub(crate) use listener::{Keys, Listener, Routing};
pub(crate) use task::{SessionCommand, SessionHandle, SessionOptions, spawn};
pub(crate) use view::{SessionView, time_of};
