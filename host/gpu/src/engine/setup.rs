//! Opening a card: queue, shader, pipelines, panel memory.

use std::sync::PoisonError;

use wgpu::{
    BindGroupLayout, BindGroupLayoutEntry, BindingType, Buffer, BufferBindingType,
    BufferDescriptor, BufferUsages, ComputePipeline, Device, PipelineLayout, Queue, ShaderModule,
    ShaderStages,
};

use super::Fault;
use crate::adapter::Adapter;
use crate::error::GpuError;

/// Tiles of a workgroup, as in the shader.
pub const WORKGROUP_TILES: usize = 16;
/// Bytes of `Params` in the shader.
pub const PARAMS_BYTES: u64 = 32;

/// Panel memory of a side: enough for a product whose B is 8,192 panels of the shortest k.
const PANEL_BYTES: u64 = 256 << 20;
/// The same where it is the processor's own memory.
const PANEL_BYTES_SOFTWARE: u64 = 64 << 20;
/// Panel memory without which the longest k has too few panels.
const PANEL_BYTES_LEAST: u64 = 16 << 20;
/// Tiles of a dispatch at most.
const TILES: usize = 1 << 17;
/// The same where the processor makes them.
const TILES_SOFTWARE: usize = 1 << 14;
/// Storage buffers of the shader.
const STORAGE_BUFFERS: u32 = 6;
/// Bytes that its threads share.
const SHARED_BYTES: u32 = 4096;
/// Threads of a workgroup.
const THREADS: u32 = 64;

/// What stays for as long as a card is open.
#[derive(Debug)]
pub struct Setup {
    /// The card.
    pub device: Device,
    /// Where work goes.
    pub queue: Queue,
    /// Panel memory of A and B.
    pub panels: [Buffer; 2],
    /// What a dispatch's buffers are bound as.
    pub layout: BindGroupLayout,
    pipeline_layout: PipelineLayout,
    module: ShaderModule,
    tiles: usize,
    panel_bytes: u64,
}

impl Setup {
    pub fn new(adapter: &Adapter, handle: &wgpu::Adapter, fault: &Fault) -> Result<Self, GpuError> {
        let limits = handle.limits();
        let name = || adapter.name.clone();
        for (what, has, needs) in [
            (
                "storage buffers of a shader",
                u64::from(limits.max_storage_buffers_per_shader_stage),
                u64::from(STORAGE_BUFFERS),
            ),
            (
                "bytes of a workgroup's memory",
                u64::from(limits.max_compute_workgroup_storage_size),
                u64::from(SHARED_BYTES),
            ),
            (
                "threads of a workgroup",
                u64::from(limits.max_compute_invocations_per_workgroup),
                u64::from(THREADS),
            ),
            ("bytes of a buffer", adapter.binding_bytes, PANEL_BYTES_LEAST),
        ] {
            if has < needs {
                return Err(GpuError::TooSmall { name: name(), what, has, needs });
            }
        }
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("gemmine"),
            required_limits: limits,
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..Default::default()
        };
        let (device, queue) = pollster::block_on(handle.request_device(&descriptor))
            .map_err(|error| GpuError::Open { name: name(), why: error.to_string() })?;
        listen(&device, fault);
        let (most, tiles) = if adapter.is_software() {
            (PANEL_BYTES_SOFTWARE, TILES_SOFTWARE)
        } else {
            (PANEL_BYTES, TILES)
        };
        // Places of panels are counted in whole groups of 64 bytes.
        let panel_bytes = most.min(adapter.binding_bytes) & !63;
        let panels = ["panels of A", "panels of B"].map(|label| {
            let usage = BufferUsages::STORAGE | BufferUsages::COPY_DST;
            buffer(&device, label, panel_bytes, usage)
        });
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: None,
            entries: &[
                entry(0, BufferBindingType::Storage { read_only: true }),
                entry(1, BufferBindingType::Storage { read_only: true }),
                entry(2, BufferBindingType::Storage { read_only: true }),
                entry(3, BufferBindingType::Uniform),
                entry(4, BufferBindingType::Storage { read_only: false }),
                entry(5, BufferBindingType::Storage { read_only: false }),
                entry(6, BufferBindingType::Storage { read_only: true }),
            ],
        });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: None,
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("tiles"),
            source: wgpu::ShaderSource::Wgsl(include_str!("../tiles.wgsl").into()),
        });
        Ok(Self { device, queue, panels, layout, pipeline_layout, module, tiles, panel_bytes })
    }

    /// Tiles of a dispatch at most.
    pub fn tiles(&self) -> usize {
        self.tiles
    }

    /// Bytes of a side's panel memory.
    pub fn panel_bytes(&self) -> u64 {
        self.panel_bytes
    }

    /// The shader, for signed or unsigned bytes of A.
    pub fn pipeline(&self, unsigned_a: bool) -> ComputePipeline {
        let constants = [("UNSIGNED_A", f64::from(u8::from(unsigned_a)))];
        self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some("tiles"),
            layout: Some(&self.pipeline_layout),
            module: &self.module,
            entry_point: Some("make_tiles"),
            compilation_options: wgpu::PipelineCompilationOptions {
                constants: &constants,
                ..Default::default()
            },
            cache: None,
        })
    }
}

/// A buffer with a name.
pub fn buffer(device: &Device, label: &str, size: u64, usage: BufferUsages) -> Buffer {
    let label = Some(label);
    device.create_buffer(&BufferDescriptor { label, size, usage, mapped_at_creation: false })
}

fn entry(binding: u32, ty: BufferBindingType) -> BindGroupLayoutEntry {
    BindGroupLayoutEntry {
        binding,
        visibility: ShaderStages::COMPUTE,
        ty: BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None },
        count: None,
    }
}

/// Keeps the first error that the library tells of, which would otherwise be a panic.
fn listen(device: &Device, fault: &Fault) {
    let keep = |fault: &Fault, text: String| {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(text);
    };
    let told = Fault::clone(fault);
    device.on_uncaptured_error(std::sync::Arc::new(move |error: wgpu::Error| {
        let text = match &error {
            wgpu::Error::OutOfMemory { .. } => {
                "it is out of memory; end other programs that use it".to_owned()
            }
            other => other.to_string(),
        };
        keep(&told, text);
    }));
    let told = Fault::clone(fault);
    device.set_device_lost_callback(move |reason, text| {
        keep(
            &told,
            format!("it was lost ({reason:?}): {text}; see the system's log, and open it again"),
        );
    });
}
