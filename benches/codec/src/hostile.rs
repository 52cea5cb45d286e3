//! UPDATEs of up to 65,535 octets that are made to be expensive: as many things as possible to
//! look at, to find wrong, or to compare with each other.
//!
//! Each is as long as is asked for, so that the cost of one length can be held against that of
//! another: a reader that looks at anything more often than a fixed number of times shows.
use bgp_wire::{
    Disposition, Evpn, Family, Fault, Ipv4Flowspec, Ipv4Labeled, Ipv4Unicast, Ipv6Unicast,
    SessionType, Update, UpdateContext, Vpnv4,
};

/// A kind of hostile message.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// What it is full of.
    pub name: &'static str,
    /// Makes one of so many octets, or a few less.
    pub make: fn(usize) -> Vec<u8>,
    /// Whether the session has two-octet AS numbers.
    pub two_octet_as: bool,
    /// Whether NLRI have path identifiers.
    pub add_path: bool,
    /// Name of the honest one that it is measured by: of the same family.
    pub honest: &'static str,
}

const PREFIXES: &str = "honest: /24 prefixes";
const IPV6_PREFIXES: &str = "honest: IPv6 /48 prefixes";
const LABELED_PREFIXES: &str = "honest: labelled /24 prefixes";
const VPN_PREFIXES: &str = "honest: VPN /24 prefixes";
const FLOW_RULES: &str = "honest: flow rules of three tests";
const MAC_ROUTES: &str = "honest: EVPN MAC routes";

/// What the others are measured by: honest messages, full of what their family is for.
pub const HONEST: &[Shape] = &[
    shape(PREFIXES, |size| {
        message(size, &[], |out, room| fill(out, room, &[24, 192, 0, 2]))
    }),
    shape(IPV6_PREFIXES, |size| {
        let prefix = [48, 0x20, 1, 0x0d, 0xb8, 0, 1];
        reach(size, Family::IPV6_UNICAST, &[0x20; 16], &prefix)
    })
    .beside(IPV6_PREFIXES),
    shape(LABELED_PREFIXES, |size| {
        let prefix = [48, 0, 0x06, 0x41, 192, 0, 2];
        reach(size, Family::IPV4_LABELED, &[10, 0, 0, 1], &prefix)
    })
    .beside(LABELED_PREFIXES),
    shape(VPN_PREFIXES, |size| {
        let prefix = [112, 0, 0x06, 0x41, 0, 0, 0xfd, 0xe9, 0, 0, 0, 1, 192, 0, 2];
        reach(size, Family::VPNV4, VPN_NEXT_HOP, &prefix)
    })
    .beside(VPN_PREFIXES),
    shape(FLOW_RULES, |size| {
        let rule = [11, 1, 24, 192, 0, 2, 3, 0x81, 6, 5, 0x81, 80];
        reach(size, Family::IPV4_FLOWSPEC, &[], &rule)
    })
    .beside(FLOW_RULES),
    shape(MAC_ROUTES, |size| {
        let mut route = vec![2, 33, 0, 0, 0xfd, 0xe9, 0, 0, 0, 1];
        route.extend([0; 14]);
        route.extend([48, 2, 0, 0, 0, 0, 1, 0, 0, 0x06, 0x41]);
        reach(size, Family::EVPN, &[10, 0, 0, 1], &route)
    })
    .beside(MAC_ROUTES),
];

/// 10.0.0.1 behind a route distinguisher of zero.
const VPN_NEXT_HOP: &[u8] = &[0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1];

/// The honest shapes, then the hostile ones.
pub fn every() -> impl Iterator<Item = &'static Shape> {
    HONEST.iter().chain(SHAPES)
}

const fn shape(name: &'static str, make: fn(usize) -> Vec<u8>) -> Shape {
    Shape {
        name,
        make,
        two_octet_as: false,
        add_path: false,
        honest: PREFIXES,
    }
}

