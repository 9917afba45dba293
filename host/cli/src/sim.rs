//! `gemmine sim`: random tiles through a whole simulated device, every answer checked, and where its
//! cycles went.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use gemmine_driver::{
    BoardOpener, Completion, Counters, Descriptor, Device, SerialDevice, SerialOptions, Side,
};
use gemmine_flow::{Board as BoardFile, build::emit};
use gemmine_pouw::panel::{LANES, Panel};
use gemmine_pouw::tile;
use gemmine_sim::board::{Board, BoardConfig};
use gemmine_sim::verilator::{Tools, VerilatedBoard};
use gemmine_sim::waveform::vcd_to_fst;
use serde_json::json;

use crate::args::{BoardEngine, SimArgs};
use crate::board::power_up;
use crate::display::{grouped, si, spinner};
use crate::interrupt;
use crate::outcome::Outcome;
use crate::print_line;

/// Key of the ticket hash; every ticket is a hit, so that all are counted.
const TICKET_KEY: [u8; 32] = [0x67; 32];
const BOUND_LE: [u8; 32] = [0xff; 32];
/// Panels a side that new operands take turns in: one to work on, the others to fill.
const STREAMED: usize = 4;
/// Longer than any tile of a simulation.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Runs the command.
pub fn run(args: &SimArgs) -> Result<Outcome> {
    interrupt::catch()?;
    let (args, config) = &simulated(args)?;
    let waveform = args.trace.as_deref().map(Waveform::new).transpose()?;
    let spinner = spinner(args.json);
    spinner.set_message(format!("opening a {} device", args.geometry));
    let board = open(args, *config, waveform.as_ref()).context("open the device")?;
    let board = Arc::new(Mutex::new(board));
    let baud = args.baud.unwrap_or(args.clock / 2);
    let options = SerialOptions { baud, max_baud: baud, patience: Duration::ZERO };
    let opener = Box::new(BoardOpener::new(board));
    let mut device = SerialDevice::on(opener, "sim".into(), options).context("open the device")?;
    let mut run = Run::new(args, &mut device)?;
    let before = device.counters().context("read the counters")?;
    let begin = Instant::now();
    let mut right = 0;
    while right < args.tiles && !interrupt::requested() {
        run.fill(&mut device)?;
        let completion = device.wait(PATIENCE).context("wait for a tile")?;
        if let Err(wrong) = run.check(&completion) {
            spinner.finish_and_clear();
            return report_wrong(args, &wrong);
        }
        right += 1;
        spinner.set_message(format!("{right} of {} tiles are right", args.tiles));
    }
    let after = device.counters().context("read the counters")?;
    let elapsed = begin.elapsed();
    let distinct = run.distinct_pairs(right);
    drop(device);
    if let Some(waveform) = &waveform {
        spinner.set_message("writing the waveform");
        waveform.finish().context("write the waveform")?;
    }
    spinner.finish_and_clear();
    let spent = Spent::between(&before, &after);
    print_line(&if args.json {
        spent.to_json(args, config, [right, distinct], elapsed)
    } else {
        spent.to_text(args, [right, distinct], elapsed)
    })?;
    Ok(if right < args.tiles { Outcome::Interrupted } else { Outcome::Yes })
}

fn report_wrong(args: &SimArgs, wrong: &str) -> Result<Outcome> {
    if args.json {
        print_line(&json!({ "error": wrong, "exit": Outcome::No.code() }).to_string())?;
    } else {
        print_line(&format!("WRONG: {wrong}"))?;
    }
    Ok(Outcome::No)
}

/// What is simulated: of a board, the device that its image has, with the image's BUILD.
fn simulated(args: &SimArgs) -> Result<(SimArgs, BoardConfig)> {
    let mut args = args.clone();
    let mut config = BoardConfig::new(args.geometry);
    if let Some(name) = &args.board {
        let doing = || format!("simulate the board {name}");
        let board = BoardFile::find(name).with_context(doing)?;
        let (plan, emitted) = emit(&board).with_context(doing)?;
        let device = &board.definition.device;
        args.geometry = device.geometry;
        args.clock = u32::try_from(plan.output_hz()).with_context(doing)?;
        config = BoardConfig {
            geometry: device.geometry,
            panel_word_bits: u32::try_from(device.panel_word_bits).with_context(doing)?,
            engines: u32::try_from(device.engines).with_context(doing)?,
            noise: device.noise,
            build: emitted.build,
            ..config
        };
    }
    config.clock_hz = args.clock;
    config.first_baud = args.baud.unwrap_or(args.clock / 2);
    Ok((args, config))
}

