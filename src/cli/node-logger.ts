// What a node logs, on stderr: JSON lines, or the same for a person. docs/OPERATIONS.md says what stands in them.
import type { Logger } from '../ports.js';
import { type Colors, colorsFor, visible } from './output.js';

export type LogFormat = 'json' | 'pretty';

export async function nodeLogger(node: string, level: string, format: LogFormat): Promise<Logger> {
  const { pino } = await import('pino');
  const colors = colorsFor(process.stderr);
  const destination =
    format === 'json'
      ? // Synchronous: the last line before the end is the one that matters.
        pino.destination({ dest: 2, sync: true })
      : { write: (line: string) => void process.stderr.write(`${prettyLine(line, colors)}\n`) };
  const logger: Logger = pino(
    {
      level,
      base: { node },
      // By itself pino knows errors under another name only, and would log `{}`.
      serializers: { error: pino.stdSerializers.err },
    },
    destination,
  );
  return logger;
}

const LEVELS: Readonly<Record<number, string>> = {
  20: 'DEBUG',
  30: 'INFO',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
};

/** A line that pino wrote, on one line for a person: time, level, node, message, and the other fields. */
export function prettyLine(line: string, colors: Colors): string {
  const {
    time,
    level,
    node,
    msg,
    pid: _,
    hostname: __,
    ...fields
  } = JSON.parse(line) as Record<string, unknown>;
  const name = LEVELS[Number(level)] ?? String(level);
  const paint = Number(level) >= 50 ? colors.red : Number(level) >= 40 ? colors.yellow : colors.green;
  const rest = Object.entries(fields).map(
    ([field, value]) => `${field}=${visible(field === 'error' ? errorText(value) : textOf(value))}`,
  );
  const when = new Date(Number(time)).toISOString().slice(11, 23);
  const head = `${colors.dim(when)} ${paint(name.padEnd(5))} ${visible(String(node))} ${visible(String(msg))}`;
  return rest.length === 0 ? head : `${head} ${colors.dim(rest.join(' '))}`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Without the stack, which `json` has. */
function errorText(value: unknown): string {
  if (typeof value !== 'object' || value === null || !('message' in value)) return textOf(value);
  const type = 'type' in value && typeof value.type === 'string' ? `${value.type}: ` : '';
  return `${type}${String(value.message)}`;
}
