import { connect, Mode } from 'dynats';

// In mode `api` a node coordinates each request; in mode `direct` this program does, which saves two hops. Nothing
// else differs.
const store = await connect({
  servers: (process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222').split(','),
  mode: process.env['DYNATS_MODE'] === 'direct' ? Mode.Direct : Mode.Api,
});

// ### A bucket
// A bucket is a key space with settings of its own: here records live for an hour unless they say otherwise. Making
// one that exists with the same settings is no error.
const bucket = `logins-ts-${process.env['DYNATS_MODE'] ?? 'api'}`;
const { ttlMs, replicationFactor } = await store.buckets.create(bucket, { ttlMs: 3_600_000 });
console.log(`records live for ${ttlMs} ms on ${replicationFactor} nodes`);

// ### Time to live
// From its end on a record is gone for every reader.
await store.put('sue', 'logged in', { bucket, ttlMs: 400 });
console.log('sue:', (await store.get('sue', { bucket }))?.string());

// A touch lets it live on, under the same version: it cannot undo a newer write.
const { found } = await store.touch('sue', { bucket, ttlMs: 800 });
console.log('touched:', found);

const ends = Date.now() + 10_000;
while ((await store.get('sue', { bucket })) !== undefined && Date.now() < ends);
console.log('later:', await store.get('sue', { bucket }));

// ### The end
// A bucket is dropped with all that is in it.
await store.buckets.drop(bucket);
const names = (await store.buckets.list()).map(({ name }) => name);
console.log('dropped:', !names.includes(bucket));

await store.close();
