use super::*;
use crate::config::{
    Hostname, Limit, LimitAction, REFERENCE, Range, RemoteAs, Restart, SessionSettings, Treatment,
    keys,
};
use bgp_wire::{Asn, Family};
use std::{io::Write, time::Duration};

const SEED: &str = r#"
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

fn read_text(text: &str) -> Result<Loaded, Problems> {
    parse(text, Path::new("myna.toml"))
}

fn config(text: &str) -> Config {
    match read_text(text) {
        Ok(loaded) => loaded.config,
        Err(problems) => panic!("{problems}"),
    }
}

/// Every problem as "line:column key: message | help".
fn problems(text: &str) -> Vec<String> {
    let problems = read_text(text).expect_err("the text should be refused").0;
    problems
        .iter()
        .map(|p| {
            let (line, column) = (p.line.unwrap(), p.column.unwrap());
            let help = p.help.as_deref().unwrap_or("-");
            format!("{line}:{column} {} | {help}", p.headline())
        })
        .collect()
}

/// The only problem of a text.
#[track_caller]
fn problem(text: &str, expected: &str) {
    assert_eq!(problems(text), [expected]);
}

/// A neighbor section with one more line, which is line 5.
fn neighbor(line: &str) -> String {
    format!("local-as = 65530\n[[neighbor]]\naddress = \"10.1.1.2\"\nremote-as = 12076\n{line}\n")
}

#[test]
fn the_packet_host() {
    let expected = Config {
        router_id: bgp_wire::RouterId::new("10.1.1.1".parse().unwrap()),
        local_as: Asn(65530),
        policies: BTreeMap::new(),
        cluster_id: None,
        decision: rib::DecisionRules::default(),
        listen: vec!["0.0.0.0:179".parse().unwrap(), "[::]:179".parse().unwrap()],
        control: Some(ControlSocket::default()),
        connected: Some(Connected {
            interfaces: InterfacePatterns(vec!["lo".into()]),
        }),
        static_prefixes: vec![],
        kernel: Some(Kernel {
            keep_on_exit: true,
            ..Kernel::default()
        }),
        filters: [(
            "packet_bgp".to_owned(),
            vec!["192.168.100.0/24".parse().unwrap()],
        )]
        .into(),
        ranges: Vec::new(),
        neighbors: vec![crate::config::Neighbor {
            password: Some(crate::config::Password("s3cret".into())),
            import: crate::config::PolicyRef::All,
            export: crate::config::PolicyRef::Filter("packet_bgp".into()),
            // the kernel keeps forwarding while we are away, so should the neighbor
            session: SessionSettings {
                graceful_restart: Restart::For(Duration::from_secs(120)),
                ..Default::default()
            },
            ..crate::config::Neighbor::new("bgp1", "10.1.1.2".parse().unwrap(), Asn(12076))
        }],
    };
    assert_eq!(config(SEED), expected);
    let warnings = read_text(SEED).unwrap().warnings(None);
    assert_eq!(warnings, [], "the example of the README has no warnings");
}

#[test]
fn the_least_that_is_legal() {
    let config = config("local-as = 64512");
    assert_eq!(config.control, Some(ControlSocket::default()));
    assert_eq!(config.listen.len(), 2);
    assert_eq!(config.kernel, None);
    assert_eq!(config.connected, None);
    assert!(config.neighbors.is_empty());
}

