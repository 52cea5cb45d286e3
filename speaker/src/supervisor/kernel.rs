//! `kernel flush` and `kernel restore`.
use super::{Supervisor, apply};
use crate::{
    engine::{OldRoutes, Question},
    view,
};
use tokio::sync::oneshot;

impl Supervisor {
    /// The answer comes when the routes are gone; the supervisor goes on meanwhile.
    pub(super) fn flush_kernel(&self, reply: oneshot::Sender<Result<view::Kernel, String>>) {
        let allowed = self.has_kernel().and_then(|kernel| {
            let dry = "this is a dry run: nothing of ours is in the kernel";
            (!kernel.dry_run)
                .then_some(())
                .ok_or_else(|| dry.to_owned())
        });
        if let Err(why) = allowed {
            // Who asked may have gone away meanwhile, here and below.
            let _ = reply.send(Err(why));
            return;
        }
        let engine = self.engine.clone();
        tokio::spawn(async move {
            let flushed = engine.ask(|reply| Question::FlushKernel { reply }).await;
            let _ = reply.send(flushed.ok_or_else(|| "the engine has stopped".to_owned()));
        });
    }

    pub(super) async fn restore_kernel(&self) -> Result<(), String> {
        let kernel = self.has_kernel()?;
        let now = self.engine.ask(|reply| Question::Kernel { reply }).await;
        if now.is_some_and(|now| !now.flushed) {
            return Err("our routes are in the kernel already: they were not flushed".to_owned());
        }
        let fib = apply::open_kernel(kernel, None)?;
        let kernel = kernel.clone();
        let started = self
            .engine
            .ask(|reply| Question::ReplaceFib {
                fib: Some((fib, kernel)),
                old: OldRoutes::Keep,
                reply,
            })
            .await;
        match started {
            Some(started) => started.map_err(|error| error.to_string()),
            None => Err("the engine has stopped".to_owned()),
        }
    }

    fn has_kernel(&self) -> Result<&crate::config::Kernel, String> {
        if self.own_fib {
            return Err("the forwarding table of this speaker is not the kernel's".to_owned());
        }
        let none = || "there is no [kernel] in the configuration".to_owned();
        self.config.kernel.as_ref().ok_or_else(none)
    }
}
