use super::{Export, Plan, Subject, write};
use std::{fmt::Write, path::Path};

pub(super) const SUBJECT: Subject = Subject {
    name: "OpenBGPD",
    program: || "/usr/sbin/bgpd".into(),
    version: &["-V"],
    prepare,
};

fn prepare(plan: &Plan, directory: &Path) -> Option<Vec<String>> {
    let mut text = format!(
        "AS {}\nrouter-id {}\nfib-update no\nholdtime 180\nsocket \"{}\"\n",
        plan.asn,
        plan.address,
        directory.join("bgpd.sock").display()
    );
    let passive = if plan.connects { "" } else { "passive\n" };
    for neighbor in &plan.neighbors {
        let client = if plan.is_internal(neighbor) {
            "route-reflector\n"
        } else {
            ""
        };
        let export = match neighbor.export {
            Export::Nothing => "export none\n",
            Export::Best => "",
            Export::Paths => "announce add-path send all\n",
        };
        let _ = writeln!(
            text,
            "neighbor {} {{\nremote-as {}\n{passive}local-address {}\n{client}{export}}}",
            neighbor.address, neighbor.asn, plan.address
        );
    }
    for term in 0..plan.terms {
        let _ = writeln!(text, "deny quick from any community 64999:{term}");
    }
    text.push_str("allow from any\nallow to any\n");
    let config = write(directory, "bgpd.conf", &text);
    Some(["-d", "-f", &config].map(str::to_owned).into())
}
