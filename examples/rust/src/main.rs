// SPDX-License-Identifier: MIT
use std::time::{SystemTime, UNIX_EPOCH};

fn main() {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64());
    let age = moon::age(now);
    println!("{} ({age:.1} days old)", moon::phase(age));
}
