//! The arguments of what the operator of a nightly run needs: figures of a run, `rollcall doctor`, `rollcall man`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;

use super::{ConfigArgs, Format};

/// Where the figures of a run go.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(crate) struct MetricsArgs {
    /// Serve OpenMetrics at http://ADDR:PORT/metrics while the run works; PORT alone is on this machine only
    #[arg(long, value_name = "[ADDR:]PORT", value_parser = address)]
    pub(crate) metrics_listen: Option<SocketAddr>,
    /// Write metrics for node_exporter's textfile collector, every 10 seconds and at the end; readable by everybody
    #[arg(long, value_name = "FILE.prom", value_parser = textfile)]
    pub(crate) metrics_file: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  rollcall doctor --config bank.toml              before the first run, and when one has stopped
  rollcall doctor --config bank.toml --offline    leaves the network out
  rollcall doctor --format json | jq -r '.checks[] | select(.status != \"ok\") | .check'

It asks for a token, reads one customer's line of the API's list, and creates nobody. It writes
nothing into the ledger, but holds its lock for a moment to see whether it is free.
Exit codes: 0 a run can start, warnings or not; 2 the configuration must be changed; 3 the ledger,
its disk or this machine's clock; 4 the API: no token, not reached, not trusted or not permitted.
Where several are wrong it is the lowest.")]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// The ledger [default: ledger.db in the data folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
    /// Make no connection
    #[arg(long)]
    pub(crate) offline: bool,
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  rollcall man | man -l -                      the page of the program
  rollcall man ~/.local/share/man/man1         a page for each command, such as rollcall-run(1)
  man rollcall-run")]
pub(crate) struct ManArgs {
    /// Folder, made if there is none, for a page of each command [default: the program's page to standard output]
    #[arg(value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}

/// `9464` is a port of this machine's loopback address; any other address must be said.
fn address(text: &str) -> Result<SocketAddr, String> {
    let port = |port: u16| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    let alone = text.strip_prefix(':').unwrap_or(text).parse().map(port);
    alone
        .or_else(|_| text.parse())
        .map_err(|_| "must be a port such as 9464, or an address with a port such as 10.0.0.5:9464".to_owned())
}

/// node_exporter passes over other names in silence.
fn textfile(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if Path::new(text).extension().is_some_and(|end| end == "prom") {
        Ok(path)
    } else {
        Err("must end in .prom, or node_exporter does not read it".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_stay_on_this_machine_unless_another_address_is_said() {
        let check = |text: &str, expected: Option<&str>| {
            let found = address(text).ok().map(|address| address.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        };
        check("9464", Some("127.0.0.1:9464"));
        check(":9464", Some("127.0.0.1:9464"));
        check("0.0.0.0:9464", Some("0.0.0.0:9464"));
        check("[::1]:9464", Some("[::1]:9464"));
        check("metrics", None);
        check("99999", None);
    }
}
