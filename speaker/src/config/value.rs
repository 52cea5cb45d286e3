//! Texts and numbers of the configuration file as checked values; each complaint says what would
//! be right.
use super::{
    complaint::{Complaint, did_you_mean, nearest},
    kernel::Names,
    neighbor::{Password, PolicyRef},
    range::RemoteAs,
    section::Item,
};
use bgp_wire::{Asn, Family, RouterId};
use ipnet::IpNet;
use rib::PrefixRule;
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    ops::RangeInclusive,
    time::Duration,
};
use toml::de::DeValue;

pub(super) const BGP_PORT: u16 = 179;

pub(super) fn router_id(item: &Item<'_, '_>) -> Result<RouterId, Complaint> {
    let text = item.string()?;
    let address: Ipv4Addr = text.parse().map_err(|_| {
        Complaint::new(format!("`{text}` is not an identifier"))
            .help("four octets written as an IPv4 address, as in \"10.1.1.1\"")
    })?;
    // RFC 6286 §2.1: any four octets but zero
    RouterId::new(address).ok_or_else(|| {
        Complaint::new("0.0.0.0 is not an identifier")
            .help("an IPv4 address of this host, or leave it out for the lowest one")
    })
}

/// A cluster (RFC 4456 §7): four octets as an address, or a number.
pub(super) fn cluster_id(item: &Item<'_, '_>) -> Result<u32, Complaint> {
    match item.value.get_ref() {
        DeValue::String(text) => {
            let address: Result<Ipv4Addr, _> = text.parse();
            address.map(u32::from).map_err(|_| {
                Complaint::new(format!("`{text}` is not a cluster"))
                    .help("four octets written as an IPv4 address, as in \"10.1.1.1\", or a number")
            })
        }
        _ => item.integer(0..=u32::MAX),
    }
}

/// An AS number in asplain or asdot (RFC 5396).
pub(super) fn asn(item: &Item<'_, '_>) -> Result<Asn, Complaint> {
    let number = match item.value.get_ref() {
        DeValue::String(text) => asn_text(text).ok_or_else(|| {
            Complaint::new(format!("`{text}` is not an AS number"))
                .help("as in 65530, or in \"1.10\" (asdot, in quotes)")
        })?,
        DeValue::Float(_) => {
            return Err(Complaint::new("expected an AS number, found a fraction")
                .help("put quotes around an AS number in asdot, as in \"1.10\""));
        }
        _ => item.integer(1..=u32::MAX)?,
    };
    match number {
        // RFC 7607: AS 0 is never used
        0 => Err(Complaint::new("AS 0 is not possible").help("1 to 4294967295")),
        // RFC 6793 §9: AS_TRANS stands for others and is nobody's own
        23_456 => Err(Complaint::new(
            "AS 23456 (AS_TRANS) stands for AS numbers above 65535 and is nobody's own",
        )
        .help("the neighbor's real AS number")),
        number => Ok(Asn(number)),
    }
}

/// An AS number, several of them, or "any".
pub(super) fn remote_as(item: &Item<'_, '_>) -> Result<RemoteAs, Complaint> {
    if matches!(item.value.get_ref(), DeValue::String(text) if text == "any") {
        return Ok(RemoteAs::Any);
    }
    let elements = item.elements();
    if elements.is_empty() {
        return Err(Complaint::new("names no AS").help("numbers, or \"any\""));
    }
    elements
        .iter()
        .map(asn)
        .collect::<Result<_, _>>()
        .map(RemoteAs::OneOf)
}

fn asn_text(text: &str) -> Option<u32> {
    let text = text
        .strip_prefix("AS")
        .or_else(|| text.strip_prefix("as"))
        .unwrap_or(text);
    match text.split_once('.') {
        Some((high, low)) => {
            let (high, low): (u16, u16) = (high.parse().ok()?, low.parse().ok()?);
            Some(u32::from(high) << 16 | u32::from(low))
        }
        None => text.parse().ok(),
    }
}

