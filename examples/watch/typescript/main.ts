import { connect, Mode } from 'dynats';

// In mode `api` a node coordinates each request; in mode `direct` this program does, which saves two hops. Nothing
// else differs.
const store = await connect({
  servers: (process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222').split(','),
  mode: process.env['DYNATS_MODE'] === 'direct' ? Mode.Direct : Mode.Api,
});

// What is there comes first, then every newer version, each once and each key's in order, through the death of nodes
// and lost connections. `updates` leaves out what is there.
await store.put('sensor/kitchen', '20');
const watch = await store.watch({ prefix: 'sensor/' });

async function write(): Promise<void> {
  await store.put('sensor/kitchen', '21');
  await store.put('sensor/attic', '17');
  await store.delete('sensor/attic');
  await store.delete('sensor/kitchen');
}

// Leaving the loop ends the watch.
for await (const { kind, key, entry, isUpdate } of watch) {
  console.log(`${isUpdate ? 'new' : 'was there'}: ${kind} ${key} ${entry?.string() ?? ''}`.trim());
  if (!isUpdate) await write();
  if (kind === 'delete' && key === 'sensor/kitchen') break;
}

await store.close();
