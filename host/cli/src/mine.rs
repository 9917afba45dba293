//! `gemmine mine`: multiply two matrices on a device, and mine Pearl shares by it.

mod amadeus;
mod lane;
mod operands;
mod product;
mod progress;
mod scans;
mod session;
mod shares;
mod store;
mod summary;
mod summary_text;

use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use gemmine_driver::{Counters, Identity};
use gemmine_pouw::U256;
use gemmine_pouw::config::MiningConfig;
use gemmine_pouw::limits;
use gemmine_pouw::mine::PreparedJob;

use crate::args::{DeviceArgs, MineArgs, MiningArgs, Protocol};
use crate::device;
use crate::job::{self, GatewayJob};
use crate::npy::{self, Matrix, Operand};
use crate::outcome::Outcome;
use crate::{interrupt, print_line};

use lane::Lane;
pub use operands::Operands;
pub use product::ProductFile;
use product::Sink;
use progress::Progress;
use scans::Scans;
use session::{Ended, Session, Until};
use shares::Keeper;
pub use store::JOB_FILE;
use store::Store;
use summary::{Summarised, Summary};

/// When a run ends that was not told.
const DEFAULT_SHARES: u64 = 3;
/// See [`DEFAULT_SHARES`]; whichever comes first.
const DEFAULT_SECONDS: u64 = 20;

/// One mining run.
pub struct Plan<'a> {
    /// What to multiply.
    pub operands: &'a Operands,
    /// Where.
    pub device: &'a DeviceArgs,
    /// For which job, and how long.
    pub mining: &'a MiningArgs,
    /// Where shares go.
    pub out: &'a Path,
    /// Where the product goes.
    pub product_file: ProductFile<'a>,
    /// End after the first pass, unless shares or seconds are asked for.
    pub one_pass: bool,
}

/// Runs the command.
pub fn run(args: &MineArgs) -> Result<Outcome> {
    if args.protocol == Protocol::Amadeus {
        return amadeus::run(args);
    }
    args.check_pearl()?;
    let operands = match (&args.a, &args.b, args.zero_signal) {
        (Some(a), Some(b), _) => Operands::new(read_int8(a)?, read_int8(b)?)?,
        (_, _, Some(shape)) => Operands::zero_signal(shape)?,
        _ => Operands::digits()?,
    };
    let product_file = if operands.zero_signal { ProductFile::None } else { ProductFile::InFolder };
    let plan = Plan {
        operands: &operands,
        device: &args.device,
        mining: &args.mining,
        out: &args.out,
        product_file,
        one_pass: false,
    };
    mine(&plan)
}

/// Mines, and prints the summary.
pub fn mine(plan: &Plan) -> Result<Outcome> {
    let Plan { operands, mining, .. } = plan;
    let loaded = load_job(mining)?;
    limits::check_cert_version(loaded.job.cert_version).context("mine the job")?;
    let mut device = device::open(plan.device, mining.json)?;
    let identity = device.identity().clone();
    check_device(&identity, &loaded.job, operands)?;
    // Tiles without a signal need no operands from the host.
    let by_scans = operands.zero_signal && identity.noise;
    let fallback =
        if by_scans { device::scan_share_target() } else { plan.device.device.share_target() };
    let (job, share_target, description) = loaded.with_target(fallback)?;
    let before = device.counters().context("read the device's counters")?;
    let sink = Sink::new(operands, plan.product_file, plan.out)?;
    let store = Store::open(plan.out, &job)?;
    sink.check_writable()?;
    interrupt::catch()?;

    let started = Instant::now();
    let seed = mining.seed.unwrap_or_else(|| default_seed(mining));
    let prepared = prepare(operands, &job, seed)?;
    let until = Until::of(mining, plan.one_pass);
    let progress = Progress::new(mining.json, operands.a_padded.k(), until.shares);
    let keeper = Keeper::new(job, share_target, seed, &identity, store);
    let kept = (keeper, sink);
    let ended = if by_scans {
        Scans::new(operands, prepared, device, kept, progress, until, started)?.run()
    } else {
        let lane = Lane::of(device, operands.a_padded.k())?;
        Session::new(operands, prepared, lane, kept, progress, until, started).run()
    };
    report(&summarise(plan, ended, (identity, before), description, seed), mining.json)
}

/// Refuses devices that can't do the job's tiles.
fn check_device(identity: &Identity, job: &GatewayJob, operands: &Operands) -> Result<()> {
    let Identity { name, cert_versions, limits, .. } = identity;
    if !cert_versions.contains(&job.cert_version) {
        bail!(
            "mine the job: device {name} implements certificate versions {cert_versions:?}, not {}; choose \
             another --device",
            job.cert_version
        );
    }
    let (k, most) = (operands.a_padded.k(), limits.panel_steps);
    if k > most {
        bail!(
            "mine the job: k is {k} with padding, and device {name} holds panels of up to {most} steps; choose \
             another --device, or operands with a smaller k"
        );
    }
    Ok(())
}

