//! `gemmine run`: the miner that goes on, with any number of devices and sources.
//!
//! What it does is in `gemmine-fleet`; here a configuration becomes devices, sources, a log and something to look at.

mod devices;
mod sensors;
mod sources;

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use gemmine_config::config::{LogFormat, LogLevel, Operands as Wanted, Protocol};
use gemmine_config::{Config, Problem};
use gemmine_console::http::{self, Server, Token};
use gemmine_console::status::{Level, Miner, Status};
use gemmine_console::terminal::{Display, Format, Options as DisplayOptions};
use gemmine_fleet::live::{Live, Plan};
use gemmine_fleet::miner::Options;
use gemmine_fleet::production::Product;
use gemmine_fleet::runner::Task;
use gemmine_fleet::supervision::Rules;
use gemmine_jobs::share_log::{self, ShareLog};
use gemmine_jobs::source::failover::FailoverOptions;

use crate::args::RunArgs;
use crate::display::{counted, grouped};
use crate::mine::{self, Operands};
use crate::outcome::Outcome;
use crate::{interrupt, note, print_line};
use sensors::Sensing;

/// How often the end is looked for.
const POLL: Duration = Duration::from_millis(100);

/// Runs the command.
pub fn run(args: &RunArgs) -> Result<Outcome> {
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name != "GEMMINE_CONFIG");
    let config =
        Config::load(args.config.as_deref(), environment, args.layer()).map_err(refused)?;
    let seed = config
        .work
        .seed
        .as_ref()
        .map_or_else(|| RandomState::new().hash_one(()), |seed| seed.value);
    let job = Work::of(&config)?;
    let log = ShareLog::open(&config.work.out, share_log::Options::default())
        .context("open the log of shares")?;
    if log.opened().torn_bytes > 0 {
        note(&format!(
            "warning: cut a torn last line ({}) off the log of shares: an earlier run was killed while it wrote",
            counted(log.opened().torn_bytes, "byte")
        ));
    }
    interrupt::catch()?;
    let live = Live::start(plan(&config, job, seed, log)?).context("start the miner")?;
    let shown: Arc<dyn Miner> = Arc::new(Sensing::of(live.handle()));
    let server = serve(&config, Arc::clone(&shown))?;
    let options = DisplayOptions {
        level: level(config.log.level.value),
        format: format(config.log.format.value),
        ..DisplayOptions::here()
    };
    let dashboard = options.dashboard
        && !args.no_dashboard
        && !args.json
        && config.log.format.value == LogFormat::Text;
    let display = Display::start(shown, DisplayOptions { dashboard, ..options });
    let display = display.context("show the miner")?;
    wait(&live, args);
    drop((server, display));
    report(&live.stop(), args.json)
}

/// Until somebody or something ends it.
fn wait(live: &Live, args: &RunArgs) {
    let (started, handle) = (Instant::now(), live.handle());
    let over = || {
        let shares =
            args.shares.is_some_and(|wanted| handle.status().totals.shares.accepted >= wanted);
        let seconds = args.seconds.is_some_and(|seconds| started.elapsed() >= seconds);
        shares || seconds || interrupt::requested()
    };
    while !over() && !live.wait(POLL) {}
}

fn refused(problems: Vec<Problem>) -> anyhow::Error {
    let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    anyhow::anyhow!("read the configuration: {}", lines.join("; "))
}

/// What is worked on.
struct Work {
    task: Task,
    product: Option<Arc<Product>>,
    description: String,
    notice: Option<String>,
}