/// Seconds as an integer, or a text with its unit: "90s", "4m", "250ms".
pub(super) fn duration(
    item: &Item<'_, '_>,
    range: RangeInclusive<Duration>,
) -> Result<Duration, Complaint> {
    let duration = match item.value.get_ref() {
        DeValue::Integer(integer) => {
            let seconds = u32::from_str_radix(integer.as_str(), integer.radix());
            seconds
                .map(|seconds| Duration::from_secs(seconds.into()))
                .ok()
        }
        DeValue::String(text) => duration_text(text),
        _ => None,
    };
    let Some(duration) = duration else {
        return Err(match item.value.get_ref() {
            DeValue::String(text) => Complaint::new(format!("`{text}` is not a time")),
            DeValue::Integer(integer) => Complaint::new(format!("{integer} is out of range")),
            _ => item.expected("a time"),
        }
        .help("seconds, as in 90, or with a unit, as in \"90s\", \"4m\", \"500ms\""));
    };
    if !range.contains(&duration) {
        let (low, high) = (words(*range.start()), words(*range.end()));
        return Err(
            Complaint::new(format!("{} is out of range", words(duration)))
                .help(format!("{low} to {high}")),
        );
    }
    Ok(duration)
}

fn duration_text(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u32 = number.parse().ok()?;
    let unit = match unit.trim_start() {
        "ms" => Duration::from_millis(1),
        "s" | "sec" => Duration::from_secs(1),
        "m" | "min" => Duration::from_secs(60),
        "h" => Duration::from_secs(3600),
        _ => return None,
    };
    unit.checked_mul(number)
}

/// "90 s", "250 ms"
pub(super) fn words(duration: Duration) -> String {
    match duration.subsec_millis() {
        0 => format!("{} s", duration.as_secs()),
        _ => format!("{} ms", duration.as_millis()),
    }
}

/// RFC 4271 §4.2: the hold time is zero or at least three seconds.
pub(super) fn hold_time(item: &Item<'_, '_>) -> Result<Duration, Complaint> {
    let hold = duration(item, Duration::ZERO..=Duration::from_secs(u16::MAX.into()))?;
    if !hold.is_zero() && hold < Duration::from_secs(3) {
        return Err(
            Complaint::new(format!("a hold time of {} is not possible", words(hold)))
                .help("at least 3 s, or 0 for none (RFC 4271 section 4.2)"),
        );
    }
    if hold.subsec_nanos() != 0 {
        return Err(Complaint::new("the hold time is sent in whole seconds").help("as in 90"));
    }
    Ok(hold)
}

/// A prefix without host bits.
pub(super) fn prefix(text: &str) -> Result<IpNet, Complaint> {
    let not_a_prefix = || Complaint::new(format!("`{text}` is not a prefix"));
    let Ok(net) = text.parse::<IpNet>() else {
        let help = match (text.parse::<IpAddr>(), text.split_once('/')) {
            (Ok(address), _) => format!("\"{}\"", IpNet::from(address)),
            (_, Some((address, length))) => match address.parse::<IpAddr>() {
                Ok(IpAddr::V4(_)) if length.parse::<u8>().is_ok() => {
                    "a prefix length of IPv4 is 0 to 32".to_owned()
                }
                Ok(IpAddr::V6(_)) if length.parse::<u8>().is_ok() => {
                    "a prefix length of IPv6 is 0 to 128".to_owned()
                }
                _ => "as in \"192.168.100.0/24\"".to_owned(),
            },
            _ => "as in \"192.168.100.0/24\"".to_owned(),
        };
        return Err(not_a_prefix().help(help));
    };
    if net != net.trunc() {
        let length = net.prefix_len();
        return Err(
            Complaint::new(format!("`{text}` has host bits set beyond its /{length}"))
                .help(format!("the prefix is \"{}\"", net.trunc())),
        );
    }
    Ok(net)
}

/// "192.168.100.0/24", "192.168.0.0/16 le 24", "10.0.0.0/8 ge 16 le 24"
pub(super) fn prefix_rule(item: &Item<'_, '_>) -> Result<PrefixRule, Complaint> {
    let text = item.text()?;
    if let Some(ours) = bird_prefix_pattern(text) {
        return Err(Complaint::new(format!(
            "`{text}` is BIRD's way to write a range of prefixes"
        ))
        .help(format!("here it is \"{ours}\"")));
    }
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    if let Err(complaint) = prefix(first) {
        let whole = complaint.help.as_ref().filter(|_| !rest.is_empty());
        let help = whole
            .and_then(|help| help.strip_suffix('"'))
            .map(|help| format!("{help} {rest}\""));
        return Err(complaint.help_if(help));
    }
    text.parse().map_err(|error| {
        Complaint::new(format!("{error}")).help(
            "as in \"192.168.100.0/24\", \"192.168.0.0/16 le 24\", \"10.0.0.0/8 ge 16 le 24\"",
        )
    })
}

