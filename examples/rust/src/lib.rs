// SPDX-License-Identifier: MIT
//! The phase of the moon, to about half a day.

/// Days from one new moon to the next, on average.
pub const MONTH: f64 = 29.530_588;
/// A new moon, in seconds since 1970: 2000-01-06 18:14 UTC.
const NEW_MOON: f64 = 947_182_440.0;

/// Days since the last new moon, for a time in seconds since 1970.
pub fn age(seconds: f64) -> f64 {
    ((seconds - NEW_MOON) / 86_400.0).rem_euclid(MONTH)
}

/// The name of the phase at an age in days.
pub fn phase(age: f64) -> &'static str {
    const NAMES: [&str; 8] = [
        "new moon",
        "waxing crescent",
        "first quarter",
        "waxing gibbous",
        "full moon",
        "waning gibbous",
        "last quarter",
        "waning crescent",
    ];
    NAMES[((age / MONTH * 8.0).round() as usize) % NAMES.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_moon_is_new() {
        assert_eq!(phase(age(NEW_MOON)), "new moon");
    }

    #[test]
    fn half_a_month_later_it_is_full() {
        assert_eq!(phase(age(NEW_MOON + MONTH / 2.0 * 86_400.0)), "full moon");
    }

    #[test]
    fn times_before_the_first_one_count_too() {
        assert!((0.0..MONTH).contains(&age(0.0)));
    }
}
