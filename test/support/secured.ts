// Connections to a secured emulator with the NATS client's own means, and what the brokers refuse them.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  connect,
  errors,
  type NatsConnection,
  type NodeConnectionOptions,
  nkeyAuthenticator,
} from '@nats-io/transport-node';
import type { Emulator } from '../../src/emulator/emulator.js';
import type { EmulatorOptions } from '../../src/emulator/options.js';
import type { Role } from '../../src/wire/permissions.js';
import { cleanUp, type Scope, startEmulator } from './emulator.js';
import { eventually } from './eventually.js';

export async function startSecured(
  t: Scope,
  options: Partial<EmulatorOptions> = {},
): Promise<{ emulator: Emulator; secret: (file: string) => string }> {
  const emulator = await startEmulator(t, { secure: true, ...options });
  const dir = path.join(path.dirname(emulator.files('n0').dir), 'secrets');
  return { emulator, secret: file => path.join(dir, file) };
}

/** A connection, and what the brokers refused it. */
export class Intruder {
  private readonly refusals: string[] = [];

  constructor(readonly connection: NatsConnection) {
    void this.watch();
  }

  /** Whether the broker refuses the publish. */
  async mayNotPublish(subject: string, reply?: string): Promise<boolean> {
    const before = this.refusals.length;
    this.connection.publish(subject, '{}', reply === undefined ? {} : { reply });
    await this.answered();
    return this.refusals.slice(before).includes(`publish ${subject}`);
  }

  async mayNotSubscribe(subject: string, queue?: string): Promise<boolean> {
    const before = this.refusals.length;
    const heard = this.connection.subscribe(subject, {
      ...(queue === undefined ? {} : { queue }),
      callback: () => {},
    });
    await this.answered();
    heard.unsubscribe();
    return this.refusals.slice(before).includes(`subscription ${subject}`);
  }

  /** The broker refuses before it answers the ping; the client tells of it in a later turn than of the pong. */
  private async answered(): Promise<void> {
    await this.connection.flush();
    await nextTurn();
  }

  private async watch(): Promise<void> {
    for await (const status of this.connection.status())
      if (status.type === 'error' && status.error instanceof errors.PermissionViolationError)
        this.refusals.push(`${status.error.operation} ${status.error.subject}`);
  }
}

export async function intruder(t: TestContext, options: NodeConnectionOptions): Promise<Intruder> {
  const connection = await connect({ ignoreClusterUpdates: true, reconnect: false, ...options });
  cleanUp(t, () => connection.close());
  return new Intruder(connection);
}

/** As a user of the bus, through `url` or the first bus server. */
export function intruderAs(t: TestContext, emulator: Emulator, role: Role, url?: string): Promise<Intruder> {
  const { nats } = emulator.connectionAs(role);
  return intruder(t, { servers: url ?? emulator.urls[0] ?? '', ...nats });
}

/** With a node's key, at a server of one's own choice. */
export function withKeyOf(secret: (file: string) => string, node: string): NodeConnectionOptions {
  const seed = readFileSync(secret(`${node}.nkey`), 'utf8').trim();
  return {
    authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)),
    tls: { caFile: secret('ca.pem') },
    inboxPrefix: `_INBOX_NODE.${node}`,
  };
}

/** First and last sequence of a node's log, and how many entries it holds, as its broker says. */
export async function logState(
  operator: NatsConnection,
  node: string,
): Promise<{ first: number; last: number; messages: number }> {
  const reply = await operator.request(`$JS.${node}.API.STREAM.INFO.LOG_${node}`);
  const { state } = reply.json<{ state: { first_seq: number; last_seq: number; messages: number } }>();
  return { first: state.first_seq, last: state.last_seq, messages: state.messages };
}

/** Resolves when a log has not grown for a while: notes of the replica itself have been written. */
export async function quietLogs(operator: NatsConnection, nodes: readonly string[]): Promise<void> {
  let before = '';
  let since = performance.now();
  await eventually(
    async () => {
      const now = JSON.stringify(await Promise.all(nodes.map(node => logState(operator, node))));
      if (now !== before) since = performance.now();
      before = now;
      return performance.now() - since > 1500;
    },
    { deadlineMs: 20_000, what: 'the logs are quiet' },
  );
}
