//! A running speaker of any make, asked and told in one way.
use crate::{Announced, Capability, Needs, Netns, Path, Router, daemons};
use nix::sys::signal::Signal;
use std::{collections::BTreeSet, fmt, net::IpAddr};

/// The makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are their own")]
pub enum Implementation {
    Myna,
    Bird,
    Frr,
    GoBgp,
    OpenBgpd,
    ExaBgp,
}

/// What every make can do and say. Questions answer `Err` with what was said instead, so that
/// they can be asked again until they are answered as hoped.
pub trait Daemon: fmt::Debug {
    /// `Ok` where the session with `neighbor` is Established; otherwise its state.
    fn established(&self, neighbor: IpAddr) -> Result<(), String>;

    /// Prefixes that it has from `neighbor` (stale ones too).
    fn prefixes(&self, neighbor: IpAddr) -> Result<BTreeSet<String>, String>;

    /// All paths to exactly `prefix` that it has from `neighbor`, sorted.
    fn paths(&self, neighbor: IpAddr, prefix: &str) -> Result<Vec<Path>, String>;

    /// What `neighbor` said of itself in its OPEN, in so far as this make shows it.
    fn heard(&self, neighbor: IpAddr) -> Result<BTreeSet<Capability>, String>;

    /// Agreed hold time, seconds.
    fn hold_time(&self, neighbor: IpAddr) -> Result<u16, String>;

    /// All that it says about `neighbor`, with its log: where error texts are looked for.
    fn told(&self, neighbor: IpAddr) -> String;

    /// Originates one more route.
    fn announce(&mut self, route: &Announced);

    /// Originates a route no more.
    fn withdraw(&mut self, prefix: &str);

    /// Asks `neighbor` for its routes again (RFC 2918).
    fn ask_again(&mut self, neighbor: IpAddr);

    /// Ends the session for good with Cease/Administrative Shutdown and this text (RFC 9003).
    fn shut_down(&mut self, neighbor: IpAddr, text: &str);

    /// Sends a signal to its process, or to that of several which holds the sessions.
    fn signal(&self, signal: Signal);

    /// Ends it at once; its sockets are closed by the kernel.
    fn kill(&mut self);

    /// Starts it again as it was.
    fn start_again(&mut self);
}

impl Implementation {
    /// All of them, in the order of the matrix.
    pub const ALL: [Self; 6] = [
        Self::Myna,
        Self::Bird,
        Self::Frr,
        Self::GoBgp,
        Self::OpenBgpd,
        Self::ExaBgp,
    ];

    /// As it writes itself.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Myna => "Myna",
            Self::Bird => "BIRD",
            Self::Frr => "FRR",
            Self::GoBgp => "GoBGP",
            Self::OpenBgpd => "OpenBGPD",
            Self::ExaBgp => "ExaBGP",
        }
    }

    /// For names of tests: "frr".
    #[must_use]
    pub fn word(self) -> String {
        self.name().to_lowercase()
    }

    /// What a test with it needs of the machine beside root.
    #[must_use]
    pub fn needs(self) -> Option<Needs> {
        match self {
            Self::Myna => None,
            Self::Bird => Some(Needs::Bird),
            Self::Frr => Some(Needs::Frr),
            Self::GoBgp => Some(Needs::GoBgp),
            Self::OpenBgpd => Some(Needs::OpenBgpd),
            Self::ExaBgp => Some(Needs::ExaBgp),
        }
    }

    /// Its version in two or three numbers; `None` where it does not run, and for Myna.
    #[must_use]
    pub fn version(self) -> Option<String> {
        let (program, arguments): (_, &[&str]) = match self {
            Self::Myna => return None,
            Self::Bird => ("bird", &["--version"]),
            Self::Frr => (daemons::FRR_BGPD, &["--version"]),
            Self::GoBgp => ("gobgpd", &["--version"]),
            Self::OpenBgpd => (daemons::OPENBGPD, &["-V"]),
            Self::ExaBgp => ("exabgp", &["--version"]),
        };
        version(program, arguments)
    }

    /// Starts one in `netns` and waits until it answers.
    ///
    /// # Panics
    /// When it does not come up.
    #[track_caller]
    #[must_use]
    pub fn start(self, netns: &Netns, router: &Router) -> Box<dyn Daemon> {
        match self {
            Self::Myna => Box::new(daemons::MynaRouter::start(netns, router)),
            Self::Bird => Box::new(daemons::BirdRouter::start(netns, router)),
            Self::Frr => Box::new(daemons::Frr::start(netns, router)),
            Self::GoBgp => Box::new(daemons::GoBgp::start(netns, router)),
            Self::OpenBgpd => Box::new(daemons::OpenBgpd::start(netns, router)),
            Self::ExaBgp => Box::new(daemons::ExaBgp::start(netns, router)),
        }
    }
}

/// The first word of a program's answer that looks like a version.
fn version(program: &str, arguments: &[&str]) -> Option<String> {
    let output = std::process::Command::new(program)
        .args(arguments)
        .output()
        .ok()?;
    // Debian's bird prints its version on standard error.
    let mut text = output.stdout;
    text.extend(output.stderr);
    let text = String::from_utf8_lossy(&text).into_owned();
    text.split(|c: char| c.is_whitespace() || c == ',' || c == '(')
        .map(|word| word.trim_end_matches('.'))
        .find(|word| word.contains('.') && word.chars().all(|c| c.is_ascii_digit() || c == '.'))
        .map(str::to_owned)
}
