//! Whole messages: read, written and read again.
//!
//! Every message must be read; what is read, written and read again must say the same, and a second
//! round gives the same octets. Where a vector is written as we write, it comes out octet by octet;
//! the others are counted, each with the reason that a comparison of the two finds.
use super::differences::{Known, MESSAGES};
use super::report;
use super::source::{lines, octets, shared, text};
use bgp_wire::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Calls a generic function for every family that some vector speaks.
macro_rules! every_family {
    ($function:ident $arguments:tt) => {
        every_family!(@ $function $arguments
            Ipv4Unicast Ipv6Unicast Ipv4Multicast Ipv6Multicast Ipv4Labeled Ipv6Labeled Vpnv4 Vpnv6
            Evpn Ipv4Flowspec Ipv6Flowspec Vpnv4Flowspec Vpnv6Flowspec RouteTargetConstraint BgpLs
            (Opaque<1, 5>) (Opaque<2, 5>) (Opaque<1, 66>) (Opaque<1, 73>) (Opaque<2, 73>)
            (Opaque<1, 85>) (Opaque<2, 85>) (Opaque<1, 129>) (Opaque<2, 129>) (Opaque<25, 65>)
            (Opaque<25, 134>) (Opaque<16_388, 72>))
    };
    (@ $function:ident $arguments:tt $($family:tt)*) => {
        $(every_family!(! $function $arguments $family);)*
    };
    (! $function:ident ($($argument:expr),*) ($family:ty)) => {
        $function::<$family>($($argument),*);
    };
    (! $function:ident ($($argument:expr),*) $family:ident) => {
        $function::<$family>($($argument),*);
    };
}

fn name<F: AddressFamily>(families: &mut Vec<Family>) {
    families.push(F::FAMILY);
}

pub(super) fn context(four_octet_as: bool, add_path: bool) -> UpdateContext {
    let mut families = Vec::new();
    every_family!(name(&mut families));
    UpdateContext {
        session: SessionType::Ibgp,
        four_octet_as,
        add_path: if add_path { families.clone() } else { vec![] },
        extended_next_hop: families.clone(),
        families,
        ..UpdateContext::default()
    }
}

fn write_again<F: AddressFamily>(
    update: &Update<&[u8]>,
    attributes: &[u8],
    context: &UpdateContext,
    out: &mut Vec<u8>,
) {
    let size = MessageSize {
        max: 65_535,
        four_octet_as: context.four_octet_as,
        add_path: context.add_path.contains(&F::FAMILY),
    };
    let withdrawn: Vec<Nlri<F>> = update.withdrawn().collect();
    Packer::withdraw(out, size, &withdrawn);
    for (next_hop, run) in update.announcements::<F>() {
        let nlri: Vec<Nlri<F>> = run.collect();
        Packer::announce(out, size, attributes, next_hop, &nlri).expect("fits");
    }
    if update.end_of_rib() == Some(F::FAMILY) {
        write_end_of_rib(out, F::FAMILY);
    }
}

/// Everything an UPDATE says, as we write it; several messages where it both announces and withdraws.
fn again(update: &Update<&[u8]>, context: &UpdateContext) -> Vec<u8> {
    let mut attributes = Vec::new();
    update.attributes().canonical(&mut attributes);
    let mut out = Vec::new();
    every_family!(write_again(update, &attributes, context, &mut out));
    out
}

pub(super) fn messages(mut rest: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while let Ok(Some(header)) = frame(rest, 65_535) {
        let (message, next) = rest.split_at(header.length);
        found.push(message);
        rest = next;
    }
    assert!(rest.is_empty(), "whole messages");
    found
}

