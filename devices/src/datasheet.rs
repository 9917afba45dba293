//! The datasheet, as text made from the sources: what a hardware team or the author of a driver reads.
//!
//! Constants, tables, pictures and counts come from the modules that own them, so the datasheet can't
//! say anything else than the RTL does. `hdl/DATASHEET.md` is this text; a test fails when it is not.

mod device;
mod figures;
mod life;
mod link;
mod map;
mod pcie;
mod timing;

use gemmine_hdl::devices::{DEVICES, PANEL_WORD_BITS};
use gemmine_hdl::emit::EmissionError;
use gemmine_hdl::geometry::Geometry;
use gemmine_hdl::identity::Build;
use gemmine_hdl::resources::{Modules, Resources};

use crate::{device_text, top};

pub use pcie::guide as pcie_guide;

/// Modules that have a picture, in the order of the texts.
pub fn pictures() -> impl Iterator<Item = &'static str> {
    timing::PICTURES.iter().chain(timing::LINK_PICTURES).map(|(module, _, _)| *module)
}

/// A device that is built, and what was counted in its Verilog.
struct Device {
    geometry: Geometry,
    resources: Resources,
    /// The same by part, those of the accelerator behind those around it.
    parts: Vec<(String, Resources)>,
}

impl Device {
    fn new(geometry: Geometry) -> Result<Self, EmissionError> {
        let verilog = device_text(geometry, Build::default())?;
        let modules = Modules::new(&verilog);
        let top = top(geometry);
        let parts = modules.parts(&top).into_iter().chain(modules.parts("gemmine_accelerator"));
        let parts = parts.map(|(part, resources)| (part.to_owned(), resources)).collect();
        Ok(Self { geometry, resources: modules.resources(&top), parts })
    }
}

const HEAD: &str = "\
# gemmine: datasheet of the device

Made from the sources in [`src`](src/lib.rs) by [`datasheet.rs`](../devices/src/datasheet.rs). Do not edit it: change
the source, and run `UPDATE_EXPECT=1 cargo test -p gemmine-devices`, behind the same of `gemmine-hdl` if a picture of
section 5 changes. A test fails when this file is stale.

1. [The device](#1-the-device)
2. [Address map](#2-address-map)
3. [Serial link](#3-serial-link)
4. [Life of a tile](#4-life-of-a-tile)
5. [Timing](#5-timing)
6. [Figures](#6-figures)

Words: a *PE* multiplies a pair of operands a cycle; the *array* has P rows and Q columns of them. A *tile*
is a 16 x 16 block of the product A' B', a *panel* the 16 rows of A' or columns of B' that it needs, a
*step* one of the k products that each of its sums has, a *chunk* r steps. The *fold* is the XOR of all
256 sums at a chunk's end; the *ticket* is the hash of a tile's folds, and a *hit* if it is at most the
bound of its *job*. Bits are written (high:low); times are clock cycles; words are 32 bits.
";

/// The datasheet, in Markdown.
///
/// # Errors
/// Never with the devices that are built.
pub fn datasheet() -> Result<String, EmissionError> {
    // Those for boards with less memory differ in nothing else.
    let full = DEVICES.iter().filter(|(_, word_bits)| *word_bits == PANEL_WORD_BITS);
    let devices: Result<Vec<Device>, EmissionError> =
        full.map(|&(geometry, _)| Device::new(geometry)).collect();
    let devices = devices?;
    let sections = [
        HEAD.to_owned(),
        device::section(&devices),
        map::section(),
        link::section(),
        life::section(&devices),
        timing::section(),
        figures::section(&devices),
    ];
    Ok(sections.join("\n"))
}