/// All of them.
pub const SHAPES: &[Shape] = &[
    shape("tiny unknown attributes", |size| {
        full_of_attributes(size, |number| vec![0xc0, unknown(number), 0])
    }),
    shape("tiny unknown attributes, not transitive", |size| {
        full_of_attributes(size, |number| vec![0x80, unknown(number), 0])
    }),
    shape("the same attribute again and again", |size| {
        full_of_attributes(size, |_| vec![0x80, 4, 4, 0, 0, 0, 1])
    }),
    shape("attributes with wrong flags and lengths", |size| {
        full_of_attributes(size, |number| match number % 3 {
            0 => vec![0x00, 1, 0],
            1 => vec![0xc0, 4, 1, 0],
            _ => vec![0x80, 8, 3, 0, 0, 0],
        })
    }),
    shape("MP_UNREACH_NLRI again and again", |size| {
        full_of_attributes(size, |_| vec![0x80, 15, 3, 0, 2, 1])
    }),
    shape("AS_PATH of segments of one AS", |size| {
        full_attribute(size, 2, &[2, 1, 0, 0, 0xfd, 0xe9])
    }),
    shape("AS_PATH of sets of one AS", |size| {
        full_attribute(size, 2, &[1, 1, 0, 0, 0xfd, 0xe9])
    }),
    shape("AS_PATH of empty segments", |size| {
        full_attribute(size, 2, &[2, 0])
    }),
    Shape {
        two_octet_as: true,
        ..shape("AS_PATH and AS4_PATH to be merged", |size| {
            // Two octets become four: more than a third each, and it would not fit an attribute.
            let third = size / 3 - 200;
            let mut attributes = ORIGIN.to_vec();
            put(&mut attributes, 2, &repeated(third, &[2, 1, 0x5b, 0xa0]));
            attributes.extend(NEXT_HOP);
            put(&mut attributes, 17, &repeated(third, &[2, 1, 0, 1, 0, 0]));
            raw(size, &attributes, |out, room| fill(out, room, PREFIX))
        })
    },
    shape("communities", |size| {
        full_attribute(size, 8, &[0xfd, 0xe9, 0, 1])
    }),
    shape("extended communities", |size| {
        full_attribute(size, 16, &[0, 2, 0xfd, 0xe9, 0, 0, 0, 1])
    }),
    shape("large communities", |size| {
        full_attribute(size, 32, &[0, 0, 0xfd, 0xe9, 0, 0, 0, 1, 0, 0, 0, 2])
    }),
    shape("tunnel encapsulation of empty TLVs", |size| {
        full_attribute(size, 23, &[0, 8, 0, 0])
    }),
    shape("prefixes of no octets", |size| {
        message(size, &[], |out, room| fill(out, room, &[0]))
    }),
    shape("prefixes of one octet", |size| {
        message(size, &[], |out, room| fill(out, room, &[1, 0x80]))
    }),
    shape("prefixes of unlike lengths", |size| {
        message(size, &[], |out, room| {
            fill(
                out,
                room,
                &[0, 32, 1, 2, 3, 4, 8, 10, 16, 10, 1, 24, 10, 1, 2, 9, 10, 0],
            );
        })
    }),
    Shape {
        add_path: true,
        ..shape("prefixes of no octets with path identifiers", |size| {
            message(size, &[], |out, room| fill(out, room, &[0, 0, 0, 1, 0]))
        })
    },
    shape("a wrong prefix at the end", |size| {
        message(size, &[], |out, room| {
            fill(out, room - 1, &[24, 192, 0, 2]);
            out.push(33);
        })
    }),
    shape("IPv6 prefixes of no octets", |size| {
        reach(size, Family::IPV6_UNICAST, &[0x20; 16], &[0])
    })
    .beside(IPV6_PREFIXES),
    shape("flow rules of one test", |size| {
        reach(size, Family::IPV4_FLOWSPEC, &[], &[3, 3, 0x81, 6])
    })
    .beside(FLOW_RULES),
    shape("flow rules that are malformed", |size| {
        reach(size, Family::IPV4_FLOWSPEC, &[], &[1, 99])
    })
    .beside(FLOW_RULES),
    shape("flow rules of 4,000 octets", |size| {
        let tests = [[0x01, 6].repeat(1_999), vec![0x81, 6]].concat();
        let rule = [&[0xff, 0xa1, 3][..], &tests].concat();
        reach(size, Family::IPV4_FLOWSPEC, &[], &rule)
    })
    .beside(FLOW_RULES),
    shape("EVPN routes of no octets", |size| {
        reach(size, Family::EVPN, &[10, 0, 0, 1], &[2, 0])
    })
    .beside(MAC_ROUTES),
    shape("labelled prefixes of one label", |size| {
        reach(size, Family::IPV4_LABELED, &[10, 0, 0, 1], &[24, 0, 0, 1])
    })
    .beside(LABELED_PREFIXES),
    shape("labelled prefixes without a last label", |size| {
        reach(
            size,
            Family::IPV4_LABELED,
            &[10, 0, 0, 1],
            &[56, 0, 0, 0, 0, 0, 0, 10],
        )
    })
    .beside(LABELED_PREFIXES),
    shape("VPN prefixes of no bits", |size| {
        let prefix = [88, 0, 0, 1, 0, 0, 0xfd, 0xe9, 0, 0, 0, 1];
        reach(size, Family::VPNV4, VPN_NEXT_HOP, &prefix)
    })
    .beside(VPN_PREFIXES),
];

