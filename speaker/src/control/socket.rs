//! The socket in the file system: who may use it, and that it is nobody else's.
//!
//! Permissions are right before the first connection can be made: the socket listens only after
//! its owner and mode are set. Whether another daemon runs is told by a lock on a file beside the
//! socket, which the kernel lets go when a process ends in whatever way; a socket without a
//! holder of the lock is left from a crash and goes.
use crate::config::ControlSocket;
use nix::{
    fcntl::{Flock, FlockArg},
    unistd::Group,
};
use socket2::{Domain, SockAddr, Type};
use std::{
    fmt, fs, io,
    os::unix::{
        fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown},
        net::UnixStream,
    },
    path::{Path, PathBuf},
};
use tokio::net::UnixListener;

/// Connections that wait for `accept`.
const BACKLOG: i32 = 128;

/// Why there is no control socket. `Display` says what to do.
#[derive(Debug)]
pub enum BindError {
    /// Another daemon has it.
    InUse(PathBuf),
    /// Something that is no socket has the name.
    NotASocket(PathBuf),
    /// There is no such group.
    NoGroup(String),
    /// The system refused; what was done to which path.
    System(&'static str, PathBuf, io::Error),
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse(path) => write!(
                f,
                "another myna runs with the control socket {} (stop it with `myna stop`, or set another `socket` in [control])",
                path.display()
            ),
            Self::NotASocket(path) => write!(
                f,
                "{} is there and is no socket (remove it, or set another `socket` in [control])",
                path.display()
            ),
            Self::NoGroup(group) => write!(
                f,
                "there is no group {group} (create it, or change `group` in [control])"
            ),
            Self::System(what, path, error) => {
                write!(f, "cannot {what} {}: {error}", path.display())?;
                match error.kind() {
                    io::ErrorKind::PermissionDenied => {
                        f.write_str(" (run as root, or set another `socket` in [control])")
                    }
                    io::ErrorKind::NotFound => {
                        f.write_str(" (create its directory, or set another `socket` in [control])")
                    }
                    _ => Ok(()),
                }
            }
        }
    }
}

impl std::error::Error for BindError {}

/// A socket that listens, for a [`Server`](super::Server); its file goes with it. Clients that
/// connect before there is a server wait.
#[derive(Debug)]
pub struct Socket {
    pub(super) listener: UnixListener,
    path: PathBuf,
    /// device and inode of the file that we made
    file: (u64, u64),
    _lock: Flock<fs::File>,
}

impl Socket {
    /// Makes the socket. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// The socket cannot be made; another daemon has it.
    pub fn bind(config: &ControlSocket) -> Result<Self, BindError> {
        let path = &config.path;
        let failed = |what| move |error| BindError::System(what, path.clone(), error);
        let group = config.group.as_deref().map(group_id).transpose()?;
        if let Some(directory) = path.parent()
            && !directory.exists()
        {
            fs::create_dir(directory).map_err(|error| {
                BindError::System("create the directory", directory.to_owned(), error)
            })?;
        }
        let lock = lock(path)?;
        remove_stale(path)?;

        let socket = socket2::Socket::new(Domain::UNIX, Type::STREAM.nonblocking().cloexec(), None)
            .map_err(failed("make the socket"))?;
        let address = SockAddr::unix(path).map_err(failed("make the socket"))?;
        socket.bind(&address).map_err(failed("make the socket"))?;
        if let Some(group) = group {
            chown(path, None, Some(group)).map_err(failed("give the group to"))?;
        }
        fs::set_permissions(path, fs::Permissions::from_mode(config.mode))
            .map_err(failed("set the mode of"))?;
        let made = fs::symlink_metadata(path).map_err(failed("look at"))?;
        socket.listen(BACKLOG).map_err(failed("listen on"))?;
        let listener = UnixListener::from_std(std::os::unix::net::UnixListener::from(
            std::os::fd::OwnedFd::from(socket),
        ))
        .map_err(failed("listen on"))?;
        Ok(Self {
            listener,
            path: path.clone(),
            file: (made.dev(), made.ino()),
            _lock: lock,
        })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // somebody may have put another file there by hand
        if let Ok(there) = fs::symlink_metadata(&self.path)
            && (there.dev(), there.ino()) == self.file
        {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn group_id(name: &str) -> Result<u32, BindError> {
    match Group::from_name(name) {
        Ok(Some(group)) => Ok(group.gid.as_raw()),
        _ => Err(BindError::NoGroup(name.to_owned())),
    }
}

/// Held as long as the daemon runs. The file stays: removing it would race with the next one.
fn lock(path: &Path) -> Result<Flock<fs::File>, BindError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let lock_path = PathBuf::from(name);
    let file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&lock_path)
        .map_err(|error| BindError::System("open", lock_path.clone(), error))?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, errno)| match errno {
        nix::errno::Errno::EWOULDBLOCK => BindError::InUse(path.to_owned()),
        other => BindError::System("lock", lock_path, other.into()),
    })
}

/// Removes a socket that nobody listens on.
fn remove_stale(path: &Path) -> Result<(), BindError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(BindError::System("look at", path.to_owned(), error)),
        Ok(there) if !there.file_type().is_socket() => {
            return Err(BindError::NotASocket(path.to_owned()));
        }
        Ok(_) => {}
    }
    // whoever listens without our lock is no myna, but is not to be pushed out either
    if UnixStream::connect(path).is_ok() {
        return Err(BindError::InUse(path.to_owned()));
    }
    fs::remove_file(path)
        .map_err(|error| BindError::System("remove the stale socket", path.to_owned(), error))
}
