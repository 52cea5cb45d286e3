//! `myna run`: a speaker with a configuration file, a control socket, signals and logs.
//!
//! Everything here is done with the public interface of the library. One thread runs the sessions,
//! the control socket and this loop; the speaker starts those that it needs beside it.
mod program_text;

use crate::{
    Handle, NeighborAction, Neighbors, RouteFilter, RouteListing, Shutdown, Speaker, Stopped,
    clock,
    config::{
        Config, Problem, Problems,
        file::{self, Loaded},
    },
    control::{Answerer, Server, Socket},
    host,
    logging::{self, LogFilter, LogFormat},
    view,
};
use ipnet::IpNet;
use std::{
    future::Future,
    io,
    path::PathBuf,
    process::ExitCode,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    runtime,
    signal::unix::{Signal, SignalKind, signal},
    sync::{mpsc, oneshot},
};

/// From a start or a reload to when what only it needed is given back.
const SETTLING: Duration = Duration::from_secs(2);
/// And from then on, since `show` needs much of it too.
const AGAIN: Duration = Duration::from_secs(60);
/// Orders that wait for the loop; whoever brings more waits.
const ORDERS: usize = 8;
/// Warnings of a configuration that are logged; `myna check` shows them all.
const WARNINGS: usize = 20;

/// What `myna run` was told.
#[derive(Clone, Debug)]
pub struct Options {
    /// Configuration file.
    pub config: PathBuf,
    /// How logs look.
    pub log_format: LogFormat,
    /// What is logged.
    pub log_filter: LogFilter,
    /// Control socket in place of the configuration's.
    pub socket: Option<PathBuf>,
}

/// Runs until a signal or `myna stop`. Starts logging for the whole process.
pub fn run(options: Options) -> ExitCode {
    logging::start(options.log_format, options.log_filter.clone());
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!("cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(serve(options));
    // what does not end by itself is not waited for
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            for line in error.lines() {
                tracing::error!("{line}");
            }
            ExitCode::FAILURE
        }
    }
}

async fn serve(options: Options) -> Result<(), String> {
    let (mut signals, mut hangup) =
        Signals::listen().map_err(|error| format!("cannot take signals: {error}"))?;
    let loaded = load(&options)?;
    // the socket first: where another daemon runs, nothing of it may be touched
    let socket = loaded.config.control.as_ref().map(Socket::bind);
    let socket = socket.transpose().map_err(|error| error.to_string())?;
    log_warnings(&loaded);
    let start = Speaker::builder(loaded.config.clone()).start();
    let handle = tokio::select! {
        started = start => started.map_err(|error| error.to_string())?,
        () = signals.terminated() => return Ok(()),
    };
    let (orders, mut incoming) = mpsc::channel(ORDERS);
    let front = Front {
        handle: handle.clone(),
        orders,
        file: Arc::new(Mutex::new(FileState::of(&options, &loaded))),
    };
    let server = socket.map(|socket| Server::start(socket, front.clone()));
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        local_as = loaded.config.local_as.0,
        neighbors = loaded.config.neighbors.len(),
        config = %options.config.display(),
        "started"
    );

    // Also after each reload: reading a configuration is what the program is largest for.
    let mut idle = Box::pin(tokio::time::sleep(SETTLING));
    let stop = loop {
        let order = tokio::select! {
            () = signals.terminated() => break Stop::by_signal(),
            () = &mut idle => {
                idle.set(tokio::time::sleep(AGAIN));
                if let Err(error) = program_text::give_back() {
                    tracing::debug!(%error, "cannot give back memory that only the start needed");
                }
                continue;
            }
            _ = hangup.recv() => Order::Reload(None),
            order = incoming.recv() => match order {
                Some(order) => order,
                None => break Stop::by_signal(),
            },
        };
        match order {
            Order::Stop(stop) => break stop,
            Order::Reload(reply) => {
                let outcome = tokio::select! {
                    outcome = reload(&options, &front) => outcome,
                    () = signals.terminated() => break Stop::by_signal(),
                };
                idle.set(tokio::time::sleep(SETTLING));
                if let Some(reply) = reply {
                    // a client that has gone has seen enough
                    let _ = reply.send(outcome);
                }
            }
        }
    };

    tracing::info!(graceful = stop.how == Shutdown::Graceful, "stopping");
    let warnings = tokio::select! {
        warnings = handle.shutdown(stop.how) => warnings,
        () = signals.terminated() => {
            return Err("told to stop a second time: stopped at once".to_owned());
        }
    };
    if let Some(reply) = stop.reply {
        let _ = reply.send(warnings);
    }
    if let Some(server) = server {
        server.stop().await;
    }
    Ok(())
}

/// Reads the file; the errors are one a line.
fn load(options: &Options) -> Result<Loaded, String> {
    let loaded = file::load(&options.config);
    let mut loaded = loaded.map_err(|Problems(problems)| {
        let lines: Vec<String> = problems.iter().map(Problem::one_line).collect();
        lines.join("\n")
    })?;
    if let Some(path) = &options.socket {
        let control = loaded.config.control.get_or_insert_default();
        control.path.clone_from(path);
    }
    Ok(loaded)
}

