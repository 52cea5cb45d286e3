//! GoBGP: `gobgpd` and its `gobgp`. Routes of its own are added by command once it answers, so a
//! session may come up before they are announced. It installs nothing.
//!
//! After a restart its routes have to be there before its neighbors are: it sends End-of-RIB as
//! soon as a session is up. So they are out of its reach until then.
//!
//! Over a session between IPv4 addresses it gives IPv6 routes its IPv4 address as next hop unless
//! it is told another one: [`Announced::next_hop`].
use super::program::{answer, json, number};
use crate::{
    Announced, Capability, Daemon, Family, Neighbor, Netns, Path, Process, Router, SOON,
    eventually, process::bounded,
};
use nix::sys::signal::Signal;
use serde_json::Value;
use std::{collections::BTreeSet, fmt::Write, fs, net::IpAddr, path};
use tempfile::TempDir;

/// A `gobgpd`.
#[derive(Debug)]
pub struct GoBgp {
    // Dropped first: what it logged is shown from a file in `directory`.
    process: Option<Process>,
    netns: Netns,
    directory: TempDir,
    router: Router,
    /// It was killed, and tells its neighbors that it is back.
    restarting: bool,
}

impl GoBgp {
    /// Starts one, and waits until it has its routes.
    ///
    /// # Panics
    /// When it does not come up.
    #[track_caller]
    #[must_use]
    pub fn start(netns: &Netns, router: &Router) -> Self {
        let mut gobgp = Self {
            process: None,
            netns: netns.clone(),
            directory: TempDir::new().expect("make a temporary directory"),
            router: router.clone(),
            restarting: false,
        };
        gobgp.start_again();
        gobgp
    }

    fn path(&self, name: &str) -> String {
        self.directory
            .path()
            .join(name)
            .to_string_lossy()
            .into_owned()
    }

    fn ask(&self, words: &[&str]) -> Result<String, String> {
        answer(
            bounded("gobgp")
                .arg("--target")
                .arg(format!("unix://{}", self.path("api.sock")))
                .args(words),
        )
    }

    #[track_caller]
    fn tell(&self, words: &[&str]) {
        self.ask(words)
            .unwrap_or_else(|error| panic!("gobgp {words:?}: {error}"));
    }

    fn neighbor(&self, neighbor: IpAddr) -> Result<Value, String> {
        json(&self.ask(&["neighbor", &neighbor.to_string(), "-j"])?)
    }

    #[track_caller]
    fn add(&self, route: &Announced) {
        let family = route.family().word();
        let next_hop = route.next_hop.map(|hop| hop.to_string());
        let med = route.med.map(|med| med.to_string());
        let communities = route.communities.join(",");
        let mut words = vec![
            "global",
            "rib",
            "-a",
            family,
            "add",
            &route.prefix,
            "origin",
            "igp",
        ];
        if let Some(next_hop) = &next_hop {
            words.extend(["nexthop", next_hop]);
        }
        if let Some(med) = &med {
            words.extend(["med", med]);
        }
        if !communities.is_empty() {
            words.extend(["community", &communities]);
        }
        self.tell(&words);
    }

    fn neighbors_in_reach(&self, reachable: bool) {
        for neighbor in &self.router.neighbors {
            let length = if neighbor.address.is_ipv4() { 32 } else { 128 };
            let what = if reachable { "del" } else { "add" };
            let address = neighbor.address;
            self.netns
                .ip(&format!("route {what} blackhole {address}/{length}"));
        }
    }

    /// The paths of a family that come from `neighbor`. (Of the Adj-RIB-In it speaks only while
    /// the session is up.)
    fn paths_from(&self, neighbor: IpAddr, family: &str) -> Result<Vec<Value>, String> {
        let shown = json(&self.ask(&["global", "rib", "-a", family, "-j"])?)?;
        let destinations = shown.as_object().into_iter().flat_map(|all| all.values());
        let paths = destinations.flat_map(|paths| paths.as_array().into_iter().flatten());
        let neighbor = neighbor.to_string();
        let of_neighbor = |path: &&Value| path["neighbor-ip"] == neighbor.as_str();
        Ok(paths.filter(of_neighbor).cloned().collect())
    }
}

impl Daemon for GoBgp {
    fn established(&self, neighbor: IpAddr) -> Result<(), String> {
        let shown = self.neighbor(neighbor)?;
        // apipb: SESSION_STATE of PeerState
        if shown["state"]["session_state"] == 6 {
            Ok(())
        } else {
            Err(shown["state"].to_string())
        }
    }

