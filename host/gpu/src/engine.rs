//! What speaks with the card: buffers, the pipeline, dispatches on their way, answers back.

mod frame;
mod setup;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use gemmine_pouw::panel::{Panel, STEPS};
use wgpu::{ComputePipeline, PollError, PollType, SubmissionIndex};

use crate::adapter::{Adapter, Choice, PATIENCE, list};
use crate::batch::{Batch, Work};
use crate::error::GpuError;
use crate::guard::{caught, within};
use crate::memory::PanelMemory;

use frame::Frame;
use setup::{Setup, WORKGROUP_TILES};

/// Dispatches on their way at once: one runs, one waits behind it.
pub const FRAMES: usize = 2;
/// Tiles of a dispatch whose products are wanted, at most: a KiB each comes back.
pub const PRODUCT_TILES: usize = 4096;
/// How long a dispatch may take.
const SILENCE: Duration = Duration::from_secs(120);

/// What went wrong first, as told by the library in any thread.
type Fault = Arc<Mutex<Option<String>>>;

/// A card that is open.
#[derive(Debug)]
pub struct Engine {
    adapter: Adapter,
    setup: Setup,
    /// For signed A, and for unsigned A once somebody wants it.
    pipelines: [Option<ComputePipeline>; 2],
    memory: [PanelMemory; 2],
    frames: Vec<Frame>,
    free: Vec<usize>,
    fault: Fault,
    /// Counts dispatches.
    batches: u64,
}

/// A dispatch on its way.
#[derive(Debug)]
pub struct Flight {
    /// What it makes.
    pub batch: Batch,
    /// When it was submitted.
    pub submitted: Instant,
    frame: usize,
    submission: SubmissionIndex,
    /// Whether its answers can be read, once that is known.
    mapped: Arc<Mutex<Option<Result<(), String>>>>,
}

/// The answer of one tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its ticket.
    pub ticket: [u8; 32],
    /// Whether that meets the bound.
    pub hit: bool,
}

/// All answers of a dispatch, in the order of its tiles.
#[derive(Debug)]
pub struct Answers {
    /// Tickets.
    pub tiles: Vec<Answer>,
    /// Row-major products, where they were wanted.
    pub products: Vec<[[i32; 16]; 16]>,
}

impl Engine {
    /// Opens the card that is meant.
    pub fn open(choice: Choice) -> Result<Self, GpuError> {
        within(PATIENCE, "opening a graphics processor", move || {
            let found = list();
            let adapters: Vec<Adapter> = found.iter().map(|(adapter, _)| adapter.clone()).collect();
            let number = choice.of(&adapters)?.number;
            let chosen = found.into_iter().find(|(adapter, _)| adapter.number == number);
            let (adapter, handle) = chosen.ok_or(GpuError::None)?;
            Self::on(adapter, &handle)
        })
    }

    fn on(adapter: Adapter, handle: &wgpu::Adapter) -> Result<Self, GpuError> {
        let fault = Fault::default();
        let setup = Setup::new(&adapter, handle, &fault)?;
        let frames: Vec<Frame> = (0..FRAMES).map(|_| Frame::new(&setup)).collect();
        let pipeline = setup.pipeline(false);
        let memory = [(); 2].map(|()| PanelMemory::new(setup.panel_bytes()));
        let engine = Self {
            adapter,
            setup,
            pipelines: [Some(pipeline), None],
            memory,
            free: (0..frames.len()).collect(),
            frames,
            fault,
            batches: 0,
        };
        let opened = engine.sound("opening it");
        opened.map_err(|error| GpuError::Open {
            name: engine.adapter.name.clone(),
            why: error.to_string(),
        })?;
        Ok(engine)
    }

    /// Which card it is.
    pub fn adapter(&self) -> &Adapter {
        &self.adapter
    }

    /// Whether a batch can be submitted now.
    pub fn has_room(&self) -> bool {
        !self.free.is_empty()
    }

    /// Tiles of a dispatch at most.
    pub fn most_tiles(&self) -> usize {
        self.setup.tiles()
    }

    /// Panels of so many steps that a side has room for.
    pub fn most_panels(&self, steps: usize) -> usize {
        self.memory[0].room(steps)
    }

    /// Sends a batch on its way. It fits, and there is room for it.
    pub fn submit(&mut self, batch: Batch) -> Result<Flight, GpuError> {
        let frame = self.free.pop().ok_or_else(|| failed("a third dispatch at once"))?;
        let (submission, mapped) = caught("sending it work", || self.send(&batch, frame))??;
        self.sound("sending it work")?;
        Ok(Flight { batch, submitted: Instant::now(), frame, submission, mapped })
    }