/// `P/L+`, `P/L-`, `P/L{a,b}` of BIRD, in our words.
fn bird_prefix_pattern(text: &str) -> Option<String> {
    let length_of = |prefix: &str| {
        let net: IpNet = prefix.trim().parse().ok()?;
        Some((net.trunc(), net.max_prefix_len()))
    };
    if let Some(prefix) = text.strip_suffix('+') {
        let (net, longest) = length_of(prefix)?;
        return Some(format!("{net} le {longest}"));
    }
    let (prefix, range) = text.strip_suffix('}')?.split_once('{')?;
    let (net, _) = length_of(prefix)?;
    let (low, high) = range.split_once(',')?;
    let (low, high): (u8, u8) = (low.trim().parse().ok()?, high.trim().parse().ok()?);
    Some(format!("{net} ge {low} le {high}"))
}

/// "10.1.1.1", "10.1.1.1:1790", "::1", "[::1]:1790"
pub(super) fn listen(item: &Item<'_, '_>) -> Result<SocketAddr, Complaint> {
    let text = item.string()?;
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    if let Ok(address) = bare.unwrap_or(text).parse::<IpAddr>() {
        return Ok(SocketAddr::new(address, BGP_PORT));
    }
    match text.parse::<SocketAddr>() {
        Ok(address) if address.port() != 0 => Ok(address),
        Ok(_) => Err(Complaint::new("port 0 is not possible").help("1 to 65535")),
        Err(_) => Err(
            Complaint::new(format!("`{text}` is not an address to listen on"))
                .help("as in \"10.1.1.1\", \"10.1.1.1:179\", \"[::]:179\""),
        ),
    }
}

/// The address of a neighbor, with the interface of a link-local one, which may stand behind the
/// address or in `named`.
pub(super) fn neighbor_address(
    item: &Item<'_, '_>,
    named: Option<&str>,
) -> Result<(IpAddr, Option<String>), Complaint> {
    let text = item.string()?;
    let (address, interface) = match text.split_once('%') {
        Some((address, interface)) => (address, Some(interface)),
        None => (text, None),
    };
    let address = host_address(address)?;
    if let (Some(interface), Some(named)) = (interface, named)
        && interface != named
    {
        let complaint = Complaint::new(format!("`interface` is {named}, here it is {interface}"));
        return Err(complaint.help("name it once"));
    }
    match (is_link_local(address), interface) {
        (false, None) => Ok((address, named.map(str::to_owned))),
        (true, Some(interface)) => {
            interface_name(interface)?;
            Ok((address, Some(interface.to_owned())))
        }
        (true, None) if named.is_some() => Ok((address, named.map(str::to_owned))),
        (true, None) => Err(Complaint::new(format!(
            "{address} is link-local: it says nothing without an interface"
        ))
        .help(format!("as in \"{address}%eth0\""))),
        (false, Some(_)) => Err(Complaint::new(format!(
            "only link-local addresses take an interface behind them, {address} is none"
        ))
        .help(format!(
            "\"{address}\", and `interface` where the session is bound to one"
        ))),
    }
}

