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

    # A request with an empty session begins one. The reply has its token: the newest version it has seen of the key.
    written = await ask("dynats.put", key="cart/7", value="apples", level="ONE", session="")
    token = written["session"]
    print("the token has the write:", len(token) > 0)

    # At ONE a single owner answers. Within the session it is never one that has missed the write: if its copy is older
    # than the token says, another owner is asked. The token is text: whoever has it goes on with the session.
    for node in ["n0", "n1", "n2", "n3"]:
        read = await ask(f"dynats.node.{node}.get", key="cart/7", level="ONE", session=token)
        print(f"through {node}: {read['value']}")

    # A reply has the token to go on with.
    print("goes on with a token:", len(read["session"]) > 0)

    await nc.close()


asyncio.run(main())
