//! Why there is no graphics processor to be had, or no more.

use std::time::Duration;

/// Why a graphics processor can't be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GpuError {
    /// Vulkan knows none.
    #[error(
        "no Vulkan loader or no Vulkan driver finds a graphics processor; install the card's driver and libvulkan1, \
         or, to try the path on the processor, Debian's mesa-vulkan-drivers"
    )]
    None,
    /// None is called so.
    #[error("no graphics processor {choice:?}; there are: {}", .there.join(", "))]
    NotFound {
        /// What was asked for.
        choice: String,
        /// Those that there are, with their numbers.
        there: Vec<String>,
    },
    /// Several are called so.
    #[error("{choice:?} names several graphics processors: {}; give a number, such as gpu:0", .alike.join(", "))]
    Ambiguous {
        /// What was asked for.
        choice: String,
        /// Those that are called so, with their numbers.
        alike: Vec<String>,
    },
    /// The driver does not give it.
    #[error(
        "graphics processor {name} can't be opened: {why}; look whether its driver is whole, with vulkaninfo"
    )]
    Open {
        /// Its name.
        name: String,
        /// What the driver says.
        why: String,
    },
    /// The driver says nothing.
    #[error(
        "the Vulkan driver has not answered for {} s while {doing}; look into the system's log, or choose another \
         driver with VK_DRIVER_FILES",
        .waited.as_secs()
    )]
    Silent {
        /// What it was asked.
        doing: &'static str,
        /// For how long.
        waited: Duration,
    },
    /// It can't do what is needed.
    #[error(
        "graphics processor {name} has {what} {has}, and {needs} are needed; use another device"
    )]
    TooSmall {
        /// Its name.
        name: String,
        /// The quantity.
        what: &'static str,
        /// What it has.
        has: u64,
        /// What is needed.
        needs: u64,
    },
    /// It was there, and failed.
    #[error("{0}")]
    Failed(String),
}