/// An address that a host may have.
pub(super) fn host_address(text: &str) -> Result<IpAddr, Complaint> {
    let address: IpAddr = text.parse().map_err(|_| {
        let complaint = Complaint::new(format!("`{text}` is not an IP address"));
        match text.parse::<IpNet>() {
            Ok(net) => complaint.help(format!("without the prefix length: \"{}\"", net.addr())),
            Err(_) => complaint.help("as in \"10.1.1.2\" or \"2001:db8::2\""),
        }
    })?;
    let reason = match address {
        _ if address.is_unspecified() => "is no host's address",
        _ if address.is_multicast() => "is a multicast address",
        IpAddr::V4(address) if address.is_broadcast() => "is the broadcast address",
        IpAddr::V6(address) if address.to_ipv4_mapped().is_some() => {
            let v4 = address.to_ipv4_mapped().map(|v4| format!("\"{v4}\""));
            let complaint = Complaint::new(format!("{address} is an IPv4 address inside IPv6"));
            return Err(complaint.help_if(v4));
        }
        _ => return Ok(address),
    };
    Err(Complaint::new(format!("{address} {reason}")).help("the address of one host"))
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => false,
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// The name of an interface.
pub(super) fn interface(item: &Item<'_, '_>) -> Result<String, Complaint> {
    let name = item.string()?;
    interface_name(name)?;
    Ok(name.to_owned())
}

fn interface_name(name: &str) -> Result<(), Complaint> {
    // IFNAMSIZ with its terminating zero; the characters are those the kernel refuses
    let possible = !name.is_empty()
        && name.len() <= 15
        && !name.contains(|c: char| c == '/' || c.is_whitespace() || c.is_control());
    if possible {
        Ok(())
    } else {
        Err(
            Complaint::new(format!("`{name}` cannot be the name of an interface"))
                .help("as `ip link` shows it, as in eth0"),
        )
    }
}

/// One pattern of `interfaces`.
pub(super) fn interface_pattern(item: &Item<'_, '_>) -> Result<String, Complaint> {
    let text = item.string()?;
    if let Some(negated) = text.strip_prefix('-') {
        return Err(Complaint::new("a pattern is negated by `!`").help(format!("\"!{negated}\"")));
    }
    interface_name(text.strip_prefix('!').unwrap_or(text))?;
    Ok(text.to_owned())
}

/// The name of a neighbor: what BIRD takes without quotes, so that `show protocols all NAME` and
/// the tools around it go on to work.
pub(super) fn neighbor_name(item: &Item<'_, '_>) -> Result<String, Complaint> {
    let text = item.string()?;
    let name = symbol(text, "_")?;
    if RESERVED_NAMES.contains(&name.as_str()) {
        return Err(Complaint::new(format!("`{name}` has a meaning of its own"))
            .help("another name, as in azure1"));
    }
    Ok(name)
}

/// Words of the command line and sources of routes.
const RESERVED_NAMES: [&str; 7] = [
    "all",
    "none",
    "connected",
    "static",
    "direct1",
    "static1",
    "kernel1",
];

/// The name of a filter.
pub(super) fn filter_name(text: &str) -> Result<String, Complaint> {
    match text {
        "all" | "none" | "missing" => {
            Err(Complaint::new(format!("`{text}` has a meaning of its own"))
                .help("another name, as in [filter.to_azure]"))
        }
        _ => symbol(text, "_-"),
    }
}

/// Letters, digits and `also`, not a digit first, at most 64.
fn symbol(text: &str, also: &str) -> Result<String, Complaint> {
    let fits = |c: char| c.is_ascii_alphanumeric() || also.contains(c);
    let first = text.chars().next();
    if first.is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(fits)
        && text.len() <= 64
    {
        return Ok(text.to_owned());
    }
    let mut better: String = text
        .chars()
        .take(64)
        .map(|c| if fits(c) { c } else { '_' })
        .collect();
    if !first.is_some_and(|c| c.is_ascii_alphabetic() || c == '_') {
        better.insert(0, '_');
        better.truncate(64);
    }
    let separators = if also.contains('-') {
        "`_` and `-`"
    } else {
        "`_`"
    };
    Err(
        Complaint::new(format!("`{text}` is not a name")).help(format!(
            "letters, digits and {separators}, at most 64, no digit first: \"{better}\""
        )),
    )
}

/// "all", "none" or the name of one of `filters`.
pub(super) fn policy<'f>(
    item: &Item<'_, '_>,
    filters: impl Iterator<Item = &'f str> + Clone,
) -> Result<PolicyRef, Complaint> {
    match item.string()? {
        "all" => Ok(PolicyRef::All),
        "none" => Ok(PolicyRef::None),
        name if filters.clone().any(|known| known == name) => {
            Ok(PolicyRef::Filter(name.to_owned()))
        }
        name => {
            let known: Vec<&str> = filters.chain(["all", "none"]).collect();
            let help = did_you_mean(name, known.iter().copied()).unwrap_or_else(|| {
                format!(
                    "write a section [filter.{name}] or [policy.{name}], or use one of: {}",
                    known.join(", ")
                )
            });
            Err(Complaint::new(format!("there is no filter or policy `{name}`")).help(help))
        }
    }
}

