//! A network namespace without a name.
//!
//! `ip netns add` binds a namespace to a file, which stays behind when its maker is killed. Here a
//! thread leaves for a new namespace and stays there; the namespace lives as long as the thread
//! and the sockets made in it, and dies with the process. Threads and sockets that start on that
//! thread are in the namespace too, so the thread runs a tokio runtime of its own and whatever is
//! to happen in the namespace is spawned onto it.

use nix::{
    sched::{CloneFlags, unshare},
    unistd::{Pid, gettid},
};
use std::{fs::File, future::Future, io, process, sync::mpsc, thread, time::Duration};
use tokio::{runtime, sync::oneshot, task::JoinHandle, time::timeout};

/// How long the tasks of a namespace may take to end.
const FAREWELL: Duration = Duration::from_secs(1);

/// A network namespace, and the thread that is in it.
pub(super) struct Namespace {
    runtime: runtime::Handle,
    thread: Pid,
    leave: oneshot::Sender<()>,
    left: oneshot::Receiver<()>,
}

impl Namespace {
    /// Makes a namespace; `name` becomes the name of its thread.
    pub(super) fn new(name: &str) -> io::Result<Self> {
        let (arrived, arrival) = mpsc::sync_channel(1);
        let (leave, leaving) = oneshot::channel();
        let (gone, left) = oneshot::channel();
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                let runtime = match enter() {
                    Ok(runtime) => runtime,
                    Err(error) => {
                        let _ = arrived.send(Err(error));
                        return;
                    }
                };
                let _ = arrived.send(Ok((runtime.handle().clone(), gettid())));
                // Either an order to leave, or nobody is left to give it.
                let _ = runtime.block_on(leaving);
                runtime.shutdown_timeout(FAREWELL);
                let _ = gone.send(());
            })?;
        let (runtime, thread) = arrival
            .recv()
            .map_err(|_| io::Error::other("the thread of the namespace ended"))??;
        Ok(Self {
            runtime,
            thread,
            leave,
            left,
        })
    }

    /// Starts `work` in the namespace.
    pub(super) fn spawn<F>(&self, work: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.runtime.spawn(work)
    }

    /// Runs `work` in the namespace and waits for it.
    pub(super) async fn run<F>(&self, work: F) -> Result<F::Output, String>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.spawn(work)
            .await
            .map_err(|error| format!("a task in the namespace ended early: {error}"))
    }

    /// Its file under /proc, for `nsenter`.
    pub(super) fn path(&self) -> String {
        format!("/proc/{}/task/{}/ns/net", process::id(), self.thread)
    }

    /// The same file, open.
    pub(super) fn open(&self) -> io::Result<File> {
        File::open(self.path())
    }

    /// Ends its thread, and with it the namespace.
    pub(super) async fn close(self) {
        let _ = self.leave.send(());
        let _ = timeout(FAREWELL * 2, self.left).await;
    }
}

fn enter() -> io::Result<runtime::Runtime> {
    unshare(CloneFlags::CLONE_NEWNET)?;
    runtime::Builder::new_current_thread().enable_all().build()
}
