import asyncio
import json
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

    # Every write goes to all owners that are up. The level says how many acks are waited for.
    for level in ["ONE", "QUORUM", "ALL"]:
        reply = await ask("dynats.put", key="stock/apples", value=f"counted at {level}", level=level)
        enough = reply["acked"] >= reply["required"]
        print(f"put @ {reply['level']}: {reply['required']} required, enough: {enough}")

    # A read asks as many owners as its level needs, and answers with the newest version among them. QUORUM reads see
    # what QUORUM writes stored, since any two owners of three share one with any other two.
    for level in ["ONE", "QUORUM", "ALL"]:
        reply = await ask("dynats.get", key="stock/apples", level=level)
        print(f"get @ {reply['level']}: {reply['received']} of {reply['required']} answered: {reply['value']}")

    # ANY is for writes: a hint on disk is enough for it. A bad request is answered with an error that names its field.
    reply = await ask("dynats.get", key="stock/apples", level="ANY")
    print(f"{reply['error']['code']}, field {reply['error']['field']}")

    await nc.close()


asyncio.run(main())
