//! The kernel's table as it is at the start, and from then on as it would become: nothing is
//! written, and what would be is logged, a line a change.
//!
//! Writes go into a table in memory that begins as a copy, so that conflicts, replacements and the
//! sweep come out as they would. What others do to the kernel meanwhile is not seen.
use super::{
    Fib, FibEvent, FibNextHop, FibRoute, FibWrite, Found, MemoryFib, NetlinkFib, Owner, Resolved,
    Rival, RouteError, Scope, Waker, Walk,
};
use std::{io, net::IpAddr, time::Duration};

/// See the module.
#[derive(Debug)]
pub struct DryRun {
    kernel: NetlinkFib,
    table: MemoryFib,
    /// the kernel is still being copied
    copying: bool,
}

impl DryRun {
    /// Over `kernel`, which is only read.
    #[must_use]
    pub fn over(kernel: NetlinkFib) -> Self {
        Self {
            kernel,
            table: MemoryFib::new(),
            copying: true,
        }
    }
}

impl Fib for DryRun {
    fn rewind(&mut self, scope: Scope) -> io::Result<()> {
        if self.copying {
            self.table.clear();
            return self.kernel.rewind(Scope::All);
        }
        self.table.rewind(scope)
    }

    fn read(&mut self, found: &mut Vec<Found>) -> io::Result<Walk> {
        if !self.copying {
            return self.table.read(found);
        }
        let before = found.len();
        let progress = self.kernel.read(found)?;
        for Found {
            prefix,
            held,
            rival,
            ..
        } in found.iter().skip(before)
        {
            match rival {
                None => self.table.leave(FibRoute {
                    prefix: *prefix,
                    next_hops: held.next_hops.clone(),
                }),
                Some(Rival::Equal(words)) => self.table.insert_foreign(*prefix, words),
                // Taken over, or known from this walk.
                Some(Rival::Adoptable | Rival::Lower(_)) => {}
            }
        }
        self.copying = progress != Walk::Complete;
        Ok(progress)
    }

    fn apply(&mut self, writes: &[FibWrite], outcomes: &mut Vec<Result<(), RouteError>>) {
        let before = outcomes.len();
        self.table.apply(writes, outcomes);
        for (write, outcome) in writes.iter().zip(outcomes.iter().skip(before)) {
            tell(write, outcome);
        }
    }

    fn resolve(&mut self, next_hop: IpAddr) -> io::Result<Resolved> {
        self.kernel.resolve(next_hop)
    }

    fn wait(&mut self, timeout: Duration, events: &mut Vec<FibEvent>) -> io::Result<()> {
        self.table.wait(timeout, events)
    }

    fn waker(&self) -> Waker {
        self.table.waker()
    }
}

fn tell(write: &FibWrite, outcome: &Result<(), RouteError>) {
    let prefix = write.prefix;
    let words = |hops: &[FibNextHop]| {
        let hops: Vec<String> = hops.iter().map(|hop| hop.address.to_string()).collect();
        hops.join(", ")
    };
    let old = write.old.as_ref();
    let whose = match old.map(|old| old.owner) {
        Some(Owner::Other { protocol, .. }) => super::protocol_name(protocol),
        _ => String::new(),
    };
    match (old, &write.new, outcome) {
        (None, Some(new), Ok(())) => {
            tracing::info!(%prefix, via = words(new), "dry run: would add a route");
        }
        (Some(old), Some(new), Ok(())) => tracing::info!(
            %prefix, from = words(&old.next_hops), to = words(new), of = whose,
            "dry run: would replace a route"
        ),
        (Some(old), None, Ok(())) => tracing::info!(
            %prefix, via = words(&old.next_hops), of = whose,
            "dry run: would remove a route"
        ),
        (_, _, Err(error)) => {
            tracing::info!(%prefix, %error, "dry run: the kernel would refuse a route");
        }
        (None, None, Ok(())) => {}
    }
}
