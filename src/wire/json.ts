// JSON on the wire: bytes in, a checked value out, or an error that names the field.
import { InvalidRequestError } from '../errors.js';
import type { ValidationError, Validator } from './generated/validators.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function encodeJson(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/** @throws InvalidRequestError with field '' when the bytes are not UTF-8 or not JSON. */
export function parseJson(data: Uint8Array): unknown {
  if (data.length === 0) throw new InvalidRequestError('', 'the message is empty; a JSON object is expected');
  let text: string;
  try {
    text = utf8.decode(data);
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
  throw describe(validator.errors ?? []);
}

/** The sender learns the field and the rule; its own value is never sent back. */
function describe(errors: readonly ValidationError[]): InvalidRequestError {
  // Of an `anyOf`/`oneOf` ajv reports each branch and then the whole; the deepest path is the most telling.
  const error = errors.reduce<ValidationError | undefined>(
    (best, next) => (best === undefined || depth(next) > depth(best) ? next : best),
    undefined,
  );
  if (error === undefined) return new InvalidRequestError('', 'the message is not valid');
  const within = fieldOf(error.instancePath);
  const field = (name: unknown) => (within === '' ? String(name) : `${within}.${String(name)}`).slice(0, 200);
  const { params } = error;
  switch (error.keyword) {
    case 'required': {
      const alternatives = errors
        .filter(e => e.keyword === 'required' && e.instancePath === error.instancePath)
        .map(e => String(e.params['missingProperty']));
      if (errors.some(e => e.keyword === 'oneOf'))
        return new InvalidRequestError(
          field(alternatives[0]),
          `exactly one of ${alternatives.join(', ')} is needed`,
        );
      return new InvalidRequestError(
        field(params['missingProperty']),
        `${field(params['missingProperty'])} is missing`,
      );
    }
    case 'additionalProperties':
      return new InvalidRequestError(
        field(params['additionalProperty']),
        `unknown field ${JSON.stringify(field(params['additionalProperty']))}`,
      );
    case 'dependencies':
      return new InvalidRequestError(
        field(params['missingProperty']),
        `${field(params['missingProperty'])} is needed with ${String(params['property'])}`,
      );
    case 'enum':
      return new InvalidRequestError(
        within,
        `${within} must be one of ${(params['allowedValues'] as unknown[]).join(', ')}`,
      );
    case 'oneOf':
      return new InvalidRequestError(
        within,
        within === ''
          ? 'exactly one of value, base64 is allowed'
          : `${within} matches none or several of its forms`,
      );
    case 'discriminator':
      return new InvalidRequestError(field('op'), `${field('op')} must be one of put, get, delete`);
    case 'pattern':
      return new InvalidRequestError(within, `${within} must match ${String(params['pattern'])}`);
    default: {
      const what = within === '' ? 'the message' : within;
      return new InvalidRequestError(within, `${what} ${error.message ?? 'is not valid'}`);
    }
  }
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
