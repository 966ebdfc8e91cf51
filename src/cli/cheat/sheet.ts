// The cheat sheet: what one types most, by topic. Its lines are run in the order they stand, by a test.
import type { Example } from '../help-text.js';

export interface Topic {
  name: string;
  about: string;
  lines: readonly Example[];
}

export const topics: readonly Topic[] = [
  {
    name: 'start',
    about: 'A cluster on this machine',
    lines: [
      ['dynats learn', 'a walk of ten minutes, on a cluster of its own'],
      ['dynats up --console', 'four nodes in the foreground, with a console'],
      ['dynats up --detach', 'four nodes in the background'],
      ['dynats status --watch', 'what they do'],
      ['dynats dashboard --open', 'the same as a page'],
      ['dynats down', 'stop them; --purge deletes the data too'],
    ],
  },
  {
    name: 'data',
    about: 'Keys and values',
    lines: [
      'dynats put 137 value137',
      'dynats get 137',
      ['echo -n piped | dynats put notes/1', 'a value from a pipe'],
      ['dynats get notes/1 --raw', 'the exact bytes'],
      ['dynats put session/7 Ada --ttl 30m', 'expires'],
      ['dynats touch session/7 --ttl 1h', 'lives on'],
      ['dynats ls notes/ --json', 'keys with their values'],
      'dynats del notes/1',
      ['dynats watch notes/', 'what is there, and every change'],
    ],
  },
  {
    name: 'levels',
    about: 'How many owners must take part',
    lines: [
      ['dynats put 137 sure --level all', 'every owner has it on disk'],
      ['dynats get 137 --level one', 'fast, and perhaps old'],
      ['dynats get 137 --via n3', 'node n3 coordinates'],
      ['dynats get 137 --session new', 'prints a token; with it reads never go back'],
      ['dynats put 137 traced --trace', 'who answered what, and when'],
    ],
  },
  {
    name: 'buckets',
    about: 'Key spaces with settings of their own',
    lines: [
      'dynats bucket create orders --level all --max-value 64KiB',
      ['dynats put 1 paid --bucket orders', 'at ALL, since the bucket says so'],
      'dynats bucket set orders --ttl 24h',
      'dynats bucket ls',
      'dynats bucket rm orders --force',
    ],
  },
  {
    name: 'faults',
    about: 'Break it and watch',
    lines: [
      ['dynats kill n2', 'kill -9 its three processes'],
      ['dynats put 137 meanwhile', 'a quorum is left; the write is kept for n2'],
      ['dynats hints', 'who keeps what for whom'],
      ['dynats restart n2', 'it gets what it missed'],
      ['dynats pause n1', 'it hangs without being gone'],
      'dynats resume n1',
      ['dynats cut n1 n2', 'they do not hear each other; up needs --links'],
      'dynats heal',
      ['dynats chaos --duration 30s', 'faults by chance, on a cluster of its own, and a verdict'],
    ],
  },
  {
    name: 'insight',
    about: 'What is where, and why',
    lines: [
      'dynats status',
      ['dynats inspect --key 137', 'its owners, and what each holds'],
      ['dynats inspect --check-only', 'on which keys owners differ'],
      ['dynats why 137', 'why it is there or not'],
      ['dynats top --once', 'load, latency, lag and hints of each node; without --once live'],
      ['dynats tap --key 137', 'what the logs store, live'],
      ['dynats check --format nagios', 'judged by thresholds'],
      ['dynats repair --dry-run', 'count what differs; without --dry-run mend it'],
      'dynats bench --op mixed --concurrency 64 --duration 5s',
    ],
  },
  {
    name: 'files',
    about: 'In and out',
    lines: [
      ['dynats backup orders orders.backup', 'one checked file, taken while it is in use'],
      'dynats restore orders.backup --bucket orders2',
      ['dynats migrate --from nats://old:4222 --bucket people', 'a JetStream KV bucket'],
      'dynats export records.ndjson',
      ['dynats import records.ndjson', '--resume goes on where it was interrupted'],
      ['printf "put 1 a\\nget 1 all\\n" | dynats console', 'a script'],
    ],
  },
  {
    name: 'connect',
    about: 'To a cluster elsewhere, as with the nats CLI',
    lines: [
      'dynats get 137 --server nats://bus.example:4222 --user ada --password secret',
      ['dynats get 137 --context production', 'a context of the nats CLI'],
      ['NATS_URL=nats://bus.example:4222 dynats status', 'variables do too'],
      ['source <(dynats completion bash)', 'Tab completes; also zsh and fish'],
      ['dynats man put', 'all about a command'],
    ],
  },
];
