//! Who listens on a TCP port of this host, told from /proc: no socket is opened for it, and what
//! runs is not disturbed.
use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

/// A listening socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listening {
    pub(super) address: SocketAddr,
    inode: u64,
}

/// All listening TCP sockets of this network namespace.
pub(super) fn all() -> Vec<Listening> {
    let table = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let mut listening = parse(&table("/proc/self/net/tcp"));
    listening.extend(parse(&table("/proc/self/net/tcp6")));
    listening
}

impl Listening {
    /// Would a socket at `wanted` be refused because of this one?
    pub(super) fn stands_in_the_way_of(&self, wanted: SocketAddr) -> bool {
        let (there, wanted_ip) = (self.address.ip(), wanted.ip());
        let both = there.is_ipv4() == wanted_ip.is_ipv4();
        // a socket at [::] takes IPv4 too, unless it was told not to
        let dual = there == IpAddr::V6(Ipv6Addr::UNSPECIFIED);
        self.address.port() == wanted.port()
            && (dual
                || both
                    && (there == wanted_ip || there.is_unspecified() || wanted_ip.is_unspecified()))
    }

    /// The process that has it, where we may look into it: name and process id.
    pub(super) fn process(&self) -> Option<(String, u32)> {
        let wanted = format!("socket:[{}]", self.inode);
        for entry in fs::read_dir("/proc").ok()?.flatten() {
            let Some(pid) = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok())
            else {
                continue;
            };
            let files = fs::read_dir(entry.path().join("fd")).into_iter().flatten();
            let mut targets = files
                .flatten()
                .filter_map(|file| fs::read_link(file.path()).ok());
            if targets.any(|target| target.as_os_str() == wanted.as_str()) {
                let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
                return Some((name.trim_end().to_owned(), pid));
            }
        }
        None
    }
}

/// Lines of /proc/net/tcp and tcp6 in the state LISTEN.
fn parse(table: &str) -> Vec<Listening> {
    const LISTEN: &str = "0A";
    let line = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let (&local, &state, inode) = (columns.get(1)?, columns.get(3)?, columns.get(9)?);
        if state != LISTEN {
            return None;
        }
        let (address, port) = local.split_once(':')?;
        let port = u16::from_str_radix(port, 16).ok()?;
        Some(Listening {
            address: SocketAddr::new(address_of(address)?, port),
            inode: inode.parse().ok()?,
        })
    };
    table.lines().filter_map(line).collect()
}

/// Words of 32 bits, each printed as a number of this machine.
fn address_of(hex: &str) -> Option<IpAddr> {
    let words: Option<Vec<[u8; 4]>> = hex
        .as_bytes()
        .chunks(8)
        .map(|word| {
            let word = std::str::from_utf8(word).ok()?;
            Some(u32::from_str_radix(word, 16).ok()?.to_ne_bytes())
        })
        .collect();
    match words?.as_slice() {
        [v4] => Some(Ipv4Addr::from(*v4).into()),
        words @ [_, _, _, _] => {
            let octets: [u8; 16] = words.concat().try_into().ok()?;
            Some(Ipv6Addr::from(octets).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    #[cfg(target_endian = "little")]
    fn tables_of_proc() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   0: 0101010A:00B3 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0\n   1: 0100007F:0016 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0\n   2: 00000000000000000000000001000000:00B3 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 4713 1 0\nnonsense\n";
        let found: Vec<_> = parse(table)
            .into_iter()
            .map(|listening| (listening.address.to_string(), listening.inode))
            .collect();
        assert_eq!(
            found,
            [
                ("10.1.1.1:179".to_owned(), 4711),
                ("[::1]:179".to_owned(), 4713)
            ]
        );
    }

    #[test]
    fn who_stands_in_whose_way() {
        let way = |there: &str, wanted: &str| {
            let listening = Listening {
                address: there.parse().unwrap(),
                inode: 0,
            };
            listening.stands_in_the_way_of(wanted.parse().unwrap())
        };
        assert!(way("0.0.0.0:179", "0.0.0.0:179"));
        assert!(way("0.0.0.0:179", "10.1.1.1:179"));
        assert!(way("10.1.1.1:179", "0.0.0.0:179"));
        assert!(way("[::]:179", "0.0.0.0:179"));
        assert!(!way("10.1.1.1:179", "10.1.1.2:179"));
        assert!(!way("10.1.1.1:179", "[::]:179"));
        assert!(!way("0.0.0.0:179", "0.0.0.0:1790"));
    }

    #[test]
    fn our_own_socket_is_found() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let found: Vec<Listening> = all()
            .into_iter()
            .filter(|listening| listening.stands_in_the_way_of(address))
            .collect();
        assert_eq!(found.len(), 1, "{found:?}");
        let (_, pid) = found[0].process().unwrap();
        assert_eq!(pid, std::process::id());
    }
}
