//! The Verilated memory device: the emitted Verilog of a whole device, compiled, at its AXI ports. Host memory stays on
//! this side: what the device asks for crosses the pipe in batches.

use std::io::{Error, ErrorKind, Read, Result as IoResult};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use gemmine_hdl::identity::Build;

use super::build;
use super::child::{Child, take};
use super::tools::Tools;
use crate::accelerator::AcceleratorConfig;
use crate::engine::EngineError;
use crate::memory::{HostMemory, MemoryConfig, MemoryDescription, MemoryDevice, Ran};

/// Time that an answer may take, however few its cycles.
const PATIENCE: Duration = Duration::from_secs(60);
/// Slowest simulation that is still thought alive, in cycles a second.
const SLOWEST_CYCLES_PER_S: u64 = 10_000;
/// Largest burst of AXI4: 256 beats of 8 bytes.
const BURST_BYTES_MAX: u32 = 256 * 8;

/// The device.
#[derive(Debug)]
pub struct VerilatedMemory {
    description: MemoryDescription,
    child: Child,
    now: u64,
    /// Interrupts since the last run.
    interrupts: u32,
    traced: bool,
}

/// The waveform is whole when the child says so.
impl Drop for VerilatedMemory {
    fn drop(&mut self) {
        if self.traced {
            self.child.put(b"C");
            let _ = self.child.exchange(PATIENCE, take::<1>, || "the end of the waveform".into());
        }
    }
}

/// What the child says.
enum Message {
    /// Reads, by address and bytes, and writes.
    Accesses(Vec<Access>),
    Done {
        now: u64,
        word: u32,
        interrupts: u32,
        idle: bool,
    },
}

enum Access {
    Read { address: u64, bytes: u32 },
    Write { address: u64, bytes: Vec<u8> },
}

impl VerilatedMemory {
    /// A device that has just been powered up. Compiles it first if that has not been done yet, which takes up to a
    /// minute. Lanes, panel memory and BUILD are those of the device that is built, whatever the configuration says.
    ///
    /// # Errors
    /// If the tools are missing, the geometry is not built in, the latency is none, or the compilation fails.
    pub fn new(tools: &Tools, config: MemoryConfig) -> Result<Self, EngineError> {
        Self::start(tools, config, None)
    }

    /// The same, and every signal of the device in every cycle goes into a waveform, in VCD, which is whole when the
    /// device is dropped. About 20 times slower.
    ///
    /// # Errors
    /// As [`Self::new`]; that the file can't be written shows in the first run.
    pub fn traced(tools: &Tools, config: MemoryConfig, vcd: &Path) -> Result<Self, EngineError> {
        Self::start(tools, config, Some(vcd))
    }

    fn start(tools: &Tools, config: MemoryConfig, vcd: Option<&Path>) -> Result<Self, EngineError> {
        config.latency.check()?;
        let accelerator = config.accelerator;
        let build = Build {
            clock_hz: accelerator.clock_hz,
            panel_word_bits: accelerator.panel_word_bits as usize,
            engines: accelerator.engines as usize,
            noise: accelerator.noise,
            ..Build::default()
        };
        let device = gemmine_devices::memory::verilog(accelerator.geometry, build)?;
        let program = build::memory(tools, &device, vcd.is_some())?;
        let accelerator = AcceleratorConfig { build: device.build, ..accelerator };
        let mut child = Child::spawn(Command::new(program))?;
        let latency = config.latency;
        child.put(b"L");
        // Host memory answers in the next cycle at the earliest.
        child.put(&latency.min.max(1).to_le_bytes());
        child.put(&latency.max.max(1).to_le_bytes());
        child.put(&latency.seed.to_le_bytes());
        if let Some(vcd) = vcd {
            let name = vcd.as_os_str().as_encoded_bytes();
            child.put(b"T");
            child.put(&(name.len() as u32).to_le_bytes());
            child.put(name);
        }
        let config = MemoryConfig { accelerator, ..config };
        let description = MemoryDescription { engine: "verilator", config };
        Ok(Self { description, child, now: 0, interrupts: 0, traced: vcd.is_some() })
    }

