//! ExaBGP. It has no tables: what it receives it writes as JSON to a process of ours, a small shell
//! script that keeps it in a file, and it announces what that process says. So what it has from a
//! neighbor is worked out here from its events since the session came up last.
use super::program::texts;
use crate::{
    Announced, Capability, Daemon, Family, Neighbor, Netns, Path, Process, Router, SOON, eventually,
};
use nix::{
    sys::{signal::Signal, stat::Mode},
    unistd::mkfifo,
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs::{self, File, Permissions},
    io::Write as _,
    net::IpAddr,
    os::unix::fs::PermissionsExt,
    path,
};
use tempfile::TempDir;

/// An `exabgp` and the process that it talks to.
#[derive(Debug)]
pub struct ExaBgp {
    // Dropped first: what it logged is shown from a file in `directory`.
    process: Option<Process>,
    netns: Netns,
    /// The commands' pipe; when it is closed, the script ends.
    commands: Option<File>,
    directory: TempDir,
    router: Router,
}

impl ExaBgp {
    /// Starts one and waits until its process runs.
    ///
    /// # Panics
    /// When it does not come up.
    #[track_caller]
    #[must_use]
    pub fn start(netns: &Netns, router: &Router) -> Self {
        let mut exabgp = Self {
            process: None,
            netns: netns.clone(),
            commands: None,
            directory: TempDir::new().expect("make a temporary directory"),
            router: router.clone(),
        };
        exabgp.start_again();
        exabgp
    }

    /// Gives it a command of its API.
    ///
    /// # Panics
    /// When it is not running.
    #[track_caller]
    pub fn command(&mut self, line: &str) {
        let pipe = self.commands.as_mut().expect("exabgp is running");
        writeln!(pipe, "{line}").expect("write to exabgp's process");
    }

    fn path(&self, name: &str) -> String {
        self.directory
            .path()
            .join(name)
            .to_string_lossy()
            .into_owned()
    }

    /// Its events about `neighbor`, oldest first.
    fn events(&self, neighbor: IpAddr) -> Vec<Value> {
        let octets = fs::read(self.path("events")).unwrap_or_default();
        let text = String::from_utf8_lossy(&octets);
        let events = text.lines().filter_map(|line| {
            // The data of a NOTIFICATION stands in a reason as it is.
            let line = line.replace(char::is_control, " ");
            serde_json::from_str::<Value>(&line).ok()
        });
        let of_neighbor =
            |event: &Value| event["neighbor"]["address"]["peer"] == neighbor.to_string().as_str();
        events.filter(of_neighbor).collect()
    }

    /// By family and prefix, the paths of the session that is up.
    fn rib(&self, neighbor: IpAddr) -> BTreeMap<String, Vec<Path>> {
        let mut rib: BTreeMap<String, Vec<(String, Path)>> = BTreeMap::new();
        for event in self.events(neighbor) {
            if event["type"] == "state" {
                rib.clear();
                continue;
            }
            let update = &event["neighbor"]["message"]["update"];
            for (nlri, _) in routes(&update["withdraw"]) {
                let Some(prefix) = nlri["nlri"].as_str() else {
                    continue;
                };
                let id = nlri["path-information"].to_string();
                let empty = rib.get_mut(prefix).is_some_and(|paths| {
                    paths.retain(|(other, _)| *other != id);
                    paths.is_empty()
                });
                if empty {
                    rib.remove(prefix);
                }
            }
            for (nlri, next_hop) in routes(&update["announce"]) {
                // A link-local next hop beside the global one is an entry of its own.
                let link_local = next_hop.starts_with("fe80:");
                let Some(prefix) = nlri["nlri"].as_str().filter(|_| !link_local) else {
                    continue;
                };
                let id = nlri["path-information"].to_string();
                let paths = rib.entry(prefix.to_owned()).or_default();
                paths.retain(|(other, _)| *other != id);
                paths.push((id, path_of(&update["attribute"], next_hop)));
            }
        }
        rib.into_iter()
            .map(|(prefix, paths)| {
                let mut paths: Vec<_> = paths.into_iter().map(|(_, path)| path).collect();
                paths.sort();
                (prefix, paths)
            })
            .collect()
    }

    /// The last OPEN of one direction.
    fn open(&self, neighbor: IpAddr, direction: &str) -> Result<Value, String> {
        self.events(neighbor)
            .into_iter()
            .rev()
            .find(|event| event["type"] == "open" && event["neighbor"]["direction"] == direction)
            .map(|mut event| event["neighbor"]["open"].take())
            .ok_or_else(|| format!("no OPEN was seen ({direction})"))
    }
}

impl Daemon for ExaBgp {
    fn established(&self, neighbor: IpAddr) -> Result<(), String> {
        let events = self.events(neighbor);
        let state = events.iter().rev().find(|event| event["type"] == "state");
        match state {
            Some(event) if event["neighbor"]["state"] == "up" => Ok(()),
            other => Err(format!("{other:?}")),
        }
    }

    fn prefixes(&self, neighbor: IpAddr) -> Result<BTreeSet<String>, String> {
        Ok(self.rib(neighbor).into_keys().collect())
    }

