//! What was accepted is sent on: read, written for another neighbor, and read again.
use crate::context::{self, Chosen};
use crate::families::{self, Visitor};
use crate::message::{check_messages, whole};
use bgp_wire::{
    AddressFamily, Asn, Attributes, Disposition, DoesNotFit, MessageSize, NextHop, Nlri, Packer,
    PathId, RouterId, Update, UpdateContext,
    attr::{Change, Reflection, Rewrite},
    frame,
};
use std::net::Ipv4Addr;

/// The octets are a context (two of them) and an UPDATE, or the body of one.
///
/// # Panics
/// When what was accepted cannot be sent, or means something else where it arrives.
pub fn round_trip(input: &[u8]) {
    let Some((chosen, input)) = context::split(input) else {
        return;
    };
    let message = whole(2, input);
    let Ok(update) = Update::parse(&message[..], &chosen.reading) else {
        return;
    };
    let mut canonical = Vec::new();
    update.attributes().canonical(&mut canonical);
    if update.disposition() < Disposition::TreatAsWithdraw {
        rewritten(&canonical, rewrite(chosen.rewrite));
    }
    families::each(&mut Sent {
        update: &update,
        canonical: &canonical,
        chosen: &chosen,
    });
}

fn rewrite(number: u8) -> Rewrite {
    let asn = Asn(4_200_000_001);
    match number {
        0 => Rewrite::default(),
        1 => Rewrite::external(asn),
        2 => Rewrite::internal(100),
        3 => Rewrite {
            prepend: Some((asn, 255)),
            ..Rewrite::default()
        },
        4 => Rewrite {
            prepend: Some((Asn(65_001), 3)),
            med: Change::Set(7),
            ..Rewrite::internal(1)
        },
        5 => Rewrite {
            reflect: RouterId::new(Ipv4Addr::new(192, 0, 2, 1)).map(|originator| Reflection {
                originator,
                cluster: 0x0a00_0001,
            }),
            ..Rewrite::default()
        },
        6 => Rewrite {
            drop_internal: true,
            med: Change::Fill(0),
            ..Rewrite::default()
        },
        _ => Rewrite {
            local_pref: Change::Remove,
            ..Rewrite::default()
        },
    }
}

/// A rewrite makes canonical octets of canonical octets, and does what it is told.
fn rewritten(canonical: &[u8], rewrite: Rewrite) {
    let mut octets = Vec::new();
    rewrite.apply(canonical, &mut octets);
    let attributes = Attributes::from_canonical(&octets);
    let mut again = Vec::new();
    attributes.canonical(&mut again);
    assert_eq!(again, octets, "{rewrite:?} made something else of it");
    let before = Attributes::from_canonical(canonical);
    if rewrite == Rewrite::default() {
        assert_eq!(octets, canonical, "a rewrite that changes nothing");
    }
    if let Some((asn, times)) = rewrite.prepend {
        let path = attributes.as_path().expect("a path with our AS in it");
        assert_eq!(path.first(), Some(asn));
        let length = before.as_path().map_or(0, |path| path.length());
        assert_eq!(path.length(), length + usize::from(times), "{path}");
    }
    if rewrite.drop_internal {
        assert_eq!(
            (attributes.local_pref(), attributes.originator_id()),
            (None, None)
        );
        let mut segments = attributes.as_path().into_iter().flat_map(|p| p.segments());
        assert!(segments.all(|segment| !segment.kind.is_confederation()));
    }
    if let Change::Set(med) = rewrite.med {
        assert_eq!(attributes.med(), Some(med));
    }
    if let Some(Reflection { cluster, .. }) = rewrite.reflect {
        assert_eq!(attributes.cluster_list().next(), Some(cluster));
        assert!(attributes.originator_id().is_some());
    }
}

struct Sent<'a> {
    update: &'a Update<&'a [u8]>,
    canonical: &'a [u8],
    chosen: &'a Chosen,
}

impl Visitor for Sent<'_> {
    fn visit<F: AddressFamily>(&mut self) {
        let withdrawn: Vec<Nlri<F>> = self.update.withdrawn::<F>().collect();
        if !withdrawn.is_empty() {
            self.withdrawn(&withdrawn);
        }
        // Only what was accepted is ever announced again.
        if self.update.disposition() < Disposition::TreatAsWithdraw {
            for (next_hop, run) in self.update.announcements::<F>() {
                self.announced::<F>(next_hop, &run.collect::<Vec<_>>());
            }
        }
    }
}

