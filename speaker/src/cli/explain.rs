//! `myna explain PREFIX`
use super::{
    Failure, Outcome, connect,
    paint::{GOOD, WAITING},
    screen::Screen,
    show,
    table::{Cell, Table},
};
use crate::{
    control::{Reply, Request},
    view::Explanation,
};
use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

pub(super) fn explain(
    socket: &Path,
    prefix: String,
    json: bool,
    screen: &mut Screen<impl Write>,
) -> Outcome {
    let mut client = connect(socket)?;
    let mut explanation = None;
    for reply in client.ask(&Request::Explain { prefix })? {
        if let Reply::Explanation(told) = reply? {
            explanation = Some(told);
        }
    }
    let explanation =
        explanation.ok_or_else(|| Failure::Other("the daemon answered nothing".to_owned()))?;
    if json {
        screen.json(&explanation)?;
    } else {
        print(&explanation, screen)?;
    }
    screen.flush()?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn print(
    explanation: &Explanation,
    screen: &mut Screen<impl Write>,
) -> Result<(), Failure> {
    let Explanation {
        asked,
        prefix,
        paths,
        next_hop,
        kernel,
        packets,
        told,
        verdict,
    } = explanation;
    screen.field("Prefix", prefix)?;
    if !prefix.starts_with(&format!("{asked}/")) && asked != prefix {
        screen.field("", &format!("the longest match for {asked}"))?;
    }
    screen.field("Verdict", verdict)?;
    if !paths.is_empty() {
        screen.raw("\n")?;
        show::routes(paths.iter().cloned().map(Ok), screen)?;
        screen.raw("\n")?;
    }
    if let Some(hop) = next_hop {
        screen.field("Next hop", &format!("{}, {}", hop.next_hop, hop.how))?;
    }
    if let Some(kernel) = kernel {
        screen.field("Kernel", kernel)?;
    }
    if let Some(packets) = packets {
        screen.field("Packets", packets)?;
    }
    print_told(told, screen)?;
    Ok(())
}

fn print_told(told: &[crate::view::Told], screen: &mut Screen<impl Write>) -> io::Result<()> {
    if told.is_empty() {
        return Ok(());
    }
    screen.raw("\n")?;
    let mut table = Table::new(screen, &["Told to", "State", "Why"]);
    for told in told {
        let style = if told.state == "announced" {
            GOOD
        } else {
            WAITING
        };
        table.row(vec![
            Cell::new(&told.neighbor),
            Cell::styled(style, &told.state),
            Cell::new(&told.reason),
        ])?;
    }
    table.finish()
}
