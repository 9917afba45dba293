//! NVIDIA's cards through CUDA: int8 products by cuBLASLt, which uses the card's matrix units. Behind the feature `cuda`.
//!
//! | on the card | on the host |
//! |---|---|
//! | each chunk's product, added to int32 sums (cuBLASLt) | noise and panels, as for any device |
//! | the XOR of each tile's sums, into its fold register (a kernel, compiled at run time) | tickets of fold registers, and which are hits |
//!
//! A fold wants all sums behind every chunk of r steps, so cuBLASLt reads and writes them once a chunk: with r = 128 a
//! card's memory is as busy as its matrix units, and what is measured is a lower bound here, too. **This has not run on
//! a card**: it compiles, and it says what is missing where there is none.

mod calls;
mod frame;

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use cudarc::driver::sys::CUdevice_attribute_enum as Attribute;
use cudarc::driver::{CudaContext, CudaEvent, CudaFunction, CudaStream};
use gemmine_driver::{
    Completion, Counters, Descriptor, Device, DeviceError, DeviceKind, Grid, GridEnd, GridLimits,
    GridTile, Identity, Limits, PanelStore, Side,
};
use gemmine_pouw::panel::Panel;
use gemmine_pouw::target::{U256, meets};
use gemmine_pouw::tile::ticket;

use crate::adapter::PATIENCE;
use crate::error::GpuError;
use crate::guard::{caught, within};
use calls::{Multiply, failed, missing};
use frame::{Frame, Made, Order, Wanted};

/// Descriptors that the queue holds.
const QUEUE: usize = 4096;
/// What cuBLASLt's int8 products want rows and chunks to be multiples of.
const STEPS_MULTIPLE: usize = 16;
/// Tiles of a grid at most: 64 MiB of sums.
const TILES: usize = 65_536;
/// Bytes of a side's panels in a grid at most.
const SIDE_BYTES: usize = 256 << 20;
/// Grids on their way at once.
const FRAMES: usize = 2;
/// How often a card is asked whether it is done.
const POLL: Duration = Duration::from_micros(50);
/// How long a grid may take.
const SILENCE: Duration = Duration::from_secs(120);

const KERNEL: &str = include_str!("cuda/fold.cu");

/// A card as a device.
#[derive(Debug)]
pub struct CudaGpu {
    identity: Identity,
    pci_address: String,
    stream: Arc<CudaStream>,
    /// For answers, so that they don't wait for the next grid.
    back: Arc<CudaStream>,
    multiply: Multiply,
    kernel: CudaFunction,
    frames: Vec<Frame>,
    free: Vec<usize>,
    panels: PanelStore,
    outstanding: usize,
    pending: VecDeque<Order>,
    flying: VecDeque<Flight>,
    done: VecDeque<Completion>,
    ends: VecDeque<GridEnd>,
    counters: Counters,
}

/// What is on its way.
#[derive(Debug)]
struct Flight {
    order: Order,
    frame: usize,
    event: CudaEvent,
    submitted: Instant,
    /// Nobody has dropped it.
    is_wanted: bool,
}

impl CudaGpu {
    /// Opens the card of a number.
    ///
    /// # Errors
    /// If a library is missing, or there is no such card, or it can't do what is needed.
    pub fn open(number: usize) -> Result<Self, GpuError> {
        within(PATIENCE, "opening a card through CUDA", move || Self::on(number))
    }

