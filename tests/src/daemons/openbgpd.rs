//! OpenBGPD: its `bgpd`, of four processes, and `bgpctl`. The parent leads; the session engine is
//! a child of its own, and it is the one that signals go to. On Linux it installs nothing.
use super::program::{answer, json, number, texts};
use crate::{
    Announced, Capability, Daemon, Family, Neighbor, Netns, Path, Process, Router, SOON,
    eventually, process::bounded,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fmt::Write,
    fs::{self, Permissions},
    net::IpAddr,
    os::unix::fs::PermissionsExt,
    path,
};
use tempfile::TempDir;

/// Where the package has it; FRR's program has the same name.
pub const BGPD: &str = "/usr/sbin/bgpd";

/// Its unprivileged processes have this as their root; the package leaves it to the unit to make.
const EMPTY: &str = "/run/openbgpd";

/// A `bgpd`.
#[derive(Debug)]
pub struct OpenBgpd {
    // Dropped first: what it logged is shown from a file in `directory`.
    process: Option<Process>,
    netns: Netns,
    directory: TempDir,
    router: Router,
}

impl OpenBgpd {
    /// Starts one and waits until it answers.
    ///
    /// # Panics
    /// When it does not come up.
    #[track_caller]
    #[must_use]
    pub fn start(netns: &Netns, router: &Router) -> Self {
        fs::create_dir_all(EMPTY).expect("make OpenBGPD's run-time directory");
        let mut bgpd = Self {
            process: None,
            netns: netns.clone(),
            directory: TempDir::new().expect("make a temporary directory"),
            router: router.clone(),
        };
        bgpd.start_again();
        bgpd
    }

    fn path(&self, name: &str) -> String {
        self.directory
            .path()
            .join(name)
            .to_string_lossy()
            .into_owned()
    }

    fn write_config(&self) {
        let text = config(&self.router, &self.path("bgpd.sock"));
        let file = self.path("bgpd.conf");
        fs::write(&file, text).expect("write bgpd.conf");
        // It refuses a file with keys that others may read.
        fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("set permissions");
    }

    fn ask(&self, words: &[&str]) -> Result<String, String> {
        answer(
            bounded("bgpctl")
                .arg("-s")
                .arg(self.path("bgpd.sock"))
                .args(words),
        )
    }

    #[track_caller]
    fn tell(&self, words: &[&str]) {
        self.ask(words)
            .unwrap_or_else(|error| panic!("bgpctl {words:?}: {error}"));
    }

    fn neighbor(&self, neighbor: IpAddr) -> Result<Value, String> {
        let mut shown = json(&self.ask(&["-j", "show", "neighbor", &neighbor.to_string()])?)?;
        Ok(shown["neighbors"][0].take())
    }

    fn rib(&self, neighbor: IpAddr) -> Result<Vec<Value>, String> {
        let question = [
            "-j",
            "show",
            "rib",
            "detail",
            "in",
            "neighbor",
            &neighbor.to_string(),
        ];
        match json(&self.ask(&question)?)?["rib"].take() {
            Value::Array(routes) => Ok(routes),
            _ => Ok(Vec::new()),
        }
    }

    /// The processes, the parent first.
    fn processes(&self) -> Vec<Pid> {
        let Some(parent) = &self.process else {
            return Vec::new();
        };
        let id = parent.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        let children = children.unwrap_or_default();
        let ids = children.split_whitespace().filter_map(|id| id.parse().ok());
        i32::try_from(id)
            .into_iter()
            .chain(ids)
            .map(Pid::from_raw)
            .collect()
    }
}

impl Daemon for OpenBgpd {
    fn established(&self, neighbor: IpAddr) -> Result<(), String> {
        let shown = self.neighbor(neighbor)?;
        if shown["state"] == "Established" {
            Ok(())
        } else {
            Err(shown.to_string())
        }
    }

    fn prefixes(&self, neighbor: IpAddr) -> Result<BTreeSet<String>, String> {
        let routes = self.rib(neighbor)?;
        let prefixes = routes.iter().filter_map(|route| route["prefix"].as_str());
        Ok(prefixes.map(str::to_owned).collect())
    }

    fn paths(&self, neighbor: IpAddr, prefix: &str) -> Result<Vec<Path>, String> {
        let routes = self.rib(neighbor)?;
        let of_prefix = routes.iter().filter(|route| route["prefix"] == prefix);
        let mut paths: Vec<_> = of_prefix.map(path_of).collect();
        paths.sort();
        Ok(paths)
    }

    fn heard(&self, neighbor: IpAddr) -> Result<BTreeSet<Capability>, String> {
        let shown = self.neighbor(neighbor)?;
        let all = &shown["session"]["remote"]["capabilities"];
        let family = |name: &str| texts(&all["multiprotocol"]).any(|family| family == name);
        let there = |name: &str| !matches!(all[name], Value::Null | Value::Bool(false));
        Ok([
            (family("IPv4 unicast"), Capability::Ipv4),
            (family("IPv6 unicast"), Capability::Ipv6),
            (there("refresh"), Capability::RouteRefresh),
            (there("enhanced_refresh"), Capability::EnhancedRouteRefresh),
            (there("as4byte"), Capability::FourOctetAs),
            (there("graceful_restart"), Capability::GracefulRestart),
            (there("add-path"), Capability::AddPath),
            (there("open_policy_role"), Capability::Role),
        ]
        .into_iter()
        .filter(|(there, _)| *there)
        .map(|(_, capability)| capability)
        .collect())
    }

