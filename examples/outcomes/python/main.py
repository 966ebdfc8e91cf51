import asyncio
import json
import secrets
import time
import os

import nats

SERVERS = os.environ.get("NATS_URL", "nats://127.0.0.1:4222").split(",")


async def main():
    nc = await nats.connect(SERVERS)

    # Requests and replies are JSON. Any node takes them, since all of them answer `dynats.put` and the like in one
    # queue group.
    async def ask(subject, **request):
        reply = await nc.request(subject, json.dumps(request).encode(), timeout=5)
        return json.loads(reply.data)

    # ### A receipt
    # Key 137 belongs to n2, n3 and n0, and n2 is dead. QUORUM does without it. A traced request brings a receipt: who
    # stored it, and who keeps a hint for the dead owner.
    #
    # `time` and `writer` together are the version. A client that chooses them can repeat a request without making it a
    # second write: `time` is microseconds since 1970, `writer` is new at every start and never issues a time twice. A
    # clock that is behind makes a write that loses to what is there; left out, both are the node's.
    write = {
        "key": 137,
        "value": "first",
        "level": "QUORUM",
        "time": time.time_ns() // 1000,
        "writer": f"client~{secrets.token_hex(4)}",
    }
    reply = await ask("dynats.put", **write, trace=True)
    receipt = reply["receipt"]
    print(f"put @ {reply['level']}: {receipt['why']}")
    state = next(owner["state"] for owner in receipt["owners"] if owner["node"] == "n2")
    print(f"n2 was {state}, hints: {[hint['target'] for hint in receipt['hints']]}")

    # ### Unavailable: nothing happened
    # Too few owners are alive for ALL. That is known before anything is sent, so the effect is `none`: just try again.
    error = (await ask("dynats.put", key=137, value="second", level="ALL"))["error"]
    print(f"{error['code']}: {error['alive']} of {error['required']} owners alive, effect {error['effect']}")
    print("still:", (await ask("dynats.get", key=137))["value"])

    # ### Unknown: repeat it under its version, or ask
    # WRITE_TIMEOUT, or no reply at all, means that the write may have been stored. Sent again, it is the same write.
    again = await ask("dynats.put", **write)
    print("the same write:", again["version"] == reply["version"])

    # Every node tells what it knows of one version of a key.
    for node in ["n0", "n1", "n3"]:
        known = await ask(f"dynats.node.{node}.outcome", key=137, version=reply["version"])
        print(f"{node} holds it: {known['held'] == reply['version']}, has a hint for: {known['hinted']}")

    await nc.close()


asyncio.run(main())
