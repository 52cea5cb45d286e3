//! Manual pages and completions, generated from the definition of the command line.
use super::{Failure, Outcome, arguments::Arguments, screen::Screen};
use crate::config::{DEFAULT_FILE, REFERENCE};
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::{
    Man,
    roff::{Roff, bold, roman},
};
use std::{
    fs,
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

fn command() -> Command {
    Arguments::command()
}

pub(super) fn completions(shell: Shell, screen: &mut Screen<impl Write>) -> Outcome {
    // into memory first: clap_complete panics where writing fails
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "myna", &mut script);
    screen.octets(&script)?;
    screen.flush()?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn manual(directory: Option<&Path>, screen: &mut Screen<impl Write>) -> Outcome {
    let Some(directory) = directory else {
        let mut page = Vec::new();
        Man::new(command()).render(&mut page)?;
        screen.octets(&page)?;
        screen.flush()?;
        return Ok(ExitCode::SUCCESS);
    };
    let failed = |error: io::Error| {
        Failure::Other(format!(
            "cannot write into {}: {error}",
            directory.display()
        ))
    };
    fs::create_dir_all(directory).map_err(failed)?;
    clap_mangen::generate_to(command(), directory).map_err(failed)?;
    fs::write(directory.join("myna.toml.5"), configuration_page()).map_err(failed)?;
    screen.line(&format!("manual pages are in {}", directory.display()))?;
    screen.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// myna.toml(5): the reference file, which explains itself.
fn configuration_page() -> String {
    let mut page = Roff::new();
    page.control(
        "TH",
        [
            "myna.toml",
            "5",
            "",
            concat!("myna ", env!("CARGO_PKG_VERSION")),
        ],
    );
    page.control("SH", ["NAME"]);
    page.text([roman("myna.toml - configuration of the BGP speaker myna")]);
    page.control("SH", ["DESCRIPTION"]);
    page.text([
        bold("myna run"),
        roman(" reads its configuration from "),
        bold(DEFAULT_FILE),
        roman(" or the file that "),
        bold("--config"),
        roman(" names. "),
        bold("myna check"),
        roman(" finds what is wrong with a file and with this host, "),
        bold("myna reload"),
        roman(" goes over to a changed one. Every key, its default and its meaning:"),
    ]);
    page.control("PP", []);
    page.control("nf", []);
    for line in REFERENCE.lines() {
        page.text([roman(line)]);
    }
    page.control("fi", []);
    page.control("SH", ["SEE ALSO"]);
    page.text([
        bold("myna"),
        roman("(1), "),
        bold("myna-check"),
        roman("(1)"),
    ]);
    page.render()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    fn printed(make: impl FnOnce(&mut Screen<Vec<u8>>) -> Outcome) -> String {
        let mut screen = Screen::new(Vec::new(), false);
        make(&mut screen).unwrap();
        String::from_utf8(screen.into_inner()).unwrap()
    }

    #[test]
    fn every_shell_gets_its_completions() {
        for &shell in Shell::value_variants() {
            let script = printed(|screen| completions(shell, screen));
            for word in ["neighbors", "received", "graceful"] {
                assert!(script.contains(word), "{shell}: no {word}");
            }
        }
    }

    #[test]
    fn one_page_for_each_command() {
        let directory = tempfile::tempdir().unwrap();
        let pages = directory.path().join("man");
        printed(|screen| manual(Some(&pages), screen));
        for (page, word) in [
            ("myna.1", "MYNA_SOCKET"),
            ("myna-run.1", "SIGHUP"),
            ("myna-show-routes.1", "rejected"),
            ("myna-stop.1", "graceful"),
            ("myna.toml.5", "keep\\-on\\-exit"),
        ] {
            let text = fs::read_to_string(pages.join(page)).unwrap();
            assert!(text.contains(word), "{page}: no {word}\n{text}");
        }
        assert!(printed(|screen| manual(None, screen)).contains(".TH myna 1"));
    }

    #[test]
    fn the_configuration_page_holds_every_line_of_the_reference() {
        let page = configuration_page().replace("\\-", "-");
        for line in REFERENCE.lines().filter(|line| !line.is_empty()) {
            // roff's own way to write quotes, and points at the beginning of a line
            let words = line
                .split(['"', '\'', '`'])
                .max_by_key(|part| part.len())
                .unwrap();
            assert!(page.contains(words), "{line}");
        }
    }
}
