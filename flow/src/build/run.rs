//! Runs the steps: each in the board's folder, with a log, a time limit and its cost.

use std::path::PathBuf;
use std::time::Duration;

use gemmine_hdl::resources::Modules;
use gemmine_tools::process::{Child, ProcessError};
use serde_json::Value;

use super::{Options, Progress, fit, steps, write};
use crate::board::{Board, Definition, Family};
use crate::error::FlowError;
use crate::netlist;
use crate::pll::Plan;
use crate::report::StepCost;
use crate::sta;
use crate::timing::Placed;
use crate::toolchain::Toolchain;
use crate::top::TOP;

/// How long synthesis may take.
const SYNTHESIS_PATIENCE: Duration = Duration::from_secs(2 * 3600);
/// How long place and route of one seed may take.
const PLACE_PATIENCE: Duration = Duration::from_secs(6 * 3600);
/// How long the packer may take.
const PACK_PATIENCE: Duration = Duration::from_secs(3600);

/// The steps of one build.
pub(super) struct Runner<'a> {
    board: &'a Board,
    toolchain: &'a Toolchain,
    options: &'a Options,
    steps: usize,
    cancelled: &'a dyn Fn() -> bool,
    progress: &'a mut dyn FnMut(Progress),
    costs: Vec<StepCost>,
}

impl<'a> Runner<'a> {
    pub(super) fn new(
        board: &'a Board,
        toolchain: &'a Toolchain,
        options: &'a Options,
        steps: usize,
        cancelled: &'a dyn Fn() -> bool,
        progress: &'a mut dyn FnMut(Progress),
    ) -> Self {
        Self { board, toolchain, options, steps, cancelled, progress, costs: Vec::new() }
    }

    /// Makes `netlist.json` and `statistics.json` of `top.v`.
    pub(super) fn synthesise(&mut self) -> Result<(), FlowError> {
        let scripts = [
            ("synthesis", self.synthesis_script()?),
            ("flattening", steps::flatten_script(self.board)),
        ];
        for (step, text) in scripts {
            let script = format!("{step}.ys");
            write(&self.options.out.join(&script), &text)?;
            let arguments = ["-s".to_owned(), script];
            self.step(step, "yosys", &arguments, SYNTHESIS_PATIENCE)?;
        }
        self.rework()
    }

    fn synthesis_script(&self) -> Result<String, FlowError> {
        let verilog = self.text("top.v")?;
        let modules = Modules::new(&verilog);
        let kinds = self.board.definition.synthesis.block_memories.iter().map(|place| {
            modules.kind(TOP, place).ok_or_else(|| {
                let remedy = "name a module of the device's Verilog, such as device.accelerator.counters.words";
                self.board.value("synthesis.block_memories", place, remedy)
            })
        });
        let kinds: Vec<&str> = kinds.collect::<Result<_, _>>()?;
        Ok(steps::synthesis_script(self.board, &kinds))
    }

    /// Changes the netlist to what nextpnr makes the most of.
    fn rework(&self) -> Result<(), FlowError> {
        let file = self.options.out.join(steps::NETLIST);
        let wrong = |why| FlowError::Output { file: file.clone(), why };
        let family = self.board.definition.family;
        if family == Family::Ice40 {
            return Ok(());
        }
        let mut netlist = self.json(steps::NETLIST)?;
        let reworked = match family {
            Family::Ice40 => Ok(()),
            Family::Ecp5 => netlist::absorb_output_registers(&mut netlist, TOP)
                .and_then(|_| netlist::block_ram::check_registers(&netlist, TOP)),
            Family::Gowin => netlist::gowin::make_tables_timed(&mut netlist, TOP).map(drop),
        };
        reworked.map_err(wrong)?;
        if let Some(floorplan) = &self.board.definition.floorplan {
            let Definition { part, device, .. } = &self.board.definition;
            floorplan
                .apply(&mut netlist, TOP, part, device)
                .map_err(|why| FlowError::Floorplan { file: self.board.file.clone(), why })?;
        }
        write(&file, &netlist.to_string())
    }

