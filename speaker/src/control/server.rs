//! The server of the control socket.
//!
//! A client costs one task, its request line (at most [`MAX_REQUEST`]) and one slice of replies
//! (a few hundred lines). Replies are written as fast as the client reads: a listing of a million
//! routes is asked of the speaker slice by slice. Clients that send nothing, send nonsense or do
//! not read are ended in time, or as soon as somebody else needs their slot.
use super::{
    Action, MAX_REQUEST, Reply, Request, RouteRequest,
    slots::{Slot, Slots},
    socket::Socket,
};
use crate::{
    Handle, NeighborAction, Neighbors, Refresh, RouteFilter, RouteListing, RouteTable, Stopped,
    view,
};
use ipnet::IpNet;
use std::{future::Future, io, net::IpAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::unix::{OwnedReadHalf, OwnedWriteHalf},
    sync::{Semaphore, oneshot, watch},
    task::JoinHandle,
    time::{sleep, timeout},
};

/// What clients may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Limits {
    /// at the same time
    clients: usize,
    /// a whole request line is due within this time
    request_time: Duration,
    /// replies may be left unread for so long (by a person in a pager)
    unread_time: Duration,
    /// a new client waits so long for a slot
    slot_time: Duration,
    /// after the end of the daemon clients have so long to take the last reply
    grace: Duration,
}

const LIMITS: Limits = Limits {
    clients: 64,
    request_time: Duration::from_secs(60),
    unread_time: Duration::from_secs(15 * 60),
    slot_time: Duration::from_secs(5),
    grace: Duration::from_secs(1),
};

/// Who knows the answers: a speaker's [`Handle`] behind the daemon, or a test.
pub trait Answerer: Clone + Send + Sync + 'static {
    /// Routes, slice by slice.
    type Listing: Listing;
    /// `show status`
    fn status(&self) -> impl Future<Output = Result<view::Status, Stopped>> + Send;
    /// `show neighbors`
    fn neighbors(&self) -> impl Future<Output = Result<Vec<view::Neighbor>, Stopped>> + Send;
    /// `show neighbor NAME`
    fn neighbor(
        &self,
        name: &str,
    ) -> impl Future<Output = Result<Option<view::Neighbor>, Stopped>> + Send;
    /// `show routes`; the error is for people.
    fn routes(
        &self,
        filter: RouteFilter,
    ) -> impl Future<Output = Result<Self::Listing, String>> + Send;
    /// `show kernel`
    fn kernel(&self) -> impl Future<Output = Result<view::Kernel, Stopped>> + Send;
    /// `explain`
    fn explain(
        &self,
        prefix: IpNet,
    ) -> impl Future<Output = Result<view::Explanation, Stopped>> + Send;
    /// `kernel flush`: what was there before, or why it cannot be done.
    fn flush_kernel(&self) -> impl Future<Output = Result<view::Kernel, String>> + Send;
    /// `kernel restore`; the error is for people.
    fn restore_kernel(&self) -> impl Future<Output = Result<(), String>> + Send;
    /// `reload`: what changed, or why nothing did; both for people.
    fn reload(&self) -> impl Future<Output = Result<Vec<String>, String>> + Send;
    /// `enable`, `disable`, `restart`, `refresh`; the error is for people.
    fn act(
        &self,
        neighbors: Neighbors,
        action: NeighborAction,
    ) -> impl Future<Output = Result<Vec<view::Acted>, String>> + Send;
    /// `stop`; returns when everything is closed, with what a person should know of it.
    fn stop(&self, graceful: bool) -> impl Future<Output = Result<Vec<String>, String>> + Send;
}

/// A listing that goes on slice by slice.
pub trait Listing: Send {
    /// The next slice; `None` at the end.
    fn next(&mut self) -> impl Future<Output = Result<Option<Vec<view::Route>>, Stopped>> + Send;
}

impl Listing for RouteListing {
    async fn next(&mut self) -> Result<Option<Vec<view::Route>>, Stopped> {
        RouteListing::next(self).await
    }
}

/// A speaker alone can show itself; it knows no file to read again.
impl Answerer for Handle {
    type Listing = RouteListing;

    async fn status(&self) -> Result<view::Status, Stopped> {
        Handle::status(self).await
    }

    async fn neighbors(&self) -> Result<Vec<view::Neighbor>, Stopped> {
        Handle::neighbors(self).await
    }

    async fn neighbor(&self, name: &str) -> Result<Option<view::Neighbor>, Stopped> {
        Handle::neighbor(self, name).await
    }

    async fn routes(&self, filter: RouteFilter) -> Result<RouteListing, String> {
        Handle::routes(self, filter).await
    }

