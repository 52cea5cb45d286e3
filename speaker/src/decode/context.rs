//! What must be known to read an UPDATE, where the input does not say it.
//!
//! Of a session both OPENs say it, and what they say is taken for the messages behind them; the
//! user's word is above theirs. Messages do not say who sent them, so where path identifiers go one
//! way only, an UPDATE that has a fault with them and none without is read without.
use super::entry::ContextEntry;
use bgp_wire::{AsSets, Family, Negotiated, Open, SessionType, UpdateContext, iana};

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
    pub(super) add_path: PathIds,
}

/// Which families have path identifiers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum PathIds {
    /// Those that the user names, else those that the OPENs agree on.
    AsSaid,
    /// All.
    Everywhere,
    /// None.
    Nowhere,
}

/// One context for every reading, made once.
#[derive(Debug)]
pub(super) struct Contexts([UpdateContext; 12]);

impl PathIds {
    /// All or those that the user names.
    pub(super) fn everywhere(there: bool) -> Self {
        if there {
            Self::Everywhere
        } else {
            Self::AsSaid
        }
    }
}

impl Reading {
    fn number(self) -> usize {
        let add_path = match self.add_path {
            PathIds::AsSaid => 0,
            PathIds::Everywhere => 4,
            PathIds::Nowhere => 8,
        };
        usize::from(self.four_octet_as) | usize::from(self.internal) << 1 | add_path
    }
}

impl Contexts {
    /// Of input that says nothing but what each record says of itself.
    pub(super) fn new(session: &Session) -> Self {
        // What a file holds was taken by somebody: nothing is held against it.
        Self::of_families(&every_family(), &every_family(), &session.add_path)
    }

    fn of_families(families: &[Family], extended_next_hop: &[Family], said: &[Family]) -> Self {
        Self(std::array::from_fn(|number| UpdateContext {
            session: if number & 2 == 0 {
                SessionType::Ebgp
            } else {
                SessionType::Ibgp
            },
            four_octet_as: number & 1 != 0,
            families: families.to_vec(),
            add_path: match number / 4 {
                0 => said.to_vec(),
                1 => every_family(),
                _ => Vec::new(),
            },
            extended_next_hop: extended_next_hop.to_vec(),
            as_sets: AsSets::default(),
        }))
    }

    pub(super) fn of(&self, reading: Reading) -> &UpdateContext {
        let [first, ..] = &self.0;
        self.0.get(reading.number()).unwrap_or(first)
    }
}

fn every_family() -> Vec<Family> {
    let families = iana::FAMILIES.iter();
    families
        .map(|(afi, safi, _)| Family {
            afi: *afi,
            safi: *safi,
        })
        .collect()
}

/// What the OPENs of a stream of messages say, under what the user says.
#[derive(Debug)]
pub(super) struct Learned {
    session: Session,
    /// The last OPENs of one or two speakers.
    opens: Vec<Open>,
    reading: Reading,
    contexts: Contexts,
    /// Path identifiers go one way only.
    one_way: bool,
}

impl Learned {
    pub(super) fn new(session: &Session) -> Self {
        Self {
            session: session.clone(),
            opens: Vec::new(),
            reading: Reading {
                four_octet_as: !session.two_octet_as,
                internal: session.internal,
                add_path: PathIds::AsSaid,
            },
            contexts: Contexts::new(session),
            one_way: false,
        }
    }

    pub(super) fn reading(&self) -> Reading {
        self.reading
    }

    pub(super) fn contexts(&self) -> &Contexts {
        &self.contexts
    }

    /// The reading to try where the usual one finds a fault.
    pub(super) fn other_way(&self) -> Option<Reading> {
        self.one_way.then_some(Reading {
            add_path: PathIds::Nowhere,
            ..self.reading
        })
    }

    /// An OPEN: of the speaker that was heard before, of the other, or of a third one, with which
    /// another session begins.
    pub(super) fn open(&mut self, open: &Open) {
        let speaker = |open: &Open| (open.asn, open.router_id);
        match self
            .opens
            .iter_mut()
            .find(|it| speaker(it) == speaker(open))
        {
            Some(before) => before.clone_from(open),
            None => {
                if self.opens.len() > 1 {
                    self.opens.clear();
                }
                self.opens.push(open.clone());
            }
        }
        let agreed = match self.opens.as_slice() {
            [first, second] => Some(Negotiated::new(first, second)),
            _ => None,
        };
        // RFC 6793 §4.1: four octets only where both have the capability, so one that lacks it says
        // enough.
        let one_sided = Negotiated::new(open, open).four_octet_as;
        let four_octet_as = agreed.as_ref().map_or(one_sided, |both| both.four_octet_as);
        self.reading = Reading {
            four_octet_as: four_octet_as && !self.session.two_octet_as,
            internal: self.session.internal
                || agreed
                    .as_ref()
                    .is_some_and(|both| both.local_as == both.remote_as),
            add_path: PathIds::AsSaid,
        };
        self.one_way = false;
        self.contexts = match agreed {
            None => Contexts::new(&self.session),
            Some(both) => {
                let families = both.families.iter().copied();
                let (receive, send) = (&both.add_path_receive, &both.add_path_send);
                let either = families
                    .filter(|family| receive.contains(family) || send.contains(family))
                    .collect();
                let said = if self.session.add_path.is_empty() {
                    self.one_way = receive != send;
                    either
                } else {
                    self.session.add_path.clone()
                };
                Contexts::of_families(&both.families, &both.extended_next_hop, &said)
            }
        };
    }

    /// How what follows is read; families where both sides were heard.
    pub(super) fn context(&self) -> ContextEntry {
        let both = self.opens.len() > 1;
        let context = self.contexts.of(self.reading);
        let heard = |families: &[Family]| if both { families.to_vec() } else { Vec::new() };
        ContextEntry {
            as_octets: if self.reading.four_octet_as { 4 } else { 2 },
            internal: (both || self.session.internal).then_some(self.reading.internal),
            families: heard(&context.families),
            add_path: context.add_path.clone(),
            extended_next_hop: heard(&context.extended_next_hop),
        }
    }
}
