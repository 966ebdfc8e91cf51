#!/bin/bash

set -eou pipefail

export NATS_URL="${NATS_URL:-nats://127.0.0.1:4222}"

# ### A bucket
# A bucket is a key space with settings of its own: here records live for an hour unless they say otherwise. Making
# one that exists with the same settings is no error.
nats req --raw dynats.bucket '{"op":"create","bucket":"logins-cli","ttlMs":3600000}'

# ### Time to live
# From its end on a record is gone for every reader. A touch lets it live on, under the same version: it cannot undo a
# newer write.
nats req --raw dynats.put '{"bucket":"logins-cli","key":"sue","value":"logged in","ttlMs":1000}'
nats req --raw dynats.touch '{"bucket":"logins-cli","key":"sue","ttlMs":2000}'
nats req --raw dynats.get '{"bucket":"logins-cli","key":"sue"}'
sleep 2
nats req --raw dynats.get '{"bucket":"logins-cli","key":"sue"}'

# ### The end
# A bucket is dropped with all that is in it.
nats req --raw dynats.bucket '{"op":"drop","bucket":"logins-cli"}'
