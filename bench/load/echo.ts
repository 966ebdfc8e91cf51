// A process that answers as many bytes as a replica would for as many reads, without looking at them.
//
//   echo.js URL SUBJECT VALUE_BYTES
import { openConnection } from '../../src/nats/connection.js';
import { answerBytes, readBytes } from './limit-stores.js';

const [url = '', subject = '', valueBytes = '100'] = process.argv.slice(2);
const readsMax = 512;
const each = answerBytes + Number(valueBytes);
const answer = Buffer.alloc(readsMax * each, 'x');

const connection = await openConnection({ servers: [url], name: 'echo', timeoutMs: 10_000 });
connection.subscribe(subject, {
  callback: (_, message) => {
    message.respond(answer.subarray(0, Math.round(message.data.length / readBytes) * each));
  },
});
await connection.flush();
process.send?.('ready');
process.once('disconnect', () => process.exit());
