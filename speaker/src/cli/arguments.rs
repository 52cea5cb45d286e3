//! What may stand on the command line. The texts here are `--help`, the manual pages and the
//! completions.
use crate::{
    config::DEFAULT_FILE,
    daemon, decode,
    logging::{LogFilter, LogFormat},
};
use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use std::path::PathBuf;

/// A BGP speaker for hosts
///
/// Myna announces what is real on this host (its addresses, or prefixes that you name) to BGP
/// neighbors, and puts the routes that they send into the kernel.
#[derive(Debug, Parser)]
#[command(name = "myna", version, propagate_version = true, max_term_width = 100)]
pub(super) struct Arguments {
    /// Control socket of the daemon [default: as /etc/myna/myna.toml says, else
    /// /run/myna/myna.sock]
    #[arg(
        long,
        global = true,
        env = "MYNA_SOCKET",
        value_name = "PATH",
        hide_env_values = true,
        display_order = 1000
    )]
    pub(super) socket: Option<PathBuf>,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the daemon in the foreground
    ///
    /// SIGTERM and SIGINT stop it, a second one at once; SIGHUP reads the configuration again.
    /// Logs go to standard error.
    Run(Run),
    /// Check a configuration file, and this host against it
    ///
    /// Prints errors and warnings with file, line, column and what would be right. The exit code
    /// is 1 if there are errors.
    Check {
        /// Configuration file
        #[arg(default_value = DEFAULT_FILE)]
        file: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Let the daemon read its configuration file again
    ///
    /// Only what changed is touched. A file with errors changes nothing.
    Reload {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Let a neighbor have a session again
    Enable(OnNeighbor),
    /// End a neighbor's session, and let it have none until it is enabled
    ///
    /// That holds over a reload too, unless the file says something new of it.
    Disable {
        #[command(flatten)]
        on: OnNeighbor,
        /// Text for the neighbor (RFC 9003), at most 255 octets
        #[arg(
            long,
            short,
            value_name = "TEXT",
            default_value = "",
            hide_default_value = true
        )]
        message: String,
    },
    /// End a neighbor's session and begin anew
    ///
    /// Without a session it connects at once.
    Restart {
        #[command(flatten)]
        on: OnNeighbor,
        /// Text for the neighbor (RFC 9003), at most 255 octets
        #[arg(
            long,
            short,
            value_name = "TEXT",
            default_value = "",
            hide_default_value = true
        )]
        message: String,
    },
    /// Have routes said again, without ending the session (RFC 2918)
    Refresh {
        /// `in`: ask for the neighbor's routes; `out`: send ours; neither: both
        #[arg(value_name = "in | out")]
        first: String,
        /// Name of a neighbor, or `all`
        #[arg(value_name = "NEIGHBOR | all")]
        second: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Stop the daemon, and wait for its end
    Stop {
        /// Tell the neighbors nothing and leave routes in the kernel, so that neighbors with
        /// graceful restart keep forwarding
        #[arg(long)]
        graceful: bool,
    },
    /// Show what the daemon knows
    Show(Show),
    /// Follow one prefix all the way, and say where it stopped
    ///
    /// Who sent it, why it was accepted and is best or not, how its next hop is reached, what the
    /// kernel holds and what it does with a packet, and to whom it is announced.
    Explain {
        /// A prefix, or an address for the longest prefix that holds it
        prefix: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Take our routes out of the kernel, or put them back
    Kernel {
        #[command(subcommand)]
        what: KernelCommand,
    },
    /// Show it all at work, on this machine, in a second
    ///
    /// Makes two network namespaces, runs a host in one and a neighbor in the other, and leaves
    /// nothing behind. Works without root too, as far as the system allows.
    Demo {
        /// Leave both running until Ctrl-C, and print commands to look around
        #[arg(long)]
        keep: bool,
    },
    /// Show what is in a file of BGP: hexadecimal lines, messages or MRT
    ///
    /// Prints a line for each message, route or record, with faults, their offsets and what a
    /// session would do about them. What OPENs in the input agree on (4-octet AS numbers, ADD-PATH,
    /// families) is how the messages behind them are read. Input may be compressed with gzip, bzip2
    /// or xz, and a full table takes no more memory than a small one. The exit code is 1 if
    /// something could not be read.
    Decode(decode::Arguments),
    /// Print a completion script for a shell
    ///
    /// As in: myna completions bash > /usr/share/bash-completion/completions/myna
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Print the manual page, or write all manual pages into a directory
    Man {
        /// Directory for all pages: myna(1), one for each command, and myna.toml(5)
        directory: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum KernelCommand {
    /// Remove from the kernel every route that is ours, and nothing else
    ///
    /// Ours are the routes with the table, the metric and the protocol number of [kernel]. A
    /// running daemon removes them and leaves them out, while its sessions go on, until `myna
    /// kernel restore`, a reload with another [kernel], or its next start. Without a daemon they
    /// are removed by this command itself, as the configuration file tells which they are.
    Flush {
        /// Configuration file, read where no daemon runs
        #[arg(long, short, default_value = DEFAULT_FILE, value_name = "FILE")]
        config: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Let the daemon put its routes back after a flush
    Restore,
}

#[derive(Debug, Args)]
pub(super) struct Run {
    /// Configuration file
    #[arg(long, short, default_value = DEFAULT_FILE, value_name = "FILE")]
    config: PathBuf,
    /// How logs look
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    log_format: LogFormat,
    /// How much is logged: error, warn, info, debug, trace or off, also by module, as in
    /// info,speaker::session=debug
    #[arg(
        long,
        env = "MYNA_LOG",
        hide_env_values = true,
        default_value = "info",
        value_name = "LEVEL"
    )]
    log_level: LogFilter,
}

impl Run {
    pub(super) fn options(self, socket: Option<PathBuf>) -> daemon::Options {
        daemon::Options {
            config: self.config,
            log_format: self.log_format,
            log_filter: self.log_level,
            socket,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct OnNeighbor {
    /// Its name, or `all`
    #[arg(value_name = "NEIGHBOR | all")]
    pub(super) neighbor: String,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Show {
    /// Print JSON: an object, or an array with one element a line
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(subcommand)]
    pub(super) what: What,
}

#[derive(Debug, Subcommand)]
pub(super) enum What {
    /// The daemon as a whole
    Status,
    /// All neighbors, a line each
    Neighbors,
    /// Everything about one neighbor
    Neighbor {
        /// Its name
        name: String,
    },
    /// Routes, best first, with the reason where one is not used
    #[command(visible_alias = "route")]
    Routes(Routes),
    /// The kernel table: what is installed, and what is not
    Kernel,
    /// What a BIRD user would type: `show protocols`, `show protocols all bgp1`
    #[command(visible_alias = "protocol")]
    Protocols {
        /// `all` for details, and the name of one
        #[arg(value_name = "all | NAME", num_args = 0..=2)]
        words: Vec<String>,
    },
}

#[derive(Debug, Args)]
pub(super) struct Routes {
    /// Only this prefix and its more-specifics
    pub(super) prefix: Option<String>,
    #[command(flatten)]
    pub(super) table: Table,
}

#[derive(Debug, Args)]
#[group(multiple = false)]
pub(super) struct Table {
    /// What a neighbor sent
    #[arg(long, value_name = "NAME")]
    pub(super) received: Option<String>,
    /// What a neighbor is told
    #[arg(long, value_name = "NAME")]
    pub(super) exported: Option<String>,
    /// What a neighbor sent and was rejected
    #[arg(long, value_name = "NAME")]
    pub(super) rejected: Option<String>,
    /// What a neighbor is not told
    #[arg(long, value_name = "NAME")]
    pub(super) not_exported: Option<String>,
}
