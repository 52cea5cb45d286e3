//! Myna and a peer, each on its host, described before they start and asked after.
use std::{collections::BTreeSet, net::IpAddr};
use tests::{
    Announced, Capability, Daemon, Extra, Family, Implementation, MynaRouter, PATIENT, Pair, Path,
    Router, eventually, shown,
};

/// What Myna announces.
pub(crate) const OURS: &str = "192.168.100.0/24";

/// What the peer announces.
pub(crate) const THEIRS: &str = "192.168.0.0/16";

/// What Myna announces of IPv6.
pub(crate) const OURS_IPV6: &str = "fd00:100::/64";

/// What the peer announces of IPv6.
pub(crate) const THEIRS_IPV6: &str = "fd00:a::/64";

/// Both sides before they start.
pub(crate) struct Plan {
    pub(crate) make: Implementation,
    pub(crate) pair: Pair,
    /// Myna's side.
    pub(crate) ours: Router,
    /// The peer's side.
    pub(crate) theirs: Router,
    /// What only Myna can be told.
    pub(crate) extra: Extra,
}

/// Both sides, running.
pub(crate) struct Meeting {
    pub(crate) make: Implementation,
    pub(crate) pair: Pair,
    pub(crate) myna: MynaRouter,
    pub(crate) peer: Box<dyn Daemon>,
    /// The peer's address.
    pub(crate) there: IpAddr,
    /// Our address.
    pub(crate) here: IpAddr,
    ours: Router,
    theirs: Router,
}

impl Plan {
    /// One session over IPv4; the peer waits, Myna connects; each announces a route.
    pub(crate) fn new(make: Implementation) -> Self {
        let pair = Pair::new();
        let routers = pair.routers();
        Self::of(make, pair, routers)
    }

    /// As [`new`](Self::new), with a router between both hosts.
    pub(crate) fn with_router(make: Implementation) -> Self {
        let pair = Pair::with_router();
        let routers = pair.routers();
        Self::of(make, pair, routers)
    }

    fn of(make: Implementation, pair: Pair, (mut ours, mut theirs): (Router, Router)) -> Self {
        ours.announces.push(Announced::new(OURS));
        theirs.announces.push(theirs_of(make, THEIRS));
        theirs.neighbor().passive = true;
        Self {
            make,
            pair,
            ours,
            theirs,
            extra: Extra::default(),
        }
    }

    /// The session goes over IPv6.
    pub(crate) fn over_ipv6(mut self) -> Self {
        let (ours, theirs) = self.pair.routers_over_ipv6();
        self.ours.neighbors = ours.neighbors;
        self.theirs.neighbors = theirs.neighbors;
        self.theirs.neighbor().passive = true;
        self
    }

    /// The session carries IPv6, too, and each side announces a route of it.
    pub(crate) fn with_ipv6(mut self) -> Self {
        self.ours.announces.push(Announced::new(OURS_IPV6));
        let mut route = theirs_of(self.make, THEIRS_IPV6);
        route.next_hop = Some(Pair::RIGHT_IPV6.into());
        self.theirs.announces.push(route);
        for router in [&mut self.ours, &mut self.theirs] {
            router.neighbor().families = vec![Family::Ipv4, Family::Ipv6];
        }
        self
    }

    /// Changes the session on both sides.
    pub(crate) fn both(mut self, mut change: impl FnMut(&mut tests::Neighbor)) -> Self {
        change(self.ours.neighbor());
        change(self.theirs.neighbor());
        self
    }

    /// Changes Myna's side.
    pub(crate) fn ours(mut self, change: impl FnOnce(&mut tests::Neighbor)) -> Self {
        change(self.ours.neighbor());
        self
    }

    /// Changes the peer's side.
    pub(crate) fn theirs(mut self, change: impl FnOnce(&mut tests::Neighbor)) -> Self {
        change(self.theirs.neighbor());
        self
    }

    /// Starts the peer, then Myna.
    pub(crate) fn start(self) -> Meeting {
        let peer = self.make.start(&self.pair.right, &self.theirs);
        let myna = MynaRouter::start_with(&self.pair.left, &self.ours, self.extra.clone());
        self.running(myna, peer)
    }

    /// Starts Myna, then the peer.
    pub(crate) fn start_myna_first(self) -> Meeting {
        let myna = MynaRouter::start_with(&self.pair.left, &self.ours, self.extra.clone());
        let peer = self.make.start(&self.pair.right, &self.theirs);
        self.running(myna, peer)
    }

