// The hints a node holds, as stream HINTS_<node>. What governs them is kept in the stream's metadata, beside the hints: a
// neighbour that delivers for a dead holder reads it there.
import type { HeldHints, HintEntry, HintStream } from '../ports.js';
import type { HintPolicy } from '../wire/generated/types.js';
import { hintPolicy } from '../wire/generated/validators.js';
import { decodeJson } from '../wire/json.js';
import { streams, subjects } from '../wire/subjects.js';
import { add, NatsLogStream, type StreamOptions, stateOf } from './streams.js';

/** Metadata of the stream: the policy. */
const POLICY = 'dynats.hints';
const NANOSECONDS_PER_MS = 1_000_000;
/**
 * The broker drops a hint so much later than the window ends, in milliseconds: the node that holds it does so first, and
 * counts it.
 */
const GRACE_MS = 60_000;
/** The server's default; it must not be longer than the maximum age. */
const DUPLICATES_MS = 2 * 60_000;
/** Most bytes of the stream unless the configuration says otherwise. */
export const HINT_BYTES_MAX = 1024 * 1024 * 1024;

export class NatsHintStream extends NatsLogStream implements HintStream {
  /** What the stream was made with, when it is this process that sees to it. */
  private maxBytes: number | undefined;
  private kept: HintPolicy | undefined;

  constructor(options: StreamOptions) {
    super(options, streams.hints(options.node));
  }

  /** Makes the stream if there is none. @param maxBytes a hint that finds no room is refused. */
  async ensure(maxBytes: number): Promise<void> {
    const { node } = this.options;
    this.maxBytes = maxBytes;
    const known = await this.infoIfAny();
    const api = await this.api();
    if (known === undefined)
      await add(api, {
        name: this.stream,
        description: `Dynats: hints that ${node} holds for nodes that are down`,
        subjects: [subjects.allHints(node)],
        max_bytes: maxBytes,
      });
    else if (known.config.max_bytes !== maxBytes)
      await api.streams.update(this.stream, { ...known.config, max_bytes: maxBytes });
  }

  async held(): Promise<HeldHints> {
    const filter = subjects.allHints(this.options.node);
    const { maxBytes, kept } = this;
    let info = await this.infoIfAny(filter);
    if (info === undefined && maxBytes !== undefined) {
      // Somebody deleted it, or its broker lost its disk, while this process went on.
      await this.ensure(maxBytes);
      if (kept !== undefined) await this.keep(kept);
    }
    info ??= await this.info(filter);
    const { firstSequence, lastSequence } = stateOf(info);
    const entries = new Map(
      Object.entries(info.state.subjects ?? {}).map(([subject, count]) => [targetOf(subject), count]),
    );
    return { firstSequence, lastSequence, entries, policy: policyIn(info.config.metadata?.[POLICY]) };
  }

  hints(
    from: number,
    to: number,
    onHint: (hint: HintEntry) => void,
    options: { subject?: string; limit?: number } = {},
  ): Promise<void> {
    return this.scan(
      from,
      to,
      ({ sequence, data, subject, storedAtMs }) =>
        onHint({ sequence, data, storedAtMs, target: targetOf(subject) }),
      options,
    );
  }

  async keep(policy: HintPolicy): Promise<void> {
    const { config } = await this.info();
    const maxAgeMs = policy.settings.windowMs + GRACE_MS;
    this.kept = policy;
    const api = await this.api();
    await api.streams.update(this.stream, {
      ...config,
      max_age: maxAgeMs * NANOSECONDS_PER_MS,
      duplicate_window: Math.min(DUPLICATES_MS, maxAgeMs) * NANOSECONDS_PER_MS,
      metadata: { ...config.metadata, [POLICY]: JSON.stringify({ policy }) },
    });
  }
}

function targetOf(subject: string): string {
  return subject.split('.').at(-1) ?? '';
}

/** Undefined for none, or for one that an operator or another version has left there and this one does not understand. */
function policyIn(text: string | undefined): HintPolicy | undefined {
  if (text === undefined) return undefined;
  try {
    return decodeJson(hintPolicy, Buffer.from(text)).policy;
  } catch {
    return undefined;
  }
}
