import { connect, Mode } from 'dynats';

// In mode `api` a node coordinates each request; in mode `direct` this program does, which saves two hops. Nothing
// else differs.
const store = await connect({
  servers: (process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222').split(','),
  mode: process.env['DYNATS_MODE'] === 'direct' ? Mode.Direct : Mode.Api,
});

await store.putMany([
  ['city/amsterdam', 'NL'],
  ['city/berlin', 'DE'],
  ['city/bern', 'CH'],
  ['town/delft', 'NL'],
]);

// ### In order, by prefix
// Keys come in the order of their UTF-8 bytes. Each page is a read at the level of the request: complete at QUORUM
// while a node is dead.
for await (const entry of store.scan({ prefix: 'city/', pageSize: 2 }))
  console.log(`${entry.key} = ${entry.string()}`);

// ### A range
// From a key on, up to another but without it; the keys alone travel without values.
for await (const key of store.keys({ from: 'city/b', to: 'city/bern' })) console.log(key);

await store.close();
