//! Numbers, addresses and communities in bgpdump's letters.
//!
//! Written into one buffer without the machinery of `fmt`: a table of a million routes is a
//! million lines of them.
use std::net::{IpAddr, Ipv6Addr};

/// Appends a number in decimal digits.
pub(super) fn number(out: &mut Vec<u8>, value: u32) {
    let mut digits = [b'0'; 10];
    let mut rest = value;
    let mut first = digits.len();
    for (at, digit) in digits.iter_mut().enumerate().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        first = at;
        if rest == 0 {
            break;
        }
    }
    out.extend(digits.get(first..).unwrap_or(&[]));
}

pub(super) fn ipv4(out: &mut Vec<u8>, octets: [u8; 4]) {
    for (position, octet) in octets.into_iter().enumerate() {
        if position > 0 {
            out.push(b'.');
        }
        number(out, u32::from(octet));
    }
}

/// An IPv6 address as the C library writes it since the days of RFC 1884: the first longest run of
/// zero groups is "::", also a single group and unlike in RFC 5952, and ::a.b.c.d keeps its dots.
pub(super) fn ipv6(out: &mut Vec<u8>, octets: [u8; 16]) {
    let address = Ipv6Addr::from(octets);
    let groups = address.segments();
    let (start, length) = longest_zeros(groups);
    // RFC 4291 §2.5.5: IPv4-compatible and IPv4-mapped.
    let [.., sixth, _, last] = groups;
    let embedded = start == 0
        && match length {
            5 => sixth == 0xffff,
            6 => true,
            7 => last != 1,
            _ => false,
        };
    let mut position = 0;
    while position < groups.len() {
        if embedded && position == 6 {
            out.push(b':');
            let [.., a, b, c, d] = octets;
            return ipv4(out, [a, b, c, d]);
        }
        if length > 0 && position == start {
            out.push(b':');
            position = if embedded && length > 5 {
                6
            } else {
                start + length
            };
            if position == groups.len() {
                out.push(b':');
            }
            continue;
        }
        if position > 0 {
            out.push(b':');
        }
        hex(out, groups.get(position).copied().unwrap_or(0));
        position += 1;
    }
}

/// Start and length of the first longest run of zero groups; length 0 where there is none.
fn longest_zeros(groups: [u16; 8]) -> (usize, usize) {
    let (mut best, mut run) = ((0, 0), (0, 0));
    for (position, group) in groups.into_iter().enumerate() {
        run = match group {
            0 if run.1 > 0 => (run.0, run.1 + 1),
            0 => (position, 1),
            _ => (0, 0),
        };
        if run.1 > best.1 {
            best = run;
        }
    }
    best
}

fn hex(out: &mut Vec<u8>, group: u16) {
    let mut leading = true;
    for shift in [12, 8, 4, 0] {
        let digit = (group >> shift) as u8 & 0x0f;
        if leading && digit == 0 && shift > 0 {
            continue;
        }
        leading = false;
        out.push(match digit {
            0..=9 => b'0' + digit,
            _ => b'a' + digit - 10,
        });
    }
}

pub(super) fn address(out: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(address) => ipv4(out, address.octets()),
        IpAddr::V6(address) => ipv6(out, address.octets()),
    }
}

/// An address of sixteen octets, or of the first four of them.
pub(super) fn of_family(out: &mut Vec<u8>, v6: bool, octets: [u8; 16]) {
    if v6 {
        ipv6(out, octets);
    } else {
        let [a, b, c, d, ..] = octets;
        ipv4(out, [a, b, c, d]);
    }
}

/// COMMUNITIES, separated by blanks.
pub(super) fn communities(out: &mut Vec<u8>, value: &[u8]) {
    for (position, community) in value.as_chunks::<4>().0.iter().enumerate() {
        if position > 0 {
            out.push(b' ');
        }
        match u32::from_be_bytes(*community) {
            0xffff_ff01 => out.extend(b"no-export"),
            0xffff_ff02 => out.extend(b"no-advertise"),
            0xffff_ff03 => out.extend(b"local-AS"),
            community => {
                number(out, community >> 16);
                out.push(b':');
                number(out, community & 0xffff);
            }
        }
    }
}
