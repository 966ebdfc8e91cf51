// A client process: connects, runs its clients, and writes down what they did, a file for each epoch.
import { createWriteStream, type WriteStream } from 'node:fs';
import type { Operation } from '../../check/history.js';
import type { Client } from '../../client/client.js';
import { connect } from '../../client/connect.js';
import { SeededRandom } from '../random.js';
import { LoadClient } from './load-client.js';
import { type Answer, epochAt, type LoadSpec, type Order, sharedNowMs } from './order.js';

const countsEveryMs = 500;
/** A file is closed so long after its epoch: whoever began in it has ended by then. */
const lateMs = 30_000;

class ClientProcess {
  private readonly files = new Map<number, WriteStream>();
  private readonly connections: Client[] = [];
  private clients: LoadClient[] = [];
  private runs: Promise<void>[] = [];
  private counting: NodeJS.Timeout | undefined;
  private operations = 0;
  private acknowledged = 0;

  async begin(spec: LoadSpec): Promise<void> {
    const [api, direct] = await Promise.all([
      connect({ ...spec.connection, mode: 'api' }),
      connect({ ...spec.connection, mode: 'direct' }),
    ]);
    this.connections.push(api, direct);
    const random = new SeededRandom(spec.seed);
    const record = (epoch: number, operation: Operation) => this.record(spec, epoch, operation);
    this.clients = spec.clients.map(
      (client, i) => new LoadClient(i % 2 === 0 ? api : direct, client, spec, record, random.below(2 ** 31)),
    );
    this.runs = this.clients.map(client => client.run());
    // A defect in one of them ends the process, and so the run.
    for (const run of this.runs) run.catch(fail);
    this.counting = setInterval(
      () => tell({ did: 'counts', operations: this.operations, acknowledged: this.acknowledged }),
      countsEveryMs,
    );
  }

  async end(): Promise<void> {
    for (const client of this.clients) client.stop();
    await Promise.all(this.runs);
    clearInterval(this.counting);
    tell({ did: 'counts', operations: this.operations, acknowledged: this.acknowledged });
    await Promise.all([...this.files.values()].map(closed));
    await Promise.all(this.connections.map(client => client.close()));
  }

  private record(spec: LoadSpec, epoch: number, operation: Operation): void {
    this.operations++;
    if (operation.kind !== 'get' && operation.outcome === 'ok') this.acknowledged++;
    let file = this.files.get(epoch);
    if (file === undefined) {
      file = createWriteStream(`${spec.file}.${epoch}`, { flags: 'a', mode: 0o600 });
      this.files.set(epoch, file);
      this.closeOld(spec.epochMs);
    }
    file.write(`${JSON.stringify(operation)}\n`);
  }

  private closeOld(epochMs: number): void {
    const oldest = epochAt(sharedNowMs() - lateMs, epochMs);
    for (const [epoch, file] of this.files)
      if (epoch < oldest) {
        this.files.delete(epoch);
        file.end();
      }
  }
}

function closed(file: WriteStream): Promise<void> {
  return new Promise(resolve => {
    file.end(() => resolve());
  });
}

/** Unless the parent is gone: what it ordered last is then of no use. */
function tell(answer: Answer): void {
  if (process.connected) process.send?.(answer);
}

function fail(error: unknown): void {
  tell({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}

const clients = new ClientProcess();

process.on('message', (order: Order) => {
  const doing = order.do === 'begin' ? clients.begin(order.spec) : clients.end();
  doing.then(() => tell({ did: order.do }), fail);
});
// Ctrl-C reaches all processes of the terminal; the parent ends this one when it is time.
process.on('SIGINT', () => {});
// The parent is gone: so is the reason to be here.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
