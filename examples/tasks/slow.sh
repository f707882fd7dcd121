#!/bin/sh
# timeoutSeconds and cancelling: takes as many seconds as INPUT_SECONDS (or the first argument) says,
# 30 if it says nothing. It tidies up when it is told to stop (SIGTERM), for which it has
# gracePeriodSeconds; then it is killed, with all that it started.
seconds=${INPUT_SECONDS:-${1:-30}}
trap 'echo "told to stop, tidying up"; trap - TERM; exit 143' TERM
second=0
while [ "$second" -lt "$seconds" ]; do
  # In the background, because a shell heeds a signal only when the program in front has ended.
  sleep 1 &
  wait $!
  second=$((second + 1))
  echo "::progress percent=$((second * 100 / seconds))::$second of $seconds s"
done
echo "done"
