#!/bin/sh
# Exit codes: ends with the code that it is told, by INPUT_CODE (inputFormat env) or by its first
# argument (inputFormat args). exitCodes says what a code means; one that is in no list is a failure:
#   "exitCodes": { "success": [0], "retry": [75] }
code=${INPUT_CODE:-${1:-0}}
echo "exiting with $code"
exit "$code"
