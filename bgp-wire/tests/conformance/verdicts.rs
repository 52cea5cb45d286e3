//! What other implementations say of a message, an attribute or a capability, against what we say.
use super::differences::{Known, VERDICTS};
use super::report;
use super::source::{framed, lines, octets, shared, text, update};
use bgp_wire::*;
use serde_json::Value;
use std::collections::BTreeMap;

const BASE: &[u8] = &[
    0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9, 0x40, 3, 4, 10, 0, 0, 2,
];
const PREFIX: &[u8] = &[24, 192, 168, 1];

fn context(case: &Value) -> UpdateContext {
    UpdateContext {
        session: if text(case, "/context/session") == "ibgp" {
            SessionType::Ibgp
        } else {
            SessionType::Ebgp
        },
        four_octet_as: case.pointer("/context/as4").and_then(Value::as_bool) != Some(false),
        families: vec![Family::IPV4_UNICAST, Family::IPV6_UNICAST, Family::VPNV4],
        extended_next_hop: vec![Family::IPV4_UNICAST],
        ..UpdateContext::default()
    }
}

/// What we make of a case: a disposition's name, "open-error", "malformed"; `None` where what the case
/// is about has no type here.
fn verdict(case: &Value) -> Option<String> {
    let octets = octets(text(case, "/hex"));
    let context = context(case);
    let disposition = |message: &[u8]| match Update::parse(message, &context) {
        Ok(update) => update.disposition().to_string(),
        Err(fault) => fault.disposition().to_string(),
    };
    let open = |parameters: &[u8]| {
        let mut body = vec![4, 0xfd, 0xe9, 0, 90, 10, 0, 0, 1];
        body.push(u8::try_from(parameters.len()).expect("short"));
        body.extend(parameters);
        match Open::parse(&framed(1, &body)) {
            Ok(_) => "accept".to_string(),
            Err(_) => "open-error".to_string(),
        }
    };
    Some(match text(case, "/kind") {
        "message" => disposition(&octets),
        "attributes" => disposition(&update(&octets, PREFIX)),
        "as-path-value" => match AsPath::checked(&octets, false) {
            Some(_) => "accept".to_string(),
            None => "malformed".to_string(),
        },
        "capability" => {
            let mut parameters = vec![2, u8::try_from(octets.len()).expect("short")];
            parameters.extend(&octets);
            open(&parameters)
        }
        "open-optional-parameters" => open(&octets),
        kind if kind.starts_with("attr-value:") => {
            let code: u8 = kind["attr-value:".len()..].parse().expect("a type code");
            let flags = if code == 40 { 0xc0 } else { 0x80 };
            let mut attributes = BASE.to_vec();
            attributes.extend([flags, code, u8::try_from(octets.len()).expect("short")]);
            attributes.extend(&octets);
            disposition(&update(&attributes, PREFIX))
        }
        _ => return None,
    })
}

fn agrees(expected: &str, got: &str) -> bool {
    match expected {
        "accept-or-discard-attribute" => matches!(got, "accept" | "attribute-discard"),
        "accept-do-not-propagate" | "accept-and-propagate-with-partial" => got == "accept",
        "error (session reset or AFI/SAFI disable)" => {
            matches!(got, "session-reset" | "family-disable")
        }
        // A structural check has no finer verdict.
        "malformed" => got == "malformed",
        expected => got == expected,
    }
}

#[test]
fn frr_verdicts() {
    let Some(shared) = shared("verdicts of other implementations") else {
        return;
    };
    let (mut cases, mut agreed) = (0, 0);
    let mut left_out: BTreeMap<&str, usize> = BTreeMap::new();
    let mut known = Vec::new();
    let mut wrong = Vec::new();
    for case in lines(&shared.join("data/vectors/frr.jsonl")) {
        cases += 1;
        let name = text(&case, "/name");
        if text(&case, "/context/session") == "ebgp-oad" {
            let why = "sessions of draft-uttaro-idr-bgp-oad, which is not spoken";
            *left_out.entry(why).or_default() += 1;
            continue;
        }
        let Some(got) = verdict(&case) else {
            let why = "bodies of messages of the dynamic capability draft, which is not spoken";
            *left_out.entry(why).or_default() += 1;
            continue;
        };
        // Code 39 is a draft's; unknown here, optional and transitive: accepted and passed on.
        let draft = case.pointer("/context/attr/code").and_then(Value::as_u64) == Some(39);
        let expected = if draft {
            "accept"
        } else {
            text(&case, "/expect/verdict")
        };
        let found = format!("{got}, the row says {expected}");
        if agrees(expected, &got) {
            agreed += 1;
        } else if let Some(row) = VERDICTS
            .iter()
            .find(|row| row.case == name && row.found == found)
        {
            known.push(row);
        } else {
            wrong.push(format!("{name}: {found}"));
        }
    }
    let row = [
        cases,
        agreed,
        known.len(),
        left_out.values().sum(),
        wrong.len(),
    ];
    let mut row: Vec<String> = row.iter().map(ToString::to_string).collect();
    row.insert(0, "`frr.jsonl`".into());
    let head = [
        "source",
        "cases",
        "agreed",
        "differ",
        "left out",
        "unexplained",
    ];
    let mut page = report::table(&head, &[row]);
    page += "\nLeft out:\n\n";
    let rows: Vec<_> = left_out
        .iter()
        .map(|(why, count)| vec![count.to_string(), (*why).to_string()])
        .collect();
    page += &report::table(&["cases", "why"], &rows);
    page += "\nDiffer:\n\n";
    page += &Known::table(&known);
    assert!(wrong.is_empty(), "{wrong:#?}");
    Known::all_needed(VERDICTS, &known);
    report::section("Verdicts of other implementations", &page);
}
