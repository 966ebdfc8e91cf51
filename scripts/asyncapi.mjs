// Writes docs/asyncapi.json and docs/SUBJECTS.md from src/wire/contract.ts and schemas/. `--check` only says whether they are up to date.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { exchanges } from '../dist/src/wire/contract.js';
import { COORDINATORS } from '../dist/src/wire/subjects.js';

const root = path.resolve(import.meta.dirname, '..');
const read = file => JSON.parse(readFileSync(path.join(root, file), 'utf8'));
const schemas = new Map(
  readdirSync(path.join(root, 'schemas')).map(file => [
    file.slice(0, -'.json'.length),
    read(`schemas/${file}`),
  ]),
);
const all = exchanges(COORDINATORS);

const parameters = {
  node: 'Name of a node: [A-Za-z0-9_-]{1,32}.',
  holder: 'The node that keeps the hint.',
  target: 'The node that the hint is for.',
  discovery: { enum: ['PING', 'INFO', 'STATS'], description: 'What is asked of the services.' },
  service: '`dynats`, or `dynats-` and a node.',
  instance: 'A node and its incarnation, joined by `-`.',
};

/** `put-request` -> `putRequest`. */
const nameOf = name => name.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());
const parametersOf = address => [...address.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);

/** Messages that are not Dynats' own to define. */
const foreign = {
  empty: {
    name: 'Empty',
    title: 'No bytes',
    summary: 'Nothing is read of the message.',
    payload: { maxLength: 0 },
  },
  'pub-ack': {
    name: 'PubAck',
    title: 'PubAck',
    summary:
      "JetStream's acknowledgement: the entry is stored, and with `sync: always` fsynced. `error` when it is not.",
    contentType: 'application/json',
    payload: {
      type: 'object',
      properties: {
        stream: { type: 'string' },
        seq: { type: 'integer', minimum: 1 },
        domain: { type: 'string' },
        duplicate: { type: 'boolean' },
        error: { type: 'object' },
      },
    },
    examples: [{ payload: { stream: 'LOG_n2', domain: 'n2', seq: 41 } }],
  },
  service: {
    name: 'ServiceResponse',
    title: 'ServiceResponse',
    summary: 'io.nats.micro.v1.ping_response, info_response or stats_response, as ADR-32 has them.',
    contentType: 'application/json',
    payload: {
      type: 'object',
      required: ['type', 'name', 'id', 'version'],
      properties: {
        type: { type: 'string', pattern: '^io\\.nats\\.micro\\.v1\\.(ping|info|stats)_response$' },
        name: { type: 'string' },
        id: { type: 'string' },
        version: { type: 'string' },
      },
    },
  },
};

function messageOf(name) {
  if (foreign[name] !== undefined) return foreign[name];
  const { title, description, examples } = schemas.get(name);
  return {
    name: title,
    title,
    summary: description,
    contentType: 'application/json',
    ...(name === 'error-reply' ? { headers: { $ref: '#/components/schemas/serviceErrorHeaders' } } : {}),
    payload: {
      schemaFormat: 'application/schema+json;version=draft-07',
      schema: { $ref: `../schemas/${name}.json` },
    },
    examples: examples.map(payload => ({ payload })),
  };
}

const repliesTo = ({ reply, messages }) =>
  reply === undefined
    ? []
    : reply === 'pub-ack' || reply === 'service' || messages.length === 0
      ? [reply]
      : [reply, 'error-reply'];

function channelOf({ address, summary, messages }) {
  const named = parametersOf(address).map(name => {
    const given = parameters[name];
    return [name, typeof given === 'string' ? { description: given } : given];
  });
  return {
    address,
    summary,
    messages: Object.fromEntries(
      messages.map(name => [nameOf(name), { $ref: `#/components/messages/${nameOf(name)}` }]),
    ),
    ...(named.length === 0 ? {} : { parameters: Object.fromEntries(named) }),
  };
}

/** In AsyncAPI a node receives what it answers or hears, and sends what it asks or tells. */
function operationsOf(exchange) {
  const { id, does, messages, queue, summary, audience } = exchange;
  const replies = repliesTo(exchange);
  const operation = action => ({
    action,
    channel: { $ref: `#/channels/${id}` },
    summary,
    tags: [{ name: audience }],
    messages: messages.map(name => ({ $ref: `#/channels/${id}/messages/${nameOf(name)}` })),
    ...(queue === undefined ? {} : { bindings: { nats: { queue, bindingVersion: '0.1.0' } } }),
    ...(replies.length === 0
      ? {}
      : {
          reply: {
            address: { location: '$message.header#/reply' },
            channel: { $ref: '#/channels/replies' },
            messages: replies.map(name => ({ $ref: `#/channels/replies/messages/${nameOf(name)}` })),
          },
        }),
  });
  const receives = does.some(each => each === 'answers' || each === 'hears');
  const sends = does.some(each => each === 'asks' || each === 'tells');
  return [
    ...(receives ? [[`${id}.receive`, operation('receive')]] : []),
    ...(sends ? [[`${id}.send`, operation('send')]] : []),
  ];
}