#[test]
fn everything_at_once() {
    let config = config(
        r#"
local-as = "1.10"
listen = ["10.1.1.1", "[2001:db8::1]:1790", "::1"]
[control]
socket = "/tmp/m.sock"
mode = 0o600
group = "adm"
[connected]
interfaces = "eth*"
[static]
prefixes = ["10.0.0.0/8", "2001:db8::/32"]
[kernel]
table = 100
metric = 7
protocol = 201
source = "10.1.1.1"
source-ipv6 = "2001:db8::1"
adopt = ["bird", 11, "bird"]
[[neighbor]]
name = "first"
description = "the first"
address = "fe80::2%eth0"
port = 1790
remote-as = 65546
local-as = "AS64999"
families = ["ipv6", "ipv4"]
hold-time = "4m"
keepalive-time = 20
connect-retry = "250ms"
graceful-restart = "2m"
passive = true
multihop = 3
source-address = "fe80::1"
disabled = true
[[neighbor]]
address = "10.1.1.2"
remote-as = 65546
[[neighbor]]
address = "10.1.1.3"
remote-as = 12076
multihop = true
hold-time = 0
"#,
    );
    assert_eq!(config.local_as, Asn(65546));
    let listen: Vec<String> = config.listen.iter().map(ToString::to_string).collect();
    assert_eq!(listen, ["10.1.1.1:179", "[2001:db8::1]:1790", "[::1]:179"]);
    let control = config.control.unwrap();
    assert_eq!(
        (control.mode, control.group.as_deref()),
        (0o600, Some("adm"))
    );
    let kernel = config.kernel.unwrap();
    assert_eq!(
        (kernel.table, kernel.metric, kernel.protocol),
        (100, 7, 201)
    );
    assert_eq!(kernel.adopt, [11, 12]);
    assert_eq!(config.static_prefixes.len(), 2);
    let [first, second, third] = &config.neighbors[..] else {
        panic!("three neighbors");
    };
    assert_eq!(first.interface.as_deref(), Some("eth0"));
    assert_eq!(first.local_as, Some(Asn(64999)));
    assert_eq!(first.families, [Family::IPV6_UNICAST, Family::IPV4_UNICAST]);
    assert_eq!(first.hold_time, Duration::from_secs(240));
    assert_eq!(first.keepalive, Some(Duration::from_secs(20)));
    assert_eq!(first.connect_retry, Duration::from_millis(250));
    assert_eq!(
        first.session.graceful_restart,
        Restart::For(Duration::from_secs(120))
    );
    assert_eq!((first.port, first.multihop), (1790, Some(3)));
    assert!(first.passive && first.disabled);
    // a neighbor of our own AS may be some hops away, and unnamed ones are counted from 1
    assert_eq!((second.name.as_str(), second.multihop), ("bgp1", Some(64)));
    assert_eq!((third.name.as_str(), third.multihop), ("bgp2", Some(64)));
    assert!(third.hold_time.is_zero());
}

#[test]
fn how_a_session_takes_part_in_restarts() {
    let settings = |lines: &str| config(&neighbor(lines)).neighbors.remove(0).session;
    assert_eq!(settings(""), SessionSettings::default());
    for (value, expected) in [
        ("false", Restart::Off),
        ("\"aware\"", Restart::Aware),
        ("true", Restart::For(Duration::from_secs(120))),
        ("\"4m\"", Restart::For(Duration::from_secs(240))),
    ] {
        let settings = settings(&format!("graceful-restart = {value}"));
        assert_eq!(settings.graceful_restart, expected);
    }
    let long = settings("long-lived-graceful-restart = true\nmax-long-lived-time = 60");
    assert_eq!(long.long_lived, Restart::For(Duration::from_secs(3600)));
    assert_eq!(long.max_long_lived_time, Some(Duration::from_secs(60)));
    problem(
        &neighbor("graceful-restart = \"awar\""),
        "5:20 neighbor.bgp1.graceful-restart: `awar` is not a way to take part in a restart | did you mean `aware`?",
    );
    problem(
        &neighbor("graceful-restart = 5000"),
        "5:20 neighbor.bgp1.graceful-restart: 5000 s is out of range | 1 s to 4095 s",
    );
    problem(
        &neighbor("graceful-restart = false\nlong-lived-graceful-restart = true"),
        "6:31 neighbor.bgp1.long-lived-graceful-restart: it works on top of `graceful-restart`, which is false | graceful-restart = \"aware\", or leave this out (RFC 9494 section 3)",
    );
}

#[test]
fn what_else_a_session_does() {
    let settings = |lines: &str| config(&neighbor(lines)).neighbors.remove(0).session;
    let all = settings(
        "role = \"route-server-client\"\nstrict-role = true\nas-sets = \"withdraw\"\nextended-messages = true\n\
         capability-fallback = false\nhostname = \"r1.example\"\nsoftware-version = true\n\
         delay-open = 5\nnotification-without-open = true\nsend-hold-time = \"3m\"\ndamping = false\ndisable-after-error = true\n\
         collision-detect-established = true\nrecord = \"/tmp/x\"\nmax-restart-time = 0",
    );
    let expected = SessionSettings {
        strict_role: true,
        as_sets: bgp_wire::AsSets::Withdraw,
        extended_messages: true,
        capability_fallback: false,
        hostname: Some(Hostname::Name("r1.example".into())),
        software_version: true,
        delay_open: Some(Duration::from_secs(5)),
        notification_without_open: true,
        send_hold_time: Some(Duration::from_secs(180)),
        damping: false,
        disable_after_error: true,
        collision_detect_established: true,
        record: Some("/tmp/x".into()),
        max_restart_time: Some(Duration::ZERO),
        ..SessionSettings::default()
    };
    assert_eq!(all, expected);
    assert_eq!(settings("hostname = true").hostname, Some(Hostname::Host));
    assert_eq!(settings("delay-open = 0").delay_open, None);
    for (line, expected) in [
        (
            "as-sets = \"withdrawn\"",
            "5:11 neighbor.bgp1.as-sets: `withdrawn` is not known here | did you mean `withdraw`?",
        ),
        (
            "strict-role = true",
            "5:15 neighbor.bgp1.strict-role: without a `role` there is nothing to be strict about | role = \"customer\", or what we are toward this neighbor",
        ),
        (
            "send-hold-time = 90",
            "5:18 neighbor.bgp1.send-hold-time: 90 s is not longer than the hold time of 90 s | more than 90 s, or 0 for never (RFC 9687)",
        ),
        (
            "record = \"x\"",
            "5:10 neighbor.bgp1.record: the file is not named from the root | an absolute path, as in \"/var/tmp/bgp1.session\"",
        ),
        (
            "hostname = \"\"",
            "5:12 neighbor.bgp1.hostname: a name of 0 octets | 1 to 255 octets, true for the host's own name, or false",
        ),
    ] {
        problem(&neighbor(line), expected);
    }
}

