#!/bin/sh
# Sends one file over HTTP and prints its receipt.
#
#   TOKEN=… sh send.sh URL FILE CONTENT_TYPE KEY
#
# KEY names this message: sending it again with the same key, after any failure, counts once.
set -eu
url=$1 file=$2 type=$3 key=$4

answer=$(curl --silent --show-error --max-time 30 \
    --retry 5 --retry-max-time 120 --retry-connrefused \
    --header "Content-Type: $type" --header "Idempotency-Key: $key" \
    ${TOKEN:+--header "Authorization: Bearer $TOKEN"} \
    --data-binary "@$file" --write-out '\n%{http_code} %header{x-receipt-id}' "$url")
status=${answer##*
}
case $status in
    "202 "*) echo "${status#202 }" ;;
    *) echo "not taken: $answer" >&2; exit 1 ;;
esac
