//! Counts instructions: `cargo run --profile counted -p codec --bin instructions [update]`.
use codec::counting::{self, Baseline};
use std::process::ExitCode;
use std::{env, fs, io};

/// How this program is called under valgrind.
const INSIDE: &str = "inside";

fn main() -> io::Result<ExitCode> {
    let argument = env::args().nth(1);
    if argument.as_deref() == Some(INSIDE) {
        counting::run_all();
        return Ok(ExitCode::SUCCESS);
    }
    if cfg!(debug_assertions) {
        eprintln!("without optimization counts say nothing: add --profile counted");
        return Ok(ExitCode::FAILURE);
    }
    let folder = tempfile::tempdir()?;
    let counts = counting::count(INSIDE, folder.path())?;
    let compiler = counting::compiler();
    let path = Baseline::path();
    if argument.as_deref() == Some("update") {
        fs::write(&path, Baseline::new(compiler, &counts).text())?;
        println!("written: {}", path.display());
        return Ok(ExitCode::SUCCESS);
    }
    let text = fs::read_to_string(&path)?;
    let baseline = Baseline::parse(&text).ok_or_else(|| io::Error::other("no baseline"))?;
    let mut report = counting::compare(&counts, &baseline, &compiler);
    report.faults.extend(counting::hostile(&counts));
    print!("{}", report.lines);
    for fault in &report.faults {
        println!("TOO MANY: {fault}");
    }
    if report.faults.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "If that is as it should be, write it down in the same commit:\n  \
         cargo run --profile counted -p codec --bin instructions update"
    );
    Ok(ExitCode::FAILURE)
}