fn open(
    args: &SimArgs,
    config: BoardConfig,
    waveform: Option<&Waveform>,
) -> Result<Box<dyn Board>> {
    let Some(waveform) = waveform else {
        return power_up(args.engine, config);
    };
    ensure!(
        args.engine == BoardEngine::Verilator,
        "only --engine verilator writes a waveform; leave --trace away"
    );
    Ok(Box::new(VerilatedBoard::traced(&Tools::find()?, config, &waveform.vcd)?))
}

/// Where a waveform goes.
struct Waveform {
    path: PathBuf,
    /// What the simulation writes: the waveform itself, or what it is made from.
    vcd: PathBuf,
}

impl Waveform {
    fn new(path: &Path) -> Result<Self> {
        let path = std::path::absolute(path).context("find the folder of the waveform")?;
        let vcd = match path.extension().and_then(|extension| extension.to_str()) {
            Some("vcd") => path.clone(),
            Some("fst") => path.with_extension("fst.vcd-part"),
            _ => bail!("write a waveform {}: name it .vcd or .fst", path.display()),
        };
        std::fs::File::create(&vcd).with_context(|| format!("write {}", vcd.display()))?;
        Ok(Self { path, vcd })
    }

    fn finish(&self) -> Result<()> {
        if self.vcd != self.path {
            vcd_to_fst(&self.vcd, &self.path)?;
            std::fs::remove_file(&self.vcd)
                .with_context(|| format!("remove {}", self.vcd.display()))?;
        }
        Ok(())
    }
}

/// Random tiles on their way through the device.
struct Run<'a> {
    args: &'a SimArgs,
    /// Panels in the device, by side and place.
    panels: [Vec<Arc<Panel>>; 2],
    pushed: u32,
    done: u32,
    queue: u32,
}

impl<'a> Run<'a> {
    fn new(args: &'a SimArgs, device: &mut SerialDevice) -> Result<Self> {
        let limits = device.identity().limits;
        let most = limits.memory_steps.min(limits.panel_steps);
        let (steps, chunk, grain) = (args.steps, args.chunk, limits.steps_multiple);
        ensure!(
            (1..=most).contains(&steps) && steps.is_multiple_of(grain),
            "use --steps {steps}: give a multiple of {grain} up to {most}"
        );
        ensure!(
            (limits.chunk_steps_min..=limits.chunk_steps_max).contains(&chunk)
                && chunk.is_multiple_of(grain)
                && chunk <= steps,
            "use --chunk {chunk}: give a multiple of {grain} from {} to {}, and at most --steps",
            limits.chunk_steps_min,
            limits.chunk_steps_max.min(steps)
        );
        // A panel may only be replaced when its tile is done.
        let places = (most / steps).min(if args.stream {
            STREAMED
        } else {
            // As many as it takes for no pair to come twice, if so many fit.
            (args.tiles as usize).saturating_sub(1).isqrt() + 1
        });
        let queue = if args.stream { places as u32 } else { limits.queue as u32 };
        let panels = [Side::A, Side::B].map(|side| {
            (0..places).map(|place| random_panel(args, side, place as u64)).collect::<Vec<_>>()
        });
        let run = Self { args, panels, pushed: 0, done: 0, queue };
        if !args.stream {
            for (side, panels) in [Side::A, Side::B].into_iter().zip(&run.panels) {
                for (place, panel) in panels.iter().enumerate() {
                    device.load_panel(side, place, Arc::clone(panel)).context("load a panel")?;
                }
            }
        }
        Ok(run)
    }

    /// Which panels a tile multiplies.
    fn places(&self, tile: u32) -> [usize; 2] {
        let (tile, places) = (tile as usize, self.panels[0].len());
        if self.args.stream { [tile % places; 2] } else { [tile % places, tile / places % places] }
    }

    /// How many of the first tiles multiply a pair of panels that no tile before them did. No network pays twice for
    /// the ticket of one pair.
    fn distinct_pairs(&self, tiles: u32) -> u32 {
        let places = u32::try_from(self.panels[0].len()).unwrap_or(u32::MAX);
        if self.args.stream { tiles } else { tiles.min(places.saturating_mul(places)) }
    }

