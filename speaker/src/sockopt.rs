//! Options of TCP sockets that BGP needs and the standard library does not know.
//!
//! One place for all of them, because two (the TCP-MD5 key and the least accepted hop count)
//! have no safe wrapper anywhere: `set_octets` hands an octet slice to `setsockopt`. Everything
//! else goes through `socket2`. The other `unsafe` line of this crate's sockets is here too: it lets
//! the runtime wait on a listening socket.
//!
//! Every function looks at the socket's own domain and does what is right there: an IPv6 socket
//! that also serves IPv4 (a dual-stack listener) names IPv4 peers as `::ffff:a.b.c.d`, and gets
//! its options for both protocols. Each call costs one to three system calls; none allocates.
#![allow(
    unsafe_code,
    reason = "two options and waiting for a socket have no safe wrapper; each line says why it is sound"
)]

use ipnet::IpNet;
use socket2::{Domain, SockRef, Socket};
use std::{
    ffi::c_int,
    io,
    mem::size_of,
    net::IpAddr,
    os::fd::{AsFd, AsRawFd, BorrowedFd},
};
use tokio::io::{Interest, unix::AsyncFd};

/// The longest TCP-MD5 key that the kernel takes, in octets.
pub const MD5_KEY_MAX: usize = libc::TCP_MD5SIG_MAXKEYLEN;

/// Class selector 6, "internetwork control", as octet of the IPv4 TOS or the IPv6 traffic class
/// (RFC 4594 §3.2 puts routing protocols there).
const CLASS_SELECTOR_6: u32 = 0xc0;

/// Sets or replaces the TCP-MD5 key (RFC 2385) for connections with `peer`, a host (`/32`,
/// `/128`) or a whole prefix, on a connecting or a listening socket.
///
/// On a connecting socket it has to be there before `connect`. On a listening socket it holds for
/// the connections that come from then on; accepted ones keep the key that they began with.
///
/// # Errors
/// `InvalidInput` for a key that is empty or over [`MD5_KEY_MAX`] octets, and for an IPv6 peer on
/// an IPv4 socket; otherwise what the kernel says, with what to do about it.
pub fn set_md5_key(socket: &impl AsFd, peer: IpNet, key: &[u8]) -> io::Result<()> {
    if key.is_empty() || key.len() > MD5_KEY_MAX {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "a TCP-MD5 password has 1 to {MD5_KEY_MAX} octets, this one has {}",
                key.len()
            ),
        ));
    }
    write_md5_key(socket.as_fd(), peer, key).map_err(|error| explain_md5(peer, &error))
}

/// Takes the TCP-MD5 key for `peer` away; a key that is not there is no error. The prefix length
/// has to be the one the key was set with.
///
/// # Errors
/// As [`set_md5_key`].
pub fn remove_md5_key(socket: &impl AsFd, peer: IpNet) -> io::Result<()> {
    match write_md5_key(socket.as_fd(), peer, &[]) {
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(()),
        Err(error) => Err(explain_md5(peer, &error)),
        Ok(()) => Ok(()),
    }
}

/// The hop count (TTL) of outgoing packets: 1 toward a neighbor on a connected subnet, 255 with
/// GTSM (RFC 5082), the distance or more for multihop.
///
/// # Errors
/// What the kernel says.
pub fn set_hops(socket: &impl AsFd, hops: u8) -> io::Result<()> {
    let socket = SockRef::from(socket);
    if is_v6(&socket)? {
        socket.set_unicast_hops_v6(hops.into())?;
    }
    socket.set_ttl_v4(hops.into())
}

/// Drops incoming packets whose hop count (TTL) is below `least`, before they reach the
/// connection; 0 accepts all. RFC 5082 §3: 255 accepts only the directly connected.
///
/// # Errors
/// What the kernel says.
pub fn set_least_hops(socket: &impl AsFd, least: u8) -> io::Result<()> {
    let octets = c_int::from(least).to_ne_bytes();
    let fd = socket.as_fd();
    if is_v6(&SockRef::from(&fd))? {
        set_octets(fd, libc::IPPROTO_IPV6, libc::IPV6_MINHOPCOUNT, &octets)?;
    }
    set_octets(fd, libc::IPPROTO_IP, libc::IP_MINTTL, &octets)
}

/// Marks outgoing packets as network control (class selector 6), so that a full link drops
/// something else first.
///
/// # Errors
/// What the kernel says.
pub fn set_network_control(socket: &impl AsFd) -> io::Result<()> {
    let socket = SockRef::from(socket);
    if is_v6(&socket)? {
        socket.set_tclass_v6(CLASS_SELECTOR_6)?;
    }
    socket.set_tos_v4(CLASS_SELECTOR_6)
}

/// Ties the socket to a network interface by name; `None` unties it.
///
/// # Errors
/// What the kernel says: `NotFound`-like (ENODEV) when there is no such interface.
pub fn bind_device(socket: &impl AsFd, interface: Option<&str>) -> io::Result<()> {
    SockRef::from(socket).bind_device(interface.map(str::as_bytes))
}

