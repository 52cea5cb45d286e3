//! BIRD 2. Protocol `n0` is the session with the first neighbor, and so on. What it announces are
//! blackhole routes of `protocol static`; what it learns goes to its kernel.
use crate::{Announced, Bird, Capability, Daemon, Family, Neighbor, Netns, Path, Router};
use nix::sys::signal::Signal;
use std::{collections::BTreeSet, fmt::Write, net::IpAddr};

/// A BIRD that is what a [`Router`] says.
#[derive(Debug)]
pub struct BirdRouter {
    bird: Bird,
    router: Router,
}

impl BirdRouter {
    /// Starts one.
    #[track_caller]
    #[must_use]
    pub fn start(netns: &Netns, router: &Router) -> Self {
        Self {
            bird: Bird::start(netns, &config(router)),
            router: router.clone(),
        }
    }

    fn name(&self, neighbor: IpAddr) -> String {
        let all = &self.router.neighbors;
        let number = all.iter().position(|n| n.address == neighbor);
        format!("n{}", number.unwrap_or(all.len()))
    }
}

impl Daemon for BirdRouter {
    fn established(&self, neighbor: IpAddr) -> Result<(), String> {
        let protocol = self.bird.protocol(&self.name(neighbor));
        if protocol.info == "Established" {
            Ok(())
        } else {
            Err(protocol.text)
        }
    }

    fn prefixes(&self, neighbor: IpAddr) -> Result<BTreeSet<String>, String> {
        Ok(self.bird.prefixes(&self.name(neighbor)))
    }

    fn paths(&self, neighbor: IpAddr, prefix: &str) -> Result<Vec<Path>, String> {
        let name = self.name(neighbor);
        let text = self.bird.query(&format!("show route protocol {name} all"));
        let mut paths = Vec::new();
        let mut at_prefix = false;
        for line in text.lines() {
            // A further path of the same prefix has spaces in the prefix's place.
            if !line.starts_with(['\t', ' ']) {
                at_prefix = line.split_whitespace().next() == Some(prefix);
            }
            if !at_prefix {
                continue;
            }
            if !line.starts_with('\t') {
                paths.push(Path::default());
            }
            let Some((path, (field, value))) = paths.last_mut().zip(line.trim().split_once(": "))
            else {
                continue;
            };
            match field {
                "BGP.origin" => path.origin = value.to_lowercase(),
                "BGP.as_path" => value.clone_into(&mut path.as_path),
                "BGP.next_hop" => {
                    value
                        .split(' ')
                        .next()
                        .unwrap_or_default()
                        .clone_into(&mut path.next_hop);
                }
                "BGP.med" => path.med = value.parse().ok(),
                "BGP.community" => {
                    path.communities = value
                        .split(") (")
                        .map(|one| one.trim_matches(['(', ')']).replace(',', ":"))
                        .collect();
                    path.communities.sort();
                }
                _ => {}
            }
        }
        paths.sort();
        Ok(paths)
    }

    fn heard(&self, neighbor: IpAddr) -> Result<BTreeSet<Capability>, String> {
        let text = self.bird.protocol(&self.name(neighbor)).text;
        let (_, theirs) = text
            .split_once("Neighbor capabilities")
            .ok_or_else(|| text.clone())?;
        let theirs = theirs.split("Session:").next().unwrap_or_default();
        let words = [
            ("Multiprotocol", Capability::Ipv4),
            ("Route refresh", Capability::RouteRefresh),
            ("Enhanced refresh", Capability::EnhancedRouteRefresh),
            ("4-octet AS numbers", Capability::FourOctetAs),
            ("Graceful restart", Capability::GracefulRestart),
            (
                "Long-lived graceful restart",
                Capability::LongLivedGracefulRestart,
            ),
            ("ADD-PATH", Capability::AddPath),
            ("Extended message", Capability::ExtendedMessage),
            ("Extended next hop", Capability::ExtendedNextHop),
            ("Role", Capability::Role),
        ];
        let mut heard: BTreeSet<_> = words
            .into_iter()
            .filter(|(word, _)| theirs.lines().any(|line| line.trim().starts_with(word)))
            .map(|(_, capability)| capability)
            .collect();
        heard.remove(&Capability::Ipv4);
        let families = theirs
            .split_once("AF announced:")
            .and_then(|(_, rest)| rest.lines().next())
            .unwrap_or_default();
        for (word, capability) in [("ipv4", Capability::Ipv4), ("ipv6", Capability::Ipv6)] {
            if families.split_whitespace().any(|family| family == word) {
                heard.insert(capability);
            }
        }
        Ok(heard)
    }

    fn hold_time(&self, neighbor: IpAddr) -> Result<u16, String> {
        let text = self.bird.protocol(&self.name(neighbor)).text;
        text.split_once("Hold timer:")
            .and_then(|(_, rest)| {
                rest.split_once('/')?
                    .1
                    .split_whitespace()
                    .next()?
                    .parse()
                    .ok()
            })
            .ok_or(text)
    }

    fn told(&self, neighbor: IpAddr) -> String {
        let protocol = self.bird.protocol(&self.name(neighbor));
        format!("{}\n{}", protocol.text, self.bird.log())
    }