    /// Pushes as many tiles as there is room for.
    fn fill(&mut self, device: &mut SerialDevice) -> Result<()> {
        while self.pushed < self.args.tiles && self.pushed - self.done < self.queue {
            let tile = self.pushed;
            let places = self.places(tile);
            if self.args.stream {
                for (n, side) in [Side::A, Side::B].into_iter().enumerate() {
                    let panel = random_panel(self.args, side, tile.into());
                    self.panels[n][places[n]] = Arc::clone(&panel);
                    device.load_panel(side, places[n], panel).context("load a panel")?;
                }
            }
            let descriptor = Descriptor {
                tag: tile,
                a_panel: places[0],
                b_panel: places[1],
                unsigned_a: false,
                steps: self.args.steps,
                chunk_steps: self.args.chunk,
                ticket_key: TICKET_KEY,
                bound_le: BOUND_LE,
                want_tile: self.args.products,
            };
            device.push(descriptor).context("push a tile")?;
            self.pushed += 1;
        }
        Ok(())
    }

    /// Compares a completion with the rule.
    fn check(&mut self, completion: &Completion) -> Result<(), String> {
        let tile = self.done;
        self.done += 1;
        let [a, b] = self.places(tile);
        let lanes = |panel: &Panel| -> Vec<Vec<i8>> { (0..LANES).map(|n| panel.lane(n)).collect() };
        let (a, b) = (lanes(&self.panels[0][a]), lanes(&self.panels[1][b]));
        let a: Vec<&[i8]> = a.iter().map(Vec::as_slice).collect();
        let b: Vec<&[i8]> = b.iter().map(Vec::as_slice).collect();
        let golden = tile::tile(&a, &b, self.args.chunk);
        let ticket = tile::ticket(&TICKET_KEY, &golden.register);
        if completion.tag != tile {
            return Err(format!("tile {} came where {tile} was due", completion.tag));
        }
        if completion.ticket != ticket || !completion.hit {
            let (got, want) = (hex::encode(completion.ticket), hex::encode(ticket));
            return Err(format!("tile {tile} has ticket {got}, the rule says {want}"));
        }
        let product = completion.tile.as_ref().map(|tile| tile.as_flattened());
        if self.args.products && product != Some(golden.product.as_slice()) {
            return Err(format!("the product of tile {tile} is not what the rule says"));
        }
        Ok(())
    }
}

/// A panel that follows from the seed, the side and a number.
fn random_panel(args: &SimArgs, side: Side, number: u64) -> Arc<Panel> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&args.seed.to_le_bytes());
    hasher.update(&[side as u8]);
    hasher.update(&number.to_le_bytes());
    let mut bytes = vec![0; args.steps * LANES];
    hasher.finalize_xof().fill(&mut bytes);
    let steps: Vec<[i8; LANES]> =
        bytes.as_chunks::<LANES>().0.iter().map(|step| step.map(|byte| byte as i8)).collect();
    Arc::new(Panel::from_steps(&steps))
}

