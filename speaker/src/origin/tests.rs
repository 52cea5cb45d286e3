use super::*;
use crate::{
    config::InterfacePatterns,
    host::{Address, Link},
};

fn link(index: u32, name: &str, up: bool) -> Link {
    Link {
        index,
        name: name.into(),
        up,
        loopback: name == "lo",
    }
}

fn address(link: u32, net: &str) -> Address {
    let net = net.parse().unwrap();
    Address {
        link,
        net,
        peer: None,
        local_scope: false,
        tentative: false,
    }
}

fn host(links: &[Link], addresses: &[Address]) -> Host {
    let links = links
        .iter()
        .map(|link| (link.index, link.clone()))
        .collect();
    Host {
        links,
        addresses: addresses.to_vec(),
    }
}

fn prefixes(host: &Host, patterns: &[&str]) -> Vec<String> {
    let patterns = patterns.iter().map(ToString::to_string).collect();
    let config = Connected {
        interfaces: InterfacePatterns(patterns),
    };
    let found = connected(host, &config);
    found
        .iter()
        .map(|(prefix, interface)| format!("{prefix} {interface}"))
        .collect()
}

#[test]
fn the_address_of_the_story_is_announced() {
    let host = host(&[link(1, "lo", true)], &[address(1, "192.168.100.1/24")]);
    assert_eq!(prefixes(&host, &["lo"]), ["192.168.100.0/24 lo"]);
}

#[test]
fn a_prefix_stays_while_any_address_gives_it() {
    let links = [link(1, "lo", true), link(2, "eth0", true)];
    let mut host = host(
        &links,
        &[address(1, "10.5.0.1/16"), address(2, "10.5.0.2/16")],
    );
    assert_eq!(prefixes(&host, &["*"]), ["10.5.0.0/16 lo"]);
    host.addresses.remove(0);
    assert_eq!(prefixes(&host, &["*"]), ["10.5.0.0/16 eth0"]);
    host.addresses.remove(0);
    assert!(prefixes(&host, &["*"]).is_empty());
}

#[test]
fn a_single_address_on_a_loopback_is_its_own_route() {
    let addresses = [
        address(1, "127.0.0.1/8"),
        address(1, "192.0.2.7/32"),
        address(1, "fd00::7/128"),
    ];
    let host = host(&[link(1, "lo", true)], &addresses);
    assert_eq!(
        prefixes(&host, &["lo"]),
        ["192.0.2.7/32 lo", "fd00::7/128 lo"]
    );
}

#[test]
fn addresses_that_mean_nothing_elsewhere_never_count() {
    let nets = [
        "127.0.0.1/8",
        "127.5.0.1/32",
        "::1/128",
        "169.254.3.1/16",
        "fe80::1/64",
        "224.0.0.5/32",
        "0.0.0.0/0",
        "::/0",
    ];
    let addresses: Vec<_> = nets.iter().map(|net| address(1, net)).collect();
    let host = host(&[link(1, "lo", true)], &addresses);
    assert_eq!(prefixes(&host, &["*"]), Vec::<String>::new());
}

#[test]
fn what_is_down_tentative_or_on_another_interface_does_not_count() {
    let links = [
        link(1, "lo", true),
        link(2, "eth0", false),
        link(3, "docker0", true),
    ];
    let mut tentative = address(1, "fd01::1/64");
    tentative.tentative = true;
    let addresses = [
        address(2, "10.2.0.1/16"),
        address(3, "172.17.0.1/16"),
        tentative,
        address(9, "10.9.0.1/16"),
    ];
    let mut host = host(&links, &addresses);
    assert_eq!(prefixes(&host, &["lo", "eth*"]), Vec::<String>::new());
    host.links.get_mut(&2).unwrap().up = true;
    host.addresses[2].tentative = false;
    assert_eq!(
        prefixes(&host, &["lo", "eth*"]),
        ["10.2.0.0/16 eth0", "fd01::/64 lo"]
    );
    assert_eq!(
        prefixes(&host, &["!docker*"]),
        ["10.2.0.0/16 eth0", "fd01::/64 lo"]
    );
}

#[test]
fn a_point_to_point_link_gives_the_prefix_of_its_other_end() {
    let mut tunnel = address(2, "10.0.0.1/32");
    tunnel.peer = Some("10.0.0.2/32".parse().unwrap());
    let mut host = host(&[link(2, "tun0", true)], &[tunnel]);
    assert_eq!(prefixes(&host, &["tun0"]), ["10.0.0.2/32 tun0"]);
    host.addresses[0].peer = Some("10.0.0.2/24".parse().unwrap());
    assert_eq!(prefixes(&host, &["tun0"]), ["10.0.0.0/24 tun0"]);
}
