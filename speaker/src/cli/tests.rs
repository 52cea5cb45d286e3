use super::*;
use crate::{
    cli::arguments::{Show, What},
    logging::LogFormat,
};
use clap::{CommandFactory, error::ErrorKind};
use std::{
    io::{Read, Write},
    os::unix::net::UnixListener,
    thread,
};

fn parse(line: &str) -> Result<Arguments, clap::Error> {
    Arguments::try_parse_from(line.split(' '))
}

#[test]
fn the_definition_is_sound() {
    Arguments::command().debug_assert();
}

#[test]
fn every_command_is_described() {
    fn described(command: &clap::Command) {
        assert!(command.get_about().is_some(), "{}", command.get_name());
        for argument in command.get_arguments() {
            let id = argument.get_id();
            assert!(argument.get_help().is_some(), "{} {id}", command.get_name());
        }
        command.get_subcommands().for_each(described);
    }
    described(&Arguments::command());
}

#[test]
fn run() {
    let arguments = parse("myna run").unwrap();
    let Command::Run(run) = arguments.command else {
        panic!("run");
    };
    let options = run.options(None);
    assert_eq!(options.config, Path::new(config::DEFAULT_FILE));
    assert_eq!(options.log_format, LogFormat::Human);
    let line =
        "myna run -c /tmp/m.toml --log-format json --log-level speaker=debug --socket /tmp/m.sock";
    let arguments = parse(line).unwrap();
    let Command::Run(run) = arguments.command else {
        panic!("run");
    };
    let options = run.options(arguments.socket);
    assert_eq!(options.config, Path::new("/tmp/m.toml"));
    assert_eq!(options.log_format, LogFormat::Json);
    assert_eq!(options.socket.as_deref(), Some(Path::new("/tmp/m.sock")));
    let error = parse("myna run --log-level loud").unwrap_err().to_string();
    assert!(error.contains("`loud` is no level"), "{error}");
}

#[test]
fn show() {
    let show = |line: &str| match parse(line).unwrap().command {
        Command::Show(show) => show,
        other => panic!("{other:?}"),
    };
    let Show { json, what } =
        show("myna show routes 10.0.0.0/8 --received bgp1 --json --socket /x");
    assert!(json);
    let What::Routes(routes) = what else {
        panic!("routes");
    };
    assert_eq!(routes.prefix.as_deref(), Some("10.0.0.0/8"));
    assert_eq!(routes.table.received.as_deref(), Some("bgp1"));
    assert!(matches!(show("myna show route").what, What::Routes(_)));
    let protocols = show("myna show protocols all bgp1").what;
    assert!(matches!(protocols, What::Protocols { words } if words == ["all", "bgp1"]));
    assert!(show("myna show --json status").json);
    for wrong in [
        "myna show routes --received a --exported b",
        "myna show neighbor",
        "myna show protocols all a b",
        "myna show",
    ] {
        assert!(parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn slips_are_answered_with_what_was_meant() {
    let error = parse("myna show neigbors").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidSubcommand);
    assert!(error.to_string().contains("'neighbors'"), "{error}");
    let error = parse("myna stop --gracefull").unwrap_err();
    assert!(error.to_string().contains("'--graceful'"), "{error}");
}

/// A daemon that answers one request with these lines.
fn daemon(answer: &'static str) -> (tempfile::TempDir, PathBuf, thread::JoinHandle<String>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("myna.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let served = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut octet = [0];
        while stream.read(&mut octet).unwrap() == 1 && octet != *b"\n" {
            request.extend(octet);
        }
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8(request).unwrap()
    });
    (directory, path, served)
}

fn printed(command: impl FnOnce(&mut Screen<Vec<u8>>) -> Outcome) -> Result<String, String> {
    let mut screen = Screen::new(Vec::new(), false);
    command(&mut screen).map_err(|failure| failure.to_string())?;
    Ok(String::from_utf8(screen.into_inner()).unwrap())
}

#[test]
fn reload_says_what_changed() {
    let (_directory, path, served) =
        daemon("{\"reloaded\":[\"neighbor bgp1: hold time changed\"]}\n\"done\"\n");
    let text = printed(|screen| act::reload(&path, false, screen)).unwrap();
    assert_eq!(text, "neighbor bgp1: hold time changed\n");
    assert_eq!(served.join().unwrap(), "{\"request\":\"reload\"}");

    let (_directory, path, _) = daemon("{\"reloaded\":[]}\n\"done\"\n");
    assert_eq!(
        printed(|screen| act::reload(&path, false, screen)).unwrap(),
        "nothing changed\n"
    );

    let (_directory, path, _) = daemon("{\"error\":\"myna.toml:3:1: wrong\"}\n");
    let error = printed(|screen| act::reload(&path, false, screen)).unwrap_err();
    assert_eq!(error, "myna.toml:3:1: wrong");
}

#[test]
fn stop_waits_for_the_end() {
    let (_directory, path, served) = daemon("\"done\"\n");
    let text = printed(|screen| act::stop(&path, true, screen)).unwrap();
    assert_eq!(text, "stopped\n");
    assert_eq!(
        served.join().unwrap(),
        "{\"request\":\"stop\",\"graceful\":true}"
    );
}

#[test]
fn a_daemon_that_is_not_there() {
    let path = Path::new("/nonexistent/myna.sock");
    let error = printed(|screen| act::stop(path, false, screen)).unwrap_err();
    assert_eq!(
        error,
        "myna is not running: there is no socket /nonexistent/myna.sock (start it with `myna run`, or name its socket with --socket)"
    );
}

#[test]
fn check_prints_like_a_compiler() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("myna.toml");
    std::fs::write(&file, "local-as = 0\nrouter_id = \"10.1.1.1\"\n").unwrap();
    let mut screen = Screen::new(Vec::new(), false);
    let code = check::check(&file, false, &mut screen).unwrap();
    assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::FAILURE));
    let text = String::from_utf8(screen.into_inner()).unwrap();
    let name = file.display();
    assert_eq!(
        text,
        format!(
            "{name}:1:12: error: local-as: 0 is out of range\n     \
             1 | local-as = 0\n       |            ^\n       = 1 to 4294967295\n\
             {name}:2:1: error: router_id: unknown key\n     \
             2 | router_id = \"10.1.1.1\"\n       | ^^^^^^^^^\n       = did you mean `router-id`?\n\
             {name}: 2 errors\n"
        )
    );
    let json = printed(|screen| check::check(&file, true, screen)).unwrap();
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["errors"], 2);
    assert_eq!(report["problems"][1]["line"], 2);
    assert_eq!(report["problems"][1]["key"], "router_id");
    assert_eq!(report["problems"][1]["help"], "did you mean `router-id`?");
}
