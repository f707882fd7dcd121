#!/bin/sh
echo "attempt $POLTERGEIST_ATTEMPT"
exit 75
