//! What no speaker does: a neighbor made of octets.
use tests::{
    Daemon, Duration, Extra, Message, MynaRouter, Neighbor, Open, PATIENT, Pair, Peer,
    PeerListener, SOON, attribute, eventually, holds, shown, text, update,
};

/// A row of the second table.
#[derive(Clone, Copy)]
pub(crate) struct Script {
    /// Name of its test: `key::octets`.
    pub(crate) key: &'static str,
    /// Its row.
    pub(crate) title: &'static str,
    /// Runs it; it panics where something is not as it should be.
    pub(crate) run: fn(),
}

pub(crate) const SCRIPTS: &[Script] = &[
    Script {
        key: "never-reads",
        title: "it sends KEEPALIVEs and never reads: send hold timer (RFC 9687)",
        run: never_reads,
    },
    Script {
        key: "capabilities-refused",
        title: "it refuses one of our capabilities, and is offered the others (RFC 5492)",
        run: capabilities_refused,
    },
];

/// The feeder's announcements, each too different from the others to share a message.
const ANNOUNCED: u16 = 1_500;

/// One neighbor announces more than a socket holds. The other one wants none of it, but goes on
/// saying that it is alive; it is given up, and the first one notices nothing.
fn never_reads() {
    let pair = Pair::new();
    let (mut ours, _) = pair.routers();
    ours.neighbor().passive = true;
    ours.neighbor().hold_time = 3;
    let silent = ours.neighbor().address;
    pair.left.ip("addr add 10.2.2.1/24 dev wire");
    pair.right.ip("addr add 10.2.2.2/24 dev wire");
    let feeder_address = [10, 2, 2, 2].into();
    let mut feeder = Neighbor::new([10, 2, 2, 1].into(), feeder_address, 65001);
    feeder.passive = true;
    feeder.hold_time = 0;
    ours.neighbors.push(feeder);
    let extra = Extra {
        neighbor: "send-hold-time = 4\n".to_owned(),
        ..Extra::default()
    };
    let myna = MynaRouter::start_with(&pair.left, &ours, extra);

    let mut never =
        Peer::connect(&pair.right, silent, pair.left_address()).expect("connect to Myna");
    never.establish(&Open::default(), SOON);
    let mut feeder =
        Peer::connect(&pair.right, feeder_address, [10, 2, 2, 1].into()).expect("connect to Myna");
    let open = Open {
        asn: 65001,
        hold_time: 0,
        id: [10, 2, 2, 2].into(),
        ..Open::default()
    };
    feeder.establish(&open, SOON);
    eventually("the feeder's session is Established", SOON, || {
        myna.established(feeder_address)
    });
    let since = myna.shown(feeder_address)["since"].clone();
    for number in 0..ANNOUNCED {
        let [high, low] = number.to_be_bytes();
        let mut attributes = attribute(0x40, 1, &[0]);
        attributes.extend(attribute(0x40, 2, &[2, 1, 0, 0, 0xfd, 0xe9]));
        attributes.extend(attribute(0x40, 3, &[10, 2, 2, 2]));
        // 62 COMMUNITIES, no two alike.
        let communities: Vec<u8> = (0..62).flat_map(|n| [high, low, 0xfd, n]).collect();
        attributes.extend(attribute(0xc0, 8, &communities));
        feeder
            .send(&update(&[], &attributes, &[24, 30, high, low]))
            .expect("send UPDATE");
    }
    eventually("the one that never reads is given up", PATIENT, || {
        // It is alive, as far as one can hear.
        let _ = never.send(&Message::KEEPALIVE.encode());
        let neighbor = myna.shown(silent);
        let mut history = neighbor["history"].as_array().into_iter().flatten();
        let ended = history.any(|step| text(step, "reason").contains("send hold timer expired"));
        shown(ended, &neighbor)
    });
    let neighbor = myna.shown(feeder_address);
    assert_eq!(neighbor["since"], since, "{neighbor}");
    assert_eq!(text(&neighbor, "state"), "Established", "{neighbor}");
    eventually("the other one's routes are all there", PATIENT, || {
        let seen = myna.prefixes(feeder_address)?.len();
        shown(seen == usize::from(ANNOUNCED), &seen)
    });
}

/// Capability codes of an OPEN without extended lengths.
fn codes(open: &Message) -> Vec<u8> {
    let mut codes = Vec::new();
    let mut parameters = open.body.get(10..).unwrap_or_default();
    while let [2, length, rest @ ..] = parameters {
        let (mut capabilities, after) = rest.split_at(usize::from(*length).min(rest.len()));
        while let [code, length, value @ ..] = capabilities {
            codes.push(*code);
            capabilities = value.get(usize::from(*length)..).unwrap_or_default();
        }
        parameters = after;
    }
    codes
}

/// RFC 5492 §5: it names enhanced route refresh, and gets an OPEN with everything else.
fn capabilities_refused() {
    const ENHANCED_REFRESH: u8 = 70;
    let pair = Pair::new();
    let (mut ours, _) = pair.routers();
    let there = ours.neighbor().address;
    let listener = PeerListener::bind(&pair.right, there);
    let myna = MynaRouter::start(&pair.left, &ours);
    let mut first = listener.accept();
    let open = first.expect(1, SOON);
    let full = codes(&open);
    assert!(full.contains(&ENHANCED_REFRESH), "{full:?}");
    let refusal = Message {
        kind: 3,
        body: vec![2, 7, ENHANCED_REFRESH, 0],
    };
    first.send(&refusal.encode()).expect("send NOTIFICATION");
    drop(first);
    let mut second = listener.accept();
    let open = second.establish(&Open::default(), SOON);
    let mut wanted = full;
    wanted.retain(|code| *code != ENHANCED_REFRESH);
    assert_eq!(codes(&open), wanted);
    eventually("Established, and shown what is withheld", PATIENT, || {
        myna.established(there)?;
        let neighbor = myna.shown(there);
        let warnings = neighbor["warnings"].to_string();
        shown(warnings.contains("withheld"), &neighbor)
    });
    holds("it stays", Duration::from_secs(1), || {
        myna.established(there)
    });
}
