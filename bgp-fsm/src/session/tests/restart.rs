//! Graceful restart: what is kept of a lost session, for how long, and what is said of our own.
use super::solo::{Sent, Solo, encoded, keepalive, notification, open, open_value, speaker};
use crate::{Action, Command, Config, DownReason, Slot, StaleLimits, State, Timer};
use bgp_wire::{Capability, Family, GracefulRestart, LongLived, Notification, Open};
use std::time::Duration;

const S: Duration = Duration::from_secs(1);
const V4: Family = Family::IPV4_UNICAST;
const V6: Family = Family::IPV6_UNICAST;

fn capability(notification: bool, families: &[(Family, bool)]) -> Capability {
    Capability::GracefulRestart(GracefulRestart {
        restarting: false,
        notification,
        time: 120,
        families: families.to_vec(),
    })
}

fn long_lived(families: &[(Family, bool, u32)]) -> Capability {
    let entry = |(family, forwarding, time): &(Family, bool, u32)| LongLived {
        family: *family,
        forwarding: *forwarding,
        time: *time,
    };
    Capability::LongLivedGracefulRestart(families.iter().map(entry).collect())
}

/// We: both families, and as much graceful restart as there is.
fn helper() -> Config {
    let mut config = speaker();
    config.capabilities.extend([
        Capability::Multiprotocol(V6),
        capability(true, &[]),
        long_lived(&[]),
    ]);
    config
}

/// The neighbor's OPEN with `capabilities` beside both families.
fn theirs(capabilities: &[Capability]) -> Open {
    let mut open = open_value(2);
    open.capabilities.push(Capability::Multiprotocol(V6));
    open.capabilities.extend_from_slice(capabilities);
    open
}

/// Established with that neighbor.
fn established(config: Config, capabilities: &[Capability]) -> Solo {
    let mut solo = Solo::at(config, State::OpenSent);
    come_back(&mut solo, capabilities);
    solo
}

fn come_back(solo: &mut Solo, capabilities: &[Capability]) {
    let open = encoded(&theirs(capabilities));
    solo.octets(Slot::Ours, &[open, keepalive()].concat());
    assert_eq!(solo.session.state(), State::Established);
    solo.sent(Slot::Ours);
    solo.poll();
}

/// Connects again after a loss.
fn reconnect(solo: &mut Solo, capabilities: &[Capability]) {
    assert!(solo.expire(Timer::IdleHold));
    solo.poll();
    assert!(solo.session.handle_connected(Slot::Ours, solo.now));
    solo.actions.clear();
    come_back(solo, capabilities);
}

fn lose(solo: &mut Solo) -> Vec<Family> {
    solo.actions.clear();
    solo.session.handle_closed(Slot::Ours, None, solo.now);
    retained(solo)
}

fn retained(solo: &mut Solo) -> Vec<Family> {
    solo.poll();
    let mut downs = solo.actions.iter().filter_map(|action| match action {
        Action::Down { retain, .. } => Some(retain.clone()),
        _ => None,
    });
    downs.next().expect("a session that fell")
}

/// What is to be done with stale routes, since the last look.
fn outcomes(solo: &mut Solo) -> Vec<Action> {
    solo.poll();
    let mut actions = std::mem::take(&mut solo.actions);
    actions.retain(|it| matches!(it, Action::Sweep(_) | Action::LongLivedStale(_)));
    actions
}

#[test]
fn routes_of_listed_families_are_kept_for_the_neighbors_restart_time() {
    let mut solo = established(helper(), &[capability(false, &[(V4, false)])]);
    assert_eq!(
        lose(&mut solo),
        [V4],
        "whether forwarding goes on is seen when it is back"
    );
    assert_eq!(solo.left(Timer::Restart), Some(120 * S));
    assert!(
        solo.session
            .waiting_for(solo.now)
            .ends_with("; its ipv4-unicast routes are kept for 120 s while it restarts")
    );
    solo.now += 119 * S;
    solo.session.handle_timeout(solo.now, false);
    assert_eq!(outcomes(&mut solo), []);
    solo.now += S;
    solo.session.handle_timeout(solo.now, false);
    assert_eq!(outcomes(&mut solo), [Action::Sweep(V4)]);
    assert_eq!(solo.left(Timer::Restart), None);
}