    fn paths(&self, neighbor: IpAddr, prefix: &str) -> Result<Vec<Path>, String> {
        Ok(self.rib(neighbor).remove(prefix).unwrap_or_default())
    }

    fn heard(&self, neighbor: IpAddr) -> Result<BTreeSet<Capability>, String> {
        let open = self.open(neighbor, "receive")?;
        let mut heard = BTreeSet::new();
        for (code, value) in open["capabilities"].as_object().into_iter().flatten() {
            let capability = match code.as_str() {
                "1" => {
                    heard.extend(texts(&value["families"]).filter_map(|family| match family {
                        "ipv4/unicast" => Some(Capability::Ipv4),
                        "ipv6/unicast" => Some(Capability::Ipv6),
                        _ => None,
                    }));
                    continue;
                }
                "2" => Capability::RouteRefresh,
                "5" => Capability::ExtendedNextHop,
                "6" => Capability::ExtendedMessage,
                "9" => Capability::Role,
                "64" => Capability::GracefulRestart,
                "65" => Capability::FourOctetAs,
                "69" => Capability::AddPath,
                "70" => Capability::EnhancedRouteRefresh,
                "71" => Capability::LongLivedGracefulRestart,
                _ => continue,
            };
            heard.insert(capability);
        }
        Ok(heard)
    }

    fn hold_time(&self, neighbor: IpAddr) -> Result<u16, String> {
        let time = |direction| {
            let open = self.open(neighbor, direction)?;
            super::program::number::<u16>(&open["hold_time"]).ok_or_else(|| open.to_string())
        };
        Ok(time("send")?.min(time("receive")?))
    }

    fn told(&self, neighbor: IpAddr) -> String {
        let mut text = fs::read_to_string(self.path("exabgp.log")).unwrap_or_default();
        for event in self.events(neighbor) {
            if event["type"] == "notification" {
                let _ = writeln!(text, "{event}");
            }
        }
        text
    }

    fn announce(&mut self, route: &Announced) {
        let text = route_text(route, None);
        self.command(&format!("announce {text}"));
        self.router.announces.push(route.clone());
    }

    fn withdraw(&mut self, prefix: &str) {
        self.router.announces.retain(|route| route.prefix != prefix);
        self.command(&format!("withdraw route {prefix} next-hop self"));
    }

    fn ask_again(&mut self, neighbor: IpAddr) {
        let families = self.router.neighbors.iter().find(|n| n.address == neighbor);
        let families = families.map(|n| n.families.clone()).unwrap_or_default();
        for family in families {
            self.command(&format!(
                "neighbor {neighbor} announce route-refresh {} unicast",
                family.word()
            ));
        }
    }

    /// It knows no text of its own: a fixed one is sent.
    fn shut_down(&mut self, neighbor: IpAddr, _text: &str) {
        self.command(&format!("neighbor {neighbor} teardown 2"));
    }

    fn signal(&self, signal: Signal) {
        self.process
            .as_ref()
            .expect("exabgp is running")
            .signal(signal);
    }

    fn kill(&mut self) {
        let mut process = self.process.take().expect("exabgp is running");
        process.signal(Signal::SIGKILL);
        process.wait(SOON);
        self.commands = None;
    }

    fn start_again(&mut self) {
        let script = self.path("process.sh");
        let pipe = self.path("commands");
        // A pipe of its own for each start: nobody else may read what is meant for this one.
        let _ = fs::remove_file(&pipe);
        mkfifo(path::Path::new(&pipe), Mode::S_IRUSR | Mode::S_IWUSR).expect("make a pipe");
        let events = self.path("events");
        fs::write(
            &script,
            format!(
                "#!/bin/sh\nexec 3<&0\ncat <&3 >>{events} &\n: >{events}.ready\nexec cat {pipe}\n"
            ),
        )
        .expect("write a script");
        fs::set_permissions(&script, Permissions::from_mode(0o755)).expect("set permissions");
        // For reading, too: so it opens at once.
        let commands = File::options().read(true).write(true).open(&pipe);
        self.commands = Some(commands.expect("open the pipe"));
        fs::write(self.path("exabgp.conf"), config(&self.router, &script))
            .expect("write exabgp.conf");
        let mut addresses: Vec<_> = self
            .router
            .neighbors
            .iter()
            .map(|n| n.local.to_string())
            .collect();
        addresses.dedup();
        let ready = format!("{events}.ready");
        let _ = fs::remove_file(&ready);
        self.process = Some(Process::start(
            &self.netns,
            path::Path::new("env"),
            &[
                "exabgp.daemon.user=root",
                "exabgp.daemon.drop=false",
                "exabgp.log.destination=stdout",
                "exabgp.log.packets=true",
                "exabgp.log.level=DEBUG",
                "exabgp.api.cli=false",
                "exabgp.api.ack=false",
                &format!("exabgp.tcp.bind={}", addresses.join(" ")),
                "exabgp.tcp.port=179",
                "exabgp",
                &self.path("exabgp.conf"),
            ],
            path::Path::new(&self.path("exabgp.log")),
        ));
        eventually("exabgp's process runs", SOON, || {
            if let Some(process) = &mut self.process
                && let Some(status) = process.exited()
            {
                return Err(format!("exabgp ended with {status}: {}", process.log()));
            }
            fs::metadata(&ready).map_err(|error| error.to_string())
        });
    }
}