#[test]
fn default_names_leave_out_what_is_taken() {
    let text = "local-as = 1\n\
        [[neighbor]]\naddress = \"10.0.0.1\"\nremote-as = 2\n\
        [[neighbor]]\nname = \"bgp1\"\naddress = \"10.0.0.2\"\nremote-as = 2\n\
        [[neighbor]]\naddress = \"10.0.0.3\"\nremote-as = 2\n";
    let names: Vec<_> = config(text).neighbors.into_iter().map(|n| n.name).collect();
    assert_eq!(names, ["bgp2", "bgp1", "bgp3"]);
}

/// There are no such files, and what is imported keeps its next hop.
const NOT_HERE: [&str; 3] = ["password-file", "file", "set-next-hop"];

#[test]
fn the_reference_parses_without_a_warning_and_names_every_key() {
    let loaded = read_text(REFERENCE).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(loaded.warnings(None), []);
    // every default that stands behind a `#` is one
    let defaults: String = REFERENCE
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(code)
                if code.contains(" = ") && !NOT_HERE.iter().any(|key| code.starts_with(key)) =>
            {
                code
            }
            _ => line,
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    let with_defaults = config(&defaults);
    assert_eq!(with_defaults.listen, loaded.config.listen);
    for keys in keys::ALL {
        for key in keys.keys {
            let written = |line: &str| {
                let line = line.trim_start_matches(['#', ' ']);
                line.strip_prefix(key)
                    .is_some_and(|rest| rest.starts_with(" ="))
            };
            let section = [format!("[{key}"), format!("[[{key}")];
            let inner = format!(".{key}]]");
            assert!(
                REFERENCE.lines().any(|line| written(line)
                    || line.ends_with(&inner)
                    || section.iter().any(|section| line.starts_with(section))),
                "{key} is not in the reference"
            );
        }
    }
}

#[test]
fn unknown_keys() {
    problem(
        "local-as = 1\nrouter_id = \"10.1.1.1\"",
        "2:1 router_id: unknown key | did you mean `router-id`?",
    );
    problem(
        &neighbor("hodl-time = 90"),
        "5:1 neighbor.bgp1.hodl-time: unknown key | did you mean `hold-time`?",
    );
    problem(
        "local-as = 1\n[kernel]\npersist = true",
        "3:1 kernel.persist: unknown key | did you mean `keep-on-exit`?",
    );
    problem(
        "local-as = 1\n[kernels]",
        "2:2 kernels: unknown key | did you mean `kernel`?",
    );
    problem(
        "local-as = 1\n[kernel]\nrouter-id = \"10.1.1.1\"",
        "3:1 kernel.router-id: unknown key | `router-id` stands at the top, above the first [section]",
    );
    problem(
        &neighbor("\"a b\".c = 1"),
        &format!(
            "5:1 neighbor.bgp1.a b: unknown key | known here: {}",
            keys::NEIGHBOR.keys.join(", ")
        ),
    );
}

#[test]
fn several_errors_at_once_in_the_order_of_the_text() {
    let text = "router-id = \"10.1.1\"\n\
        [filter.f]\naccept = [\"10.0.0.0/8\", \"10.1.1.1/24\",\n  \"10.0.0.0/33\"]\n\
        [[neighbor]]\naddress = \"10.1.1.2\"\nremote-as = 0\nimport = \"g\"\n";
    assert_eq!(
        problems(text),
        [
            "1:1 local-as: missing | the AS number of this host, as in local-as = 65530",
            "1:13 router-id: `10.1.1` is not an identifier | four octets written as an IPv4 address, as in \"10.1.1.1\"",
            "3:25 filter.f.accept[1]: `10.1.1.1/24` has host bits set beyond its /24 | the prefix is \"10.1.1.0/24\"",
            "4:3 filter.f.accept[2]: `10.0.0.0/33` is not a prefix | a prefix length of IPv4 is 0 to 32",
            "7:13 neighbor.bgp1.remote-as: 0 is out of range | 1 to 4294967295",
            "8:10 neighbor.bgp1.import: there is no filter or policy `g` | did you mean `f`?",
        ]
    );
}