    fn send(&mut self, batch: &Batch, frame: usize) -> Result<Sent, GpuError> {
        self.batches += 1;
        let places = [self.upload(0, batch)?, self.upload(1, batch)?];
        let index = usize::from(batch.work.unsigned_a);
        if self.pipelines[index].is_none() {
            self.pipelines[index] = Some(self.setup.pipeline(batch.work.unsigned_a));
        }
        let Some(pipeline) = &self.pipelines[index] else { return Err(failed("no pipeline")) };
        let frame = &self.frames[frame];
        let list: Vec<[u32; 4]> = batch
            .tiles()
            .iter()
            .map(|[a, b, job]| [places[0][*a as usize], places[1][*b as usize], *job, 0])
            .collect();
        let jobs: Vec<[[u8; 32]; 2]> =
            batch.jobs().iter().map(|job| [job.ticket_key, job.bound_le]).collect();
        let queue = &self.setup.queue;
        queue.write_buffer(&frame.jobs, 0, jobs.as_flattened().as_flattened());
        queue.write_buffer(&frame.tiles, 0, bytemuck::cast_slice(&list));
        queue.write_buffer(&frame.params, 0, bytemuck::cast_slice(&params(batch)));
        let mut encoder = self.setup.device.create_command_encoder(&Default::default());
        {
            let mut pass = encoder.begin_compute_pass(&Default::default());
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, &frame.bind_group, &[]);
            pass.dispatch_workgroups(list.len().div_ceil(WORKGROUP_TILES) as u32, 1, 1);
        }
        let bytes = frame.copy_back(&mut encoder, list.len(), batch.want_tile());
        let submission = queue.submit([encoder.finish()]);
        let mapped = Arc::new(Mutex::new(None));
        let told = Arc::clone(&mapped);
        frame.readback.map_async(wgpu::MapMode::Read, 0..bytes, move |result| {
            let result = result.map_err(|error| error.to_string());
            *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        });
        Ok((submission, mapped))
    }

    /// Sends the panels of a side that the card does not have; where each of the batch's begins, in vec4s of words.
    fn upload(&mut self, side: usize, batch: &Batch) -> Result<Vec<u32>, GpuError> {
        let mut places = Vec::with_capacity(batch.panels(side).len());
        for panel in batch.panels(side) {
            let placed = self.memory[side].place(panel, self.batches);
            let placed = placed.ok_or_else(|| failed("more panels than it has room for"))?;
            if placed.is_new {
                let bytes = bytes_of(panel);
                self.setup.queue.write_buffer(&self.setup.panels[side], placed.offset, &bytes);
            }
            places.push((placed.offset / 16) as u32);
        }
        Ok(places)
    }

    /// Waits until a dispatch has ended; false if it has not in that time.
    pub fn wait(&self, flight: &Flight, timeout: Duration) -> Result<bool, GpuError> {
        let wait = PollType::Wait {
            submission_index: Some(flight.submission.clone()),
            timeout: Some(timeout),
        };
        let polled = caught("waiting for it", || self.setup.device.poll(wait))?;
        self.sound("waiting for it")?;
        let mapped = flight.mapped.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match (mapped, polled) {
            (Some(Ok(())), _) => Ok(true),
            (Some(Err(why)), _) => Err(failed(&format!("its answers can't be read: {why}"))),
            (None, Err(PollError::WrongSubmissionIndex(..))) => Err(failed("it took no work")),
            (None, Err(PollError::Timeout) | Ok(_)) if flight.submitted.elapsed() < SILENCE => {
                Ok(false)
            }
            (None, _) => Err(failed(&format!(
                "a dispatch of {} tiles has not ended in {} s; its driver hangs, see the system's log",
                flight.batch.tiles().len(),
                SILENCE.as_secs()
            ))),
        }
    }

    /// The answers of a dispatch that has ended. Its place is free for the next one.
    pub fn land(&mut self, flight: &Flight) -> Result<Answers, GpuError> {
        let frame = &self.frames[flight.frame];
        let (tiles, want_tile) = (flight.batch.tiles().len(), flight.batch.want_tile());
        let answers = caught("reading its answers", || frame.read(tiles, want_tile))??;
        self.free.push(flight.frame);
        self.sound("reading its answers")?;
        Ok(answers)
    }

    /// What the library has told of, if anything.
    fn sound(&self, doing: &str) -> Result<(), GpuError> {
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        match &*fault {
            None => Ok(()),
            Some(why) => Err(failed(&format!("{why} (while {doing})"))),
        }
    }
}

/// A dispatch that was sent, and where it says that its answers can be read.
type Sent = (SubmissionIndex, Arc<Mutex<Option<Result<(), String>>>>);

fn failed(why: &str) -> GpuError {
    GpuError::Failed(why.to_owned())
}

/// A panel as the shader reads it: the words that it is of, in memory order.
fn bytes_of(panel: &Panel) -> Vec<u8> {
    let groups = panel.groups().iter();
    let mut bytes: Vec<u8> =
        groups.flat_map(|group| bytemuck::cast_slice::<i8, u8>(&group.0)).copied().collect();
    // A panel of no steps has a place too.
    bytes.resize(bytes.len().max(64), 0);
    bytes
}

/// `Params` of the shader, word by word.
fn params(batch: &Batch) -> [u32; 8] {
    let Work { steps, chunk_steps, .. } = batch.work;
    [
        steps.div_ceil(STEPS) as u32,
        (chunk_steps / STEPS) as u32,
        (steps / chunk_steps) as u32,
        batch.tiles().len() as u32,
        u32::from(batch.want_tile()),
        0,
        0,
        0,
    ]
}
