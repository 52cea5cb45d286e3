//! Myna, told and asked as every other make is. Neighbor `n0` is the first one, and so on; what it
//! learns goes to its kernel with metric 32.
use super::program::{number, texts};
use crate::{Announced, Capability, Daemon, Myna, Neighbor, Netns, Path, Router, text};
use nix::sys::signal::Signal;
use serde_json::Value;
use std::{collections::BTreeSet, fmt::Write, net::IpAddr};

/// A Myna that is what a [`Router`] says.
#[derive(Debug)]
pub struct MynaRouter {
    myna: Myna,
    router: Router,
    /// Further lines of the configuration: of its top level, and of every neighbor.
    extra: Extra,
}

/// Lines of configuration that no [`Router`] has a word for.
#[derive(Clone, Debug, Default)]
pub struct Extra {
    /// Before the first section.
    pub top: String,
    /// At the end of every neighbor's section.
    pub neighbor: String,
}

impl MynaRouter {
    /// Starts one.
    #[track_caller]
    #[must_use]
    pub fn start(netns: &Netns, router: &Router) -> Self {
        Self::start_with(netns, router, Extra::default())
    }

    /// Starts one with more lines of configuration.
    #[track_caller]
    #[must_use]
    pub fn start_with(netns: &Netns, router: &Router, extra: Extra) -> Self {
        Self {
            myna: Myna::start(netns, &config(router, &extra)),
            router: router.clone(),
            extra,
        }
    }

    /// The daemon beneath.
    #[must_use]
    pub fn myna(&mut self) -> &mut Myna {
        &mut self.myna
    }

    /// Goes over to another configuration.
    ///
    /// # Panics
    /// When it is refused.
    #[track_caller]
    pub fn reload(&mut self, router: &Router) {
        self.router = router.clone();
        self.myna.write_config(&config(router, &self.extra));
        let _ = self.myna.says(&["reload"]);
    }

    /// `show neighbor` of one.
    #[track_caller]
    #[must_use]
    pub fn shown(&self, neighbor: IpAddr) -> Value {
        self.myna.neighbor(&self.name(neighbor))
    }

    /// The counts of a family, "ipv4-unicast".
    #[track_caller]
    #[must_use]
    pub fn counts(&self, neighbor: IpAddr, family: &str) -> Value {
        let shown = self.shown(neighbor);
        let families = shown["families"].as_array();
        let mut counts = families.into_iter().flatten();
        counts
            .find(|counts| counts["family"] == family)
            .cloned()
            .unwrap_or_default()
    }

    /// The name of a neighbor.
    #[must_use]
    pub fn name(&self, neighbor: IpAddr) -> String {
        let all = &self.router.neighbors;
        let number = all.iter().position(|n| n.address == neighbor);
        format!("n{}", number.unwrap_or(all.len()))
    }

    fn received(&self, neighbor: IpAddr) -> Result<Vec<Value>, String> {
        let name = self.name(neighbor);
        match self.myna.show(&["routes", "--received", &name])? {
            // A route that looped back to us is shown, too, as what it is.
            Value::Array(mut routes) => {
                routes.retain(|route| text(route, "state") != "rejected");
                Ok(routes)
            }
            other => Err(other.to_string()),
        }
    }
}

impl Daemon for MynaRouter {
    fn established(&self, neighbor: IpAddr) -> Result<(), String> {
        let shown = self.shown(neighbor);
        if text(&shown, "state") == "Established" {
            Ok(())
        } else {
            Err(shown.to_string())
        }
    }

    fn prefixes(&self, neighbor: IpAddr) -> Result<BTreeSet<String>, String> {
        let routes = self.received(neighbor)?;
        Ok(routes
            .iter()
            .map(|route| text(route, "prefix").to_owned())
            .collect())
    }

    fn paths(&self, neighbor: IpAddr, prefix: &str) -> Result<Vec<Path>, String> {
        let routes = self.received(neighbor)?;
        let of_prefix = routes
            .iter()
            .filter(|route| text(route, "prefix") == prefix);
        let mut paths: Vec<_> = of_prefix.map(path_of).collect();
        paths.sort();
        Ok(paths)
    }

    fn heard(&self, neighbor: IpAddr) -> Result<BTreeSet<Capability>, String> {
        let shown = self.shown(neighbor);
        let words = [
            ("multiprotocol ipv4-unicast", Capability::Ipv4),
            ("multiprotocol ipv6-unicast", Capability::Ipv6),
            ("route refresh", Capability::RouteRefresh),
            ("enhanced route refresh", Capability::EnhancedRouteRefresh),
            ("4-octet AS", Capability::FourOctetAs),
            ("graceful restart", Capability::GracefulRestart),
            (
                "long-lived graceful restart",
                Capability::LongLivedGracefulRestart,
            ),
            ("ADD-PATH", Capability::AddPath),
            ("extended message", Capability::ExtendedMessage),
            ("extended next hop", Capability::ExtendedNextHop),
            ("role", Capability::Role),
        ];
        let of_text = |said: &str| {
            let mut all = words.into_iter();
            Some(all.find(|(word, _)| said.starts_with(word))?.1)
        };
        Ok(texts(&shown["remote_capabilities"])
            .filter_map(of_text)
            .collect())
    }

