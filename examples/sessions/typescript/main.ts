import { connect, Mode } from 'dynats';

// In mode `api` a node coordinates each request; in mode `direct` this program does, which saves two hops. Nothing
// else differs.
const store = await connect({
  servers: (process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222').split(','),
  mode: process.env['DYNATS_MODE'] === 'direct' ? Mode.Direct : Mode.Api,
});

// A session remembers the newest version it has written or read of each key.
const session = store.session();
await session.put('cart/7', 'apples', { level: 'ONE' });

// At ONE a single owner answers. Within the session it is never one that has missed the write: if its copy is older
// than the token says, another owner is asked.
console.log('in the session:', (await session.get('cart/7', { level: 'ONE' }))?.string());

// The token is text. Whoever has it goes on with the session: another process, another language, another node.
const { token } = session;
console.log('the token has the write:', token.length > 0);
const elsewhere = store.session(token);
for (const via of ['n0', 'n1', 'n2', 'n3'])
  console.log(`through ${via}:`, (await elsewhere.get('cart/7', { level: 'ONE', via }))?.string());

await store.close();
