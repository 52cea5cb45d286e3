//! The thread that drives a [`Fib`]: it pulls, so a slow kernel costs no memory.
use super::{Fib, FibChange};
use crate::{config::Kernel, view};
use ipnet::IpNet;
use std::{io, sync::Arc};

/// What the worker asks its feeder for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Busy; it will wake the feeder.
    Nothing,
    /// Up to this many changes (call `give` when there are some).
    Changes(usize),
    /// Everything from the start again (a rewound cursor), in order to compare with the kernel.
    Rewind,
}

/// The feeder's end of the worker.
#[derive(Debug)]
pub struct Worker {}

impl Worker {
    /// Starts the thread (it inherits the caller's network namespace; `fib` was opened there).
    /// `wake` is called from the worker's thread when `demand` has changed; it must not block.
    pub fn start(
        _fib: Box<dyn Fib>,
        _kernel: Kernel,
        _wake: Arc<dyn Fn() + Send + Sync>,
    ) -> io::Result<Self> {
        todo!()
    }
    /// What it asks for now.
    pub fn demand(&self) -> Demand {
        todo!()
    }
    /// Hands over changes, as many as were asked for at most. `complete`: after a `Rewind`, the
    /// whole table has been given with this batch.
    pub fn give(&mut self, _changes: Vec<FibChange>, _complete: bool) {
        todo!()
    }
    /// All that will be learned after our start is there (every neighbor sent End-of-RIB, or the
    /// restart window is over): what is left in the kernel of before is swept. Said once.
    pub fn settled(&mut self) {
        todo!()
    }
    /// For `show kernel`.
    pub fn status(&self) -> view::Kernel {
        todo!()
    }
    /// Why `prefix` is not installed, in words; `None`: nothing is wrong with it.
    pub fn failure(&self, _prefix: &IpNet) -> Option<String> {
        todo!()
    }
    /// Whether a given change of `prefix` is still to be written.
    pub fn is_pending(&self, _prefix: &IpNet) -> bool {
        todo!()
    }
    /// Finishes what was given, then keeps or removes our routes, and ends the thread.
    pub fn shutdown(self, _keep: bool) {
        todo!()
    }
}