    fn on(number: usize) -> Result<Self, GpuError> {
        if let Some((library, package)) = missing() {
            return Err(GpuError::Failed(format!(
                "{library} can't be loaded; install {package}, or use --device gpu, which needs Vulkan alone"
            )));
        }
        let wrong = |error: &dyn std::fmt::Display| GpuError::Open {
            name: format!("cuda:{number}"),
            why: error.to_string(),
        };
        let context = CudaContext::new(number).map_err(|error| wrong(&error))?;
        let name = context.name().map_err(|error| wrong(&error))?;
        let part = |attribute| context.attribute(attribute).map_err(|error| wrong(&error));
        // A card's first function is the one that computes.
        let pci_address = format!(
            "{:04x}:{:02x}:{:02x}.0",
            part(Attribute::CU_DEVICE_ATTRIBUTE_PCI_DOMAIN_ID)?,
            part(Attribute::CU_DEVICE_ATTRIBUTE_PCI_BUS_ID)?,
            part(Attribute::CU_DEVICE_ATTRIBUTE_PCI_DEVICE_ID)?,
        );
        let code = cudarc::nvrtc::compile_ptx(KERNEL).map_err(|error| wrong(&error))?;
        let module = context.load_module(code).map_err(|error| wrong(&error))?;
        let kernel = module.load_function("fold").map_err(|error| wrong(&error))?;
        let stream = context.new_stream().map_err(|error| wrong(&error))?;
        let back = context.new_stream().map_err(|error| wrong(&error))?;
        let frames =
            (0..FRAMES).map(|_| Frame::new(&stream)).collect::<Result<Vec<_>, GpuError>>()?;
        let identity = identity(number, &name);
        Ok(Self {
            panels: PanelStore::new(&identity),
            identity,
            pci_address,
            multiply: Multiply::new(&stream)?,
            stream,
            back,
            kernel,
            free: (0..frames.len()).collect(),
            frames,
            outstanding: 0,
            pending: VecDeque::new(),
            flying: VecDeque::new(),
            done: VecDeque::new(),
            ends: VecDeque::new(),
            counters: Counters::default(),
        })
    }

    /// Where it is on the bus, such as `0000:01:00.0`: NVML finds it by that.
    pub fn pci_address(&self) -> &str {
        &self.pci_address
    }

    fn failed(&self, error: &GpuError) -> DeviceError {
        DeviceError::Failed { device: self.identity.name.clone(), why: error.to_string() }
    }

    fn most_panels(steps: usize) -> usize {
        (SIDE_BYTES / (16 * steps.max(1))).max(1)
    }

    /// Sends what there is room for.
    fn pump(&mut self) -> Result<(), DeviceError> {
        while !self.free.is_empty() {
            let Some(order) = self.pending.pop_front() else { break };
            let Some(frame) = self.free.pop() else { break };
            let sent = caught("sending it work", || self.send(&order, frame)).and_then(|sent| sent);
            let event = sent.map_err(|error| self.failed(&error))?;
            let submitted = Instant::now();
            self.flying.push_back(Flight { order, frame, event, submitted, is_wanted: true });
        }
        Ok(())
    }

    fn send(&mut self, order: &Order, frame: usize) -> Result<CudaEvent, GpuError> {
        let frame = &mut self.frames[frame];
        frame.make(order, &self.stream, &mut self.multiply, &self.kernel)?;
        self.stream.record_event(None).map_err(|error| failed(&error))
    }

    /// Waits for the oldest grid, and takes what it has made; false if it has not ended in time.
    fn land(&mut self, timeout: Duration) -> Result<bool, DeviceError> {
        let deadline = Instant::now() + timeout;
        loop {
            let Some(flight) = self.flying.front() else { return Ok(false) };
            let ended = caught("waiting for it", || flight.event.try_is_complete())
                .and_then(|ended| ended.map_err(|error| failed(&error)));
            if ended.map_err(|error| self.failed(&error))? {
                break;
            }
            if flight.submitted.elapsed() > SILENCE {
                let text = format!("a grid has not ended in {} s", SILENCE.as_secs());
                return Err(self.failed(&GpuError::Failed(text)));
            }
            if Instant::now() >= deadline {
                return Ok(false);
            }
            thread::sleep(POLL);
        }
        let Some(flight) = self.flying.pop_front() else { return Ok(false) };
        let frame = &self.frames[flight.frame];
        let made = caught("reading its answers", || frame.read(&flight.order, &self.back));
        let made = made.and_then(|made| made).map_err(|error| self.failed(&error))?;
        self.free.push(flight.frame);
        self.pump()?;
        if flight.is_wanted {
            self.take(&flight.order, &made);
        }
        Ok(true)
    }

