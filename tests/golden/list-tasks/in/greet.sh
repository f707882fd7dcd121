#!/bin/sh
echo "Hello, $INPUT_NAME ($*)"
echo '::progress percent=50::half way'
echo '::set-output key=name::Alice'
echo '::log level=warn::the token is '"$API_TOKEN"