    fn running(mut self, myna: MynaRouter, peer: Box<dyn Daemon>) -> Meeting {
        Meeting {
            make: self.make,
            there: self.ours.neighbor().address,
            here: self.ours.neighbor().local,
            pair: self.pair,
            myna,
            peer,
            ours: self.ours,
            theirs: self.theirs,
        }
    }
}

impl Meeting {
    /// Waits until both sides say that the session is Established.
    #[track_caller]
    pub(crate) fn established(&self) {
        eventually("Myna's session is Established", PATIENT, || {
            self.myna.established(self.there)
        });
        eventually("the peer's session is Established", PATIENT, || {
            self.peer.established(self.here)
        });
    }

    /// That neither side says so, now.
    pub(crate) fn apart(&self) -> Result<(), String> {
        for (side, state) in [
            ("Myna", self.myna.established(self.there)),
            ("the peer", self.peer.established(self.here)),
        ] {
            if state.is_ok() {
                return Err(format!("{side} says that the session is Established"));
            }
        }
        Ok(())
    }

    /// Waits until the session is Established and each side has all that the other announces,
    /// attribute by attribute, in the kernel, too, where the make writes to it.
    #[track_caller]
    pub(crate) fn exchanged(&self) {
        self.established();
        for route in &self.theirs.announces {
            let path = Path {
                next_hop: self.next_hop(route, self.there, Pair::RIGHT_IPV6),
                as_path: self.theirs.asn.to_string(),
                origin: "igp".to_owned(),
                med: route.med,
                communities: route.communities.clone(),
            };
            self.myna_has(&route.prefix, &path);
            self.in_our_kernel(&route.prefix, &path.next_hop);
        }
        for route in &self.ours.announces {
            let path = Path {
                next_hop: self.next_hop(route, self.here, Pair::LEFT_IPV6),
                as_path: self.ours.asn.to_string(),
                origin: "igp".to_owned(),
                med: None,
                communities: Vec::new(),
            };
            self.peer_has(&route.prefix, &path);
            self.in_their_kernel(&route.prefix);
        }
    }

    /// The session's own address where it is of the route's family.
    fn next_hop(&self, route: &Announced, session: IpAddr, ipv6: std::net::Ipv6Addr) -> String {
        let extended = self.ours.neighbors.iter().any(|n| n.extended_next_hop);
        match (route.family(), session) {
            (Family::Ipv4, IpAddr::V6(_)) if !extended => String::new(),
            (Family::Ipv6, IpAddr::V4(_)) => ipv6.to_string(),
            (_, session) => session.to_string(),
        }
    }

    /// Waits until Myna has exactly this path to `prefix` from the peer.
    #[track_caller]
    pub(crate) fn myna_has(&self, prefix: &str, path: &Path) {
        eventually(&format!("Myna has {prefix}"), PATIENT, || {
            let seen = self.myna.paths(self.there, prefix)?;
            shown(
                seen == [path.clone()],
                &format!("{seen:#?}, wanted {path:#?}"),
            )
        });
    }

    /// Waits until the peer has exactly this path to `prefix` from us, whatever it shows for MED:
    /// some show 0 for none.
    #[track_caller]
    pub(crate) fn peer_has(&self, prefix: &str, path: &Path) {
        eventually(&format!("the peer has {prefix}"), PATIENT, || {
            let mut seen = self.peer.paths(self.here, prefix)?;
            for path in &mut seen {
                path.med = None;
            }
            shown(
                seen == [path.clone()],
                &format!("{seen:#?}, wanted {path:#?}"),
            )
        });
    }

    /// Waits until Myna has exactly these prefixes.
    #[track_caller]
    pub(crate) fn myna_has_only(&self, prefixes: &[&str]) {
        let wanted = prefixes.iter().map(|&prefix| prefix.to_owned()).collect();
        eventually("what Myna has", PATIENT, || {
            tests::same(&self.myna.prefixes(self.there)?, &wanted)
        });
    }

    /// Waits until the peer has exactly these prefixes.
    #[track_caller]
    pub(crate) fn peer_has_only(&self, prefixes: &[&str]) {
        let wanted = prefixes.iter().map(|&prefix| prefix.to_owned()).collect();
        eventually("what the peer has", PATIENT, || {
            tests::same(&self.peer.prefixes(self.here)?, &wanted)
        });
    }

