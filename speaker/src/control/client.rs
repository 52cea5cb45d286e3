//! The client of the control socket. It blocks: a command has nothing else to do meanwhile.
use super::{Reply, Request};
use std::{
    fmt,
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
};

/// No reply is longer; what is comes from something that is not Myna.
const MAX_REPLY: u64 = 16 << 20;

/// A connection to a daemon.
#[derive(Debug)]
pub struct Client {
    path: PathBuf,
    stream: BufReader<UnixStream>,
}

/// Why there is no answer. `Display` says what to do.
#[derive(Debug)]
pub enum ClientError {
    /// The socket cannot be reached.
    Connect(PathBuf, io::Error),
    /// The connection broke.
    Broken(PathBuf, io::Error),
    /// The daemon closed the connection before all was said.
    Closed(PathBuf),
    /// What came is no reply; in words, why.
    Nonsense(PathBuf, String),
    /// The daemon says what is wrong.
    Refused(String),
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(path, error) => {
                let path = path.display();
                match error.kind() {
                    io::ErrorKind::NotFound => write!(
                        f,
                        "myna is not running: there is no socket {path} (start it with `myna run`, or name its socket with --socket)"
                    ),
                    io::ErrorKind::ConnectionRefused => write!(
                        f,
                        "myna is not running: nobody answers at {path} (start it with `myna run`)"
                    ),
                    io::ErrorKind::PermissionDenied => write!(
                        f,
                        "no permission to use {path} (run as root, or as a member of the socket's group: `group` in [control])"
                    ),
                    _ => write!(f, "cannot connect to {path}: {error}"),
                }
            }
            Self::Broken(path, error) => {
                write!(f, "the connection to {} broke: {error}", path.display())
            }
            Self::Closed(path) => write!(
                f,
                "myna closed the connection at {} before all was said (it stopped, or has too many clients; try again)",
                path.display()
            ),
            Self::Nonsense(path, why) => write!(
                f,
                "what answers at {} is not this version of myna: {why}",
                path.display()
            ),
            Self::Refused(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for ClientError {}

impl Client {
    /// Connects to a daemon's socket.
    ///
    /// # Errors
    /// Nobody is there, or the permission is missing.
    pub fn connect(path: &Path) -> Result<Self, ClientError> {
        let stream = UnixStream::connect(path)
            .map_err(|error| ClientError::Connect(path.to_owned(), error))?;
        Ok(Self {
            path: path.to_owned(),
            stream: BufReader::new(stream),
        })
    }

    /// Asks; the answers come one by one.
    ///
    /// # Errors
    /// The connection broke.
    pub fn ask(&mut self, request: &Request) -> Result<Replies<'_>, ClientError> {
        let mut line = serde_json::to_vec(request)
            .map_err(|error| ClientError::Nonsense(self.path.clone(), error.to_string()))?;
        line.push(b'\n');
        match self.stream.get_mut().write_all(&line) {
            // a daemon that refuses a client says why and closes: read it
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            Err(error) => return Err(ClientError::Broken(self.path.clone(), error)),
        }
        Ok(Replies {
            client: self,
            line: Vec::new(),
            ended: false,
        })
    }
}

/// Answers as they come; the end is after `done`. Memory: one line.
#[derive(Debug)]
pub struct Replies<'c> {
    client: &'c mut Client,
    line: Vec<u8>,
    ended: bool,
}

impl Replies<'_> {
    fn read(&mut self) -> Result<Option<Reply>, ClientError> {
        let path = || self.client.path.clone();
        self.line.clear();
        let mut limited = (&mut self.client.stream).take(MAX_REPLY);
        let read = limited.read_until(b'\n', &mut self.line);
        match read {
            Ok(_) if self.line.ends_with(b"\n") => {}
            Ok(0) => return Err(ClientError::Closed(path())),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                return Err(ClientError::Closed(path()));
            }
            Err(error) => return Err(ClientError::Broken(path(), error)),
            Ok(_) if self.line.len() as u64 == MAX_REPLY => {
                return Err(ClientError::Nonsense(
                    path(),
                    "a line without end".to_owned(),
                ));
            }
            Ok(_) => return Err(ClientError::Closed(path())),
        }
        match serde_json::from_slice(&self.line) {
            Ok(Reply::Done) => Ok(None),
            Ok(Reply::Error(message)) => Err(ClientError::Refused(message)),
            Ok(reply) => Ok(Some(reply)),
            Err(error) => Err(ClientError::Nonsense(path(), error.to_string())),
        }
    }
}

impl Iterator for Replies<'_> {
    type Item = Result<Reply, ClientError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let reply = self.read().transpose();
        self.ended = !matches!(reply, Some(Ok(_)));
        reply
    }
}
