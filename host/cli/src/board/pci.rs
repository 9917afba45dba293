//! A virtual PCI device on a vfio-user socket.

use std::path::Path;

use anyhow::{Context, Result, bail};
use gemmine_sim::AcceleratorConfig;
use gemmine_sim::memory::model::ModelMemory;
use gemmine_sim::memory::vfio_user::VfioUserSocket;
use gemmine_sim::memory::{MemoryConfig, MemoryDevice};
use gemmine_sim::verilator::{Tools, VerilatedMemory};

use crate::args::{BoardArgs, BoardEngine};
use crate::display::spinner;
use crate::outcome::Outcome;
use crate::{display, interrupt, note, print_line};

/// A device that has just been powered up.
fn power_up(args: &BoardArgs) -> Result<Box<dyn MemoryDevice>> {
    let accelerator = AcceleratorConfig {
        clock_hz: args.clock,
        engines: args.engines.into(),
        noise: args.noise,
        ..AcceleratorConfig::new(args.geometry)
    };
    let config = MemoryConfig { accelerator, latency: args.host_latency };
    Ok(match args.engine {
        BoardEngine::Model => Box::new(ModelMemory::new(config)?),
        BoardEngine::Verilator => Box::new(VerilatedMemory::new(&Tools::find()?, config)?),
        BoardEngine::Rtl => {
            bail!("`--engine rtl` has no PCI device; give `--engine model` or `--engine verilator`")
        }
    })
}

/// Serves it until Ctrl-C.
pub fn serve(args: &BoardArgs, path: &Path) -> Result<Outcome> {
    // A name that is taken shows before a minute of compilation.
    let socket = VfioUserSocket::bind(path)?;
    let spinner = spinner(false);
    spinner.set_message(format!("powering up a PCI device of {}", args.geometry));
    let device =
        power_up(args).with_context(|| format!("power up a PCI device of {}", args.geometry))?;
    spinner.finish_and_clear();
    interrupt::catch()?;
    print_line(&path.display().to_string())?;
    let description = device.description();
    note(&format!(
        "{} {} at {}Hz, memory of the host {} cycles away, on {}; Ctrl-C ends it",
        description.engine,
        args.geometry,
        display::si(args.clock.into()),
        args.host_latency,
        path.display()
    ));
    let faults = args.fault.unwrap_or_default();
    let served = socket.serve(device, faults, &mut note, &mut interrupt::requested);
    let served = match served {
        Ok(served) => served,
        // A simulation in a process of its own dies of a terminal's Ctrl-C, too.
        Err(_) if interrupt::behind_a_failure() => return Ok(Outcome::Yes),
        Err(error) => return Err(error).with_context(|| format!("serve {}", path.display())),
    };
    note(&format!(
        "{}, {} accesses, {} and {} that went nowhere; {} simulated",
        display::counted(served.clients, "client"),
        display::grouped(served.accesses),
        display::counted(served.interrupts, "interrupt"),
        display::grouped(served.interrupts_lost),
        display::counted(served.cycles, "cycle")
    ));
    Ok(Outcome::Yes)
}
