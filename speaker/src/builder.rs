//! How an embedder makes a speaker.
use crate::{Handle, config::Config, fib::Fib};
use std::fmt;

/// A speaker; see [`Speaker::builder`].
#[derive(Debug)]
pub struct Speaker {}

impl Speaker {
    /// Begins with a checked configuration. Nothing is opened before `start`.
    pub fn builder(config: Config) -> Builder {
        Builder { config, fib: None }
    }
}

/// What a speaker is made of.
pub struct Builder {
    config: Config,
    fib: Option<Box<dyn Fib>>,
}

/// Why a speaker did not start. `Display` says what, where and what to do.
#[derive(Debug)]
pub struct StartError(pub String);
impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for StartError {}

impl Builder {
    /// A forwarding table of one's own in place of the kernel's.
    #[must_use]
    pub fn fib(mut self, fib: Box<dyn Fib>) -> Self {
        self.fib = Some(fib);
        self
    }
    /// Starts within the current tokio runtime. Threads and sockets are made here, so in the
    /// caller's network namespace.
    pub async fn start(self) -> Result<Handle, StartError> {
        let _ = (self.config, self.fib);
        todo!()
    }
}