fn log_warnings(loaded: &Loaded) {
    let warnings = loaded.warnings(host::read().ok().as_ref());
    for warning in warnings.iter().take(WARNINGS) {
        tracing::warn!("{}", warning.one_line());
    }
    if let Some(more) = warnings
        .len()
        .checked_sub(WARNINGS)
        .filter(|&more| more > 0)
    {
        tracing::warn!("{more} more warnings: see `myna check`");
    }
}

/// Goes over to the file as it is now. On an error nothing is changed.
async fn reload(options: &Options, front: &Front) -> Result<Vec<String>, String> {
    let outcome = match load(options) {
        Ok(loaded) => {
            let config: Config = loaded.config.clone();
            let applied = front.handle.apply(config).await;
            applied.map(|applied| (loaded, applied.changes))
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok((loaded, changes)) => {
            log_warnings(&loaded);
            *front.file() = FileState::of(options, &loaded);
            if changes.is_empty() {
                tracing::info!("configuration read again: nothing changed");
            }
            for change in &changes {
                tracing::info!("configuration read again: {change}");
            }
            Ok(changes)
        }
        Err(error) => {
            for line in error.lines() {
                tracing::error!("{line}");
            }
            tracing::error!("the configuration was not taken over: all goes on as before");
            Err(format!("{error}\nnothing was changed"))
        }
    }
}

/// What clients want of the loop.
enum Order {
    Reload(Option<oneshot::Sender<Result<Vec<String>, String>>>),
    Stop(Stop),
}

struct Stop {
    how: Shutdown,
    reply: Option<oneshot::Sender<Vec<String>>>,
}

impl Stop {
    fn by_signal() -> Self {
        Self {
            how: Shutdown::Administrative(String::new()),
            reply: None,
        }
    }
}

/// What ends the daemon.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// These, and SIGHUP.
    fn listen() -> io::Result<(Self, Signal)> {
        let signals = Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        };
        Ok((signals, signal(SignalKind::hangup())?))
    }

    /// SIGTERM or SIGINT.
    async fn terminated(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// What is known of the file that the speaker runs with.
#[derive(Debug)]
struct FileState {
    path: String,
    /// RFC 3339
    read: String,
    /// of the file itself, such as its permissions
    warnings: Vec<String>,
}

impl FileState {
    fn of(options: &Options, loaded: &Loaded) -> Self {
        Self {
            path: options.config.display().to_string(),
            read: humantime::format_rfc3339_seconds(clock::wall()).to_string(),
            warnings: loaded.file_warnings().map(Problem::one_line).collect(),
        }
    }
}

/// What the control socket asks: the speaker, and the loop for what is more than a view.
#[derive(Clone, Debug)]
struct Front {
    handle: Handle,
    orders: mpsc::Sender<Order>,
    file: Arc<Mutex<FileState>>,
}

impl Front {
    fn file(&self) -> MutexGuard<'_, FileState> {
        // nothing panics while it is held
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends an order; the answer comes when it is carried out.
    fn order<T>(
        &self,
        order: impl FnOnce(oneshot::Sender<T>) -> Order,
    ) -> impl Future<Output = Result<T, String>> {
        let (reply, answer) = oneshot::channel();
        let order = order(reply);
        async move {
            let stopping = || "myna is stopping".to_owned();
            self.orders.send(order).await.map_err(|_| stopping())?;
            answer.await.map_err(|_| stopping())
        }
    }
}

impl Answerer for Front {
    type Listing = RouteListing;

    async fn status(&self) -> Result<view::Status, Stopped> {
        let mut status = self.handle.status().await?;
        let file = self.file();
        status.config = Some(file.path.clone());
        status.config_read = Some(file.read.clone());
        status.warnings.extend(file.warnings.iter().cloned());
        Ok(status)
    }

    async fn neighbors(&self) -> Result<Vec<view::Neighbor>, Stopped> {
        self.handle.neighbors().await
    }

    async fn neighbor(&self, name: &str) -> Result<Option<view::Neighbor>, Stopped> {
        self.handle.neighbor(name).await
    }

    async fn routes(&self, filter: RouteFilter) -> Result<RouteListing, String> {
        self.handle.routes(filter).await
    }

    async fn kernel(&self) -> Result<view::Kernel, Stopped> {
        self.handle.kernel().await
    }

    async fn explain(&self, prefix: IpNet) -> Result<view::Explanation, Stopped> {
        self.handle.explain(prefix).await
    }

    async fn flush_kernel(&self) -> Result<view::Kernel, String> {
        self.handle.flush_kernel().await
    }

    async fn restore_kernel(&self) -> Result<(), String> {
        self.handle.restore_kernel().await
    }

    async fn reload(&self) -> Result<Vec<String>, String> {
        self.order(|reply| Order::Reload(Some(reply))).await?
    }

    async fn act(
        &self,
        neighbors: Neighbors,
        action: NeighborAction,
    ) -> Result<Vec<view::Acted>, String> {
        self.handle.act(neighbors, action).await
    }

    async fn stop(&self, graceful: bool) -> Result<Vec<String>, String> {
        let how = if graceful {
            Shutdown::Graceful
        } else {
            Shutdown::Administrative(String::new())
        };
        self.order(|reply| {
            Order::Stop(Stop {
                how,
                reply: Some(reply),
            })
        })
        .await
    }
}