/// Attributes of a message as (type, flags without the length's, value), sorted.
fn attributes_of(message: &[u8]) -> Vec<(u8, u8, Vec<u8>)> {
    let length = |at: usize| usize::from(u16::from_be_bytes([message[at], message[at + 1]]));
    let start = 21 + length(19) + 2;
    let mut rest = &message[start..start + length(start - 2)];
    let mut found = Vec::new();
    while let [flags, code, tail @ ..] = rest {
        let (head, octets) = if flags & 0x10 == 0 {
            (1, usize::from(tail[0]))
        } else {
            (2, usize::from(u16::from_be_bytes([tail[0], tail[1]])))
        };
        found.push((*code, flags & !0x10, tail[head..head + octets].to_vec()));
        rest = &tail[head + octets..];
    }
    found.sort();
    found
}

/// Why octets differ that mean the same; `None` where nothing explains it.
fn reason(original: &[u8], written: &[u8]) -> Option<&'static str> {
    let many = messages(written);
    let [one] = many[..] else {
        return Some(match many.len() {
            0 => "attributes without routes, or nothing at all, are not sent",
            _ => "what was announced and withdrawn in one message goes in two",
        });
    };
    let (before, after) = (attributes_of(original), attributes_of(one));
    if before == after {
        return Some("attributes in another order, or with longer lengths");
    }
    let has = |attributes: &[(u8, u8, Vec<u8>)], code| attributes.iter().any(|one| one.0 == code);
    let missing: Vec<u8> = before
        .iter()
        .map(|(code, ..)| *code)
        .filter(|code| !after.iter().any(|(kept, ..)| kept == code))
        .collect();
    let withdraws = before.iter().any(|(code, ..)| *code == 15);
    if withdraws && !missing.is_empty() && after.iter().all(|(code, ..)| *code == 15) {
        return Some("a withdraw carries no attributes");
    }
    let dropped = |code: &u8| {
        let known = iana::attribute::name(*code).is_some();
        let flags = before.iter().find(|one| one.0 == *code).map(|one| one.1);
        !known && flags.is_some_and(|flags| flags & 0xc0 == 0x80)
    };
    match missing[..] {
        [3] if has(&before, 14) => {
            return Some("NEXT_HOP beside MP_REACH_NLRI is to be ignored (RFC 4760 §3)");
        }
        [15] if has(&before, 14) => {
            return Some("an MP_UNREACH_NLRI of nothing beside routes says nothing");
        }
        [14] if has(&after, 3) => {
            return Some("IPv4 unicast with an IPv4 next hop goes into the classic fields");
        }
        [] => {}
        ref missing if missing.iter().all(dropped) => {
            return Some("unknown non-transitive attributes are not sent on (RFC 4271 §5)");
        }
        [..] => return None,
    }
    let changed: Vec<_> = before
        .iter()
        .zip(&after)
        .filter(|(before, after)| before != after)
        .collect();
    Some(match changed[..] {
        [((code, flags, value), (_, sent, same))]
            if value == same
                && *sent == *flags | 0x20
                && Attributes::from_canonical(&[*flags, *code, 0])
                    .unknown()
                    .count()
                    == 1 =>
        {
            "Partial is set on unknown transitive attributes (RFC 4271 §5)"
        }
        [((15, ..), _)] => "a withdraw carries the key alone (RFC 8277 §2.4)",
        [((14, _, value), (_, _, sent))] if value.len() != sent.len() => {
            "a second next hop of zeros is none; a flow specification has the shortest length"
        }
        [((14, ..), _)] => "reserved bits and bits behind a prefix are zero",
        [((2, ..), _)] => "sequences that follow each other are one",
        _ => return None,
    })
}

/// What an UPDATE announces and withdraws in one family, in words.
fn say<F: AddressFamily>(update: &Update<&[u8]>, said: &mut Vec<String>) {
    for (next_hop, run) in update.announcements::<F>() {
        said.extend(run.map(|nlri| format!("{} {nlri:?} via {next_hop}", F::FAMILY)));
    }
    let withdrawn = update.withdrawn::<F>();
    said.extend(
        withdrawn.map(|nlri| format!("{} no {:?} {:?}", F::FAMILY, nlri.path_id, nlri.key)),
    );
    if update.end_of_rib() == Some(F::FAMILY) {
        said.push(format!("{} End-of-RIB", F::FAMILY));
    }
}

