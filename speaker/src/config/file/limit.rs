//! Reads the limits of a neighbor: a number, or a table of numbers and what happens beyond.
use super::value;
use crate::config::{
    Limit, LimitAction, Limits,
    complaint::Complaint,
    keys,
    section::{Item, Section},
};
use std::time::Duration;
use toml::de::DeValue;

pub(super) fn read(section: &Section<'_, '_>) -> Limits {
    let limit = |key| section.take(key).and_then(|item| one(section, &item));
    Limits {
        received: limit("receive-limit"),
        imported: limit("import-limit"),
        exported: limit("export-limit"),
    }
}

fn one(neighbor: &Section<'_, '_>, item: &Item<'_, '_>) -> Option<Limit> {
    let number = |item: &Item<'_, '_>| item.integer(1..=u32::MAX);
    if !matches!(item.value.get_ref(), DeValue::Table(_)) {
        return match number(item) {
            Ok(prefixes) => Some(Limit {
                ipv4: Some(prefixes),
                ipv6: Some(prefixes),
                action: LimitAction::Disable,
            }),
            Err(complaint) => {
                item.error(complaint);
                None
            }
        };
    }
    let section = item.section(neighbor.subject.clone(), keys::LIMIT)?;
    let prefixes = section.read("prefixes", number);
    let ipv4 = section.read("ipv4", number).or(prefixes);
    let ipv6 = section.read("ipv6", number).or(prefixes);
    let after = section.read("after", |item| {
        value::duration(
            item,
            Duration::from_secs(1)..=Duration::from_secs(7 * 86_400),
        )
    });
    let action = section.read("action", |item| match item.string()? {
        "warn" => Ok(LimitAction::Warn),
        "block" => Ok(LimitAction::Block),
        "restart" => Ok(LimitAction::Restart(after.unwrap_or(Limit::RESTART_AFTER))),
        "disable" => Ok(LimitAction::Disable),
        other => Err(Complaint::new(format!("`{other}` is no action"))
            .help("\"warn\", \"block\", \"restart\" or \"disable\"")),
    });
    if ipv4.is_none() && ipv6.is_none() {
        item.error(
            Complaint::new("a limit has a number").help("prefixes = 4000, or ipv4 and ipv6"),
        );
    }
    let action = action.unwrap_or(LimitAction::Disable);
    if after.is_some() && !matches!(action, LimitAction::Restart(_)) {
        let complaint = Complaint::new("only a restart comes after a time");
        section.error_at("after", complaint.help("action = \"restart\""));
    }
    section.finish();
    Some(Limit { ipv4, ipv6, action })
}
