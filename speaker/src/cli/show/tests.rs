use super::*;
use crate::view::{
    FamilyCounts, Kernel, KernelFailure, LocalPrefix, Messages, Neighbor, Route, Status,
    TableTotals, Timer, Transition,
};

fn printed<E: std::fmt::Debug>(
    print: impl FnOnce(&mut Screen<Vec<u8>>) -> Result<(), E>,
) -> String {
    let mut screen = Screen::new(Vec::new(), false);
    print(&mut screen).unwrap();
    String::from_utf8(screen.into_inner()).unwrap()
}

#[track_caller]
fn same(printed: &str, expected: &str) {
    let expected = expected.trim_start_matches('\n');
    assert!(
        printed == expected,
        "printed:\n{printed}\nexpected:\n{expected}"
    );
    let trailing = |line: &&str| line.ends_with(' ');
    assert_eq!(printed.lines().find(trailing), None);
}

fn up() -> Neighbor {
    Neighbor {
        name: "bgp1".to_owned(),
        description: Some("Azure ExpressRoute, primary".to_owned()),
        address: "10.1.1.2".to_owned(),
        range: None,
        disabled: None,
        port: 179,
        remote_as: 12076,
        local_as: 65530,
        session_type: "external".to_owned(),
        state: "Established".to_owned(),
        since: "2026-11-23T00:31:06Z".to_owned(),
        since_seconds: 200,
        waiting_for: "established".to_owned(),
        last_error: Some("hold timer expired after 90 s".to_owned()),
        last_error_at: Some("2026-11-23T00:31:05Z".to_owned()),
        last_notification: None,
        last_attempt: None,
        remote_id: Some("10.1.1.2".to_owned()),
        source_address: Some("10.1.1.1".to_owned()),
        md5: true,
        local_capabilities: [
            "multiprotocol ipv4-unicast",
            "route refresh",
            "4-octet AS 65530",
        ]
        .map(str::to_owned)
        .into(),
        remote_capabilities: ["multiprotocol ipv4-unicast", "4-octet AS 12076"]
            .map(str::to_owned)
            .into(),
        families: vec![FamilyCounts {
            family: "ipv4-unicast".to_owned(),
            received: 3,
            imported: 2,
            filtered: 1,
            preferred: 2,
            stale: 0,
            long_lived_stale: 0,
            exported: 1,
            announcements_in: 5,
            withdrawals_in: 2,
            announcements_out: 1,
            withdrawals_out: 0,
        }],
        limits: vec![],
        timers: vec![
            Timer {
                name: "hold".to_owned(),
                left: 80.4,
                configured: 90.0,
            },
            Timer {
                name: "keepalive".to_owned(),
                left: 2.25,
                configured: 30.0,
            },
        ],
        hold_time: Some(90),
        import: "all".to_owned(),
        export: "packet_bgp".to_owned(),
        messages: Messages {
            opens_in: 1,
            opens_out: 1,
            updates_in: 12345,
            ..Messages::default()
        },
        update_faults: 1,
        last_update_fault: Some("ORIGIN: value 9 at octet 27".to_owned()),
        warnings: vec![],
        history: vec![Transition {
            at: "2026-11-23T00:31:06Z".to_owned(),
            from: "OpenConfirm".to_owned(),
            to: "Established".to_owned(),
            reason: None,
            times: 1,
        }],
    }
}

fn down() -> Neighbor {
    Neighbor {
        name: "to_azure2".to_owned(),
        address: "10.1.2.2".to_owned(),
        port: 179,
        remote_as: 12076,
        local_as: 65530,
        session_type: "external".to_owned(),
        state: "Active".to_owned(),
        since: "2026-11-23T00:31:06Z".to_owned(),
        since_seconds: 4000,
        waiting_for: "the next attempt to connect, in 1 s".to_owned(),
        last_error: Some("could not connect: No route to host".to_owned()),
        import: "missing".to_owned(),
        export: "none".to_owned(),
        warnings: vec!["without `import` nothing is accepted".to_owned()],
        ..Neighbor::default()
    }
}

