//! What our OPEN says this time.
//!
//! Capabilities are configured, but two things change what is announced. A neighbor may refuse an
//! OPEN for what is in it: then the next one says less, what was refused stays withheld for an
//! hour, and whoever asks is told. And what the capability of graceful restart says of our own
//! restart (R, F) is true of the first session after it only.
use crate::Config;
use bgp_wire::{
    Capability, GracefulRestart, LongLived, Notification, Open,
    iana::{capability as code, notification as error},
};
use std::{
    fmt,
    time::{Duration, Instant},
};

/// After so long all is offered again: neighbors get new software. It costs one refused OPEN.
const FULL_AGAIN: Duration = Duration::from_secs(3600);

/// What is kept back from a neighbor that refused it, each step less than the one before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Withheld {
    #[default]
    Nothing,
    /// Capabilities of these codes.
    These(Vec<u8>),
    /// All but families and four-octet AS numbers.
    Optional,
    /// All: an OPEN without optional parameters (RFC 5492 §3).
    All,
}

#[derive(Clone, Debug)]
pub(crate) struct Offer {
    withheld: Withheld,
    /// Since when it is withheld.
    since: Option<Instant>,
    /// No session was Established yet.
    first: bool,
    /// What the R bit says of the first session.
    restarted: bool,
}

impl Default for Offer {
    fn default() -> Self {
        Self {
            withheld: Withheld::Nothing,
            since: None,
            first: true,
            restarted: true,
        }
    }
}

impl Offer {
    /// The OPEN for a connection that begins now.
    pub(crate) fn open(&mut self, config: &Config, now: Instant) -> Open {
        if self
            .since
            .is_some_and(|since| now.saturating_duration_since(since) >= FULL_AGAIN)
        {
            self.forget();
        }
        let four_octet_as = Capability::FourOctetAs(config.local_as);
        let others = config.capabilities.iter();
        let others = others
            .filter(|other| !matches!(other, Capability::FourOctetAs(_)))
            .map(|other| self.bits(other));
        Open {
            asn: config.local_as,
            hold_time: u16::try_from(config.hold_time.as_secs()).unwrap_or(u16::MAX),
            router_id: config.router_id,
            capabilities: std::iter::once(four_octet_as)
                .chain(others)
                .filter(|capability| self.withheld.allows(capability))
                .collect(),
        }
    }

    /// A session was Established: what is said of the restart before it is over.
    pub(crate) fn established(&mut self) {
        self.first = false;
    }

    /// Too long ago to be told: no OPEN says any more that we have restarted.
    pub(crate) fn restart_over(&mut self) {
        self.restarted = false;
    }

    /// Offers everything again.
    pub(crate) fn forget(&mut self) {
        self.withheld = Withheld::Nothing;
        self.since = None;
    }

    /// The neighbor answered the OPEN `sent` by `notification`: whether the next one says less
    /// because of it.
    pub(crate) fn refused(
        &mut self,
        config: &Config,
        sent: &Open,
        notification: &Notification,
        now: Instant,
    ) -> bool {
        if !config.capability_fallback || notification.code != error::OPEN_MESSAGE {
            return false;
        }
        let next = match notification.subcode {
            // RFC 5492 §3: a speaker that does not know the Capabilities parameter answers so.
            error::open::UNSUPPORTED_PARAMETER => Some(Withheld::All),
            error::open::UNSUPPORTED_CAPABILITY => self.without_named(sent, &notification.data),
            _ => None,
        };
        let Some(next) = next.filter(|next| sensible(config, sent, next)) else {
            return false;
        };
        self.withheld = next;
        self.since = Some(now);
        true
    }

    /// What to withhold after Unsupported Capability. RFC 5492 §5 means by it a capability that
    /// the neighbor misses in us, and lists it; many say so of one that they do not know. Ours are
    /// those that we sent, octet by octet.
    fn without_named(&self, sent: &Open, data: &[u8]) -> Option<Withheld> {
        let mut codes = match &self.withheld {
            Withheld::Nothing => Vec::new(),
            Withheld::These(codes) => codes.clone(),
            Withheld::Optional => return Some(Withheld::All),
            Withheld::All => return None,
        };
        let mut rest = data;
        let before = codes.len();
        while let [kind, length, after @ ..] = rest {
            let (value, later) = after.split_at_checked(usize::from(*length))?;
            if !sent
                .capabilities
                .iter()
                .any(|ours| ours.code() == *kind && ours.value() == value)
            {
                // The neighbor wants something of us that we have not got.
                return None;
            }
            if !codes.contains(kind) {
                codes.push(*kind);
            }
            rest = later;
        }
        if codes.len() > before {
            Some(Withheld::These(codes))
        } else {
            Some(Withheld::Optional)
        }
    }

    /// In words, what is withheld.
    pub(crate) fn withheld(&self) -> Option<String> {
        (self.withheld != Withheld::Nothing).then(|| self.withheld.to_string())
    }

    /// The capability with the bits that are true this time.
    fn bits(&self, capability: &Capability) -> Capability {
        match capability {
            // RFC 4724 §3: R says that we have restarted; F that forwarding was preserved, which
            // it is all the time while the process lives (RFC 8538 §4).
            Capability::GracefulRestart(restart) => Capability::GracefulRestart(GracefulRestart {
                restarting: restart.restarting && self.first && self.restarted,
                families: restart
                    .families
                    .iter()
                    .map(|(family, preserved)| (*family, *preserved || !self.first))
                    .collect(),
                ..*restart
            }),
            Capability::LongLivedGracefulRestart(entries) => {
                let entries = entries.iter().map(|entry| LongLived {
                    forwarding: entry.forwarding || !self.first,
                    ..*entry
                });
                Capability::LongLivedGracefulRestart(entries.collect())
            }
            other => other.clone(),
        }
    }
}

impl Withheld {
    fn allows(&self, capability: &Capability) -> bool {
        match self {
            Self::Nothing => true,
            Self::These(codes) => !codes.contains(&capability.code()),
            Self::Optional => matches!(
                capability,
                Capability::Multiprotocol(_) | Capability::FourOctetAs(_)
            ),
            Self::All => false,
        }
    }
}

/// Whether an OPEN that withholds `next` would differ from `sent` and still offer a family that
/// is configured: without multiprotocol capabilities only IPv4 unicast is left (RFC 4760 §8).
fn sensible(config: &Config, sent: &Open, next: &Withheld) -> bool {
    let less = sent.capabilities.iter().any(|ours| !next.allows(ours));
    let configured: Vec<_> = config
        .capabilities
        .iter()
        .filter(|capability| matches!(capability, Capability::Multiprotocol(_)))
        .collect();
    let family = configured.is_empty()
        || configured.iter().any(|family| next.allows(family))
        || configured.contains(&&Capability::Multiprotocol(bgp_wire::Family::IPV4_UNICAST));
    less && family
}

impl fmt::Display for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::These(codes) => {
                for (index, kind) in codes.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    match code::name(*kind) {
                        Some(name) => f.write_str(name)?,
                        None => write!(f, "capability {kind}")?,
                    }
                }
                Ok(())
            }
            Self::Optional => f.write_str("all but families and four-octet AS numbers"),
            Self::All => f.write_str("all capabilities"),
        }
    }
}
