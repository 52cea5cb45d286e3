//! Reads what only the session of a neighbor looks at.
use crate::config::{
    Hostname, Neighbor, Restart, SessionSettings,
    complaint::{Complaint, did_you_mean},
    section::{Item, Section},
    value,
};
use bgp_wire::AsSets;
use std::{path::PathBuf, time::Duration};
use toml::de::DeValue;

/// RFC 4724 §3: 12 bits.
const LONGEST_RESTART: Duration = Duration::from_secs(4095);
/// RFC 9494 §3: 24 bits.
const LONGEST_STALE: Duration = Duration::from_secs(0x00ff_ffff);

/// What the neighbor's other keys say.
pub(super) struct Context {
    /// our kernel keeps forwarding while we are away
    pub(super) keep_on_exit: bool,
    pub(super) hold_time: Duration,
}

/// The keys of `section`; those with errors are left at their defaults.
pub(super) fn read(context: &Context, section: &Section<'_, '_>) -> SessionSettings {
    let default = SessionSettings::default();
    let flag = |key, default| section.read(key, Item::boolean).unwrap_or(default);
    // Where the kernel keeps forwarding while we are away, the neighbor should go on as well.
    let graceful_restart = section
        .read("graceful-restart", |item| {
            restart(item, Neighbor::RESTART_TIME, LONGEST_RESTART)
        })
        .unwrap_or(if context.keep_on_exit {
            Restart::For(Neighbor::RESTART_TIME)
        } else {
            default.graceful_restart
        });
    let long_lived = section
        .read("long-lived-graceful-restart", |item| {
            let long_lived = restart(item, Neighbor::LONG_LIVED_TIME, LONGEST_STALE)?;
            if graceful_restart == Restart::Off && long_lived != Restart::Off {
                return Err(Complaint::new(
                    "it works on top of `graceful-restart`, which is false",
                )
                .help("graceful-restart = \"aware\", or leave this out (RFC 9494 section 3)"));
            }
            Ok(long_lived)
        })
        .unwrap_or(default.long_lived);
    let strict_role = section.read("strict-role", |item| {
        let strict = item.boolean()?;
        if strict && section.take("role").is_none() {
            return Err(
                Complaint::new("without a `role` there is nothing to be strict about")
                    .help("role = \"customer\", or what we are toward this neighbor"),
            );
        }
        Ok(strict)
    });
    SessionSettings {
        graceful_restart,
        long_lived,
        max_restart_time: section.read("max-restart-time", |item| {
            value::duration(item, Duration::ZERO..=LONGEST_RESTART)
        }),
        max_long_lived_time: section.read("max-long-lived-time", |item| {
            value::duration(item, Duration::ZERO..=LONGEST_STALE)
        }),
        strict_role: strict_role.unwrap_or(default.strict_role),
        as_sets: section.read("as-sets", as_sets).unwrap_or(default.as_sets),
        extended_messages: flag("extended-messages", default.extended_messages),
        capability_fallback: flag("capability-fallback", default.capability_fallback),
        hostname: section.read("hostname", hostname).flatten(),
        software_version: flag("software-version", default.software_version),
        delay_open: section
            .read("delay-open", |item| {
                value::duration(item, Duration::ZERO..=Duration::from_secs(240))
            })
            .filter(|delay| !delay.is_zero()),
        notification_without_open: flag(
            "notification-without-open",
            default.notification_without_open,
        ),
        send_hold_time: section.read("send-hold-time", |item| send_hold_time(context, item)),
        damping: flag("damping", default.damping),
        disable_after_error: flag("disable-after-error", default.disable_after_error),
        collision_detect_established: flag(
            "collision-detect-established",
            default.collision_detect_established,
        ),
        record: section.read("record", record),
    }
}

/// `true`: the usual time; `false`: none; `"aware"`; or the time.
fn restart(item: &Item<'_, '_>, usual: Duration, longest: Duration) -> Result<Restart, Complaint> {
    match item.value.get_ref() {
        DeValue::Boolean(true) => Ok(Restart::For(usual)),
        DeValue::Boolean(false) => Ok(Restart::Off),
        DeValue::String(text) if text.eq_ignore_ascii_case("aware") => Ok(Restart::Aware),
        DeValue::String(text) if !text.starts_with(|c: char| c.is_ascii_digit()) => Err(
            Complaint::new(format!("`{text}` is not a way to take part in a restart"))
                .help("true, false, \"aware\" or a time, as in \"2m\"")
                .help_if(did_you_mean(text, ["aware"])),
        ),
        _ => value::duration(item, Duration::from_secs(1)..=longest).map(Restart::For),
    }
}

fn as_sets(item: &Item<'_, '_>) -> Result<AsSets, Complaint> {
    match item.text()? {
        "accept" => Ok(AsSets::Accept),
        "withdraw" => Ok(AsSets::Withdraw),
        other => Err(Complaint::new(format!("`{other}` is not known here"))
            .help("\"accept\", or \"withdraw\" as RFC 9774 has it")
            .help_if(did_you_mean(other, ["accept", "withdraw"]))),
    }
}

fn hostname(item: &Item<'_, '_>) -> Result<Option<Hostname>, Complaint> {
    match item.value.get_ref() {
        DeValue::Boolean(true) => Ok(Some(Hostname::Host)),
        DeValue::Boolean(false) => Ok(None),
        DeValue::String(_) => {
            let name = item.text()?;
            // One octet holds its length.
            if name.is_empty() || name.len() > 255 {
                return Err(Complaint::new(format!("a name of {} octets", name.len()))
                    .help("1 to 255 octets, true for the host's own name, or false"));
            }
            Ok(Some(Hostname::Name(name.to_owned())))
        }
        _ => Err(item.expected("true, false or a name")),
    }
}

fn send_hold_time(context: &Context, item: &Item<'_, '_>) -> Result<Duration, Complaint> {
    let time = value::duration(item, Duration::ZERO..=Duration::from_secs(65_535))?;
    // RFC 9687 §3.1: "The configuration of SendHoldTime … MUST be … greater than the HoldTime".
    if !time.is_zero() && time <= context.hold_time {
        return Err(Complaint::new(format!(
            "{} is not longer than the hold time of {}",
            value::words(time),
            value::words(context.hold_time)
        ))
        .help(format!(
            "more than {}, or 0 for never (RFC 9687)",
            value::words(context.hold_time)
        )));
    }
    Ok(time)
}

fn record(item: &Item<'_, '_>) -> Result<PathBuf, Complaint> {
    let path = PathBuf::from(item.text()?);
    if path.is_absolute() {
        Ok(path)
    } else {
        Err(Complaint::new("the file is not named from the root")
            .help("an absolute path, as in \"/var/tmp/bgp1.session\""))
    }
}