#[test]
fn our_own_bound_is_kept_and_zero_keeps_nothing() {
    for (bound, kept) in [(30, vec![V4]), (0, vec![])] {
        let config = Config {
            stale: StaleLimits {
                restart: bound * S,
                ..StaleLimits::default()
            },
            ..helper()
        };
        let mut solo = established(config, &[capability(false, &[(V4, true)])]);
        assert_eq!(lose(&mut solo), kept);
        assert_eq!(
            solo.left(Timer::Restart),
            Some(bound * S).filter(|it| !it.is_zero())
        );
    }
}

#[test]
fn back_with_forwarding_preserved_they_stay_until_end_of_rib() {
    let kept = [capability(false, &[(V4, true), (V6, true)])];
    let mut solo = established(helper(), &kept);
    assert_eq!(lose(&mut solo), [V4, V6]);
    solo.now += 10 * S;
    // IPv6 was not preserved; what it had goes before anything new comes.
    reconnect(&mut solo, &[capability(false, &[(V4, true), (V6, false)])]);
    let up = solo
        .actions
        .iter()
        .position(|it| matches!(it, Action::Up(..)));
    let sweep = solo.actions.iter().position(|it| *it == Action::Sweep(V6));
    assert!(up < sweep, "{:?}", solo.actions);
    assert_eq!(outcomes(&mut solo), [Action::Sweep(V6)]);
    assert_eq!(solo.left(Timer::Restart), None);
    assert_eq!(solo.left(Timer::EndOfRib), Some(360 * S));
    assert!(
        solo.session
            .waiting_for(solo.now)
            .starts_with("established; waiting for its End-of-RIB of ipv4-unicast")
    );
    solo.command(Command::EndOfRib(V4));
    assert_eq!(solo.session.waiting_for(solo.now), "established");
    assert_eq!(solo.left(Timer::EndOfRib), None);
    assert_eq!(outcomes(&mut solo), []);
}

#[test]
fn without_end_of_rib_they_go_after_six_minutes() {
    let kept = [capability(false, &[(V4, true)])];
    let mut solo = established(helper(), &kept);
    lose(&mut solo);
    reconnect(&mut solo, &kept);
    for _ in 0..6 {
        solo.now += 60 * S;
        solo.octets(Slot::Ours, &keepalive());
        solo.session.handle_written(19, solo.now);
        solo.session.handle_timeout(solo.now, false);
    }
    assert_eq!(outcomes(&mut solo), [Action::Sweep(V4)]);
    assert_eq!(solo.session.state(), State::Established);
}

#[test]
fn a_neighbor_that_falls_again_before_end_of_rib_loses_what_was_stale() {
    let kept = [capability(false, &[(V4, true)])];
    let mut solo = established(helper(), &kept);
    lose(&mut solo);
    reconnect(&mut solo, &kept);
    assert_eq!(lose(&mut solo), [V4]);
    let sweep = solo.actions.iter().position(|it| *it == Action::Sweep(V4));
    let down = solo
        .actions
        .iter()
        .position(|it| matches!(it, Action::Down { .. }));
    assert!(sweep.is_some() && sweep < down, "{:?}", solo.actions);
    assert_eq!(solo.left(Timer::Restart), Some(120 * S));
}

#[test]
fn a_neighbor_that_is_back_without_the_capability_has_lost_all() {
    let mut solo = established(helper(), &[capability(false, &[(V4, true), (V6, true)])]);
    lose(&mut solo);
    reconnect(&mut solo, &[]);
    assert_eq!(outcomes(&mut solo), [Action::Sweep(V4), Action::Sweep(V6)]);
}

/// Ends the session in `how` and says what is kept and what was sent.
fn ended(bit: bool, how: impl Fn(&mut Solo)) -> (Vec<Family>, Vec<Sent>, DownReason) {
    let mut solo = established(helper(), &[capability(bit, &[(V4, true)])]);
    how(&mut solo);
    let retained = retained(&mut solo);
    let mut sent = solo.sent(Slot::Ours);
    sent.retain(|it| *it != Sent::Keepalive);
    (retained, sent, solo.down().unwrap())
}

