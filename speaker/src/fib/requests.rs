//! Requests to the kernel about single routes, encoded one behind the other into one buffer.
//!
//! The packet crate builds a tree of values for each message and walks it twice; with half a
//! million of them that was a fifth of the thread's time. A request about a route is a header and
//! at most seven attributes, so they are written here, some 60 octets without an allocation. What
//! the kernel says is read by the packet crate; the tests send each form through it.
use super::{FibNextHop, message::Identity};
use ipnet::IpNet;
use std::{net::IpAddr, ops::Range};

/// nlmsghdr
const HEADER: usize = 16;
/// rtnexthop
const NEXT_HOP: usize = 8;

// rtm_scope, rtm_type
const UNIVERSE: u8 = 0;
const NOWHERE: u8 = 255;
const UNICAST: u8 = 1;
const ANY_KIND: u8 = 0;
// RTA_*
const DESTINATION: u16 = 1;
const INTERFACE: u16 = 4;
const GATEWAY: u16 = 5;
const PRIORITY: u16 = 6;
const SOURCE: u16 = 7;
const METRICS: u16 = 8;
const MULTIPATH: u16 = 9;
const TABLE: u16 = 15;
const VIA: u16 = 18;
// RTAX_*
const LOCK: u16 = 1;
const MTU: u16 = 2;

/// A route in a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'r> {
    pub(super) prefix: &'r IpNet,
    pub(super) next_hops: &'r [FibNextHop],
    pub(super) source: Option<IpAddr>,
    /// for an addition
    pub(super) mtu: Option<Mtu>,
    pub(super) identity: &'r Identity,
    /// a deletion takes any kind (blackhole, …), not only a unicast route
    pub(super) any_kind: bool,
}

/// Path MTU of routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mtu {
    /// octets
    pub octets: u32,
    /// what path MTU discovery finds does not change it
    pub locked: bool,
}

/// Encoded requests, each for one write, by its number.
#[derive(Debug, Default)]
pub(super) struct Requests {
    octets: Vec<u8>,
    /// write, and where its request ends
    ends: Vec<(usize, usize)>,
}

impl Requests {
    /// Appends one. `kind` and `flags` as in the header; the sequence number comes when it is sent.
    pub(super) fn push(&mut self, write: usize, kind: u16, flags: u16, subject: &Subject<'_>) {
        let start = self.octets.len();
        self.octets.extend_from_slice(&[0; HEADER]);
        put(&mut self.octets, start + 4, &kind.to_ne_bytes());
        put(&mut self.octets, start + 6, &flags.to_ne_bytes());
        body(&mut self.octets, subject);
        let length = u32::try_from(self.octets.len() - start).unwrap_or(u32::MAX);
        put(&mut self.octets, start, &length.to_ne_bytes());
        self.ends.push((write, self.octets.len()));
    }

    /// Appends those of `others` whose write `keep` wants.
    pub(super) fn take_from(&mut self, others: &Self, keep: impl Fn(usize) -> bool) {
        let mut start = 0;
        for (write, end) in &others.ends {
            if keep(*write) {
                let request = others.octets.get(start..*end).unwrap_or_default();
                self.octets.extend_from_slice(request);
                self.ends.push((*write, self.octets.len()));
            }
            start = *end;
        }
    }

    /// How many, from request number `from` on, fit into `room` octets: at least one, where there
    /// is one left.
    pub(super) fn fit(&self, from: usize, room: usize) -> Range<usize> {
        let begin = self.begin_of(from);
        let rest = self.ends.get(from..).unwrap_or_default();
        let fitting = rest.partition_point(|(_, end)| end - begin <= room);
        from..from + fitting.max(1).min(rest.len())
    }

    /// The octets of these requests, numbered from `sequence` on, and their writes.
    pub(super) fn numbered(
        &mut self,
        which: Range<usize>,
        sequence: u32,
    ) -> (&[u8], impl Iterator<Item = usize>) {
        let mut start = self.begin_of(which.start);
        let begin = start;
        let ends = self.ends.get(which).unwrap_or_default();
        for (number, (_, end)) in (sequence..).zip(ends) {
            put(&mut self.octets, start + 8, &number.to_ne_bytes());
            start = *end;
        }
        let octets = self.octets.get(begin..start).unwrap_or_default();
        (octets, ends.iter().map(|(write, _)| *write))
    }

