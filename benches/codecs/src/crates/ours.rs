//! bgp-wire: a checked view, then iterators; owned attributes and the packer for writing.
use crate::{Reader, Writer};
use bgp_wire::{
    AttributeSet, Family, Ipv4Unicast, Ipv6Unicast, MessageSize, NextHop, Nlri, Packer, Update,
    UpdateContext,
};
use codec::corpus::{Recorded, SIZE, context};
use codec::walk::{Sum, walk};

pub struct Ours;

impl Reader for Ours {
    type Session = UpdateContext;
    type Octets = Vec<u8>;
    const NAME: &'static str = "bgp-wire";

    fn session(four_octet_as: bool) -> UpdateContext {
        context(four_octet_as)
    }

    fn octets(message: &[u8]) -> Vec<u8> {
        message.to_vec()
    }

    fn walk(context: &mut UpdateContext, octets: &Vec<u8>) -> Option<Sum> {
        walk(octets, context).ok()
    }
}

/// An UPDATE of one family.
pub struct Value {
    set: AttributeSet,
    size: MessageSize,
    nlri: Run,
}

enum Run {
    Announce4(NextHop, Vec<Nlri<Ipv4Unicast>>),
    Announce6(NextHop, Vec<Nlri<Ipv6Unicast>>),
    Withdraw4(Vec<Nlri<Ipv4Unicast>>),
    Withdraw6(Vec<Nlri<Ipv6Unicast>>),
}

impl Writer for Ours {
    type Value = Value;
    const NAME: &'static str = <Self as Reader>::NAME;

    fn value(message: Recorded<'_>) -> Option<Value> {
        let context = context(message.four_octet_as);
        let update = Update::parse(message.octets, &context).ok()?;
        let announced: Vec<_> = update.announced_families().collect();
        let withdrawn: Vec<_> = update.withdrawn_families().collect();
        let nlri = match (announced.as_slice(), withdrawn.as_slice()) {
            ([Family::IPV4_UNICAST], []) => Run::Announce4(
                update.next_hop(Family::IPV4_UNICAST)?,
                update.announced().collect(),
            ),
            ([Family::IPV6_UNICAST], []) => Run::Announce6(
                update.next_hop(Family::IPV6_UNICAST)?,
                update.announced().collect(),
            ),
            ([], [Family::IPV4_UNICAST]) => Run::Withdraw4(update.withdrawn().collect()),
            ([], [Family::IPV6_UNICAST]) => Run::Withdraw6(update.withdrawn().collect()),
            _ => return None,
        };
        Some(Value {
            set: update.attributes().to_set(),
            size: MessageSize {
                four_octet_as: message.four_octet_as,
                ..SIZE
            },
            nlri,
        })
    }

    fn write(value: &mut Value, out: &mut Vec<u8>) -> bool {
        let Value { set, size, nlri } = value;
        let messages = match nlri {
            Run::Announce4(hop, nlri) => Packer::announce_set(out, *size, set, *hop, nlri),
            Run::Announce6(hop, nlri) => Packer::announce_set(out, *size, set, *hop, nlri),
            Run::Withdraw4(nlri) => Ok(Packer::withdraw(out, *size, nlri)),
            Run::Withdraw6(nlri) => Ok(Packer::withdraw(out, *size, nlri)),
        };
        messages == Ok(1)
    }
}