    /// Waits until our kernel has the route.
    #[track_caller]
    pub(crate) fn in_our_kernel(&self, prefix: &str, next_hop: &str) {
        eventually(&format!("our kernel has {prefix}"), PATIENT, || {
            let routes = self.kernel(&self.pair.left, prefix);
            let start = format!("{prefix} via {next_hop} dev wire proto bgp metric 32");
            let extended = format!("{prefix} via inet6 {next_hop} dev wire proto bgp metric 32");
            let there = |route: &String| route.starts_with(&start) || route.starts_with(&extended);
            shown(routes.iter().any(there), &format!("{routes:#?}"))
        });
    }

    /// Waits until our kernel has no route to `prefix`.
    #[track_caller]
    pub(crate) fn not_in_our_kernel(&self, prefix: &str) {
        eventually(&format!("our kernel has no {prefix}"), PATIENT, || {
            let routes = self.kernel(&self.pair.left, prefix);
            shown(routes.is_empty(), &format!("{routes:#?}"))
        });
    }

    /// Waits until the peer's kernel has the route, where the make writes to the kernel.
    #[track_caller]
    pub(crate) fn in_their_kernel(&self, prefix: &str) {
        if !matches!(
            self.make,
            Implementation::Myna | Implementation::Bird | Implementation::Frr
        ) {
            return;
        }
        eventually(&format!("the peer's kernel has {prefix}"), PATIENT, || {
            let routes = self.kernel(&self.pair.right, prefix);
            let via_us = |route: &String| route.contains(" via ") && route.contains("dev wire");
            shown(routes.iter().any(via_us), &format!("{routes:#?}"))
        });
    }

    fn kernel(&self, netns: &tests::Netns, prefix: &str) -> BTreeSet<String> {
        let mut routes = match Family::of(prefix) {
            Family::Ipv4 => netns.routes4(),
            Family::Ipv6 => netns.routes6(),
        };
        routes.retain(|route| route.split(' ').next() == Some(prefix));
        routes
    }

    /// Waits until each side shows that the other announces the capability.
    #[track_caller]
    pub(crate) fn both_announce(&self, capability: Capability) {
        self.they_announce(capability);
        self.we_announce(capability);
    }

    /// Waits until Myna shows that the peer announces the capability.
    #[track_caller]
    pub(crate) fn they_announce(&self, capability: Capability) {
        eventually(
            &format!("the peer announces {capability:?}"),
            PATIENT,
            || {
                let heard = self.myna.heard(self.there)?;
                shown(
                    heard.contains(&capability),
                    &format!("{heard:?}: {}", self.myna.shown(self.there)),
                )
            },
        );
    }

    /// Waits until the peer shows that Myna announces the capability.
    #[track_caller]
    pub(crate) fn we_announce(&self, capability: Capability) {
        eventually(&format!("Myna announces {capability:?}"), PATIENT, || {
            let heard = self.peer.heard(self.here)?;
            shown(
                heard.contains(&capability),
                &format!("{heard:?}\n{}", self.peer.told(self.here)),
            )
        });
    }

    /// Waits until Myna's last error holds all of `words`.
    #[track_caller]
    pub(crate) fn myna_says(&self, words: &[&str]) {
        eventually(&format!("Myna says {words:?}"), PATIENT, || {
            let neighbor = self.myna.shown(self.there);
            let error = tests::text(&neighbor, "last_error");
            shown(words.iter().all(|word| error.contains(word)), &neighbor)
        });
    }

    /// Waits until an end in Myna's history has a reason with all of `words`.
    #[track_caller]
    pub(crate) fn myna_said(&self, words: &[&str]) {
        eventually(&format!("Myna said {words:?}"), PATIENT, || {
            let neighbor = self.myna.shown(self.there);
            let mut history = neighbor["history"].as_array().into_iter().flatten();
            let said = history.any(|step| {
                let reason = tests::text(step, "reason");
                words.iter().all(|word| reason.contains(word))
            });
            shown(said, &neighbor)
        });
    }

    /// Waits until what the peer says of us, or its log, holds one of `words`.
    #[track_caller]
    pub(crate) fn peer_says(&self, words: &[&str]) {
        eventually(&format!("the peer says one of {words:?}"), PATIENT, || {
            let told = self.peer.told(self.here);
            let lower = told.to_lowercase();
            shown(
                words
                    .iter()
                    .any(|word| lower.contains(&word.to_lowercase())),
                &told,
            )
        });
    }
}

/// A route of the peer's: with attributes that tell whose it is, where the make can give it some.
pub(crate) fn theirs_of(make: Implementation, prefix: &str) -> Announced {
    let mut route = Announced::new(prefix);
    if make != Implementation::Myna {
        route.med = Some(50);
        route.communities = vec!["65000:1".to_owned()];
    }
    route
}
