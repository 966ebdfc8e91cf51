#!/bin/bash

set -eou pipefail

export NATS_URL="${NATS_URL:-nats://127.0.0.1:4222}"

nats req --raw dynats.batch '{"operations":[
  {"op":"put","key":"city/amsterdam","value":"NL"},
  {"op":"put","key":"city/berlin","value":"DE"},
  {"op":"put","key":"city/bern","value":"CH"},
  {"op":"put","key":"town/delft","value":"NL"}]}' > /dev/null

# ### In order, by prefix
# Keys come in the order of their UTF-8 bytes, a page a request. `next` of a page asks for the one behind it, in the same
# words; the last has none.
page=$(nats req --raw dynats.scan '{"prefix":"city/","limit":2}')
echo "$page"
next=$(sed -E 's/.*"next":(\{[^}]*\}|"[^"]*").*/\1/' <<< "$page")
nats req --raw dynats.scan '{"prefix":"city/","limit":2,"next":'"$next"'}'

# ### A range
# From a key on, up to another but without it; `keysOnly` leaves the values out.
nats req --raw dynats.scan '{"from":"city/b","to":"city/bern","keysOnly":true}'
