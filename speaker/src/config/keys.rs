//! Every key of the configuration file, by section, and the words that people bring along from
//! elsewhere.
//!
//! One list serves the reader (what is known), the suggestions (what was meant) and a test that
//! the reference file names them all.

/// A section and its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Keys {
    /// as a person writes it; empty for the top level
    pub(super) section: &'static str,
    pub(super) keys: &'static [&'static str],
}

pub(super) const TOP: Keys = Keys {
    section: "",
    keys: &[
        "router-id",
        "local-as",
        "cluster-id",
        "listen",
        "control",
        "connected",
        "static",
        "kernel",
        "decision",
        "filter",
        "set",
        "policy",
        "neighbor",
    ],
};
pub(super) const CONTROL: Keys = Keys {
    section: "[control]",
    keys: &["socket", "mode", "group"],
};
pub(super) const CONNECTED: Keys = Keys {
    section: "[connected]",
    keys: &["interfaces"],
};
pub(super) const STATIC: Keys = Keys {
    section: "[static]",
    keys: &["prefixes"],
};
pub(super) const KERNEL: Keys = Keys {
    section: "[kernel]",
    keys: &[
        "table",
        "metric",
        "protocol",
        "keep-on-exit",
        "source",
        "source-ipv6",
        "mtu",
        "mtu-lock",
        "adopt",
        "dry-run",
    ],
};
pub(super) const FILTER: Keys = Keys {
    section: "[filter.NAME]",
    keys: &["accept"],
};
pub(super) const DECISION: Keys = Keys {
    section: "[decision]",
    keys: &[
        "always-compare-med",
        "ignore-as-path-length",
        "prefer-oldest",
    ],
};
pub(super) const SET: Keys = Keys {
    section: "[set.NAME]",
    keys: &["prefixes", "file", "communities", "as-paths"],
};
pub(super) const POLICY: Keys = Keys {
    section: "[policy.NAME]",
    keys: &["default", "term"],
};
/// What a term looks at, also within `not`.
pub(super) const MATCHES: Keys = Keys {
    section: "not = { … }",
    keys: &[
        "prefix",
        "next-hop",
        "neighbor",
        "as-path",
        "as-path-length",
        "origin-as",
        "community",
        "med",
        "local-pref",
        "origin",
        "source",
    ],
};
pub(super) const TERM: Keys = Keys {
    section: "[[policy.NAME.term]]",
    keys: &[
        "name",
        "prefix",
        "next-hop",
        "neighbor",
        "as-path",
        "as-path-length",
        "origin-as",
        "community",
        "med",
        "local-pref",
        "origin",
        "source",
        "not",
        "set-local-pref",
        "set-med",
        "set-origin",
        "prepend",
        "set-next-hop",
        "set-communities",
        "delete-communities",
        "add-communities",
        "then",
    ],
};
pub(super) const NEIGHBOR: Keys = Keys {
    section: "[[neighbor]]",
    keys: &[
        "name",
        "description",
        "address",
        "range",
        "limit",
        "interface",
        "port",
        "remote-as",
        "local-as",
        "password",
        "password-file",
        "import",
        "export",
        "role",
        "reflector-client",
        "route-server-client",
        "next-hop",
        "remove-private-as",
        "allow-own-as",
        "enforce-first-as",
        "graceful-shutdown",
        "long-lived-stale",
        "add-path",
        "add-path-paths",
        "families",
        "hold-time",
        "keepalive-time",
        "connect-retry",
        "send-hold-time",
        "graceful-restart",
        "long-lived-graceful-restart",
        "max-restart-time",
        "max-long-lived-time",
        "strict-role",
        "as-sets",
        "extended-messages",
        "capability-fallback",
        "hostname",
        "software-version",
        "delay-open",
        "notification-without-open",
        "damping",
        "disable-after-error",
        "collision-detect-established",
        "record",
        "passive",
        "receive-limit",
        "import-limit",
        "export-limit",
        "multihop",
        "gtsm",
        "source-address",
        "disabled",
    ],
};
/// A limit of a neighbor that is a table.
pub(super) const LIMIT: Keys = Keys {
    section: "[[neighbor]]",
    keys: &["prefixes", "ipv4", "ipv6", "action", "after"],
};
pub(super) const ALL: [Keys; 11] = [
    TOP, CONTROL, CONNECTED, STATIC, KERNEL, DECISION, FILTER, SET, POLICY, TERM, NEIGHBOR,
];