#[test]
fn missing_keys_stand_at_the_section() {
    assert_eq!(
        problems("local-as = 1\n\n[[neighbor]]\ndescription = \"x\""),
        [
            "3:1 neighbor.bgp1.address: missing | the neighbor's address, as in address = \"10.1.1.2\"",
            "3:1 neighbor.bgp1.remote-as: missing | the neighbor's AS number, as in remote-as = 12076",
        ]
    );
    problem(
        "local-as = 1\n[filter.f]",
        "2:1 filter.f.accept: missing | the prefixes it lets through, as in accept = [\"192.168.100.0/24\"]",
    );
}

#[test]
fn wrong_types() {
    problem(
        "local-as = 1\nrouter-id = 10",
        "2:13 router-id: expected a string, found a whole number | write it in quotes",
    );
    problem(
        &neighbor("passive = \"yes\""),
        "5:11 neighbor.bgp1.passive: expected true or false, found a string | write true, without quotes",
    );
    problem(
        &neighbor("port = \"179\""),
        "5:8 neighbor.bgp1.port: expected a whole number, found a string | leave out the quotes",
    );
    problem(
        "local-as = 1\nkernel = true",
        "2:10 kernel: expected a section, found true or false | begin the section with a line [kernel]",
    );
    problem(
        "local-as = 1\n[neighbor]\naddress = \"10.1.1.2\"",
        "2:2 neighbor: there may be several neighbors, so the header has two brackets | [[neighbor]]",
    );
    problem(
        "local-as = 1\n[filter]\naccept = []",
        "3:1 filter.accept: a filter has a name | [filter.to_azure], and `accept` below it",
    );
    problem(
        "local-as = 1.10",
        "1:12 local-as: expected an AS number, found a fraction | put quotes around an AS number in asdot, as in \"1.10\"",
    );
}

#[test]
fn values_of_neighbors() {
    for (line, expected) in [
        (
            "hold-time = 2",
            "5:13 neighbor.bgp1.hold-time: a hold time of 2 s is not possible | at least 3 s, or 0 for none (RFC 4271 section 4.2)",
        ),
        (
            "hold-time = \"90 days\"",
            "5:13 neighbor.bgp1.hold-time: `90 days` is not a time | seconds, as in 90, or with a unit, as in \"90s\", \"4m\", \"500ms\"",
        ),
        (
            "hold-time = \"20h\"",
            "5:13 neighbor.bgp1.hold-time: 72000 s is out of range | 0 s to 65535 s",
        ),
        (
            "keepalive-time = 90",
            "5:18 neighbor.bgp1.keepalive-time: a KEEPALIVE every 90 s is too late for a hold time of 90 s | at most a third: 30 s",
        ),
        (
            "local-as = 23456",
            "5:12 neighbor.bgp1.local-as: AS 23456 (AS_TRANS) stands for AS numbers above 65535 and is nobody's own | the neighbor's real AS number",
        ),
        (
            "port = 0",
            "5:8 neighbor.bgp1.port: 0 is out of range | 1 to 65535",
        ),
        (
            "multihop = 256",
            "5:12 neighbor.bgp1.multihop: 256 is out of range | 1 to 255",
        ),
        (
            "name = \"to-azure\"",
            "5:8 neighbor.to-azure.name: `to-azure` is not a name | letters, digits and `_`, at most 64, no digit first: \"to_azure\"",
        ),
        (
            "name = \"all\"",
            "5:8 neighbor.all.name: `all` has a meaning of its own | another name, as in azure1",
        ),
        (
            "source-address = \"::1\"",
            "5:18 neighbor.bgp1.source-address: ::1 cannot be the source toward 10.1.1.2: one is IPv4, the other IPv6 | an address of this host in the neighbor's family",
        ),
        (
            "families = [\"ipv4\", \"ipv5\"]",
            "5:21 neighbor.bgp1.families[1]: `ipv5` is not an address family that can be used | did you mean `ipv4`?",
        ),
        (
            "families = []",
            "5:12 neighbor.bgp1.families: a session needs a family | [\"ipv4\"], or leave it out for the family of the address",
        ),
        (
            "import = \"al\"",
            "5:10 neighbor.bgp1.import: there is no filter or policy `al` | did you mean `all`?",
        ),
        (
            "export = \"packet\"",
            "5:10 neighbor.bgp1.export: there is no filter or policy `packet` | write a section [filter.packet] or [policy.packet], or use one of: all, none",
        ),
        (
            "password = \"\"",
            "5:12 neighbor.bgp1.password: the password is empty | the password agreed with the neighbor, or leave the key out",
        ),
    ] {
        problem(&neighbor(line), expected);
    }
}

