//! Takes our routes out of the kernel while no daemon runs.
use super::{NetlinkFib, reconcile::Reconciler};
use crate::{clock, config::Kernel};
use std::{io, sync::Arc};

/// Removes every route with our table, metric and protocol number, and nothing else; how many
/// there were, IPv4 and IPv6. While a speaker runs it is the one to ask: it would put them back.
///
/// # Errors
/// When the table cannot be read, may not be changed, or keeps some of them.
pub fn flush(kernel: &Kernel) -> io::Result<(u64, u64)> {
    let fib = NetlinkFib::open(kernel)?;
    let now = clock::now();
    Reconciler::new(Box::new(fib), Arc::default(), now).remove_all(now)
}
