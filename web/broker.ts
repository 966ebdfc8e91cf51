// The page's own connection to a broker, by WebSocket, as a user who can look and change nothing. It asks what a relay would.
import { type NatsConnection, NoRespondersError, wsconnect } from '@nats-io/nats-core';
import type { Inspector } from '../dist/src/cli/dashboard/inspector.js';
import type { PageAccess } from '../dist/src/emulator/page-access.js';
import { UnavailableError } from '../dist/src/errors.js';
import { BusError } from '../dist/src/ports.js';
import {
  clusterReply,
  recordsReply,
  requestsReply,
  statusReply,
} from '../dist/src/wire/generated/validators.js';
import { type ApiVerb, type NodeVerb, subjects } from '../dist/src/wire/subjects.js';

const CONNECT_MS = 2000;

type Check<Reply> = (value: unknown) => value is Reply;

/** @throws when none of `servers` takes the page: it may be down, refuse the page's origin, or show a certificate unknown to the browser. */
export async function openBroker(access: PageAccess, servers: readonly string[]): Promise<Inspector> {
  const { user, password, inboxPrefix } = access;
  const connection = await wsconnect({
    servers: [...servers],
    user,
    pass: password,
    inboxPrefix,
    name: 'dynats dashboard page',
    timeout: CONNECT_MS,
    // The feed leaves a broker that died and asks for another.
    reconnect: false,
    ignoreClusterUpdates: true,
  });
  const broker = connection.info?.server_name ?? connection.getServer();
  const ofNode = <Reply>(verb: ApiVerb | NodeVerb, check: Check<Reply>) => {
    return async (node: string, request: object = {}, { timeoutMs = CONNECT_MS } = {}): Promise<Reply> => {
      try {
        return await ask(connection, { subject: subjects.node(node, verb), request, check, timeoutMs });
      } catch (cause) {
        throw new UnavailableError(1, 0, `${node} does not answer`, { cause });
      }
    };
  };
  const status = ofNode('status', statusReply);
  return {
    via: { way: 'broker', broker },
    cluster: ({ timeoutMs = CONNECT_MS } = {}) =>
      ask(connection, { subject: subjects.api('cluster'), request: {}, check: clusterReply, timeoutMs }),
    status: (node, options) => status(node, {}, options),
    requests: ofNode('requests', requestsReply),
    records: ofNode('records', recordsReply),
    close: () => connection.close(),
  };
}

interface Question<Reply> {
  readonly subject: string;
  readonly request: object;
  readonly check: Check<Reply>;
  readonly timeoutMs: number;
}

async function ask<Reply>(connection: NatsConnection, question: Question<Reply>): Promise<Reply> {
  const { subject, request, check, timeoutMs } = question;
  let reply: unknown;
  try {
    reply = (await connection.request(subject, JSON.stringify(request), { timeout: timeoutMs })).json();
  } catch (cause) {
    const nobody = cause instanceof Error && (cause.cause ?? cause) instanceof NoRespondersError;
    throw new BusError(nobody ? 'no-responders' : 'timeout', subject, { cause });
  }
  if (check(reply)) return reply;
  throw new Error(`${subject} was answered with something else than it should be`);
}
