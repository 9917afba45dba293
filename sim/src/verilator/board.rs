//! The Verilated board: the emitted Verilog of a whole device, compiled, at its two wires.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use gemmine_devices::Emitted;
use gemmine_hdl::identity::Build;

use super::build;
use super::child::{Child, take};
use super::tools::Tools;
use crate::board::host::increment;
use crate::board::{Board, BoardConfig, BoardDescription, LineByte, Progress, Stop};
use crate::engine::EngineError;

/// Time that an answer may take, however few its cycles.
const PATIENCE: Duration = Duration::from_secs(60);
/// Slowest simulation that is still thought alive, in cycles a second.
const SLOWEST_CYCLES_PER_S: u64 = 10_000;

/// The board.
#[derive(Debug)]
pub struct VerilatedBoard {
    description: BoardDescription,
    child: Child,
    traced: bool,
}

/// The waveform is whole when the child says so.
impl Drop for VerilatedBoard {
    fn drop(&mut self) {
        if self.traced {
            self.child.put(b"C");
            let _ = self.child.exchange(PATIENCE, take::<1>, || "the end of the waveform".into());
        }
    }
}

impl VerilatedBoard {
    /// A board that has just been powered up. Compiles the device first if that has not been done yet,
    /// which takes up to a minute. Lanes, panel memory and BUILD are those of the device that is built,
    /// whatever the configuration says.
    ///
    /// # Errors
    /// If the tools are missing, the geometry is not built in, the first rate is too fast for the
    /// clock, or the compilation fails.
    pub fn new(tools: &Tools, config: BoardConfig) -> Result<Self, EngineError> {
        Self::start(tools, &Self::emit(config)?, config, None, &[])
    }

    /// The same, and every signal of the device in every cycle goes into a waveform, in VCD, which is
    /// whole when the board is dropped. About 20 times slower.
    ///
    /// # Errors
    /// As [`Self::new`]; that the file can't be written shows in the first run.
    pub fn traced(tools: &Tools, config: BoardConfig, vcd: &Path) -> Result<Self, EngineError> {
        Self::start(tools, &Self::emit(config)?, config, Some(vcd), &[])
    }

    /// A board of any Verilog with a device's ports, such as a netlist; what `config` says is believed.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn of(tools: &Tools, device: &Emitted, config: BoardConfig) -> Result<Self, EngineError> {
        Self::with_arguments(tools, device, config, &[])
    }

    /// The same, and the Verilog finds arguments, such as `+name=value`, with `$value$plusargs`.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_arguments(
        tools: &Tools,
        device: &Emitted,
        config: BoardConfig,
        arguments: &[String],
    ) -> Result<Self, EngineError> {
        Self::start(tools, device, config, None, arguments)
    }

    fn emit(config: BoardConfig) -> Result<Emitted, EngineError> {
        increment(config.first_baud, config.clock_hz)?;
        let build = Build {
            clock_hz: config.clock_hz,
            baud: config.first_baud,
            panel_word_bits: config.panel_word_bits as usize,
            engines: config.engines as usize,
            noise: config.noise,
            ..Build::default()
        };
        Ok(gemmine_devices::verilog(config.geometry, build)?)
    }

    fn start(
        tools: &Tools,
        device: &Emitted,
        config: BoardConfig,
        vcd: Option<&Path>,
        arguments: &[String],
    ) -> Result<Self, EngineError> {
        let program = build::board(tools, device, vcd.is_some())?;
        let config = BoardConfig { build: device.build, ..config };
        let mut command = Command::new(program);
        command.args(arguments);
        let child = Child::spawn(command)?;
        let description = BoardDescription { engine: "verilator", config };
        let mut board = Self { description, child, traced: vcd.is_some() };
        board.set_host_baud(config.first_baud)?;
        if let Some(vcd) = vcd {
            let name = vcd.as_os_str().as_encoded_bytes();
            board.child.put(b"T");
            board.child.put(&(name.len() as u32).to_le_bytes());
            board.child.put(name);
        }
        Ok(board)
    }
}

impl Board for VerilatedBoard {
    fn description(&self) -> &BoardDescription {
        &self.description
    }

    fn set_host_baud(&mut self, baud: u32) -> Result<(), EngineError> {
        let increment = increment(baud, self.description.config.clock_hz)?;
        self.child.put(b"P");
        self.child.put(&u64::from(increment).to_le_bytes());
        Ok(())
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        let length = bytes.len() as u32;
        let what = || format!("room for {length} bytes");
        self.child.send(&[b"B", &length.to_le_bytes(), bytes], PATIENCE, what)
    }

    fn run(&mut self, cycles: u64, stop: Stop) -> Result<Progress, EngineError> {
        self.child.put(b"R");
        self.child.put(&cycles.to_le_bytes());
        self.child.put(&[(stop == Stop::AtRest).into()]);
        let patience = PATIENCE + Duration::from_secs(cycles / SLOWEST_CYCLES_PER_S);
        self.child.exchange(patience, read_progress, || format!("{cycles} cycles"))
    }
}

fn read_progress(output: &mut dyn std::io::Read) -> std::io::Result<Progress> {
    let now = u64::from_le_bytes(take(output)?);
    let resting = u8::from_le_bytes(take(output)?) == 1;
    let count = u32::from_le_bytes(take(output)?);
    let mut bytes = Vec::new();
    for _ in 0..count {
        let cycle = u64::from_le_bytes(take(output)?);
        bytes.push(LineByte { cycle, byte: u8::from_le_bytes(take(output)?) });
    }
    Ok(Progress { bytes, now, resting })
}
