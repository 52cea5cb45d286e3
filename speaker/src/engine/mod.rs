//! The engine: one thread that owns the tables, and the only code that touches them.
//!
//! Three ways in, so that nothing waits behind the wrong thing:
//!
//! * `routes`: what sessions and origins learned, a bounded queue; when it is full the sender stops
//!   reading its socket;
//! * `questions`: `show` and configuration, a bounded queue that is looked at first, between slices;
//! * flags without content: a mailbox was emptied, the kernel table wants more.
//!
//! Two ways out, both pulled: a [`Mailbox`] per session (filled only when it is empty, so a slow
//! neighbor costs one buffer) and the kernel table's worker (given only what it asks for).

mod answer;
mod feed;
mod mailbox;
mod message;
mod thread;

pub(crate) use mailbox::{Breach, Mailbox};
pub(crate) use message::{Learned, OldRoutes, Question, SourceKind, SourceMeta};
pub(crate) use thread::{Engine, EngineOptions, Followed};
