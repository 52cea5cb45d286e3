//! `myna show neighbors`
use crate::{
    cli::{
        paint::{self, WAITING},
        screen::Screen,
        table::{Cell, Table},
        time::span,
    },
    view::{FamilyCounts, Neighbor},
};
use std::io::{self, Write};

pub(super) fn print(neighbors: &[Neighbor], screen: &mut Screen<impl Write>) -> io::Result<()> {
    let titles = [
        "Name",
        "Address",
        ">AS",
        "State",
        ">For",
        ">Received",
        ">Imported",
        ">Exported",
        "",
    ];
    let mut table = Table::new(screen, &titles);
    for neighbor in neighbors {
        let sum =
            |count: fn(&FamilyCounts) -> u64| neighbor.families.iter().map(count).sum::<u64>();
        table.row(vec![
            Cell::new(&neighbor.name),
            Cell::new(&neighbor.address),
            Cell::from(u64::from(neighbor.remote_as)),
            Cell::styled(paint::of_state(&neighbor.state), &neighbor.state),
            Cell::new(span(neighbor.since_seconds)),
            Cell::from(sum(|counts| counts.received)),
            Cell::from(sum(|counts| counts.imported)),
            Cell::from(sum(|counts| counts.exported)),
            Cell::styled(WAITING, remark(neighbor)),
        ])?;
    }
    table.finish()
}

/// What there is to say beside the numbers: why it is not up, or that there are warnings.
fn remark(neighbor: &Neighbor) -> String {
    let warnings = match neighbor.warnings.len() {
        0 => None,
        1 => neighbor.warnings.first().cloned(),
        n => Some(format!("{n} warnings: show neighbor {}", neighbor.name)),
    };
    if neighbor.state == "Established" {
        return warnings.unwrap_or_default();
    }
    if let Some(disabled) = &neighbor.disabled {
        return disabled.clone();
    }
    let error = neighbor.last_error.clone();
    error
        .or(warnings)
        .unwrap_or_else(|| neighbor.waiting_for.clone())
}