fn summarise(
    plan: &Plan,
    ended: Ended<'_>,
    (identity, before): (Identity, Counters),
    job: String,
    seed: u64,
) -> Summary {
    let operands = plan.operands;
    let Ended { end, trouble, elapsed, sink, tally, counters } = ended;
    Summary {
        before,
        identity,
        job,
        operands: operands.description.clone(),
        shape: (operands.a.rows, operands.b.columns, operands.a.columns),
        k_padded: operands.a_padded.k(),
        tally,
        counters,
        elapsed,
        end,
        trouble: trouble.map(|error| format!("failed to {error:#}")),
        product: sink.product,
        product_file: sink.written,
        quantised: matches!(plan.product_file, ProductFile::Named { quantised: true, .. }),
        error_bound: sink.error_bound,
        out: plan.out.to_owned(),
        seed,
    }
}

/// Prints a summary, of a run that ended in trouble too.
fn report(summary: &impl Summarised, json: bool) -> Result<Outcome> {
    if let Some(trouble) = summary.trouble() {
        crate::note(&format!("error: {trouble}"));
    }
    print_line(&if json { summary.to_json().to_string() } else { summary.to_text() })?;
    Ok(summary.outcome())
}

/// Reads an operand that must be int8.
pub fn read_int8(path: &Path) -> Result<Matrix<i8>> {
    match npy::read(path)? {
        Operand::Int8(matrix) => Ok(matrix),
        Operand::Float32(_) => bail!(
            "read matrix {}: its dtype is float32, and `mine` takes int8; `gemmine matmul --mine` \
             quantises float32",
            path.display()
        ),
    }
}

/// A job, and what is known of its share target before the device is.
struct LoadedJob {
    job: GatewayJob,
    source: String,
    /// What was asked for; of the local job nothing may have been.
    share_target: Option<U256>,
}

fn load_job(mining: &MiningArgs) -> Result<LoadedJob> {
    let (job, source, own) = match &mining.job {
        Some(path) => {
            let job = job::read(path)?;
            if let Some(warning) = job.target_warning() {
                crate::note(&format!("warning: {warning}"));
            }
            let own = job.share_target.unwrap_or_else(|| job.network_target());
            (job, path.display().to_string(), Some(own))
        }
        None => (GatewayJob::simnet()?, "local simnet".to_owned(), None),
    };
    let share_target = mining.share_target.or(own);
    if share_target == Some(U256::zero()) {
        bail!("mine the job: its share target is 0, which no ticket meets; give --share-target");
    }
    Ok(LoadedJob { job, source, share_target })
}

impl LoadedJob {
    /// The job with its share target set, that target, and what to call it.
    fn with_target(self, fallback: U256) -> Result<(GatewayJob, U256, String)> {
        let Self { mut job, source, share_target } = self;
        let share_target = share_target.unwrap_or(fallback);
        job.set_share_target(share_target)?;
        let description = format!(
            "Pearl certificate V{}, {source}, nbits {:#010x}, share target {}",
            job.cert_version,
            job.header.nbits(),
            gemmine_pouw::target::to_hex(share_target)
        );
        Ok((job, share_target, description))
    }
}

/// Two miners of one job must not search the same nonces; the local job is for repeating.
fn default_seed(mining: &MiningArgs) -> u64 {
    match mining.job {
        // The standard library's own random keys.
        Some(_) => RandomState::new().hash_one(()),
        None => 0,
    }
}

fn prepare(operands: &Operands, job: &GatewayJob, seed: u64) -> Result<PreparedJob> {
    let k = u32::try_from(operands.a_padded.k())?;
    let config = MiningConfig::native(k, operands::RANK);
    let mut a = operands.a_padded.clone();
    let (row, column, values) = operands.nonce(seed, 0);
    a.write(row, column, &values)?;
    PreparedJob::new(job.header, config, a, operands.bt_padded.clone()).context("prepare the job")
}

impl Until {
    /// What was asked for, else the defaults; `one_pass` ends after the first pass instead.
    fn of(mining: &MiningArgs, one_pass: bool) -> Self {
        let MiningArgs { shares, seconds, .. } = *mining;
        let told = shares.is_some() || seconds.is_some();
        match (told, one_pass) {
            (false, false) => Self {
                shares: Some(DEFAULT_SHARES),
                elapsed: Some(Duration::from_secs(DEFAULT_SECONDS)),
                product: false,
            },
            (_, one_pass) => Self { shares, elapsed: seconds, product: one_pass && !told },
        }
    }
}
