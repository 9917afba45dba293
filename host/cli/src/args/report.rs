//! The commands that verify results and report on them, and the table of what others publish.

use std::path::PathBuf;

use clap::{Args, Subcommand};

const REPORT_EXAMPLES: &str = "\
Examples:
  gemmine report -o report.html                         the committed results, next to published GPUs
  gemmine report -o report.html cpu.json board.json     results of yours, such as `gemmine bench` writes
  gemmine report cpu.json --md report.md --pdf report.pdf
  gemmine report verify cpu.json                        only whether a file may be believed
  gemmine report boards --out benches/results           the boards' results again, from their reports
  gemmine report schema                                 the JSON Schema of a result file

Result files are verified first, and a report is only made of those that break no rule. The page is one file that loads
nothing; every number in it leads to the file and line, or the calculation, that it comes from. Without -o, --md, --pdf
and --json the report goes to standard output as Markdown.";

pub const BASELINES_EXAMPLES: &str = "\
Examples:
  gemmine baselines list                  what others publish: GPUs, chips, boards, with kinds and sources
  gemmine baselines check --file own.toml a table of yours: is every number there, above 0 and with a source
  gemmine report --baselines own.toml -o report.html

The table that is compiled in is benches/baselines.toml of the sources; copy it and change the copy.";

/// Options of `report`.
#[derive(Clone, Debug, Args)]
#[command(after_help = REPORT_EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct ReportArgs {
    /// Something else than a report
    #[command(subcommand)]
    pub command: Option<ReportCommand>,

    /// Result files [default: benches/results/*.json of the checkout]
    #[arg(value_name = "RESULT.json")]
    pub results: Vec<PathBuf>,

    /// Write the report as one HTML file
    #[arg(short = 'o', long = "html", value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Write it as Markdown
    #[arg(long, value_name = "FILE")]
    pub md: Option<PathBuf>,

    /// Write it as PDF, which needs Chromium (GEMMINE_CHROMIUM names one that is not on the PATH)
    #[arg(long, value_name = "FILE")]
    pub pdf: Option<PathBuf>,

    /// Table of what others publish, instead of the one that is compiled in
    #[arg(long, value_name = "FILE")]
    pub baselines: Option<PathBuf>,

    #[command(flatten)]
    pub checkout: CheckoutArgs,

    /// Print the report as one JSON object as the last line of standard output
    #[arg(long)]
    pub json: bool,
}

/// Where the files are that results name.
#[derive(Clone, Debug, Args)]
pub struct CheckoutArgs {
    /// Checkout of gemmine whose files the results name [default: the one around the current folder]
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
}

/// What else there is to do with results.
#[derive(Clone, Debug, Subcommand)]
pub enum ReportCommand {
    /// Check result files: schema, checksum, run, sources, calculations, image; exit code 1 if a rule is broken
    Verify(ReportVerifyArgs),
    /// Write the results of boards, from their images' reports and the counters of `gemmine sim --board`
    Boards(ReportBoardsArgs),
    /// Print the JSON Schema of a result file
    Schema,
}

/// Options of `report verify`.
#[derive(Clone, Debug, Args)]
pub struct ReportVerifyArgs {
    /// Result files
    #[arg(value_name = "RESULT.json", required = true)]
    pub results: Vec<PathBuf>,

    #[command(flatten)]
    pub checkout: CheckoutArgs,

    /// Print one JSON object as the last line of standard output
    #[arg(long)]
    pub json: bool,
}

/// Options of `report boards`.
#[derive(Clone, Debug, Args)]
pub struct ReportBoardsArgs {
    /// Boards, by their folders in bitstreams/ [default: all that have an image]
    #[arg(value_name = "BOARD")]
    pub boards: Vec<String>,

    /// Folder that the files go to
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,

    /// Table with watts and prices, instead of the one that is compiled in
    #[arg(long, value_name = "FILE")]
    pub baselines: Option<PathBuf>,

    #[command(flatten)]
    pub checkout: CheckoutArgs,
}

/// What to do with the table.
#[derive(Clone, Debug, Subcommand)]
pub enum BaselinesCommand {
    /// List its entries, with picojoules for a multiply-accumulate where there are watts
    List(BaselinesArgs),
    /// Check it; exit code 1 if something is wrong
    Check(BaselinesArgs),
}

/// Options of `baselines list` and `baselines check`.
#[derive(Clone, Debug, Args)]
pub struct BaselinesArgs {
    /// Table, instead of the one that is compiled in
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// Print one JSON object as the last line of standard output
    #[arg(long)]
    pub json: bool,
}

impl ReportArgs {
    /// Whether the last line of standard output is to be JSON.
    pub const fn json(&self) -> bool {
        match &self.command {
            None => self.json,
            Some(ReportCommand::Verify(args)) => args.json,
            Some(ReportCommand::Boards(_) | ReportCommand::Schema) => false,
        }
    }
}

impl BaselinesCommand {
    /// Whether the last line of standard output is to be JSON.
    pub const fn json(&self) -> bool {
        match self {
            Self::List(args) | Self::Check(args) => args.json,
        }
    }
}