    fn begin_of(&self, request: usize) -> usize {
        let before = request.checked_sub(1);
        before
            .and_then(|before| self.ends.get(before))
            .map_or(0, |(_, end)| *end)
    }
}

fn put(octets: &mut [u8], at: usize, value: &[u8]) {
    if let Some(place) = octets.get_mut(at..at + value.len()) {
        place.copy_from_slice(value);
    }
}

/// rtmsg and its attributes.
fn body(octets: &mut Vec<u8>, subject: &Subject<'_>) {
    let Subject {
        prefix,
        identity,
        any_kind,
        ..
    } = subject;
    let family = if prefix.addr().is_ipv4() {
        libc::AF_INET
    } else {
        libc::AF_INET6
    };
    let (scope, kind) = if *any_kind {
        (NOWHERE, ANY_KIND)
    } else {
        (UNIVERSE, UNICAST)
    };
    let small_table = u8::try_from(identity.table);
    octets.extend_from_slice(&[
        // AF_INET and AF_INET6 are 2 and 10.
        family as u8,
        prefix.prefix_len(),
        0,
        0,
        small_table.unwrap_or(0),
        identity.protocol,
        scope,
        kind,
        0,
        0,
        0,
        0,
    ]);
    address(octets, DESTINATION, prefix.addr());
    if small_table.is_err() {
        attribute(octets, TABLE, &identity.table.to_ne_bytes());
    }
    // Never 0 for IPv6: to a deletion that would mean "any". IPv4 has no other word for 0, but
    // then the lowest metric comes first, and that is it.
    attribute(octets, PRIORITY, &identity.metric_of(prefix).to_ne_bytes());
    if let Some(source) = subject.source {
        address(octets, SOURCE, source);
    }
    if let Some(Mtu {
        octets: mtu,
        locked,
    }) = subject.mtu
    {
        nested(octets, METRICS, |octets| {
            if locked {
                attribute(octets, LOCK, &(1_u32 << MTU).to_ne_bytes());
            }
            attribute(octets, MTU, &mtu.to_ne_bytes());
        });
    }
    match subject.next_hops {
        [hop] if hop.weight <= 1 => {
            gateway(octets, prefix, hop.address);
            if let Some(interface) = hop.interface {
                attribute(octets, INTERFACE, &interface.to_ne_bytes());
            }
        }
        [] => {}
        several => nested(octets, MULTIPATH, |octets| {
            for hop in several {
                next_hop(octets, prefix, hop);
            }
        }),
    }
}

/// rtnexthop: length 2, flags 1, weight 1, interface 4, then its gateway.
fn next_hop(octets: &mut Vec<u8>, prefix: &IpNet, hop: &FibNextHop) {
    let start = octets.len();
    octets.extend_from_slice(&[0; NEXT_HOP]);
    // The kernel counts weights from 0.
    let weight = u8::try_from(hop.weight.saturating_sub(1)).unwrap_or(u8::MAX);
    put(octets, start + 3, &[weight]);
    put(octets, start + 4, &hop.interface.unwrap_or(0).to_ne_bytes());
    gateway(octets, prefix, hop.address);
    let length = u16::try_from(octets.len() - start).unwrap_or(u16::MAX);
    put(octets, start, &length.to_ne_bytes());
}

fn gateway(octets: &mut Vec<u8>, prefix: &IpNet, hop: IpAddr) {
    match (prefix, hop) {
        // RFC 8950: an IPv4 prefix may have an IPv6 next hop.
        (IpNet::V4(_), IpAddr::V6(v6)) => nested(octets, VIA, |octets| {
            octets.extend_from_slice(&(libc::AF_INET6 as u16).to_ne_bytes());
            octets.extend_from_slice(&v6.octets());
        }),
        _ => address(octets, GATEWAY, hop),
    }
}

fn address(octets: &mut Vec<u8>, kind: u16, address: IpAddr) {
    match address {
        IpAddr::V4(v4) => attribute(octets, kind, &v4.octets()),
        IpAddr::V6(v6) => attribute(octets, kind, &v6.octets()),
    }
}

/// Values here are short and whole words.
fn attribute(octets: &mut Vec<u8>, kind: u16, value: &[u8]) {
    let length = 4 + value.len() as u16;
    octets.extend_from_slice(&length.to_ne_bytes());
    octets.extend_from_slice(&kind.to_ne_bytes());
    octets.extend_from_slice(value);
}

