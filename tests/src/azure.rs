//! Both sides' configurations: BIRD 2 as Azure, and Myna's as the story's host has it.
use std::fmt::Write;

/// Azure's side as a BIRD 2 configuration. It announces static routes, installs what it learns,
/// and reconnects fast, so that tests do not wait for BIRD's defaults of a minute.
#[derive(Clone, Debug)]
pub struct Azure {
    /// Its AS.
    pub asn: u32,
    /// The AS that it expects of the host.
    pub host_as: u32,
    /// TCP-MD5 key of every session.
    pub password: Option<String>,
    /// Prefixes that it announces, of either family.
    pub announces: Vec<String>,
    /// Wait for the host to connect.
    pub passive: bool,
    /// A session over IPv4, protocol `host`.
    pub session4: bool,
    /// A session over IPv6 for IPv6 routes, protocol `host6`.
    pub session6: bool,
    /// The session over IPv4 carries IPv6 routes too.
    pub both_families: bool,
}

impl Default for Azure {
    fn default() -> Self {
        Self {
            asn: 12076,
            host_as: 65530,
            password: Some("s3cret".to_owned()),
            announces: vec!["192.168.0.0/16".to_owned()],
            passive: false,
            session4: true,
            session6: false,
            both_families: false,
        }
    }
}

impl Azure {
    /// Myna's side exactly as the documentation shows it.
    pub const HOST: &str = r#"
router-id = "10.1.1.1"
local-as  = 65530
[connected]
interfaces = ["lo"]
[static]
prefixes = []
[kernel]
table = "main"
metric = 32
keep-on-exit = true
[filter.packet_bgp]
accept = ["192.168.100.0/24"]
[[neighbor]]
name = "bgp1"
address = "10.1.1.2"
remote-as = 12076
password = "s3cret"
import = "all"
export = "packet_bgp"
"#;

    /// [`HOST`](Self::HOST) with replacements.
    ///
    /// # Panics
    /// When a text to be replaced is not there: a test would otherwise run with another
    /// configuration than it shows.
    #[track_caller]
    #[must_use]
    pub fn host_with(replacements: &[(&str, &str)]) -> String {
        let mut text = Self::HOST.to_owned();
        for (old, new) in replacements {
            assert!(text.contains(old), "{old:?} is not in the configuration");
            text = text.replace(old, new);
        }
        text
    }

    /// As BIRD's configuration file.
    #[must_use]
    pub fn config(&self) -> String {
        let mut text = String::from(
            "log stderr all;\n\
             debug protocols { states, events };\n\
             router id 10.1.1.2;\n\
             protocol device { scan time 1; }\n\
             protocol kernel kernel4 { ipv4 { import none; export all; }; }\n\
             protocol kernel kernel6 { ipv6 { import none; export all; }; }\n",
        );
        for (name, channel, wanted) in [("vnet4", "ipv4", false), ("vnet6", "ipv6", true)] {
            let _ = writeln!(text, "protocol static {name} {{ {channel};");
            for prefix in self.announces.iter().filter(|p| p.contains(':') == wanted) {
                let _ = writeln!(text, "  route {prefix} blackhole;");
            }
            text.push_str("}\n");
        }
        if self.session4 {
            let both = if self.both_families { "ipv6" } else { "" };
            self.session(&mut text, "host", "10.1.1.1", ["ipv4", both]);
        }
        if self.session6 {
            self.session(&mut text, "host6", "fd00::1", ["ipv6", ""]);
        }
        text
    }

    fn session(&self, text: &mut String, name: &str, neighbor: &str, channels: [&str; 2]) {
        let _ = writeln!(
            text,
            "protocol bgp {name} {{\n  \
             local as {}; neighbor {neighbor} as {};\n  \
             connect delay time 1; connect retry time 1; error wait time 1, 2;",
            self.asn, self.host_as
        );
        if let Some(password) = &self.password {
            let _ = writeln!(text, "  password \"{password}\";");
        }
        if self.passive {
            text.push_str("  passive;\n");
        }
        for channel in channels.iter().filter(|channel| !channel.is_empty()) {
            let _ = writeln!(
                text,
                "  {channel} {{ import all; export where source = RTS_STATIC; }};"
            );
        }
        text.push_str("}\n");
    }
}
