//! What the demo has made so far, so that all of it can go again at any moment.

use super::{links::Links, namespace::Namespace};
use crate::{
    Event, Handle, Shutdown, Speaker, clock,
    config::Config,
    control::{Server, Socket},
};
use std::{
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::{sync::watch, time::timeout};

/// How long a speaker may take to stop.
const FAREWELL: Duration = Duration::from_secs(3);

/// One side's network namespace, and the window on it.
pub(super) struct Side {
    pub(super) namespace: Namespace,
    pub(super) links: Links,
}

/// A running speaker, with its control socket where it has one.
pub(super) struct Running {
    pub(super) handle: Handle,
    /// When its session was last Established; a clock of its own, since asking takes longer.
    pub(super) established: watch::Receiver<Option<Instant>>,
    control: Option<Server>,
}

/// Everything that exists.
pub(super) struct Stage {
    keep: bool,
    sides: Option<(Side, Side)>,
    pub(super) host: Option<Running>,
    pub(super) azure: Option<Running>,
    sockets: Option<PathBuf>,
}

impl Running {
    /// Starts a speaker on the caller's runtime, so in its network namespace.
    pub(super) async fn start(config: Config) -> Result<Self, String> {
        let socket = config.control.as_ref().map(Socket::bind).transpose();
        let socket = socket.map_err(|error| error.to_string())?;
        let started = Speaker::builder(config).start().await;
        let handle = started.map_err(|error| error.to_string())?;
        let control = socket.map(|socket| Server::start(socket, handle.clone()));
        let mut events = handle.events();
        let (up, established) = watch::channel(None);
        tokio::spawn(async move {
            while let Ok(event) = events.recv().await {
                if let Event::NeighborUp { .. } = event {
                    up.send_replace(Some(clock::now()));
                }
            }
        });
        Ok(Self {
            handle,
            established,
            control,
        })
    }

    async fn stop(self) {
        if let Some(control) = self.control {
            control.stop().await;
        }
        let farewell = Shutdown::Administrative("the demo is over".to_owned());
        self.handle.shutdown(farewell).await;
    }
}

impl Side {
    /// A new namespace; `name` is for people who list threads.
    pub(super) async fn new(name: &str) -> Result<Self, String> {
        let cannot = |error: io::Error| format!("cannot make a network namespace: {error}");
        let namespace = Namespace::new(name).map_err(cannot)?;
        let links = namespace
            .run(async { Links::open() })
            .await?
            .map_err(|error| format!("cannot open netlink in the namespace: {error}"))?;
        Ok(Self { namespace, links })
    }
}

impl Stage {
    /// With `keep` the speakers get control sockets.
    pub(super) fn new(keep: bool) -> Self {
        Self {
            keep,
            sides: None,
            host: None,
            azure: None,
            sockets: None,
        }
    }

    /// Takes the namespaces of the host and of Azure over.
    pub(super) fn set_sides(&mut self, host: Side, azure: Side) {
        self.sides = Some((host, azure));
    }

    /// The host's side and Azure's.
    pub(super) fn sides(&self) -> Option<(&Side, &Side)> {
        self.sides.as_ref().map(|(host, azure)| (host, azure))
    }

    pub(super) fn is_running(&self) -> bool {
        self.host.is_some() && self.azure.is_some()
    }

    /// Makes room for control sockets, where they are wanted: a directory that is only ours.
    pub(super) fn make_room_for_sockets(&mut self) -> Result<(), String> {
        if self.keep {
            let path = std::env::temp_dir().join(format!("myna-demo-{}", std::process::id()));
            fs::DirBuilder::new()
                .mode(0o700)
                .create(&path)
                .map_err(|error| format!("cannot make {}: {error}", path.display()))?;
            self.sockets = Some(path);
        }
        Ok(())
    }

    /// The control socket of the side called `name`.
    pub(super) fn control_socket(&self, name: &str) -> Option<PathBuf> {
        self.sockets
            .as_deref()
            .map(|room| room.join(name).with_extension("sock"))
    }

    /// Control sockets that exist.
    pub(super) fn control_sockets(&self) -> Vec<PathBuf> {
        let exists = |path: &PathBuf| Path::exists(path);
        [super::sides::HOST, super::sides::AZURE]
            .into_iter()
            .filter_map(|name| self.control_socket(name))
            .filter(exists)
            .collect()
    }

    /// Stops and removes everything; what does not stop in time goes with the process.
    pub(super) async fn clear(&mut self) {
        for speaker in [self.host.take(), self.azure.take()].into_iter().flatten() {
            let _ = timeout(FAREWELL, speaker.stop()).await;
        }
        if let Some((host, azure)) = self.sides.take() {
            host.namespace.close().await;
            azure.namespace.close().await;
        }
        if let Some(room) = self.sockets.take() {
            let _ = fs::remove_dir_all(room);
        }
    }
}