    async fn kernel(&self) -> Result<view::Kernel, Stopped> {
        Handle::kernel(self).await
    }

    async fn explain(&self, prefix: IpNet) -> Result<view::Explanation, Stopped> {
        Handle::explain(self, prefix).await
    }

    async fn flush_kernel(&self) -> Result<view::Kernel, String> {
        Handle::flush_kernel(self).await
    }

    async fn restore_kernel(&self) -> Result<(), String> {
        Handle::restore_kernel(self).await
    }

    async fn reload(&self) -> Result<Vec<String>, String> {
        Err("this speaker has no configuration file".to_owned())
    }

    async fn act(
        &self,
        neighbors: Neighbors,
        action: NeighborAction,
    ) -> Result<Vec<view::Acted>, String> {
        Handle::act(self, neighbors, action).await
    }

    async fn stop(&self, graceful: bool) -> Result<Vec<String>, String> {
        Ok(self
            .shutdown(if graceful {
                crate::Shutdown::Graceful
            } else {
                crate::Shutdown::Administrative(String::new())
            })
            .await)
    }
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    accepting: JoinHandle<()>,
    stop: watch::Sender<bool>,
    limits: Limits,
}

impl Server {
    /// Serves a socket within the current tokio runtime.
    pub fn start(socket: Socket, answerer: impl Answerer) -> Self {
        Self::start_within(LIMITS, socket, answerer)
    }

    fn start_within(limits: Limits, socket: Socket, answerer: impl Answerer) -> Self {
        let (stop, stopped) = watch::channel(false);
        Self {
            accepting: tokio::spawn(accept(limits, socket, answerer, stopped)),
            stop,
            limits,
        }
    }

    /// Takes no more clients, removes the socket, and lets every client take its last reply.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let _ = self.accepting.await;
        // each client's task holds a receiver
        let _ = timeout(self.limits.grace, self.stop.closed()).await;
    }
}

