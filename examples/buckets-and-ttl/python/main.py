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

    # ### A bucket
    # A bucket is a key space with settings of its own: here records live for an hour unless they say otherwise. Making
    # one that exists with the same settings is no error.
    made = await ask("dynats.bucket", op="create", bucket="logins-py", ttlMs=3_600_000)
    bucket = made["buckets"][0]
    print(f"records live for {bucket['ttlMs']} ms on {bucket['replicationFactor']} nodes")

    # ### Time to live
    # From its end on a record is gone for every reader.
    await ask("dynats.put", bucket="logins-py", key="sue", value="logged in", ttlMs=400)
    print("sue:", (await ask("dynats.get", bucket="logins-py", key="sue"))["value"])

    # A touch lets it live on, under the same version: it cannot undo a newer write.
    touched = await ask("dynats.touch", bucket="logins-py", key="sue", ttlMs=800)
    print("touched:", touched["found"])

    async def gone():
        while (await ask("dynats.get", bucket="logins-py", key="sue"))["found"]:
            pass

    await asyncio.wait_for(gone(), 10)
    print("later, found:", (await ask("dynats.get", bucket="logins-py", key="sue"))["found"])

    # ### The end
    # A bucket is dropped with all that is in it.
    await ask("dynats.bucket", op="drop", bucket="logins-py")
    names = [each["name"] for each in (await ask("dynats.bucket", op="ls"))["buckets"]]
    print("dropped:", "logins-py" not in names)

    await nc.close()


asyncio.run(main())
