//! What other routing programs have in our table: for `check` and `show status`.
use super::message::{self, RouteView};
use crate::{
    config::Kernel,
    netlink::{Channel, Dump},
};
use rtnetlink::packet_route::RouteNetlinkMessage;
use std::{collections::BTreeMap, io};

/// Protocol numbers of routes that belong to other routing programs. The names are those of
/// iproute2's rt_protos; `zebra` is what FRR writes for its static and kernel routes.
const PROGRAMS: [(u8, &str); 12] = [
    (8, "gated"),
    (11, "zebra"),
    (12, "bird"),
    (14, "xorp"),
    (42, "babel"),
    (99, "openr"),
    (186, "bgp"),
    (187, "isis"),
    (188, "ospf"),
    (189, "rip"),
    (192, "eigrp"),
    (15, "ntk"),
];
/// The system's own.
const SYSTEM: [(u8, &str); 9] = [
    (0, "unspec"),
    (1, "redirect"),
    (2, "kernel"),
    (3, "boot"),
    (4, "static"),
    (9, "ra"),
    (10, "mrt"),
    (16, "dhcp"),
    (18, "keepalived"),
];

/// The name that `ip route` shows, or the number.
#[must_use]
pub fn protocol_name(protocol: u8) -> String {
    let known = PROGRAMS
        .iter()
        .chain(&SYSTEM)
        .find(|(number, _)| *number == protocol);
    known.map_or_else(|| protocol.to_string(), |(_, name)| (*name).to_owned())
}

/// Names that `ip route` shows without being told, with their numbers.
pub fn known_protocols() -> impl Iterator<Item = (&'static str, u8)> {
    let known = PROGRAMS.iter().chain(&SYSTEM);
    known.map(|&(number, name)| (name, number))
}

/// Routes of other routing programs in our table, one sentence for each kind, with what to do.
/// Empty: nothing to say.
///
/// # Errors
/// When the kernel's table cannot be read.
pub fn survey(kernel: &Kernel) -> io::Result<Vec<String>> {
    let mut channel = Channel::open(1 << 20)?;
    channel.filter_dumps();
    let mut counts: BTreeMap<(u8, u32, bool), u64> = BTreeMap::new();
    for v6 in [false, true] {
        let request = message::dump(v6, kernel.table, 0);
        channel.begin_dump(RouteNetlinkMessage::GetRoute(request))?;
        let mut progress = Dump::More;
        while progress == Dump::More {
            progress = channel.dump_slice(|message| {
                let view = RouteView::parse(message.payload);
                if let Some(view) = view.filter(|view| view.table == kernel.table) {
                    *counts.entry((view.protocol, view.metric, v6)).or_default() += 1;
                }
            })?;
        }
    }
    Ok(counts
        .iter()
        .filter_map(|(key, count)| warning(kernel, *key, *count))
        .collect())
}

fn warning(kernel: &Kernel, key: (u8, u32, bool), count: u64) -> Option<String> {
    let (protocol, metric, v6) = key;
    let ours = message::Identity::of(kernel);
    let our_metric = if v6 && ours.metric == 0 {
        1024
    } else {
        ours.metric
    };
    let is_program = PROGRAMS.iter().any(|(number, _)| *number == protocol);
    if !is_program || protocol == ours.protocol && metric == our_metric {
        return None;
    }
    let name = protocol_name(protocol);
    let family = if v6 { "IPv6" } else { "IPv4" };
    let routes = if count == 1 { "route" } else { "routes" };
    let table = match kernel.table {
        254 => "main".to_owned(),
        number => number.to_string(),
    };
    let first = format!(
        "table {table} holds {count} {family} {routes} of proto {name} with metric {metric}"
    );
    let effect = match metric {
        lower if lower < our_metric => format!("they win over ours (metric {our_metric})"),
        equal if equal == our_metric => "they keep out ours of the same prefix".to_owned(),
        _ => format!("ours (metric {our_metric}) win over them"),
    };
    let remedy = if kernel.adopt.contains(&protocol) {
        "[kernel] adopt takes them over or sweeps them; the program that made them must not run"
            .to_owned()
    } else if protocol == kernel.protocol {
        "they carry our own protocol number, so another BGP speaker may be running; stop it, or \
         set another [kernel] protocol"
            .to_owned()
    } else {
        let option = if v6 { "-6 " } else { "" };
        format!(
            "stop the program that made them, then set [kernel] adopt = [\"{name}\"], or remove \
             them with: ip {option}route flush table {table} proto {name}"
        )
    };
    Some(format!("{first}: {effect}; {remedy}"))
}