const ORIGIN: &[u8] = &[0x40, 1, 1, 0];
const AS_PATH: &[u8] = &[0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9];
const NEXT_HOP: &[u8] = &[0x40, 3, 4, 10, 0, 0, 2];
const PREFIX: &[u8] = &[24, 192, 0, 2];

/// Type codes without a row of the table, in turn.
fn unknown(number: usize) -> u8 {
    u8::try_from(number % 100).map_or(200, |number| number.saturating_add(150))
}

/// `unit` as often as it fits into `room` octets.
fn fill(out: &mut Vec<u8>, room: usize, unit: &[u8]) {
    out.extend(repeated(room, unit));
}

fn repeated(room: usize, unit: &[u8]) -> Vec<u8> {
    unit.repeat(room / unit.len())
}

fn put(out: &mut Vec<u8>, code: u8, value: &[u8]) {
    let flags = match code {
        1..=6 => 0x50,
        14 | 15 => 0x90,
        _ => 0xd0,
    };
    out.extend([flags, code]);
    out.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend(value);
}

/// A message of these attributes, whose NLRI `fill` writes into the room that is left.
fn message(size: usize, attributes: &[u8], nlri: impl Fn(&mut Vec<u8>, usize)) -> Vec<u8> {
    let mandatory = [ORIGIN, AS_PATH, NEXT_HOP].concat();
    raw(size, &[&mandatory, attributes].concat(), nlri)
}

fn raw(size: usize, attributes: &[u8], nlri: impl Fn(&mut Vec<u8>, usize)) -> Vec<u8> {
    let mut out = vec![0xff; 16];
    out.extend([0, 0, 2, 0, 0]);
    let length = u16::try_from(attributes.len()).unwrap_or(u16::MAX);
    out.extend(length.to_be_bytes());
    out.extend(attributes);
    let room = size.saturating_sub(out.len());
    nlri(&mut out, room);
    let length = u16::try_from(out.len()).unwrap_or(u16::MAX).to_be_bytes();
    out[16..18].copy_from_slice(&length);
    out
}

fn with_attributes(size: usize, attributes: &[u8]) -> Vec<u8> {
    let path = attributes.get(1) == Some(&2);
    let first = if path { &[][..] } else { AS_PATH };
    let attributes = [ORIGIN, first, NEXT_HOP, attributes].concat();
    raw(size, &attributes, |out, _| out.extend(PREFIX))
}

/// Octets of everything but the attribute that is to be large.
const AROUND: usize = 64;

fn full_attribute(size: usize, code: u8, unit: &[u8]) -> Vec<u8> {
    let mut attributes = Vec::new();
    put(&mut attributes, code, &repeated(size - AROUND, unit));
    with_attributes(size, &attributes)
}

fn full_of_attributes(size: usize, make: impl Fn(usize) -> Vec<u8>) -> Vec<u8> {
    let mut attributes = Vec::new();
    for number in 0.. {
        let one = make(number);
        if attributes.len() + one.len() > size - AROUND {
            break;
        }
        attributes.extend(one);
    }
    with_attributes(size, &attributes)
}