/// An address family that routes of this host can have.
pub(super) fn family(item: &Item<'_, '_>) -> Result<Family, Complaint> {
    let text = item.string()?;
    match text.to_lowercase().as_str() {
        "ipv4" | "ipv4-unicast" => Ok(Family::IPV4_UNICAST),
        "ipv6" | "ipv6-unicast" => Ok(Family::IPV6_UNICAST),
        lower => {
            let known = ["ipv4", "ipv6", "ipv4-unicast", "ipv6-unicast"];
            let help = did_you_mean(lower, known);
            Err(Complaint::new(format!(
                "`{text}` is not an address family that can be used"
            ))
            .help("\"ipv4\" or \"ipv6\"")
            .help_if(help))
        }
    }
}

/// The text of a key: any octets but those that would only come by mistake.
pub(super) fn password(text: &str) -> Result<Password, Complaint> {
    if text.is_empty() {
        return Err(Complaint::new("the password is empty")
            .help("the password agreed with the neighbor, or leave the key out"));
    }
    if text.len() > Password::MAX_OCTETS {
        return Err(Complaint::new(format!(
            "the password has {} octets, the kernel takes {}",
            text.len(),
            Password::MAX_OCTETS
        ))
        .help("a shorter password"));
    }
    if text.contains('\0') {
        return Err(Complaint::new("the password holds a NUL").help("a password without"));
    }
    Ok(Password(text.to_owned()))
}

/// `true`: 64 hops, as in BIRD; `false`: none; or the number of hops.
pub(super) fn multihop(item: &Item<'_, '_>) -> Result<Option<u8>, Complaint> {
    match item.value.get_ref() {
        DeValue::Boolean(true) => Ok(Some(super::Neighbor::HOPS)),
        DeValue::Boolean(false) => Ok(None),
        DeValue::Integer(_) => {
            let hops = item.integer(1..=255)?;
            Ok(u8::try_from(hops).ok())
        }
        _ => Err(item.expected("true, false or the number of hops")),
    }
}

/// A routing table by name or number.
pub(super) fn table(item: &Item<'_, '_>) -> Result<u32, Complaint> {
    let number = name_or_number(item, Names::Tables, 1..=u32::MAX)?;
    match number {
        255 => Err(Complaint::new("the table `local` is the kernel's own")
            .help("\"main\", or a number from 1 to 252")),
        number => Ok(number),
    }
}

/// A routing protocol by name or number.
pub(super) fn protocol(item: &Item<'_, '_>) -> Result<u8, Complaint> {
    let number = name_or_number(item, Names::Protocols, 0..=255)?;
    match u8::try_from(number) {
        // rtnetlink.h: up to RTPROT_STATIC the routes are the kernel's and the administrator's,
        // and a speaker that takes them for its own would remove them
        Ok(number) if number > 4 => Ok(number),
        _ => Err(Complaint::new(format!(
            "routes of protocol {number} are the kernel's and the administrator's"
        ))
        .help("a number from 5 to 255, or a name, as in \"bgp\" (186) or \"bird\" (12)")),
    }
}

fn name_or_number(
    item: &Item<'_, '_>,
    names: Names,
    range: RangeInclusive<u32>,
) -> Result<u32, Complaint> {
    let DeValue::String(text) = item.value.get_ref() else {
        return match item.value.get_ref() {
            DeValue::Integer(_) => item.integer(range),
            _ => Err(item.expected("a name or a number")),
        };
    };
    if let Ok(number) = text.parse::<u32>() {
        return if range.contains(&number) {
            Ok(number)
        } else {
            Err(
                Complaint::new(format!("{number} is out of range")).help(format!(
                    "{} to {}",
                    range.start(),
                    range.end()
                )),
            )
        };
    }
    names.number(text).ok_or_else(|| {
        let all = names.all();
        let meant = nearest(text, all.iter().map(String::as_str));
        let meant = meant.map(|meant| format!("did you mean `{meant}`?"));
        let (what, file) = match names {
            Names::Tables => ("table", "/etc/iproute2/rt_tables"),
            Names::Protocols => ("protocol", "/etc/iproute2/rt_protos"),
        };
        Complaint::new(format!("no {what} is called `{text}`"))
            .help(format!("a number, or a name that {file} knows"))
            .help_if(meant)
    })
}