    fn hold_time(&self, neighbor: IpAddr) -> Result<u16, String> {
        let shown = self.shown(neighbor);
        number(&shown["hold_time"]).ok_or_else(|| shown.to_string())
    }

    fn told(&self, neighbor: IpAddr) -> String {
        format!("{}\n{}", self.shown(neighbor), self.myna.log())
    }

    fn announce(&mut self, route: &Announced) {
        let mut router = self.router.clone();
        router.announces.push(route.clone());
        self.reload(&router);
    }

    fn withdraw(&mut self, prefix: &str) {
        let mut router = self.router.clone();
        router.announces.retain(|route| route.prefix != prefix);
        self.reload(&router);
    }

    fn ask_again(&mut self, neighbor: IpAddr) {
        let _ = self.myna.says(&["refresh", "in", &self.name(neighbor)]);
    }

    fn shut_down(&mut self, neighbor: IpAddr, text: &str) {
        let name = self.name(neighbor);
        let _ = self.myna.says(&["disable", &name, "--message", text]);
    }

    fn signal(&self, signal: Signal) {
        self.myna.signal(signal);
    }

    fn kill(&mut self) {
        self.myna.kill();
    }

    fn start_again(&mut self) {
        self.myna.start_again();
    }
}

fn path_of(route: &Value) -> Path {
    let mut communities: Vec<_> = texts(&route["communities"]).map(str::to_owned).collect();
    // Not put in before it is told to others.
    if text(route, "stale") == "long-lived stale" {
        communities.push("llgr-stale".to_owned());
    }
    communities.sort();
    // The word for the origin is part of the shown path: "12076 i".
    Path {
        next_hop: text(route, "next_hop").to_owned(),
        as_path: text(route, "as_path").to_owned(),
        origin: text(route, "origin").to_owned(),
        med: number(&route["med"]),
        communities,
    }
}

fn config(router: &Router, extra: &Extra) -> String {
    let prefixes: Vec<_> = router
        .announces
        .iter()
        .map(|route| route.prefix.as_str())
        .collect();
    let mut text = format!(
        "router-id = \"{}\"\nlocal-as = {}\n{}\n[static]\nprefixes = {prefixes:?}\n\
         [kernel]\nmetric = 32\nkeep-on-exit = true\n",
        router.id, router.asn, extra.top
    );
    for (number, neighbor) in router.neighbors.iter().enumerate() {
        session(&mut text, number, neighbor);
        text.push_str(&extra.neighbor);
    }
    text
}

fn session(text: &mut String, number: usize, neighbor: &Neighbor) {
    let families: Vec<_> = neighbor
        .families
        .iter()
        .map(|family| family.word())
        .collect();
    let _ = writeln!(
        text,
        "[[neighbor]]\nname = \"n{number}\"\naddress = \"{}\"\nsource-address = \"{}\"\n\
         remote-as = {}\nimport = \"all\"\nexport = \"all\"\nfamilies = {families:?}\n\
         hold-time = {}\npassive = {}",
        neighbor.address, neighbor.local, neighbor.asn, neighbor.hold_time, neighbor.passive
    );
    let retention = [
        ("graceful-restart", neighbor.graceful_restart.map(u32::from)),
        ("long-lived-graceful-restart", neighbor.long_lived),
    ];
    for (key, time) in retention {
        let _ = match time {
            None => writeln!(text, "{key} = false"),
            Some(0) => writeln!(text, "{key} = \"aware\""),
            Some(time) => writeln!(text, "{key} = {time}"),
        };
    }
    if let Some(role) = neighbor.role {
        let _ = writeln!(text, "role = \"{}\"", role.word());
    }
    if neighbor.strict_role {
        text.push_str("strict-role = true\n");
    }
    if let Some(limit) = neighbor.prefix_limit {
        // Of accepted ones: FRR sends back what it has from us, which is a loop, and received.
        let _ = writeln!(text, "import-limit = {limit}");
    }
    if neighbor.extended_messages {
        text.push_str("extended-messages = true\n");
    }
    match (neighbor.add_path_send, neighbor.add_path_receive) {
        (true, true) => text.push_str("add-path = true\n"),
        (true, false) => text.push_str("add-path = \"send\"\n"),
        (false, true) => text.push_str("add-path = \"receive\"\n"),
        (false, false) => {}
    }
    if let Some(hops) = neighbor.ttl_security {
        text.push_str("gtsm = true\n");
        if hops > 1 {
            let _ = writeln!(text, "multihop = {hops}");
        }
    }
    if let Some(password) = &neighbor.password {
        let _ = writeln!(text, "password = \"{password}\"");
    }
    if let Some(hops) = neighbor.multihop {
        let _ = writeln!(text, "multihop = {hops}");
    }
}