    fn hold_time(&self, neighbor: IpAddr) -> Result<u16, String> {
        let shown = self.neighbor(neighbor)?;
        number(&shown["session"]["holdtime"]).ok_or_else(|| shown.to_string())
    }

    fn told(&self, neighbor: IpAddr) -> String {
        let shown = self.ask(&["show", "neighbor", &neighbor.to_string()]);
        let log = fs::read_to_string(self.path("bgpd.log"));
        format!(
            "{}\n{}",
            shown.unwrap_or_else(|error| error),
            log.unwrap_or_default()
        )
    }

    fn announce(&mut self, route: &Announced) {
        self.router.announces.push(route.clone());
        self.write_config();
        self.tell(&["reload"]);
    }

    fn withdraw(&mut self, prefix: &str) {
        self.router.announces.retain(|route| route.prefix != prefix);
        self.write_config();
        self.tell(&["reload"]);
    }

    fn ask_again(&mut self, neighbor: IpAddr) {
        self.tell(&["neighbor", &neighbor.to_string(), "refresh"]);
    }

    fn shut_down(&mut self, neighbor: IpAddr, text: &str) {
        self.tell(&["neighbor", &neighbor.to_string(), "down", text]);
    }

    fn signal(&self, signal: Signal) {
        for process in self.processes() {
            kill(process, signal).unwrap_or_else(|error| panic!("cannot send {signal}: {error}"));
        }
    }

    fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
        let mut process = self.process.take().expect("bgpd is running");
        process.wait(SOON);
        let _ = fs::remove_file(self.path("bgpd.sock"));
    }

    fn start_again(&mut self) {
        self.write_config();
        self.process = Some(Process::start(
            &self.netns,
            path::Path::new(BGPD),
            &["-d", "-v", "-f", &self.path("bgpd.conf")],
            path::Path::new(&self.path("bgpd.log")),
        ));
        eventually("bgpd answers", SOON, || {
            if let Some(process) = &mut self.process
                && let Some(status) = process.exited()
            {
                return Err(format!("bgpd ended with {status}: {}", process.log()));
            }
            self.ask(&["show", "summary"])
        });
    }
}

fn path_of(value: &Value) -> Path {
    let mut communities: Vec<_> = texts(&value["communities"]).map(str::to_owned).collect();
    communities.sort();
    Path {
        next_hop: value["exit_nexthop"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        as_path: value["aspath"].as_str().unwrap_or_default().to_owned(),
        origin: value["origin"].as_str().unwrap_or_default().to_lowercase(),
        med: number(&value["metric"]),
        communities,
    }
}

fn config(router: &Router, socket: &str) -> String {
    let mut text = format!(
        "AS {}\nrouter-id {}\nsocket \"{socket}\"\nconnect-retry 1\nfib-update no\n\
         rde evaluate all\n",
        router.asn, router.id
    );
    for route in &router.announces {
        let mut set = String::new();
        if let Some(med) = route.med {
            let _ = write!(set, " metric {med}");
        }
        for community in &route.communities {
            let _ = write!(set, " community {community}");
        }
        if let Some(next_hop) = route.next_hop {
            let _ = write!(set, " nexthop {next_hop}");
        }
        let set = if set.is_empty() {
            set
        } else {
            format!(" set {{{set} }}")
        };
        let _ = writeln!(text, "network {}{set}", route.prefix);
    }
    for neighbor in &router.neighbors {
        session(&mut text, neighbor);
    }
    text.push_str("allow from any\nallow to any\n");
    text
}

fn session(text: &mut String, neighbor: &Neighbor) {
    let yes = |truth| if truth { "yes" } else { "no" };
    let mut lines = vec![
        format!("remote-as {}", neighbor.asn),
        format!("local-address {}", neighbor.local),
        format!("holdtime {}", neighbor.hold_time),
        format!(
            "announce enhanced refresh {}",
            yes(neighbor.enhanced_refresh)
        ),
        format!(
            "announce restart {}",
            yes(neighbor.graceful_restart.is_some())
        ),
        format!("announce as-4byte {}", yes(neighbor.four_octet_as)),
    ];
    for (family, word) in [(Family::Ipv4, "IPv4"), (Family::Ipv6, "IPv6")] {
        let there = neighbor.families.contains(&family);
        lines.push(format!(
            "announce {word} {}",
            if there { "unicast" } else { "none" }
        ));
    }
    if neighbor.passive {
        lines.push("passive".to_owned());
    }
    if let Some(password) = &neighbor.password {
        lines.push(format!("tcp md5sig password {password}"));
    }
    if neighbor.ttl_security.is_some() {
        lines.push("ttl-security yes".to_owned());
    }
    if let Some(hops) = neighbor.multihop {
        lines.push(format!("multihop {hops}"));
    }
    if neighbor.add_path_receive {
        lines.push("announce add-path recv yes".to_owned());
    }
    if neighbor.add_path_send {
        lines.push("announce add-path send all".to_owned());
    }
    if let Some(role) = neighbor.role {
        let enforce = if neighbor.strict_role { " enforce" } else { "" };
        lines.push(format!("announce policy {}{enforce}", role.word()));
    }
    if let Some(limit) = neighbor.prefix_limit {
        lines.push(format!("max-prefix {limit}"));
    }
    let _ = writeln!(text, "neighbor {} {{", neighbor.address);
    for line in lines {
        let _ = writeln!(text, "  {line}");
    }
    text.push_str("}\n");
}
