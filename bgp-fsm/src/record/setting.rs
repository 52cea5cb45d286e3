//! The configuration of a recorded session, a key a line.
use super::line::{octets, parse_flag, parse_number, parse_octets, parse_seconds, seconds};
use crate::{Config, StaleLimits};
use bgp_wire::{Asn, Open, RouterId};
use std::time::Duration;

/// What stands for a value that is not there.
const NONE: &str = "none";

/// Every key with its value.
pub(super) fn of(config: &Config) -> Vec<(&'static str, String)> {
    // All of them, by name: a new one that is left out does not compile.
    let Config {
        local_as,
        remote_as,
        router_id,
        hold_time,
        keepalive,
        capabilities: _,
        passive,
        connect_retry,
        connect_retry_max,
        send_hold,
        delay_open,
        damp_peer_oscillations,
        allow_automatic_start,
        notification_without_open,
        collision_detect_established,
        strict_role,
        capability_fallback,
        stale:
            StaleLimits {
                restart,
                end_of_rib,
                long_lived,
            },
    } = config;
    let flag = |flag: &bool| if *flag { "yes" } else { "no" }.to_owned();
    let optional = |time: &Option<Duration>| time.map_or_else(|| NONE.to_owned(), seconds);
    vec![
        ("local-as", local_as.0.to_string()),
        (
            "remote-as",
            remote_as.map_or_else(|| NONE.to_owned(), |asn| asn.0.to_string()),
        ),
        ("router-id", router_id.address().to_string()),
        ("hold-time", seconds(*hold_time)),
        ("keepalive", optional(keepalive)),
        ("capabilities", capabilities(config)),
        ("passive", flag(passive)),
        ("connect-retry", seconds(*connect_retry)),
        ("connect-retry-max", seconds(*connect_retry_max)),
        ("send-hold", optional(send_hold)),
        ("delay-open", optional(delay_open)),
        ("damp-peer-oscillations", flag(damp_peer_oscillations)),
        ("allow-automatic-start", flag(allow_automatic_start)),
        ("notification-without-open", flag(notification_without_open)),
        (
            "collision-detect-established",
            flag(collision_detect_established),
        ),
        ("strict-role", flag(strict_role)),
        ("capability-fallback", flag(capability_fallback)),
        ("stale-restart", seconds(*restart)),
        ("stale-end-of-rib", seconds(*end_of_rib)),
        ("stale-long-lived", seconds(*long_lived)),
    ]
}

/// Sets one key.
pub(super) fn set(config: &mut Config, key: &str, value: &str) -> Result<(), String> {
    let flag = || parse_flag(value, "yes", "no");
    let optional = || match value {
        NONE => Ok(None),
        _ => parse_seconds(value).map(Some),
    };
    match key {
        "local-as" => config.local_as = Asn(parse_number(value)?),
        "remote-as" if value == NONE => config.remote_as = None,
        "remote-as" => config.remote_as = Some(Asn(parse_number(value)?)),
        "router-id" => {
            let address = value.parse().ok();
            config.router_id = address
                .and_then(RouterId::new)
                .ok_or_else(|| format!("`{value}` is not a router id"))?;
        }
        "hold-time" => config.hold_time = parse_seconds(value)?,
        "keepalive" => config.keepalive = optional()?,
        "capabilities" => {
            config.capabilities = Open::parse(&parse_octets(value)?)
                .map_err(|fault| format!("the capabilities cannot be read: {fault}"))?
                .capabilities;
        }
        "passive" => config.passive = flag()?,
        "connect-retry" => config.connect_retry = parse_seconds(value)?,
        "connect-retry-max" => config.connect_retry_max = parse_seconds(value)?,
        "send-hold" => config.send_hold = optional()?,
        "delay-open" => config.delay_open = optional()?,
        "damp-peer-oscillations" => config.damp_peer_oscillations = flag()?,
        "allow-automatic-start" => config.allow_automatic_start = flag()?,
        "notification-without-open" => config.notification_without_open = flag()?,
        "collision-detect-established" => config.collision_detect_established = flag()?,
        "strict-role" => config.strict_role = flag()?,
        "capability-fallback" => config.capability_fallback = flag()?,
        "stale-restart" => config.stale.restart = parse_seconds(value)?,
        "stale-end-of-rib" => config.stale.end_of_rib = parse_seconds(value)?,
        "stale-long-lived" => config.stale.long_lived = parse_seconds(value)?,
        _ => return Err(format!("`{key}` is not a setting of a session")),
    }
    Ok(())
}

/// As they stand in an OPEN.
fn capabilities(config: &Config) -> String {
    let mut message = Vec::new();
    Open {
        asn: config.local_as,
        hold_time: 0,
        router_id: config.router_id,
        capabilities: config.capabilities.clone(),
    }
    .encode(&mut message);
    octets(&message)
}