    fn prefixes(&self, neighbor: IpAddr) -> Result<BTreeSet<String>, String> {
        let mut prefixes = BTreeSet::new();
        for family in ["ipv4", "ipv6"] {
            let paths = self.paths_from(neighbor, family)?;
            let shown = paths
                .iter()
                .filter_map(|path| path["nlri"]["prefix"].as_str());
            prefixes.extend(shown.map(str::to_owned));
        }
        Ok(prefixes)
    }

    fn paths(&self, neighbor: IpAddr, prefix: &str) -> Result<Vec<Path>, String> {
        let paths = self.paths_from(neighbor, Family::of(prefix).word())?;
        let of_prefix = paths.iter().filter(|path| path["nlri"]["prefix"] == prefix);
        let mut paths: Vec<_> = of_prefix.map(path_of).collect();
        paths.sort();
        Ok(paths)
    }

    fn heard(&self, neighbor: IpAddr) -> Result<BTreeSet<Capability>, String> {
        // As JSON it shows capabilities in protobuf's octets.
        let text = self.ask(&["neighbor", &neighbor.to_string()])?;
        let mut heard = BTreeSet::new();
        for line in text.lines().filter(|line| line.contains("received")) {
            let capability = match line.trim().split(':').next().unwrap_or_default() {
                "ipv4-unicast" => Capability::Ipv4,
                "ipv6-unicast" => Capability::Ipv6,
                "route-refresh" => Capability::RouteRefresh,
                "enhanced-route-refresh" => Capability::EnhancedRouteRefresh,
                "4-octet-as" => Capability::FourOctetAs,
                "graceful-restart" => Capability::GracefulRestart,
                "long-lived-graceful-restart" => Capability::LongLivedGracefulRestart,
                "add-path" => Capability::AddPath,
                "extended-nexthop" => Capability::ExtendedNextHop,
                _ => continue,
            };
            heard.insert(capability);
        }
        Ok(heard)
    }

    fn hold_time(&self, neighbor: IpAddr) -> Result<u16, String> {
        let shown = self.neighbor(neighbor)?;
        number(&shown["timers"]["state"]["negotiated_hold_time"]).ok_or_else(|| shown.to_string())
    }

    fn told(&self, neighbor: IpAddr) -> String {
        let shown = self.ask(&["neighbor", &neighbor.to_string()]);
        let log = fs::read_to_string(self.path("gobgpd.log"));
        format!(
            "{}\n{}",
            shown.unwrap_or_else(|error| error),
            log.unwrap_or_default()
        )
    }

    fn announce(&mut self, route: &Announced) {
        self.add(route);
        self.router.announces.push(route.clone());
    }

    fn withdraw(&mut self, prefix: &str) {
        self.router.announces.retain(|route| route.prefix != prefix);
        self.tell(&[
            "global",
            "rib",
            "-a",
            Family::of(prefix).word(),
            "del",
            prefix,
        ]);
    }

    fn ask_again(&mut self, neighbor: IpAddr) {
        self.tell(&["neighbor", &neighbor.to_string(), "softresetin"]);
    }

    fn shut_down(&mut self, neighbor: IpAddr, text: &str) {
        self.tell(&[
            "neighbor",
            &neighbor.to_string(),
            "shutdown",
            "--reason",
            text,
        ]);
    }

    fn signal(&self, signal: Signal) {
        self.process
            .as_ref()
            .expect("gobgpd is running")
            .signal(signal);
    }

    fn kill(&mut self) {
        let mut process = self.process.take().expect("gobgpd is running");
        process.signal(Signal::SIGKILL);
        process.wait(SOON);
        let _ = fs::remove_file(self.path("api.sock"));
        self.restarting = true;
    }

    fn start_again(&mut self) {
        if self.restarting {
            self.neighbors_in_reach(false);
        }
        fs::write(self.path("gobgpd.toml"), config(&self.router)).expect("write gobgpd.toml");
        let file = self.path("gobgpd.toml");
        let api = format!("--api-hosts=unix://{}", self.path("api.sock"));
        let mut arguments = vec!["-f", &file, &api, "--pprof-disable", "-p", "-l", "debug"];
        if self.restarting {
            arguments.push("--graceful-restart");
        }
        self.process = Some(Process::start(
            &self.netns,
            path::Path::new("gobgpd"),
            &arguments,
            path::Path::new(&self.path("gobgpd.log")),
        ));
        eventually("gobgpd answers", SOON, || {
            if let Some(process) = &mut self.process
                && let Some(status) = process.exited()
            {
                return Err(format!("gobgpd ended with {status}: {}", process.log()));
            }
            let said = self.ask(&["global"])?;
            if said.contains("AS:") {
                Ok(())
            } else {
                Err(said)
            }
        });
        for route in &self.router.announces {
            self.add(route);
        }
        if self.restarting {
            self.neighbors_in_reach(true);
        }
    }
}

