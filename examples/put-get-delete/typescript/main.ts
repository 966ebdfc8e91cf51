import { connect, Mode } from 'dynats';

// In mode `api` a node coordinates each request; in mode `direct` this program does, which saves two hops. Nothing
// else differs.
const store = await connect({
  servers: (process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222').split(','),
  mode: process.env['DYNATS_MODE'] === 'direct' ? Mode.Direct : Mode.Api,
});

// ### Text
// `put` resolves once two of the key's three owners have the value in their logs on disk: the level is QUORUM unless
// the request or the bucket says otherwise.
await store.put('profile/sue', 'blue');
const first = await store.get('profile/sue');
console.log(`${first?.key}: ${first?.string()}`);

// Every write has a version. It is opaque: two equal versions are the same write.
await store.put('profile/sue', 'green');
const second = await store.get('profile/sue');
console.log(`${second?.key}: ${second?.string()}, newer: ${second?.version !== first?.version}`);

// ### Bytes
// Bytes are stored as bytes.
await store.put('profile/photo', new Uint8Array([0, 255, 10]));
console.log('photo:', [...((await store.get('profile/photo'))?.value ?? [])].join(' '));

// ### Delete
// A deleted key is absent, and absence is an answer, not an error.
await store.delete('profile/sue');
console.log('after delete:', await store.get('profile/sue'));

await store.close();
