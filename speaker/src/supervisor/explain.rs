//! `explain PREFIX`: one prefix all the way, from who sent it to what the kernel does with a
//! packet, and where it stopped.
//!
//! The tables tell what they know of it; here the kernel is asked about the next hop and about the
//! destination itself, a question each, so that the answer is what happens and not what should.
use super::Supervisor;
use crate::{
    engine::{Followed, Question},
    fib::{self, Lookup, Reach},
    host::Host,
    view,
};
use ipnet::IpNet;
use std::{io, net::IpAddr};

impl Supervisor {
    /// `longest`: the best match for `asked` counts, not only itself. `None`: the engine has
    /// stopped.
    pub(super) async fn explain(&self, asked: IpNet, longest: bool) -> Option<view::Explanation> {
        let Followed {
            prefix,
            paths,
            kernel,
            told,
        } = self
            .engine
            .ask(|reply| Question::Explain {
                asked,
                longest,
                reply,
            })
            .await?;
        let host = self.host.borrow().clone();
        let best = paths.first().filter(|path| path.state == "best");
        let address = if longest { asked } else { prefix }.addr();
        let kernel_says = Lookup::open().and_then(|mut lookup| {
            let hop = best.and_then(next_hop_of);
            let hop = hop.map(|hop| resolve(&mut lookup, hop, &host));
            Ok((hop, lookup.route(address)?))
        });
        let (next_hop, packets, ours) = match kernel_says {
            Ok((hop, followed)) => {
                let kernel = self.config.kernel.as_ref();
                let ours = followed.as_ref().zip(kernel);
                let ours = ours.is_some_and(|(followed, kernel)| {
                    followed.prefix() == prefix && followed.is_ours(kernel)
                });
                (hop, packets(followed.as_ref(), address, &host), ours)
            }
            Err(error) => (None, format!("cannot ask the kernel: {error}"), false),
        };
        let mut explanation = view::Explanation {
            asked: asked_for(asked),
            prefix: prefix.to_string(),
            paths,
            next_hop,
            kernel,
            packets: Some(packets),
            told,
            verdict: String::new(),
        };
        explanation.verdict = verdict(&explanation, ours, self.config.kernel.is_some());
        Some(explanation)
    }
}

/// A single host was given as an address.
fn asked_for(asked: IpNet) -> String {
    if asked.prefix_len() == asked.max_prefix_len() {
        asked.addr().to_string()
    } else {
        asked.to_string()
    }
}

fn next_hop_of(route: &view::Route) -> Option<IpAddr> {
    let words = route
        .next_hop
        .as_ref()
        .or(route.next_hop_link_local.as_ref());
    words.and_then(|words| words.parse().ok())
}

fn name_of(host: &Host, index: u32) -> String {
    let link = host.links.get(&index);
    link.map_or_else(|| format!("interface {index}"), |link| link.name.clone())
}

/// How packets get to a next hop.
fn resolve(lookup: &mut Lookup, hop: IpAddr, host: &Host) -> view::Resolution {
    let mut resolution = view::Resolution {
        next_hop: hop.to_string(),
        reachable: false,
        how: String::new(),
    };
    if let IpAddr::V6(v6) = hop
        && v6.is_unicast_link_local()
    {
        "link-local, on the neighbor's interface".clone_into(&mut resolution.how);
        resolution.reachable = true;
        return resolution;
    }
    let route = match lookup.route(hop) {
        Ok(Some(route)) => route,
        Ok(None) => {
            "no route leads to it".clone_into(&mut resolution.how);
            return resolution;
        }
        Err(error) => {
            resolution.how = format!("cannot ask the kernel: {error}");
            return resolution;
        }
    };
    if route.is_local() {
        "it is an address of this host".clone_into(&mut resolution.how);
        return resolution;
    }
    let name = |index| host.links.get(&index).map(|link| link.name.clone());
    let described = route.describe(name);
    match route.ways().first() {
        Some((None, index)) => {
            let reach = lookup.neighbor(hop, *index);
            resolution.reachable = !matches!(reach, Ok(Reach::Silent));
            resolution.how = format!("connected on {}{}", name_of(host, *index), answers(&reach));
        }
        Some((Some(gateway), index)) => {
            let reach = lookup.neighbor(*gateway, *index);
            resolution.reachable = !matches!(reach, Ok(Reach::Silent));
            resolution.how = format!(
                "through {gateway} on {}{} (by {described})",
                name_of(host, *index),
                answers(&reach)
            );
        }
        None => resolution.how = described,
    }
    resolution
}

fn answers(reach: &io::Result<Reach>) -> &'static str {
    match reach {
        Ok(Reach::Answers) => ", answers on the link",
        Ok(Reach::Silent) => ", but does not answer on the link",
        Ok(Reach::Asked) => ", is being asked for on the link",
        Ok(Reach::Unknown) | Err(_) => ", not asked for on the link yet",
    }
}

/// What the kernel does with packets to `address`.
fn packets(followed: Option<&fib::Followed>, address: IpAddr, host: &Host) -> String {
    let name = |index| host.links.get(&index).map(|link| link.name.clone());
    match followed {
        Some(route) => format!("to {address} follow {}", route.describe(name)),
        None => format!("to {address} go nowhere: the kernel has no route for them"),
    }
}

/// Where it stopped, and why; in one sentence.
fn verdict(explanation: &view::Explanation, ours: bool, has_kernel: bool) -> String {
    let view::Explanation {
        prefix,
        paths,
        kernel,
        next_hop,
        told,
        ..
    } = explanation;
    let announced = || {
        let told = told.iter().filter(|told| told.state == "announced");
        let names: Vec<_> = told.map(|told| told.neighbor.as_str()).collect();
        if names.is_empty() {
            "no neighbor is told".to_owned()
        } else {
            format!("announced to {}", names.join(", "))
        }
    };
    let Some(first) = paths.first() else {
        return format!("stopped at the beginning: no neighbor sends {prefix}");
    };
    if first.state == "rejected" {
        return format!("stopped at import: {}", first.reason);
    }
    if first.next_hop.is_none() && first.next_hop_link_local.is_none() {
        return format!(
            "{prefix} is this host's own ({}); {}",
            first.source,
            announced()
        );
    }
    match kernel.as_deref() {
        None if has_kernel => format!(
            "stopped before the kernel: our routes were flushed (`myna kernel restore`); {}",
            announced()
        ),
        None => format!(
            "there is no [kernel], so nothing is installed; {}",
            announced()
        ),
        Some("installed") => {
            let silent = next_hop.as_ref().filter(|hop| !hop.reachable);
            match (silent, ours) {
                (Some(hop), _) => format!(
                    "installed, but packets stop at the next hop {}: {}",
                    hop.next_hop, hop.how
                ),
                (None, true) => format!("all the way: packets follow it; {}", announced()),
                (None, false) => format!(
                    "installed, but packets follow another route (a longer prefix, a rule or another \
                     table); {}",
                    announced()
                ),
            }
        }
        Some("pending") => format!("on its way into the kernel; {}", announced()),
        Some(dry) if dry.starts_with("would be") => {
            format!("stopped before the kernel: {dry}; {}", announced())
        }
        Some(overruled) if overruled.starts_with("installed") => {
            format!("stopped in the kernel: {overruled}")
        }
        Some(failure) => format!("stopped at the kernel: {failure}"),
    }
}
