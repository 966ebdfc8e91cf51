#!/bin/bash

set -eou pipefail

export NATS_URL="${NATS_URL:-nats://127.0.0.1:4222}"

# Every write goes to all owners that are up. The level says how many acks are waited for.
nats req --raw dynats.put '{"key":"stock/apples","value":"5","level":"ONE"}'
nats req --raw dynats.put '{"key":"stock/apples","value":"6","level":"QUORUM"}'
nats req --raw dynats.put '{"key":"stock/apples","value":"7","level":"ALL"}'

# A read asks as many owners as its level needs, and answers with the newest version among them.
nats req --raw dynats.get '{"key":"stock/apples","level":"ONE"}'
nats req --raw dynats.get '{"key":"stock/apples","level":"QUORUM"}'
nats req --raw dynats.get '{"key":"stock/apples","level":"ALL"}'

# ANY is for writes: a hint on disk is enough for it. A bad request is answered with an error that names its field.
# (The command ends with exit code 0 all the same: look at the answer.)
nats req --raw dynats.get '{"key":"stock/apples","level":"ANY"}'