/// Words of other programs' configurations: what they are called here.
const OTHER_WORDS: &[(&str, &str)] = &[
    ("as", "remote-as"),
    ("asn", "remote-as"),
    ("peer-as", "remote-as"),
    ("neighbor-as", "remote-as"),
    ("my-as", "local-as"),
    ("asn", "local-as"),
    ("as", "local-as"),
    ("bgp-id", "router-id"),
    ("id", "router-id"),
    ("ip", "address"),
    ("neighbor", "address"),
    ("neighbor-range", "range"),
    ("listen-range", "range"),
    ("prefix", "range"),
    ("listen-limit", "limit"),
    ("peer", "address"),
    ("local", "source-address"),
    ("local-address", "source-address"),
    ("source-ip", "source-address"),
    ("update-source", "source-address"),
    ("source", "source-address"),
    ("md5", "password"),
    ("auth", "password"),
    ("authentication", "password"),
    ("import-filter", "import"),
    ("in", "import"),
    ("input-filter", "import"),
    ("export-filter", "export"),
    ("out", "export"),
    ("output-filter", "export"),
    ("add-paths", "add-path"),
    ("addpath", "add-path"),
    ("additional-paths", "add-path"),
    ("rr-client", "reflector-client"),
    ("route-reflector-client", "reflector-client"),
    ("rs-client", "route-server-client"),
    ("next-hop-self", "next-hop"),
    ("nexthop", "next-hop"),
    ("remove-private", "remove-private-as"),
    ("allowas-in", "allow-own-as"),
    ("allow-local-as", "allow-own-as"),
    ("rr-cluster-id", "cluster-id"),
    ("gshut", "graceful-shutdown"),
    ("afi-safi", "families"),
    ("channels", "families"),
    ("hold", "hold-time"),
    ("holdtime", "hold-time"),
    ("keepalive", "keepalive-time"),
    ("connect-retry-time", "connect-retry"),
    ("connect-delay-time", "connect-retry"),
    ("restart-time", "graceful-restart"),
    ("graceful", "graceful-restart"),
    ("gr", "graceful-restart"),
    ("llgr", "long-lived-graceful-restart"),
    ("long-lived", "long-lived-graceful-restart"),
    ("long-lived-stale-time", "long-lived-graceful-restart"),
    ("stale-time", "max-restart-time"),
    ("stalepath-time", "max-restart-time"),
    ("local-role", "role"),
    ("require-roles", "strict-role"),
    ("strict-mode", "strict-role"),
    ("reject-as-sets", "as-sets"),
    ("reject-as-set", "as-sets"),
    ("enable-extended-messages", "extended-messages"),
    ("advertise-hostname", "hostname"),
    ("delayopen", "delay-open"),
    ("sendholdtime", "send-hold-time"),
    ("send-hold", "send-hold-time"),
    ("ttl", "multihop"),
    ("ebgp-multihop", "multihop"),
    ("ttl-security", "gtsm"),
    ("maximum-prefix", "receive-limit"),
    ("max-prefix", "receive-limit"),
    ("route-limit", "import-limit"),
    ("strict-bind", "source-address"),
    ("bind-device", "interface"),
    ("device", "interface"),
    ("vrf", "interface"),
    ("shutdown", "disabled"),
    ("persist", "keep-on-exit"),
    ("krt-prefsrc", "source"),
    ("prefsrc", "source"),
    ("priority", "metric"),
    ("interface", "interfaces"),
    ("networks", "prefixes"),
    ("network", "prefixes"),
    ("routes", "prefixes"),
    ("permit", "accept"),
    ("allow", "accept"),
    ("path", "socket"),
    ("direct", "connected"),
    ("filters", "filter"),
    ("neighbors", "neighbor"),
    ("peers", "neighbor"),
    ("bgp", "neighbor"),
];

/// Settings of other programs that have no counterpart, and why.
const NOT_NEEDED: &[(&str, &str)] = &[
    (
        "scan-time",
        "leave it out: links, addresses and routes are followed by the kernel's events, not by scans",
    ),
    (
        "device",
        "leave it out: links and addresses are always followed",
    ),
    (
        "log",
        "leave it out: logs go to standard error; see `--log-level` and `--log-format` of `myna run`",
    ),
];

/// What a person who wrote `key` in `section` may have meant.
pub(super) fn suggestion(section: Keys, key: &str) -> String {
    let bare = key.to_lowercase().replace(['_', ' '], "-");
    if let Some(known) = super::complaint::did_you_mean(key, section.keys.iter().copied()) {
        return known;
    }
    let other_word = |&&(word, ours): &&(&str, &str)| word == bare && section.keys.contains(&ours);
    if let Some((_, ours)) = OTHER_WORDS.iter().find(other_word) {
        return format!("did you mean `{ours}`?");
    }
    if let Some((_, why)) = NOT_NEEDED.iter().find(|(word, _)| *word == bare) {
        return (*why).to_owned();
    }
    // TOML's trap: a key of the top level that stands below a section belongs to that section
    for elsewhere in ALL {
        if elsewhere != section && elsewhere.keys.contains(&bare.as_str()) {
            return match elsewhere.section {
                "" => format!("`{bare}` stands at the top, above the first [section]"),
                name => format!("`{bare}` belongs into {name}"),
            };
        }
    }
    format!("known here: {}", section.keys.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant() {
        for (section, key, expected) in [
            (NEIGHBOR, "remote_as", "did you mean `remote-as`?"),
            (NEIGHBOR, "asn", "did you mean `remote-as`?"),
            (TOP, "asn", "did you mean `local-as`?"),
            (KERNEL, "persist", "did you mean `keep-on-exit`?"),
            (
                KERNEL,
                "router-id",
                "`router-id` stands at the top, above the first [section]",
            ),
            (TOP, "metric", "`metric` belongs into [kernel]"),
            (STATIC, "colour", "known here: prefixes"),
        ] {
            assert_eq!(suggestion(section, key), expected, "{section:?} {key}");
        }
        assert!(suggestion(KERNEL, "scan_time").starts_with("leave it out"));
    }

    #[test]
    fn other_words_lead_to_known_keys() {
        for (_, ours) in OTHER_WORDS {
            assert!(ALL.iter().any(|keys| keys.keys.contains(ours)), "{ours}");
        }
    }
}
