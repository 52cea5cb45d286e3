//! The kernel table as configured, and the names that people give to tables and protocols.
//!
//! The names that every system has are built in; others are looked up where iproute2 keeps them.
use crate::fib;
use std::{
    fs,
    net::{Ipv4Addr, Ipv6Addr},
    path::Path,
};

/// `[kernel]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// table number ("main" is 254)
    pub table: u32,
    /// route metric (priority)
    pub metric: u32,
    /// rtm_protocol, default 186 (bgp)
    pub protocol: u8,
    /// leave routes at exit
    pub keep_on_exit: bool,
    /// preferred source of IPv4 routes
    pub source_v4: Option<Ipv4Addr>,
    /// and of IPv6 routes
    pub source_v6: Option<Ipv6Addr>,
    /// write nothing, and log what would be written
    pub dry_run: bool,
    /// MTU of our routes, where it is not that of the link
    pub mtu: Option<fib::Mtu>,
    /// rtm_protocol of other speakers whose routes are taken over or swept ("bird" is 12)
    pub adopt: Vec<u8>,
}

impl Kernel {
    /// Default of `table`: main.
    pub const TABLE: u32 = 254;
    /// Default of `metric`: that of BIRD 2.
    pub const METRIC: u32 = 32;
    /// Default of `protocol`: bgp.
    pub const PROTOCOL: u8 = 186;
}

impl Default for Kernel {
    fn default() -> Self {
        Self {
            table: Self::TABLE,
            metric: Self::METRIC,
            protocol: Self::PROTOCOL,
            keep_on_exit: false,
            source_v4: None,
            source_v6: None,
            mtu: None,
            dry_run: false,
            adopt: Vec::new(),
        }
    }
}

/// A kind of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// routing tables
    Tables,
    /// rtm_protocol
    Protocols,
}

impl Names {
    fn built_in(self) -> Vec<(&'static str, u32)> {
        match self {
            Self::Tables => vec![("default", 253), ("main", 254), ("local", 255)],
            Self::Protocols => fib::known_protocols()
                .map(|(name, number)| (name, number.into()))
                .collect(),
        }
    }

    fn file_name(self) -> &'static str {
        match self {
            Self::Tables => "rt_tables",
            Self::Protocols => "rt_protos",
        }
    }

    /// The number of a name.
    pub(super) fn number(self, name: &str) -> Option<u32> {
        let mut built_in = self.built_in().into_iter();
        if let Some((_, number)) = built_in.find(|&(known, _)| known == name) {
            return Some(number);
        }
        let mut entries = self.host_entries();
        entries.retain(|(known, _)| known == name);
        entries.first().map(|&(_, number)| number)
    }

    /// All names that could have been meant.
    pub(super) fn all(self) -> Vec<String> {
        let built_in = self.built_in().into_iter().map(|(name, _)| name.to_owned());
        let host = self.host_entries().into_iter().map(|(name, _)| name);
        built_in.chain(host).collect()
    }

    /// Entries of this host's iproute2, first match first.
    fn host_entries(self) -> Vec<(String, u32)> {
        let mut entries = Vec::new();
        for directory in ["/etc/iproute2", "/usr/share/iproute2", "/usr/lib/iproute2"] {
            let file = Path::new(directory).join(self.file_name());
            let mut files = vec![file.clone()];
            let parts = fs::read_dir(file.with_extension("d")).into_iter().flatten();
            files.extend(parts.flatten().map(|entry| entry.path()));
            for file in files {
                entries.extend(parse_entries(&fs::read_to_string(file).unwrap_or_default()));
            }
        }
        entries
    }
}

/// Lines of `NUMBER NAME`, `#` begins a comment.
fn parse_entries(text: &str) -> Vec<(String, u32)> {
    let line = |line: &str| {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        let number = words.next()?;
        let number = match number.strip_prefix("0x") {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        Some((words.next()?.to_owned(), number))
    };
    text.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iproute2_entries() {
        let text = "#\n255\tlocal\n  0x10  azure # ours\n7\nx y\n";
        assert_eq!(
            parse_entries(text),
            [("local".to_owned(), 255), ("azure".to_owned(), 16)]
        );
    }

    #[test]
    fn built_in_names() {
        assert_eq!(Names::Tables.number("main"), Some(254));
        assert_eq!(Names::Protocols.number("bird"), Some(12));
        assert_eq!(Names::Protocols.number("no-such-protocol"), None);
    }
}
