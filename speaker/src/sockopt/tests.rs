//! On loopback, against the real kernel. A connection with a wrong key is not refused but
//! ignored (the SYN is dropped), so "does not connect" means "not within the time allowed", and
//! the same socket pair with the right key shows that the time allowed is ample.
use super::*;
use ipnet::{Ipv4Net, Ipv6Net};
use socket2::{SockAddr, Socket, Type};
use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

const PATIENCE: Duration = Duration::from_millis(300);

fn host(address: IpAddr) -> IpNet {
    IpNet::from(address)
}

fn listener(address: &str) -> (Socket, SocketAddr) {
    let address: SocketAddr = address.parse().unwrap();
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
    if address.is_ipv6() {
        set_only_v6(&socket, false).unwrap();
    }
    socket.bind(&address.into()).unwrap();
    socket.listen(4).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}

fn connecting(from: IpAddr) -> Socket {
    let from = SocketAddr::new(from, 0);
    let socket = Socket::new(Domain::for_address(from), Type::STREAM, None).unwrap();
    socket.bind(&from.into()).unwrap();
    socket
}

fn connects(socket: &Socket, to: SocketAddr) -> bool {
    match socket.connect_timeout(&SockAddr::from(to), PATIENCE) {
        Ok(()) => true,
        Err(error) => {
            assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{error}");
            false
        }
    }
}

#[test]
fn the_same_key_on_both_sides_connects_and_no_other() {
    for (server, from) in [
        ("127.0.0.1:0", "127.0.0.2".parse().unwrap()),
        ("[::1]:0", IpAddr::V6(Ipv6Addr::LOCALHOST)),
    ] {
        let (listening, to) = listener(server);
        set_md5_key(&listening, host(from), b"s3cret").unwrap();

        let right = connecting(from);
        set_md5_key(&right, host(to.ip()), b"s3cret").unwrap();
        assert!(connects(&right, to));

        let wrong = connecting(from);
        set_md5_key(&wrong, host(to.ip()), b"secret").unwrap();
        assert!(!connects(&wrong, to));

        assert!(!connects(&connecting(from), to));
    }
}

#[test]
fn a_key_nobody_asked_for_does_not_connect() {
    let (_listening, to) = listener("127.0.0.1:0");
    let from = "127.0.0.3".parse().unwrap();
    let client = connecting(from);
    set_md5_key(&client, host(to.ip()), b"s3cret").unwrap();
    assert!(!connects(&client, to));
    assert!(connects(&connecting(from), to));
}

#[test]
fn keys_are_replaced_and_removed() {
    let (listening, to) = listener("127.0.0.1:0");
    let from: IpAddr = "127.0.0.4".parse().unwrap();
    set_md5_key(&listening, host(from), b"old").unwrap();
    set_md5_key(&listening, host(from), b"new").unwrap();

    let client = connecting(from);
    set_md5_key(&client, host(to.ip()), b"old").unwrap();
    assert!(!connects(&client, to));
    let client = connecting(from);
    set_md5_key(&client, host(to.ip()), b"new").unwrap();
    assert!(connects(&client, to));

    remove_md5_key(&listening, host(from)).unwrap();
    remove_md5_key(&listening, host(from)).unwrap();
    assert!(connects(&connecting(from), to));
}

#[test]
fn a_listener_keeps_a_key_for_each_peer() {
    let (listening, to) = listener("127.0.0.1:0");
    let (one, two): (IpAddr, IpAddr) = ("127.0.0.5".parse().unwrap(), "127.0.0.6".parse().unwrap());
    set_md5_key(&listening, host(one), b"one").unwrap();
    set_md5_key(&listening, host(two), b"two").unwrap();
    for (from, key, reaches) in [
        (one, &b"one"[..], true),
        (two, b"two", true),
        (two, b"one", false),
    ] {
        let client = connecting(from);
        set_md5_key(&client, host(to.ip()), key).unwrap();
        assert_eq!(connects(&client, to), reaches, "{from}");
    }
}

#[test]
fn an_ipv4_peer_of_a_dual_stack_listener_has_its_key() {
    let (listening, to) = listener("[::]:0");
    let to = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), to.port());
    let from = "127.0.0.7".parse().unwrap();
    set_md5_key(&listening, host(from), b"s3cret").unwrap();

    let right = connecting(from);
    set_md5_key(&right, host(to.ip()), b"s3cret").unwrap();
    assert!(connects(&right, to));
    assert!(!connects(&connecting(from), to));

    remove_md5_key(&listening, host(from)).unwrap();
    assert!(connects(&connecting(from), to));
}

