//! The attributes that bgpdump prints.
use super::lenient::Lenient;
use super::path::Path;
use super::text;
use bgp_wire::iana::attribute as code;
use std::net::IpAddr;

/// What `-m` prints of the attributes of a route.
#[derive(Clone, Debug, Default)]
pub(super) struct Attributes<'a> {
    origin: Option<u8>,
    path: Option<Path<'a>>,
    newer_path: Option<&'a [u8]>,
    next_hop: Option<[u8; 4]>,
    med: u32,
    local_pref: u32,
    atomic: bool,
    aggregator: Option<(u32, [u8; 4])>,
    newer_aggregator: Option<(u32, [u8; 4])>,
    communities: Option<&'a [u8]>,
    reach: [Option<Reach<'a>>; FAMILIES],
    unreach: [Option<&'a [u8]>; FAMILIES],
}

/// What MP_REACH_NLRI holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach<'a> {
    pub(super) next_hop: IpAddr,
    pub(super) nlri: &'a [u8],
}

/// One of the families bgpdump prints: AFI 1 and 2, SAFI 1 to 3, in this order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Slot(usize);
pub(super) const FAMILIES: usize = 6;

impl Slot {
    pub(super) const IPV4_UNICAST: Self = Self(0);
    pub(super) const IPV6_UNICAST: Self = Self(3);

    fn of(afi: u16, safi: u8) -> Option<Self> {
        match (afi, safi) {
            (1, 1..=3) => Some(Self(usize::from(safi) - 1)),
            (2, 1..=3) => Some(Self(usize::from(safi) + 2)),
            _ => None,
        }
    }

    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0..FAMILIES).map(Self)
    }

    pub(super) fn is_v6(self) -> bool {
        self.0 >= 3
    }
}

impl<'a> Attributes<'a> {
    pub(super) fn read(octets: &'a [u8], four_octet: bool) -> Self {
        let mut attributes = Self::default();
        let mut rest = Lenient(octets);
        while !rest.is_empty() {
            let (flags, kind) = (rest.u8(), rest.u8());
            let length = if flags & code::EXTENDED_LENGTH == 0 {
                usize::from(rest.u8())
            } else {
                usize::from(rest.u16())
            };
            let value = rest.take(length);
            if value.0.len() == length {
                attributes.add(kind, value, four_octet);
            }
        }
        attributes
    }

    fn add(&mut self, kind: u8, mut value: Lenient<'a>, four_octet: bool) {
        let octets = value.0;
        match kind {
            code::ORIGIN => self.origin = Some(value.u8()),
            code::AS_PATH => self.path = Some(Path { octets, four_octet }),
            code::NEXT_HOP => self.next_hop = Some(value.octets()),
            code::MULTI_EXIT_DISC => self.med = value.u32(),
            code::LOCAL_PREF => self.local_pref = value.u32(),
            code::ATOMIC_AGGREGATE => self.atomic = true,
            code::AGGREGATOR => self.aggregator = Some((value.asn(four_octet), value.octets())),
            code::COMMUNITIES => self.communities = Some(octets),
            code::AS4_PATH if !four_octet => self.newer_path = Some(octets),
            code::AS4_AGGREGATOR if !four_octet => {
                self.newer_aggregator = Some((value.u32(), value.octets()));
            }
            code::MP_REACH_NLRI => self.add_reach(value),
            code::MP_UNREACH_NLRI => {
                if let Some(slot) = Slot::of(value.u16(), value.u8())
                    && let Some(unreach @ None) = self.unreach.get_mut(slot.0)
                {
                    *unreach = Some(value.0);
                }
            }
            _ => {}
        }
    }