/// The NLRI of an announcement or withdrawal with their next hops, of all families.
fn routes(value: &Value) -> Vec<(&Value, &str)> {
    let mut all = Vec::new();
    for of_family in value
        .as_object()
        .into_iter()
        .flat_map(|families| families.values())
    {
        match of_family {
            // Withdrawn ones have no next hop.
            Value::Array(nlri) => all.extend(nlri.iter().map(|nlri| (nlri, ""))),
            Value::Object(hops) => {
                for (hop, nlri) in hops {
                    let nlri = nlri.as_array().into_iter().flatten();
                    all.extend(nlri.map(|nlri| (nlri, hop.as_str())));
                }
            }
            _ => {}
        }
    }
    all
}

fn path_of(attributes: &Value, next_hop: &str) -> Path {
    let numbers = |value: &Value| -> Vec<String> {
        value
            .as_array()
            .into_iter()
            .flatten()
            .map(Value::to_string)
            .collect()
    };
    let mut communities: Vec<_> = attributes["community"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| numbers(one).join(":"))
        .collect();
    communities.sort();
    Path {
        next_hop: next_hop.to_owned(),
        as_path: numbers(&attributes["as-path"]).join(" "),
        origin: attributes["origin"].as_str().unwrap_or_default().to_owned(),
        med: super::program::number(&attributes["med"]),
        communities,
    }
}

fn route_text(route: &Announced, path_id: Option<usize>) -> String {
    let next_hop = route
        .next_hop
        .map_or_else(|| "self".to_owned(), |hop| hop.to_string());
    let mut text = format!("route {} next-hop {next_hop} origin igp", route.prefix);
    if let Some(id) = path_id {
        let _ = write!(text, " path-information 0.0.0.{id}");
    }
    if let Some(med) = route.med {
        let _ = write!(text, " med {med}");
    }
    if !route.communities.is_empty() {
        let _ = write!(text, " community [ {} ]", route.communities.join(" "));
    }
    text
}

fn config(router: &Router, script: &str) -> String {
    let mut text = format!("process watch {{\n  run {script};\n  encoder json;\n}}\n");
    for neighbor in &router.neighbors {
        session(&mut text, router, neighbor);
    }
    text
}

fn session(text: &mut String, router: &Router, neighbor: &Neighbor) {
    let able = |truth| if truth { "enable" } else { "disable" };
    let _ = writeln!(
        text,
        "neighbor {} {{\n  router-id {};\n  local-address {};\n  local-as {};\n  peer-as {};\n  \
         hold-time {};\n  passive {};",
        neighbor.address,
        router.id,
        neighbor.local,
        router.asn,
        neighbor.asn,
        neighbor.hold_time,
        neighbor.passive
    );
    if let Some(password) = &neighbor.password {
        let _ = writeln!(text, "  md5-password '{password}';");
    }
    if let Some(hops) = neighbor.multihop {
        let _ = writeln!(text, "  outgoing-ttl {hops};");
    }
    if let Some(hops) = neighbor.ttl_security {
        let least = 256_u16.saturating_sub(u16::from(hops));
        let _ = writeln!(text, "  outgoing-ttl 255;\n  incoming-ttl {least};");
    }
    text.push_str("  family {\n");
    for family in &neighbor.families {
        let _ = writeln!(text, "    {} unicast;", family.word());
    }
    text.push_str("  }\n");
    let add_path = match (neighbor.add_path_send, neighbor.add_path_receive) {
        (true, true) => "send/receive",
        (true, false) => "send",
        (false, true) => "receive",
        (false, false) => "disable",
    };
    let _ = writeln!(
        text,
        "  capability {{\n    asn4 {};\n    route-refresh enable;\n    extended-message {};\n    \
         nexthop {};\n    add-path {add_path};\n    graceful-restart {};\n  }}",
        able(neighbor.four_octet_as),
        able(neighbor.extended_messages),
        able(neighbor.extended_next_hop),
        match neighbor.graceful_restart {
            None => "disable".to_owned(),
            Some(time) => time.to_string(),
        }
    );
    if neighbor.extended_next_hop {
        text.push_str("  nexthop {\n    ipv4 unicast ipv6;\n  }\n");
    }
    text.push_str(
        "  api {\n    processes [ watch ];\n    neighbor-changes;\n    \
         receive {\n      parsed;\n      open;\n      update;\n      notification;\n      refresh;\n    }\n    \
         send {\n      parsed;\n      open;\n      notification;\n    }\n  }\n",
    );
    text.push_str("  static {\n");
    for (number, route) in router.announces.iter().enumerate() {
        if neighbor.families.contains(&Family::of(&route.prefix)) {
            let id = neighbor.add_path_send.then(|| number.saturating_add(1));
            let _ = writeln!(text, "    {};", route_text(route, id));
        }
    }
    text.push_str("  }\n}\n");
}
