#!/bin/bash

set -eou pipefail

export NATS_URL="${NATS_URL:-nats://127.0.0.1:4222}"

# Each replica's log says what it has just stored, on `dynats.applied.<node>`: an entry with one or more records, or with
# a note of the replica about itself. Every write is heard once from each of its owners; n2 is one of those of key 137.
heard=$(mktemp)
nats sub --raw dynats.applied.n2 > "$heard" &
listener=$!
sleep 1

nats req --raw dynats.put '{"key":137,"value":"21"}' > /dev/null
nats req --raw dynats.delete '{"key":137}' > /dev/null
sleep 1
kill "$listener"

# The checksum covers the bytes of the entry; time and writer together are the version.
grep '"key":"137"' "$heard"
rm "$heard"