#[test]
fn addresses_of_neighbors() {
    let of = |address: &str| {
        format!("local-as = 1\n[[neighbor]]\nremote-as = 2\naddress = \"{address}\"\n")
    };
    for (address, expected) in [
        (
            "10.1.1.2/30",
            "`10.1.1.2/30` is not an IP address | without the prefix length: \"10.1.1.2\"",
        ),
        (
            "azure",
            "`azure` is not an IP address | as in \"10.1.1.2\" or \"2001:db8::2\"",
        ),
        (
            "fe80::2",
            "fe80::2 is link-local: it says nothing without an interface | as in \"fe80::2%eth0\"",
        ),
        (
            "10.1.1.2%eth0",
            "only link-local addresses take an interface behind them, 10.1.1.2 is none | \"10.1.1.2\", and `interface` where the session is bound to one",
        ),
        (
            "fe80::2%",
            "`` cannot be the name of an interface | as `ip link` shows it, as in eth0",
        ),
        (
            "0.0.0.0",
            "0.0.0.0 is no host's address | the address of one host",
        ),
        (
            "224.0.0.1",
            "224.0.0.1 is a multicast address | the address of one host",
        ),
        (
            "::ffff:10.1.1.2",
            "::ffff:10.1.1.2 is an IPv4 address inside IPv6 | \"10.1.1.2\"",
        ),
    ] {
        problem(
            &of(address),
            &format!("4:11 neighbor.bgp1.address: {expected}"),
        );
    }
}

#[test]
fn neighbors_are_told_apart() {
    let text = "local-as = 1\n\
        [[neighbor]]\nname = \"a\"\naddress = \"10.0.0.1\"\nremote-as = 2\n\
        [[neighbor]]\nname = \"a\"\naddress = \"10.0.0.1\"\nremote-as = 2\n";
    assert_eq!(
        problems(text),
        [
            "7:8 neighbor.a.name: line 2 has a neighbor `a` already | every neighbor has a name of its own",
            "8:11 neighbor.a.address: neighbor a has the address 10.0.0.1 too | several sessions of one address differ in port, AS or source-address",
        ]
    );
}

#[test]
fn values_of_the_kernel_and_the_socket() {
    for (section, line, expected) in [
        (
            "kernel",
            "table = \"mian\"",
            "9 kernel.table: no table is called `mian` | did you mean `main`?",
        ),
        (
            "kernel",
            "table = 255",
            "9 kernel.table: the table `local` is the kernel's own | \"main\", or a number from 1 to 252",
        ),
        (
            "kernel",
            "metric = 0",
            "10 kernel.metric: 0 is out of range | 1 to 4294967295",
        ),
        (
            "kernel",
            "protocol = \"static\"",
            "12 kernel.protocol: routes of protocol 4 are the kernel's and the administrator's | a number from 5 to 255, or a name, as in \"bgp\" (186) or \"bird\" (12)",
        ),
        (
            "kernel",
            "adopt = [\"brid\"]",
            "10 kernel.adopt[0]: no protocol is called `brid` | did you mean `bird`?",
        ),
        (
            "kernel",
            "adopt = \"bgp\"",
            "9 kernel.adopt: this is our own protocol: its routes in our table and with our metric are always taken over | remove it",
        ),
        (
            "kernel",
            "source = \"::1\"",
            "10 kernel.source: expected an IPv4 address | IPv6 has `source-ipv6`",
        ),
        (
            "control",
            "mode = 660",
            "8 control.mode: permissions are octal, 660 is decimal | \"0660\"",
        ),
        (
            "control",
            "mode = \"0999\"",
            "8 control.mode: `0999` is not permissions | octal digits, as in \"0660\"",
        ),
        (
            "control",
            "socket = \"myna.sock\"",
            "10 control.socket: `myna.sock` is not an absolute path | as in \"/run/myna/myna.sock\", or \"none\" for no control socket",
        ),
        (
            "connected",
            "interfaces = []",
            "14 connected.interfaces: names no interface | \"*\" for all; for none leave the section [connected] out",
        ),
        (
            "connected",
            "interfaces = [\"-cali*\"]",
            "15 connected.interfaces[0]: a pattern is negated by `!` | \"!cali*\"",
        ),
        (
            "static",
            "prefixes = [\"10.1.1.1\"]",
            "13 static.prefixes[0]: `10.1.1.1` is not a prefix | \"10.1.1.1/32\"",
        ),
    ] {
        problem(
            &format!("local-as = 1\n[{section}]\n{line}\n"),
            &format!("3:{expected}"),
        );
    }
    assert_eq!(
        config("local-as = 1\n[control]\nsocket = \"none\"").control,
        None
    );
}