    /// Tickets of what has been made, and who hears of them.
    fn take(&mut self, order: &Order, made: &Made) {
        let bound = U256::from_little_endian(&order.bound_le);
        let answers: Vec<([u8; 32], bool)> = made
            .registers
            .iter()
            .map(|register| {
                let ticket = ticket(&order.ticket_key, register);
                (ticket, meets(&ticket, bound))
            })
            .collect();
        self.counters.tiles += answers.len() as u64;
        self.counters.hits += answers.iter().filter(|(_, hit)| *hit).count() as u64;
        match &order.wanted {
            Wanted::Tiles(tags) => {
                for (index, ((tag, want_tile), (ticket, hit))) in
                    tags.iter().zip(answers).enumerate()
                {
                    let tile = if *want_tile { made.product(index) } else { None };
                    let (tag, scan) = (*tag, None);
                    self.done.push_back(Completion { tag, cycle: 0, ticket, hit, tile, scan });
                }
            }
            Wanted::Grid(tag) => {
                let columns = order.b.len();
                let last = answers.len().saturating_sub(1);
                let told = answers.into_iter().enumerate();
                let tiles = told
                    .filter(|(index, (_, hit))| *hit || *index == last)
                    .map(|(index, (ticket, hit))| GridTile {
                        row: index / columns,
                        column: index % columns,
                        ticket,
                        hit,
                    })
                    .collect();
                self.ends.push_back(GridEnd { tag: *tag, tiles });
            }
        }
    }
}

fn identity(number: usize, name: &str) -> Identity {
    let description = format!(
        "{name}, int8 products by cuBLASLt, chunk by chunk, folded on the card; tickets by the host"
    );
    let limits = Limits::of_host(QUEUE, STEPS_MULTIPLE, STEPS_MULTIPLE);
    Identity::of_host(format!("cuda:{number}"), description, DeviceKind::Gpu, limits)
}

impl Device for CudaGpu {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn load_panel(
        &mut self,
        side: Side,
        place: usize,
        panel: Arc<Panel>,
    ) -> Result<(), DeviceError> {
        self.panels.load(side, place, panel)
    }

    fn push(&mut self, descriptor: Descriptor) -> Result<(), DeviceError> {
        let [a, b] = self.panels.panels_of(&descriptor, self.outstanding)?;
        let signed = || "signed ones only, by cuBLASLt".to_owned();
        self.panels.within("unsigned bytes", 1, !descriptor.unsigned_a, signed)?;
        self.outstanding += 1;
        // Tiles of one row go together.
        let most = Self::most_panels(descriptor.steps);
        match self.pending.back_mut().filter(|order| order.b.len() < most) {
            Some(order) if order.takes(&descriptor, &a) => order.add(&descriptor, b),
            _ => self.pending.push_back(Order::of_tile(&descriptor, a, b)),
        }
        Ok(())
    }

    fn grids(&self, steps: usize) -> Option<GridLimits> {
        let panels = Self::most_panels(steps);
        Some(GridLimits { tiles: TILES, panels, outstanding: FRAMES + 1 })
    }

    fn push_grid(&mut self, grid: Grid) -> Result<(), DeviceError> {
        self.panels.check_grid(&grid, TILES, Self::most_panels(grid.steps))?;
        self.pending.push_back(Order::of_grid(grid));
        self.pump()
    }

    fn wait_grid(&mut self, timeout: Duration) -> Result<GridEnd, DeviceError> {
        let deadline = Instant::now() + timeout;
        loop {
            if let Some(end) = self.ends.pop_front() {
                return Ok(end);
            }
            self.pump()?;
            let left = deadline.saturating_duration_since(Instant::now());
            if !self.land(left)? {
                let what = "the end of a grid";
                return Err(DeviceError::Timeout { what, waited_ms: timeout.as_millis() });
            }
        }
    }

    fn wait(&mut self, timeout: Duration) -> Result<Completion, DeviceError> {
        let deadline = Instant::now() + timeout;
        loop {
            if let Some(completion) = self.done.pop_front() {
                self.outstanding -= 1;
                return Ok(completion);
            }
            self.pump()?;
            let left = deadline.saturating_duration_since(Instant::now());
            if !self.land(left)? {
                let what = "a completion of a card";
                return Err(DeviceError::Timeout { what, waited_ms: timeout.as_millis() });
            }
        }
    }

    fn reset(&mut self) -> Result<(), DeviceError> {
        self.outstanding = 0;
        self.pending.clear();
        self.done.clear();
        self.ends.clear();
        // What is on its way can't be called back. Nobody hears of it.
        for flight in &mut self.flying {
            flight.is_wanted = false;
        }
        Ok(())
    }

    fn counters(&mut self) -> Result<Counters, DeviceError> {
        Ok(self.counters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_there_is_no_card_that_is_said() {
        // With a card of NVIDIA's there is nothing to see here.
        if missing().is_some() {
            let error = CudaGpu::open(0).unwrap_err().to_string();
            assert!(error.contains("can't be loaded; install"), "{error}");
        }
    }
}
