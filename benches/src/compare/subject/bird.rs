use super::{Export, Plan, Subject, write};
use std::{fmt::Write, path::Path};

pub(super) const SUBJECT: Subject = Subject {
    name: "BIRD 2",
    program: || "/usr/sbin/bird".into(),
    version: &["--version"],
    prepare,
};

fn prepare(plan: &Plan, directory: &Path) -> Option<Vec<String>> {
    let mut text = format!("router id {};\nprotocol device {{ }}\n", plan.address);
    let import = if plan.terms == 0 {
        "all".to_owned()
    } else {
        text.push_str("filter terms {\n");
        for term in 0..plan.terms {
            let _ = writeln!(text, "  if (64999, {term}) ~ bgp_community then reject;");
        }
        text.push_str("  accept;\n}\n");
        "filter terms".to_owned()
    };
    let passive = if plan.connects { "" } else { "passive yes;" };
    for (number, neighbor) in plan.neighbors.iter().enumerate() {
        let client = if plan.is_internal(neighbor) {
            "rr client;"
        } else {
            ""
        };
        let export = match neighbor.export {
            Export::Nothing => "export none;",
            Export::Best => "export all;",
            Export::Paths => "export all; add paths tx;",
        };
        let _ = writeln!(
            text,
            "protocol bgp n{number} {{ local {} as {}; neighbor {} as {}; hold time 180; {passive} {client}\n  \
             ipv4 {{ import {import}; {export} }}; }}",
            plan.address, plan.asn, neighbor.address, neighbor.asn
        );
    }
    let config = write(directory, "bird.conf", &text);
    let socket = directory.join("bird.ctl").display().to_string();
    Some(
        ["-f", "-c", &config, "-s", &socket]
            .map(str::to_owned)
            .into(),
    )
}