/// How many octets the kernel may hold unsent before the socket stops being writable. A small
/// number lets a KEEPALIVE overtake UPDATEs that are still ours to hold back.
///
/// # Errors
/// What the kernel says.
pub fn set_unsent_limit(socket: &impl AsFd, octets: u32) -> io::Result<()> {
    SockRef::from(socket).set_tcp_notsent_lowat(octets)
}

/// Whether an IPv6 listener leaves IPv4 to others; to be set before `bind`.
///
/// # Errors
/// What the kernel says; an IPv4 socket has no such option.
pub fn set_only_v6(socket: &impl AsFd, only: bool) -> io::Result<()> {
    SockRef::from(socket).set_only_v6(only)
}

/// Lets tasks of the current runtime wait for connections of a listening socket. Other than
/// tokio's own listener it registers nothing for a connection before somebody wants it.
///
/// # Errors
/// The runtime cannot watch one more socket.
pub(crate) fn wait_on(listening: Socket) -> io::Result<AsyncFd<Socket>> {
    // SAFETY: a `Socket` owns its descriptor, always names the same one and closes it only when
    // it is dropped, which happens after the `AsyncFd` around it has let go of it.
    let waiting = unsafe { AsyncFd::register_with_interest(listening, Interest::READABLE) };
    Ok(waiting?)
}

fn is_v6(socket: &SockRef<'_>) -> io::Result<bool> {
    Ok(socket.domain()? == Domain::IPV6)
}

/// `peer` as a socket of the other or the same family names it, with the prefix length as the
/// kernel counts it (of a mapped IPv4 address: the IPv4 length).
fn peer_on(socket: BorrowedFd<'_>, peer: IpNet) -> io::Result<IpAddr> {
    match (peer.addr(), is_v6(&SockRef::from(&socket))?) {
        (IpAddr::V4(address), true) => Ok(address.to_ipv6_mapped().into()),
        (IpAddr::V6(_), false) => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "an IPv4 socket has no connections with an IPv6 peer",
        )),
        (address, _) => Ok(address),
    }
}

/// Writes `struct tcp_md5sig` of <linux/tcp.h>: an address in a `sockaddr_storage`, flags, prefix
/// length, key length, interface index, key. No key octets: the key is removed.
fn write_md5_key(socket: BorrowedFd<'_>, peer: IpNet, key: &[u8]) -> io::Result<()> {
    const STORAGE: usize = size_of::<libc::sockaddr_storage>();
    const FLAG_PREFIX: u8 = 1;

    let mut octets = Vec::with_capacity(STORAGE + 8 + MD5_KEY_MAX);
    match peer_on(socket, peer)? {
        IpAddr::V4(address) => {
            octets.extend((libc::AF_INET as u16).to_ne_bytes());
            octets.extend(0u16.to_be_bytes()); // port: any
            octets.extend(address.octets());
        }
        IpAddr::V6(address) => {
            octets.extend((libc::AF_INET6 as u16).to_ne_bytes());
            octets.extend(0u16.to_be_bytes()); // port: any
            octets.extend(0u32.to_be_bytes()); // flow label
            octets.extend(address.octets());
        }
    }
    octets.resize(STORAGE, 0);
    // A key for one host is set without the flag, which kernels before 4.13 do not know.
    let whole = peer.prefix_len() == peer.max_prefix_len();
    octets.push(if whole { 0 } else { FLAG_PREFIX });
    octets.push(if whole { 0 } else { peer.prefix_len() });
    octets.extend((key.len() as u16).to_ne_bytes());
    octets.extend(0u32.to_ne_bytes()); // interface: any
    octets.extend_from_slice(key);
    octets.resize(STORAGE + 8 + MD5_KEY_MAX, 0);

    let option = if whole {
        libc::TCP_MD5SIG
    } else {
        libc::TCP_MD5SIG_EXT
    };
    set_octets(socket, libc::IPPROTO_TCP, option, &octets)
}

fn explain_md5(peer: IpNet, error: &io::Error) -> io::Error {
    let advice = match error.raw_os_error() {
        Some(libc::ENOPROTOOPT) => {
            ": this kernel was built without TCP_MD5SIG; remove the password or change the kernel"
        }
        Some(libc::ENOMEM) => ": raise the sysctl net.core.optmem_max, which limits keys a socket",
        _ => "",
    };
    io::Error::new(
        error.kind(),
        format!("TCP-MD5 key for {peer}: {error}{advice}"),
    )
}

fn set_octets(socket: BorrowedFd<'_>, level: c_int, option: c_int, value: &[u8]) -> io::Result<()> {
    // SAFETY: `socket` is open for as long as it is borrowed; `value` points to `value.len()`
    // readable octets (at most a few hundred, so the length fits), which the kernel copies
    // before the call returns and of which it checks the length.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            option,
            value.as_ptr().cast(),
            value.len() as libc::socklen_t,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

#[cfg(test)]
mod tests;
