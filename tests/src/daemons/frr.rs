//! FRR's `bgpd`, with a `zebra` beside it: without one it does not know its own interfaces, takes
//! no IPv6 next hop, and installs nothing. Both run as the package's user, as zebra insists on.
//!
//! Its table of IPv4 is asked for apart from that of IPv6, and a prefix at a time for attributes.
use super::program::{answer, json, number};
use crate::{
    Announced, Capability, Daemon, Family, Neighbor, Netns, Path, Process, Router, SOON,
    eventually, process::bounded,
};
use nix::{
    sys::signal::Signal,
    unistd::{Group, User, chown},
};
use serde_json::Value;
use std::{collections::BTreeSet, fmt::Write, fs, net::IpAddr, path};
use tempfile::TempDir;

/// Where the package has it; OpenBGPD's program has the same name.
pub const BGPD: &str = "/usr/lib/frr/bgpd";

const ZEBRA: &str = "/usr/lib/frr/zebra";

/// `bgpd` and its `zebra`.
#[derive(Debug)]
pub struct Frr {
    // Dropped first: what they logged is shown from files in `directory`.
    bgpd: Option<Process>,
    zebra: Option<Process>,
    netns: Netns,
    directory: TempDir,
    router: Router,
}

impl Frr {
    /// Starts both and waits until `bgpd` answers.
    ///
    /// # Panics
    /// When it does not come up.
    #[track_caller]
    #[must_use]
    pub fn start(netns: &Netns, router: &Router) -> Self {
        let directory = TempDir::new().expect("make a temporary directory");
        let user = User::from_name("frr").ok().flatten().map(|user| user.uid);
        let group = Group::from_name("frr")
            .ok()
            .flatten()
            .map(|group| group.gid);
        chown(directory.path(), user, group).expect("give the directory to frr");
        let mut frr = Self {
            bgpd: None,
            zebra: None,
            netns: netns.clone(),
            directory,
            router: router.clone(),
        };
        frr.start_again();
        frr
    }

    fn path(&self, name: &str) -> String {
        self.directory
            .path()
            .join(name)
            .to_string_lossy()
            .into_owned()
    }

    fn spawn(&self, program: &str, name: &str) -> Process {
        let directory = self.directory.path().to_string_lossy();
        Process::start(
            &self.netns,
            path::Path::new(program),
            &[
                "-u",
                "frr",
                "-g",
                "frr",
                "-f",
                &self.path(&format!("{name}.conf")),
                "-i",
                &self.path(&format!("{name}.pid")),
                "-z",
                &self.path("zserv.api"),
                "--vty_socket",
                &directory,
                "-P",
                "0",
                "--log",
                "stdout",
            ],
            path::Path::new(&self.path(&format!("{name}.log"))),
        )
    }

    fn vtysh(&self, lines: &[&str]) -> Result<String, String> {
        let mut command = bounded("vtysh");
        command.arg("--vty_socket").arg(self.directory.path());
        command.args(["-d", "bgpd"]);
        for line in lines {
            command.args(["-c", line]);
        }
        answer(&mut command)
    }

    #[track_caller]
    fn configure(&self, lines: &[String]) {
        let mut all = vec!["configure terminal", "router bgp"];
        all.extend(lines.iter().map(String::as_str));
        let said = self
            .vtysh(&all)
            .unwrap_or_else(|error| panic!("vtysh {lines:?}: {error}"));
        assert!(!said.contains('%'), "vtysh {lines:?}: {said}");
    }

    fn ask(&self, question: &str) -> Result<Value, String> {
        json(&self.vtysh(&[question])?)
    }

    fn neighbor(&self, neighbor: IpAddr) -> Result<Value, String> {
        let mut answer = self.ask(&format!("show bgp neighbors {neighbor} json"))?;
        Ok(answer[neighbor.to_string()].take())
    }
}

impl Daemon for Frr {
    fn established(&self, neighbor: IpAddr) -> Result<(), String> {
        let shown = self.neighbor(neighbor)?;
        if shown["bgpState"] == "Established" {
            Ok(())
        } else {
            Err(shown.to_string())
        }
    }

    fn prefixes(&self, neighbor: IpAddr) -> Result<BTreeSet<String>, String> {
        // Those of one neighbor it lists only while the session is up.
        let mut prefixes = BTreeSet::new();
        for family in ["ipv4", "ipv6"] {
            let shown = self.ask(&format!("show bgp {family} unicast json"))?;
            for (prefix, paths) in shown["routes"].as_object().into_iter().flatten() {
                let mut paths = paths.as_array().into_iter().flatten();
                if paths.any(|path| path["peerId"] == neighbor.to_string().as_str()) {
                    prefixes.insert(prefix.clone());
                }
            }
        }
        Ok(prefixes)
    }