/// Permission bits: "0660", or 0o660.
pub(super) fn mode(item: &Item<'_, '_>) -> Result<u32, Complaint> {
    let octal = match item.value.get_ref() {
        DeValue::String(text) => text.as_ref(),
        DeValue::Integer(integer) if integer.radix() == 8 => integer.as_str(),
        DeValue::Integer(integer) => {
            return Err(
                Complaint::new(format!("permissions are octal, {integer} is decimal"))
                    .help(format!("\"0{}\"", integer.as_str())),
            );
        }
        _ => return Err(item.expected("permissions")),
    };
    match u32::from_str_radix(octal.trim_start_matches("0o"), 8) {
        Ok(mode) if mode <= 0o777 => Ok(mode),
        _ => Err(Complaint::new(format!("`{octal}` is not permissions"))
            .help("octal digits, as in \"0660\"")),
    }
}

/// The preferred source of routes.
pub(super) fn source_v4(item: &Item<'_, '_>) -> Result<Ipv4Addr, Complaint> {
    match host_address(item.string()?)? {
        IpAddr::V4(address) => Ok(address),
        IpAddr::V6(_) => {
            Err(Complaint::new("expected an IPv4 address").help("IPv6 has `source-ipv6`"))
        }
    }
}

/// See [`source_v4`].
pub(super) fn source_v6(item: &Item<'_, '_>) -> Result<Ipv6Addr, Complaint> {
    match host_address(item.string()?)? {
        IpAddr::V6(address) => Ok(address),
        IpAddr::V4(_) => Err(Complaint::new("expected an IPv6 address").help("IPv4 has `source`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_numbers() {
        assert_eq!(asn_text("65530"), Some(65530));
        assert_eq!(asn_text("AS65530"), Some(65530));
        assert_eq!(asn_text("1.10"), Some(65546));
        assert_eq!(asn_text("65535.65535"), Some(u32::MAX));
        assert_eq!(asn_text("65536.1"), None);
        assert_eq!(asn_text("x"), None);
    }

    #[test]
    fn durations() {
        assert_eq!(duration_text("90s"), Some(Duration::from_secs(90)));
        assert_eq!(duration_text("4m"), Some(Duration::from_secs(240)));
        assert_eq!(duration_text("250 ms"), Some(Duration::from_millis(250)));
        assert_eq!(duration_text("2h"), Some(Duration::from_secs(7200)));
        for wrong in ["", "90", "s", "-1s", "1 day", "99999999999s", "1.5s"] {
            assert_eq!(duration_text(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn bird_patterns() {
        for (bird, ours) in [
            ("10.0.0.0/8+", Some("10.0.0.0/8 le 32")),
            ("2001:db8::/32+", Some("2001:db8::/32 le 128")),
            ("10.0.0.0/8{16,24}", Some("10.0.0.0/8 ge 16 le 24")),
            ("10.0.0.0/8 { 16 , 24 }", Some("10.0.0.0/8 ge 16 le 24")),
            ("10.0.0.0/8", None),
            ("10.0.0.0/8{16}", None),
            ("}", None),
            ("+", None),
        ] {
            assert_eq!(bird_prefix_pattern(bird).as_deref(), ours, "{bird}");
        }
    }

    #[test]
    fn names() {
        assert_eq!(symbol("bgp1", "_").unwrap(), "bgp1");
        let help = |text| symbol(text, "_").unwrap_err().help.unwrap();
        assert!(help("to-azure").ends_with("\"to_azure\""));
        assert!(help("1st").ends_with("\"_1st\""));
        assert!(help("").ends_with("\"_\""));
        assert!(symbol("to-azure", "_-").is_ok());
        assert!(symbol(&"x".repeat(65), "_").is_err());
    }
}