fn reach(size: usize, family: Family, next_hop: &[u8], unit: &[u8]) -> Vec<u8> {
    let mut value = family.afi.to_be_bytes().to_vec();
    value.push(family.safi);
    value.push(u8::try_from(next_hop.len()).unwrap_or(0));
    value.extend(next_hop);
    value.push(0);
    let room = size - AROUND - value.len();
    fill(&mut value, room, unit);
    let mut attributes = Vec::new();
    put(&mut attributes, 14, &value);
    attributes.extend([ORIGIN, AS_PATH].concat());
    raw(size, &attributes, |_, _| ())
}

impl Shape {
    const fn beside(mut self, honest: &'static str) -> Self {
        self.honest = honest;
        self
    }

    /// The session that it comes over.
    #[must_use]
    pub fn context(&self) -> UpdateContext {
        let families = vec![
            Family::IPV4_UNICAST,
            Family::IPV6_UNICAST,
            Family::IPV4_FLOWSPEC,
            Family::EVPN,
            Family::IPV4_LABELED,
            Family::VPNV4,
        ];
        UpdateContext {
            session: SessionType::Ebgp,
            four_octet_as: !self.two_octet_as,
            add_path: if self.add_path {
                vec![Family::IPV4_UNICAST]
            } else {
                vec![]
            },
            families,
            ..UpdateContext::default()
        }
    }
}

/// What a speaker does with a message: it is parsed; its faults are told; where it may be used, its
/// NLRI are read and its attributes made canonical, and where not, its NLRI are read to be withdrawn.
///
/// # Errors
/// Where the message ends the session.
pub fn take(
    message: &[u8],
    context: &UpdateContext,
    canonical: &mut Vec<u8>,
) -> Result<usize, Fault> {
    let update = Update::parse(message, context)?;
    let mut count = update.faults().count();
    for family in update.announced_families() {
        count += match family {
            Family::IPV4_UNICAST => update.announced::<Ipv4Unicast>().count(),
            Family::IPV6_UNICAST => update.announced::<Ipv6Unicast>().count(),
            Family::IPV4_FLOWSPEC => update.announced::<Ipv4Flowspec>().count(),
            Family::EVPN => update.announced::<Evpn>().count(),
            Family::IPV4_LABELED => update.announced::<Ipv4Labeled>().count(),
            Family::VPNV4 => update.announced::<Vpnv4>().count(),
            other => update.announced_octets(other).count(),
        };
    }
    if update.disposition() < Disposition::TreatAsWithdraw {
        canonical.clear();
        let attributes = update.attributes();
        attributes.canonical(canonical);
        count += canonical.len();
        count += attributes.as_path().map_or(0, |path| path.asns().count());
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each shape is what it says: of its size, and read to its end or refused for what is in it.
    #[test]
    fn shapes_are_as_long_as_asked_for() {
        for shape in every() {
            for size in [16_384, 65_535] {
                let octets = (shape.make)(size);
                assert!(
                    octets.len() <= size && octets.len() + 4_200 > size,
                    "{}: {} of {size}",
                    shape.name,
                    octets.len()
                );
                let framed = bgp_wire::frame(&octets, 65_535);
                assert!(matches!(framed, Ok(Some(_))), "{}", shape.name);
            }
        }
    }

    /// The merged path is as long as the longer of both.
    #[test]
    fn paths_are_merged() {
        let shape = SHAPES.iter().find(|shape| shape.two_octet_as).unwrap();
        let octets = (shape.make)(65_535);
        let update = Update::parse(&octets, &shape.context()).unwrap();
        let path = update.attributes().as_path().unwrap();
        assert_eq!(path.asns().filter(|asn| asn.0 == 65_536).count(), 3_607);
    }

    #[test]
    fn verdicts() {
        let mut canonical = Vec::new();
        for shape in every() {
            let octets = (shape.make)(65_535);
            let verdict = take(&octets, &shape.context(), &mut canonical);
            let ends = [
                "MP_UNREACH_NLRI again and again",
                "a wrong prefix at the end",
            ];
            assert_eq!(
                verdict.is_err(),
                ends.contains(&shape.name),
                "{} {verdict:?}",
                shape.name
            );
        }
    }
}
