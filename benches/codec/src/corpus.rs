//! UPDATEs to measure with: recorded ones of the Internet, and generated ones that look like them.
//!
//! The recordings lie outside of the repository (`MYNA_SHARED`, or `../shared` beside it); the
//! generated ones are always there, and the same on every machine.
use bgp_wire::{
    Asn, AttributeSet, Family, Ipv4Unicast, Ipv6Unicast, MessageSize, NextHop, Nlri, Origin,
    Packer, SessionType, UpdateContext, frame, mrt,
};
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Whole UPDATEs, one behind the other.
#[derive(Clone, Debug)]
pub struct Corpus {
    /// What it is called in tables.
    pub name: &'static str,
    octets: Vec<u8>,
    messages: Vec<(Range<usize>, bool)>,
}

/// One UPDATE.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'a> {
    /// The message, its header included.
    pub octets: &'a [u8],
    /// Whether its AS numbers have four octets.
    pub four_octet_as: bool,
}

/// Recordings that hold UPDATEs: name and file.
const RECORDINGS: [(&str, &str); 2] = [
    ("2015, BGP4MP_ET", "updates.et-header.2015.first-fifth.gz"),
    ("2019, RIS", "ris.updates.20190101.0000.gz"),
];

/// How many messages a generated corpus has.
const GENERATED: u32 = 4_000;

/// The recordings that are here, then the generated UPDATEs.
///
/// # Errors
/// Where a recording is there and cannot be read.
pub fn all() -> io::Result<Vec<Corpus>> {
    let mut corpora = Vec::new();
    for (name, file) in RECORDINGS {
        match recordings().map(|folder| folder.join(file)) {
            Some(path) if path.is_file() => corpora.push(Corpus::recorded(name, &path)?),
            _ => eprintln!("{name}: {file} is not here (set MYNA_SHARED)"),
        }
    }
    corpora.push(Corpus::generated());
    Ok(corpora)
}

fn recordings() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    std::env::var_os("MYNA_SHARED")
        .map(PathBuf::from)
        .into_iter()
        .chain([beside])
        .map(|shared| shared.join("data/mrt"))
        .find(|folder| folder.is_dir())
}

/// A session that takes all that the corpora hold: internal, so that no attribute is discarded.
#[must_use]
pub fn context(four_octet_as: bool) -> UpdateContext {
    UpdateContext {
        session: SessionType::Ibgp,
        four_octet_as,
        families: vec![Family::IPV4_UNICAST, Family::IPV6_UNICAST],
        ..UpdateContext::default()
    }
}

impl Corpus {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            octets: Vec::new(),
            messages: Vec::new(),
        }
    }

    /// Its messages.
    pub fn messages(&self) -> impl ExactSizeIterator<Item = Recorded<'_>> {
        self.messages.iter().map(|(range, four_octet_as)| Recorded {
            octets: self.octets.get(range.clone()).unwrap_or(&[]),
            four_octet_as: *four_octet_as,
        })
    }

    /// Only the messages that `keep` wants.
    #[must_use]
    pub fn filtered(&self, keep: impl Fn(Recorded<'_>) -> bool) -> Self {
        let mut corpus = Self::new(self.name);
        for message in self.messages().filter(|message| keep(*message)) {
            corpus.push(message.octets, message.four_octet_as);
        }
        corpus
    }

    /// Its first `count` messages.
    #[must_use]
    pub fn first(&self, count: usize) -> Self {
        let mut corpus = Self::new(self.name);
        for message in self.messages().take(count) {
            corpus.push(message.octets, message.four_octet_as);
        }
        corpus
    }

    /// Octets of all messages.
    #[must_use]
    pub fn size(&self) -> usize {
        self.octets.len()
    }

    fn push(&mut self, message: &[u8], four_octet_as: bool) {
        let start = self.octets.len();
        self.octets.extend_from_slice(message);
        self.messages
            .push((start..self.octets.len(), four_octet_as));
    }

    /// The UPDATEs of an MRT file.
    fn recorded(name: &'static str, path: &Path) -> io::Result<Self> {
        let mut stream = Vec::new();
        flate2::read::MultiGzDecoder::new(File::open(path)?).read_to_end(&mut stream)?;
        let mut corpus = Self::new(name);
        let mut rest = stream.as_slice();
        while let Ok(Some(record)) = mrt::frame(rest, 1 << 20) {
            rest = rest.get(record.octets().len()..).unwrap_or(&[]);
            let Ok(mrt::Body::Message(message)) = record.body() else {
                continue;
            };
            let header = frame(message.octets, 65_535).ok().flatten();
            if header.is_some_and(|header| header.kind == bgp_wire::MessageType::Update)
                && !message.add_path
            {
                corpus.push(message.octets, message.four_octet_as);
            }
        }
        Ok(corpus)
    }

    /// What a transit neighbor sends, in the proportions of the recordings: mostly one to a few
    /// prefixes per message, paths of three to seven AS numbers, some communities; one message in
    /// eight withdraws, one in five is of IPv6.
    #[must_use]
    pub fn generated() -> Self {
        let mut corpus = Self::new("generated");
        let mut random = Random(1);
        for number in 0..GENERATED {
            let mut message = Vec::new();
            let set = attributes(&mut random);
            let withdrawal = number % 8 == 7;
            if number % 5 == 4 {
                let nlri = ipv6(&mut random);
                write(&mut message, &set, next_hop6(), &nlri, withdrawal);
            } else {
                let nlri = ipv4(&mut random);
                write(&mut message, &set, next_hop4(), &nlri, withdrawal);
            }
            corpus.push(&message, true);
        }
        corpus
    }

    /// IPv4 prefixes of a full table's lengths, as one run of NLRI.
    #[must_use]
    pub fn run(prefixes: usize) -> Vec<u8> {
        let mut random = Random(7);
        let mut run = Vec::new();
        for _ in 0..prefixes {
            nlri4(&mut random).encode(false, &mut run);
        }
        run
    }
}

