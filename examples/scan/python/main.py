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

    for key, value in [("amsterdam", "NL"), ("berlin", "DE"), ("bern", "CH")]:
        await ask("dynats.put", key=f"city/{key}", value=value)
    await ask("dynats.put", key="town/delft", value="NL")

    # ### In order, by prefix
    # Keys come in the order of their UTF-8 bytes, a page a request. `next` of a page asks for the one behind it; the last
    # has none. Each page is a read at the level of the request: complete at QUORUM while a node is dead.
    page = {"prefix": "city/", "limit": 2}
    while True:
        reply = await ask("dynats.scan", **page)
        for record in reply["records"]:
            print(f"{record['key']} = {record['value']}")
        if "next" not in reply:
            break
        page["next"] = reply["next"]

    # ### A range
    # From a key on, up to another but without it; `keysOnly` leaves the values out.
    reply = await ask("dynats.scan", **{"from": "city/b", "to": "city/bern", "keysOnly": True})
    print(*[record["key"] for record in reply["records"]], sep="\n")

    await nc.close()


asyncio.run(main())
