//! `gemmine mine`: multiply two matrices on a device, and mine Pearl shares by it.

mod amadeus;
mod operands;
mod product;
mod progress;
mod session;
mod shares;
mod store;
mod summary;
mod summary_text;

use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use gemmine_driver::Identity;
use gemmine_pouw::U256;
use gemmine_pouw::config::MiningConfig;
use gemmine_pouw::limits;
use gemmine_pouw::mine::PreparedJob;

use crate::args::{DeviceArgs, MineArgs, MiningArgs, Protocol};
use crate::device::DeviceHandle;
use crate::job::Job;
use crate::npy::{self, Matrix, Operand};
use crate::outcome::Outcome;
use crate::{interrupt, print_line};

pub use operands::Operands;
pub use product::ProductFile;
use product::Sink;
use progress::Progress;
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
    let (job, description) = load_job(plan)?;
    limits::check_cert_version(job.cert_version).context("mine the job")?;
    let share_target = job.share_target.context("find the share target")?;
    let device = DeviceHandle::open(plan.device, mining.json)?;
    let identity = device.identity().clone();
    if !identity.cert_versions.contains(&job.cert_version) {
        bail!(
            "mine the job: device {} implements certificate versions {:?}, not {}; choose another \
             --device",
            identity.name,
            identity.cert_versions,
            job.cert_version
        );
    }
    let (k, most) = (operands.a_padded.k(), identity.limits.panel_steps);
    if k > most {
        bail!(
            "mine the job: k is {k} with padding, and device {} holds panels of up to {most} steps; choose \
             another --device, or operands with a smaller k",
            identity.name
        );
    }
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
    let session = Session::new(operands, prepared, device, kept, progress, until, started);
    let ended = session.run();
    report(&summarise(plan, ended, identity, description, seed), mining.json)
}

fn summarise(plan: &Plan, ended: Ended<'_>, identity: Identity, job: String, seed: u64) -> Summary {
    let operands = plan.operands;
    let Ended { end, trouble, elapsed, sink, tally, counters } = ended;
    Summary {
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
fn read_int8(path: &Path) -> Result<Matrix<i8>> {
    match npy::read(path)? {
        Operand::Int8(matrix) => Ok(matrix),
        Operand::Float32(_) => bail!(
            "read matrix {}: its dtype is float32, and `mine` takes int8; `gemmine matmul --mine` \
             quantises float32",
            path.display()
        ),
    }
}

/// The job with its share target set, and what to call it.
fn load_job(plan: &Plan) -> Result<(Job, String)> {
    let given = plan.mining.share_target;
    let (mut job, source, fallback) = match &plan.mining.job {
        Some(path) => {
            let job = Job::read(path)?;
            if let Some(warning) = job.target_warning() {
                crate::note(&format!("warning: {warning}"));
            }
            let fallback = job.share_target.unwrap_or_else(|| job.network_target());
            (job, path.display().to_string(), fallback)
        }
        None => (Job::simnet()?, "local simnet".to_owned(), plan.device.device.share_target()),
    };
    let share_target = given.unwrap_or(fallback);
    if share_target == U256::zero() {
        bail!("mine the job: its share target is 0, which no ticket meets; give --share-target");
    }
    job.set_share_target(share_target)?;
    let description = format!(
        "Pearl certificate V{}, {source}, nbits {:#010x}, share target {}",
        job.cert_version,
        job.header.nbits(),
        gemmine_pouw::target::to_hex(share_target)
    );
    Ok((job, description))
}

/// Two miners of one job must not search the same nonces; the local job is for repeating.
fn default_seed(mining: &MiningArgs) -> u64 {
    match mining.job {
        // The standard library's own random keys.
        Some(_) => RandomState::new().hash_one(()),
        None => 0,
    }
}

fn prepare(operands: &Operands, job: &Job, seed: u64) -> Result<PreparedJob> {
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
