// A reply of a node, as its asker takes it: what was asked for, or the failure that it tells of.
import { InternalError, InvalidRequestError } from '../errors.js';
import { fromErrorReply } from './error-reply.js';
import { errorReply, type Validator } from './generated/validators.js';
import { checkReply, parseJson } from './json.js';

/**
 * Fields of a newer build are passed over, in a failure, too.
 *
 * @throws DynatsError the failure that the node tells of; InternalError when the reply cannot be understood, which is no fault
 * of the request.
 */
export function readReply<T>(validator: Validator<T>, data: Uint8Array): T {
  const json = understood(() => parseJson(data));
  const isFailure = json !== null && typeof json === 'object' && 'error' in json;
  if (isFailure) throw fromErrorReply(understood(() => checkReply(errorReply, json)));
  return understood(() => checkReply(validator, json));
}

function understood<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof InvalidRequestError)) throw cause;
    const message = `the reply of a node cannot be understood (${cause.message}): is it of another build?`;
    throw new InternalError(message, 'unknown', { cause });
  }
}
