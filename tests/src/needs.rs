//! What a test needs of the machine, and how it says that it was not run.
use crate::Implementation;
use std::{env, io::Write, thread};

/// Something that not every machine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Root, to make network namespaces.
    Root,
    /// BIRD 2 (`bird` and `birdc`).
    Bird,
    /// FRR (`bgpd`, `zebra` and `vtysh`).
    Frr,
    /// GoBGP (`gobgpd` and `gobgp`).
    GoBgp,
    /// OpenBGPD (`bgpd` and `bgpctl`).
    OpenBgpd,
    /// ExaBGP.
    ExaBgp,
}

impl Needs {
    /// Whether all of `needs` are met. If not, the test that this thread runs is reported as
    /// `SKIPPED` on standard error, past the capture of the test runner so that `./test` can list
    /// it.
    ///
    /// # Panics
    /// Where a skip is forbidden (`CI=true` or `MYNA_NO_SKIP=1`) and something is missing.
    #[must_use]
    pub fn met(needs: &[Self]) -> bool {
        let Some(why) = needs.iter().find_map(|need| need.missing()) else {
            return true;
        };
        let thread = thread::current();
        let test = thread.name().unwrap_or("a test");
        let forbidden = env::var("CI").is_ok_and(|value| value == "true")
            || env::var("MYNA_NO_SKIP").is_ok_and(|value| value == "1");
        assert!(
            !forbidden,
            "{test} cannot run and must not be skipped here: {why}"
        );
        // `eprintln!` would be captured for a test that passes; a skip must be seen.
        let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {why}");
        false
    }

    fn missing(self) -> Option<&'static str> {
        match self {
            Self::Root => (!nix::unistd::geteuid().is_root())
                .then_some("not root, which network namespaces need"),
            Self::Bird => (!Implementation::Bird
                .version()
                .is_some_and(|version| version.starts_with("2.")))
            .then_some("BIRD 2 is not installed (Debian's package bird2)"),
            Self::Frr => {
                absent(Implementation::Frr).then_some("FRR is not installed (Debian's package frr)")
            }
            Self::GoBgp => absent(Implementation::GoBgp)
                .then_some("GoBGP is not installed (Debian's package gobgpd)"),
            Self::OpenBgpd => absent(Implementation::OpenBgpd)
                .then_some("OpenBGPD is not installed (Debian's package openbgpd)"),
            Self::ExaBgp => absent(Implementation::ExaBgp)
                .then_some("ExaBGP is not installed (Debian's package exabgp)"),
        }
    }
}

fn absent(implementation: Implementation) -> bool {
    implementation.version().is_none()
}