#[test]
fn rules_of_filters() {
    for (rule, expected) in [
        (
            "10.0.0.0/8+",
            "`10.0.0.0/8+` is BIRD's way to write a range of prefixes | here it is \"10.0.0.0/8 le 32\"",
        ),
        (
            "10.1.0.0/8 le 24",
            "`10.1.0.0/8` has host bits set beyond its /8 | the prefix is \"10.0.0.0/8 le 24\"",
        ),
    ] {
        problem(
            &format!("local-as = 1\n[filter.f]\naccept = [\"{rule}\"]\n"),
            &format!("3:11 filter.f.accept[0]: {expected}"),
        );
    }
    // what the rule itself finds wrong is at its place too
    let problems = problems("local-as = 1\n[filter.f]\naccept = [\"10.0.0.0/8 le 7\"]\n");
    assert!(
        problems[0].starts_with("3:11 filter.f.accept[0]: "),
        "{problems:?}"
    );
}

#[test]
fn syntax_errors_have_their_line() {
    let problems = problems("local-as = 1\n[kernel\nmetric = = 3\n");
    assert!(problems[0].starts_with("2:"), "{problems:?}");
    assert!(problems.iter().any(|p| p.starts_with("3:")), "{problems:?}");
}

#[test]
fn a_bird_configuration_is_recognised() {
    let text = "filter packet_bgp { if net = 192.168.100.0/24 then accept; }\nrouter id 10.1.1.1;\n\
        protocol direct { interface \"lo\"; }\n";
    let problems = problems(text);
    assert!(problems[0].ends_with(BIRD_HELP), "{problems:?}");
}

#[test]
fn passwords_never_show() {
    let loaded = read_text(SEED).unwrap();
    assert!(!format!("{loaded:?}").contains("s3cret"), "{loaded:?}");
    let long = format!("password = \"{}\"", "s3cret".repeat(20));
    for text in [
        neighbor(&long),
        neighbor("passwort = \"s3cret\""),
        neighbor("password = \"s3cret"),
        neighbor("password = \"s3cret\" s3cret"),
        neighbor("password = [\"s3cret\"]"),
        neighbor("password = \"s3cret\"\npassword = \"s3cret\""),
    ] {
        let problems = read_text(&text).unwrap_err();
        assert!(!problems.to_string().contains("s3cret"), "{problems}");
    }
}

#[test]
fn a_problem_reads_like_a_compilers() {
    let problems = read_text(&neighbor("hold-time = 2")).unwrap_err();
    assert_eq!(
        problems.to_string(),
        "myna.toml:5:13: error: neighbor.bgp1.hold-time: a hold time of 2 s is not possible\n     \
         5 | hold-time = 2\n       |             ^\n       \
         = at least 3 s, or 0 for none (RFC 4271 section 4.2)"
    );
}

#[test]
fn password_files() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("myna.toml");
    let key = directory.path().join("key");
    let text = neighbor("password-file = \"key\"");
    fs::write(&file, &text).unwrap();
    let missing = load(&file).unwrap_err().to_string();
    assert!(
        missing.contains(":5:17: error: neighbor.bgp1.password-file: "),
        "{missing}"
    );

    let write = |text: &str, mode| {
        let mut file = fs::File::create(&key).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.set_permissions(fs::Permissions::from_mode(mode))
            .unwrap();
    };
    write("s3cret\n", 0o640);
    let loaded = load(&file).unwrap();
    let password = loaded.config.neighbors[0].password.as_ref();
    assert_eq!(password.map(|password| password.0.as_str()), Some("s3cret"));
    assert!(
        loaded
            .warnings(None)
            .iter()
            .all(|w| !w.message.contains("read"))
    );

    write("s3cret\n", 0o644);
    let loaded = load(&file).unwrap();
    let warnings = loaded.warnings(None);
    let warning = warnings
        .iter()
        .find(|w| w.message.contains("can read"))
        .unwrap();
    assert_eq!((warning.line, warning.column), (Some(5), Some(17)));

    write("one\ntwo\n", 0o640);
    let problems = load(&file).unwrap_err();
    assert!(problems.0[0].message.ends_with("more than one line"));

    fs::write(&file, format!("{text}password = \"s3cret\"\n")).unwrap();
    write("s3cret\n", 0o640);
    let problems = load(&file).unwrap_err();
    assert_eq!(
        problems.0[0].headline(),
        "neighbor.bgp1.password-file: there is a `password` too"
    );
}

#[test]
fn a_file_with_a_password_that_everybody_can_read() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("myna.toml");
    fs::write(&file, SEED).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let warnings = load(&file).unwrap().warnings(None);
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].line, Some(18));
    assert_eq!(warnings[0].key, "neighbor.bgp1.password");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(load(&file).unwrap().warnings(None), []);
}

