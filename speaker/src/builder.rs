//! How an embedder makes a speaker.

use crate::{
    Handle,
    config::Config,
    fib::Fib,
    supervisor::{self, Parts},
};
use std::fmt;

/// A BGP speaker; [`Speaker::builder`] makes one.
#[derive(Debug)]
pub struct Speaker {}

impl Speaker {
    /// Begins with a checked configuration. Nothing is opened before [`Builder::start`].
    pub fn builder(config: Config) -> Builder {
        Builder { config, fib: None }
    }
}

/// What a speaker is made of.
pub struct Builder {
    config: Config,
    fib: Option<Box<dyn Fib>>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// Why a speaker did not start: what, where and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    ///
    /// # Errors
    /// A port that is taken, a kernel that cannot be read, no router id, an unknown filter.
    pub async fn start(self) -> Result<Handle, StartError> {
        supervisor::start(Parts {
            config: self.config,
            fib: self.fib,
        })
        .await
    }
}