    fn announce(&mut self, route: &Announced) {
        self.router.announces.push(route.clone());
        self.bird.reconfigure(&config(&self.router));
    }

    fn withdraw(&mut self, prefix: &str) {
        self.router.announces.retain(|route| route.prefix != prefix);
        self.bird.reconfigure(&config(&self.router));
    }

    fn ask_again(&mut self, neighbor: IpAddr) {
        let _ = self
            .bird
            .query(&format!("reload in {}", self.name(neighbor)));
    }

    fn shut_down(&mut self, neighbor: IpAddr, text: &str) {
        let _ = self
            .bird
            .query(&format!("disable {} \"{text}\"", self.name(neighbor)));
    }

    fn signal(&self, signal: Signal) {
        self.bird.signal(signal);
    }

    fn kill(&mut self) {
        self.bird.kill();
    }

    fn start_again(&mut self) {
        let mut neighbors = self.router.neighbors.iter();
        if neighbors.any(|n| matches!(n.graceful_restart, Some(1..))) {
            self.bird.recovers();
        }
        self.bird.start_again();
    }
}

fn config(router: &Router) -> String {
    let mut text = format!(
        "log stderr all;\n\
         \n\
         router id {};\n\
         protocol device {{ scan time 1; }}\n\
         protocol kernel kernel4 {{ ipv4 {{ import none; export where source = RTS_BGP; }}; }}\n\
         protocol kernel kernel6 {{ ipv6 {{ import none; export where source = RTS_BGP; }}; }}\n",
        router.id
    );
    // A protocol each, so that a prefix may have several paths.
    for route in &router.announces {
        let channel = route.family().word();
        let mut set = String::new();
        for community in &route.communities {
            let _ = write!(
                set,
                " bgp_community.add(({}));",
                community.replace(':', ",")
            );
        }
        let prefix = &route.prefix;
        let _ = writeln!(
            text,
            "protocol static {{ {channel}; route {prefix} blackhole {{{set} }}; }}"
        );
    }
    // MED is for one neighbor; what a route has of it before its export does not go out.
    text.push_str("filter announce {\n");
    for route in &router.announces {
        if let Some(med) = route.med {
            let _ = writeln!(
                text,
                "  if source = RTS_STATIC && net = {} then bgp_med = {med};",
                route.prefix
            );
        }
    }
    text.push_str("  if source ~ [RTS_STATIC, RTS_BGP] then accept;\n  reject;\n}\n");
    for (number, neighbor) in router.neighbors.iter().enumerate() {
        session(&mut text, number, router.asn, neighbor);
    }
    text
}

fn session(text: &mut String, number: usize, asn: u32, neighbor: &Neighbor) {
    let _ = writeln!(
        text,
        "protocol bgp n{number} {{\n  \
         local {} as {asn}; neighbor {} as {};\n  \
         connect delay time 1; connect retry time 1; error wait time 1, 2; hold time {};",
        neighbor.local, neighbor.address, neighbor.asn, neighbor.hold_time
    );
    if let Some(password) = &neighbor.password {
        let _ = writeln!(text, "  password \"{password}\";");
    }
    match neighbor.multihop {
        Some(hops) => {
            let _ = writeln!(text, "  multihop {hops};");
        }
        // Within an AS it would look for the neighbor in routes of an IGP.
        None => text.push_str("  direct;\n"),
    }
    if let Some(role) = neighbor.role {
        let _ = writeln!(text, "  local role {};", role.word());
    }
    match neighbor.graceful_restart {
        None => text.push_str("  graceful restart off;\n"),
        Some(0) => text.push_str("  graceful restart aware;\n"),
        Some(time) => {
            let _ = writeln!(text, "  graceful restart on; graceful restart time {time};");
        }
    }
    match neighbor.long_lived {
        None => text.push_str("  long lived graceful restart off;\n"),
        Some(0) => text.push_str("  long lived graceful restart aware;\n"),
        Some(time) => {
            let _ = writeln!(
                text,
                "  long lived graceful restart on; long lived stale time {time};"
            );
        }
    }
    for (wanted, line) in [
        (neighbor.passive, "passive"),
        (neighbor.ttl_security.is_some(), "ttl security on"),
        (neighbor.strict_role, "require roles on"),
        (neighbor.extended_messages, "enable extended messages on"),
        (!neighbor.four_octet_as, "enable as4 off"),
    ] {
        if wanted {
            let _ = writeln!(text, "  {line};");
        }
    }
    for family in &neighbor.families {
        let mut options = String::new();
        match (neighbor.add_path_send, neighbor.add_path_receive) {
            (true, true) => options.push_str(" add paths on;"),
            (true, false) => options.push_str(" add paths tx;"),
            (false, true) => options.push_str(" add paths rx;"),
            (false, false) => {}
        }
        if neighbor.extended_next_hop && *family == Family::Ipv4 {
            options.push_str(" extended next hop on;");
        }
        if let Some(limit) = neighbor.prefix_limit {
            let _ = write!(options, " import limit {limit} action disable;");
        }
        let _ = writeln!(
            text,
            "  {} {{ import all; export filter announce;{options} }};",
            family.word()
        );
    }
    text.push_str("}\n");
}