/// Everything that messages say: their routes, and the attributes of those that are announced.
fn meaning(messages: &[&[u8]], context: &UpdateContext) -> Vec<String> {
    let mut said = Vec::new();
    for message in messages {
        let update = Update::parse(*message, context).expect("what we write we read");
        assert_eq!(update.disposition(), Disposition::Accept);
        every_family!(say(&update, &mut said));
        if update.announced_families().next().is_some() {
            let mut attributes = Vec::new();
            update.attributes().canonical(&mut attributes);
            said.push(format!("attributes {attributes:02x?}"));
        }
    }
    said.sort();
    said.dedup();
    said
}

/// How the cases of one source came out.
#[derive(Default)]
pub(super) struct Score {
    pub(super) cases: usize,
    pub(super) same: usize,
    pub(super) otherwise: BTreeMap<&'static str, usize>,
    pub(super) known: Vec<&'static Known>,
    pub(super) wrong: Vec<String>,
}

impl Score {
    /// A case in which `found` is what we say and the source does not.
    pub(super) fn differs(&mut self, table: &'static [Known], case: &str, found: &str) {
        let known = table
            .iter()
            .find(|known| known.case == case && known.found == found);
        match known {
            Some(known) => self.known.push(known),
            None => self.wrong.push(format!("{case}: {found}")),
        }
    }

    /// Row of the summary.
    pub(super) fn row(&self, source: &str) -> Vec<String> {
        let otherwise: usize = self.otherwise.values().sum();
        let counts = [
            self.cases,
            self.same,
            otherwise,
            self.known.len(),
            self.wrong.len(),
        ];
        let counts = counts.iter().map(ToString::to_string);
        [format!("`{source}`")].into_iter().chain(counts).collect()
    }
}

/// The context in which a message has no fault, the likelier first; where there is none, the first.
pub(super) fn context_of<'c>(message: &[u8], contexts: &'c [UpdateContext]) -> &'c UpdateContext {
    contexts
        .iter()
        .find(|context| {
            Update::parse(message, context)
                .is_ok_and(|update| update.disposition() == Disposition::Accept)
        })
        .unwrap_or(&contexts[0])
}

fn try_update(score: &mut Score, case: &str, message: &[u8], contexts: &[UpdateContext]) {
    let context = context_of(message, contexts);
    let update = match Update::parse(message, context) {
        Ok(update) => update,
        Err(found) => return score.differs(MESSAGES, case, &found.to_string()),
    };
    if let Some(found) = update.faults().next() {
        return score.differs(MESSAGES, case, &found.to_string());
    }
    let once = again(&update, context);
    let mut twice = Vec::new();
    let written = messages(&once);
    for message in &written {
        let update = Update::parse(*message, context).expect("what we write we read");
        twice.extend(again(&update, context));
    }
    if once != twice {
        score.wrong.push(format!("{case}: not stable"));
    }
    if once == message {
        score.same += 1;
        return;
    }
    // What announces nothing has no attributes to send.
    let silent = written.is_empty() && update.announced_families().next().is_none();
    if !silent && meaning(&[message], context) != meaning(&written, context) {
        let wrong = format!("{case}: says something else: {once:02x?} was {message:02x?}");
        score.wrong.push(wrong);
    } else if let Some(reason) = reason(message, &once) {
        *score.otherwise.entry(reason).or_default() += 1;
    } else {
        let wrong = format!("{case}: {once:02x?} was {message:02x?}");
        score.wrong.push(wrong);
    }
}