    fn paths(&self, neighbor: IpAddr, prefix: &str) -> Result<Vec<Path>, String> {
        let family = Family::of(prefix).word();
        let shown = self.ask(&format!("show bgp {family} unicast {prefix} json"))?;
        let of_neighbor = |path: &&Value| path["peer"]["peerId"] == neighbor.to_string().as_str();
        let mut paths: Vec<_> = shown["paths"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(of_neighbor)
            .map(path_of)
            .collect();
        paths.sort();
        Ok(paths)
    }

    fn heard(&self, neighbor: IpAddr) -> Result<BTreeSet<Capability>, String> {
        let shown = self.neighbor(neighbor)?;
        let all = &shown["neighborCapabilities"];
        let received = |name: &str| {
            let text = all[name].to_string();
            text.contains("eceived") || text.contains("rxAdvertised\":true")
        };
        let family = |name: &str| {
            let text = all["multiprotocolExtensions"][name].to_string();
            text.contains("eceived\":true")
        };
        Ok([
            (family("ipv4Unicast"), Capability::Ipv4),
            (family("ipv6Unicast"), Capability::Ipv6),
            (received("routeRefresh"), Capability::RouteRefresh),
            (
                received("enhancedRouteRefresh"),
                Capability::EnhancedRouteRefresh,
            ),
            (received("4byteAs"), Capability::FourOctetAs),
            (received("gracefulRestart"), Capability::GracefulRestart),
            (
                received("longLivedGracefulRestart"),
                Capability::LongLivedGracefulRestart,
            ),
            (
                all["addPath"].to_string().contains("xReceived\":true"),
                Capability::AddPath,
            ),
            (received("extendedMessage"), Capability::ExtendedMessage),
            (received("extendedNexthop"), Capability::ExtendedNextHop),
            (received("role"), Capability::Role),
        ]
        .into_iter()
        .filter(|(there, _)| *there)
        .map(|(_, capability)| capability)
        .collect())
    }

    fn hold_time(&self, neighbor: IpAddr) -> Result<u16, String> {
        let shown = self.neighbor(neighbor)?;
        let milliseconds: Option<u32> = number(&shown["bgpTimerHoldTimeMsecs"]);
        milliseconds
            .and_then(|time| u16::try_from(time.checked_div(1000)?).ok())
            .ok_or_else(|| shown.to_string())
    }

    fn told(&self, neighbor: IpAddr) -> String {
        let shown = self.vtysh(&[&format!("show bgp neighbors {neighbor}")]);
        let log = fs::read_to_string(self.path("bgpd.log"));
        format!(
            "{}\n{}",
            shown.unwrap_or_else(|error| error),
            log.unwrap_or_default()
        )
    }

    fn announce(&mut self, route: &Announced) {
        let mut lines = vec![format!("address-family {} unicast", route.family().word())];
        lines.push(network(route, self.router.announces.len()));
        self.router.announces.push(route.clone());
        let map = route_map(route, self.router.announces.len().saturating_sub(1));
        let map: Vec<_> = map.lines().collect();
        let _ = self.vtysh(&[&["configure terminal"], map.as_slice()].concat());
        self.configure(&lines);
    }

    fn withdraw(&mut self, prefix: &str) {
        self.router.announces.retain(|route| route.prefix != prefix);
        self.configure(&[
            format!("address-family {} unicast", Family::of(prefix).word()),
            format!("no network {prefix}"),
        ]);
    }

    fn ask_again(&mut self, neighbor: IpAddr) {
        self.vtysh(&[&format!("clear bgp {neighbor} soft in")])
            .unwrap_or_else(|error| panic!("clear bgp: {error}"));
    }

    fn shut_down(&mut self, neighbor: IpAddr, text: &str) {
        self.configure(&[format!("neighbor {neighbor} shutdown message {text}")]);
    }

    fn signal(&self, signal: Signal) {
        self.bgpd.as_ref().expect("bgpd is running").signal(signal);
    }

    fn kill(&mut self) {
        for mut process in [self.bgpd.take(), self.zebra.take()].into_iter().flatten() {
            process.signal(Signal::SIGKILL);
            process.wait(SOON);
        }
    }

    fn start_again(&mut self) {
        fs::write(self.path("zebra.conf"), "log stdout\n").expect("write zebra.conf");
        fs::write(self.path("bgpd.conf"), config(&self.router)).expect("write bgpd.conf");
        // What a killed one left would answer for nobody.
        for name in ["zserv.api", "bgpd.vty", "zebra.vty"] {
            let _ = fs::remove_file(self.path(name));
        }
        self.zebra = Some(self.spawn(ZEBRA, "zebra"));
        eventually("zebra listens", SOON, || {
            fs::metadata(self.path("zserv.api")).map_err(|error| error.to_string())
        });
        self.bgpd = Some(self.spawn(BGPD, "bgpd"));
        eventually("bgpd answers", SOON, || {
            if let Some(process) = &mut self.bgpd
                && let Some(status) = process.exited()
            {
                return Err(format!("bgpd ended with {status}: {}", process.log()));
            }
            self.vtysh(&["show bgp summary json"])
        });
    }
}

fn path_of(value: &Value) -> Path {
    let next_hops = value["nexthops"].as_array();
    let global = next_hops
        .into_iter()
        .flatten()
        .find(|hop| hop["scope"] != "link-local");
    let mut communities: Vec<_> = super::program::texts(&value["community"]["list"])
        .map(str::to_owned)
        .collect();
    communities.sort();
    Path {
        next_hop: global
            .and_then(|hop| hop["ip"].as_str())
            .unwrap_or_default()
            .to_owned(),
        as_path: match &value["aspath"]["string"] {
            // What it writes for an empty one.
            Value::String(path) if path != "Local" => path.clone(),
            _ => String::new(),
        },
        origin: value["origin"].as_str().unwrap_or_default().to_lowercase(),
        med: number(&value["metric"]),
        communities,
    }
}

/// Nothing for a route without attributes: with some thousand maps bgpd 8.4 goes over all routes for
/// each of them, and answers nobody for minutes.
fn route_map(route: &Announced, number: usize) -> String {
    if is_bare(route) {
        return String::new();
    }
    let mut text = format!("route-map own{number} permit 10\n");
    if let Some(med) = route.med {
        let _ = writeln!(text, "set metric {med}");
    }
    if !route.communities.is_empty() {
        let _ = writeln!(text, "set community {}", route.communities.join(" "));
    }
    text.push_str("exit\n");
    text
}

fn network(route: &Announced, number: usize) -> String {
    if is_bare(route) {
        return format!("network {}", route.prefix);
    }
    format!("network {} route-map own{number}", route.prefix)
}

fn is_bare(route: &Announced) -> bool {
    route.med.is_none() && route.communities.is_empty()
}

fn config(router: &Router) -> String {
    let mut text = String::from("log stdout\n");
    for (number, route) in router.announces.iter().enumerate() {
        text.push_str(&route_map(route, number));
    }
    let _ = writeln!(
        text,
        "router bgp {}\n bgp router-id {}\n no bgp network import-check\n \
         no bgp ebgp-requires-policy\n bgp log-neighbor-changes",
        router.asn, router.id
    );
    let longest =
        |time: fn(&Neighbor) -> Option<u32>| router.neighbors.iter().filter_map(time).max();
    if let Some(time @ 1..) = longest(|n| n.graceful_restart.map(u32::from)) {
        let _ = writeln!(
            text,
            " bgp graceful-restart\n bgp graceful-restart restart-time {time}\n \
             bgp graceful-restart preserve-fw-state"
        );
    }
    if let Some(time @ 1..) = longest(|n| n.long_lived) {
        let _ = writeln!(text, " bgp long-lived-graceful-restart stale-time {time}");
    }
    for neighbor in &router.neighbors {
        session(&mut text, neighbor);
    }
    for family in [Family::Ipv4, Family::Ipv6] {
        let _ = writeln!(text, " address-family {} unicast", family.word());
        for (number, route) in router.announces.iter().enumerate() {
            if route.family() == family {
                let _ = writeln!(text, "  {}", network(route, number));
            }
        }
        for neighbor in &router.neighbors {
            let address = neighbor.address;
            if !neighbor.families.contains(&family) {
                let _ = writeln!(text, "  no neighbor {address} activate");
                continue;
            }
            let _ = writeln!(text, "  neighbor {address} activate");
            if neighbor.add_path_send {
                let _ = writeln!(text, "  neighbor {address} addpath-tx-all-paths");
            }
            if !neighbor.add_path_receive {
                let _ = writeln!(text, "  neighbor {address} disable-addpath-rx");
            }
            if let Some(limit) = neighbor.prefix_limit {
                let _ = writeln!(text, "  neighbor {address} maximum-prefix {limit}");
            }
        }
        text.push_str(" exit-address-family\n");
    }
    text
}

fn session(text: &mut String, neighbor: &Neighbor) {
    let address = neighbor.address;
    let hold = neighbor.hold_time;
    let keepalive = hold.checked_div(3).unwrap_or_default();
    let mut lines = vec![
        format!("remote-as {}", neighbor.asn),
        format!("timers {keepalive} {hold}"),
        "timers connect 1".to_owned(),
        "advertisement-interval 0".to_owned(),
        format!("update-source {}", neighbor.local),
    ];
    if let Some(password) = &neighbor.password {
        lines.push(format!("password {password}"));
    }
    if neighbor.passive {
        lines.push("passive".to_owned());
    }
    if let Some(hops) = neighbor.ttl_security {
        lines.push(format!("ttl-security hops {hops}"));
    } else if let Some(hops) = neighbor.multihop {
        lines.push(format!("ebgp-multihop {hops}"));
    }
    if neighbor.extended_next_hop {
        lines.push("capability extended-nexthop".to_owned());
    }
    if !neighbor.four_octet_as {
        // With all other capabilities.
        lines.push("dont-capability-negotiate".to_owned());
    }
    if let Some(role) = neighbor.role {
        let strict = if neighbor.strict_role {
            " strict-mode"
        } else {
            ""
        };
        lines.push(format!("local-role {}{strict}", role.word()));
    }
    match neighbor.graceful_restart {
        None => lines.push("graceful-restart-disable".to_owned()),
        Some(0) => lines.push("graceful-restart-helper".to_owned()),
        Some(_) => lines.push("graceful-restart".to_owned()),
    }
    for line in lines {
        let _ = writeln!(text, " neighbor {address} {line}");
    }
}
