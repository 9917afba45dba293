//! What devices have in common whose panels stay in the host's memory until they are multiplied: the processor, and
//! graphics processors.

use std::sync::Arc;

use gemmine_pouw::panel::Panel;

use crate::device::{Descriptor, Identity, Limits, Side};
use crate::error::DeviceError;
use crate::grid::{Grid, Rows};

/// Longest panel: the longest k of a legal job.
const PANEL_STEPS: usize = 65_536;

/// Panels by side and place, and what descriptors and grids of them must be like.
///
/// A queued descriptor holds its panels itself, so that none is ever busy: a place can be loaded again at once.
#[derive(Debug)]
pub struct PanelStore {
    device: String,
    limits: Limits,
    panels: [Vec<Option<Arc<Panel>>>; 2],
}

impl Limits {
    /// Those of a device with a [`PanelStore`]: `queue` descriptors, one panel a side for each, and one to load
    /// meanwhile. Steps are multiples of `steps_multiple`, chunks of `chunk_multiple`, which is the shortest one.
    pub const fn of_host(queue: usize, steps_multiple: usize, chunk_multiple: usize) -> Self {
        Self {
            panels: queue + 1,
            panel_steps: PANEL_STEPS,
            memory_steps: (queue + 1) * PANEL_STEPS,
            steps_multiple,
            chunk_steps_min: chunk_multiple,
            chunk_steps_max: PANEL_STEPS,
            queue,
        }
    }
}

impl PanelStore {
    /// An empty one, for a device of [`Limits::of_host`].
    pub fn new(identity: &Identity) -> Self {
        let limits = identity.limits;
        let empty = || vec![None; limits.panels];
        Self { device: identity.name.clone(), limits, panels: [empty(), empty()] }
    }

    /// Puts a panel into its place.
    ///
    /// # Errors
    /// [`DeviceError::Unsupported`] if there is no such place, or the panel is too long.
    pub fn load(&mut self, side: Side, place: usize, panel: Arc<Panel>) -> Result<(), DeviceError> {
        self.check_place(place)?;
        let most = self.limits.panel_steps;
        self.within("panel length", panel.k(), panel.k() <= most, || format!("at most {most}"))?;
        self.panels[side as usize][place] = Some(panel);
        Ok(())
    }

    /// Both panels of a descriptor that the device can do, when so many are outstanding.
    ///
    /// # Errors
    /// [`DeviceError::QueueFull`], [`DeviceError::NoPanel`], or [`DeviceError::Unsupported`] with the value and its limit.
    pub fn panels_of(
        &self,
        descriptor: &Descriptor,
        outstanding: usize,
    ) -> Result<[Arc<Panel>; 2], DeviceError> {
        if outstanding >= self.limits.queue {
            return Err(DeviceError::QueueFull(outstanding));
        }
        let a = self.get(Side::A, descriptor.a_panel)?;
        let b = self.get(Side::B, descriptor.b_panel)?;
        self.check([&a, &b], descriptor.steps, descriptor.chunk_steps)?;
        Ok([a, b])
    }

    /// Whether the device can multiply these panels in such chunks.
    ///
    /// # Errors
    /// [`DeviceError::Unsupported`] with the value and its limit.
    pub fn check<'a>(
        &self,
        panels: impl IntoIterator<Item = &'a Arc<Panel>>,
        steps: usize,
        chunk: usize,
    ) -> Result<(), DeviceError> {
        for panel in panels {
            let k = panel.k();
            self.within("steps", steps, steps == k, || format!("the {k} of its panel"))?;
        }
        let Limits { panel_steps, chunk_steps_max, steps_multiple, chunk_steps_min, .. } =
            self.limits;
        let bounds = [
            ("steps", steps, steps_multiple, panel_steps),
            ("chunk", chunk, chunk_steps_min, chunk_steps_max),
        ];
        for (what, value, least, most) in bounds {
            let fits = (least..=most).contains(&value) && value.is_multiple_of(least);
            self.within(what, value, fits, || match least {
                1 => format!("1 to {most}"),
                _ => format!("{least} to {most}, a multiple of {least}"),
            })?;
        }
        Ok(())
    }

    /// The same of a grid, which may have so many tiles, and panels a side.
    ///
    /// # Errors
    /// [`DeviceError::Unsupported`] with the value and its limit.
    pub fn check_grid(&self, grid: &Grid, tiles: usize, panels: usize) -> Result<(), DeviceError> {
        let fits = (1..=tiles).contains(&grid.tiles());
        self.within("tiles of a grid", grid.tiles(), fits, || format!("1 to {tiles}"))?;
        for side in [grid.a.len(), grid.b.len()] {
            let fits = side <= panels;
            self.within("panels of a grid", side, fits, || format!("at most {panels}"))?;
        }
        self.check(&grid.b, grid.steps, grid.chunk_steps)?;
        match &grid.a {
            Rows::Panels(panels) => self.check(panels, grid.steps, grid.chunk_steps),
            Rows::Job { job, .. } => {
                let k = job.a().k();
                self.within("steps", grid.steps, grid.steps == k, || format!("the {k} of its job"))
            }
        }
    }

    /// [`DeviceError::Unsupported`] with the value and its limit, unless it fits.
    ///
    /// # Errors
    /// If it doesn't.
    pub fn within(
        &self,
        what: &'static str,
        value: usize,
        fits: bool,
        limit: impl FnOnce() -> String,
    ) -> Result<(), DeviceError> {
        if fits {
            return Ok(());
        }
        let device = self.device.clone();
        let remedy = "choose another value, or another device";
        Err(DeviceError::Unsupported { device, what, value, limit: limit(), remedy })
    }

    fn get(&self, side: Side, place: usize) -> Result<Arc<Panel>, DeviceError> {
        self.check_place(place)?;
        let panel = self.panels[side as usize][place].clone();
        panel.ok_or(DeviceError::NoPanel { side, panel: place })
    }

    fn check_place(&self, place: usize) -> Result<(), DeviceError> {
        let most = self.limits.panels - 1;
        self.within("panel", place, place <= most, || format!("at most {most}"))
    }
}