/// What the device's own counters say of a run.
struct Spent {
    time: u64,
    busy: u64,
    mac: u64,
    full: u64,
    stalls: [(&'static str, u64); 4],
    bytes_in: u64,
    bytes_out: u64,
    baud: u32,
}

impl Spent {
    fn between(before: &Counters, after: &Counters) -> Self {
        let stalls = |counters: &Counters| {
            counters.stalls.map_or([0; 4], |s| [s.link, s.panel, s.drain, s.hash])
        };
        let (old, new) = (stalls(before), stalls(after));
        let names = ["link", "panel", "drain", "hash"];
        let bytes = |counters: &Counters| {
            counters.link.map_or((0, 0), |link| (link.device.bytes_in, link.device.bytes_out))
        };
        let ((old_in, old_out), (new_in, new_out)) = (bytes(before), bytes(after));
        // The device counts bytes modulo 2^24.
        let difference = |new: u64, old: u64| new.wrapping_sub(old) & 0xff_ffff;
        Self {
            time: after.time.unwrap_or(0) - before.time.unwrap_or(0),
            busy: after.cycles - before.cycles,
            mac: after.mac_cycles - before.mac_cycles,
            full: after.full_mac_cycles - before.full_mac_cycles,
            stalls: std::array::from_fn(|n| (names[n], new[n] - old[n])),
            bytes_in: difference(new_in.into(), old_in.into()),
            bytes_out: difference(new_out.into(), old_out.into()),
            baud: after.link.map_or(0, |link| link.baud),
        }
    }

    /// Bytes, of those that the line could have carried meanwhile.
    fn line_share(&self, bytes: u64, clock: u32) -> f64 {
        let could = self.time as f64 * f64::from(self.baud) / f64::from(clock.max(1)) / 10.0;
        bytes as f64 / could.max(1.0)
    }

    fn to_text(&self, args: &SimArgs, [right, distinct]: [u32; 2], elapsed: Duration) -> String {
        let of = |part: u64, whole: u64| 100.0 * part as f64 / whole.max(1) as f64;
        let mut lines = vec![
            format!(
                "device         {} in {}, {} baud at {}Hz; {right} tiles of {} steps, chunks of {}",
                args.geometry,
                engine_name(args.engine),
                grouped(self.baud.into()),
                si(args.clock.into()),
                args.steps,
                args.chunk
            ),
            format!(
                "answers        every ticket{} is right, of {} pair{} of panels",
                products(args),
                grouped(distinct.into()),
                if distinct == 1 { "" } else { "s" }
            ),
            format!(
                "array          {} cycles busy: a step in {:.3} %, all PEs at work in {:.3} %",
                grouped(self.busy),
                of(self.mac, self.busy),
                of(self.full, self.busy)
            ),
            format!("time           {} cycles, of which", grouped(self.time)),
            format!("  steps        {:>14}  {:6.2} %", grouped(self.mac), of(self.mac, self.time)),
        ];
        for (name, cycles) in self.stalls {
            lines.push(format!(
                "  stall {name:<6} {:>14}  {:6.2} %",
                grouped(cycles),
                of(cycles, self.time)
            ));
        }
        lines.push(format!(
            "line           {} bytes in, {:.1} % of what it could carry; {} bytes out, {:.1} %",
            grouped(self.bytes_in),
            100.0 * self.line_share(self.bytes_in, args.clock),
            grouped(self.bytes_out),
            100.0 * self.line_share(self.bytes_out, args.clock)
        ));
        let speed = self.time as f64 / elapsed.as_secs_f64().max(1e-9);
        lines.push(format!(
            "simulation     {:.1} s, {}cycles/s on this machine",
            elapsed.as_secs_f64(),
            si(speed)
        ));
        if let Some(path) = &args.trace {
            lines.push(format!("waveform       {}", path.display()));
        }
        lines.join("\n")
    }

    fn to_json(
        &self,
        args: &SimArgs,
        config: &BoardConfig,
        [right, distinct]: [u32; 2],
        elapsed: Duration,
    ) -> String {
        let stalls: serde_json::Map<String, serde_json::Value> =
            self.stalls.iter().map(|&(name, cycles)| (name.to_owned(), cycles.into())).collect();
        json!({
            "engine": engine_name(args.engine),
            "version": env!("CARGO_PKG_VERSION"),
            "board": args.board,
            "image_build": (config.build != 0).then(|| format!("{:08x}", config.build)),
            "panel_word_bits": config.panel_word_bits,
            "engines": config.engines,
            "noise": config.noise,
            "geometry": args.geometry.to_string(),
            "clock_hz": args.clock,
            "baud": self.baud,
            "tiles": right,
            "distinct_pairs": distinct,
            "steps": args.steps,
            "chunk": args.chunk,
            "stream": args.stream,
            "products": args.products,
            "cycles": self.time,
            "busy_cycles": self.busy,
            "mac_cycles": self.mac,
            "full_mac_cycles": self.full,
            "stall_cycles": stalls,
            "bytes_in": self.bytes_in,
            "bytes_out": self.bytes_out,
            "line_in_share": self.line_share(self.bytes_in, args.clock),
            "line_out_share": self.line_share(self.bytes_out, args.clock),
            "host_seconds": elapsed.as_secs_f64(),
            "trace": args.trace,
        })
        .to_string()
    }
}

fn products(args: &SimArgs) -> &'static str {
    if args.products { " and every product" } else { "" }
}

fn engine_name(engine: BoardEngine) -> &'static str {
    match engine {
        BoardEngine::Model => "model",
        BoardEngine::Verilator => "verilator",
        BoardEngine::Rtl => "rtl",
    }
}