async fn accept(
    limits: Limits,
    socket: Socket,
    answerer: impl Answerer,
    mut stopped: watch::Receiver<bool>,
) {
    let slots = Slots::new(limits.clients);
    let turn = Arc::new(Semaphore::new(1));
    loop {
        let accepted = tokio::select! {
            accepted = socket.listener.accept() => accepted,
            _ = stopped.wait_for(|stopped| *stopped) => return,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // no descriptors left, most of all: give others time to close theirs
                tracing::warn!("the control socket cannot take a client: {error}");
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let slot = tokio::select! {
            slot = wait_for_slot(&slots, limits.slot_time) => slot,
            _ = stopped.wait_for(|stopped| *stopped) => return,
        };
        match slot {
            Some((slot, go)) => {
                let (read, write) = stream.into_split();
                let replies = Replies {
                    write,
                    slot,
                    turn: turn.clone(),
                    unread_time: limits.unread_time,
                };
                let (answerer, stopped) = (answerer.clone(), stopped.clone());
                tokio::spawn(async move {
                    tokio::select! {
                        _ = serve(limits.request_time, read, replies, answerer, stopped) => {}
                        _ = go => {}
                    }
                });
            }
            None => {
                let refusal = line(&Reply::Error(format!(
                    "{} clients are being served; try again",
                    limits.clients
                )));
                let _ = stream.try_write(&refusal);
            }
        }
    }
}

/// When all are served at once, one of them will soon be done, or wait for its client.
async fn wait_for_slot(slots: &Slots, longest: Duration) -> Option<(Slot, oneshot::Receiver<()>)> {
    let take = async {
        loop {
            match slots.take() {
                Some(slot) => return slot,
                None => sleep(Duration::from_millis(5)).await,
            }
        }
    };
    timeout(longest, take).await.ok()
}

/// Why a client is no longer served; nobody needs to know.
struct Gone;

impl From<io::Error> for Gone {
    fn from(_: io::Error) -> Self {
        Self
    }
}

async fn serve(
    request_time: Duration,
    read: OwnedReadHalf,
    mut replies: Replies,
    answerer: impl Answerer,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), Gone> {
    let mut requests = BufReader::new(read);
    let mut request = Vec::new();
    loop {
        replies.slot.waits();
        let got = tokio::select! {
            got = timeout(request_time, read_line(&mut requests, &mut request)) => got,
            _ = stopped.wait_for(|stopped| *stopped) => return Ok(()),
        };
        match got {
            Ok(Ok(Line::Whole)) => {}
            Ok(Ok(Line::End)) => return Ok(()),
            Ok(Ok(Line::TooLong)) => {
                let message = format!("a request has at most {MAX_REQUEST} octets");
                return replies.last(Reply::Error(message)).await;
            }
            Ok(Err(error)) => return Err(error.into()),
            Err(_) => {
                let message = format!("no request within {} s", request_time.as_secs());
                return replies.last(Reply::Error(message)).await;
            }
        }
        let parsed = match serde_json::from_slice::<Request>(&request) {
            Ok(parsed) => parsed,
            Err(error) => {
                // who speaks another language does so on the next line too
                let message = format!(
                    "not a request: {error} (a request is one line of JSON, as in {{\"request\":\"status\"}})"
                );
                return replies.last(Reply::Error(message)).await;
            }
        };
        replies.slot.served();
        answer(parsed, &answerer, &mut replies).await?;
    }
}

/// What came of an attempt to read a line.
enum Line {
    Whole,
    End,
    TooLong,
}

async fn read_line(from: &mut BufReader<OwnedReadHalf>, line: &mut Vec<u8>) -> io::Result<Line> {
    line.clear();
    // a line of the largest size may be followed by its newline
    let mut limited = from.take(MAX_REQUEST as u64 + 1);
    limited.read_until(b'\n', line).await?;
    if line.ends_with(b"\n") {
        return Ok(Line::Whole);
    }
    // the end of the stream ends a line too, for those who send without a newline
    Ok(match line.len() {
        0 => Line::End,
        octets if octets > MAX_REQUEST => Line::TooLong,
        _ => Line::Whole,
    })
}

async fn answer<A: Answerer>(
    request: Request,
    answerer: &A,
    replies: &mut Replies,
) -> Result<(), Gone> {
    let stopped = |stopped: Stopped| Reply::Error(stopped.to_string());
    let last = match request {
        Request::Status => match answerer.status().await {
            Ok(status) => replies.one(Reply::Status(Box::new(status))).await?,
            Err(error) => stopped(error),
        },
        Request::Neighbors => match answerer.neighbors().await {
            Ok(neighbors) => {
                let neighbors = neighbors.into_iter().map(|n| Reply::Neighbor(Box::new(n)));
                replies.several(neighbors).await?
            }
            Err(error) => stopped(error),
        },
        Request::Neighbor { name } => match answerer.neighbor(&name).await {
            Ok(Some(neighbor)) => replies.one(Reply::Neighbor(Box::new(neighbor))).await?,
            Ok(None) => unknown_neighbor(&name, answerer).await,
            Err(error) => stopped(error),
        },
        Request::Routes(request) => match route_filter(request) {
            Ok(filter) => routes(filter, answerer, replies).await?,
            Err(message) => Reply::Error(message),
        },
        Request::Kernel => match answerer.kernel().await {
            Ok(kernel) => replies.one(Reply::Kernel(Box::new(kernel))).await?,
            Err(error) => stopped(error),
        },
        Request::Explain { prefix } => match within(&prefix) {
            Ok(prefix) => match answerer.explain(prefix).await {
                Ok(told) => replies.one(Reply::Explanation(Box::new(told))).await?,
                Err(error) => stopped(error),
            },
            Err(message) => Reply::Error(message),
        },
        Request::FlushKernel => match answerer.flush_kernel().await {
            Ok(before) => replies.one(Reply::Kernel(Box::new(before))).await?,
            Err(message) => Reply::Error(message),
        },
        Request::RestoreKernel => match answerer.restore_kernel().await {
            Ok(()) => Reply::Done,
            Err(message) => Reply::Error(message),
        },
        Request::Reload => match answerer.reload().await {
            Ok(changes) => replies.one(Reply::Reloaded(changes)).await?,
            Err(message) => Reply::Error(message),
        },
        Request::Stop { graceful } => match answerer.stop(graceful).await {
            Ok(warnings) => replies.one(Reply::Stopping(warnings)).await?,
            Err(message) => Reply::Error(message),
        },
        Request::Act {
            neighbor,
            action,
            message,
        } => {
            let (neighbors, action) = what_to_do(neighbor, action, message);
            match answerer.act(neighbors, action).await {
                Ok(acted) => {
                    let acted = acted.into_iter().map(|it| Reply::Acted(Box::new(it)));
                    replies.several(acted).await?
                }
                Err(message) => Reply::Error(message),
            }
        }
    };
    replies.last(last).await
}

async fn unknown_neighbor(name: &str, answerer: &impl Answerer) -> Reply {
    let known = answerer.neighbors().await.unwrap_or_default();
    let known: Vec<&str> = known.iter().map(|known| known.name.as_str()).collect();
    Reply::Error(if known.is_empty() {
        format!("no neighbor is called `{name}`: there is none at all")
    } else {
        format!(
            "no neighbor is called `{name}`; there are: {}",
            known.join(", ")
        )
    })
}

async fn routes<A: Answerer>(
    filter: RouteFilter,
    answerer: &A,
    replies: &mut Replies,
) -> Result<Reply, Gone> {
    let mut listing = match answerer.routes(filter).await {
        Ok(listing) => listing,
        Err(message) => return Ok(Reply::Error(message)),
    };
    loop {
        // The sessions live on the same thread: however many listings there are, they wait for
        // the work of one slice at most.
        let octets = {
            let _turn = replies.turn.clone().acquire_owned().await;
            match listing.next().await {
                Ok(Some(slice)) => {
                    let slice = slice.into_iter().map(|route| Reply::Route(Box::new(route)));
                    lines(slice)
                }
                Ok(None) => return Ok(Reply::Done),
                Err(stopped) => return Ok(Reply::Error(stopped.to_string())),
            }
        };
        replies.write(&octets).await?;
    }
}

/// The words of a request as what is to be done.
fn what_to_do(neighbor: String, action: Action, message: String) -> (Neighbors, NeighborAction) {
    let neighbors = match neighbor.as_str() {
        "all" => Neighbors::All,
        _ => Neighbors::Named(neighbor),
    };
    let action = match action {
        Action::Enable => NeighborAction::Enable,
        Action::Disable => NeighborAction::Disable(message),
        Action::Restart => NeighborAction::Restart(message),
        Action::RefreshIn => NeighborAction::Refresh(Refresh::In),
        Action::RefreshOut => NeighborAction::Refresh(Refresh::Out),
        Action::Refresh => NeighborAction::Refresh(Refresh::Both),
    };
    (neighbors, action)
}

/// The words of a request as a filter.
fn route_filter(request: RouteRequest) -> Result<RouteFilter, String> {
    let within = request.prefix.as_deref().map(within).transpose()?;
    let mut tables = [
        request.received.map(RouteTable::Received),
        request.exported.map(RouteTable::Exported),
        request.rejected.map(RouteTable::Rejected),
        request.not_exported.map(RouteTable::NotExported),
    ]
    .into_iter()
    .flatten();
    let table = tables.next().unwrap_or_default();
    if tables.next().is_some() {
        return Err("one table at a time: received, exported, rejected or not-exported".to_owned());
    }
    Ok(RouteFilter { within, table })
}

/// A prefix, or an address that stands for itself; host bits are forgiven.
fn within(text: &str) -> Result<IpNet, String> {
    let address = text.parse::<IpAddr>().map(IpNet::from);
    let net = address.or_else(|_| text.parse::<IpNet>().map(|net| net.trunc()));
    net.map_err(|_| format!("`{text}` is not a prefix (as in 192.168.0.0/16)"))
}

/// The way to the client.
struct Replies {
    write: OwnedWriteHalf,
    slot: Slot,
    /// held while a slice of routes is made
    turn: Arc<Semaphore>,
    unread_time: Duration,
}

impl Replies {
    /// Writes one reply and says that it is all.
    async fn one(&mut self, reply: Reply) -> Result<Reply, Gone> {
        self.several([reply].into_iter()).await
    }

    /// Writes a slice of replies.
    async fn several(&mut self, replies: impl Iterator<Item = Reply>) -> Result<Reply, Gone> {
        self.write(&lines(replies)).await?;
        Ok(Reply::Done)
    }

    async fn last(&mut self, reply: Reply) -> Result<(), Gone> {
        self.write(&line(&reply)).await
    }

    /// As fast as the client reads; one that reads nothing for long is gone.
    async fn write(&mut self, mut octets: &[u8]) -> Result<(), Gone> {
        self.slot.waits();
        while !octets.is_empty() {
            let written = timeout(self.unread_time, self.write.write(octets))
                .await
                .map_err(|_| Gone)??;
            octets = octets.get(written..).unwrap_or_default();
        }
        self.slot.served();
        Ok(())
    }
}

fn lines(replies: impl Iterator<Item = Reply>) -> Vec<u8> {
    let mut octets = Vec::new();
    for reply in replies {
        octets.extend(line(&reply));
    }
    octets
}

/// A reply as a line. Views hold nothing that JSON cannot say; should one, it says so.
fn line(reply: &Reply) -> Vec<u8> {
    let mut octets = serde_json::to_vec(reply).unwrap_or_else(|error| {
        format!("{{\"error\":\"not to be said in JSON: {error}\"}}").into()
    });
    octets.push(b'\n');
    octets
}

#[cfg(test)]
mod tests;
