//! The program `myna`; all of it is in [`speaker::cli`].
use std::process::ExitCode;

fn main() -> ExitCode {
    speaker::cli::main()
}
