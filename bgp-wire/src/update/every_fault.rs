//! All faults of an UPDATE that cannot be used, for tools that show them.
use super::{Checker, Layout, Scope, Span, Update, UpdateContext, check_run};
use crate::{Disposition, Family, Fault, FaultKind};
use alloc::vec::Vec;

impl Update<&[u8]> {
    /// Every fault in wire order, also of an UPDATE that [`parse`](Self::parse) refuses. Without any,
    /// `parse` has none either; what it returns as an error is among these. For tools that show what
    /// is there.
    pub fn every_fault(message: &[u8], context: &UpdateContext) -> Vec<Fault> {
        let layout = match Layout::of(message) {
            Ok(layout) => layout,
            // Where the fields are is not known.
            Err(fault) => return Vec::from([fault]),
        };
        let classic = context.mode(Family::IPV4_UNICAST);
        let mut faults = Vec::new();
        let run = |span: Span, withdrawn| {
            let checked = check_run(classic, span.of(message), withdrawn);
            checked.err().map(|(at, kind)| Fault {
                offset: span.start().saturating_add(at),
                attr: None,
                kind,
            })
        };
        faults.extend(run(layout.withdrawn, true));
        let scope = Scope {
            session: context.session,
            four_octet_as: context.four_octet_as,
            as_sets: context.as_sets,
        };
        let mut checker = Checker::new(message, &layout, scope, |family| context.mode(family));
        faults.extend(checker.by_ref());
        faults.extend(run(layout.nlri, false));
        // RFC 7606 §5.2, as in `parse`: the session ends over the first that withdraws.
        let worst = faults.iter().map(Fault::disposition).max();
        if worst == Some(Disposition::TreatAsWithdraw)
            && checker.more_than_unreach()
            && !checker.reachable
        {
            let first = faults
                .iter()
                .position(|fault| Some(fault.disposition()) == worst);
            if let Some((position, fault)) = first.and_then(|at| Some((at, *faults.get(at)?))) {
                let kind = FaultKind::NoReachableNlri;
                faults.insert(position.saturating_add(1), Fault { kind, ..fault });
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn message(withdrawn: &[u8], attributes: &[u8], nlri: &[u8]) -> Vec<u8> {
        let mut message = vec![0xff; 18];
        message.push(2);
        for field in [withdrawn, attributes] {
            message.extend(u16::try_from(field.len()).unwrap().to_be_bytes());
            message.extend(field);
        }
        message.extend(nlri);
        message
    }

    fn every(message: &[u8]) -> Vec<(usize, FaultKind)> {
        let context = UpdateContext {
            four_octet_as: true,
            families: vec![Family::IPV4_UNICAST],
            ..UpdateContext::default()
        };
        let faults = Update::every_fault(message, &context);
        match Update::parse(message, &context) {
            Ok(update) => assert!(update.faults().eq(faults.iter().copied())),
            Err(fault) => assert!(faults.contains(&fault), "{fault:?} of {faults:?}"),
        }
        faults
            .iter()
            .map(|fault| (fault.offset, fault.kind))
            .collect()
    }

    const ORIGIN: &[u8] = &[0x40, 1, 1, 9];
    const PATH: &[u8] = &[0x40, 2, 0];
    const HOP: &[u8] = &[0x40, 3, 4, 192, 0, 2, 1];
    const MED: &[u8] = &[0x80, 4, 3, 0, 0, 0];
    const LOCAL_PREF: &[u8] = &[0x40, 5, 4, 0, 0, 0, 1];

    #[test]
    fn of_usable_and_of_refused_updates() {
        let sound = [&[0x40, 1, 1, 0][..], PATH, HOP].concat();
        assert_eq!(every(&message(&[8, 10], &sound, &[8, 11])), []);
        let attributes = [ORIGIN, PATH, HOP, MED, LOCAL_PREF].concat();
        let mild = [
            (26, FaultKind::OriginValue),
            (39, FaultKind::AttributeLength),
            (43, FaultKind::InternalOnly),
        ];
        assert_eq!(every(&message(&[], &attributes, &[8, 11])), mild);
        // What ends the session hides none of the others.
        let cut = every(&message(&[], &attributes, &[8, 11, 9, 1]));
        assert_eq!(cut, [&mild[..], &[(52, FaultKind::Nlri)]].concat());
        let cut = every(&message(&[40], &[], &[]));
        assert_eq!(cut, [(21, FaultKind::Nlri)]);
        let nothing = every(&message(&[], &attributes, &[]));
        let told = (26, FaultKind::NoReachableNlri);
        assert_eq!(nothing, [mild[0], told, mild[1], mild[2]]);
        let mut lies = message(&[], &attributes, &[]);
        lies[20] = 200;
        assert_eq!(every(&lies), [(19, FaultKind::UpdateStructure)]);
    }
}
