use super::{Export, Plan, Subject, write};
use std::{fmt::Write, path::Path};

pub(super) const SUBJECT: Subject = Subject {
    name: "FRR",
    program: || "/usr/lib/frr/bgpd".into(),
    version: &["--version"],
    prepare,
};

fn prepare(plan: &Plan, directory: &Path) -> Option<Vec<String>> {
    let mut text = format!(
        "router bgp {}\n bgp router-id {}\n no bgp ebgp-requires-policy\n no bgp network import-check\n",
        plan.asn, plan.address
    );
    let mut family = String::new();
    for neighbor in &plan.neighbors {
        let address = neighbor.address;
        let _ = write!(
            text,
            " neighbor {address} remote-as {}\n neighbor {address} advertisement-interval 0\n",
            neighbor.asn
        );
        if !plan.connects {
            let _ = writeln!(text, " neighbor {address} passive");
        }
        if plan.is_internal(neighbor) {
            let _ = writeln!(family, "  neighbor {address} route-reflector-client");
        }
        match neighbor.export {
            Export::Nothing => {
                let _ = writeln!(family, "  neighbor {address} route-map nothing out");
            }
            Export::Best => {}
            Export::Paths => {
                let _ = writeln!(family, "  neighbor {address} addpath-tx-all-paths");
            }
        }
        if plan.terms > 0 {
            let _ = writeln!(family, "  neighbor {address} route-map terms in");
        }
    }
    let _ = write!(
        text,
        " address-family ipv4 unicast\n{family} exit-address-family\nroute-map nothing deny 1\n"
    );
    for term in 0..plan.terms {
        let _ = write!(
            text,
            "bgp community-list standard c{term} permit 64999:{term}\n\
             route-map terms deny {number}\n match community c{term}\n",
            number = term + 1
        );
    }
    if plan.terms > 0 {
        let _ = writeln!(text, "route-map terms permit 65000");
    }
    let config = write(directory, "bgpd.conf", &text);
    let directory = directory.display().to_string();
    let pid = format!("{directory}/bgpd.pid");
    Some(
        [
            "-Z",
            "-f",
            &config,
            "-i",
            &pid,
            "-u",
            "root",
            "-g",
            "root",
            "-S",
            "-P",
            "0",
            "--vty_socket",
            &directory,
        ]
        .map(str::to_owned)
        .into(),
    )
}