impl Work {
    fn of(config: &Config) -> Result<Self> {
        if config.work.protocol.value == Protocol::Amadeus {
            let description = "Amadeus uPoW2: 16 x 16 products grown from seeds".to_owned();
            return Ok(Self { task: Task::Amadeus, product: None, description, notice: None });
        }
        let operands = match &config.work.operands.value {
            Wanted::BuiltIn => Operands::digits()?,
            Wanted::Files { a, b } => Operands::new(mine::read_int8(a)?, mine::read_int8(b)?)?,
            Wanted::ZeroSignal { rows, columns } => Operands::zero_signal((*rows, *columns))?,
        };
        let zero_signal = operands.zero_signal;
        let task = Task::Pearl { steps: operands.a_padded.k(), zero_signal };
        let description = format!("Pearl certificate V3: {}", operands.description);
        let notice = if zero_signal {
            "NOT USEFUL WORK: a zero signal, so nothing is multiplied but noise".to_owned()
        } else {
            "the product itself is not kept: `gemmine mine` and `gemmine matmul` write it"
                .to_owned()
        };
        let product = Some(Arc::new(operands.into_product()));
        Ok(Self { task, product, description, notice: Some(notice) })
    }
}

fn plan(config: &Config, work: Work, seed: u64, log: ShareLog) -> Result<Plan> {
    let supervision = &config.supervision;
    let sources = sources::of(config, seed)?;
    let (entries, start) = sources.into_iter().unzip();
    let (devices, discover) = devices::of(config, work.task)?;
    Ok(Plan {
        options: Options {
            rules: Rules {
                restart_min: supervision.restart_min.value,
                restart_max: supervision.restart_max.value,
                quarantine_errors: supervision.quarantine_errors.value,
                quarantine_rate: supervision.quarantine_rate.value,
            },
            failover: FailoverOptions {
                stable: config.failover.stable.value,
                patience: config.failover.patience.value,
            },
            sources: entries,
            work: work.description,
            notice: work.notice,
            seed,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        log,
        product: work.product,
        sources: start,
        devices,
        discover,
        wall: Box::new(unix_time_s),
    })
}

fn unix_time_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn serve(config: &Config, miner: Arc<dyn Miner>) -> Result<Option<Server>> {
    let Some(wanted) = &config.http else { return Ok(None) };
    let token = match &wanted.token {
        Some(secret) => {
            let text = secret.value.read().context("read the token that changes need")?;
            Some(Token::new(&text).context("read the token that changes need")?)
        }
        None => None,
    };
    let options = http::Options { token, names: wanted.allowed_hosts.value.clone() };
    let server = Server::bind(wanted.listen.value, options, miner)
        .with_context(|| format!("serve status at {}", wanted.listen.value))?;
    if let Some(warning) = server.warning() {
        note(&format!("warning: {warning}"));
    }
    note(&format!("status at http://{}", server.address()));
    Ok(Some(server))
}

fn level(level: LogLevel) -> Level {
    match level {
        LogLevel::Info => Level::Info,
        LogLevel::Warning => Level::Warning,
        LogLevel::Error => Level::Error,
    }
}

fn format(format: LogFormat) -> Format {
    match format {
        LogFormat::Text => Format::Text,
        LogFormat::Json => Format::Json,
    }
}

/// Says what came of it.
fn report(status: &Status, json: bool) -> Result<Outcome> {
    let wrong = status.totals.hardware_errors > 0;
    let outcome = if wrong { Outcome::No } else { Outcome::Yes };
    if json {
        let mut object = serde_json::to_value(status).context("write the last status")?;
        if wrong {
            object["exit"] = outcome.code().into();
            object["error"] = "a device gave wrong answers".into();
        }
        print_line(&object.to_string())?;
        return Ok(outcome);
    }
    let shares = &status.totals.shares;
    print_line(&format!(
        "{} in {:.0} s; shares: {} found, {} accepted, {} rejected, {} stale, {} unanswered, {} pending; {:.3e} MACs \
         credited, {} wrong",
        counted(status.totals.jobs, "job"),
        status.uptime_s,
        grouped(shares.found),
        grouped(shares.accepted),
        grouped(shares.rejected),
        grouped(shares.stale),
        grouped(shares.unanswered),
        grouped(shares.pending),
        status.totals.macs_credited,
        counted(status.totals.hardware_errors, "answer"),
    ))?;
    Ok(outcome)
}

/// What can't go on.
fn no_source(protocol: Protocol) -> Result<()> {
    if protocol == Protocol::Amadeus {
        bail!(
            "mine Amadeus: there is no source; give --node URL --bits N (`gemmine chain` serves a local one)"
        );
    }
    Ok(())
}