fn status() -> Status {
    Status {
        version: "0.1.0".to_owned(),
        router_id: "10.1.1.1".to_owned(),
        local_as: 65530,
        started: "2026-11-23T00:31:05Z".to_owned(),
        uptime: 100_000,
        config: Some("/etc/myna/myna.toml".to_owned()),
        config_read: Some("2026-11-23T00:31:05Z".to_owned()),
        neighbors: 2,
        established: 1,
        tables: vec![
            TableTotals {
                family: "ipv4-unicast".to_owned(),
                prefixes: 4,
                paths: 5,
            },
            TableTotals {
                family: "ipv6-unicast".to_owned(),
                prefixes: 0,
                paths: 0,
            },
        ],
        local_prefixes: vec![
            LocalPrefix {
                prefix: "192.168.100.0/24".to_owned(),
                source: "connected".to_owned(),
                interface: Some("lo".to_owned()),
            },
            LocalPrefix {
                prefix: "10.0.0.0/8".to_owned(),
                source: "static".to_owned(),
                interface: None,
            },
        ],
        refused_connections: 3,
        warnings: vec!["local-as: AS 65515 is reserved by Azure".to_owned()],
    }
}

fn kernel() -> Kernel {
    Kernel {
        enabled: true,
        table: 254,
        metric: 32,
        protocol: 186,
        installed_v4: 1,
        pending: 2,
        failed: vec![KernelFailure {
            prefix: "10.0.0.0/8".to_owned(),
            next_hop: "10.1.1.2".to_owned(),
            reason: "a route of proto static with the same metric exists".to_owned(),
        }],
        last_resync: Some("2026-11-23T00:31:05Z".to_owned()),
        last_resync_reason: Some("start".to_owned()),
        failed_total: 3,
        adopted: 1,
        ..Kernel::default()
    }
}

fn route(prefix: &str, state: &str) -> Route {
    Route {
        prefix: prefix.to_owned(),
        source: "bgp1".to_owned(),
        path_id: None,
        next_hop: Some("10.1.1.2".to_owned()),
        next_hop_link_local: None,
        origin: "igp".to_owned(),
        as_path: "12076".to_owned(),
        med: None,
        local_pref: Some(100),
        communities: vec![],
        large_communities: vec![],
        state: state.to_owned(),
        reason: "only path".to_owned(),
        stale: None,
        kernel: Some("installed".to_owned()),
        age: 200,
    }
}

#[test]
fn status_sheet() {
    same(
        &printed(|screen| status::print(&status(), screen)),
        "
Myna            0.1.0, AS 65530, router-id 10.1.1.1
Up              1 d 3 h, since 2026-11-23 00:31:05
Configuration   /etc/myna/myna.toml, read 2026-11-23 00:31:05
Neighbors       1 of 2 established
Tables          ipv4-unicast: 4 prefixes, 5 paths
                ipv6-unicast: 0 prefixes, 0 paths
Prefixes here   192.168.100.0/24 connected on lo
                10.0.0.0/8 static
Refused         3 connections, from nobody we know or too many
Warnings        local-as: AS 65515 is reserved by Azure
",
    );
}

#[test]
fn neighbors_table() {
    same(
        &printed(|screen| neighbors::print(&[up(), down()], screen)),
        "
Name       Address      AS  State             For  Received  Imported  Exported
bgp1       10.1.1.2  12076  Established  3 m 20 s         3         2         1
to_azure2  10.1.2.2  12076  Active        1 h 6 m         0         0         0  could not connect: No route to host
",
    );
}

#[test]
fn neighbor_sheet() {
    same(
        &printed(|screen| neighbor::print(&up(), screen)),
        "
Neighbor        bgp1
Description     Azure ExpressRoute, primary
State           Established for 3 m 20 s, since 2026-11-23 00:31:06
Last error      hold timer expired after 90 s (2026-11-23 00:31:05)
Theirs          10.1.1.2, AS 12076, identifier 10.1.1.2
Ours            10.1.1.1, AS 65530
Session         external, TCP-MD5
Hold time       90 s agreed
Timers          hold 80/90 s, keepalive 2.2/30 s
Policies        import all, export packet_bgp

Capability                  Ours   Theirs
multiprotocol ipv4-unicast  yes    yes     agreed
route refresh               yes    -
4-octet AS                  65530  12076   agreed

Prefixes      received  filtered  imported  preferred  exported
ipv4-unicast         3         1         2          2         1

Changes       announced to us  withdrawn  announced by us  withdrawn
ipv4-unicast                5          2                1          0

Messages       received  sent
OPEN                  1     1
UPDATE            12345     0
KEEPALIVE             0     0
NOTIFICATION          0     0
ROUTE-REFRESH         0     0
octets                0     0

UPDATE faults   1, the last: ORIGIN: value 9 at octet 27

History              from         to
2026-11-23 00:31:06  OpenConfirm  Established
",
    );
}

