//! Names of columns as meters' programs write them.

use super::*;

fn find(names: &[&str]) -> Result<Columns, String> {
    Columns::find(names).map_err(|error| error.to_string())
}

fn column(place: usize, scale: f64) -> Column {
    Column { place, scale }
}

#[test]
fn tables_of_meters_are_understood() {
    // A Joulescope's export.
    let columns = find(&["time (s)", "current (A)", "voltage (V)"]).unwrap();
    assert_eq!(columns.time, column(0, 1.0));
    assert_eq!(columns.energy, Energy::Product(column(2, 1.0), column(1, 1.0)));
    // An INA226 behind a microcontroller: two voltages, but power as well.
    let names = ["timestamp_ms", "shunt_voltage_mV", "bus_voltage_mV", "current_mA", "power_mW"];
    let columns = find(&names).unwrap();
    assert_eq!((columns.time, columns.energy), (column(0, 1e-3), Energy::Power(column(4, 1e-3))));
    // A USB meter's logger: a count of energy is better than either.
    let names =
        "timestamp sample_in_packet voltage_V current_A dp_V dn_V temp_C_ema energy_Ws capacity_As";
    let columns = find(&names.split(' ').collect::<Vec<_>>()).unwrap();
    assert_eq!((columns.time, columns.energy), (column(0, 1.0), Energy::Count(column(7, 1.0))));
    let columns = find(&["Time [ms]", "P [uW]"]).unwrap();
    assert_eq!((columns.time, columns.energy), (column(0, 1e-3), Energy::Power(column(1, 1e-6))));
    let columns = find(&["timestamp (unix seconds)", "amps", "voltage_v"]).unwrap();
    assert_eq!(columns.energy, Energy::Product(column(2, 1.0), column(1, 1.0)));
    let columns = find(&["Time(h)", "Energy(mWh)"]).unwrap();
    assert_eq!(columns.time.scale, 3600.0);
    assert_eq!(columns.energy, Energy::Count(column(1, 3.6)));
}

#[test]
fn what_is_missing_or_stands_twice_is_named() {
    let error = find(&["time", "voltage_V", "temperature"]).unwrap_err();
    assert!(error.contains("power, energy, or voltage and current"), "{error}");
    assert!(error.contains("time, voltage_V, temperature"), "{error}");
    let error = find(&["power_W"]).unwrap_err();
    assert!(error.contains("a time"), "{error}");
    let error = find(&["time", "power_in_W", "power_out_W"]).unwrap_err();
    assert!(error.contains("power_in_W") && error.contains("power_out_W"), "{error}");
    // A unit that nobody knows is no column: 1000 times too much would go unseen.
    assert!(find(&["time (s)", "power (dBm)"]).is_err());
    // Nothing of them that a terminal would obey, and not all of a long line.
    let long = "x\u{1b}[31m".repeat(1000);
    for names in [["time", long.as_str()], ["power_W", long.as_str()]] {
        let error = find(&names).unwrap_err();
        assert!(error.len() < 300 && !error.contains(char::is_control), "{error:?}");
    }
    let power = format!("power {long}");
    let error = find(&["time", power.as_str(), power.as_str()]).unwrap_err();
    assert!(error.len() < 600 && !error.contains("\\u"), "{error}");
}
