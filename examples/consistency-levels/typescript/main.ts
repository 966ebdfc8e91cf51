import { connect, InvalidRequestError, Level, Mode } from 'dynats';

// In mode `api` a node coordinates each request; in mode `direct` this program does, which saves two hops. Nothing
// else differs.
const store = await connect({
  servers: (process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222').split(','),
  mode: process.env['DYNATS_MODE'] === 'direct' ? Mode.Direct : Mode.Api,
});

// Every write goes to all owners that are up. The level says how many acks are waited for.
for (const level of [Level.One, Level.Quorum, Level.All]) {
  const reply = await store.put('stock/apples', `counted at ${level}`, { level });
  console.log(`put @ ${reply.level}: ${reply.required} required, enough: ${reply.acked >= reply.required}`);
}

// A read asks as many owners as its level needs, and answers with the newest version among them. QUORUM reads see
// what QUORUM writes stored, since any two owners of three share one with any other two.
for (const level of [Level.One, Level.Quorum, Level.All]) {
  const reply = await store.read('stock/apples', { level });
  console.log(`get @ ${reply.level}: ${reply.received} of ${reply.required} answered: ${reply.value}`);
}

// ANY is for writes: a hint on disk is enough for it. A bad request names its field.
try {
  await store.get('stock/apples', { level: 'ANY' });
} catch (error) {
  if (!(error instanceof InvalidRequestError)) throw error;
  console.log(`refused, field ${error.field}`);
}

await store.close();
