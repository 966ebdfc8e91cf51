// JSON on the wire: bytes in, a checked value out, or an error that names the field.
import { utf8, utf8Length } from '#platform/bytes';
import { InvalidRequestError } from '../errors.js';
import { Level } from '../model/level.js';
import type { ValidationError, Validator } from './generated/validators.js';
import { KEY_BYTES_MAX, VALUE_BYTES_MAX } from './limits.js';

/** Longest name of a field that an error gives back, in characters. */
const FIELD_MAX = 200;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function encodeJson(value: unknown): Uint8Array {
  return utf8(JSON.stringify(value));
}

/** @throws InvalidRequestError with field '' when the bytes are not UTF-8 or not JSON. */
export function parseJson(data: Uint8Array): unknown {
  if (data.length === 0) throw new InvalidRequestError('', 'the message is empty; a JSON object is needed');
  let text: string;
  try {
    text = strictUtf8.decode(data);
  } catch (cause) {
    throw new InvalidRequestError('', 'the message is not valid UTF-8', { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InvalidRequestError('', 'the message is not valid JSON', { cause });
  }
}

/** @throws InvalidRequestError that names the first field at fault. */
export function decodeJson<T>(validator: Validator<T>, data: Uint8Array): T {
  return check(validator, parseJson(data));
}

/** @throws InvalidRequestError that names the first field at fault. */
export function check<T>(validator: Validator<T>, value: unknown): T {
  if (validator(value)) return value;
  // Every message is an object; of anything else ajv reports rules for fields before that.
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new InvalidRequestError('', 'the message must be a JSON object');
  throw describe(validator.errors ?? []);
}

/** Fields of a newer protocol that are passed over in one message, at most. */
const UNKNOWN_FIELDS_MAX = 256;

/**
 * As `check`, for what others tell (heartbeats, replies): what a newer build has added to it is taken away. Requests and what
 * is stored are not read so: there, to pass over a field is to do something else than was asked.
 *
 * @throws InvalidRequestError that names the first field at fault.
 */
export function checkReply<T>(validator: Validator<T>, value: unknown): T {
  for (let fields = 0; fields < UNKNOWN_FIELDS_MAX && !validator(value); fields++) {
    const unknown = validator.errors?.find(({ keyword }) => keyword === 'additionalProperties');
    if (unknown === undefined || !removeField(value, unknown)) break;
  }
  return check(validator, value);
}

/** @throws InvalidRequestError that names the first field at fault. */
export function decodeReply<T>(validator: Validator<T>, data: Uint8Array): T {
  return checkReply(validator, parseJson(data));
}

function removeField(value: unknown, { instancePath, params }: ValidationError): boolean {
  let at: unknown = value;
  for (const part of instancePath.split('/').slice(1)) {
    if (at === null || typeof at !== 'object') return false;
    at = Reflect.get(at, part.replaceAll('~1', '/').replaceAll('~0', '~'));
  }
  return (
    at !== null && typeof at === 'object' && Reflect.deleteProperty(at, String(params['additionalProperty']))
  );
}

/** What the definitions of schemas/common.json ask for, in words. */
const RULES: ReadonlyMap<string, string> = new Map([
  ['RequestKey', `a string of 1 to ${KEY_BYTES_MAX} bytes of UTF-8, or a whole number`],
  ['Key', `a string of 1 to ${KEY_BYTES_MAX} bytes of UTF-8`],
  ['Prefix', `a string of at most ${KEY_BYTES_MAX} bytes of UTF-8`],
  ['Continuation', 'what the reply before gave as next'],
  ['Value', `a string of at most ${VALUE_BYTES_MAX} bytes of UTF-8`],
  ['Base64', `standard base64 with padding, of at most ${VALUE_BYTES_MAX} bytes`],
  ['Level', `one of ${Object.values(Level).join(', ')}`],
  ['Bucket', 'a string of 1 to 64 letters, digits, "_" and "-"'],
  ['Node', 'a string of 1 to 32 letters, digits, "_" and "-"'],
  ['Zone', 'a string of 1 to 32 letters, digits, "_" and "-"'],
  ['Writer', 'a string of 1 to 64 letters, digits, "_", ".", "~" and "-"'],
  ['SessionToken', 'a token that a reply of this store gave, or empty'],
  ['TtlMs', 'a whole number of milliseconds from 1 to 3153600000000 (100 years)'],
  ['Time', 'a whole number of microseconds since 1970, 1 or more'],
  ['Deadline', 'a whole number of milliseconds since 1970, 1 or more'],
  ['TimeoutMs', 'a whole number of milliseconds from 1 to 600000'],
]);

/** The sender learns the field and the rule; its own value is never sent back. */
function describe(errors: readonly ValidationError[]): InvalidRequestError {
  // Of an `anyOf`/`oneOf` ajv reports each branch and then the whole; the deepest path is the most telling.
  const error = errors.reduce<ValidationError | undefined>(
    (best, next) => (best === undefined || depth(next) > depth(best) ? next : best),
    undefined,
  );
  if (error === undefined) return new InvalidRequestError('', 'the message is not valid');
  const within = fieldOf(error.instancePath);
  const inside = (name: unknown) =>
    (within === '' ? String(name) : `${within}.${String(name)}`).slice(0, FIELD_MAX);
  const invalid = (field: string, rule: string) =>
    new InvalidRequestError(field, `${field === '' ? 'the message' : field} ${rule}`);
  const { keyword, params } = error;
  const rule = RULES.get(/definitions\/(\w+)\/\w+$/.exec(error.schemaPath)?.[1] ?? '');
  if (rule !== undefined) return invalid(within, `must be ${rule}`);
  switch (keyword) {
    case 'required':
      return invalid(inside(params['missingProperty']), 'is missing');
    case 'additionalProperties': {
      const field = inside(params['additionalProperty']);
      return new InvalidRequestError(field, `unknown field ${JSON.stringify(field)}`);
    }
    case 'dependencies':
      return invalid(
        inside(params['missingProperty']),
        `is missing: it is needed with ${inside(params['property'])}`,
      );
    case 'exactlyOne': {
      const fields = listOf(params['fields']).map(inside);
      const more = fields.length === 2 ? 'both' : String(params['given']);
      const there = params['given'] === 0 ? 'is none' : `are ${more}`;
      return new InvalidRequestError(
        fields[0] ?? '',
        `exactly one of ${fields.join(', ')} is needed; there ${there}`,
      );
    }
    case 'oneOf':
    case 'anyOf':
      return invalid(within, 'matches none of its forms');
    case 'discriminator':
      return invalid(inside('op'), 'must be one of put, get, delete');
    case 'enum':
      return invalid(within, `must be one of ${listed(params['allowedValues'])}`);
    case 'type':
      return invalid(within, `must be of JSON type ${listed(params['type'])}`);
    case 'minItems':
      return invalid(within, `must have ${String(params['limit'])} or more items`);
    case 'maxItems':
      return invalid(within, `must have at most ${String(params['limit'])} items`);
    case 'pattern':
      return invalid(within, `must match ${String(params['pattern'])}`);
    default:
      return invalid(within, error.message ?? 'is not valid');
  }
}

/** Bytes that `value` takes in a message. */
export function jsonBytes(value: unknown): number {
  return utf8Length(JSON.stringify(value));
}

function listOf(names: unknown): readonly unknown[] {
  return Array.isArray(names) ? names : [];
}

function listed(names: unknown): string {
  return Array.isArray(names) ? names.join(', ') : String(names);
}

function depth(error: ValidationError): number {
  return error.instancePath.split('/').length;
}

/** `/operations/0/key` -> `operations[0].key`. */
function fieldOf(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce(
      (path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : path === '' ? part : `${path}.${part}`),
      '',
    );
}