#[test]
fn a_key_for_a_prefix_holds_for_every_address_in_it() {
    let range = IpNet::V4(Ipv4Net::new(Ipv4Addr::new(127, 9, 0, 0), 16).unwrap());
    for (server, reached) in [
        ("127.0.0.1:0", None),
        ("[::]:0", Some(IpAddr::from(Ipv4Addr::LOCALHOST))),
    ] {
        let (listening, to) = listener(server);
        let to = SocketAddr::new(reached.unwrap_or(to.ip()), to.port());
        set_md5_key(&listening, range, b"s3cret").unwrap();

        let inside = connecting("127.9.1.2".parse().unwrap());
        set_md5_key(&inside, host(to.ip()), b"s3cret").unwrap();
        assert!(connects(&inside, to));
        assert!(!connects(&connecting("127.9.1.3".parse().unwrap()), to));
        assert!(connects(&connecting("127.8.0.1".parse().unwrap()), to));

        remove_md5_key(&listening, range).unwrap();
        assert!(connects(&connecting("127.9.1.3".parse().unwrap()), to));
    }
}

#[test]
fn a_key_has_bounds() {
    let (listening, to) = listener("127.0.0.1:0");
    let from = "127.0.0.8".parse().unwrap();
    for bad in [&[][..], &[b'x'; MD5_KEY_MAX + 1]] {
        let error = set_md5_key(&listening, host(from), bad).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
    let longest = [b'x'; MD5_KEY_MAX];
    set_md5_key(&listening, host(from), &longest).unwrap();
    let client = connecting(from);
    set_md5_key(&client, host(to.ip()), &longest).unwrap();
    assert!(connects(&client, to));
}

#[test]
fn an_ipv6_peer_on_an_ipv4_socket_is_an_error() {
    let (listening, _) = listener("127.0.0.1:0");
    let peer = IpNet::V6(Ipv6Net::from(Ipv6Addr::LOCALHOST));
    let error = set_md5_key(&listening, peer, b"s3cret").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert!(error.to_string().contains("::1"), "{error}");
}

#[test]
fn packets_from_too_far_away_are_dropped() {
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let (listening, to) = listener(address);
        set_least_hops(&listening, 255).unwrap();
        let from = to.ip();

        let near = connecting(from);
        set_hops(&near, 255).unwrap();
        assert!(connects(&near, to));

        let far = connecting(from);
        set_hops(&far, 254).unwrap();
        assert!(!connects(&far, to));

        set_least_hops(&listening, 0).unwrap();
        assert!(connects(&far_again(from), to));
    }

    fn far_again(from: IpAddr) -> Socket {
        let socket = connecting(from);
        set_hops(&socket, 1).unwrap();
        socket
    }
}

#[test]
fn ipv4_on_a_dual_stack_listener_has_a_least_hop_count_too() {
    let (listening, to) = listener("[::]:0");
    let to = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), to.port());
    set_least_hops(&listening, 255).unwrap();
    let far = connecting(to.ip());
    set_hops(&far, 64).unwrap();
    assert!(!connects(&far, to));
    let near = connecting(to.ip());
    set_hops(&near, 255).unwrap();
    assert!(connects(&near, to));
}

#[test]
fn options_are_there_to_read_back() {
    for domain in [Domain::IPV4, Domain::IPV6] {
        let socket = Socket::new(domain, Type::STREAM, None).unwrap();
        set_hops(&socket, 7).unwrap();
        set_network_control(&socket).unwrap();
        set_unsent_limit(&socket, 16_384).unwrap();
        bind_device(&socket, Some("lo")).unwrap();

        assert_eq!(socket.ttl_v4().unwrap(), 7);
        assert_eq!(socket.tos_v4().unwrap(), CLASS_SELECTOR_6);
        assert_eq!(socket.tcp_notsent_lowat().unwrap(), 16_384);
        assert_eq!(socket.device().unwrap().as_deref(), Some(&b"lo"[..]));
        if domain == Domain::IPV6 {
            assert_eq!(socket.unicast_hops_v6().unwrap(), 7);
            assert_eq!(socket.tclass_v6().unwrap(), CLASS_SELECTOR_6);
            set_only_v6(&socket, true).unwrap();
            assert!(socket.only_v6().unwrap());
        }
        bind_device(&socket, None).unwrap();
        assert_eq!(socket.device().unwrap(), None);
        assert!(bind_device(&socket, Some("no-such-link")).is_err());
    }
}
