//! UPDATE: read in any context that a session may have negotiated.
use crate::allocation::at_most;
use crate::attributes::look_at;
use crate::context::{self, Chosen};
use crate::families::{self, Visitor};
use crate::message::{check_fault, whole};
use bgp_wire::{AddressFamily, Attributes, Disposition, Family, Nlri, Update, UpdateContext};

/// The octets are a context (two of them) and an UPDATE, or the body of one.
///
/// # Panics
/// When a promise of `bgp_wire::Update` is broken.
pub fn update(input: &[u8]) {
    let Some((Chosen { reading, .. }, input)) = context::split(input) else {
        return;
    };
    let message = whole(2, input);
    let parsed = at_most(0, "Update::parse", || Update::parse(&message[..], &reading));
    let update = match parsed {
        Ok(update) => update,
        Err(fault) => {
            check_fault(&fault, &message);
            assert_eq!(fault.disposition(), Disposition::SessionReset, "{fault:?}");
            return;
        }
    };
    faults(&update, &message);
    attributes(&update);
    routes(&update, &reading);
}

/// Every fault lies in the message and is milder than a reset; the worst is the disposition.
fn faults(update: &Update<&[u8]>, message: &[u8]) {
    let mut worst = Disposition::Accept;
    at_most(0, "Update::faults", || update.faults().count());
    for fault in update.faults() {
        check_fault(&fault, message);
        let disposition = fault.disposition();
        assert!(
            disposition < Disposition::SessionReset,
            "{fault:?} should have been an error"
        );
        assert!(disposition > Disposition::Accept, "{fault:?} is no fault");
        worst = worst.max(disposition);
    }
    assert_eq!(update.disposition(), worst);
}

fn attributes(update: &Update<&[u8]>) {
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
}

/// Routes as values and as octets are the same routes, of families that were negotiated.
fn routes(update: &Update<&[u8]>, context: &UpdateContext) {
    let families = || {
        update
            .announced_families()
            .chain(update.withdrawn_families())
    };
    for family in families() {
        assert!(
            context.families.contains(&family),
            "{family} was not negotiated"
        );
    }
    if let Some(family) = update.end_of_rib() {
        assert_eq!(families().count(), 0, "End-of-RIB of {family}");
    }
    for field in update.multiprotocol_fields() {
        assert!(field.nlri.len() + field.next_hop.len() <= update.octets().len());
    }
    families::each(&mut Routes { update });
}

struct Routes<'a> {
    update: &'a Update<&'a [u8]>,
}

impl Visitor for Routes<'_> {
    fn visit<F: AddressFamily>(&mut self) {
        let update = self.update;
        let family: Family = F::FAMILY;
        let announced: Vec<Nlri<F>> = update.announced::<F>().collect();
        let withdrawn: Vec<Nlri<F>> = update.withdrawn::<F>().collect();
        for nlri in announced.iter().chain(&withdrawn) {
            assert!(!nlri.key.to_string().is_empty());
        }
        // An NLRI whose inside cannot be read is an octet string, but no value.
        let raw = update.announced_octets(family).count();
        assert!(announced.len() <= raw, "{family}: {announced:?}");
        assert!(raw == 0 || update.announced_families().any(|one| one == family));
        let raw = update.withdrawn_octets(family).count();
        assert!(withdrawn.len() <= raw, "{family}: {withdrawn:?}");
        assert!(raw == 0 || update.withdrawn_families().any(|one| one == family));
        if update.disposition() < Disposition::TreatAsWithdraw {
            assert_eq!(announced.len(), update.announced_octets(family).count());
            // By field and its next hop they are the same, where the next hop is an address.
            let by_field: Vec<Nlri<F>> = update
                .announcements::<F>()
                .flat_map(|(next_hop, run)| {
                    assert!(!next_hop.to_string().is_empty());
                    run
                })
                .collect();
            if update.announcements::<F>().count() > 0 && update.next_hop(family).is_some() {
                let unread = update
                    .next_hop_octets(family)
                    .is_some_and(|octets| !octets.is_empty() && by_field.len() < announced.len());
                assert!(unread || by_field == announced, "{family}");
            }
        }
    }
}