#[test]
fn what_is_kept_of_a_neighbor_is_shown() {
    let mut neighbor = up();
    neighbor.families[0].stale = 2;
    neighbor.families[0].long_lived_stale = 1;
    let text = printed(|screen| neighbor::print(&neighbor, screen));
    let table = "
Kept          stale  long-lived stale
ipv4-unicast      2                 1
";
    assert!(text.contains(table), "{text}");
}

#[test]
fn neighbor_that_was_never_up() {
    let text = printed(|screen| neighbor::print(&down(), screen));
    assert!(
        text.starts_with(
            "Neighbor        to_azure2\n\
         State           Active for 1 h 6 m, since 2026-11-23 00:31:06\n\
         Waiting for     the next attempt to connect, in 1 s\n\
         Last error      could not connect: No route to host\n\
         Theirs          10.1.2.2, AS 12076\n\
         Ours            AS 65530\n\
         Session         external\n\
         Policies        import missing, export none\n\
         Warnings        without `import` nothing is accepted\n"
        ),
        "{text}"
    );
}

#[test]
fn routes_table() {
    let routes = [
        route("192.168.0.0/16", "best"),
        Route {
            source: "to_azure2".to_owned(),
            med: Some(50),
            as_path: "12076 65001".to_owned(),
            communities: vec!["12076:51004".to_owned()],
            reason: "longer AS path".to_owned(),
            stale: Some("stale".to_owned()),
            kernel: None,
            ..route("192.168.0.0/16", "not-best")
        },
        Route {
            source: "connected".to_owned(),
            next_hop: None,
            as_path: String::new(),
            local_pref: None,
            reason: String::new(),
            stale: None,
            kernel: None,
            ..route("192.168.100.0/24", "best")
        },
    ];
    same(
        &printed(|screen| routes::print(routes.into_iter().map(Ok), screen)),
        "
   Prefix            Source     Next hop  AS path        MED  Pref  State     Kernel          Age  Why
*  192.168.0.0/16    bgp1       10.1.1.2  12076 i          -   100  best      installed  3 m 20 s  only path
   192.168.0.0/16    to_azure2  10.1.1.2  12076 65001 i   50   100  not-best  -          3 m 20 s  longer AS path, stale [12076:51004]
*  192.168.100.0/24  connected  -         i                -     -  best      -          3 m 20 s
",
    );
}

#[test]
fn routes_that_end_in_a_failure_are_shown_until_then() {
    let routes = [
        Ok(route("10.0.0.0/8", "best")),
        Err(Failure::Other("the speaker has stopped".to_owned())),
    ];
    let mut screen = Screen::new(Vec::new(), false);
    let failure = routes::print(routes.into_iter(), &mut screen).unwrap_err();
    assert_eq!(failure.to_string(), "the speaker has stopped");
    let text = String::from_utf8(screen.into_inner()).unwrap();
    assert!(text.contains("10.0.0.0/8"), "{text}");
    let mut screen = Screen::new(Vec::new(), false);
    let refused = [Err(Failure::Other("no neighbor is called `x`".to_owned()))];
    routes::print(refused.into_iter(), &mut screen).unwrap_err();
    assert!(screen.into_inner().is_empty(), "a heading of nothing");
}

#[test]
fn kernel_sheet() {
    same(
        &printed(|screen| kernel::print(&kernel(), screen)),
        "
Table           main (254), metric 32, protocol bgp (186)
Installed       1 IPv4 routes, 0 IPv6 routes
Pending         2 changes
Adopted         1 routes from before the start
Read back       2026-11-23 00:31:05, start

Not installed  Next hop  Why
10.0.0.0/8     10.1.1.2  a route of proto static with the same metric exists
and 2 more
",
    );
    let none = printed(|screen| kernel::print(&Kernel::default(), screen));
    assert_eq!(
        none,
        "no kernel table: there is no [kernel] in the configuration\n"
    );
}

