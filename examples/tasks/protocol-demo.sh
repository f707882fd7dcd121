#!/bin/sh
# The commands that a program gives in its output: lines of `::command key=value::message` on
# standard output. All other lines are output.
echo "this line is output"

# A message, with a level: debug, info, warn or error.
echo "::log level=info::starting"

# How far it is, for status and progress bars.
for percent in 0 50 100; do
  echo "::progress percent=$percent::step $percent"
done

# A sign of life, for work that says nothing for long.
echo "::heartbeat::"

# What the next attempt is to know: it finds this in STATE_CURSOR.
echo "::set-state key=cursor::${STATE_CURSOR:-0}1"

# Named results, beside the output. A value may hold anything but a line break.
echo "::set-output key=url::http://localhost:8080/?a=b::c"

echo "::log level=warn::nearly done"