/// An attribute whose value `value` appends; padded to a whole word.
fn nested(octets: &mut Vec<u8>, kind: u16, value: impl FnOnce(&mut Vec<u8>)) {
    let start = octets.len();
    attribute(octets, kind, &[]);
    value(octets);
    let length = u16::try_from(octets.len() - start).unwrap_or(u16::MAX);
    put(octets, start, &length.to_ne_bytes());
    octets.resize(octets.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fib::message::RouteView, netlink::Messages};

    const IDENTITY: Identity = Identity {
        table: 254,
        metric: 32,
        protocol: 186,
    };

    fn hop(address: &str, interface: Option<u32>, weight: u16) -> FibNextHop {
        FibNextHop {
            address: address.parse().unwrap(),
            interface,
            weight,
        }
    }

    fn round_trip(prefix: &str, hops: &[FibNextHop], source: Option<&str>, table: u32) {
        let prefix = prefix.parse().unwrap();
        let identity = Identity { table, ..IDENTITY };
        let source = source.map(|source| source.parse().unwrap());
        let mtu = source.map(|_| Mtu {
            octets: 1400,
            locked: true,
        });
        let mut requests = Requests::default();
        for write in [3, 4] {
            requests.push(
                write,
                24,
                0x401,
                &Subject {
                    prefix: &prefix,
                    next_hops: hops,
                    source,
                    mtu,
                    identity: &identity,
                    any_kind: false,
                },
            );
        }
        let (octets, writes) = requests.numbered(0..2, 77);
        assert_eq!(writes.collect::<Vec<_>>(), [3, 4]);
        let messages: Vec<_> = Messages::of(octets, octets.len()).collect();
        assert_eq!(messages.len(), 2);
        for (message, sequence) in messages.iter().zip(77..) {
            assert_eq!((message.kind, message.flags), (24, 0x401));
            assert_eq!(message.sequence, sequence);
            let view = RouteView::parse(message.payload).unwrap();
            assert!(view.is_of(&identity), "{view:?}");
            assert_eq!((view.prefix, view.source, view.mtu), (prefix, source, mtu));
            assert_eq!(view.next_hops.len(), hops.len());
            for (wanted, found) in hops.iter().zip(&view.next_hops) {
                assert!(wanted.is_met_by(found), "{wanted:?} {found:?}");
            }
        }
    }

    #[test]
    fn what_we_write_is_what_we_read() {
        round_trip("10.0.0.0/8", &[hop("10.1.1.2", None, 1)], None, 254);
        let default = &[hop("10.1.1.2", None, 1)];
        round_trip("0.0.0.0/0", default, Some("10.5.5.5"), 1000);
        round_trip("10.0.0.0/8", &[hop("fe80::2", Some(7), 1)], None, 255);
        let link_local = &[hop("fe80::2", Some(7), 1)];
        round_trip("fd00::/16", link_local, Some("fd05::5"), 256);
        let two = [hop("fd00::2", None, 1), hop("fd00::3", None, 20)];
        round_trip("::/0", &two, None, 254);
        round_trip("10.0.0.0/8", &two, None, 254);
        round_trip("10.0.0.0/8", &[hop("10.1.1.2", None, 3)], None, 254);
    }

    #[test]
    fn requests_go_out_in_sends_of_what_fits() {
        let prefix = "10.0.0.0/8".parse().unwrap();
        let mut requests = Requests::default();
        let hops = [hop("10.1.1.2", None, 1)];
        for write in 0..10 {
            let subject = Subject {
                prefix: &prefix,
                next_hops: &hops,
                source: None,
                mtu: None,
                identity: &IDENTITY,
                any_kind: false,
            };
            requests.push(write, 24, 1, &subject);
        }
        let one = requests.octets.len() / 10;
        assert_eq!(requests.fit(0, one * 4 + 1), 0..4);
        assert_eq!(requests.fit(8, one * 4), 8..10);
        assert_eq!(requests.fit(3, 1), 3..4, "one always goes");
        assert_eq!(requests.fit(10, one), 10..10);
        let mut odd = Requests::default();
        odd.take_from(&requests, |write| write % 2 == 1);
        let (octets, writes) = odd.numbered(1..3, 5);
        assert_eq!(octets.len(), 2 * one);
        assert_eq!(writes.collect::<Vec<_>>(), [3, 5]);
    }
}