fn path_of(value: &Value) -> Path {
    let mut path = Path::default();
    for attribute in value["attrs"].as_array().into_iter().flatten() {
        match attribute["type"].as_u64() {
            Some(1) => {
                let words = ["igp", "egp", "incomplete"];
                let index: usize = number(&attribute["value"]).unwrap_or(words.len());
                path.origin = words.get(index).copied().unwrap_or_default().to_owned();
            }
            Some(2) => {
                let segments = attribute["as_paths"].as_array().into_iter().flatten();
                let numbers: Vec<_> = segments
                    .flat_map(|segment| segment["asns"].as_array().into_iter().flatten())
                    .map(Value::to_string)
                    .collect();
                path.as_path = numbers.join(" ");
            }
            Some(3 | 14) => {
                attribute["nexthop"]
                    .as_str()
                    .unwrap_or_default()
                    .clone_into(&mut path.next_hop);
            }
            Some(4) => path.med = number(&attribute["metric"]),
            Some(8) => {
                path.communities = attribute["communities"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(number::<u32>)
                    .map(|value| format!("{}:{}", value >> 16, value & 0xffff))
                    .collect();
                path.communities.sort();
            }
            _ => {}
        }
    }
    path
}

fn config(router: &Router) -> String {
    let mut text = format!(
        "[global.config]\n  as = {}\n  router-id = \"{}\"\n",
        router.asn, router.id
    );
    for neighbor in &router.neighbors {
        session(&mut text, neighbor);
    }
    text
}

fn session(text: &mut String, neighbor: &Neighbor) {
    let hold = neighbor.hold_time;
    let _ = writeln!(
        text,
        "[[neighbors]]\n  [neighbors.config]\n    neighbor-address = \"{}\"\n    peer-as = {}",
        neighbor.address, neighbor.asn
    );
    if let Some(password) = &neighbor.password {
        let _ = writeln!(text, "    auth-password = \"{password}\"");
    }
    let _ = writeln!(
        text,
        "  [neighbors.timers.config]\n    connect-retry = 1\n    idle-hold-time-after-reset = 1\n    \
         hold-time = {hold}\n    keepalive-interval = {}\n  \
         [neighbors.transport.config]\n    local-address = \"{}\"\n    passive-mode = {}",
        hold.checked_div(3).unwrap_or_default(),
        neighbor.local,
        neighbor.passive
    );
    if let Some(hops) = neighbor.multihop {
        let _ = writeln!(
            text,
            "  [neighbors.ebgp-multihop.config]\n    enabled = true\n    multihop-ttl = {hops}"
        );
    }
    if let Some(hops) = neighbor.ttl_security {
        let least = 256_u16.saturating_sub(u16::from(hops));
        let _ = writeln!(
            text,
            "  [neighbors.ttl-security.config]\n    enabled = true\n    ttl-min = {least}"
        );
    }
    if let Some(time) = neighbor.graceful_restart {
        let _ = writeln!(
            text,
            "  [neighbors.graceful-restart.config]\n    enabled = true\n    restart-time = {time}\n    \
             helper-only = {}\n    notification-enabled = true\n    long-lived-enabled = {}",
            time == 0,
            neighbor.long_lived.is_some()
        );
    }
    for family in &neighbor.families {
        let _ = writeln!(
            text,
            "  [[neighbors.afi-safis]]\n    [neighbors.afi-safis.config]\n      \
             afi-safi-name = \"{}-unicast\"",
            family.word()
        );
        if neighbor.graceful_restart.is_some() {
            text.push_str(
                "    [neighbors.afi-safis.mp-graceful-restart.config]\n      enabled = true\n",
            );
        }
        if let Some(time) = neighbor.long_lived {
            let _ = writeln!(
                text,
                "    [neighbors.afi-safis.long-lived-graceful-restart.config]\n      \
                 enabled = true\n      restart-time = {time}"
            );
        }
        if neighbor.add_path_send || neighbor.add_path_receive {
            let _ = writeln!(
                text,
                "    [neighbors.afi-safis.add-paths.config]\n      receive = {}\n      send-max = {}",
                neighbor.add_path_receive,
                if neighbor.add_path_send { 8 } else { 0 }
            );
        }
        if let Some(limit) = neighbor.prefix_limit {
            let _ = writeln!(
                text,
                "    [neighbors.afi-safis.prefix-limit.config]\n      max-prefixes = {limit}"
            );
        }
    }
}