#[test]
fn files_that_cannot_be_read() {
    let directory = tempfile::tempdir().unwrap();
    let message = |path: &Path| load(path).unwrap_err().0[0].message.clone();
    assert_eq!(message(&directory.path().join("none")), "no such file");
    assert_eq!(message(directory.path()), "is a directory");
    let latin = directory.path().join("latin");
    fs::write(&latin, b"# a\n# \xe4\n").unwrap();
    let problems = load(&latin).unwrap_err();
    assert_eq!(problems.0[0].line, Some(2));
}

#[test]
fn any_text_is_answered() {
    // what is cut off anywhere, or holds any octet anywhere, is an answer and not a panic
    for end in 0..SEED.len() {
        let _ = read_text(&SEED[..end]);
    }
    for at in (0..SEED.len()).step_by(3) {
        for strange in [
            "\u{0}",
            "ä",
            "[",
            "\"",
            "=",
            "\n",
            "{",
            "1e999",
            "9999999999999999999999",
        ] {
            let _ = read_text(&format!("{}{strange}{}", &SEED[..at], &SEED[at..]));
        }
    }
}

#[test]
fn how_routes_are_treated() {
    let head = "local-as = 65530\ncluster-id = \"0.0.0.9\"\n\
        [decision]\nprefer-oldest = true\nalways-compare-med = true\n[[neighbor]]\naddress = \"10.1.1.2\"\n";
    let read = |keys: &str| {
        let loaded = parse(&format!("{head}{keys}"), Path::new("test.toml"))?;
        Ok::<_, Problems>(loaded.config)
    };
    let config = read(
        "remote-as = 1\nrole = \"customer\"\nnext-hop = [\"10.1.1.9\", \"2001:db8::9\"]\n\
         remove-private-as = \"replace\"\nallow-own-as = 2\nenforce-first-as = false\n\
         graceful-shutdown = true\nlong-lived-stale = \"all\"\nroute-server-client = true\n\
         add-path = \"send\"\nadd-path-paths = 4\n",
    )
    .unwrap();
    assert_eq!(config.cluster_id, Some(9));
    let decision = rib::DecisionRules {
        always_compare_med: true,
        ignore_path_length: false,
        prefer_oldest: true,
    };
    assert_eq!(config.decision, decision);
    let expected = Treatment {
        role: Some(bgp_wire::Role::Customer),
        reflector_client: false,
        route_server_client: true,
        next_hop: rib::NextHopRule::Fixed {
            v4: Some("10.1.1.9".parse().unwrap()),
            v6: Some("2001:db8::9".parse().unwrap()),
        },
        private_as: rib::PrivateAs::Replace,
        allow_own_as: 2,
        enforce_first_as: false,
        graceful_shutdown: true,
        long_lived_stale: rib::LongLivedExport::All,
        add_path: crate::config::AddPath {
            receive: false,
            send: true,
        },
        paths: rib::PathCount::Best(4),
    };
    assert_eq!(config.neighbors[0].treatment, expected);
    let config = read("remote-as = 65530\nreflector-client = true\nnext-hop = \"self\"\n").unwrap();
    let treatment = &config.neighbors[0].treatment;
    assert!(treatment.reflector_client);
    assert_eq!(treatment.next_hop, rib::NextHopRule::Own);

    for (keys, complaint) in [
        (
            "remote-as = 1\nreflector-client = true",
            "is for neighbors of our own AS",
        ),
        (
            "remote-as = 65530\nrole = \"peer\"",
            "is for neighbors of another AS",
        ),
        (
            "remote-as = 1\nrole = \"friend\"",
            "`friend` is not a role (RFC 9234)",
        ),
        ("remote-as = 1\nnext-hop = \"me\"", "`me` is not a next hop"),
        (
            "remote-as = 1\nnext-hop = [\"10.0.0.1\", \"10.0.0.2\"]",
            "there is an address of this family already",
        ),
        ("remote-as = 1\nallow-own-as = 99", "99 is out of range"),
        (
            "remote-as = 1\nlong-lived-stale = \"no\"",
            "`no` is not known here",
        ),
    ] {
        let Problems(problems) = read(keys).unwrap_err();
        let [problem] = problems.as_slice() else {
            panic!("{keys}: {problems:?}");
        };
        assert_eq!(problem.message, complaint, "{keys}");
    }
}

