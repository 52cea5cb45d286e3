//! The mirror: what this machine and its kernel allow at best.
//!
//! It takes all sessions and copies every UPDATE, unread and octet by octet, to all neighbors that
//! are to be told. Nothing that speaks BGP can be faster.

use bgp_wire::{Asn, Family, MessageType, Open, RouterId, frame, write_keepalive};
use std::{
    collections::HashMap,
    fs,
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

type Receivers = Arc<Mutex<Vec<(IpAddr, Arc<Mutex<TcpStream>>)>>>;

/// Serves until it is killed. The file has our address and AS in its first line, and in each
/// further one a neighbor's address and whether it is told anything.
///
/// # Errors
/// A file that cannot be read, a port that is taken.
pub fn serve(file: &Path) -> Result<(), String> {
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    let (address, asn) = lines.next().ok_or("an empty file")?;
    let address: Ipv4Addr = address.parse().map_err(|_| "no address")?;
    let asn: u32 = asn.parse().map_err(|_| "no AS number")?;
    let told: HashMap<IpAddr, bool> = lines
        .filter_map(|(address, told)| Some((address.parse().ok()?, told == "true")))
        .collect();
    let listener = TcpListener::bind((address, 179)).map_err(|error| error.to_string())?;
    let receivers = Receivers::default();
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        let Ok(from) = stream.peer_addr().map(|from| from.ip()) else {
            continue;
        };
        let is_told = told.get(&from).copied().unwrap_or(false);
        let receivers = Arc::clone(&receivers);
        thread::spawn(move || {
            if let Err(error) = copy(stream, (address, asn), from, is_told, &receivers) {
                eprintln!("{from}: {error}");
            }
        });
    }
    Ok(())
}

fn copy(
    mut stream: TcpStream,
    (address, asn): (Ipv4Addr, u32),
    from: IpAddr,
    is_told: bool,
    receivers: &Receivers,
) -> io::Result<()> {
    let router_id = RouterId::new(address).ok_or(io::ErrorKind::InvalidInput)?;
    let mut octets = Vec::new();
    Open::new(Asn(asn), 600, router_id, &[Family::IPV4_UNICAST]).encode(&mut octets);
    write_keepalive(&mut octets);
    stream.write_all(&octets)?;
    if is_told {
        let stream = Arc::new(Mutex::new(stream.try_clone()?));
        let mut all = receivers.lock().unwrap_or_else(PoisonError::into_inner);
        all.push((from, stream));
    }
    let mut buffer = vec![0; 256 << 10];
    let mut filled = 0;
    loop {
        let count = stream.read(buffer.get_mut(filled..).unwrap_or(&mut []))?;
        if count == 0 {
            return Ok(());
        }
        filled += count;
        let octets = buffer.get(..filled).unwrap_or(&[]);
        let mut used = 0;
        // UPDATEs that follow each other go in one write.
        let mut run = 0..0;
        while let Some(rest) = octets.get(used..)
            && let Ok(Some(header)) = frame(rest, 65_535)
        {
            let end = used + header.length;
            if header.kind == MessageType::Update {
                if run.end != used {
                    tell(octets.get(run).unwrap_or(&[]), from, receivers)?;
                    run = used..used;
                }
                run.end = end;
            }
            used = end;
        }
        tell(octets.get(run).unwrap_or(&[]), from, receivers)?;
        buffer.copy_within(used..filled, 0);
        filled -= used;
    }
}

/// Writes whole messages to all who are told, but not back.
fn tell(octets: &[u8], from: IpAddr, receivers: &Receivers) -> io::Result<()> {
    if octets.is_empty() {
        return Ok(());
    }
    let all = receivers
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    for (_, receiver) in all.iter().filter(|(to, _)| *to != from) {
        let mut receiver = receiver.lock().unwrap_or_else(PoisonError::into_inner);
        receiver.write_all(octets)?;
    }
    Ok(())
}
