//! The whole speaker, in this process: any octets from an established neighbor.
//!
//! One speaker runs as long as the process, with a table in memory and many neighbors on loopback
//! addresses. Each input is one session of one of them: OPEN, KEEPALIVE, the input, and the end of the
//! stream. Three bystanders, another AS, our own and one that knows two-octet AS numbers only, stay
//! connected and read what the speaker makes of it. Cost: a connection, and a few messages between
//! threads: about a thousand inputs a second.
mod bystander;
mod world;

use crate::message::check_messages;
use bgp_wire::{Header, MessageType, Notification, frame};
use std::sync::{Mutex, PoisonError};
use world::World;

/// Longest message that is made of a part of an input.
const LONGEST: usize = 4_096 - Header::LENGTH;

static WORLD: Mutex<Option<World>> = Mutex::new(None);

/// The octets are: which kind of neighbor (two bits), how the rest is meant (the third: a stream of
/// octets, or parts that become messages, each with a type and two octets of length before it), whether
/// the neighbor stays until its routes were passed on (the fourth); and the rest.
///
/// # Panics
/// When the speaker stops, says what is no BGP, leaves a bystander, keeps routes of a neighbor that is
/// gone, or passes on what its readers would find a fault in.
pub fn speaker(input: &[u8]) {
    let Some((how, rest)) = input.split_first() else {
        return;
    };
    let octets = if how & 4 == 0 {
        rest.to_vec()
    } else {
        messages(rest)
    };
    let mut world = WORLD.lock().unwrap_or_else(PoisonError::into_inner);
    let world = world.get_or_insert_with(World::start);
    let answer = world.visit(how & 3, how & 8 != 0, &octets);
    check_answer(&answer);
    world.look_around();
}

/// Parts of the input as messages with right headers.
fn messages(mut parts: &[u8]) -> Vec<u8> {
    let mut octets = Vec::new();
    while let [kind, high, low, rest @ ..] = parts {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let (body, after) = rest.split_at(length.min(rest.len()).min(LONGEST));
        let length = u16::try_from(Header::LENGTH + body.len()).unwrap_or(u16::MAX);
        octets.extend([0xff; 16]);
        octets.extend(length.to_be_bytes());
        octets.push(*kind);
        octets.extend(body);
        parts = after;
    }
    octets
}

/// An OPEN first, whole messages, and nothing behind a NOTIFICATION. The stream may end within a message:
/// who closes with octets unread resets the connection.
fn check_answer(answer: &[u8]) {
    let mut rest = answer;
    let mut position = 0;
    while let Some(header) = frame(rest, Header::STANDARD_MAX)
        .unwrap_or_else(|fault| panic!("the speaker said octets that are {fault}: {rest:02x?}"))
    {
        let (message, after) = rest.split_at(header.length);
        assert_eq!(
            header.kind == MessageType::Open,
            position == 0,
            "message {position} is {:?}",
            header.kind
        );
        if header.kind == MessageType::Notification {
            let notification = Notification::parse(message).expect("our own NOTIFICATION");
            assert!((1..=7).contains(&notification.code), "{notification}");
            assert!(after.is_empty(), "something follows {notification}");
        }
        assert_eq!(check_messages(message, Header::STANDARD_MAX), 1);
        rest = after;
        position += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::speaker::clock;
    use std::time::Duration;

    /// The target would find nothing if nothing of what a neighbor says arrived anywhere.
    #[test]
    fn bystanders_hear_what_a_neighbor_announces() {
        let body = [
            &[0, 0, 0, 20, 0x40, 1, 1, 0][..],
            &[0x40, 2, 6, 2, 1, 0xfa, 0x56, 0xea, 1],
            &[0x40, 3, 4, 192, 0, 2, 1, 24, 198, 51, 100],
        ]
        .concat();
        let message = messages(&[&[2, 0, 31][..], &body].concat());
        let mut world = World::start();
        let begun = clock::now();
        // What is said of the speaker's own prefix comes first: one UPDATE and two End-of-RIB each.
        while world.heard() < 9 {
            world.look_around();
            assert!(begun.elapsed() < Duration::from_secs(20), "no table");
        }
        let heard = world.heard();
        while world.heard() == heard {
            check_answer(&world.visit(0, true, &message));
            world.look_around();
            assert!(begun.elapsed() < Duration::from_secs(20), "no route");
        }
    }
}
