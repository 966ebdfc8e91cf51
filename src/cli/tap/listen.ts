// Hears what the logs of a cluster store, the heartbeats, and asks for hints. It publishes and subscribes nothing but what an
// inspector may: who listened to the subjects of logs or hints would keep coordinators from learning that nobody is there.
import type { NatsConnection } from '@nats-io/transport-node';
import { connect } from '../../index.js';
import { NatsAppliedFeed } from '../../nats/applied.js';
import { presence as validPresence } from '../../wire/generated/validators.js';
import { decodeReply } from '../../wire/json.js';
import { subjects } from '../../wire/subjects.js';
import { type TapEvent, TapEvents, type TapKind } from './events.js';

export interface ListenOptions {
  readonly connection: NatsConnection;
  readonly inboxPrefix: string | undefined;
  readonly kinds: ReadonlySet<TapKind>;
  readonly onEvent: (event: TapEvent) => void;
  /** The brokers refuse something; the rest goes on. */
  readonly onRefused: (what: string) => void;
}

/** How often the nodes are asked what hints they hold, in milliseconds. */
const HINTS_PERIOD_MS = 1000;

/** @returns what ends it. */
export async function listen(options: ListenOptions): Promise<() => Promise<void>> {
  const { connection, inboxPrefix, kinds, onEvent, onRefused } = options;
  const events = new TapEvents();
  const tell = (all: readonly TapEvent[]) => {
    for (const event of all) if (kinds.has(event.kind)) onEvent(event);
  };
  const ends: (() => unknown)[] = [];
  if (kinds.has('heartbeat')) {
    const heartbeats = connection.subscribe(subjects.allPresence, {
      callback: (error, { data }) => {
        if (error !== null) return onRefused('heartbeats');
        const at = Date.now();
        try {
          const presence = decodeReply(validPresence, data);
          onEvent({ at, node: presence.node, kind: 'heartbeat', presence });
        } catch {
          // No heartbeat; whoever may publish there is no concern of this command.
        }
      },
    });
    ends.push(() => heartbeats.unsubscribe());
  }
  if ((['record', 'note', 'bad', 'missed'] as const).some(kind => kinds.has(kind))) {
    const feed = new NatsAppliedFeed(connection);
    const entries = await feed.follow((node, entry) => tell(events.ofEntry(node, entry, Date.now())));
    ends.push(() => entries.unsubscribe());
  }
  if (kinds.has('hints')) ends.push(await followHints(connection, inboxPrefix, events, tell));
  return async () => {
    for (const end of ends) await end();
  };
}

async function followHints(
  connection: NatsConnection,
  inboxPrefix: string | undefined,
  events: TapEvents,
  tell: (all: readonly TapEvent[]) => void,
): Promise<() => Promise<void>> {
  const client = await connect({
    connection,
    ...(inboxPrefix === undefined ? {} : { nats: { inboxPrefix } }),
  });
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  let nodes: readonly string[] = [];
  const look = async () => {
    const timeoutMs = HINTS_PERIOD_MS;
    if (nodes.length === 0)
      nodes = await client.cluster({ timeoutMs }).then(
        ({ cluster }) => cluster.nodes,
        () => [],
      );
    await Promise.all(
      nodes.map(node =>
        client.status(node, { timeoutMs }).then(
          ({ hints }) => !isClosed && tell(events.ofHints(node, hints.held, Date.now())),
          () => {}, // It is down: its hints are as they were.
        ),
      ),
    );
    if (!isClosed) timer = setTimeout(() => void look(), HINTS_PERIOD_MS);
  };
  void look();
  return async () => {
    isClosed = true;
    clearTimeout(timer);
    await client.close();
  };
}
