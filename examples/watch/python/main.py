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

    # Each replica's log says what it has just stored, on `dynats.applied.<node>`: an entry with one or more records. So
    # every write is heard once from each owner, in no fixed order among them. Keep what is newer, by time and writer.
    newest = {}
    seen = []
    done = asyncio.Event()

    async def on_entry(message):
        for record in json.loads(message.data)["records"]:
            key, version = record["key"], (record["time"], record["writer"])
            if not key.startswith("sensor/") or newest.get(key, (0, "")) >= version:
                continue
            newest[key] = version
            deleted = record.get("deleted", False)
            seen.append(f"delete {key}" if deleted else f"put {key} {record['value']}")
            if deleted and key == "sensor/kitchen":
                done.set()

    await nc.subscribe("dynats.applied.*", cb=on_entry)
    await nc.flush()

    # This hears no more while the connection is lost. The TypeScript client's watch reads what was missed meanwhile; here
    # a scan after a reconnect would.
    await ask("dynats.put", key="sensor/kitchen", value="21")
    await ask("dynats.put", key="sensor/attic", value="17")
    await ask("dynats.delete", key="sensor/attic")
    await ask("dynats.delete", key="sensor/kitchen")
    await asyncio.wait_for(done.wait(), 5)
    print(*seen, sep="\n")

    await nc.close()


asyncio.run(main())
