//! Whether a device was made of an image that this gemmine knows.

use std::path::Path;

use gemmine_driver::Identity;
use gemmine_flow::Manifest;

/// Whether the manifest knows the device's BUILD; none of what is not a board.
///
/// A device in this process has no BUILD, and what is behind a pseudo-terminal is a simulation, such as
/// `gemmine board`: those are made of this program's own sources, whatever the images are made of.
pub fn known(identity: &Identity, port: &str) -> Option<bool> {
    if !identity.is_external() || is_pseudo_terminal(Path::new(port)) {
        return None;
    }
    Some(Manifest::embedded().is_ok_and(|manifest| manifest.knows(identity.build)))
}

/// What to say of a device that was made of no known image.
pub fn warning(identity: &Identity, port: &str) -> Option<String> {
    (known(identity, port) == Some(false)).then(|| {
        format!(
            "warning: the device behind {port} has BUILD {:08x}, which is of no image in this gemmine's \
             bitstreams/MANIFEST.toml; if it is not one that you have built yourself, put a listed one onto \
             the board with `gemmine flash`, or use the gemmine that its image came with",
            identity.build
        )
    })
}

/// Whether a port is a pseudo-terminal: what is behind one is a program.
pub fn is_pseudo_terminal(port: &Path) -> bool {
    port.canonicalize().is_ok_and(|port| port.starts_with("/dev/pts"))
}

#[cfg(test)]
mod tests {
    use gemmine_driver::{Device, DeviceKind, EngineKind, Simulated};
    use gemmine_hdl::Geometry;

    use super::*;

    fn identity(kind: DeviceKind, build: u32) -> Identity {
        let model = Simulated::new(EngineKind::Model, Geometry::new(2, 2)).unwrap();
        Identity { kind, build, ..model.identity().clone() }
    }

    #[test]
    fn a_board_of_an_unknown_image_is_named_with_what_to_do() {
        // No image has it: a device's BUILD is the hash of a text with a BUILD of 0.
        let text = warning(&identity(DeviceKind::External, 0), "/dev/ttyUSB1").unwrap();
        assert!(text.starts_with("warning: the device behind /dev/ttyUSB1 has BUILD 00000000"));
        assert!(text.contains("gemmine flash"), "{text}");
        assert_eq!(warning(&identity(DeviceKind::Simulation, 0), "/dev/ttyUSB1"), None);
    }

    #[test]
    fn a_board_of_a_listed_image_is_known() {
        for image in Manifest::embedded().unwrap().images {
            let build = u32::from_str_radix(&image.build, 16).unwrap();
            assert_eq!(
                warning(&identity(DeviceKind::External, build), "/dev/ttyUSB1"),
                None,
                "{}",
                image.board
            );
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_is_behind_a_pseudo_terminal_is_no_board() {
        let terminal = gemmine_sim::board::pty::Terminal::open(9600).unwrap();
        let path = terminal.path().to_str().unwrap();
        assert_eq!(warning(&identity(DeviceKind::External, 0), path), None, "{path}");
    }
}