    /// Lets the child do what is queued, and be host memory for it meanwhile; its word, and whether it is idle.
    fn converse(
        &mut self,
        patience: Duration,
        what: &str,
        host: &mut dyn HostMemory,
    ) -> Result<(u32, bool), EngineError> {
        loop {
            match self.child.exchange(patience, read_message, || what.to_owned())? {
                Message::Accesses(accesses) => {
                    let mut answer = Vec::new();
                    for access in accesses {
                        carry_out(&access, host, &mut answer);
                    }
                    self.child.send(&[answer.as_slice()], patience, || {
                        format!("room for what {what} reads")
                    })?;
                }
                Message::Done { now, word, interrupts, idle } => {
                    self.now = now;
                    self.interrupts += interrupts;
                    return Ok((word, idle));
                }
            }
        }
    }
}

/// Reads or writes host memory, and answers.
fn carry_out(access: &Access, host: &mut dyn HostMemory, answer: &mut Vec<u8>) {
    match access {
        Access::Write { address, bytes } => answer.push(host.write(*address, bytes).is_ok().into()),
        Access::Read { address, bytes } => {
            let mut data = vec![0; *bytes as usize];
            answer.push(host.read(*address, &mut data).is_ok().into());
            answer.extend(data);
        }
    }
}

fn read_message(output: &mut dyn Read) -> IoResult<Message> {
    let wrong = |what: String| Error::new(ErrorKind::InvalidData, what);
    match take::<1>(output)? {
        [b'D'] => Ok(Message::Done {
            now: u64::from_le_bytes(take(output)?),
            word: u32::from_le_bytes(take(output)?),
            interrupts: u32::from_le_bytes(take(output)?),
            idle: take::<1>(output)? == [1],
        }),
        [b'M'] => {
            let count = u32::from_le_bytes(take(output)?);
            let mut accesses = Vec::new();
            for _ in 0..count {
                let is_write = take::<1>(output)? == [1];
                let address = u64::from_le_bytes(take(output)?);
                let bytes = u32::from_le_bytes(take(output)?);
                if bytes > BURST_BYTES_MAX {
                    return Err(wrong(format!("a burst of {bytes} bytes")));
                }
                if !is_write {
                    accesses.push(Access::Read { address, bytes });
                    continue;
                }
                let mut data = vec![0; bytes as usize];
                output.read_exact(&mut data)?;
                accesses.push(Access::Write { address, bytes: data });
            }
            Ok(Message::Accesses(accesses))
        }
        [other] => Err(wrong(format!("an answer of kind {other:#x}"))),
    }
}

impl MemoryDevice for VerilatedMemory {
    fn description(&self) -> &MemoryDescription {
        &self.description
    }

    fn read(&mut self, byte_address: u32, host: &mut dyn HostMemory) -> Result<u32, EngineError> {
        self.child.put(b"r");
        self.child.put(&byte_address.to_le_bytes());
        let (word, _) = self.converse(PATIENCE, "a read of the window", host)?;
        Ok(word)
    }

    fn write(
        &mut self,
        byte_address: u32,
        value: u32,
        host: &mut dyn HostMemory,
    ) -> Result<(), EngineError> {
        self.child.put(b"w");
        self.child.put(&byte_address.to_le_bytes());
        self.child.put(&value.to_le_bytes());
        self.converse(PATIENCE, "a write of the window", host)?;
        Ok(())
    }

    fn run(&mut self, cycles: u64, host: &mut dyn HostMemory) -> Result<Ran, EngineError> {
        let began = self.now;
        self.child.put(b"R");
        self.child.put(&cycles.to_le_bytes());
        let patience = PATIENCE + Duration::from_secs(cycles / SLOWEST_CYCLES_PER_S);
        let (_, idle) = self.converse(patience, &format!("{cycles} cycles"), host)?;
        let interrupts = std::mem::take(&mut self.interrupts);
        Ok(Ran { cycles: self.now - began, now: self.now, interrupts, idle })
    }
}
