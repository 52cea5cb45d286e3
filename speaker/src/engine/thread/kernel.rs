//! The kernel table of the engine: how one takes the place of another, and how it is emptied.
//!
//! Removing half a million routes takes the kernel seconds, so it is done on a thread of its own
//! while the engine goes on.
use super::State;
use crate::{
    config,
    engine::{feed::Feed, message::OldRoutes},
    fib::{Fib, Past, Worker},
    view,
};
use std::{io, sync::Arc, thread};
use tokio::sync::oneshot;

/// What was given up and is to be removed.
#[derive(Debug, Default)]
pub(super) struct Leftovers {
    /// Tables whose routes go when the new one has its own.
    retired: Vec<Worker>,
    removing: Vec<thread::JoinHandle<()>>,
}

impl Leftovers {
    /// Removes the routes of `worker`; `then` runs when they are gone.
    fn remove(&mut self, worker: Worker, then: impl FnOnce() + Send + 'static) {
        self.removing.retain(|thread| !thread.is_finished());
        let remove = move || {
            worker.shutdown(false);
            then();
        };
        match thread::Builder::new()
            .name("fib-flush".into())
            .spawn(remove)
        {
            Ok(thread) => self.removing.push(thread),
            // The worker was dropped with the closure, and its routes stay: better than to stop
            // all neighbors for it.
            Err(error) => tracing::error!(%error, "routes could not be removed from the kernel"),
        }
    }

    /// Removes all that is left, and waits for it.
    pub(super) fn finish(&mut self) {
        for worker in self.retired.drain(..) {
            worker.shutdown(false);
        }
        for thread in self.removing.drain(..) {
            // What went wrong was told by the one it happened to.
            let _ = thread.join();
        }
    }
}

impl State {
    pub(super) fn start_feed(
        &mut self,
        fib: Box<dyn Fib>,
        kernel: config::Kernel,
        past: Option<Past>,
    ) -> io::Result<()> {
        let signals = Arc::clone(&self.signals);
        let wake = Arc::new(move || {
            signals.bell.notify_one();
        });
        self.feed = Some(Feed::start(fib, kernel, wake, past, &mut self.shard)?);
        self.flushed = None;
        if self.settled
            && let Some(feed) = &mut self.feed
        {
            feed.settled();
        }
        Ok(())
    }

    /// Another table, or none, in place of the one there is.
    pub(super) fn replace_fib(
        &mut self,
        fib: Option<(Box<dyn Fib>, config::Kernel)>,
        old: OldRoutes,
    ) -> io::Result<()> {
        // Its routes may be those of the new table: whoever removes them must not do so later.
        self.leftovers.finish();
        let past = self.feed.as_ref().map(|feed| feed.worker().past());
        let past = past.or(self.flushed.take().map(|(_, past)| past));
        if let Some(feed) = self.feed.take() {
            match (old, &fib) {
                // The same routes, so two workers must not both think that they are theirs.
                (OldRoutes::Keep, _) => feed.shutdown(&mut self.shard, true),
                (OldRoutes::Remove, Some(_)) => {
                    let worker = feed.retire(&mut self.shard);
                    self.leftovers.retired.push(worker);
                }
                (OldRoutes::Remove, None) => {
                    let worker = feed.retire(&mut self.shard);
                    self.leftovers.remove(worker, || {});
                }
            }
        }
        match fib {
            Some((fib, kernel)) => self.start_feed(fib, kernel, past),
            None => Ok(()),
        }
    }

    /// Takes out what a table before this one had, once this one has all of its own.
    pub(super) fn remove_retired(&mut self) {
        let caught_up = self.feed.as_ref().is_none_or(Feed::has_caught_up);
        if !self.leftovers.retired.is_empty() && caught_up {
            for worker in std::mem::take(&mut self.leftovers.retired) {
                self.leftovers.remove(worker, || {});
            }
        }
    }

    /// Our routes leave the kernel until the next table.
    pub(super) fn flush_kernel(&mut self, reply: oneshot::Sender<view::Kernel>) {
        let before = self.kernel();
        let answer = before.clone();
        // Who asked may have gone away meanwhile; the routes go all the same.
        let then = move || {
            let _ = reply.send(answer);
        };
        match self.feed.take() {
            Some(feed) => {
                let worker = feed.retire(&mut self.shard);
                self.flushed = Some((before, worker.past()));
                self.leftovers.remove(worker, then);
            }
            None => then(),
        }
    }

    /// `show kernel`
    pub(super) fn kernel(&self) -> view::Kernel {
        match (&self.feed, &self.flushed) {
            (Some(feed), _) => feed.worker().status(),
            (None, Some((before, _))) => view::Kernel {
                table: before.table,
                metric: before.metric,
                protocol: before.protocol,
                enabled: true,
                flushed: true,
                ..view::Kernel::default()
            },
            (None, None) => view::Kernel::default(),
        }
    }
}
