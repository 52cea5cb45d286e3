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
    let mut text = format!(
        "router-id = \"{}\"\nlocal-as = {}\n[control]\nsocket = \"{}\"\n",
        plan.address,
        plan.asn,
        directory.join("myna.sock").display()
    );
    let mut import = "all";
    if plan.terms > 0 {
        import = "terms";
        text.push_str("[policy.terms]\ndefault = \"accept\"\n");
        for term in 0..plan.terms {
            let _ = writeln!(
                text,
                "[[policy.terms.term]]\ncommunity = [\"64999:{term}\"]\nthen = \"reject\""
            );
        }
    }
    for neighbor in &plan.neighbors {
        let export = match neighbor.export {
            Export::Nothing => "export = \"none\"",
            Export::Best => "export = \"all\"",
            Export::Paths => "export = \"all\"\nadd-path = \"send\"",
        };
        let _ = writeln!(
            text,
            "[[neighbor]]\naddress = \"{}\"\nremote-as = {}\npassive = {}\nhold-time = 180\n\
             reflector-client = {}\nimport = \"{import}\"\n{export}",
            neighbor.address,
            neighbor.asn,
            !plan.connects,
            plan.is_internal(neighbor)
        );
    }
    let config = write(directory, "myna.toml", &text);
    Some(["run", "--config", &config].map(str::to_owned).into())
}