impl Sent<'_> {
    fn withdrawn<F: AddressFamily>(&self, routes: &[Nlri<F>]) {
        let size = self.chosen.writing;
        let mut octets = Vec::new();
        let messages = Packer::withdraw(&mut octets, size, routes);
        assert_eq!(check_messages(&octets, size.max), messages);
        let context = self.context::<F>();
        let mut arrived: Vec<(PathId, F::Key)> = Vec::new();
        for update in read(&octets, &context) {
            assert_eq!(update.announced_families().count(), 0);
            let keys = update.withdrawn::<F>().map(|nlri| (nlri.path_id, nlri.key));
            arrived.extend(keys);
        }
        let fits = |nlri: &&Nlri<F>| {
            let mut one = Vec::new();
            nlri.encode_withdrawn(size.add_path, &mut one);
            // The longest head: header, lengths, and MP_UNREACH_NLRI with an extended length.
            one.len() + 30 <= size.max
        };
        let sent = routes.iter().filter(fits);
        let sent = sent.map(|nlri| (path_id(nlri, size), nlri.key.clone()));
        assert_eq!(
            arrived,
            sent.collect::<Vec<_>>(),
            "withdrawn of {}",
            F::FAMILY
        );
    }

    fn announced<F: AddressFamily>(&self, next_hop: NextHop, routes: &[Nlri<F>]) {
        let size = self.chosen.writing;
        let context = self.context::<F>();
        let mut octets = vec![0xaa];
        let sent = Packer::announce(&mut octets, size, self.canonical, next_hop, routes);
        let messages = match sent {
            Ok(messages) => messages,
            Err(DoesNotFit { needed, max }) => {
                assert!(needed > max, "{needed} octets would fit into {max}");
                assert_eq!((max, octets.len()), (size.max, 1), "something was appended");
                return;
            }
        };
        let octets = octets.split_off(1);
        assert_eq!(check_messages(&octets, size.max), messages);
        let mut arrived: Vec<Nlri<F>> = Vec::new();
        for update in read(&octets, &context) {
            assert_eq!(update.withdrawn_families().count(), 0);
            assert_eq!(
                update.disposition(),
                Disposition::Accept,
                "our own UPDATE: {:?}",
                update.faults().collect::<Vec<_>>()
            );
            let mut canonical = Vec::new();
            update.attributes().canonical(&mut canonical);
            self.same_attributes(&canonical);
            let arrived_hop = update.next_hop(F::FAMILY).expect("a next hop");
            assert!(
                arrived_hop == next_hop || arrived_hop == mapped(next_hop),
                "{next_hop} became {arrived_hop}"
            );
            arrived.extend(update.announced::<F>());
        }
        let expected: Vec<Nlri<F>> = routes
            .iter()
            .map(|nlri| Nlri {
                path_id: path_id(nlri, size),
                ..nlri.clone()
            })
            .collect();
        assert_eq!(arrived, expected, "announced of {}", F::FAMILY);
        // The second round.
        let mut again = Vec::new();
        let messages_again = Packer::announce(&mut again, size, self.canonical, next_hop, &arrived);
        assert_eq!((messages_again, again), (Ok(messages), octets));
    }

    /// Attributes that arrived are those that were sent.
    fn same_attributes(&self, arrived: &[u8]) {
        let path = Attributes::from_canonical(self.canonical).as_path();
        let confederation =
            path.is_some_and(|path| path.segments().any(|one| one.kind.is_confederation()));
        // RFC 6793 §3: AS4_PATH carries no confederation segments, so between such neighbors a path
        // with large numbers in it may come out otherwise.
        if self.chosen.writing.four_octet_as || !confederation {
            assert_eq!(arrived, self.canonical, "attributes changed on the way");
        }
    }

    /// How the neighbor reads what is written.
    fn context<F: AddressFamily>(&self) -> UpdateContext {
        let size = self.chosen.writing;
        UpdateContext {
            four_octet_as: size.four_octet_as,
            add_path: if size.add_path {
                vec![F::FAMILY]
            } else {
                Vec::new()
            },
            ..self.chosen.reading.clone()
        }
    }
}

fn path_id<F: AddressFamily>(nlri: &Nlri<F>, size: MessageSize) -> PathId {
    if size.add_path {
        nlri.path_id
    } else {
        PathId(0)
    }
}

/// How an IPv4 next hop travels in a family that takes none (RFC 4798 §2).
fn mapped(next_hop: NextHop) -> NextHop {
    match next_hop {
        NextHop::V4(address) => NextHop::V6 {
            global: address.to_ipv6_mapped(),
            link_local: None,
        },
        other => other,
    }
}

/// Our own UPDATEs.
fn read<'a>(
    mut octets: &'a [u8],
    context: &'a UpdateContext,
) -> impl Iterator<Item = Update<&'a [u8]>> {
    std::iter::from_fn(move || {
        let header = frame(octets, 65_535).ok()??;
        let (message, rest) = octets.split_at(header.length);
        octets = rest;
        let update = Update::parse(message, context);
        Some(update.unwrap_or_else(|fault| panic!("our own UPDATE: {fault}: {message:02x?}")))
    })
}
