//! `myna show status`
use crate::{
    cli::{
        paint::WAITING,
        screen::Screen,
        time::{moment, span},
    },
    view::Status,
};
use std::io::{self, Write};

pub(super) fn print(status: &Status, screen: &mut Screen<impl Write>) -> io::Result<()> {
    let Status {
        version,
        router_id,
        local_as,
        ..
    } = status;
    screen.field(
        "Myna",
        &format!("{version}, AS {local_as}, router-id {router_id}"),
    )?;
    let up = span(status.uptime);
    screen.field("Up", &format!("{up}, since {}", moment(&status.started)))?;
    if let Some(config) = &status.config {
        let read = status.config_read.as_deref().map(moment);
        let read = read.map_or_else(String::new, |read| format!(", read {read}"));
        screen.field("Configuration", &format!("{config}{read}"))?;
    }
    let (established, neighbors) = (status.established, status.neighbors);
    screen.field(
        "Neighbors",
        &format!("{established} of {neighbors} established"),
    )?;
    let tables: Vec<String> = status
        .tables
        .iter()
        .map(|table| {
            format!(
                "{}: {} prefixes, {} paths",
                table.family, table.prefixes, table.paths
            )
        })
        .collect();
    screen.fields("Tables", tables.iter().map(String::as_str))?;
    let local: Vec<String> = status
        .local_prefixes
        .iter()
        .map(|local| match &local.interface {
            Some(interface) => format!("{} {} on {interface}", local.prefix, local.source),
            None => format!("{} {}", local.prefix, local.source),
        })
        .collect();
    screen.fields("Prefixes here", local.iter().map(String::as_str))?;
    if status.refused_connections > 0 {
        let refused = status.refused_connections;
        screen.field(
            "Refused",
            &format!("{refused} connections, from nobody we know or too many"),
        )?;
    }
    warnings(&status.warnings, screen)
}

/// What a person should know.
pub(super) fn warnings(warnings: &[String], screen: &mut Screen<impl Write>) -> io::Result<()> {
    let mut label = "Warnings";
    for warning in warnings {
        screen.label(label)?;
        screen.styled(WAITING, warning)?;
        screen.raw("\n")?;
        label = "";
    }
    Ok(())
}
