//! A run of IPv4 NLRI: ours, and as one writes it with nom.
//!
//! All check the lengths, mask host bits off and make an `Ipv4Net` of each prefix, and add it to
//! a sum. Ours does in two passes what a session does: the run is checked as a whole when its UPDATE is
//! parsed, then walked.
use bgp_wire::{Ipv4Unicast, NlriRun};
use ipnet::Ipv4Net;
use nom::bytes::complete::take;
use nom::combinator::{complete, map_res, verify};
use nom::multi::{fold_many0, many0};
use nom::number::complete::u8;
use nom::{IResult, Parser};
use std::net::Ipv4Addr;

fn add(sum: u64, net: Ipv4Net) -> u64 {
    sum.wrapping_add((u64::from(net.network().to_bits()) << 8) | u64::from(net.prefix_len()))
}

/// Checks the run, then walks it.
pub fn ours(octets: &[u8]) -> Option<u64> {
    NlriRun::<Ipv4Unicast>::check(octets, false).ok()?;
    Some(NlriRun::<Ipv4Unicast>::new(octets, false).fold(0, |sum, nlri| add(sum, nlri.key)))
}

/// A length, as many octets as it takes, one after the other into an address.
fn prefix(input: &[u8]) -> IResult<&[u8], Ipv4Net> {
    let (input, bits) = verify(u8, |bits| *bits <= 32).parse(input)?;
    let (input, octets) = take(bits.div_ceil(8)).parse(input)?;
    let mut address = [0; 4];
    for (to, from) in address.iter_mut().zip(octets) {
        *to = *from;
    }
    match Ipv4Net::new(Ipv4Addr::from(address), bits) {
        Ok(net) => Ok((input, net.trunc())),
        Err(_) => Err(nom::Err::Failure(nom::error::Error::new(
            input,
            nom::error::ErrorKind::Verify,
        ))),
    }
}

/// The loop that one writes where a list of values is not wanted.
pub fn octet_loop(octets: &[u8]) -> Option<u64> {
    let mut rest = octets;
    let mut sum = 0;
    while !rest.is_empty() {
        let (next, net) = prefix(rest).ok()?;
        sum = add(sum, net);
        rest = next;
    }
    Some(sum)
}

/// The same by nom's combinator.
pub fn fold(octets: &[u8]) -> Option<u64> {
    let (rest, sum) = fold_many0(complete(prefix), || 0, add).parse(octets).ok()?;
    rest.is_empty().then_some(sum)
}

/// As a list of values, which is what most parsers do.
pub fn collected(octets: &[u8]) -> Option<u64> {
    let (rest, list) = many0(map_res(prefix, Ok::<_, core::convert::Infallible>))
        .parse(octets)
        .ok()?;
    rest.is_empty().then(|| list.into_iter().fold(0, add))
}
