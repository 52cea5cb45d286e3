//! Patterns of interface names: which interfaces' addresses may become routes.
//!
//! A small glob (`*`, `?`) with negation is what people know from shells and from BIRD's
//! `interface "eth*", -"docker*"`. A match costs at most pattern times name; names have at most
//! 15 octets.

/// "eth*", "!docker*": an interface counts when one of the patterns matches it and none behind a
/// `!` does, in whatever order they stand; with only negative patterns (or none at all) all else
/// counts.
///
/// ```
/// use speaker::config::InterfacePatterns;
/// let patterns = InterfacePatterns(vec!["eth*".into(), "!eth9".into(), "lo".into()]);
/// assert!(patterns.matches("eth0"));
/// assert!(patterns.matches("lo"));
/// assert!(!patterns.matches("eth9"));
/// assert!(!patterns.matches("wlan0"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct InterfacePatterns(pub Vec<String>);

impl InterfacePatterns {
    /// Does the interface count?
    pub fn matches(&self, interface: &str) -> bool {
        let matches = |glob: &str| glob_matches(glob.as_bytes(), interface.as_bytes());
        let (mut wanted, mut only_negative) = (false, true);
        for pattern in &self.0 {
            match pattern.strip_prefix('!') {
                Some(glob) if matches(glob) => return false,
                Some(_) => {}
                None => {
                    only_negative = false;
                    wanted |= matches(pattern);
                }
            }
        }
        wanted || only_negative
    }
}

/// Glob match that remembers only the last `*`: enough, since a later `*` makes any choice of an
/// earlier one as good as any other.
fn glob_matches(glob: &[u8], name: &[u8]) -> bool {
    let (mut g, mut n) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while n < name.len() {
        match glob.get(g) {
            Some(b'*') => {
                retry = Some((g + 1, n));
                g += 1;
            }
            Some(&octet) if octet == b'?' || octet == name[n] => {
                g += 1;
                n += 1;
            }
            _ => match retry {
                Some((after_star, from)) => {
                    g = after_star;
                    n = from + 1;
                    retry = Some((after_star, from + 1));
                }
                None => return false,
            },
        }
    }
    glob[g..].iter().all(|&octet| octet == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(texts: &[&str]) -> InterfacePatterns {
        InterfacePatterns(texts.iter().map(|&text| text.to_owned()).collect())
    }

    #[test]
    fn globs() {
        for (glob, name, expected) in [
            ("lo", "lo", true),
            ("lo", "lo0", false),
            ("lo?", "lo0", true),
            ("lo?", "lo", false),
            ("*", "", true),
            ("*", "anything", true),
            ("eth*", "eth", true),
            ("eth*", "eth0.100", true),
            ("eth*", "veth0", false),
            ("*.100", "eth0.100", true),
            ("*.100", "eth0.1000", false),
            ("a*b*c", "axbxbc", true),
            ("a*b*c", "axbxb", false),
            ("en?s*", "enp0s20f1", false),
            ("en??s*", "enp0s20f1", true),
            ("", "", true),
            ("", "lo", false),
        ] {
            assert_eq!(
                glob_matches(glob.as_bytes(), name.as_bytes()),
                expected,
                "{glob} {name}"
            );
        }
    }

    #[test]
    fn a_negative_match_excludes_wherever_it_stands() {
        for order in [["*", "!eth*"], ["!eth*", "*"]] {
            assert!(patterns(&order).matches("lo"));
            assert!(!patterns(&order).matches("eth0"));
        }
    }

    #[test]
    fn only_negative_patterns_let_all_else_in() {
        assert!(patterns(&["!docker*"]).matches("eth0"));
        assert!(!patterns(&["!docker*"]).matches("docker0"));
        assert!(patterns(&[]).matches("eth0"));
        assert!(!patterns(&["!docker*", "lo"]).matches("eth0"));
    }
}
