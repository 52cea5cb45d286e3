//! The steps. Each waits for something to be true and says how long that took; the first that
//! does not come true ends the story, with what was seen instead.

use super::{
    links::KernelRoute,
    printing::{Done, Failed, Screen},
    probe,
    sides::{
        AZURE, AZURE_MACHINE, AZURE_PREFIX, HOST, HOST_ADDRESS, HOST_PREFIX, LINK_LENGTH, METRIC,
        Meeting,
    },
    stage::{Running, Side, Stage},
    venue::Venue,
};
use crate::{Handle, RouteFilter, RouteTable, clock, config::Config, view};
use ipnet::Ipv4Net;
use std::{
    net::SocketAddrV4,
    os::fd::AsFd,
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// How long a step may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// How often a speaker is asked: the resolution of the times shown.
pub(super) const GLANCE: Duration = Duration::from_micros(500);

/// The interface of the host toward Azure, and the one at its other end.
const HOST_LINK: &str = AZURE;
const AZURE_LINK: &str = HOST;

/// What a look at something shows.
enum Look<T> {
    Wanted(T),
    /// What was seen instead, in words.
    Else(String),
}

/// Tells the story from the first step to the last.
pub(super) async fn tell(
    screen: &mut Screen,
    stage: &mut Stage,
    venue: &Venue,
) -> Result<(), Failed> {
    match venue {
        Venue::Root | Venue::UserNamespace => over_veth(screen, stage).await,
        Venue::Loopback(_) => on_loopback(screen, stage).await,
    }
}

async fn over_veth(screen: &mut Screen, stage: &mut Stage) -> Result<(), Failed> {
    let meeting = Meeting::over_veth();
    let (host, azure) = screen
        .step(
            "two network namespaces, joined by a veth pair",
            join_namespaces(&meeting),
        )
        .await?;
    let (host_links, azure_links) = (host.links.clone(), azure.links.clone());
    stage.set_sides(host, azure);

    let began = screen
        .step("both speakers started", start(stage, &meeting))
        .await?;
    let (speaker, _) = running(stage)?;
    screen
        .step(
            "session Established, after the start",
            establish(stage, began),
        )
        .await?;

    let learned = KernelRoute::by_bgp(AZURE_PREFIX, *meeting.azure.ip(), HOST_LINK, METRIC);
    screen
        .step(
            &format!("{AZURE_PREFIX} in the host's kernel, after the start"),
            async {
                let took = host_links.wait_for_route(&learned, began).await?;
                Ok(Done::new(()).took(took).shows(&learned))
            },
        )
        .await?;

    let added = screen
        .step(&format!("{HOST_ADDRESS} added to the host's lo"), async {
            let now = clock::now();
            host_links.add_address("lo", HOST_ADDRESS).await?;
            Ok(Done::new(now))
        })
        .await?;
    let announced = KernelRoute::by_bgp(HOST_PREFIX, *meeting.host.ip(), AZURE_LINK, METRIC);
    screen
        .step(
            &format!("{HOST_PREFIX} in Azure's kernel, after the address"),
            async {
                let took = azure_links.wait_for_route(&announced, added).await?;
                Ok(Done::new(()).took(took).shows(&announced))
            },
        )
        .await?;

    screen
        .step(
            &format!(
                "a packet crosses from {} and its answer comes back",
                AZURE_MACHINE.addr()
            ),
            cross(stage),
        )
        .await?;

    let deleted = screen
        .step(
            &format!("{HOST_ADDRESS} deleted from the host's lo"),
            async {
                let now = clock::now();
                host_links.delete_address("lo", HOST_ADDRESS).await?;
                Ok(Done::new(now))
            },
        )
        .await?;
    screen
        .step(
            &format!("{HOST_PREFIX} gone from Azure's kernel, after that"),
            async {
                let took = azure_links.wait_for_no_route(HOST_PREFIX, deleted).await?;
                Ok(Done::new(()).took(took))
            },
        )
        .await?;
    screen
        .step("no packet crosses any more", cross_not(stage, &meeting))
        .await?;
    show_neighbor(screen, &speaker).await
}

async fn on_loopback(screen: &mut Screen, stage: &mut Stage) -> Result<(), Failed> {
    let meeting = screen
        .step("a free port on each of two loopback addresses", async {
            let meeting = Meeting::on_loopback().map_err(|error| error.to_string())?;
            let ports = format!("{} and {}", meeting.host, meeting.azure);
            Ok(Done::new(meeting).shows(ports))
        })
        .await?;
    let began = screen
        .step("both speakers started", start(stage, &meeting))
        .await?;
    let (host, azure) = running(stage)?;
    screen
        .step(
            "session Established, after the start",
            establish(stage, began),
        )
        .await?;
    screen
        .step(
            &format!("{AZURE_PREFIX} received by the host, after the start"),
            arrive(&host, AZURE, AZURE_PREFIX, began),
        )
        .await?;

    let socket = stage.control_socket(HOST);
    let announced = screen
        .step(
            &format!("{HOST_PREFIX} added to what the host announces"),
            async {
                let config = meeting.host_config_with_prefix(socket.as_deref())?;
                apply(&host, config).await
            },
        )
        .await?;
    screen
        .step(
            &format!("{HOST_PREFIX} received by Azure, after that"),
            arrive(&azure, HOST, HOST_PREFIX, announced),
        )
        .await?;
    let removed = screen
        .step(&format!("{HOST_PREFIX} removed from it again"), async {
            apply(&host, meeting.host_config(socket.as_deref())?).await
        })
        .await?;
    screen
        .step(
            &format!("{HOST_PREFIX} withdrawn from Azure, after that"),
            vanish(&azure, HOST, HOST_PREFIX, removed),
        )
        .await?;
    show_neighbor(screen, &host).await
}

/// Two namespaces with a cable between them, and an address at each end.
async fn join_namespaces(meeting: &Meeting) -> Result<Done<(Side, Side)>, String> {
    let host = Side::new(HOST).await?;
    let azure = Side::new(AZURE).await?;
    let other = azure
        .namespace
        .open()
        .map_err(|error| format!("cannot open {}: {error}", azure.namespace.path()))?;
    host.links
        .add_veth(HOST_LINK, AZURE_LINK, other.as_fd())
        .await?;

    let mut shows = Vec::new();
    for (side, name, link, address) in [
        (&host, HOST, HOST_LINK, meeting.host),
        (&azure, AZURE, AZURE_LINK, meeting.azure),
    ] {
        let address =
            Ipv4Net::new(*address.ip(), LINK_LENGTH).map_err(|error| error.to_string())?;
        side.links.raise("lo").await?;
        side.links.add_address(link, address).await?;
        side.links.raise(link).await?;
        shows.push(format!("{name:6} {address} dev {link}"));
    }
    azure.links.add_address("lo", AZURE_MACHINE).await?;
    host.links.wait_for_link(HOST_LINK).await?;
    azure.links.wait_for_link(AZURE_LINK).await?;
    shows.push(format!("{AZURE:6} {AZURE_MACHINE} dev lo"));
    Ok(Done {
        value: (host, azure),
        took: None,
        shows,
    })
}

/// Starts Azure, then the host; the time is that just before the host's start.
async fn start(stage: &mut Stage, meeting: &Meeting) -> Result<Done<Instant>, String> {
    stage.make_room_for_sockets()?;
    let azure = meeting.azure_config(stage.control_socket(AZURE).as_deref());
    let host = meeting.host_config(stage.control_socket(HOST).as_deref())?;
    stage.azure = Some(start_in(stage.sides().map(|(_, azure)| azure), azure).await?);
    let began = clock::now();
    stage.host = Some(start_in(stage.sides().map(|(host, _)| host), host).await?);
    Ok(Done::new(began).took(began.elapsed()))
}

async fn start_in(side: Option<&Side>, config: Config) -> Result<Running, String> {
    match side {
        Some(side) => side.namespace.run(Running::start(config)).await?,
        None => Running::start(config).await,
    }
}

fn running(stage: &Stage) -> Result<(Handle, Handle), Failed> {
    let handle = |running: &Running| running.handle.clone();
    let host = stage.host.as_ref().map(handle);
    host.zip(stage.azure.as_ref().map(handle)).ok_or(Failed)
}

async fn establish(stage: &Stage, began: Instant) -> Result<Done, String> {
    let host = stage.host.as_ref().ok_or("the host does not run")?;
    let (neighbor, seen) = wait_for("the session", async || {
        let neighbor = azure_seen_by(&host.handle).await?;
        Ok(if neighbor.state == "Established" {
            Look::Wanted(neighbor)
        } else {
            Look::Else(format!(
                "{}, {}{}",
                neighbor.state,
                neighbor.waiting_for,
                neighbor
                    .last_error
                    .map(|error| format!("; last error: {error}"))
                    .unwrap_or_default()
            ))
        })
    })
    .await?;
    let at = host.established.borrow().unwrap_or(seen);
    Ok(Done::new(())
        .took(at.saturating_duration_since(began))
        .shows(format_args!(
            "{} AS {} with {} AS {}{}",
            neighbor.source_address.unwrap_or_default(),
            neighbor.local_as,
            neighbor.address,
            neighbor.remote_as,
            if neighbor.md5 { ", TCP-MD5" } else { "" },
        )))
}

/// A connection from a machine in Azure to the host's new address.
async fn cross(stage: &Stage) -> Result<Done, String> {
    let (host, azure) = stage.sides().ok_or("there are no namespaces")?;
    let listener = host
        .namespace
        .run(probe::listen(HOST_ADDRESS.addr()))
        .await?
        .map_err(|error| format!("cannot listen on {}: {error}", HOST_ADDRESS.addr()))?;
    let to = listener.local_addr().map_err(|error| error.to_string())?;
    // Whether it answered shows in what comes back; unasked, it gives up by itself.
    drop(host.namespace.spawn(probe::answer(listener)));
    let crossed = azure
        .namespace
        .run(probe::send(AZURE_MACHINE.addr(), to))
        .await??;
    Ok(Done::new(())
        .took(crossed.0)
        .shows(format_args!("TCP {} → {to} and back", AZURE_MACHINE.addr())))
}

/// The same when nothing leads there any more.
async fn cross_not(stage: &Stage, meeting: &Meeting) -> Result<Done, String> {
    let (_, azure) = stage.sides().ok_or("there are no namespaces")?;
    let to = SocketAddrV4::new(HOST_ADDRESS.addr(), meeting.host.port());
    match azure
        .namespace
        .run(probe::send(AZURE_MACHINE.addr(), to.into()))
        .await?
    {
        Ok(_) => Err(format!("{to} still answers")),
        Err(error) => Ok(Done::new(()).shows(format_args!("connect to {to}: {error}"))),
    }
}

/// Goes over to another configuration of a running speaker.
async fn apply(speaker: &Handle, config: Config) -> Result<Done<Instant>, String> {
    let now = clock::now();
    let applied = speaker.apply(config).await?;
    Ok(Done {
        value: now,
        took: None,
        shows: applied.changes,
    })
}

/// Waits until `speaker` has `prefix` from `neighbor`.
async fn arrive(
    speaker: &Handle,
    neighbor: &str,
    prefix: Ipv4Net,
    since: Instant,
) -> Result<Done, String> {
    let (route, at) = wait_for(&prefix.to_string(), async || {
        Ok(match received(speaker, neighbor, prefix).await?.pop() {
            Some(route) => Look::Wanted(route),
            None => Look::Else(format!("nothing within {prefix} from {neighbor}")),
        })
    })
    .await?;
    Ok(Done::new(())
        .took(at.saturating_duration_since(since))
        .shows(format_args!(
            "{} via {} AS path {} ({})",
            route.prefix,
            route.next_hop.unwrap_or_default(),
            route.as_path,
            route.reason
        )))
}

/// Waits until `speaker` has nothing within `prefix` from `neighbor`.
async fn vanish(
    speaker: &Handle,
    neighbor: &str,
    prefix: Ipv4Net,
    since: Instant,
) -> Result<Done, String> {
    let ((), at) = wait_for(&format!("the end of {prefix}"), async || {
        Ok(match received(speaker, neighbor, prefix).await?.pop() {
            None => Look::Wanted(()),
            Some(route) => Look::Else(format!("{} is still there", route.prefix)),
        })
    })
    .await?;
    Ok(Done::new(()).took(at.saturating_duration_since(since)))
}

async fn received(
    speaker: &Handle,
    neighbor: &str,
    within: Ipv4Net,
) -> Result<Vec<view::Route>, String> {
    let mut listing = speaker
        .routes(RouteFilter {
            within: Some(within.into()),
            table: RouteTable::Received(neighbor.to_owned()),
        })
        .await?;
    let mut routes = Vec::new();
    while let Some(slice) = listing.next().await.map_err(|_| stopped())? {
        routes.extend(slice);
    }
    Ok(routes)
}

async fn show_neighbor(screen: &Screen, host: &Handle) -> Result<(), Failed> {
    match azure_seen_by(host).await {
        Ok(neighbor) => {
            screen.neighbor("the host", &neighbor);
            Ok(())
        }
        Err(error) => {
            screen.trouble(&error);
            Err(Failed)
        }
    }
}

async fn azure_seen_by(host: &Handle) -> Result<view::Neighbor, String> {
    host.neighbor(AZURE)
        .await
        .map_err(|_| stopped())?
        .ok_or_else(|| format!("the host knows no neighbor {AZURE}"))
}

/// Looks until it sees what is wanted, and says when that was.
async fn wait_for<T>(
    what: &str,
    mut look: impl AsyncFnMut() -> Result<Look<T>, String>,
) -> Result<(T, Instant), String> {
    let deadline = clock::now() + PATIENCE;
    loop {
        let seen = match look().await? {
            Look::Wanted(value) => return Ok((value, clock::now())),
            Look::Else(seen) => seen,
        };
        if clock::now() >= deadline {
            return Err(format!(
                "waited {} s for {what}; seen instead: {seen}",
                PATIENCE.as_secs()
            ));
        }
        sleep(GLANCE).await;
    }
}

fn stopped() -> String {
    "the speaker has stopped".to_owned()
}