fn try_message(score: &mut Score, case: &str, message: &[u8], contexts: &[UpdateContext]) {
    score.cases += 1;
    let header = match frame(message, 65_535) {
        Ok(Some(header)) => header,
        Ok(None) => return score.differs(MESSAGES, case, "cut off"),
        Err(found) => return score.differs(MESSAGES, case, &found.to_string()),
    };
    let message = &message[..header.length];
    let mut out = Vec::new();
    let read = match header.kind {
        MessageType::Update => return try_update(score, case, message, contexts),
        MessageType::Open => Open::parse(message).map(|open| {
            open.encode(&mut out);
            assert_eq!(Open::parse(&out), Ok(open), "{case}");
        }),
        MessageType::Notification => Notification::parse(message).map(|one| one.encode(&mut out)),
        MessageType::RouteRefresh => RouteRefresh::parse(message).map(|one| one.encode(&mut out)),
        MessageType::Keepalive => {
            write_keepalive(&mut out);
            Ok(())
        }
    };
    if let Err(found) = read {
        return score.differs(MESSAGES, case, &found.to_string());
    }
    if out == message {
        score.same += 1;
    } else if header.kind == MessageType::Open {
        let reason = "one list of all capabilities, reserved bits zero";
        *score.otherwise.entry(reason).or_default() += 1;
    } else {
        let wrong = format!("{case}: {out:02x?} was {message:02x?}");
        score.wrong.push(wrong);
    }
}

/// What a case says of its session; what it does not say is tried, the likelier first.
pub(super) fn contexts(case: &Value) -> Vec<UpdateContext> {
    let four_octet_as = case.pointer("/context/as4").and_then(Value::as_bool);
    let add_path = ["/context/addpath_families", "/context/addpath_conf"]
        .iter()
        .filter_map(|path| case.pointer(path))
        .any(|value| !value.is_null() && value != &Value::Array(vec![]));
    let widths = four_octet_as.map_or(vec![true, false], |known| vec![known]);
    [add_path, true]
        .into_iter()
        .flat_map(|add_path| widths.iter().map(move |width| context(*width, add_path)))
        .collect()
}

#[test]
fn messages_are_read_and_written_again() {
    let Some(shared) = shared("messages of other implementations") else {
        return;
    };
    let mut rows = Vec::new();
    let mut otherwise: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut known = Vec::new();
    let mut wrong = Vec::new();
    for file in ["exabgp", "bgpcep", "netgauze", "messages"] {
        let mut score = Score::default();
        for case in lines(&shared.join(format!("data/vectors/{file}.jsonl"))) {
            let hex = octets(text(&case, "/hex"));
            let message = match text(&case, "/kind") {
                "message" => hex,
                "update-body" => super::source::framed(2, &hex),
                _ => continue,
            };
            try_message(&mut score, text(&case, "/name"), &message, &contexts(&case));
        }
        assert!(score.cases > 0, "{file}");
        rows.push(score.row(&format!("{file}.jsonl")));
        for (reason, count) in &score.otherwise {
            otherwise.insert((reason, file), *count);
        }
        known.extend(score.known);
        wrong.extend(score.wrong);
    }
    let mut page = String::from(
        "Every message is read, written, read again, and says the same; a second round gives the\n\
         same octets. \"Written otherwise\" are those that we write with other octets; the reasons\n\
         are below.\n\n",
    );
    let head = [
        "source",
        "cases",
        "the same octets",
        "written otherwise",
        "differ",
        "unexplained",
    ];
    page += &report::table(&head, &rows);
    writeln!(page, "\nWritten otherwise:\n").expect("a string");
    let reasons: Vec<_> = otherwise
        .iter()
        .map(|((reason, file), count)| {
            vec![
                format!("`{file}.jsonl`"),
                count.to_string(),
                (*reason).to_string(),
            ]
        })
        .collect();
    page += &report::table(&["source", "cases", "why"], &reasons);
    page += "\nDiffer: a fault where the source has none, or the source calls it malformed as well.\n\n";
    page += &Known::table(&known);
    assert!(wrong.is_empty(), "{wrong:#?}");
    Known::all_needed(MESSAGES, &known);
    report::section("Messages of other implementations", &page);
}
