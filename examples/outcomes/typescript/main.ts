import { connect, Mode, UnavailableError } from 'dynats';

// In mode `api` a node coordinates each request; in mode `direct` this program does, which saves two hops. Nothing
// else differs.
const store = await connect({
  servers: (process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222').split(','),
  mode: process.env['DYNATS_MODE'] === 'direct' ? Mode.Direct : Mode.Api,
});

// ### A receipt
// Key 137 belongs to n2, n3 and n0, and n2 is dead. QUORUM does without it. A traced request brings a receipt: who
// stored it, and who keeps a hint for the dead owner.
const reply = await store.put('137', 'first', { level: 'QUORUM', trace: true });
console.log(`put @ ${reply.level}: ${reply.receipt?.why}`);
for (const { node, state } of reply.receipt?.owners ?? [])
  if (node === 'n2')
    console.log(`n2 was ${state}, hints: ${reply.receipt?.hints.map(({ target }) => target)}`);

// ### Unavailable: nothing happened
// Too few owners are alive for ALL. That is known before anything is sent, so the effect is `none`: just try again.
try {
  await store.put('137', 'second', { level: 'ALL' });
} catch (error) {
  if (!(error instanceof UnavailableError)) throw error;
  console.log(`${error.code}: ${error.alive} of ${error.required} owners alive, effect ${error.effect}`);
}
console.log('still:', (await store.get('137'))?.string());

// ### Unknown: ask
// A write that was sent and not acknowledged in time is a WriteTimeoutError, effect `unknown`. Its version says where
// it stands; the library repeats a write under the version it has, so that it is never stored as two.
const { verdict, hints } = await store.outcome('137', reply.version);
console.log(`the write is ${verdict}, hinted for ${hints.map(({ target }) => target).join(', ')}`);

await store.close();
