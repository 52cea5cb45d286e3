//! What is measured, by name: the same for the clock (criterion) and for instructions.
//!
//! All of it is generated, so that it is the same on every machine, and whatever needs memory has
//! it before.
use crate::corpus::{Corpus, SIZE, context};
use crate::hostile::{self, Shape};
use crate::walk::walk;
use bgp_wire::{
    AttributeSet, Family, Ipv4Unicast, Ipv6Unicast, NextHop, Nlri, NlriRun, Packer, Update,
};
use std::hint::black_box;

/// Something to be measured.
pub struct Workload {
    /// What it is called in baselines and reports.
    pub name: String,
    /// Does it once.
    pub run: Box<dyn FnMut()>,
}

/// Messages in a round.
const MESSAGES: usize = 500;

fn workload(name: impl Into<String>, run: impl FnMut() + 'static) -> Workload {
    Workload {
        name: name.into(),
        run: Box::new(run),
    }
}

/// What honest neighbors cost.
#[must_use]
pub fn honest() -> Vec<Workload> {
    let corpus = Corpus::generated().first(MESSAGES);
    let session = context(true);
    let parsed = (corpus.clone(), session.clone());
    let walked = (corpus.clone(), session.clone());
    let interned = (corpus.clone(), session.clone());
    let mut canonical = Vec::with_capacity(1 << 16);
    let announcements = announcements(&corpus);
    let interned_announcements: Vec<_> = announcements
        .iter()
        .map(|(set, next_hop, nlri)| {
            let mut attributes = Vec::new();
            set.encode(&mut attributes);
            (attributes, *next_hop, nlri.clone())
        })
        .collect();
    let mut out = Vec::with_capacity(1 << 16);
    let mut packed = Vec::with_capacity(1 << 16);
    let run = Corpus::run(1_000);
    vec![
        workload("parse 500 UPDATEs", move || {
            for message in parsed.0.messages() {
                let update = Update::parse(black_box(message.octets), &parsed.1);
                black_box(update.is_ok());
            }
        }),
        workload("parse and walk 500 UPDATEs", move || {
            for message in walked.0.messages() {
                let sum = walk(black_box(message.octets), &walked.1);
                black_box(sum.is_ok());
            }
        }),
        workload("canonical attributes of 500 UPDATEs", move || {
            for message in interned.0.messages() {
                if let Ok(update) = Update::parse(black_box(message.octets), &interned.1) {
                    canonical.clear();
                    update.attributes().canonical(&mut canonical);
                    black_box(canonical.len());
                }
            }
        }),
        workload("encode 500 UPDATEs", move || {
            for (set, next_hop, nlri) in &announcements {
                out.clear();
                let written = Packer::announce_set(&mut out, SIZE, set, *next_hop, nlri);
                black_box(written.is_ok());
            }
        }),
        workload("pack canonical attributes into 500 UPDATEs", move || {
            for (attributes, next_hop, nlri) in &interned_announcements {
                packed.clear();
                let written = Packer::announce(&mut packed, SIZE, attributes, *next_hop, nlri);
                black_box(written.is_ok());
            }
        }),
        workload("check and walk 1,000 IPv4 prefixes", move || {
            let whole = NlriRun::<Ipv4Unicast>::check(black_box(&run), false);
            let sum = NlriRun::<Ipv4Unicast>::new(black_box(&run), false)
                .fold(0_u32, |sum, nlri| {
                    sum.wrapping_add(nlri.key.network().to_bits())
                });
            black_box((whole.is_ok(), sum));
        }),
    ]
}

type Announcement = (AttributeSet, NextHop, Vec<Nlri<Ipv4Unicast>>);

/// Of the messages of a corpus, those that announce IPv4, as a speaker has them.
fn announcements(corpus: &Corpus) -> Vec<Announcement> {
    let session = context(true);
    let announces = corpus.messages().filter_map(|message| {
        let update = Update::parse(message.octets, &session).ok()?;
        let nlri: Vec<_> = update.announced::<Ipv4Unicast>().collect();
        let next_hop = update.next_hop(Family::IPV4_UNICAST)?;
        Some((update.attributes().to_set(), next_hop, nlri))
    });
    let all: Vec<Announcement> = announces.collect();
    all.iter().cycle().take(MESSAGES).cloned().collect()
}

/// Each hostile shape in two lengths, behind the honest messages in both.
#[must_use]
pub fn hostile() -> Vec<Workload> {
    hostile::every()
        .flat_map(|shape| LENGTHS.map(|length| one(shape, length)))
        .collect()
}

/// Lengths of hostile messages: one is four times the other.
pub const LENGTHS: [usize; 2] = [16_384, 65_535];

fn one(shape: &Shape, length: usize) -> Workload {
    let octets = (shape.make)(length);
    let session = shape.context();
    let mut canonical = Vec::with_capacity(1 << 18);
    workload(format!("{}, {length} octets", shape.name), move || {
        let count = hostile::take(black_box(&octets), &session, &mut canonical);
        black_box(count.is_ok());
    })
}

/// IPv6 is read by other leaves than IPv4.
#[must_use]
pub fn ipv6() -> Workload {
    let run: Vec<u8> = [48, 0x20, 1, 0x0d, 0xb8, 0, 1].repeat(1_000);
    workload("check and walk 1,000 IPv6 prefixes", move || {
        let whole = NlriRun::<Ipv6Unicast>::check(black_box(&run), false);
        let sum = NlriRun::<Ipv6Unicast>::new(black_box(&run), false).fold(0_u128, |sum, nlri| {
            sum.wrapping_add(nlri.key.network().to_bits())
        });
        black_box((whole.is_ok(), sum));
    })
}