export function asyncapi() {
  const messages = [
    ...new Set(all.flatMap(exchange => [...exchange.messages, ...repliesTo(exchange)])),
  ].sort();
  const replies = [...new Set(all.flatMap(repliesTo))].sort();
  return {
    asyncapi: '3.1.0',
    id: 'urn:dynats:v1',
    info: {
      title: 'Dynats',
      version: read('package.json').version,
      description:
        'What a node of Dynats answers, tells, asks and hears on NATS. Keys and values never appear in a subject. docs/PROTOCOL.md says why each message is safe.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    servers: {
      bus: {
        host: '127.0.0.1:4222',
        protocol: 'nats',
        description: 'Any server of the bus: the emulator’s first one.',
      },
    },
    channels: {
      ...Object.fromEntries(all.map(exchange => [exchange.id, channelOf(exchange)])),
      replies: {
        address: null,
        summary: 'The reply subject of the request, an inbox: it begins with `_INBOX.` or `_INBOX_`.',
        messages: Object.fromEntries(
          replies.map(name => [nameOf(name), { $ref: `#/components/messages/${nameOf(name)}` }]),
        ),
      },
    },
    operations: Object.fromEntries(all.flatMap(operationsOf)),
    components: {
      messages: Object.fromEntries(messages.map(name => [nameOf(name), messageOf(name)])),
      schemas: {
        serviceErrorHeaders: {
          type: 'object',
          properties: {
            'Nats-Service-Error': { type: 'string', description: 'Code and message of the error.' },
            'Nats-Service-Error-Code': { type: 'string', pattern: '^[45][0-9]{2}$' },
          },
        },
      },
    },
  };
}

const linkOf = name =>
  foreign[name] === undefined
    ? `[${name}](#${name})`
    : foreign[name].title.toLowerCase() === 'no bytes'
      ? 'no bytes'
      : foreign[name].title;
/** As PROTOCOL spells placeholders. */
const spelled = address => address.replace(/\{(\w+)\}/g, '<$1>');

const audiences = {
  clients: 'For clients',
  nodes: 'Between nodes, and for clients that coordinate themselves',
  everybody: 'For everybody to hear or ask',
};

export function page() {
  const table = audience => [
    `### ${audiences[audience]}`,
    '',
    '| subject | a node | message | answer | what it does |',
    '|---|---|---|---|---|',
    ...all
      .filter(exchange => exchange.audience === audience)
      .map(({ address, does, queue, messages, reply, summary }) => {
        const subject = `\`${spelled(address)}\`${queue === undefined ? '' : ` (queue group \`${queue}\`)`}`;
        const answer = reply === undefined ? 'none' : linkOf(reply);
        return `| ${subject} | ${does.join(', ')} | ${messages.map(linkOf).join(' or ')} | ${answer} | ${summary.replaceAll('{', '<').replaceAll('}', '>')} |`;
      }),
    '',
  ];
  const described = [...new Set(all.flatMap(exchange => [...exchange.messages, ...repliesTo(exchange)]))]
    .filter(name => foreign[name] === undefined)
    .sort();
  const sections = described.flatMap(name => {
    const { $id, description, examples, required = [], properties = {} } = schemas.get(name);
    const fields = Object.keys(properties).map(key =>
      required.includes(key) ? `**\`${key}\`**` : `\`${key}\``,
    );
    return [
      `### ${name}`,
      '',
      description,
      '',
      `Schema [\`${$id}\`](../schemas/${name}.json)${fields.length === 0 ? '' : `; fields, the required ones in bold: ${fields.join(', ')}`}.`,
      '',
      ...examples.flatMap(example => ['```json', JSON.stringify(example), '```', '']),
    ];
  });
  return [
    '<!-- Written by `npm run docs:asyncapi`; do not edit. -->',
    '# Subjects and messages',
    '',
    'Every subject with its messages and an example of each, made from the code and the schemas. The same as a valid AsyncAPI 3.1 document: [asyncapi.json](asyncapi.json). Why the protocol is as it is:',
    '[PROTOCOL.md](PROTOCOL.md). Any answer but a PubAck may be an [error-reply](#error-reply).',
    '',
    '## Subjects',
    '',
    ...Object.keys(audiences).flatMap(table),
    '## Messages',
    '',
    ...sections,
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

const files = {
  'docs/asyncapi.json': `${JSON.stringify(asyncapi(), null, 2)}\n`,
  'docs/SUBJECTS.md': page(),
};
const isCheck = process.argv.includes('--check');
for (const [file, text] of Object.entries(files)) {
  const full = path.join(root, file);
  let before = '';
  try {
    before = readFileSync(full, 'utf8');
  } catch {
    // Not written yet.
  }
  if (before === text) continue;
  if (isCheck) {
    process.stderr.write(`${file} is out of date: npm run docs:asyncapi\n`);
    process.exitCode = 1;
  } else writeFileSync(full, text);
}
