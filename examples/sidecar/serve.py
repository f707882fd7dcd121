#!/usr/bin/env python3
"""Serves the site on the port that it is told."""

import argparse

from web.site import serve

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, default=8000)
serve(parser.parse_args().port)