    /// A tool's JSON.
    fn json(&self, name: &str) -> Result<Value, FlowError> {
        let file = self.options.out.join(name);
        let text = self.text(name)?;
        serde_json::from_str(&text)
            .map_err(|error| FlowError::Output { file, why: error.to_string() })
    }

    /// A tool's text.
    fn text(&self, name: &str) -> Result<String, FlowError> {
        let file = self.options.out.join(name);
        std::fs::read_to_string(&file).map_err(FlowError::file("read", &file))
    }

    /// Places and routes with a seed.
    pub(super) fn place(&mut self, plan: &Plan, seed: u64) -> Result<Placed, FlowError> {
        let [_, nextpnr, _] = self.board.definition.family.tools();
        let arguments = steps::place_arguments(self.board, plan, seed);
        let step = format!("place and route with seed {seed}");
        let run = self.step(&step, nextpnr, &arguments, PLACE_PATIENCE);
        run.map_err(|error| self.or_too_large(&step, error))?;
        let report = steps::placed_report(seed);
        let wrong = |name: &str| {
            let file = self.options.out.join(name);
            move |why| FlowError::Output { file, why }
        };
        let placed = Placed::parse(&self.text(&report)?).map_err(wrong(&report))?;
        let delays = steps::delays(seed);
        let analysis = match self.board.definition.family {
            Family::Ecp5 => Ok(None),
            Family::Ice40 => sta::ice40::analyse(&self.text(&delays)?, &self.json(steps::NETLIST)?),
            Family::Gowin => {
                let routed = self.json(&steps::placed_design(self.board, seed))?;
                sta::gowin::analyse(&self.text(&delays)?, &routed, plan.output_hz()).map(Some)
            }
        };
        Ok(match analysis.map_err(wrong(&delays))? {
            Some(analysis) => placed.with(analysis),
            None => placed,
        })
    }

    /// Makes the image of a seed.
    pub(super) fn pack(&mut self, seed: u64) -> Result<(), FlowError> {
        let [_, _, packer] = self.board.definition.family.tools();
        let arguments = steps::pack_arguments(self.board, seed);
        self.step("packing", packer, &arguments, PACK_PATIENCE)
    }

    /// What is too much, where that is why place and route failed.
    fn or_too_large(&self, step: &str, error: FlowError) -> FlowError {
        let log = self.log(step);
        let cells = fit::too_many(&std::fs::read_to_string(&log).unwrap_or_default());
        match error {
            FlowError::Step { .. } if !cells.is_empty() => {
                FlowError::TooLarge { board: self.board.name.clone(), cells, log }
            }
            error => error,
        }
    }

    fn log(&self, step: &str) -> PathBuf {
        self.options.out.join(format!("{}.log", step.replace(' ', "-")))
    }

    pub(super) fn into_costs(self) -> Vec<StepCost> {
        self.costs
    }

    fn step(
        &mut self,
        step: &str,
        tool: &'static str,
        arguments: &[String],
        patience: Duration,
    ) -> Result<(), FlowError> {
        let mut command = self.toolchain.command(tool)?;
        command.args(arguments).current_dir(&self.options.out);
        let log = self.log(step);
        let (index, steps) = (self.costs.len(), self.steps);
        let progress = &mut self.progress;
        progress(Progress { step, index, steps, elapsed: Duration::ZERO });
        let child = Child::new(command, log).named(tool);
        let run = child.run(patience, self.cancelled, &mut |elapsed| {
            progress(Progress { step, index, steps, elapsed });
        });
        let cost = run.map_err(|source| match source {
            ProcessError::Cancelled { .. } => FlowError::Cancelled,
            source => {
                FlowError::Step { doing: format!("run {step} for {}", self.board.name), source }
            }
        })?;
        self.costs.push(StepCost {
            step: step.to_owned(),
            seconds: (cost.seconds * 100.0).round() / 100.0,
            peak_mib: cost.peak_bytes.map(|bytes| bytes.div_ceil(1 << 20)),
        });
        Ok(())
    }
}