/// How the generated UPDATEs are written.
pub const SIZE: MessageSize = MessageSize {
    max: 4_096,
    four_octet_as: true,
    add_path: false,
};

fn write<F: bgp_wire::AddressFamily>(
    out: &mut Vec<u8>,
    set: &AttributeSet,
    next_hop: NextHop,
    nlri: &[Nlri<F>],
    withdrawal: bool,
) {
    if withdrawal {
        Packer::withdraw(out, SIZE, nlri);
        return;
    }
    let mut canonical = Vec::new();
    set.encode(&mut canonical);
    if Packer::announce(out, SIZE, &canonical, next_hop, nlri).is_err() {
        out.clear();
    }
}

fn next_hop4() -> NextHop {
    NextHop::V4([192, 0, 2, 1].into())
}

fn next_hop6() -> NextHop {
    NextHop::V6 {
        global: [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1].into(),
        link_local: None,
    }
}

/// The same numbers on every machine (SplitMix64).
#[derive(Clone, Debug)]
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        // Of a 64-bit number the remainder is as good as uniform here.
        u32::try_from(mixed % u64::from(bound.max(1))).unwrap_or(0)
    }
    fn one_in(&mut self, count: u32) -> bool {
        self.below(count) == 0
    }
}

fn attributes(random: &mut Random) -> AttributeSet {
    let length = 3 + random.below(5);
    let path: Vec<Asn> = (0..length)
        .map(|_| Asn(1 + random.below(if random.0 & 7 == 0 { 400_000 } else { 64_000 })))
        .collect();
    let mut set = AttributeSet::with_path(path);
    if random.one_in(6) {
        set.origin = Origin::Incomplete;
    }
    if random.one_in(3) {
        set.med = Some(random.below(500));
    }
    if random.one_in(12) {
        set.atomic_aggregate = true;
    }
    if !random.one_in(3) {
        let count = 1 + random.below(12);
        set.communities = (0..count).map(|_| random.below(u32::MAX)).collect();
    }
    if random.one_in(8) {
        let count = 1 + random.below(5);
        set.large_communities = (0..count)
            .map(|_| {
                [
                    random.below(400_000),
                    random.below(1_000),
                    random.below(1_000),
                ]
            })
            .collect();
    }
    set
}

fn count(random: &mut Random) -> u32 {
    match random.below(10) {
        0..5 => 1,
        5..8 => 2 + random.below(4),
        8 => 5 + random.below(20),
        _ => 20 + random.below(60),
    }
}

fn ipv4(random: &mut Random) -> Vec<Nlri<Ipv4Unicast>> {
    (0..count(random)).map(|_| nlri4(random)).collect()
}

/// Six prefixes in ten are of 24 bits, nine in ten of 17 to 24, as in a full table.
fn nlri4(random: &mut Random) -> Nlri<Ipv4Unicast> {
    let bits = match random.below(100) {
        0..60 => 24,
        60..90 => 17 + random.below(7),
        90..98 => 9 + random.below(8),
        _ => 25 + random.below(8),
    };
    let address = random.below(u32::MAX).to_be_bytes().into();
    let bits = u8::try_from(bits).unwrap_or(24);
    Nlri::new(ipnet::Ipv4Net::new_assert(address, bits).trunc())
}

/// Half are of 48 bits, the others of 29 to 47.
fn ipv6(random: &mut Random) -> Vec<Nlri<Ipv6Unicast>> {
    (0..count(random))
        .map(|_| {
            let bits = if random.one_in(2) {
                48
            } else {
                29 + random.below(19)
            };
            let address = (0x2000_u128 << 112)
                | (u128::from(random.below(u32::MAX)) << 84)
                | (u128::from(random.below(u32::MAX)) << 64);
            let bits = u8::try_from(bits).unwrap_or(48);
            Nlri::new(ipnet::Ipv6Net::new_assert(address.to_be_bytes().into(), bits).trunc())
        })
        .collect()
}