#[test]
fn json_is_valid_while_it_streams() {
    let array = printed(|screen| {
        let values = [1, 2, 3].into_iter().map(Ok);
        screen.json_array::<u32, Failure>(values)
    });
    assert_eq!(array, "[\n1,\n2,\n3\n]\n");
    let empty = printed(|screen| screen.json_array::<u32, Failure>(std::iter::empty()));
    assert!(serde_json::from_str::<Vec<u32>>(&empty).unwrap().is_empty());
}

/// `show protocols` of a daemon with these views.
fn protocols(words: &[&str], json: bool) -> Result<String, String> {
    let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
    let views = protocols::Views {
        status: status(),
        kernel: kernel(),
        neighbors: vec![up(), down()],
    };
    let mut screen = Screen::new(Vec::new(), false);
    protocols::print(&words, json, &views, &mut screen).map_err(|failure| failure.to_string())?;
    Ok(String::from_utf8(screen.into_inner()).unwrap())
}

#[test]
fn protocols_as_bird_shows_them() {
    let text = protocols(&[], false).unwrap();
    same(
        &text,
        "
Name       Proto      Table      State  Since                Info
direct1    Direct     ---        up     2026-11-23 00:31:05  1 prefix
static1    Static     ---        up     2026-11-23 00:31:05  1 prefix
kernel1    Kernel     ---        up     2026-11-23 00:31:05  1 routes
bgp1       BGP        master4    up     2026-11-23 00:31:06  Established
to_azure2  BGP        ---        start  2026-11-23 00:31:06  Active        could not connect: No route to host
",
    );
    // the columns that tools cut at, and what scripts look for
    let heading = text.lines().next().unwrap();
    for (column, at) in [("Proto", 11), ("Table", 22), ("State", 33), ("Since", 40)] {
        assert_eq!(heading.find(column), Some(at));
    }
    let established = text.lines().find(|line| line.starts_with("bgp1")).unwrap();
    assert!(established.find("BGP") < established.find("Established"));
}

#[test]
fn one_protocol_in_full() {
    same(
        &protocols(&["all", "bgp1"], false).unwrap(),
        "
Name       Proto      Table      State  Since                Info
bgp1       BGP        master4    up     2026-11-23 00:31:06  Established
  Description:        Azure ExpressRoute, primary
  BGP state:          Established
    Neighbor address: 10.1.1.2
    Neighbor AS:      12076
    Local AS:         65530
    Neighbor ID:      10.1.1.2
    Local caps:       multiprotocol ipv4-unicast, route refresh, 4-octet AS 65530
    Neighbor caps:    multiprotocol ipv4-unicast, 4-octet AS 12076
    Session:          external MD5
    Source address:   10.1.1.1
    Hold timer:       80/90
    Keepalive timer:  2.2/30
    Last error:       hold timer expired after 90 s
  Channel ipv4
    State:          UP
    Input filter:   ACCEPT
    Output filter:  packet_bgp
    Routes:         2 imported, 1 filtered, 1 exported, 2 preferred

",
    );
}

#[test]
fn protocols_by_name_and_pattern() {
    let count = |words: &[&str]| protocols(words, false).unwrap().lines().count();
    assert_eq!(count(&["bgp1"]), 2);
    assert_eq!(count(&["\"*1\""]), 5);
    let error = protocols(&["bgp9"], false).unwrap_err();
    assert_eq!(
        error,
        "no protocol is called `bgp9`; there are: direct1, static1, kernel1, bgp1, to_azure2"
    );
    let json: serde_json::Value =
        serde_json::from_str(&protocols(&["bgp1"], true).unwrap()).unwrap();
    assert_eq!(json[0]["class"], "BGP");
    let json: serde_json::Value =
        serde_json::from_str(&protocols(&["all", "bgp1"], true).unwrap()).unwrap();
    assert_eq!(json[0]["remote_as"], 12076);
}
