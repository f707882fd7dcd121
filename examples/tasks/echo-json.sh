#!/bin/sh
# inputFormat json_stdin and json_file, outputFormat json_stdout: the input comes as JSON, on
# standard input or in the file that INPUT_FILE names; what is printed, commands apart, is one JSON
# value and becomes the output.
echo "::log level=debug::reading ${INPUT_FILE:-standard input}"
printf '{"received": '
cat -- "${INPUT_FILE:--}"
printf '}\n'
