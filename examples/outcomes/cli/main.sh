#!/bin/bash

set -eou pipefail

export NATS_URL="${NATS_URL:-nats://127.0.0.1:4222}"

# ### A receipt
# Key 137 belongs to n2, n3 and n0, and n2 is dead. QUORUM does without it. A traced request brings a receipt: who
# stored it, and who keeps a hint for the dead owner.
nats req --raw dynats.node.n0.put '{"key":137,"value":"first","trace":true}'

# ### Unavailable: nothing happened
# Too few owners are alive for ALL. That is known before anything is sent, so the effect is `none`: just try again.
nats req --raw dynats.put '{"key":137,"value":"second","level":"ALL"}'
nats req --raw dynats.get '{"key":137}'

# ### Unknown: repeat it under its version, or ask
# WRITE_TIMEOUT, or no reply at all, means that the write may have been stored. With `time` (microseconds since 1970)
# and `writer` (new at every start) the request brings its own version: sent again, it is the same write. (Bash 5 knows
# the time to the microsecond. A clock that is behind makes a write that loses to what is there.)
time=${EPOCHREALTIME/[.,]/}
writer="client~$RANDOM$RANDOM"
write='{"key":137,"value":"third","time":'$time',"writer":"'$writer'"}'
nats req --raw dynats.put "$write"
nats req --raw dynats.put "$write"

# Every node tells what it knows of one version of a key: n3 holds it, n1 keeps the hint for n2.
nats req --raw dynats.node.n3.outcome '{"key":137,"version":"'"$time@$writer"'"}'
nats req --raw dynats.node.n1.outcome '{"key":137,"version":"'"$time@$writer"'"}'
