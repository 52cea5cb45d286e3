//! `myna show kernel`
use crate::{
    cli::{
        paint::{PLAIN, WAITING},
        screen::Screen,
        table::{Cell, Table},
        time::moment,
    },
    fib::protocol_name,
    view::Kernel,
};
use std::io::{self, Write};

pub(super) fn print(kernel: &Kernel, screen: &mut Screen<impl Write>) -> io::Result<()> {
    if !kernel.enabled {
        return screen.line("no kernel table: there is no [kernel] in the configuration");
    }
    let Kernel {
        table,
        metric,
        protocol,
        ..
    } = kernel;
    let table = match table {
        254 => "main (254)".to_owned(),
        table => table.to_string(),
    };
    let protocol = match protocol_name(*protocol) {
        name if name == protocol.to_string() => name,
        name => format!("{name} ({protocol})"),
    };
    screen.field(
        "Table",
        &format!("{table}, metric {metric}, protocol {protocol}"),
    )?;
    if kernel.dry_run {
        screen.field("Dry run", "nothing is written; the log has what would be")?;
    }
    if kernel.flushed {
        return screen.field(
            "Flushed",
            "our routes were taken out and stay out until `myna kernel restore`",
        );
    }
    let (v4, v6) = (kernel.installed_v4, kernel.installed_v6);
    screen.field("Installed", &format!("{v4} IPv4 routes, {v6} IPv6 routes"))?;
    if kernel.pending > 0 {
        screen.field("Pending", &format!("{} changes", kernel.pending))?;
    }
    for (label, number, what) in [
        ("Adopted", kernel.adopted, "routes from before the start"),
        (
            "Swept",
            kernel.swept,
            "routes from before the start that nobody sends any more",
        ),
        (
            "Restored",
            kernel.restored,
            "routes that somebody else had removed or changed",
        ),
    ] {
        if number > 0 {
            screen.field(label, &format!("{number} {what}"))?;
        }
    }
    if let Some(at) = &kernel.last_resync {
        let why = kernel.last_resync_reason.as_deref();
        let why = why.map_or_else(String::new, |why| format!(", {why}"));
        screen.field("Read back", &format!("{}{why}", moment(at)))?;
    }
    if !kernel.next_hops.is_empty() {
        screen.raw("\n")?;
        let mut table = Table::new(screen, &["Next hop elsewhere", "Reached"]);
        for hop in &kernel.next_hops {
            let style = if hop.reachable { PLAIN } else { WAITING };
            table.row(vec![
                Cell::new(&hop.next_hop),
                Cell::styled(style, &hop.how),
            ])?;
        }
        table.finish()?;
    }
    if !kernel.failed.is_empty() {
        screen.raw("\n")?;
        let mut table = Table::new(screen, &["Not installed", "Next hop", "Why"]);
        for failure in &kernel.failed {
            table.row(vec![
                Cell::new(&failure.prefix),
                Cell::new(&failure.next_hop),
                Cell::styled(WAITING, &failure.reason),
            ])?;
        }
        table.finish()?;
        and_more(kernel.failed_total, kernel.failed.len(), screen)?;
    }
    if !kernel.overruled.is_empty() {
        screen.raw("\n")?;
        let headings = ["Without effect", "Because a lower metric wins"];
        let mut table = Table::new(screen, &headings);
        for overruled in &kernel.overruled {
            table.row(vec![
                Cell::new(&overruled.prefix),
                Cell::styled(WAITING, &overruled.by),
            ])?;
        }
        table.finish()?;
        and_more(kernel.overruled_total, kernel.overruled.len(), screen)?;
    }
    Ok(())
}

fn and_more(total: u64, shown: usize, screen: &mut Screen<impl Write>) -> io::Result<()> {
    match total.saturating_sub(shown as u64) {
        0 => Ok(()),
        more => screen.line(&format!("and {more} more")),
    }
}