#[test]
fn several_sessions_of_one_address_and_a_range() {
    let text = "local-as = 1\n\
        [[neighbor]]\naddress = \"10.0.0.1\"\nremote-as = 2\ngtsm = true\n\
        [[neighbor]]\naddress = \"10.0.0.1\"\nremote-as = 3\nsend-hold-time = 100\n\
        [[neighbor]]\naddress = \"10.0.0.1\"\nremote-as = 2\nport = 1179\n\
        [[neighbor]]\naddress = \"fe80::1\"\ninterface = \"eth0\"\nremote-as = 2\n\
        [[neighbor]]\naddress = \"fe80::1%eth1\"\nremote-as = 2\n\
        [[neighbor]]\nname = \"leaf\"\nrange = \"10.1.0.0/24\"\nremote-as = [65001, \"65002\"]\nlimit = 3\n\
        [[neighbor]]\nname = \"any\"\nrange = \"2001:db8::/64\"\nremote-as = \"any\"\npassword = \"x\"\n";
    let config = parse(text, Path::new("test.toml")).unwrap().config;
    let names: Vec<_> = config.neighbors.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["bgp1", "bgp2", "bgp3", "bgp4", "bgp5"]);
    let interfaces: Vec<_> = config.neighbors[3..]
        .iter()
        .map(|it| it.interface.as_deref())
        .collect();
    assert_eq!(interfaces, [Some("eth0"), Some("eth1")]);
    assert!(config.neighbors[0].gtsm);
    assert_eq!(
        config.neighbors[1].session.send_hold_time,
        Some(Duration::from_secs(100))
    );
    let [leaf, any] = config.ranges.as_slice() else {
        panic!("two ranges")
    };
    assert_eq!(leaf.limit, 3);
    assert_eq!(
        leaf.remote_as,
        RemoteAs::OneOf(vec![Asn(65001), Asn(65002)])
    );
    assert_eq!((any.limit, &any.remote_as), (Range::LIMIT, &RemoteAs::Any));
    assert_eq!(any.neighbor.families, [Family::IPV6_UNICAST]);
}

#[test]
fn what_neighbors_and_ranges_cannot_be() {
    let text = "local-as = 1\n\
        [[neighbor]]\nname = \"a\"\naddress = \"10.0.0.1\"\nremote-as = [2, 3]\nlimit = 5\n\
        [[neighbor]]\nname = \"b\"\nrange = \"10.1.0.0/24\"\nremote-as = 2\nport = 1179\npassive = true\n\
        [[neighbor]]\nname = \"c\"\naddress = \"10.0.0.9\"\nrange = \"10.2.0.0/24\"\nremote-as = 2\n\
        [[neighbor]]\nname = \"d\"\naddress = \"10.0.0.3\"\nremote-as = 2\npassword = \"x\"\n\
        [[neighbor]]\nname = \"e\"\naddress = \"10.0.0.3\"\nremote-as = 3\npassword = \"y\"\n\
        [[neighbor]]\nname = \"f\"\naddress = \"fe80::1%eth0\"\ninterface = \"eth1\"\nremote-as = 3\n";
    assert_eq!(
        problems(text),
        [
            "5:13 neighbor.a.remote-as: a neighbor has one AS | several, or \"any\", with a `range`",
            "6:9 neighbor.a.limit: only a `range` has a limit of neighbors | leave it out",
            "11:8 neighbor.b.port: neighbors of a range connect to us | leave it out",
            "12:11 neighbor.b.passive: neighbors of a range connect to us | leave it out",
            "16:9 neighbor.c.range: there is an `address` too | one of the two",
            "25:11 neighbor.e.address: neighbor d has the address 10.0.0.3 too, and another password | the kernel has one TCP-MD5 key for each address",
            "30:11 neighbor.f.address: `interface` is eth1, here it is eth0 | name it once",
        ]
    );
}

#[test]
fn limits() {
    let read = |limits: &str| {
        let text = neighbor(limits);
        Ok::<_, Problems>(read_text(&text)?.config.neighbors[0].limits)
    };
    let limits = read(
        "receive-limit = 100\nimport-limit = { ipv4 = 5, action = \"restart\", after = \"10m\" }\n\
         export-limit = { prefixes = 9, ipv6 = 7, action = \"block\" }",
    )
    .unwrap();
    let all = |ipv4, ipv6, action| Some(Limit { ipv4, ipv6, action });
    let after = LimitAction::Restart(Duration::from_secs(600));
    assert_eq!(
        limits.received,
        all(Some(100), Some(100), LimitAction::Disable)
    );
    assert_eq!(limits.imported, all(Some(5), None, after));
    assert_eq!(limits.exported, all(Some(9), Some(7), LimitAction::Block));
    for (wrong, message) in [
        ("receive-limit = 0", "0 is out of range"),
        (
            "import-limit = { action = \"block\" }",
            "a limit has a number",
        ),
        (
            "export-limit = { prefixes = 1, action = \"stop\" }",
            "`stop` is no action",
        ),
        (
            "export-limit = { prefixes = 1, after = 5 }",
            "only a restart comes after a time",
        ),
        ("export-limit = { prefix = 1, ipv4 = 2 }", "unknown key"),
    ] {
        let Problems(problems) = read(wrong).unwrap_err();
        let messages: Vec<_> = problems.iter().map(|it| it.message.as_str()).collect();
        assert_eq!(messages, [message], "{wrong}");
    }
}
