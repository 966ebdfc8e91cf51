#!/bin/bash

set -eou pipefail

export NATS_URL="${NATS_URL:-nats://127.0.0.1:4222}"

# An empty session begins one. The reply has its token: the newest version it has seen of the key.
reply=$(nats req --raw dynats.put '{"key":"cart/7","value":"apples","level":"ONE","session":""}')
token=$(sed -E 's/.*"session":"([^"]*)".*/\1/' <<< "$reply")

# At ONE a single owner answers. Within the session it is never one that has missed the write: if its copy is older
# than the token says, another owner is asked. The token is text: whoever has it goes on with the session.
for node in n0 n1 n2 n3; do
  nats req --raw "dynats.node.$node.get" '{"key":"cart/7","level":"ONE","session":"'"$token"'"}'
done
