//! UPDATE: read in every context that a session may have negotiated, and written again.
use crate::message::{check_fault, check_sendable, whole};
use bgp_wire::{
    AddressFamily, Attributes, Disposition, Family, Ipv4Unicast, Ipv6Unicast, MessageSize, Nlri,
    Packer, SessionType, Update, UpdateContext,
};

/// The octets are an UPDATE, or its body.
///
/// # Panics
/// When a promise of `bgp_wire::Update` is broken.
pub fn update(input: &[u8]) {
    let message = whole(2, input);
    for session in [SessionType::Ebgp, SessionType::Ibgp] {
        for four_octet_as in [true, false] {
            for add_path in [false, true] {
                let families = vec![Family::IPV4_UNICAST, Family::IPV6_UNICAST];
                let context = UpdateContext {
                    session,
                    four_octet_as,
                    add_path: if add_path {
                        families.clone()
                    } else {
                        Vec::new()
                    },
                    extended_next_hop: families.clone(),
                    families,
                    ..UpdateContext::default()
                };
                in_context(&message, &context);
            }
        }
    }
}

fn in_context(message: &[u8], context: &UpdateContext) {
    let update = match Update::parse(message, context) {
        Ok(update) => update,
        Err(fault) => {
            check_fault(&fault, message);
            assert_eq!(fault.disposition(), Disposition::SessionReset, "{fault:?}");
            return;
        }
    };
    let mut worst = Disposition::Accept;
    for fault in update.faults() {
        check_fault(&fault, message);
        worst = worst.max(fault.disposition());
    }
    assert_eq!(update.disposition(), worst);
    assert!(
        worst < Disposition::SessionReset,
        "a fatal fault is an error"
    );
    if let Some(family) = update.end_of_rib() {
        assert_eq!(
            update.announced_families().count(),
            0,
            "End-of-RIB of {family}"
        );
    }

    look_at(update.attributes());
    let mut canonical = Vec::new();
    update.attributes().canonical(&mut canonical);
    let attributes = Attributes::from_canonical(&canonical);
    look_at(attributes);
    let mut again = Vec::new();
    attributes.canonical(&mut again);
    assert_eq!(
        again, canonical,
        "canonical octets are their own canonical form"
    );

    family::<Ipv4Unicast, _>(&update, context, &canonical);
    family::<Ipv6Unicast, _>(&update, context, &canonical);
}

/// Reads everything, so that nothing that is read lazily can hide a panic.
fn look_at(attributes: Attributes<'_>) {
    let _ = attributes.origin();
    let _ = (attributes.med(), attributes.local_pref());
    let _ = attributes.originator_id();
    let _ = attributes.communities().count();
    let _ = attributes.cluster_list().count();
    let _ = attributes.large_communities().count();
    if let Some(path) = attributes.as_path() {
        let asns = path.asns().count();
        assert!(
            path.length() <= asns,
            "{path} is longer than its {asns} members"
        );
        if path.first().is_some() || path.origin().is_some() {
            assert!(asns > 0, "ends of an empty path");
        }
        assert_eq!(path.to_string().is_empty(), asns == 0 && path.length() == 0);
    }
}

/// What a family's routes say, they say again after being packed anew.
fn family<F: AddressFamily, B: AsRef<[u8]>>(
    update: &Update<B>,
    context: &UpdateContext,
    canonical: &[u8],
) {
    let announced: Vec<Nlri<F>> = update.announced::<F>().collect();
    let withdrawn: Vec<Nlri<F>> = update.withdrawn::<F>().collect();
    for nlri in announced.iter().chain(&withdrawn) {
        assert!(!nlri.key.to_string().is_empty());
    }
    let add_path = context.add_path.contains(&F::FAMILY);
    let size = MessageSize {
        max: 4_096,
        four_octet_as: true,
        add_path,
    };
    let context = UpdateContext {
        four_octet_as: true,
        ..context.clone()
    };
    let mut octets = Vec::new();
    let messages = Packer::withdraw(&mut octets, size, &withdrawn);
    check_sendable(&octets);
    assert_eq!(messages == 0, withdrawn.is_empty());
    let read = read_all::<F>(&octets, &context, false);
    assert_eq!(read, withdrawn, "withdrawn routes of {}", F::FAMILY);

    // Only what was accepted is ever announced again.
    if update.disposition() >= Disposition::TreatAsWithdraw {
        return;
    }
    let Some(next_hop) = update.next_hop(F::FAMILY) else {
        assert!(
            announced.is_empty(),
            "routes without a next hop were accepted"
        );
        return;
    };
    octets.clear();
    let _ = Packer::announce(&mut octets, size, canonical, next_hop, &announced);
    check_sendable(&octets);
    // Attributes that leave no room for a prefix cannot be announced at all.
    if !octets.is_empty() {
        let read = read_all::<F>(&octets, &context, true);
        assert_eq!(read, announced, "announced routes of {}", F::FAMILY);
    }
}

/// The routes of `F` of all messages in `octets`.
fn read_all<F: AddressFamily>(
    mut octets: &[u8],
    context: &UpdateContext,
    announced: bool,
) -> Vec<Nlri<F>> {
    let mut routes = Vec::new();
    while let Ok(Some(header)) = bgp_wire::frame(octets, 4_096) {
        let (message, rest) = octets.split_at(header.length);
        let update = Update::parse(message, context)
            .unwrap_or_else(|fault| panic!("our own UPDATE: {fault}: {message:?}"));
        assert_eq!(
            update.disposition(),
            Disposition::Accept,
            "our own UPDATE: {:?}: {message:?}",
            update.faults().collect::<Vec<_>>()
        );
        if announced {
            routes.extend(update.announced::<F>());
        } else {
            routes.extend(update.withdrawn::<F>());
        }
        octets = rest;
    }
    routes
}
