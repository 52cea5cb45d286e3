//! What must be known to read an UPDATE, where the input does not say it.
use bgp_wire::{AsSets, Capability, Family, Open, SessionType, UpdateContext, iana};

/// What the user says of the session.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Session {
    /// AS numbers have two octets.
    pub two_octet_as: bool,
    /// The session is an internal one.
    pub internal: bool,
    /// Families whose NLRI have path identifiers.
    pub add_path: Vec<Family>,
}

/// How one message is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Reading {
    pub(super) four_octet_as: bool,
    pub(super) internal: bool,
    /// All families have path identifiers, or those alone that the user says.
    pub(super) add_path: bool,
}

/// One context for every reading, made once.
#[derive(Debug)]
pub(super) struct Contexts([UpdateContext; 8]);

impl Reading {
    fn number(self) -> usize {
        usize::from(self.four_octet_as)
            | usize::from(self.internal) << 1
            | usize::from(self.add_path) << 2
    }
}

impl Contexts {
    pub(super) fn new(session: &Session) -> Self {
        let every: Vec<Family> = iana::FAMILIES
            .iter()
            .map(|(afi, safi, _)| Family {
                afi: *afi,
                safi: *safi,
            })
            .collect();
        Self(std::array::from_fn(|number| UpdateContext {
            session: if number & 2 == 0 {
                SessionType::Ebgp
            } else {
                SessionType::Ibgp
            },
            four_octet_as: number & 1 != 0,
            families: every.clone(),
            add_path: if number & 4 == 0 {
                session.add_path.clone()
            } else {
                every.clone()
            },
            // what a file holds was taken by somebody: nothing is held against it
            extended_next_hop: every.clone(),
            as_sets: AsSets::default(),
        }))
    }

    pub(super) fn of(&self, reading: Reading) -> &UpdateContext {
        let [first, ..] = &self.0;
        self.0.get(reading.number()).unwrap_or(first)
    }
}

/// What the OPENs of a stream of messages say, over what the user says.
#[derive(Debug)]
pub(super) struct Learned {
    reading: Reading,
    told: bool,
}

impl Learned {
    pub(super) fn new(session: &Session) -> Self {
        Self {
            reading: Reading {
                four_octet_as: !session.two_octet_as,
                internal: session.internal,
                add_path: false,
            },
            told: session.two_octet_as,
        }
    }

    pub(super) fn reading(&self) -> Reading {
        self.reading
    }

    /// RFC 6793 §4.1: four octets where every side that opened has the capability.
    pub(super) fn open(&mut self, open: &Open) {
        let four_octet_as = open
            .capabilities
            .iter()
            .any(|capability| matches!(capability, Capability::FourOctetAs(_)));
        if !self.told {
            self.reading.four_octet_as &= four_octet_as;
        }
    }
}