#[test]
fn over_notifications_routes_are_kept_where_both_sides_say_so() {
    let hold = |solo: &mut Solo| {
        solo.now += 90 * S;
        solo.session.handle_timeout(solo.now, false);
    };
    let received = |solo: &mut Solo| drop(solo.octets(Slot::Ours, &notification(6, 6)));
    let fault = |solo: &mut Solo| {
        let fault = bgp_wire::frame(&[0; 19], 4096).unwrap_err();
        let malformed = Notification::new(3, 1, &[]);
        solo.command(Command::UpdateFault(fault, malformed));
    };
    let changed = |solo: &mut Solo| solo.command(Command::Reset(Notification::cease(6)));
    type How<'h> = &'h dyn Fn(&mut Solo);
    let all: [(How<'_>, &[Sent]); 4] = [
        (&hold, &[Sent::Notification(4, 0)]),
        (&received, &[]),
        (&fault, &[Sent::Notification(3, 1)]),
        (&changed, &[Sent::Notification(6, 6)]),
    ];
    for (how, sends) in all {
        // RFC 4724 §4: without the bit a NOTIFICATION ends it all.
        let (kept, sent, reason) = ended(false, how);
        assert_eq!((kept, &sent[..]), (vec![], sends), "{reason}");
        let (kept, sent, reason) = ended(true, how);
        assert_eq!((kept, &sent[..]), (vec![V4], sends), "{reason}");
    }
}

#[test]
fn what_is_meant_to_last_is_a_hard_reset_both_ways() {
    const HARD: &[Sent] = &[Sent::Notification(6, 9)];
    let stop = |solo: &mut Solo| {
        let why = Notification::administrative_shutdown("new rack");
        solo.command(Command::Stop(Some(why)));
    };
    let (kept, sent, reason) = ended(true, stop);
    assert_eq!((kept, &sent[..]), (vec![], HARD));
    assert_eq!(
        reason.to_string(),
        "stopped; we sent Cease/Hard Reset of Cease/Administrative Shutdown: new rack"
    );
    let (_, sent, _) = ended(false, stop);
    assert_eq!(
        sent,
        [Sent::Notification(6, 2)],
        "the neighbor would not understand"
    );

    for subcode in [1, 2, 3, 4, 9] {
        let reset = |solo: &mut Solo| solo.command(Command::Reset(Notification::cease(subcode)));
        let (kept, sent, _) = ended(true, reset);
        assert_eq!((kept, &sent[..]), (vec![], HARD), "{subcode}");
    }

    let inner = Notification::administrative_shutdown("bye").into_hard_reset();
    let (kept, _, reason) = ended(true, |solo| {
        let mut octets = Vec::new();
        inner.encode(&mut octets);
        solo.octets(Slot::Ours, &octets);
    });
    assert_eq!(kept, []);
    assert_eq!(
        reason.to_string(),
        "peer sent Cease/Hard Reset of Cease/Administrative Shutdown: bye"
    );
}

#[test]
fn stopped_we_wait_for_nobody() {
    let mut solo = established(helper(), &[capability(true, &[(V4, true)])]);
    assert_eq!(lose(&mut solo), [V4]);
    solo.command(Command::Stop(None));
    assert_eq!(outcomes(&mut solo), [Action::Sweep(V4)]);
    assert_eq!(solo.session.poll_timeout(), None);
}

#[test]
fn where_the_way_to_the_neighbor_is_gone_nothing_is_kept() {
    let mut solo = established(helper(), &[capability(true, &[(V4, true)])]);
    assert_eq!(lose(&mut solo), [V4]);
    solo.command(Command::ForwardingLost);
    assert_eq!(outcomes(&mut solo), [Action::Sweep(V4)]);
    assert_eq!(solo.left(Timer::Restart), None);
    // The session itself goes on as it was.
    assert!(solo.left(Timer::IdleHold).is_some());
    solo.command(Command::ForwardingLost);
    assert_eq!(outcomes(&mut solo), []);
}

#[test]
fn after_the_restart_time_routes_become_long_lived_stale_for_theirs() {
    let both = [
        capability(false, &[(V4, true), (V6, true)]),
        long_lived(&[(V4, true, 3600)]),
    ];
    let mut solo = established(helper(), &both);
    assert_eq!(lose(&mut solo), [V4, V6]);
    assert!(outcomes(&mut solo).is_empty());
    solo.now += 120 * S;
    solo.session.handle_timeout(solo.now, false);
    assert_eq!(
        outcomes(&mut solo),
        [Action::LongLivedStale(V4), Action::Sweep(V6)]
    );
    assert_eq!(solo.left(Timer::LongLivedStale), Some(3600 * S));
    assert!(
        solo.session
            .waiting_for(solo.now)
            .ends_with("; its ipv4-unicast routes are kept as a last resort for 3600 s")
    );
    solo.now += 3600 * S;
    solo.session.handle_timeout(solo.now, false);
    assert_eq!(outcomes(&mut solo), [Action::Sweep(V4)]);
}

#[test]
fn without_a_restart_time_they_are_long_lived_stale_at_once() {
    // RFC 9494 §4.2: a family of that capability alone.
    let both = [
        capability(false, &[]),
        long_lived(&[(V4, true, 60), (V6, true, 0)]),
    ];
    let mut solo = established(helper(), &both);
    assert_eq!(lose(&mut solo), [V4]);
    let down = solo
        .actions
        .iter()
        .position(|it| matches!(it, Action::Down { .. }));
    let stale = solo
        .actions
        .iter()
        .position(|it| *it == Action::LongLivedStale(V4));
    assert!(down < stale, "{:?}", solo.actions);
    assert_eq!(solo.left(Timer::LongLivedStale), Some(60 * S));
}

#[test]
fn long_lived_ones_go_when_the_neighbor_is_back_without_them() {
    let restart = capability(false, &[(V4, true)]);
    for (preserved, left) in [(true, Some(60 * S)), (false, None)] {
        let both = [restart.clone(), long_lived(&[(V4, true, 180)])];
        let mut solo = established(helper(), &both);
        lose(&mut solo);
        solo.now += 120 * S;
        solo.session.handle_timeout(solo.now, false);
        solo.now += 120 * S;
        assert_eq!(outcomes(&mut solo), [Action::LongLivedStale(V4)]);
        assert!(solo.session.handle_connected(Slot::Theirs, solo.now));
        let back = theirs(&[restart.clone(), long_lived(&[(V4, preserved, 180)])]);
        solo.octets(Slot::Theirs, &[encoded(&back), keepalive()].concat());
        assert_eq!(solo.session.state(), State::Established);
        assert_eq!(outcomes(&mut solo).len(), usize::from(!preserved));
        // What is left of the long-lived stale time is all that End-of-RIB may take.
        assert_eq!(solo.left(Timer::EndOfRib), left);
    }
}

/// The graceful restart capability of the OPEN that we send next.
fn said(solo: &mut Solo, slot: Slot) -> GracefulRestart {
    let messages = solo.messages(slot);
    let [(Sent::Open, octets)] = &messages[..] else {
        panic!("{messages:?}")
    };
    let open = Open::parse(octets).unwrap();
    let mut restarts = open.capabilities.iter().filter_map(|it| match it {
        Capability::GracefulRestart(restart) => Some(restart.clone()),
        _ => None,
    });
    restarts.next().expect("the capability")
}

/// We have restarted, and the kernel kept our IPv4 routes.
fn restarted() -> Config {
    let mut config = speaker();
    config
        .capabilities
        .push(Capability::GracefulRestart(GracefulRestart {
            restarting: true,
            notification: true,
            time: 120,
            families: vec![(V4, true), (V6, false)],
        }));
    config
}

#[test]
fn our_own_restart_is_told_until_the_first_session() {
    let mut solo = Solo::new(restarted());
    solo.command(Command::Start);
    assert!(solo.session.handle_connected(Slot::Ours, solo.now));
    let first = said(&mut solo, Slot::Ours);
    assert!(first.restarting);
    assert_eq!(first.families, [(V4, true), (V6, false)]);
    // An attempt that came to nothing changes nothing.
    solo.session.handle_closed(Slot::Ours, None, solo.now);
    solo.poll();
    assert!(solo.session.handle_connected(Slot::Theirs, solo.now));
    assert_eq!(said(&mut solo, Slot::Theirs), first);
    solo.octets(Slot::Theirs, &[open(2), keepalive()].concat());
    assert_eq!(solo.session.state(), State::Established);
    solo.session.handle_closed(Slot::Theirs, None, solo.now);
    solo.sent(Slot::Theirs);
    solo.poll();
    assert!(solo.session.handle_connected(Slot::Theirs, solo.now));
    let later = said(&mut solo, Slot::Theirs);
    assert!(!later.restarting);
    assert_eq!(
        later.families,
        [(V4, true), (V6, true)],
        "nothing was lost since"
    );
}

#[test]
fn long_after_the_restart_it_is_not_told_any_more() {
    let mut solo = Solo::new(restarted());
    solo.command(Command::Start);
    solo.command(Command::RestartOver);
    assert!(solo.session.handle_connected(Slot::Ours, solo.now));
    let restart = said(&mut solo, Slot::Ours);
    assert!(!restart.restarting);
    assert_eq!(restart.families, [(V4, true), (V6, false)]);
}