    fn add_reach(&mut self, mut value: Lenient<'a>) {
        // RFC 6396 §4.3.4: in a table dump a next hop and its length are all there is.
        let abbreviated = value.0.first().is_some_and(|first| *first != 0);
        let slot = if abbreviated {
            Some(Slot::IPV6_UNICAST)
        } else {
            Slot::of(value.u16(), value.u8())
        };
        let Some(slot) = slot else { return };
        let length = usize::from(value.u8());
        let mut octets = value.take(length);
        let next_hop = match length {
            4 => IpAddr::from(octets.octets::<4>()),
            _ => IpAddr::from(octets.octets::<16>()),
        };
        let mut nlri: &[u8] = &[];
        if !abbreviated {
            // RFC 4760 §3: the octet was once the number of SNPAs.
            for _ in 0..value.u8() {
                let length = value.u8();
                value.take(usize::from(length));
            }
            nlri = value.0;
        }
        if let Some(reach @ None) = self.reach.get_mut(slot.0) {
            *reach = Some(Reach { next_hop, nlri });
        }
    }

    pub(super) fn reach(&self, slot: Slot) -> Option<Reach<'a>> {
        self.reach.get(slot.0).copied().flatten()
    }

    pub(super) fn unreach(&self, slot: Slot) -> Option<&'a [u8]> {
        self.unreach.get(slot.0).copied().flatten()
    }

    /// "path|origin|"
    pub(super) fn write_path(&self, out: &mut Vec<u8>) {
        if let Some(path) = self.path {
            match self.newer_path.filter(|_| self.merges()) {
                None => path.write(out),
                Some(octets) => path.write_merged(
                    Path {
                        octets,
                        four_octet: true,
                    },
                    out,
                ),
            }
        }
        out.extend(match self.origin {
            Some(0) => &b"|IGP|"[..],
            Some(1) => b"|EGP|",
            _ => b"|INCOMPLETE|",
        });
    }

    /// NEXT_HOP; 255.255.255.255 where there is none.
    pub(super) fn write_next_hop(&self, out: &mut Vec<u8>) {
        text::ipv4(out, self.next_hop.unwrap_or([255; 4]));
    }

    /// The next hop of a route of a table: of the first of these families that has one.
    pub(super) fn write_table_next_hop(&self, slots: &[Slot], out: &mut Vec<u8>) {
        match slots.iter().find_map(|slot| self.reach(*slot)) {
            Some(reach) => text::address(out, reach.next_hop),
            None => self.write_next_hop(out),
        }
    }

    /// "|local preference|MED"
    pub(super) fn write_preference(&self, out: &mut Vec<u8>) {
        for value in [self.local_pref, self.med] {
            out.push(b'|');
            text::number(out, value);
        }
    }

    /// The same with bgpdump's signed numbers, which it has for IPv4 in MP_REACH_NLRI.
    pub(super) fn write_signed_preference(&self, out: &mut Vec<u8>) {
        for value in [self.local_pref, self.med] {
            out.push(b'|');
            if value.cast_signed() < 0 {
                out.push(b'-');
            }
            text::number(out, value.cast_signed().unsigned_abs());
        }
    }

    /// "communities|NAG|aggregator|" and the end of the line.
    pub(super) fn write_rest(&self, out: &mut Vec<u8>) {
        text::communities(out, self.communities.unwrap_or(&[]));
        out.extend(if self.atomic { &b"|AG|"[..] } else { b"|NAG|" });
        let aggregator = match (self.aggregator, self.newer_aggregator) {
            (Some((TRANS, _)), Some(newer)) => Some(newer),
            (aggregator, _) => aggregator,
        };
        if let Some((asn, address)) = aggregator.filter(|(_, address)| *address != [255; 4]) {
            text::number(out, asn);
            out.push(b' ');
            text::ipv4(out, address);
        }
        out.extend(b"|\n");
    }

    /// RFC 6793 §4.2.3: an AGGREGATOR of another AS than AS_TRANS beside AS4_AGGREGATOR means that
    /// neither AS4_AGGREGATOR nor AS4_PATH are used.
    fn merges(&self) -> bool {
        match (self.aggregator, self.newer_aggregator) {
            (Some((asn, _)), Some(_)) => asn == TRANS,
            _ => true,
        }
    }
}

/// AS_TRANS (RFC 6793 §9).
const TRANS: u32 = 23_456;
