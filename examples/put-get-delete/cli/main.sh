#!/bin/bash

set -eou pipefail

export NATS_URL="${NATS_URL:-nats://127.0.0.1:4222}"

# ### Text
# `dynats.put` is answered once two of the key's three owners have the value in their logs on disk: the level is QUORUM
# unless the request or the bucket says otherwise. Any node takes the request.
nats req --raw dynats.put '{"key":"profile/sue","value":"blue"}'
nats req --raw dynats.get '{"key":"profile/sue"}'

# ### Bytes
# Bytes travel as base64, in a field of that name.
nats req --raw dynats.put '{"key":"profile/photo","base64":"AP8K"}'
nats req --raw dynats.get '{"key":"profile/photo"}'

# ### Delete
# A deleted key is absent, and absence is an answer, not an error.
nats req --raw dynats.delete '{"key":"profile/sue"}'
nats req --raw dynats.get '{"key":"profile/sue"}'
