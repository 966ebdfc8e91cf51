import asyncio
import base64
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

    # ### Text
    # `put` is answered once two of the key's three owners have the value in their logs on disk: the level is QUORUM
    # unless the request or the bucket says otherwise.
    await ask("dynats.put", key="profile/sue", value="blue")
    first = await ask("dynats.get", key="profile/sue")
    print(f"{first['key']}: {first['value']}")

    # Every write has a version. It is opaque: two equal versions are the same write.
    await ask("dynats.put", key="profile/sue", value="green")
    second = await ask("dynats.get", key="profile/sue")
    print(f"{second['key']}: {second['value']}, newer: {second['version'] != first['version']}")

    # ### Bytes
    # Bytes travel as base64, in a field of that name.
    photo = base64.b64encode(bytes([0, 255, 10])).decode()
    await ask("dynats.put", key="profile/photo", base64=photo)
    stored = await ask("dynats.get", key="profile/photo")
    print("photo:", *base64.b64decode(stored["base64"]))

    # ### Delete
    # A deleted key is absent, and absence is an answer, not an error.
    await ask("dynats.delete", key="profile/sue")
    print("after delete, found:", (await ask("dynats.get", key="profile/sue"))["found"])

    await nc.close()


asyncio.run(main())
