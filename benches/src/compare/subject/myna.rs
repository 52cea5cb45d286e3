use super::{Export, Plan, Subject, write};
use std::{fmt::Write, path::Path};
use tests::Myna;

pub(super) const SUBJECT: Subject = Subject {
    name: "Myna",
    program: || Myna::binary().to_owned(),
    version: &["--version"],
    prepare,
};

fn prepare(plan: &Plan, directory: &Path) -> Option<Vec<String>> {
    let internal = plan.neighbors.iter().any(|n| plan.is_internal(n));
    if internal || plan.adds_paths() || plan.terms > 0 {
        return None;
    }
    let mut text = format!(
        "router-id = \"{}\"\nlocal-as = {}\n[control]\nsocket = \"{}\"\n",
        plan.address,
        plan.asn,
        directory.join("myna.sock").display()
    );
    for neighbor in &plan.neighbors {
        let _ = writeln!(
            text,
            "[[neighbor]]\naddress = \"{}\"\nremote-as = {}\npassive = true\n\
             import = \"all\"\nexport = \"{}\"",
            neighbor.address,
            neighbor.asn,
            match neighbor.export {
                Export::Nothing => "none",
                Export::Best | Export::Paths => "all",
            }
        );
    }
    let config = write(directory, "myna.toml", &text);
    Some(["run", "--config", &config].map(str::to_owned).into())
}
